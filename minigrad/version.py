"""Which minigrad this is, where torch says so: no CUDA, no ROCm."""

from . import __version__

__all__ = ["__version__", "cuda", "debug", "git_version", "hip", "xpu"]

debug = False
cuda = hip = xpu = None
git_version = "Unknown"

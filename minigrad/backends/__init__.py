"""How things are computed: `conv` can be set; the others answer as PyTorch's built without them.

Scripts written for GPUs set flags of `cudnn` and ask whether `mps` is there: here they run, and
what they set is kept and has no effect.
"""

from . import conv, cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["conv", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]

"""PyTorch's flags of Intel's library of convolutions: settable, without effect."""

from . import _inert

enabled = True
deterministic = False
allow_tf32 = True

flags = _inert.context(__name__, enabled=False, deterministic=False, allow_tf32=True)


def is_available() -> bool:
    """False: minigrad has kernels of its own."""
    return False

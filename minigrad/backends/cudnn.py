"""PyTorch's flags of NVIDIA's library: settable, without effect.

Convolutions here always take the same way and give the same bits, so `deterministic` asks for
nothing that is not so, and there is nothing to `benchmark`.
"""

from . import _inert

enabled = True
benchmark = False
benchmark_limit: int | None = 10
deterministic = False
allow_tf32 = True

flags = _inert.context(
    __name__, enabled=False, benchmark=False, benchmark_limit=10, deterministic=False, allow_tf32=True
)  # fmt: skip


def is_available() -> bool:
    """False: minigrad computes on the CPU."""
    return False


def version() -> int | None:
    """None: the library is not there."""
    return None

"""PyTorch's switches between ways of computing: kept and told again, without effect.

Kernels here have one way, which gives the same bits each time, so there is nothing to switch.
"""

from __future__ import annotations

import warnings

_PRECISIONS = ("highest", "high", "medium")
_deterministic = _warn_only = False
_precision = _PRECISIONS[0]


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for the same bits each time, which is always so; TypeError if ``mode`` is no bool."""
    global _deterministic, _warn_only
    if not isinstance(mode, bool):
        raise TypeError(
            f"use_deterministic_algorithms(): argument 'mode' must be bool, not {type(mode).__name__}"
        )
    _deterministic, _warn_only = mode, mode and warn_only


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was given last: False at first."""
    return _deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether `use_deterministic_algorithms` was last given True and ``warn_only``."""
    return _warn_only


def set_float32_matmul_precision(precision: str) -> None:
    """Allow matrix products of float32 to round more; they do not.  Warns of an unknown word."""
    global _precision
    if precision not in _PRECISIONS:
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the current "
            "set_float32_matmul_precision call has no effect.",
            UserWarning,
            stacklevel=2,
        )
        return
    _precision = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was given last: 'highest' at first."""
    return _precision


def set_flush_denormal(mode: bool) -> bool:
    """False: whether tiny numbers count as 0 is not switched, as on processors that cannot."""
    return False

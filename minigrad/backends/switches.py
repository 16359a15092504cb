"""PyTorch's switches between ways of computing: kept and told again, without effect.

Kernels here have one way, which gives the same bits each time, so there is nothing to switch.
"""

from __future__ import annotations

import warnings
from typing import Any

from .. import _types, _warn
from ..kernels.machine.threads import get_num_threads

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


_DEBUG_MODES = ("default", "warn", "error")


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """`use_deterministic_algorithms` by a word: 'default', 'warn', 'error'; or its number. RuntimeError for others."""
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    if isinstance(debug_mode, str):
        if debug_mode not in _DEBUG_MODES:
            raise RuntimeError(
                "invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got "
                + debug_mode
            )
        debug_mode = _DEBUG_MODES.index(debug_mode)
    if debug_mode not in (0, 1, 2):
        raise RuntimeError(
            f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}"
        )
    use_deterministic_algorithms(debug_mode > 0, warn_only=debug_mode == 1)


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2 for the modes 'default', 'warn' and 'error' of `set_deterministic_debug_mode`."""
    return (1 if _warn_only else 2) if _deterministic else 0


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
    """True, as on processors that can; whether tiny numbers count as 0 is not switched."""
    return True


def set_default_device(device: Any) -> None:
    """Where tensors are to be made from now on: AssertionError or RuntimeError unless that is the CPU, or None."""
    if device is not None:
        _types.on_cpu(device)


def get_default_device() -> _types.device:
    """Where tensors are made: the CPU."""
    return _types.cpu


def set_default_tensor_type(t: Any) -> None:
    """torch's old ``set_default_dtype``, by the name or the type of a floating-point tensor; TypeError for others."""
    name = t if isinstance(t, str) else f"{_types.package}.{getattr(t, '__name__', t)}"
    if ".cuda." in name:
        raise TypeError(f"type {name} not available. {_types.package} computes on the CPU only.")
    dtype = _types.by_type(name.replace("torch.", f"{_types.package}.", 1))
    if not dtype.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _warn.once(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
        "torch.set_default_device() as alternatives."
    )
    _types.set_default_dtype(dtype)


def set_warn_always(b: bool, /) -> None:
    """Whether what is usually said once in a process is said each time."""
    if not isinstance(b, bool):
        raise TypeError(f"setWarnOnlyOnce expects a bool, but got {type(b).__name__}")
    _warn.said.always = b


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` was given last: False at first."""
    return _warn.said.always


def get_num_interop_threads() -> int:
    """As many threads as there are: there are none beside those of `get_num_threads`."""
    return get_num_threads()


def set_num_interop_threads(num: int, /) -> None:
    """Ask for threads between operations: there are none.  RuntimeError unless the number is positive."""
    if num <= 0:
        raise RuntimeError("Expected a positive number of threads")

"""Numbers and arrays in another dtype, as torch's C++ converts them; what does not fit is an error for numbers.

Knows NumPy's arrays only, and of the tape how NumPy is kept silent: nothing of tensors or of ops.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _formats, _types
from ._tape import errors, silent

Array = np.ndarray[Any, Any]

_F16, _F32, _F64 = _types.float16.np, _types.float32.np, _types.float64.np
_UINT8, _INT32, _INT64 = _types.uint8.np, _types.int32.np, _types.int64.np
_C_NAMES = {  # how torch's messages name the types
    "uint8": "uint8_t",
    "int8": "int8_t",
    "int16": "short",
    "int32": "int",
    "int64": "int64_t",
    "float16": "c10::Half",
    "float32": "float",
    "float64": "double",
}


def in_dtype(array: Array, dtype: np.dtype[Any], order: Any = "K") -> Array:
    """A copy of an array in a dtype: any values, any memory order; nothing is checked, as in torch.

    Floats beyond a type's range become infinite, or what the processor makes of them as integers:
    whole numbers of 8 bits without sign come from those of 64 bits, other short ones from 32 bits.
    """
    source = array.dtype
    if array.base is not None and order == "K" and 0 in array.strides:
        array = _formats.copied(array)
    if source.kind != "f" or dtype.kind == "b" or source is dtype:
        return array.astype(dtype, order)
    token = errors.set(silent)
    try:
        if dtype.kind == "f":
            if dtype is _F16 and source == _F64:  # torch rounds twice
                array = array.astype(_F32, order)
        elif dtype.itemsize < 4:
            array = array.astype(_INT64 if dtype is _UINT8 else _INT32, order)
        return array.astype(dtype, order)
    finally:
        errors.reset(token)


def number(value: Any, dtype: np.dtype[Any]) -> Array:
    """A number as a 0-d array; RuntimeError if it does not fit the dtype."""
    kind = type(value)
    if (dtype is _F32 or dtype is _F64) and (kind is int or kind is float) and -1e38 < value < 1e38:
        return np.array(value, dtype)
    if dtype.kind == "b":
        return np.array(bool(value), dtype)
    if isinstance(value, (float, np.floating)):
        fits = _float_fits(float(value), dtype)
    elif dtype.kind == "f":
        fits = dtype is not _F16 or abs(int(value)) <= 65504
    else:
        bounds = np.iinfo(dtype)
        # Negative numbers wrap around where there is no sign.
        fits = (-bounds.max if dtype is _UINT8 else bounds.min) <= int(value) <= bounds.max
    if not fits:
        raise RuntimeError(
            f"value cannot be converted to type {_C_NAMES[dtype.name]} without overflow"
        )
    if dtype.kind == "f":
        return in_dtype(np.array(float(value)), dtype)
    return np.array(int(value), _INT64).astype(dtype)


def stored(value: Any, dtype: np.dtype[Any]) -> Array:
    """`number`, for what torch makes a tensor of first: beyond float16 it becomes infinite."""
    if dtype is _F16 and type(value) is not bool:
        return in_dtype(np.array(float(value)), _F16)
    return number(value, dtype)


def _float_fits(value: float, dtype: np.dtype[Any]) -> bool:
    if dtype.kind == "f":
        return not abs(value) > float(np.finfo(dtype).max) or value in (np.inf, -np.inf)
    bounds = np.iinfo(dtype)
    return float(bounds.min) <= value <= float(bounds.max)


# ------------------------------------------------------------------------------ many numbers
def numbers(values: list[Any], kinds: set[type], dtype: np.dtype[Any]) -> Array:
    """Python's and NumPy's numbers, of these types, as a 1-d array.

    ValueError for ints of more than 64 bits, RuntimeError for numbers beyond a shorter integer type.
    """
    if dtype.kind == "f":
        return in_dtype(np.array(values, _F64), dtype)
    if dtype.kind == "b":
        return np.array(values, dtype)
    floats = {k for k in kinds if issubclass(k, (float, np.floating))}
    if not floats:
        return _whole(values, dtype)
    if floats == kinds:
        return _cut(np.array(values, _F64), dtype)
    out = np.empty(len(values), dtype)
    for i, value in enumerate(values):
        one = _cut(np.float64(value), dtype) if type(value) in floats else _whole([value], dtype)
        out[i] = one.item()
    return out


def _whole(values: list[Any], dtype: np.dtype[Any]) -> Array:
    try:
        array = np.array(values, _INT64)
    except OverflowError:
        raise ValueError("Overflow when unpacking long long") from None
    if dtype is _INT64:
        return array
    bounds = np.iinfo(dtype)
    _refuse_beyond(array, -bounds.max if dtype is _UINT8 else bounds.min, bounds.max, dtype)
    return array.astype(dtype)


def _cut(array: Any, dtype: np.dtype[Any]) -> Array:
    """Floats without their fractions."""
    bounds = np.iinfo(dtype)
    _refuse_beyond(array, float(bounds.min), float(bounds.max), dtype)
    return in_dtype(array, dtype)


def _refuse_beyond(array: Array, low: Any, high: Any, dtype: np.dtype[Any]) -> None:
    if not ((array >= low) & (array <= high)).all():
        raise RuntimeError(
            f"value cannot be converted to type {_types.of(dtype).name} without overflow"
        )

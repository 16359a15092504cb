"""Arrays of what users give as data: numbers, nested sequences, arrays and tensors, as torch reads them."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _types
from ._tape import Array, Traced


def from_data(data: Any, dtype: Any) -> Array:
    """A new array of numbers, nested sequences, arrays or tensors; dtype inferred as torch infers it."""
    if isinstance(data, Traced):
        return np.array(data.array, None if dtype is None else _types.as_numpy(dtype))
    if isinstance(data, np.ndarray):
        wanted = _types.of(data.dtype.newbyteorder("=")).np if dtype is None else None
        return np.array(data, wanted or _types.as_numpy(dtype), order="C")
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    if isinstance(data, (list, tuple)):
        data = _plain(data)
    elif data is None or not (
        isinstance(data, (bool, int, float, np.generic)) or hasattr(data, "__array__")
    ):
        if not hasattr(data, "__len__") or not hasattr(data, "__getitem__") or isinstance(data, dict):
            raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
        data = _plain(list(data))
    inferred = _inferred(data) if dtype is None else _types.as_numpy(dtype)
    try:
        return _fitting(np.array(data), inferred)
    except (ValueError, TypeError) as error:
        _check_sequence(data, _lengths(data), 0)
        raise ValueError(f"cannot make a tensor of {type(data).__name__}: {error}") from None


def _fitting(found: Array, dtype: np.dtype[Any]) -> Array:
    """Python's numbers in their dtype; an error, as in torch, for integers that have no place in it."""
    if found.dtype.kind in "iuO" and dtype.kind in "iu" and found.size:
        bounds = np.iinfo(dtype)
        low = -bounds.max if dtype.kind == "u" else bounds.min  # negative numbers wrap around
        if found.dtype.kind in "uO" and (found > np.iinfo(np.int64).max).any():
            raise ValueError("Overflow when unpacking long long")
        if found.min() < low or found.max() > bounds.max:
            raise RuntimeError(
                f"value cannot be converted to type {dtype.name} without overflow"
            )
    return found.astype(dtype)


def _plain(data: Any) -> Any:
    """Nested sequences with the tensors in them as arrays."""
    if isinstance(data, Traced):
        return data.array
    if isinstance(data, (list, tuple)) and any(isinstance(d, (list, tuple, Traced)) for d in data):
        return [_plain(d) for d in data]
    return data


def _inferred(data: Any) -> np.dtype[Any]:
    """The dtype of nested data: Python floats are of the default dtype, ints int64."""
    found = None
    stack = [data]
    while stack:
        d = stack.pop()
        if isinstance(d, (list, tuple)):
            kinds = set(map(type, d))
            if kinds <= {bool, int, float}:  # the common case, without looking at each element
                kinds_of = [_types.number_dtype(k()) for k in kinds]
            else:
                stack.extend(d)
                continue
        elif isinstance(d, (np.ndarray, np.generic)):
            kinds_of = [_types.of(d.dtype).np]
        elif isinstance(d, (bool, int, float)):
            kinds_of = [_types.number_dtype(d)]
        elif isinstance(d, str):
            raise ValueError("too many dimensions 'str'")
        else:
            raise RuntimeError(f"Could not infer dtype of {type(d).__name__}")
        for k in kinds_of:
            found = k if found is None else _types.promote(found, k)
    return _types.default() if found is None else found


def _lengths(data: Any) -> list[int]:
    sizes: list[int] = []
    while isinstance(data, (list, tuple, np.ndarray)):
        if isinstance(data, np.ndarray):
            return sizes + list(data.shape)
        sizes.append(len(data))
        if not data:
            break
        data = data[0]
    return sizes


def _check_sequence(data: Any, sizes: list[int], dim: int) -> None:
    """ValueError or TypeError, in torch's words, where nested sequences are ragged."""
    if dim == len(sizes):
        if isinstance(data, (list, tuple)):
            raise TypeError("only number arguments are supported in tensors, not nested sequences")
        return
    if not isinstance(data, (list, tuple, np.ndarray)):
        raise TypeError(f"not a sequence at dim {dim}: {data!r}")
    if len(data) != sizes[dim]:
        raise ValueError(f"expected sequence of length {sizes[dim]} at dim {dim} (got {len(data)})")
    for d in data:
        _check_sequence(d, sizes, dim + 1)

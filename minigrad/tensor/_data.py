"""Arrays of what users give as data: numbers, nested sequences, arrays and tensors, as torch reads them."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np

from .. import _convert, _types
from .._tape import Array, Traced
from .._warn import once

_PLAIN = {float, int, bool}
_MOST_DIMS = 64  # NumPy's limit


def from_data(data: Any, dtype: Any, name: str = "") -> Array:
    """A new array of numbers, nested sequences, arrays or tensors; dtype inferred as torch infers it.

    name: of the function that a tensor had better not be given to.
    """
    wanted = None if dtype is None else _types.as_numpy(dtype)
    kind = type(data)
    if kind is float or kind is int or kind is bool:  # quickly
        return _convert.numbers([data], {kind}, wanted or _types.number_dtype(data)).reshape(())
    if kind is list and data and (held := set(map(type, data))) <= _PLAIN:
        own = _types.number_dtype(0.0 if float in held else 0 if int in held else True)
        return _convert.numbers(data, held, wanted or own)
    if isinstance(data, Traced):
        if name:
            _warn_of_copy(name)
        return _convert.in_dtype(data.array, wanted or data.array.dtype)
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    if not isinstance(data, (list, tuple, np.generic)) and hasattr(data, "__array__"):
        data = np.asarray(data)
    if isinstance(data, np.ndarray):
        own = native(data)
        # as torch: in the order the elements lie in, unless some share their memory
        return _convert.in_dtype(data, wanted or own, "C" if 0 in data.strides else "K")
    sizes = _sizes(data)
    if 0 in sizes:
        return np.empty(sizes, wanted or _types.default())
    values = _flat(data, sizes)
    if isinstance(values, np.ndarray):
        once(
            "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list "
            "to a single numpy.ndarray with numpy.array() before converting to a tensor.",
            3,
        )
        return _convert.in_dtype(values, wanted or _common_dtype(data)).reshape(sizes)
    return _stored(values, wanted).reshape(sizes)


def _warn_of_copy(name: str) -> None:
    """Torch's warning for a tensor given to a function that makes one of data."""
    warnings.warn(
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
        f"sourceTensor.detach().clone().requires_grad_(True), rather than {name}(sourceTensor).",
        UserWarning,
        stacklevel=4,
    )


def warn_of_read_only() -> None:
    """Torch's warning for a tensor on memory that NumPy does not let anybody write to."""
    once(
        "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means "
        "writing to this tensor will result in undefined behavior. You may want to copy the array to protect its "
        "data or make it writable before converting it to a tensor. This type of warning will be suppressed for "
        "the rest of this program.",
        3,
    )


def native(array: Array) -> np.dtype[Any]:
    """The dtype an ndarray has as a tensor; TypeError or ValueError if it cannot be one."""
    if not array.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. "
            "Conversion between byte orders is currently not supported."
        )
    return _types.of(array.dtype).np


# ------------------------------------------------------------------------------ nested sequences
def _is_sequence(data: Any) -> bool:
    if isinstance(data, (list, tuple, np.ndarray)):
        return True
    if isinstance(data, (dict, Traced, str, bytes, np.generic)):
        return False
    return hasattr(type(data), "__getitem__") and hasattr(type(data), "__len__")


def _sizes(data: Any) -> tuple[int, ...]:
    """The lengths of nested sequences, read off the first elements."""
    sizes: list[int] = []
    while _is_sequence(data):
        sizes.append(len(data))
        if not sizes[-1]:
            break
        if len(sizes) > _MOST_DIMS:
            raise ValueError(f"too many dimensions '{type(data).__name__}'")
        data = data[0]
    if isinstance(data, str):  # a sequence of strings, without end
        raise ValueError(f"too many dimensions '{type(data).__name__}'")
    return tuple(sizes)


def _flat(data: Any, sizes: tuple[int, ...]) -> Any:
    """The innermost elements, in a list; in an array where all that is nested are arrays.

    ValueError or TypeError, in torch's words, for ragged sequences.
    """
    level = [data]
    for dim, n in enumerate(sizes):
        kinds = set(map(type, level))
        if not kinds <= {list, tuple}:
            if kinds == {np.ndarray} and {a.shape for a in level} == {sizes[dim:]}:
                return np.array(level)
            if not all(map(_is_sequence, level)):
                raise TypeError(f"not a sequence at dim {dim}")
        for length in set(map(len, level)) - {n}:
            raise ValueError(f"expected sequence of length {n} at dim {dim} (got {length})")
        level = list(itertools.chain.from_iterable(level))
    return level


def _common_dtype(data: Any) -> np.dtype[Any]:
    """The dtype of arrays in nested sequences."""
    while not isinstance(data[0], np.ndarray):
        data = list(itertools.chain.from_iterable(data))
    found = native(data[0])
    for dtype in {array.dtype for array in data}:
        found = _types.promote(found, _types.of(dtype).np)
    return found


# ------------------------------------------------------------------------------ their elements
def _stored(values: list[Any], wanted: np.dtype[Any] | None) -> Array:
    """Numbers and tensors of one element in a 1-d array of the dtype wanted, or of their own."""
    kinds = set(map(type, values))
    own: set[np.dtype[Any]] = set()
    for kind in kinds:
        if kind in (float, int, bool):
            own.add(_types.number_dtype(kind()))
        elif issubclass(kind, Traced):
            own.update(v.array.dtype for v in values if type(v) is kind)
        elif issubclass(kind, np.generic):
            own.add(_types.of(np.dtype(kind)).np)
        elif issubclass(kind, (float, int)):
            own.add(_types.number_dtype(kind(0)))
        else:
            raise _no_number(kind, wanted)
    if any(issubclass(kind, Traced) for kind in kinds):
        values = [_element(v) if isinstance(v, Traced) else v for v in values]
        kinds = set(map(type, values))
    if wanted is None:
        first, *others = own
        wanted = first
        for dtype in others:
            wanted = _types.promote(wanted, dtype)
    return _convert.numbers(values, kinds, wanted)


def _element(tensor: Any) -> Any:
    if tensor.array.size != 1:
        raise ValueError("only one element tensors can be converted to Python scalars")
    return tensor.array.item()


def _no_number(kind: type, wanted: np.dtype[Any] | None) -> Exception:
    """The error of an element that is no number."""
    if issubclass(kind, (list, tuple, np.ndarray)):
        return TypeError("only number arguments are supported in tensors, not nested sequences")
    if wanted is not None:
        return TypeError(f"must be real number, not {kind.__name__}")
    if issubclass(kind, (str, bytes)):
        return TypeError(f"new(): invalid data type '{kind.__name__}'")
    return RuntimeError(f"Could not infer dtype of {kind.__name__}")

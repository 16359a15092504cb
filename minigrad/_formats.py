"""How elements may lie in memory: ``memory_format`` and ``layout`` by torch's names, and arrays put in such order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _types

Array = np.ndarray[Any, Any]


class memory_format:  # noqa: N801  (torch's name)
    """An order of the dimensions in memory; the last of ``order`` is the one whose elements are neighbours."""

    def __init__(self, name: str, order: tuple[int, ...] = ()):
        self.name, self.order = name, order

    def __repr__(self) -> str:
        return f"{_types.package}.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class layout:  # noqa: N801  (torch's name)
    """How a tensor is stored; here always in strides."""

    def __repr__(self) -> str:
        return f"{_types.package}.strided"

    def __reduce__(self) -> str:
        return "strided"


strided = layout()
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last", (0, 2, 3, 1))
channels_last_3d = memory_format("channels_last_3d", (0, 2, 3, 4, 1))


def checked(name: str, given: Any) -> Any:
    """A memory format; TypeError for what is none."""
    if not isinstance(given, memory_format):
        raise TypeError(
            f"{name}(): argument 'memory_format' must be {_types.package}.memory_format, not {type(given).__name__}"
        )
    return given


def lies(array: Array, given: Any) -> bool:
    """Whether an array's elements lie in memory in a format's order."""
    if not given.order:
        return bool(array.flags.c_contiguous)
    return array.ndim == len(given.order) and bool(array.transpose(given.order).flags.c_contiguous)


def empty(shape: tuple[int, ...], dtype: Any, given: Any) -> Array:
    """An uninitialised array in a format's order; RuntimeError if the format is for other numbers of dimensions."""
    order = given.order
    if not order:
        return np.empty(shape, dtype)
    if len(shape) != len(order):
        raise RuntimeError(f"required rank {len(order)} tensor to use {given.name} format")
    back = sorted(range(len(order)), key=order.__getitem__)
    return np.empty([shape[i] for i in order], dtype).transpose(back)


def following(out: Array, *inputs: Array) -> Array:
    """An op's answer on pictures, with its channels last in memory if one of the inputs' are, as torch answers."""
    for x in inputs:
        if not x.flags.c_contiguous:
            break
    else:
        return out
    form = _pictures.get(out.ndim)
    last = form is not None and any(not x.flags.c_contiguous and lies(x, form) for x in inputs)
    if not last or lies(out, form):
        return out
    found = empty(out.shape, out.dtype, form)
    np.copyto(found, out)
    return found


def common(arrays: Sequence[Array]) -> memory_format:
    """The format of pictures that all have their channels last, for what is joined from them; else the usual one."""
    form = _pictures.get(arrays[0].ndim)
    return contiguous_format if form is None or not all(lies(a, form) for a in arrays) else form


_pictures = {4: channels_last, 5: channels_last_3d}


def empty_like(array: Any, dtype: Any) -> Array:
    """An uninitialised array of another's shape and memory order, as torch keeps that.

    NumPy's own orders dimensions of stride 0 (of an expanded tensor) as the innermost; torch leaves them in place,
    as NumPy's iterator does.
    """
    if 0 not in array.strides or not array.size:
        return np.empty_like(array, dtype)
    made = np.nditer((array, None), (), (("readonly",), ("writeonly", "allocate")), (None, dtype))
    return made.operands[1]


def copied(array: Any) -> Array:
    """A copy of an array, in the order that `empty_like` gives it."""
    out = empty_like(array, array.dtype)
    np.copyto(out, array)
    return out

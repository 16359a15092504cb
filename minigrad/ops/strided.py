"""Views of any strides over a tensor's memory, and tensors with one part replaced.

as_strided(size, stride, offset)      element (i, j, ..) lies at  offset + i*stride[0] + j*stride[1] + ..
select_scatter, slice_scatter, ..     a copy of the input, written at the place that select, a slice, .. reads
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import Array, number_in, primitive
from ._common import expect, one_dim, titled, whole
from ._public import named
from .arrange import diagonal
from .gather import _collect, _take
from .index import getitem
from .parts import narrow, select
from .shape import clone, reshape
from .writing import assign


# ------------------------------------------------------------------------------ any strides
def _places(size: tuple[int, ...], stride: tuple[int, ...]) -> Array:
    """How far each element lies from the first, in the order of the elements."""
    out = np.zeros(size, np.int64)
    for d, (n, step) in enumerate(zip(size, stride)):
        out += (np.arange(n) * step).reshape((n,) + (1,) * (len(size) - d - 1))
    return out.reshape(-1)


def _span(size: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """How many elements of memory lie from the first to the last."""
    return 1 + sum((n - 1) * s for n, s in zip(size, stride)) if 0 not in size else 0


@primitive(view=True, title="AsStridedBackward0")
def _as_strided(input, /, size, stride, offset, geometry):
    """The elements at ``offset`` from the first of ``input``, whose own strides are ``geometry``."""
    if _steps(input) == geometry and 0 not in size:
        return _window(input, size, stride, offset)
    memory = np.zeros(max(_span(input.shape, geometry), offset + _span(size, stride)), input.dtype)
    memory[_places(input.shape, geometry)] = input.reshape(-1)
    out = memory[offset + _places(size, stride)].reshape(size)
    out.flags.writeable = False  # it is no view: a write would be lost
    return out


def _steps(array: Array) -> tuple[int, ...]:
    """The strides in elements."""
    return tuple(s // array.itemsize for s in array.strides)


def _window(array: Array, size: Any, stride: Any, offset: int) -> Array:
    """A view on the buffer that ``array`` is a part of, for the tape must see whose memory it is."""
    owner = array.base if isinstance(array.base, np.ndarray) else array
    order = sorted(range(owner.ndim), key=lambda d: -owner.strides[d])
    buffer = owner.transpose(order)
    start = array.ctypes.data - owner.ctypes.data + offset * array.itemsize
    steps = tuple(s * array.itemsize for s in stride)
    return np.ndarray(size, array.dtype, buffer, start, steps)


def _as_strided_rule(
    g: Any, into: tuple[int, ...], size: Any, stride: Any, offset: int, geometry: Any
) -> Any:
    """g is added up in the memory, from where the input's elements take it, sharing where they overlap."""
    own = _places(into, geometry)
    length = max(_span(into, geometry), offset + _span(size, stride))
    places = offset + _places(size, stride)
    memory = _collect(reshape(g, (places.size,)), 0, places, length)
    back = _take(memory, 0, own)
    shared = np.bincount(own, minlength=1)[own]
    if (shared > 1).any():
        back = back / shared.astype(g.dtype if isinstance(g, np.ndarray) else g.array.dtype)
    return reshape(back, into)


_as_strided.vjps(input=_as_strided_rule)


def _ints(name: str, argument: str, position: int, values: Any) -> tuple[int, ...]:
    if not isinstance(values, (tuple, list)):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be tuple of ints, not "
            f"{type(values).__name__}"
        )
    return tuple(whole(name, argument, v) for v in values)


@named
def as_strided(input, size, stride, storage_offset=None):
    """A view of ``size`` over the memory of ``input``, with these strides and offset, both in elements.

    storage_offset: from the start of the memory; that of the input if None.  Elements may overlap.
    RuntimeError if one would lie outside of the memory.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.as_strided.html

    >>> import minigrad as mg
    >>> mg.as_strided(mg.arange(5), (3, 3), (1, 1))
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
    """
    expect("as_strided", input=input)
    sizes = _ints("as_strided", "size", 2, size)
    steps = _ints("as_strided", "stride", 3, stride)
    if len(sizes) != len(steps):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(s < 0 for s in steps):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            f"{list(steps)}"
        )
    if any(n < 0 for n in sizes):
        raise RuntimeError(
            f"Storage size calculation overflowed with sizes={list(sizes)} and strides={list(steps)}"
        )
    own = input.storage_offset()
    offset = own if storage_offset is None else int(storage_offset)
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    owner = input if input.base is None else input.base
    memory = _span(owner.array.shape, _steps(owner.array))
    needed = offset + _span(sizes, steps) if 0 not in sizes else 0
    if needed > memory:
        item = input.array.itemsize
        raise RuntimeError(
            f"setStorage: sizes {list(sizes)}, strides {list(steps)}, storage offset {offset}, and itemsize {item} "
            f"requiring a storage size of {needed * item} are out of bounds for storage of size {memory * item}"
        )
    last = own + _span(input.array.shape, _steps(input.array))
    if offset < own or needed > last:  # beyond the view: elements that only its owner has
        input, own = owner, 0
    return _as_strided(input, sizes, steps, offset - own, _steps(input.array))


# ------------------------------------------------------------------------------ one part replaced
def _replaced(input: Any, src: Any, taken: Any) -> Any:
    """A copy of ``input`` with ``src`` where ``taken``, a function that takes a view, reads."""
    out = clone(input)
    part = taken(out.detach())
    if src.array.shape != part.array.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.array.shape)}, slice size = {list(part.array.shape)}"
        )
    return assign(out, src, part.path)


@titled("SelectScatterBackward0")
@named
def select_scatter(input, src, dim, index):
    """``input`` with ``src`` where ``select`` reads, in a copy.  RuntimeError if sizes differ."""
    expect("select_scatter", input=input, src=src)
    return _replaced(input, src, lambda x: select(x, dim, index))


@titled("SliceScatterBackward0")
@named
def slice_scatter(input, src, dim=0, start=None, end=None, step=1):
    """``input`` with ``src`` at ``start:end:step`` of ``dim``, in a copy.  RuntimeError if sizes differ."""
    expect("slice_scatter", input=input, src=src)
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    index = (slice(None),) * one_dim(dim, input.array.ndim) + (slice(start, end, step), ...)
    return _replaced(input, src, lambda x: getitem(x, index))


@titled("DiagonalScatterBackward0")
@named
def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """``input`` with ``src`` where ``diagonal`` reads, in a copy.  RuntimeError if sizes differ."""
    expect("diagonal_scatter", input=input, src=src)
    return _replaced(input, src, lambda x: diagonal(x, offset, dim1, dim2))


@titled("AsStridedScatterBackward0")
@named
def as_strided_scatter(input, src, size, stride, storage_offset=None):
    """``input`` with ``src`` where ``as_strided`` reads, in a copy.  RuntimeError if sizes differ."""
    expect("as_strided_scatter", input=input, src=src)
    return _replaced(input, src, lambda x: as_strided(x, size, stride, storage_offset))


def narrow_copy(input, dim, start, length):
    """``narrow``, as a copy."""
    return clone(narrow(input, dim, start, length))


def fill_diagonal_(input, fill_value, wrap=False):
    """Write a number onto the main diagonal; with ``wrap`` again below a tall matrix, past a gap of one row.

    input: a matrix, or of more dimensions that are all of one size.  RuntimeError otherwise.
    """
    shape = input.array.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    fill_value = number_in("fill_diagonal_", "fill_value", fill_value)
    rows, columns = shape[0], shape[-1]
    along = np.arange(min(shape))
    index: tuple[Any, ...] = (along,) * len(shape)
    if wrap and len(shape) == 2 and columns and rows > columns:
        every = np.arange(rows)
        every = every[every % (columns + 1) < columns]
        index = (every, every % (columns + 1))
    return assign(input, fill_value, ((getitem, (index,)),))

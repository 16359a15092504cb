"""Elements picked and written by masks and by places in the flat tensor, and where they are nonzero."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import Array, Traced, primitive, wrap
from ._common import expect, title, titled
from ._public import named
from .choosing import choose, places
from .gather import _collect, _take
from .index import getitem, split_index
from .index import put as put_back
from .refusals import writable
from .shape import broadcast_shapes, clone, expand, reshape
from .writing import assign, set_item


@titled("MaskedSelectBackward0")
@named
def masked_select(input, mask):
    """The elements of ``input`` where the bool tensor ``mask`` (the two broadcast) holds, in one dimension."""
    expect("masked_select", input=input, mask=mask)
    if mask.array.dtype != bool:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    shape = broadcast_shapes(input.array.shape, mask.array.shape)
    picked = np.flatnonzero(np.broadcast_to(mask.array, shape))
    wide = input if input.array.shape == shape else expand(input, shape)
    return _take(reshape(wide, (-1,) if picked.size or wide.array.size else (0,)), 0, picked)


@primitive(title="MaskedScatterBackward0")
def _masked_scatter(input, source, /, mask):
    out = np.array(np.broadcast_to(input, mask.shape), order="C")
    out[mask] = source[: np.count_nonzero(mask)]
    return out


def _masked_source(g: Any, into: tuple[int, ...], mask: Array) -> Any:
    flat = reshape(g, (mask.size,))
    return _collect(
        _take(flat, 0, np.flatnonzero(mask)), 0, np.arange(np.count_nonzero(mask)), into[0]
    )


_masked_scatter.vjps(input=lambda g, mask: choose(0.0, g, mask), source=_masked_source)


@named
def masked_scatter(input, mask, source):
    """``input`` with the elements where ``mask`` holds replaced by the first elements of ``source``, in order."""
    expect("masked_scatter", input=input, mask=mask, source=source)
    if mask.array.dtype != bool:
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {title(mask)}"
        )
    if input.array.dtype != source.array.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got {title(input)} and {title(source)}"
        )
    shape = broadcast_shapes(input.array.shape, mask.array.shape)
    wide = np.broadcast_to(mask.array, shape)
    if np.count_nonzero(wide) > source.array.size:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    return _masked_scatter(input, reshape(source, (source.array.size,)), wide)


# ------------------------------------------------------------------------------ places in the flat tensor
def _flat_places(name: str, input: Any, index: Any) -> Array:
    i, n = index.array, input.array.size
    if i.dtype != np.int64:
        raise RuntimeError(f"{name}(): Expected a long tensor for index, but got {title(index)}")
    if i.size and (i.min() < -n or i.max() >= n):
        bad = i.min() if i.min() < -n else i.max()
        raise IndexError(f"out of range: tried to access index {bad} on a tensor of {n} elements.")
    return i.reshape(-1) % max(n, 1)


@titled("TakeBackward0")
@named
def take(input, index):
    """The elements of the flat ``input`` at ``index``, in index's shape; IndexError out of range."""
    expect("take", input=input, index=index)
    i = _flat_places("take", input, index)
    return reshape(_take(reshape(input, (input.array.size,)), 0, i), index.array.shape)


def put_(input, index, source, accumulate=False):
    """Write ``source`` into ``input`` at places of the flat tensor, or add it there."""
    expect("put_", input=input, index=index, source=source)
    i = _flat_places("put_", input, index)
    if source.array.size != i.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.array.size}, index.numel() = {i.size}"
        )
    if source.array.dtype != input.array.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {title(input)} and "
            f"source.dtype = {title(source)}"
        )
    writable(input)
    where = np.unravel_index(i, input.array.shape or (1,))
    flat = reshape(source, (i.size,))
    if not input.array.ndim:
        return assign(input, reshape(flat, ())) if i.size == 1 and not accumulate else input
    if accumulate:
        return assign(input, input + _collect_at(flat, input.array.shape, i))
    return assign(input, flat, ((getitem, (where,)),))


@titled("PutBackward0")
def put(input, index, source, accumulate=False):
    """``put_``, in a copy."""
    expect("put", input=input, index=index, source=source)
    return put_(clone(input), index, source, accumulate)


def _collect_at(flat: Any, shape: tuple[int, ...], i: Array) -> Any:
    return reshape(_collect(flat, 0, i, int(np.prod(shape))), shape)


def index_put(input, indices, values, accumulate=False):
    """``input`` with ``values`` (broadcast) written, or added, at the places of a tuple of index tensors."""
    if not isinstance(values, Traced):
        raise TypeError(
            f"index_put(): argument 'values' must be Tensor, not {type(values).__name__}"
        )
    if values.array.dtype is not input.array.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {title(input)} for the "
            f"destination and {title(values)} for the source."
        )
    out = clone(input)
    if not accumulate:
        set_item(out, tuple(indices), values)
        return out
    steps = split_index(tuple(indices), input.array.shape)
    places = np.arange(input.array.size).reshape(input.array.shape)
    for step in steps:
        places = places[step]
    wide = expand(values, places.shape) if values.array.shape != places.shape else values
    added = put_back(reshape(wide, (places.size,)), (input.array.size,), (places.reshape(-1),))
    return input + reshape(added, input.array.shape)


# ------------------------------------------------------------------------------ where they are nonzero
@named
def nonzero(input, *, as_tuple=False):
    """The indices of the nonzero elements: (n, ndim), or with ``as_tuple`` one vector per dimension."""
    expect("nonzero", input=input)
    x = input.array
    if as_tuple:
        return places(x)
    if not x.ndim:
        return wrap(np.zeros((int(bool(x)), 0), np.int64))
    return wrap(np.stack(np.nonzero(x)).T)  # as in torch, each dimension's lie together


def nonzero_static(input, *, size, fill_value=-1):
    """The first ``size`` rows of ``nonzero``, and rows of ``fill_value`` if there are fewer: (size, ndim)."""
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    found = nonzero(input).array[:size]
    out = np.full((size, input.array.ndim), fill_value, np.int64)
    out[: len(found)] = found
    return wrap(out)


def argwhere(input):
    """The indices of the nonzero elements, (n, ndim)."""
    return nonzero(input)


@named
def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None):
    """The places in the sorted last dimension of ``sorted_sequence`` where ``input`` would keep it sorted.

    side: 'left' (before equal elements) or 'right'.  The dimensions before the last must be equal, or the sequence
    1-D.  RuntimeError otherwise.
    """
    expect("searchsorted", sorted_sequence=sorted_sequence)
    name = "torch.searchsorted(): "
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(f"{name}side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            f"{name}side and right can't be set to opposites, got side of left while right was True"
        )
    row, value = (
        sorted_sequence.array,
        input.array if isinstance(input, Traced) else np.asarray(input),
    )
    if sorter is not None:
        if sorter.array.shape != row.shape:
            raise RuntimeError(
                f"{name}boundary and sorter must have the same size, but got boundary tensor {list(row.shape)} and got "
                f"sorter tensor {list(sorter.array.shape)}"
            )
        row = np.take_along_axis(row, sorter.array, -1)
    if not value.ndim and row.ndim != 1:
        raise RuntimeError(
            f"{name}input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries "
            f"tensor dim({row.ndim}) and input value's dim({value.ndim}) numel({value.size})"
        )
    if row.ndim != 1 and row.shape[:-1] != value.shape[:-1]:
        raise RuntimeError(
            f"{name}boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input "
            f"value tensor must match, but we got boundaries tensor {list(row.shape)} and input value tensor "
            f"{list(value.shape)}"
        )
    where = "right" if right or side == "right" else "left"
    if row.ndim == 1:
        found = _sought(row, value, where)
    else:
        rows, values = row.reshape(-1, row.shape[-1]), value.reshape(-1, value.shape[-1])
        found = np.array([_sought(r, v, where) for r, v in zip(rows, values)], np.int64)
        found = found.reshape(value.shape)
    return wrap(np.asarray(found, np.int32 if out_int32 else np.int64))


def _sought(row: Array, value: Array, side: Any) -> Any:
    found = np.searchsorted(row, value, side)
    # NaN is no less than anything: torch puts it behind all
    return np.where(np.isnan(value), len(row), found) if value.dtype.kind == "f" else found


@named
def bucketize(input, boundaries, *, out_int32=False, right=False):
    """The bucket of each element: ``boundaries[i-1] < x <= boundaries[i]``, or with ``right`` ``<=`` and ``<``."""
    expect("bucketize", boundaries=boundaries)
    if boundaries.array.ndim != 1:
        raise RuntimeError(
            f"boundaries tensor must be 1 dimension, but got dim({boundaries.array.ndim})"
        )
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)

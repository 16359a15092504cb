"""Elements put in another order or repeated, and the diagonals, triangles and windows of tensors."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .._tape import Array, Traced, primitive, wrap
from ._common import entitled, one_dim, shape_of, titled, whole
from ._public import named
from .gather import _take
from .parts import _narrow, flip, joined
from .shape import clone, repeat, reshape, transpose

ndarray = np.ndarray


# ------------------------------------------------------------------------------ rolled and repeated
@primitive
def _roll(input, /, shifts, dims):
    for shift, d in zip(shifts, dims):
        n = input.shape[d]
        cut = -shift % n if n else 0
        input = joined([_narrow(input, d, cut, n - cut), _narrow(input, d, 0, cut)], d)
    return input if dims else input.copy()


_roll.vjps(input=lambda g, shifts, dims: _roll(g, tuple(-s for s in shifts), dims))


@titled("RollBackward0")
@named
def roll(input, shifts, dims=None):
    """The elements moved on by ``shifts`` along ``dims``, those pushed out coming in at the other end.

    Without dims the tensor is rolled as if it were flat.  RuntimeError if shifts and dims differ in number.

    >>> import minigrad as mg
    >>> mg.roll(mg.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2])
    """
    steps = shifts if isinstance(shifts, (tuple, list)) else (shifts,)
    steps = tuple(whole("roll", "shifts", s) for s in steps)
    if not steps:
        raise RuntimeError("`shifts` required")
    if dims is None or (isinstance(dims, (tuple, list)) and not dims):
        if len(steps) != 1:
            raise RuntimeError(f"shifts and dimensions must align. shifts: {len(steps)}, dims:0")
        flat = _roll(reshape(input, (-1,) if input.array.size else (0,)), steps, (0,))
        return reshape(flat, input.array.shape)
    chosen = tuple(dims) if isinstance(dims, (tuple, list)) else (dims,)
    if len(chosen) != len(steps):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(steps)}, dims:{len(chosen)}"
        )
    n = input.array.ndim
    if n == 0:
        for d in chosen:
            one_dim(d, n)
        return _roll(input, (), ())
    return _roll(input, steps, tuple(one_dim(d, n) for d in chosen))


def tile(input, *sizes, dims=None):
    """``input`` laid side by side ``dims`` times along each dimension, missing ones counting as 1."""
    times = shape_of(sizes if dims is None else (dims,))
    return repeat(input, (1,) * (input.array.ndim - len(times)) + times)


@named
def repeat_interleave(input, repeats=None, dim=None, *, output_size=None):
    """Each element along ``dim`` ``repeats`` times (a number, or one per element); without dim of the flat tensor.

    Of repeats alone: each of the numbers 0, 1, .. as often as they say.  RuntimeError for negative repeats, or a number
    of them that does not fit.
    """
    if repeats is None:
        input, repeats = wrap(np.arange(input.array.size)), input
    if dim is None:
        input, dim = reshape(input, (input.array.size,)), 0
    elif not input.array.ndim:
        one_dim(dim, 0)
        input = reshape(input, (1,))
    d = one_dim(dim, input.array.ndim)
    n = input.array.shape[d]
    several = isinstance(repeats, Traced)
    counts = repeats.array if several else np.array(whole("repeat_interleave", "repeats", repeats))
    if counts.dtype.kind not in "iu" or counts.ndim > 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor of int or long")
    if counts.ndim and len(counts) not in (1, n):
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {len(counts)} and "
            f"input.size({dim}) = {n}"
        )
    if (counts < 0).any():
        raise RuntimeError("repeats can not be negative")
    index = np.repeat(np.arange(n), counts)
    if output_size is not None and output_size != len(index):
        raise RuntimeError(
            f"repeat_interleave: output_size is {output_size}, but the repeats sum to {len(index)}"
        )
    taken = _take(input, d, index)
    return taken if several else entitled(taken, "ViewBackward0")


@named
def fliplr(input):
    """The columns in reverse order; RuntimeError below 2 dimensions."""
    if input.array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, 1)


@named
def flipud(input):
    """The rows in reverse order; RuntimeError for 0 dimensions."""
    if input.array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, 0)


@titled("Rot90Backward0")
@named
def rot90(input, k=1, dims=(0, 1)):
    """Turned by ``k`` right angles in the plane of two dimensions, from the first towards the second."""
    n = input.array.ndim
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if n < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {n}")
    a, b = (one_dim(d, n) for d in dims)
    if a == b:
        raise RuntimeError(
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    k = k % 4  # not in place: it may be a tensor
    if k == 0:
        return clone(input)
    if k == 2:
        return flip(input, a, b)
    return clone(transpose(flip(input, b), a, b)) if k == 1 else flip(transpose(input, a, b), b)


# ------------------------------------------------------------------------------ triangles and diagonals
_BITS = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}
_SMALL = 1 << 16  # elements of a matrix up to which a mask is kept


@primitive
def _tril(input, /, diagonal):
    return _triangle(input, diagonal, True)


@primitive
def _triu(input, /, diagonal):
    return _triangle(input, diagonal, False)


def _triangle(x: Array, diagonal: int, lower: bool) -> Array:
    """Matrices with zeros above, or below, a diagonal: their bits, masked; or, if they are large, row by row."""
    m, n = x.shape[-2:]
    bits = _BITS.get(x.dtype.itemsize)
    if m * n <= _SMALL and bits is not None and x.flags.c_contiguous:
        flat = x.view(bits).reshape(*x.shape[:-2], m * n)
        return (flat & _mask(m, n, diagonal, lower, bits)).view(x.dtype).reshape(x.shape)
    out = np.zeros(x.shape, x.dtype)
    first, last = max(0, min(m, -diagonal)), max(0, min(m, n - diagonal))  # rows that it crosses
    whole = slice(last, m) if lower else slice(0, first)
    out[..., whole, :] = x[..., whole, :]
    for i in range(first, last):
        part = slice(0, i + diagonal + 1) if lower else slice(i + diagonal, n)
        out[..., i, part] = x[..., i, part]
    return out


@functools.lru_cache(16)
def _mask(m: int, n: int, diagonal: int, lower: bool, bits: Any) -> Array:
    """All bits set in a triangle of a flat matrix, none elsewhere."""
    made = np.tri(m, n, diagonal if lower else diagonal - 1, dtype=bool).reshape(m * n)
    return -(made if lower else ~made).astype(bits)


_tril.vjps(input=lambda g, diagonal: _tril(g, diagonal))
_triu.vjps(input=lambda g, diagonal: _triu(g, diagonal))


@named
def tril(input, diagonal=0):
    """The lower triangle of matrices (*, m, n), up to ``diagonal`` above the main one; zeros elsewhere."""
    return _tril(_matrices("tril", input), whole("tril", "diagonal", diagonal))


@named
def triu(input, diagonal=0):
    """The upper triangle of matrices (*, m, n), from ``diagonal`` above the main one; zeros elsewhere."""
    return _triu(_matrices("triu", input), whole("triu", "diagonal", diagonal))


def _matrices(name: str, input: Any) -> Any:
    if input.array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    return input


@primitive(view=True, title="DiagonalBackward0")
def _diagonal(input, /, offset, dim1, dim2):
    out = np.diagonal(input, offset, dim1, dim2)
    if input.flags.writeable:
        out.flags.writeable = True  # NumPy says no out of caution only
    return out


@primitive(title="DiagonalBackward0")
def _on_diagonal(input, /, shape, offset, dim1, dim2):
    """Zeros of ``shape`` with ``input`` on a diagonal: the adjoint of diagonal."""
    out = np.zeros(shape, input.dtype)
    place = np.diagonal(out, offset, dim1, dim2)
    place.flags.writeable = True
    place[...] = input
    return out


_diagonal.vjps(input=lambda g, into, offset, dim1, dim2: _on_diagonal(g, into, offset, dim1, dim2))
_on_diagonal.vjps(input=lambda g, offset, dim1, dim2: _diagonal(g, offset, dim1, dim2))


def linalg_diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """torch.linalg.diagonal: of the matrices in the last two dimensions."""
    return diagonal(A, offset, dim1, dim2)


@named
def diagonal(input, offset=0, dim1=0, dim2=1):
    """The diagonal of the matrices in two dimensions, as the last dimension of a view.

    RuntimeError if the two dimensions are one.
    """
    n = input.array.ndim
    a, b = one_dim(dim1, n), one_dim(dim2, n)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return _diagonal(input, whole("diagonal", "offset", offset), a, b)


@named
def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Matrices, in dimensions dim1 and dim2 of the answer, with the last dimension of ``input`` on a diagonal."""
    n = input.array.ndim + 1
    a, b = one_dim(dim1, n), one_dim(dim2, n)
    if not input.array.ndim:
        raise RuntimeError("diag_embed: input must have at least 1 dimension")
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    *lead, size = input.array.shape
    side = size + abs(whole("diag_embed", "offset", offset))
    for d in sorted((a, b)):
        lead.insert(d, side)
    return _on_diagonal(input, tuple(lead), offset, a, b)


@named
def diag(input, diagonal=0):
    """Of a vector, the matrix with it on a diagonal; of a matrix, a copy of its diagonal."""
    n = input.array.ndim
    if n == 1:
        return diag_embed(input, diagonal)
    if n == 2:
        return clone(_diagonal(input, diagonal, 0, 1))
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {n}D")


@named
def diagflat(input, offset=0):
    """The matrix with all elements of ``input`` on a diagonal."""
    return diag_embed(reshape(input, (input.array.size,)), offset)


# ------------------------------------------------------------------------------ windows
@primitive(view=True, title="UnfoldBackward0")
def _unfold(input, /, dim, size, step):
    windows = np.lib.stride_tricks.sliding_window_view(input, size, dim, writeable=True)
    every = windows[(slice(None),) * dim + (slice(None, None, step),)]
    owner = input if input.base is None or not isinstance(input.base, ndarray) else input.base
    if not owner.flags.c_contiguous:
        return every.copy()
    # the same window on the owner's own buffer, for the tape must see whose memory it is
    start = (input.ctypes.data - owner.ctypes.data) if every.size else 0
    return ndarray(every.shape, input.dtype, owner, start, every.strides)


@primitive(title="UnfoldBackward0")
def _folded(input, /, shape, dim, size, step):
    """Zeros of ``shape`` to which windows are added back where they came from: the adjoint of unfold."""
    out = np.zeros(shape, input.dtype)
    n = input.shape[dim]
    for k in range(size):
        out[(slice(None),) * dim + (slice(k, k + (n - 1) * step + 1, step),)] += input[..., k]
    return out


_unfold.vjps(input=lambda g, into, dim, size, step: _folded(g, into, dim, size, step))
_folded.vjps(input=lambda g, dim, size, step: _unfold(g, dim, size, step))


def unfold(input, dimension, size, step):
    """``Tensor.unfold``: windows of ``size`` along a dimension, one every ``step``, as a view with them last.

    input: (*, n, *); answers (*, (n - size) // step + 1, *, size).  RuntimeError if a window does not fit.
    """
    n = input.array.ndim
    d = one_dim(dimension, n)
    have = input.array.shape[d] if n else 1
    size, step = whole("unfold", "size", size), whole("unfold", "step", step)
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > have:
        raise RuntimeError(f"maximum size for tensor at dimension {d} is {have} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if not n:
        return _narrow(reshape(input, (1,)), 0, 0, size)
    return _unfold(input, d, size, step)

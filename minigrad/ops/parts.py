"""Tensors joined from parts and taken apart: cat, stack, narrow, select, split, flip.

Parts are views of the whole, as in torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _formats
from .._tape import Array, Traced, aliases, primitive, variadic
from ..kernels import along
from ..kernels.elementwise import MANY, put
from ..kernels.machine.scratch import empty
from ._common import all_dims, common, entitled, expect, one_dim, titled, whole
from ._public import named
from .shape import reshape


# ------------------------------------------------------------------------------ joining
@named
def cat(tensors, dim=0):
    """Tensors joined along an existing dimension; dtypes promote.

    RuntimeError if there are none, or sizes differ in another dimension.
    """
    if _alike(tensors) and -1 <= dim < tensors[0].array.ndim:
        try:
            return _cat(tensors, dim if dim >= 0 else dim + tensors[0].array.ndim)
        except ValueError:
            pass  # what is wrong is said below
    tensors = _listed("cat", tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for i, x in enumerate(tensors):
        if not x.array.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    real = [x for x in tensors if x.array.shape != (0,)] or tensors[:1]  # torch's legacy empties
    d = one_dim(dim, real[0].array.ndim)
    first = real[0].array.shape
    for i, x in enumerate(real[1:], 1):
        s = x.array.shape
        if len(s) != len(first):
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(first)} and {len(s)}"
            )
        for k in range(len(s)):
            if k != d and s[k] != first[k]:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {d}. Expected size {first[k]} but got size "
                    f"{s[k]} for tensor number {i} in the list."
                )
    return _cat(common(*tensors) or tensors, d)


def _alike(tensors: Any) -> bool:
    """Whether these are tensors of one dtype and number of dimensions, as nearly always."""
    if type(tensors) not in (list, tuple):
        return False
    arrays = [x.array for x in tensors if isinstance(x, Traced)]
    if len(arrays) < len(tensors) or not arrays or (0,) in [a.shape for a in arrays]:
        return False
    dtype = arrays[0].dtype
    return not [a for a in arrays if a.dtype is not dtype]


def _listed(name: str, tensors: Any) -> list[Any]:
    """Several tensors as a list; TypeError for anything else."""
    if not isinstance(tensors, (list, tuple)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    for i, x in enumerate(tensors):
        if not isinstance(x, Traced):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}"
            )
    return list(tensors)


@variadic("CatBackward0")
def _cat(arrays, dim):
    real = arrays
    if (0,) in [a.shape for a in arrays]:
        real = [a for a in arrays if a.shape != (0,)]
    return joined(real, dim) if real else arrays[0].copy()


def joined(arrays: Sequence[Array], dim: int) -> Array:
    """``np.concatenate``, in the order of memory that torch answers in; on several threads where there is much."""
    total, first = sum([a.shape[dim] for a in arrays]), arrays[0].shape
    shape = (*first[:dim], total, *first[dim + 1 :])
    alike = all(
        a.shape[:dim] == first[:dim] and a.shape[dim + 1 :] == first[dim + 1 :] for a in arrays
    )
    if not all(a.flags.c_contiguous for a in arrays):
        out = _formats.empty(shape, arrays[0].dtype, _formats.common(arrays))
        return np.concatenate(arrays, dim, out=out)
    if math.prod(shape) <= MANY or not alike:
        return np.concatenate(arrays, dim)
    out, start = empty(shape, arrays[0].dtype), 0
    for a in arrays:
        put(out[(slice(None),) * dim + (slice(start, start + a.shape[dim]),)], a)
        start += a.shape[dim]
    return out


def _split_gradient(g: Any, shapes: Sequence[Any], dim: int) -> list[Any]:
    parts, start = [], 0
    for s in shapes:
        if s == (0,) and len(g.shape) > 1:
            parts.append(reshape(_narrow(g, dim, 0, 0), (0,)))
            continue
        parts.append(_narrow(g, dim, start, s[dim]))
        start += s[dim]
    return parts


_cat.rule(_split_gradient)


@named
def stack(tensors, dim=0):
    """Tensors of one shape joined along a new dimension."""
    if _alike(tensors) and 0 <= dim <= tensors[0].array.ndim:
        try:
            return _stack(tensors, dim)
        except ValueError:
            pass
    tensors = _listed("stack", tensors)
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = tensors[0].array.shape
    for i, x in enumerate(tensors):
        if x.array.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(x.array.shape)} at entry {i}"
            )
    return _stack(common(*tensors) or tensors, one_dim(dim, len(first) + 1))


@variadic("StackBackward0")
def _stack(arrays, dim):
    first = arrays[0].shape
    if [a for a in arrays if a.shape != first]:
        raise ValueError("shapes differ")
    if dim < len(first):  # one by one, NumPy would take twice the time
        return joined(arrays, dim).reshape(*first[:dim], len(arrays), *first[dim:])
    out = np.empty((*first[:dim], len(arrays), *first[dim:]), arrays[0].dtype)
    for i, a in enumerate(arrays):
        place = (*(slice(None),) * dim, i, ...)  # of an array also where it is one number
        put(out[place], a)
    return out


_stack.rule(lambda g, shapes, dim: [_select(g, dim, i) for i in range(len(shapes))])


# ------------------------------------------------------------------------------ taking parts
@primitive(view=True, title="SliceBackward0")
def _narrow(input, /, dim, start, length):
    return input[(slice(None),) * dim + (slice(start, start + length),)]


@primitive(title="PadBackward0")
def _widen(input, /, dim, start, size):
    """``input`` at ``start`` of a dimension of ``size``, zeros elsewhere: the adjoint of narrow."""
    shape = list(input.shape)
    length, shape[dim] = shape[dim], size
    out = np.zeros(shape, input.dtype)
    out[(slice(None),) * dim + (slice(start, start + length),)] = input
    return out


_narrow.vjps(input=lambda g, into, dim, start: _widen(g, dim, start, into[dim]))
_widen.vjps(input=lambda g, into, dim, start: _narrow(g, dim, start, into[dim]))


@named
def narrow(input, dim, start, length):
    """``length`` elements from ``start`` along ``dim``, as a view."""
    shape = input.array.shape
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    d = one_dim(dim, len(shape))
    start = int(start)
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if not -shape[d] <= start <= shape[d]:
        raise IndexError(
            f"start out of range (expected to be in range of [{-shape[d]}, {shape[d]}], but got {start})"
        )
    if start < 0:
        start += shape[d]
    if start + length > shape[d]:
        raise RuntimeError(
            f"start ({start}) + length ({length}) exceeds dimension size ({shape[d]})."
        )
    return _narrow(input, d, start, int(length))


@primitive(view=True, title="SelectBackward0")
def _select(input, /, dim, index):
    return input[(slice(None),) * dim + (index, ...)]


@primitive(title="SelectBackward0")
def _unselect(input, /, dim, index, size):
    """Zeros with ``input`` at ``index`` of a new dimension of ``size``: the adjoint of select."""
    out = np.zeros((*input.shape[:dim], size, *input.shape[dim:]), input.dtype)
    out[(slice(None),) * dim + (index, ...)] = input
    return out


_select.vjps(input=lambda g, into, dim, index: _unselect(g, dim, index, into[dim]))
_unselect.vjps(input=lambda g, dim, index: _select(g, dim, index))


@named
def select(input, dim, index):
    """The part at ``index`` of ``dim``, without that dimension, as a view."""
    shape = input.array.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d = one_dim(dim, len(shape))
    if not -shape[d] <= index < shape[d]:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {d}"
        )
    return _select(input, d, int(index) % shape[d])


@titled("UnbindBackward0")
@named
def unbind(input, dim=0):
    """The parts along ``dim``, as a tuple of views."""
    shape = input.array.shape
    if not shape:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    d = one_dim(dim, len(shape))
    if input.node is not None or input.base is not None or input.leaf:
        return tuple(_select(input, d, i) for i in range(shape[d]))
    rows, numbers = np.moveaxis(input.array, d, 0), range(shape[d])
    return aliases(input, [rows[i, ...] for i in numbers], _select, [(d, i) for i in numbers])


@named
def split(input, split_size_or_sections, dim=0):
    """Parts of a given size (the last may be smaller), or of the sizes given in a list, as views."""
    shape = input.array.shape
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    d = one_dim(dim, len(shape))
    n, sizes = shape[d], split_size_or_sections
    if isinstance(sizes, Traced) and sizes.array.size == 1:
        sizes = int(sizes.array.item())
    if isinstance(sizes, int):
        if sizes < 0:
            raise RuntimeError(
                f"split expects split_size be non-negative, but got split_size={sizes}"
            )
        if sizes == 0 and n:
            raise RuntimeError(
                f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}"
            )
        sizes = [min(sizes, n - i) for i in range(0, n, sizes or 1)] or [n]
        title = "SplitBackward0"
    elif isinstance(sizes, (str, float)):
        raise TypeError(
            "split_with_sizes(): argument 'split_sizes' (position 2) must be tuple of ints, not "
            f"{type(sizes).__name__}"
        )
    elif any(s < 0 for s in sizes):
        raise RuntimeError(
            "split_with_sizes expects split_sizes have only non-negative entries, but got "
            f"split_sizes={list(sizes)}"
        )
    elif sum(sizes) != n:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {d}), but "
            f"got split_sizes={list(sizes)}"
        )
    else:
        title = "SplitWithSizesBackward0"
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    return entitled(tuple(_narrow(input, d, i, s) for i, s in zip(starts, sizes)), title)


@named
def chunk(input, chunks, dim=0):
    """At most ``chunks`` parts of equal size (the last may be smaller), as views."""
    chunks = whole("chunk", "chunks", chunks)
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    n = input.array.shape[one_dim(dim, input.array.ndim)]
    if not n:  # as torch: as many as asked for
        return split(input, [0] * chunks, dim)
    return split(input, -(-n // chunks), dim)


@named
def split_with_sizes(input, split_sizes, dim=0):
    """Parts of the sizes given in a list, as views; see ``split``."""
    if isinstance(split_sizes, int):
        raise TypeError(
            "split_with_sizes(): argument 'split_sizes' (position 2) must be tuple of ints, not int"
        )
    return split(input, split_sizes, dim)


@primitive(title="FlipBackward0")
def _flip(input, /, dims):
    if dims == (input.ndim - 1,) and along.many(input) and input.flags.c_contiguous:
        return along.reversed_rows(input)
    back, forth = slice(None, None, -1), slice(None)
    out = _formats.empty_like(input, input.dtype)
    put(out, input[tuple([back if d in dims else forth for d in range(input.ndim)])])
    return out


_flip.vjps(input=lambda g, dims: _flip(g, dims))


def flip_along(input, dims):
    """The elements in reverse order along each of ``dims``, a sequence; TypeError for what is no tensor."""
    expect("flip", input=input)
    return _flipped(input, dims)


def _flipped(input: Any, dims: Any) -> Any:
    if not isinstance(dims, (tuple, list)):
        raise TypeError(
            f"flip(): argument 'dims' (position 2) must be tuple of ints, not {type(dims).__name__}"
        )
    return _flip(input, all_dims(dims, input.ndim) if dims else ())


def flip(input: Any, *dims: Any, **named_dims: Any) -> Any:
    """``Tensor.flip``: the dimensions one by one, or as one sequence."""
    if not dims:
        return _flipped(input, **named_dims)
    return _flipped(input, dims[0] if isinstance(dims[0], (tuple, list)) else dims)

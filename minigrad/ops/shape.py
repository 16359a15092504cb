"""Ops that move elements and change none: views where torch answers a view, copies where it copies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _formats, _types
from .._tape import cell, edge, primitive, wrap
from ..kernels.elementwise import MANY, copied
from ._common import all_dims, none_given, one_dim, shape_of, titled
from ._public import named

ndarray = np.ndarray


# ------------------------------------------------------------------------------ expand and its adjoint
@primitive(view=True, title="ExpandBackward0")
def expand(input, /, shape):
    """``input`` broadcast to ``shape`` (a tuple of sizes), without copying."""
    if input.ndim == 0 and type(input) is ndarray:  # six times quicker than broadcast_to
        return ndarray(shape, input.dtype, input, 0, (0,) * len(shape))
    out = np.broadcast_to(input, shape)
    if type(input) is ndarray and input.flags.writeable:
        out.flags.writeable = (
            True  # what is written through it is the business of ``index.writable``
        )
    return out


@primitive(title="SumBackward1")
def sum_to_size(input, /, shape):
    """``input`` summed over what would have to be broadcast to make ``shape`` its shape."""
    lead = input.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(
        lead + i for i, s in enumerate(shape) if s == 1 and input.shape[lead + i] != 1
    )
    return np.add.reduce(input, axis=axes, dtype=input.dtype, keepdims=True).reshape(shape)


expand.vjps(input=lambda g, into: g if g.shape == into else sum_to_size(g, into))
sum_to_size.vjps(input=lambda g, into: expand(g, into))


def expanded(input: Any, *sizes: Any, size: Any = None) -> Any:
    """``Tensor.expand``: -1 leaves a size as it is; RuntimeError where a size other than 1 would change."""
    sizes = shape_of(sizes if size is None else (size,))
    old = input.array.shape
    lead = len(sizes) - len(old)
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.Tensor{{{list(old)}}}, size={list(sizes)}): the number of sizes provided "
            f"({len(sizes)}) must be greater or equal to the number of dimensions in the tensor ({len(old)})"
        )
    new = []
    for i, s in enumerate(sizes):
        have = old[i - lead] if i >= lead else None
        if s == -1:
            if have is None:
                raise RuntimeError(
                    f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {i}"
                )
            s = have
        elif have is not None and have not in (1, s):
            raise RuntimeError(
                f"The expanded size of the tensor ({s}) must match the existing size ({have}) at non-singleton "
                f"dimension {i}.  Target sizes: {list(sizes)}.  Tensor sizes: {list(old)}"
            )
        new.append(s)
    return expand(input, tuple(new))


def expand_as(input, other):
    """``input`` expanded to the shape of ``other``."""
    return expanded(input, other.array.shape)


def broadcast_to(input, size):
    """``input`` expanded to ``size``."""
    return expanded(input, size)


def broadcast_shapes(*shapes):
    """The shape that tensors of these shapes broadcast to; RuntimeError if they do not."""
    try:
        return _types.Size(np.broadcast_shapes(*shapes))
    except ValueError:
        raise RuntimeError(
            "Shape mismatch: objects cannot be broadcast to a single shape: "
            + ", ".join(str(list(s)) for s in shapes)
        ) from None


def broadcast_tensors(*tensors):
    """The tensors, each expanded to their joint shape."""
    shape = broadcast_shapes(*(t.array.shape for t in tensors))
    return tuple(expand(t, shape) for t in tensors)


# ------------------------------------------------------------------------------ reshape and friends
@primitive(view=True, title="ViewBackward0")
def reshape(input, /, shape):
    """``input`` in another shape: a view where the strides allow, else a copy."""
    return np.reshape(input, shape)


reshape.vjps(input=lambda g, into: reshape(g, into))


def inferred(size: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with its -1 filled in; RuntimeError if it does not hold ``size`` elements."""
    unknown = [i for i, s in enumerate(shape) if s < 0]
    if any(shape[i] != -1 for i in unknown):
        raise RuntimeError(f"invalid shape dimension {min(shape)}")
    if len(unknown) > 1:
        raise RuntimeError("only one dimension can be inferred")
    known = math.prod(s for s in shape if s >= 0)
    if unknown:
        if known == 0 and size == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension "
                "size -1 can be any value and is ambiguous"
            )
        if known and size % known == 0:
            i = unknown[0]
            return (*shape[:i], size // known, *shape[i + 1 :])
    if unknown or known != size:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {size}")
    return shape


def reshaped(input: Any, *sizes: Any, shape: Any = None) -> Any:
    """``Tensor.reshape``: one size may be -1; RuntimeError if the number of elements differs."""
    wanted = shape_of(sizes if shape is None else (shape,))
    return reshape(input, inferred(input.array.size, wanted))


def viewed(input: Any, *shape: Any, size: Any = None, dtype: Any = None) -> Any:
    """``Tensor.view``: as reshape, but RuntimeError where a copy would be needed."""
    if size is not None or dtype is not None:
        shape = (dtype if size is None else size,)
    if len(shape) == 1 and isinstance(shape[0], (_types.dtype, np.dtype)):
        return _reinterpreted(input, _types.as_numpy(shape[0]))
    sizes = inferred(input.array.size, shape_of(shape))
    out = reshape(input, sizes)
    if out.array.size and not np.shares_memory(out.array, input.array):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans "
            "across two contiguous subspaces). Use .reshape(...) instead."
        )
    return out


def _reinterpreted(input: Any, dtype: np.dtype[Any]) -> Any:
    """The same memory read as another dtype; no gradient passes."""
    x = input.array
    if edge(input) is not None and x.dtype != dtype:
        raise RuntimeError(
            "view(dtype): a tensor that requires grad cannot be read as another dtype"
        )
    if x.itemsize < dtype.itemsize and (x.ndim == 0 or x.shape[-1] * x.itemsize % dtype.itemsize):
        ratio = dtype.itemsize // x.itemsize
        raise RuntimeError(
            f"self.size(-1) must be divisible by {ratio} to view {_types.of(x.dtype).title} as "
            f"{_types.of(dtype).title} (different element sizes), but got {x.shape[-1] if x.ndim else 1}"
        )
    try:
        out = wrap(x.view(dtype))
    except ValueError:
        raise RuntimeError(
            "self.stride(-1) must be 1 to view it as a dtype of another size"
        ) from None
    out.memory = cell(input)
    return out


@named
def flatten(input, start_dim=0, end_dim=-1):
    """Dimensions ``start_dim`` to ``end_dim`` made one; RuntimeError if they are in the wrong order.

    >>> import minigrad as mg
    >>> mg.flatten(mg.zeros(2, 3, 4), 1).shape
    minigrad.Size([2, 12])
    """
    shape = input.array.shape
    first, last = one_dim(start_dim, len(shape)), one_dim(end_dim, len(shape))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, (1,))
    if first == last:
        return input
    return reshape(input, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


@named
def unflatten(input, dim, sizes):
    """Dimension ``dim`` split into ``sizes``, of which one may be -1."""
    shape = input.array.shape
    d = one_dim(dim, len(shape))
    sizes = tuple(sizes)
    known = math.prod(s for s in sizes if s != -1)
    if sizes.count(-1) == 1 and known and shape[d] % known == 0:
        sizes = tuple(shape[d] // known if s == -1 else s for s in sizes)
    if math.prod(sizes) != shape[d] or -1 in sizes:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {d} ({shape[d]}) in the "
            "input tensor"
        )
    return reshape(input, (*shape[:d], *sizes, *shape[d + 1 :]))


@primitive(view=True, title="PermuteBackward0")
def _permute(input, /, dims):
    return np.transpose(input, dims)


_permute.vjps(input=lambda g, dims: _permute(g, _inverse(dims)))


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    back = [0] * len(dims)
    for i, d in enumerate(dims):
        back[d] = i
    return tuple(back)


@named
def permute(input: Any, *dims: Any) -> Any:
    """The dimensions in the order ``dims``; RuntimeError unless each is named once."""
    wanted = shape_of(dims)
    n = input.array.ndim
    if len(wanted) != n:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
            f"desired ordering of dimensions i.e. input.dim() = {n} is not equal to len(dims) = {len(wanted)}"
        )
    order = tuple(one_dim(d, n) for d in wanted)
    if len(set(order)) != n:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return _permute(input, order)


@primitive(view=True, title="TransposeBackward0")
def _transpose(input, /, dim0, dim1):
    return np.swapaxes(input, dim0, dim1) if input.ndim else input[...]


_transpose.vjps(input=lambda g, dim0, dim1: _transpose(g, dim0, dim1))


@named
def transpose(input, dim0, dim1):
    """Two dimensions exchanged."""
    n = input.array.ndim
    return _transpose(input, one_dim(dim0, n), one_dim(dim1, n))


@primitive(view=True, title="TBackward0")
def _t(input, /):
    return input.T


_t.vjps(input=lambda g: _t(g))


@named
def t(input):
    """The transpose of a matrix (vectors stay as they are); RuntimeError above 2 dimensions."""
    if input.array.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {input.array.ndim}D"
        )
    return _t(input)


@named
def movedim(input, source, destination):
    """Dimensions moved to other places; the rest keep their order."""
    n = input.array.ndim
    src, dst = all_dims(source, n), all_dims(destination, n)
    if len(src) != len(dst):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(src)} dims) should contain the same number "
            f"of dims as destination ({list(dst)} dims)"
        )
    order = [d for d in range(n) if d not in src]
    for d, s in sorted(zip(dst, src)):
        order.insert(d, s)
    return _permute(input, tuple(order))


@primitive(view=True, title=lambda node: f"SqueezeBackward{node.attrs[1]}")
def _squeeze(input, /, dims, form):
    # form: torch's number of what was given, no dimension, one, or several
    return np.reshape(input, tuple(s for i, s in enumerate(input.shape) if i not in dims))


_squeeze.vjps(input=lambda g, into: reshape(g, into))


@named
def squeeze(input, dim=None):
    """``input`` without those of the dimensions ``dim`` (default: all) that have size 1."""
    shape = input.array.shape
    dims = () if none_given(dim) else all_dims(dim, len(shape))
    form = 0 if dim is None else 2 if isinstance(dim, (tuple, list)) else 1
    return _squeeze(input, tuple(d for d in dims if shape and shape[d] == 1), form)


@primitive(view=True, title="UnsqueezeBackward0")
def _unsqueeze(input, /, dim):
    return np.expand_dims(input, dim)


_unsqueeze.vjps(input=lambda g, into: reshape(g, into))


@named
def unsqueeze(input, dim):
    """``input`` with a dimension of size 1 put in at ``dim``."""
    return _unsqueeze(input, one_dim(dim, input.array.ndim + 1))


# ------------------------------------------------------------------------------ copies and padding
@primitive
def clone(input, /):
    """A copy with memory of its own, through which gradients pass."""
    if input.size > MANY:
        return copied(input)
    if input.base is None or 0 not in input.strides:  # no owner is expanded
        return np.array(input)
    return _formats.copied(input)


clone.vjps(input=lambda g: g)


@primitive(title="CloneBackward0")
def _contiguous(input, /, form):
    out = _formats.empty(input.shape, input.dtype, form)
    np.copyto(out, input)
    return out


_contiguous.vjps(input=lambda g: g)


def contiguous(input, memory_format=_formats.contiguous_format):
    """``input`` itself if its elements lie in memory in C order (or that of the format), else a copy that does."""
    form = _formats.checked("contiguous", memory_format)
    if form is _formats.preserve_format or _formats.lies(input.array, form):
        return input
    return _contiguous(input, form)


def cloned(input, *, memory_format=_formats.preserve_format):
    """A copy with memory of its own, in the order of ``input``'s or of the format; gradients pass through it."""
    if memory_format is _formats.preserve_format:
        return clone(input)
    return _contiguous(input, _formats.checked("clone", memory_format))


@primitive(title="ConstantPadNdBackward0")
def constant_pad(input, /, pads, value):
    """``input`` with (before, after) elements of ``value`` added in each dimension; negative ones crop."""
    crop = tuple(
        slice(max(0, -a), s - max(0, -b)) for s, (a, b) in zip(input.shape, pads, strict=True)
    )
    inner = input[crop]
    grow = [(max(0, a), max(0, b)) for a, b in pads]
    shape = tuple(s + a + b for s, (a, b) in zip(inner.shape, grow))
    out = np.full(shape, value, input.dtype)
    out[tuple(slice(a, a + s) for s, (a, _) in zip(inner.shape, grow))] = inner
    return _formats.following(out, input)


constant_pad.vjps(input=lambda g, pads: constant_pad(g, tuple((-a, -b) for a, b in pads), 0.0))


@titled("RepeatBackward0")
def repeat(input: Any, *sizes: Any, repeats: Any = None) -> Any:
    """``input`` laid side by side ``repeats`` times along each dimension, new ones in front."""
    times = shape_of(sizes if repeats is None else (repeats,))
    lead = len(times) - input.array.ndim
    if lead < 0:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
        )
    shape = (1,) * lead + input.array.shape
    x = reshape(input, tuple(v for s in shape for v in (1, s)))
    x = expand(x, tuple(v for r, s in zip(times, shape) for v in (r, s)))
    out = reshape(x, tuple(r * s for r, s in zip(times, shape)))
    # where only sizes of 1 are repeated, reshape answers a view of the elements, each there many times
    return clone(out) if np.may_share_memory(out.array, input.array) else out

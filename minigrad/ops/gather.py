"""Elements picked, and written, at places that an integer tensor names along one dimension.

``gather`` and ``_spread`` (add to zeros) are each other's adjoints, as are ``_take`` and ``_collect`` for whole
slices; every other op here is made of them or has rules that are calls of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._tape import Array, Traced, number_in, primitive
from ..kernels import along
from ._common import converted, expect, number_as, one_dim, title, titled
from ._public import named
from .choosing import choose
from .index import getitem
from .shape import reshape

_INDICES = (_types.int64.np, _types.int32.np)  # by dtype: its name takes NumPy longer


def places(name: str, input: Any, dim: int, index: Any, kinds: str = "int32/int64") -> Array:
    """The array of an index like gather's, checked; RuntimeError if it does not fit ``input``."""
    i = index.array
    if i.dtype not in _INDICES:
        raise RuntimeError(f"{name}(): Expected dtype {kinds} for index")
    shape = input.array.shape or (1,)
    if (i.ndim or 1) != len(shape):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for d, (have, allowed) in enumerate(zip(i.shape or (1,), shape)):
        if have > allowed and d != dim and i.size:
            raise RuntimeError(
                f"Size does not match at dimension {d} expected index {list(i.shape)} to be no larger than self "
                f"{list(input.array.shape)} apart from dimension {dim}"
            )
    _in_range(i, dim, shape[dim])
    return i


def _in_range(
    i: Array, dim: int, size: int, error: type[Exception] = RuntimeError, low: int = 0
) -> None:
    if low == 0 and along.in_range(i, size):
        return
    if i.size and (i.min() < low or i.max() >= size):
        bad = i.min() if i.min() < low else i.max()
        raise error(f"index {bad} is out of bounds for dimension {dim} with size {size}")


# ------------------------------------------------------------------------------ gather and its adjoint
@primitive(title="GatherBackward0")
def _gather(input, /, dim, index):
    return along.picked(input, index, dim)


@primitive(title="ScatterAddBackward0")
def _spread(input, /, shape, dim, index):
    """Zeros of ``shape`` to which ``input`` is added at the places that ``gather`` takes."""
    return _added(np.zeros(shape, input.dtype), input, dim, index)


def _added(out: Array, input: Array, dim: int, index: Array) -> Array:
    """``out`` itself, in which ``input`` is added at the places that ``gather`` takes."""
    if not along.put("add", out, input, index, dim):
        np.add.at(out, along.grid(index, dim), input)
    return out


_gather.vjps(input=lambda g, into, dim, index: _spread(g, into, dim, index))
_spread.vjps(input=lambda g, dim, index: _gather(g, dim, index))


@named
def gather(input, dim, index, *, sparse_grad=False):
    """``out[i][j] = input[index[i][j]][j]`` for dim 0, and likewise along other dimensions.

    index: int64, as many dimensions as ``input``, no larger than it but along ``dim``; answers index's shape.
    RuntimeError if the index does not fit or is out of bounds.

    >>> import minigrad as mg
    >>> mg.gather(mg.tensor([[1, 2], [3, 4]]), 1, mg.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    expect("gather", input=input, index=index)
    d = one_dim(dim, input.array.ndim)
    i = places("gather", input, d, index)
    if not input.array.ndim or not i.ndim:
        flat = _gather(reshape(input, input.array.shape or (1,)), d, i.reshape(i.shape or (1,)))
        return reshape(flat, i.shape)
    return _gather(input, d, i)


def take_along_dim(input, indices, dim=None):
    """``gather`` with an index that broadcasts against ``input``; without ``dim``, of the flat tensor."""
    expect("take_along_dim", input=input, indices=indices)
    if dim is None:
        return gather(
            reshape(input, (input.array.size,)), 0, reshape(indices, (indices.array.size,))
        )
    x, i = input.array, indices.array
    if x.ndim != i.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{x.ndim} dimensions for input, and {i.ndim} dimensions for indices"
        )
    d = one_dim(dim, x.ndim)
    if i.dtype != np.int64:
        raise RuntimeError(
            f"torch.take_along_dim(): dtype of indices should be Long but got {title(indices)}"
        )

    def joint(own: int, mine: tuple[int, ...], others: tuple[int, ...]) -> tuple[int, ...]:
        sides = [max(a, b) if min(a, b) else 0 for a, b in zip(mine, others)]
        sides[d] = own
        return tuple(sides)

    try:
        x_wide = input.expand(joint(x.shape[d], x.shape, i.shape)) if x.ndim else input
        i_wide = indices.expand(joint(i.shape[d], i.shape, x.shape)) if x.ndim else indices
    except RuntimeError:
        raise RuntimeError(
            f"The size of tensor a ({list(x.shape)}) must match the size of tensor b ({list(i.shape)})"
        ) from None
    return gather(x_wide, d, i_wide)


# ------------------------------------------------------------------------------ scatter
@primitive(title="ScatterBackward0")
def _scatter(input, src, /, dim, index):
    out = np.array(input)
    if not along.put("write", out, src, index, dim):
        out[along.grid(index, dim)] = src
    return out


_scatter.vjps(
    input=lambda g, dim, index: _scatter(g, 0.0, dim, index),
    src=lambda g, dim, index: _gather(g, dim, index),
)


@primitive(title="ScatterAddBackward0", quiet=True)
def _scatter_add(input, src, /, dim, index):
    return _added(np.array(input), src, dim, index)


_scatter_add.vjps(input=lambda g: g, src=lambda g, dim, index: _gather(g, dim, index))


def _prepared(name: str, input: Any, dim: Any, index: Any, src: Any) -> Any:
    """(input, src, dim, index) for the scatters, all with dimensions; RuntimeError if they do not fit."""
    expect(name, input=input, dim=input, index=index)
    d = one_dim(dim, input.array.ndim)
    i = places("scatter", input, d, index)
    i = i.reshape(i.shape or (1,))
    wide = input if input.array.ndim else reshape(input, (1,))
    if not isinstance(src, Traced):
        return wide, number_as(src, input.array.dtype), d, i
    if src.array.dtype != input.array.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    s = src if src.array.ndim else reshape(src, (1,))
    if i.size and (s.array.ndim != i.ndim or any(a > b for a, b in zip(i.shape, s.array.shape))):
        raise RuntimeError(
            f"Expected index {list(i.shape)} to be no larger than self {list(input.array.shape)} apart from dimension "
            f"{d} and to be no larger size than src {list(src.array.shape)}"
        )
    if not i.size:
        return wide, reshape(getitem(reshape(s, (-1,)), (slice(0, 0),)), i.shape), d, i
    if s.array.shape != i.shape:
        s = getitem(s, tuple(slice(n) for n in i.shape))
    return wide, s, d, i


@titled("ScatterBackward0")
@named
def scatter(input, dim, index, src=None, *, value=None, reduce=None):
    """``input`` with ``out[index[i][j]][j] = src[i][j]`` for dim 0, and likewise along other dimensions.

    src: a tensor no smaller than ``index``, or a number.  What is written twice has one of the values.
    reduce: None, 'add' or 'multiply': how src and input combine.
    """
    given = src if value is None else value
    if given is None:
        raise TypeError('scatter() missing 1 required positional arguments: "src"')
    if reduce is not None:
        if reduce not in ("add", "multiply"):
            raise RuntimeError("reduce argument must be either add or multiply.")
        x, s, d, i = _prepared("scatter", input, dim, index, given)
        if not isinstance(s, Traced) and s.ndim == 0:
            s = np.broadcast_to(s, i.shape)
        out = _scatter_add(x, s, d, i) if reduce == "add" else _scatter_multiply(x, s, d, i)
        return reshape(out, input.array.shape)
    x, s, d, i = _prepared("scatter", input, dim, index, given)
    return reshape(_scatter(x, s, d, i), input.array.shape)


@primitive(quiet=True)
def _scatter_multiply(input, src, /, dim, index):
    out = np.array(input)
    np.multiply.at(out, along.grid(index, dim), src)
    return out


@titled("ScatterAddBackward0")
@named
def scatter_add(input, dim, index, src):
    """``input`` with ``out[index[i][j]][j] += src[i][j]`` for dim 0, and likewise along other dimensions."""
    expect("scatter_add", input=input, dim=input, index=index, src=src)
    x, s, d, i = _prepared("scatter_add", input, dim, index, src)
    return reshape(_scatter_add(x, s, d, i), input.array.shape)


# ------------------------------------------------------------------------------ whole slices
@primitive(title="IndexSelectBackward0")
def _take(input, /, dim, index):
    return np.take(input, index, dim)


@primitive(title="IndexAddBackward0")
def _collect(input, /, dim, index, size):
    """Zeros, ``size`` slices along ``dim``, to which slices of ``input`` are added: the adjoint of ``_take``."""
    out = np.zeros((*input.shape[:dim], size, *input.shape[dim + 1 :]), input.dtype)
    along.add_slices(out, input, index, dim)
    return out


_take.vjps(input=lambda g, into, dim, index: _collect(g, dim, index, into[dim]))
_collect.vjps(input=lambda g, dim, index: _take(g, dim, index))


def _vector(name: str, index: Any) -> Array:
    i = index.array
    if i.dtype not in _INDICES:
        kinds = "int32/int64" if name.endswith("_") else "int32 or int64"
        raise RuntimeError(f"{name}(): Expected dtype {kinds} for index but got: {title(index)}")
    if i.ndim > 1:
        raise IndexError(
            f"{name}(): Index is supposed to be a vector, but got dim: {i.ndim} with type: {title(index)} and size: "
            f"{list(i.shape)}"
        )
    return i.reshape(-1)


@named
def index_select(input, dim, index):
    """The slices of ``input`` along ``dim`` that ``index``, an integer vector, names; IndexError out of range.

    >>> import minigrad as mg
    >>> mg.index_select(mg.tensor([[1, 2], [3, 4]]), 1, mg.tensor([1]))
    tensor([[2],
            [4]])
    """
    expect("index_select", input=input, dim=input, index=index)
    d = one_dim(dim, input.array.ndim)
    i = _vector("index_select", index)
    if not input.array.ndim:
        if len(i) != 1:
            raise RuntimeError(
                f"index_select(): Index to scalar can have only 1 value, got {len(i)} value(s)"
            )
        return reshape(index_select(reshape(input, (1,)), 0, index), ())
    if not along.in_range(i, input.array.shape[d]):
        raise IndexError("index out of range in self")
    return _take(input, d, i)


@primitive(title="IndexAddBackward0", quiet=True)
def _index_add(input, source, /, dim, index, alpha):
    out = np.array(input)
    along.add_slices(out, source if alpha == 1 else source * out.dtype.type(alpha), index, dim)
    return out


_index_add.vjps(
    input=lambda g: g,
    source=lambda g, dim, index, alpha: (
        _take(g, dim, index) * alpha if alpha != 1 else _take(g, dim, index)
    ),
)


@primitive(title="IndexCopyBackward0")
def _index_copy(input, source, /, dim, index):
    out = np.array(input)
    out[(slice(None),) * dim + (index,)] = source
    return out


_index_copy.vjps(
    input=lambda g, dim, index: _index_copy(g, 0.0, dim, index),
    source=lambda g, dim, index: _take(g, dim, index),
)


def _slices(name: str, input: Any, dim: int, index: Any, source: Any) -> tuple[Any, Any, Array]:
    """(input, source, index) of index_add, index_reduce and index_copy, checked."""
    adds = name != "index_copy_"
    i = _vector(name, index)
    x = input if input.array.ndim else reshape(input, (1,))
    s = source if source.array.ndim else reshape(source, (1,))
    if x.array.dtype != s.array.dtype:
        same = "have the same scalar type" if adds else "expected to have the same dtype"
        raise RuntimeError(
            f"{name}(): self ({title(input)}) and source ({title(source)}) must {same}"
        )
    have, want = s.array.shape, x.array.shape
    if len(have) != len(want) or len(i) != have[dim]:
        raise (RuntimeError if adds else IndexError)(
            f"{name}(): Number of indices ({len(i)}) should be equal to source.size(dim): "
            f"({have[dim] if dim < len(have) else 1}), for dim: {dim}"
        )
    if have[:dim] + have[dim + 1 :] != want[:dim] + want[dim + 1 :]:
        if adds:
            raise RuntimeError(
                "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape "
                f"= {list(want)} source.shape = {list(have)}"
            )
        raise RuntimeError(
            f"{name}(): Source/destination tensor must have same slice shapes, but got {list(want)} and {list(have)}"
        )
    if i.size and (i.min() < 0 or i.max() >= want[dim]):
        bad = i.min() if i.min() < 0 else i.max()
        raise IndexError(
            "index out of range in self"
            if adds
            else f"index_copy_(): index {bad} is out of bounds for dimension {dim} with size {want[dim]}"
        )
    return x, s, i


@titled("IndexAddBackward0")
@named
def index_add(input, dim, index, source, *, alpha=1):
    """``input`` with ``alpha`` times the slices of ``source`` added to those that ``index`` names along ``dim``."""
    expect("index_add", input=input, dim=input, index=index, source=source)
    alpha = number_in("index_add", "alpha", alpha)
    d = one_dim(dim, input.array.ndim)
    x, s, i = _slices("index_add_", input, d, index, source)
    return reshape(_index_add(x, s, d, i, alpha), input.array.shape)


@titled("IndexCopyBackward0")
@named
def index_copy(input, dim, index, source):
    """``input`` with the slices that ``index`` names along ``dim`` replaced by those of ``source``."""
    expect("index_copy", input=input, dim=input, index=index, source=source)
    d = one_dim(dim, input.array.ndim)
    x, s, i = _slices("index_copy_", input, d, index, source)
    return reshape(_index_copy(x, s, d, i), input.array.shape)


@titled("IndexFillBackward0")
@named
def index_fill(input, dim, index, value):
    """``input`` with the slices that ``index`` names along ``dim`` filled with a number or 0-d tensor."""
    expect("index_fill", input=input, dim=input, index=index)
    if isinstance(value, Traced) and value.array.ndim:
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.array.ndim} dimension(s)."
        )
    d = one_dim(dim, input.array.ndim)
    i = _vector("index_fill", index)
    x = input if input.array.ndim else reshape(input, (1,))
    _in_range(i, d, x.array.shape[d], IndexError, -x.array.shape[d])
    mask = np.zeros(x.array.shape, bool)
    mask[(slice(None),) * d + (i,)] = True
    dtype = input.array.dtype
    value = converted(value, dtype) if isinstance(value, Traced) else number_as(value, dtype)
    filled = choose(value, x, mask)
    return reshape(filled, input.array.shape)

"""The largest and smallest elements, where they are, and whether any or all are nonzero.

At ties an index is the first; a whole reduction and ``amax`` share the gradient evenly among ties, as torch does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import Array, Traced, primitive
from ..kernels import along, reduce
from ..kernels.elementwise import Large, large
from ._common import all_dims, by_rows, expect, none_given, one_dim, return_type, titled, unary
from ._public import named
from .choosing import masked, maximum, minimum
from .reduce import _axis, _sum, spread
from .shape import reshape


@unary(title="AmaxBackward0")
def _amax(input, /, dim, keepdim):
    return _greatest(input, 1, dim, keepdim)


@unary(title="AminBackward0")
def _amin(input, /, dim, keepdim):
    return _greatest(input, -1, dim, keepdim)


def _greatest(input: Array, sign: int, dim: Any, keepdim: bool) -> Array:
    """The largest numbers over ``dim``, or with sign -1 the smallest."""
    axis = _axis(dim, input.ndim)
    if type(input) is Large and axis is not None and len(axis) == 1 and axis[0] < input.ndim - 1:
        return _of_many(input, sign, axis[0], keepdim)[0]
    function = np.maximum if sign > 0 else np.minimum
    made: Array = by_rows(function.reduce(input, axis=axis, keepdims=keepdim))
    return made


def _extreme_rule(g: Any, input: Any, out: Any, into: tuple[int, ...], dim: Any) -> Any:
    """Ties share the gradient evenly."""
    kind = g.dtype.np if isinstance(g, Traced) else g.dtype
    hits = masked(input == spread(out, into, dim)).astype(kind)
    return spread(g / _sum(hits, dim, g.ndim == len(into)), into, dim) * hits


_amax.vjps(input=_extreme_rule)
_amin.vjps(input=_extreme_rule)


def _nonempty(name: str, input: Any, dim: Any) -> None:
    if input.array.size == 0 and dim is None:
        raise RuntimeError(_NO_ELEMENTS.format(name))
    for d in all_dims(dim, input.array.ndim):
        if input.array.shape[d] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


_NO_ELEMENTS = (
    "{}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the "
    "'dim' argument."
)


@named
def amax(input, dim=(), keepdim=False):
    """The largest element over ``dim``; ties share the gradient evenly."""
    dim = None if none_given(dim) else dim
    _nonempty("amax", input, dim)
    return _amax(input, dim, keepdim)


@named
def amin(input, dim=(), keepdim=False):
    """The smallest element over ``dim``; ties share the gradient evenly."""
    dim = None if none_given(dim) else dim
    _nonempty("amin", input, dim)
    return _amin(input, dim, keepdim)


@primitive(aux=("indices",), title="MaxBackward0", large=large)
def _max_along(input, /, dim, keepdim):
    """Values and indices of the first largest elements along one dimension."""
    if type(input) is Large:
        return _of_many(input, 1, dim, keepdim)
    return _taken(input, np.argmax(input, dim) if input.ndim else np.int64(0), dim, keepdim)


@primitive(aux=("indices",), title="MinBackward0", large=large)
def _min_along(input, /, dim, keepdim):
    """Values and indices of the first smallest elements along one dimension."""
    if type(input) is Large:
        return _of_many(input, -1, dim, keepdim)
    return _taken(input, np.argmin(input, dim) if input.ndim else np.int64(0), dim, keepdim)


def _of_many(input: Array, sign: int, dim: int, keepdim: bool) -> tuple[Array, Array]:
    found = reduce.extreme(input, sign, dim)
    return (np.expand_dims(found[0], dim), np.expand_dims(found[1], dim)) if keepdim else found


def _taken(input: Array, indices: Any, dim: int, keepdim: bool) -> tuple[Array, Array]:
    if not input.ndim:
        return input.copy(), np.asarray(indices)
    where = np.expand_dims(np.asarray(indices, np.int64), dim)
    values = along.picked(input, where, dim)
    return (values, where) if keepdim else (values.squeeze(dim), where.squeeze(dim))


@primitive
def take_winners(input, /, dim, indices):
    """The elements at ``indices`` (an array of input's shape but 1 along ``dim``), without ``dim``."""
    if not input.ndim:
        return input.copy()
    return np.take_along_axis(input, indices, dim).squeeze(dim)


@primitive
def put_winners(input, /, shape, dim, indices):
    """Zeros of ``shape`` with ``input`` at the places that ``take_winners`` takes."""
    out = np.zeros(shape, input.dtype)
    if not shape:
        return input.reshape(shape).copy()
    np.put_along_axis(out, indices, np.expand_dims(input, dim), dim)
    return out


take_winners.vjps(input=lambda g, into, dim, indices: put_winners(g, into, dim, indices))
put_winners.vjps(input=lambda g, dim, indices: take_winners(g, dim, indices))


def _along_rule(g: Any, into: tuple[int, ...], dim: int, keepdim: bool, indices: Any) -> Any:
    indices = masked(indices)
    if not into:
        return g
    if keepdim:
        g = reshape(g, tuple(s for i, s in enumerate(into) if i != dim))
    return put_winners(g, into, dim, indices if keepdim else np.expand_dims(indices, dim))


_max_along.vjps(input=_along_rule)
_min_along.vjps(input=_along_rule)


@unary(title="MaxBackward1")
def _max_all(input, /):
    return np.maximum.reduce(input, axis=None)


@unary(title="MinBackward1")
def _min_all(input, /):
    return np.minimum.reduce(input, axis=None)


for _op in (_max_all, _min_all):
    _op.vjps(input=lambda g, input, out, into: _extreme_rule(g, input, out, into, None))


def _extreme(name: str, input: Any, dim: Any, keepdim: bool, ops: tuple[Any, Any, Any]) -> Any:
    whole, along, pairwise = ops
    if isinstance(dim, Traced):
        return pairwise(input, dim)
    if dim is None:
        if input.array.size == 0:
            raise RuntimeError(_NO_ELEMENTS.format(name))
        return whole(input)
    d = one_dim(dim, input.array.ndim)
    if input.array.ndim and input.array.shape[d] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")
    return return_type(name, "values", "indices")(*along(input, d, keepdim))


@named
def max(input, dim=None, keepdim=False):
    """The largest element; with ``dim`` an int, (values, indices) along it; with a tensor, the elementwise maximum.

    At ties the index is the first; the gradient of the whole reduction is shared evenly.

    >>> import minigrad as mg
    >>> mg.tensor([[1., 3.], [5., 2.]]).max(dim=1).indices
    tensor([1, 0])
    """
    return _extreme("max", input, dim, keepdim, (_max_all, _max_along, maximum))


@named
def min(input, dim=None, keepdim=False):
    """The smallest element; with ``dim`` an int, (values, indices) along it: see ``max``."""
    return _extreme("min", input, dim, keepdim, (_min_all, _min_along, minimum))


@titled("AminmaxBackward0")
@named
def aminmax(input, *, dim=None, keepdim=False):
    """The smallest and the largest element, of the whole tensor or along ``dim``."""
    if input.array.size == 0:
        d = None if dim is None else one_dim(dim, input.array.ndim)
        if d is None or input.array.shape[d] == 0:
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
            )
    d = None if dim is None else one_dim(dim, input.array.ndim)
    made = return_type("aminmax", "min", "max")
    return made(_amin(input, d, keepdim), _amax(input, d, keepdim))


@primitive(large=large)
def _argmax(input, /, dim, keepdim):
    if type(input) is Large and dim is not None:
        return _of_many(input, 1, dim, keepdim)[1]
    return np.argmax(input, dim, keepdims=keepdim)


@primitive(large=large)
def _argmin(input, /, dim, keepdim):
    if type(input) is Large and dim is not None:
        return _of_many(input, -1, dim, keepdim)[1]
    return np.argmin(input, dim, keepdims=keepdim)


def _arg(name: str, op: Any, input: Any, dim: Any, keepdim: bool) -> Any:
    if input.array.dtype == bool:
        raise RuntimeError(f"{name}(): does not support bool input")
    if dim is None:
        if input.array.size == 0:
            raise IndexError(_NO_ELEMENTS.format(name))
        return op(input, None, keepdim)
    d = one_dim(dim, input.array.ndim)
    if input.array.ndim == 0:
        return op(input, None, keepdim)
    if input.array.shape[d] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")
    return op(input, d, keepdim)


@named
def argmax(input, dim=None, keepdim=False):
    """The index of the first largest element, of the flattened tensor or along ``dim``."""
    return _arg("argmax", _argmax, input, dim, keepdim)


@named
def argmin(input, dim=None, keepdim=False):
    """The index of the first smallest element, of the flattened tensor or along ``dim``."""
    return _arg("argmin", _argmin, input, dim, keepdim)


@primitive
def _all(input, /, dim, keepdim):
    axis = () if none_given(dim) else _axis(dim, input.ndim)  # as torch: over no dimension
    return _truth(input, np.all(input, axis=axis, keepdims=keepdim))


@primitive
def _any(input, /, dim, keepdim):
    axis = () if none_given(dim) else _axis(dim, input.ndim)
    return _truth(input, np.any(input, axis=axis, keepdims=keepdim))


def _truth(input: Array, answer: Any) -> Any:
    """As torch: the truth about uint8 is uint8."""
    return by_rows(answer.astype(np.uint8) if input.dtype == np.uint8 else answer)


@named
def all(input, dim=None, keepdim=False):
    """Whether all elements over ``dim`` are nonzero."""
    expect("all", input=input)
    return _all(input, dim, keepdim)


@named
def any(input, dim=None, keepdim=False):
    """Whether some element over ``dim`` is nonzero."""
    expect("any", input=input)
    return _any(input, dim, keepdim)

"""Reductions over dimensions, each with its rule.

``dim``: None (all), an int or a tuple of ints, negative ones counted from the back; ``keepdim`` leaves size 1.
Integers sum to int64.
"""

from __future__ import annotations

import builtins
import math
import sys
import warnings
from typing import Any

import numpy as np

from .. import _types
from .._tape import Traced, errors, fitted, mode, primitive, silent, wrap
from ..kernels import along
from ..kernels.elementwise import half, large
from ..kernels.reduce import add_up, all_added, many
from ._common import all_dims, by_rows, cast, expect, shape_of, titled, unary
from ._public import named
from .choosing import choose, masked
from .shape import expand, reshape, sum_to_size


def kept_dims(shape: tuple[int, ...], dim: Any) -> tuple[int, ...]:
    """A shape with the reduced dimensions left in, as size 1."""
    dims = all_dims(dim, len(shape))
    return tuple(1 if i in dims else s for i, s in enumerate(shape))


def spread(g: Any, into: tuple[int, ...], dim: Any) -> Any:
    """What was reduced over ``dim``, broadcast back over it."""
    if dim is None or not into:
        if not isinstance(g, Traced) and g.ndim == 0:
            return fitted(g, into)
        return expand(g if g.ndim == 0 else reshape(g, (1,) * len(into)), into)
    return expand(reshape(g, kept_dims(into, dim)), into)


def _axis(dim: Any, ndim: int) -> Any:
    return None if dim is None else all_dims(dim, ndim)


_HALF, _BOOL = np.dtype(np.float16), _types.bool_.np
_add_up, _array, _pythons_sum = np.add.reduce, np.array, builtins.sum
_SINGLE, _DOUBLE, _PAIRS = np.dtype(np.float32), np.dtype(np.float64), 1 << 12
_FEW, _SOME = 24, 1024
_SAFE = 1e38  # no overflow below: NumPy would warn
_ones = {t: np.ones(_SOME, t) for t in (_SINGLE, _DOUBLE)}


def _titled(name: str) -> Any:
    return lambda node: f"{name}Backward{0 if node.attrs[0] is None else 1}"


@primitive(title=_titled("Sum"))
def _sum(input, /, dim, keepdim):
    """The sum over ``dim``."""
    if dim is None and not keepdim and many(input):
        return all_added(input)
    if dim is None and input.size <= _FEW and not keepdim:
        dtype = input.dtype
        if dtype is _SINGLE or dtype is _DOUBLE:  # half of the time of calling a reduction
            total = _pythons_sum(input.ravel().tolist())
            if -_SAFE < total < _SAFE:
                return _array(total, dtype)
    token = errors.set(silent)  # torch never warns of an overflow
    try:
        return _summed(input, dim, keepdim)
    finally:
        errors.reset(token)


def _summed(input: Any, dim: Any, keepdim: Any) -> Any:
    if dim is None and input.size <= _SOME and not keepdim and input.dtype in _ones:
        return input.ravel().dot(_ones[input.dtype][: input.size])  # BLAS: two thirds of it
    axis = None if dim is None else all_dims(dim, input.ndim)
    if input.dtype.kind != "f":  # in the dtype that was asked for, where NumPy would take int64
        return by_rows(_add_up(input, axis, input.dtype, None, keepdim))
    if many(input):
        return add_up(np.asarray(input), axis, keepdim)
    if input.dtype is _HALF:  # as torch: accumulated in float32
        if half.many(input):
            wide = half.from_half(np.asarray(input))
            return np.asarray(_summed(wide, dim, keepdim)).astype(_HALF)
        return by_rows(_add_up(input, axis, np.float32, None, keepdim)).astype(_HALF)
    # NumPy adds in pairs along the last dimension only: elsewhere errors would grow with the length
    long = input.dtype is _SINGLE and input.size > _PAIRS and axis and input.ndim - 1 not in axis
    if long:
        return by_rows(_add_up(input, axis, np.float64, None, keepdim)).astype(_SINGLE)
    return by_rows(_add_up(input, axis, None, None, keepdim))


def _sum_rule(g: Any, into: tuple[int, ...], dim: Any) -> Any:
    return g if dim is None and g.ndim == 0 else spread(g, into, dim)


_sum.vjps(input=_sum_rule)


def _accumulated(input: Any, dtype: Any) -> Any:
    """The input in the dtype of its sum: the one asked for, or int64 for integers and bools."""
    if dtype is not None:
        return cast(input, _types.as_numpy(dtype))
    if input.array.dtype.kind != "f" and input.array.dtype != np.int64:
        return cast(input, _types.int64.np)
    return input


@named
def sum(input, dim=None, keepdim=False, *, dtype=None):
    """The sum over ``dim`` (all dimensions when None).

    input: any shape; answers its shape without ``dim``; integers sum to int64.
    IndexError for a dimension that is not there.

    >>> import minigrad as mg
    >>> mg.ones(2, 3).sum(dim=1)
    tensor([3., 3.])
    """
    expect("sum", input=input)
    if dtype is not None or input.array.dtype.kind != "f":
        if dtype is dim is None and not (keepdim or mode.inference) and input.array.dtype is _BOOL:
            return wrap(np.array(np.count_nonzero(input.array)))
        input = _accumulated(input, dtype)
    return _sum(input, dim, keepdim)


def total(input, dim=None, keepdim=False, **more):
    """``Tensor.sum``: as ``sum``, and in the commonest case past all that it looks at."""
    if more or input.array.dtype.kind != "f":
        return sum(input, dim, keepdim, **more)
    return _sum(input, dim, keepdim)


def summed_to(input: Any, *size: Any) -> Any:
    """``Tensor.sum_to_size``: summed over what would have to be broadcast to have ``size``; RuntimeError if none is."""
    wanted, shape = shape_of(size), input.array.shape
    fits = len(wanted) <= len(shape) and all(w in (1, s) for w, s in zip(wanted[::-1], shape[::-1]))
    if not fits:
        raise RuntimeError(f"size {{{list(wanted)}}} is not expandable to size {{{list(shape)}}}.")
    same = wanted == shape and shape != ()  # as torch: what is 0-d counts as summed
    return sum_to_size(input if same else _accumulated(input, None), wanted)


def count(shape: tuple[int, ...], dim: Any) -> int:
    """How many elements are reduced into one."""
    return math.prod(shape if dim is None else (shape[d] for d in all_dims(dim, len(shape))))


@primitive(title=_titled("Mean"), quiet=True)
def _mean(input, /, dim, keepdim):
    """The mean over ``dim``: the sum, divided by the count."""
    if dim is None and not keepdim and many(input):
        return all_added(input, over=input.size)
    return _sum(input, dim, keepdim) / input.dtype.type(count(input.shape, dim))


_mean.vjps(input=lambda g, into, dim: _sum_rule(g / count(into, dim), into, dim))


@named
def mean(input, dim=None, keepdim=False, *, dtype=None):
    """The mean over ``dim`` (all dimensions when None); RuntimeError for integers without a ``dtype``."""
    expect("mean", input=input)
    if dtype is not None:
        input = cast(input, _types.as_numpy(dtype))
    kind = input.array.dtype
    if kind.kind != "f":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex "
            f"dtype. Got: {_types.of(kind).title}"
        )
    return _mean(input, dim, keepdim)


def average(input, dim=None, keepdim=False, **more):
    """``Tensor.mean``, as ``total`` is ``Tensor.sum``."""
    if more or input.array.dtype.kind != "f":
        return mean(input, dim, keepdim, **more)
    return _mean(input, dim, keepdim)


@unary(title="VarBackward0")
def _var(input, /, dim, correction, keepdim):
    """The variance over ``dim`` with ``correction`` degrees of freedom taken off the count."""
    if input.dtype == np.float16:  # whose squares overflow
        return _var(input.astype(np.float32), dim, correction, keepdim).astype(np.float16)
    axis = _axis(dim, input.ndim)
    centred = large(input - _mean(input, dim, True))
    total = by_rows(np.add.reduce(large(centred * centred), axis=axis, keepdims=keepdim))
    return total / input.dtype.type(max(0, count(input.shape, dim) - correction))


def _var_rule(g: Any, input: Any, into: tuple[int, ...], dim: Any, correction: Any) -> Any:
    centred = input - _mean(input, dim, True)
    freedom = max(0, count(into, dim) - correction)
    if freedom == 0:
        return spread(g, into, dim) * (centred * math.inf)
    return spread(g * (2.0 / freedom), into, dim) * centred


_var.vjps(input=_var_rule)


def _correction(unbiased: Any, correction: Any) -> Any:
    return int(unbiased is None or bool(unbiased)) if correction is None else correction


def _reduced(array: Any, dim: Any) -> int:
    """`count`, quickly in the commonest cases; of a wrong dimension, more than there can be."""
    if dim is None or not array.ndim:
        return int(array.size)
    if type(dim) is int:
        return int(array.shape[dim]) if -array.ndim <= dim < array.ndim else sys.maxsize
    return count(array.shape, dim)


def _var_args(name: str, input: Any, dim: Any, unbiased: Any, correction: Any) -> tuple[Any, Any]:
    if unbiased is not None and correction is not None:
        raise TypeError("var(): give either unbiased or correction, not both")
    if isinstance(dim, bool):  # torch's overload var(input, unbiased)
        dim, unbiased = None, dim
    correction = _correction(unbiased, correction)
    if isinstance(input, Traced) and _reduced(input.array, dim) <= correction:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor "
            "(input numel divided by output numel).",
            UserWarning,
            stacklevel=4,
        )
    return dim, correction


@named
def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The variance over ``dim``; ``correction`` (default 1: unbiased) is taken off the count."""
    dim, correction = _var_args("var", input, dim, unbiased, correction)
    return _var(_needs_float(input, "std and var"), dim, correction, keepdim)


@named
def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The standard deviation over ``dim``: see ``var``."""
    dim, correction = _var_args("std", input, dim, unbiased, correction)
    return _std(_needs_float(input, "std and var"), dim, correction, keepdim)


@unary(title="StdBackward0")
def _std(input, /, dim, correction, keepdim):
    return np.sqrt(_var(input, dim, correction, keepdim))


def _std_rule(
    g: Any, input: Any, out: Any, into: tuple[int, ...], dim: Any, correction: Any
) -> Any:
    flat = masked(out) == 0  # there torch takes 0 for the slope
    return _var_rule(
        choose(0.0, g / (2 * choose(1.0, out, flat)), flat), input, into, dim, correction
    )


_std.vjps(input=_std_rule)


@titled("VarMeanBackward0")
@named
def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The variance and the mean over ``dim``."""
    dim, correction = _var_args("var_mean", input, dim, unbiased, correction)
    found = _var(_needs_float(input, "var_mean"), dim, correction, keepdim)
    return found, mean(input, dim, keepdim)


@titled("StdMeanBackward0")
@named
def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The standard deviation and the mean over ``dim``."""
    dim, correction = _var_args("std_mean", input, dim, unbiased, correction)
    found = _std(_needs_float(input, "std_mean"), dim, correction, keepdim)
    return found, mean(input, dim, keepdim)


def _needs_float(input: Any, name: str) -> Any:
    if input.array.dtype.kind != "f":
        raise RuntimeError(f"{name} only support floating point and complex dtypes")
    return input


@unary(title=_titled("Prod"))
def _prod(input, /, dim, keepdim):
    if along.many(input) and dim in (None, -1, input.ndim - 1):
        return along.product(input, dim is None, keepdim)
    axis, kind = _axis(dim, input.ndim), input.dtype  # NumPy would take int64 for smaller integers
    return by_rows(np.multiply.reduce(input, axis=axis, dtype=kind, keepdims=keepdim))


def _prod_rule(g: Any, input: Any, out: Any, into: tuple[int, ...], dim: Any) -> Any:
    """The product of the others: by dividing, or where there are zeros by products from both sides."""
    if masked(input).all():
        return spread(g * out, into, dim) / input
    n = len(into)
    dims = all_dims(dim, n)
    order = [i for i in range(n) if i not in dims] + list(dims)
    flat = input.transpose(order) if isinstance(input, np.ndarray) else input.permute(order)
    rest = tuple(into[i] for i in order[: n - len(dims)])
    others = _others(reshape(flat, (*rest, -1)))
    moved = reshape(others, tuple(into[i] for i in order))
    back = [order.index(i) for i in range(n)]
    placed = moved.transpose(back) if isinstance(moved, np.ndarray) else moved.permute(back)
    return spread(g, into, dim) * placed


def _others(x: Any) -> Any:
    """Along the last dimension, the product of all other elements."""
    n = x.shape[-1]
    if isinstance(x, np.ndarray):  # what lies before times what lies behind
        ones = np.ones((*x.shape[:-1], 1), x.dtype)
        before = np.multiply.accumulate(np.concatenate([ones, x[..., :-1]], -1), axis=-1)
        behind = np.multiply.accumulate(np.concatenate([ones, x[..., :0:-1]], -1), axis=-1)
        return before * behind[..., ::-1]
    rows = expand(reshape(x, (*x.shape[:-1], 1, n)), (*x.shape[:-1], n, n))
    return _prod(choose(1.0, rows, np.eye(n, dtype=bool)), -1, False)


_prod.vjps(input=_prod_rule)


@named
def prod(input, dim=None, keepdim=False, *, dtype=None):
    """The product over ``dim``, an int (all dimensions when None); integers multiply in int64."""
    if isinstance(dim, (tuple, list)):
        raise TypeError(
            f"prod(): argument 'dim' (position 2) must be int, not {type(dim).__name__}"
        )
    return _prod(_accumulated(input, dtype), dim, keepdim)

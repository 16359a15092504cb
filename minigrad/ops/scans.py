"""Running products, maxima, minima and log-sums along a dimension, and sums that skip NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._tape import Array, Traced, primitive
from ..kernels import along
from ._common import by_rows, expect, one_dim, return_type, title, titled, unary
from ._public import named
from .choosing import choose, masked
from .functions import exp
from .gather import _spread
from .reduce import _accumulated, _sum, sum
from .shape import expand, reshape
from .softmax import _cumsum, accumulated


@unary(title="CumprodBackward0")
def _cumprod(input, /, dim):
    return by_rows(accumulated(np.multiply, input, dim))


def _cumprod_rule(g: Any, input: Any, out: Any, dim: Any) -> Any:
    """Dividing where there is no zero; else through the products that leave one element out."""
    if not g.ndim:
        return g
    if masked(input).all():
        return _cumsum(out * g, dim, True) / input
    n, shape = input.shape[dim], tuple(input.shape)
    wide = (
        *shape[:dim],
        n,
        *shape[dim:],
    )  # a copy per element left out: O(n^2), but exact at zeros
    holes = np.eye(n, dtype=bool).reshape(*[1] * dim, n, n, *[1] * (len(shape) - dim - 1))
    repeated = expand(reshape(input, (*shape[:dim], 1, *shape[dim:])), wide)
    others = _cumprod(choose(1.0, repeated, holes), dim + 1)
    after = np.triu(np.ones((n, n), masked(g).dtype)).reshape(holes.shape)
    weighed = others * after * reshape(g, (*shape[:dim], 1, *shape[dim:]))
    return _sum(weighed, dim + 1, False)


_cumprod.vjps(input=_cumprod_rule)


@named
def cumprod(input, dim, *, dtype=None):
    """The running product along ``dim``; integers multiply in int64.

    >>> import minigrad as mg
    >>> mg.cumprod(mg.tensor([1., 2., 3.]), 0)
    tensor([1., 2., 6.])
    """
    expect("cumprod", input=input)
    return _cumprod(_accumulated(input, dtype), one_dim(dim, input.array.ndim))


# ------------------------------------------------------------------------------ running extremes
def _running(x: Array, dim: int, better: Any) -> tuple[Array, Array]:
    """The values of a running extreme and the last index at which each is reached; NaN beats all."""
    if along.many(x):
        return along.running_extreme(x, 1 if better is np.maximum else -1, dim)
    x = by_rows(x)
    values = better.accumulate(x, axis=dim)
    n = x.shape[dim]
    steps = np.arange(n).reshape(-1, *[1] * (x.ndim - dim - 1))
    hits = x == values
    if x.dtype.kind == "f":
        nans = np.isnan(x)
        hits |= nans
    return values, np.maximum.accumulate(np.where(hits, steps, 0), axis=dim)


@primitive(aux=("indices",), title="CummaxBackward0")
def _cummax(input, /, dim):
    return _running(input, dim, np.maximum)


@primitive(aux=("indices",), title="CumminBackward0")
def _cummin(input, /, dim):
    return _running(input, dim, np.minimum)


for _op in (_cummax, _cummin):
    _op.vjps(
        input=lambda g, into, dim, indices: _spread(
            g, into, dim, indices.array if isinstance(indices, Traced) else indices
        )
    )


def _extreme(name: str, op: Any, input: Any, dim: Any) -> Any:
    expect(name, input=input)
    d = one_dim(dim, input.array.ndim)
    made = return_type(name, "values", "indices")
    if input.array.ndim:
        return made(*op(input, d))
    values, indices = op(reshape(input, (1,)), 0)
    return made(reshape(values, ()), reshape(indices, ()))


@named
def cummax(input, dim):
    """The running maximum along ``dim``, and the last index at which it is reached."""
    return _extreme("cummax", _cummax, input, dim)


@named
def cummin(input, dim):
    """The running minimum along ``dim``, and the last index at which it is reached."""
    return _extreme("cummin", _cummin, input, dim)


# ------------------------------------------------------------------------------ running log-sums
_SHORT = 16  # elements along a dimension up to which all pairs of them are looked at


@unary(title="LogcumsumexpBackward0")
def _logcumsumexp(input, /, dim):
    return by_rows(np.logaddexp.accumulate(input, axis=dim)) if input.ndim else input.copy()


def _logcumsumexp_rule(g: Any, input: Any, out: Any, dim: Any) -> Any:
    """d out[j] / d in[i] = exp(in[i] - out[j]) for j >= i, summed from behind."""
    if not g.ndim:
        return g
    n, shape = input.shape[dim], tuple(input.shape)
    if isinstance(g, np.ndarray) and n > _SHORT:
        return _slopes_by_logarithms(g, input, out, dim)
    early = reshape(input, (*shape[:dim], n, 1, *shape[dim + 1 :]))
    late = reshape(out, (*shape[:dim], 1, n, *shape[dim + 1 :]))
    after = np.triu(np.ones((n, n), bool)).reshape(*[1] * dim, n, n, *[1] * (len(shape) - dim - 1))
    far = masked(late) == -np.inf  # there the slope is 0, not NaN
    slope = exp(choose(early - choose(0.0, late, far), -np.inf, after & ~far))
    return _sum(slope * reshape(g, late.shape), dim + 1, False)


def _slopes_by_logarithms(g: Array, input: Array, out: Array, dim: int) -> Array:
    """The same in time that grows with n, not its square: the running sum is one of logarithms, by g's sign."""
    with np.errstate(all="ignore"):
        answer = np.zeros(g.shape, g.dtype)
        for sign in (1, -1):
            part = g if sign > 0 else -g
            if (part <= 0).all():
                continue
            weights = np.where(out == -np.inf, out, np.log(np.maximum(part, 0)) - out)
            late = np.flip(np.logaddexp.accumulate(np.flip(weights, dim), axis=dim), dim)
            answer += sign * np.exp(late + input)
        return answer


_logcumsumexp.vjps(input=_logcumsumexp_rule)


@named
def logcumsumexp(input, dim):
    """``log(cumsum(exp(input)))`` along ``dim``, without overflow."""
    expect("logcumsumexp", input=input)
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f"\"logcumsumexp_out_cpu\" not implemented for '{title(input)}'")
    return _logcumsumexp(input, one_dim(dim, input.array.ndim))


# ------------------------------------------------------------------------------ without NaN
def _without_nan(input: Any) -> tuple[Any, Array]:
    holes = np.isnan(input.array)
    return choose(0.0, input, holes), holes


@titled("NansumBackward0")
@named
def nansum(input, dim=None, keepdim=False, *, dtype=None):
    """The sum over ``dim`` of the elements that are not NaN."""
    expect("nansum", input=input)
    if input.array.dtype.kind == "f":
        input, _ = _without_nan(input)
    return sum(input, dim, keepdim, dtype=dtype)


@named
def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """The mean over ``dim`` of the elements that are not NaN; RuntimeError for integers."""
    expect("nanmean", input=input)
    if input.array.dtype.kind != "f":
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {title(input)}"
        )
    if dtype is not None:
        input = input.to(_types.of(_types.as_numpy(dtype)))
    real, holes = _without_nan(input)
    count = _sum((~holes).astype(input.array.dtype), dim, keepdim)
    return sum(real, dim, keepdim) / np.asarray(count)

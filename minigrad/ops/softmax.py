"""Softmax and its kin, and running sums along a dimension."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from ..kernels import along
from ..kernels.reduce import softmax_family, some
from ._common import by_rows, cast, one_dim, unary
from ._public import named
from .functions import exp
from .reduce import _accumulated, _axis, _sum, spread
from .shape import clone, reshape


@unary(title="SoftmaxBackward0")
def _softmax(input, /, dim):
    if some(input):
        return softmax_family("softmax", dim, input)
    x = by_rows(input - np.maximum.reduce(input, axis=dim, keepdims=True))
    e = np.exp(x, out=x)
    e /= np.add.reduce(e, axis=dim, keepdims=True)
    return e


def _softmax_rule(g: Any, out: Any, dim: int) -> Any:
    if isinstance(g, np.ndarray) and some(g):
        return softmax_family("softmax_backward", dim, g, out)
    return (g - _sum(g * out, dim, True)) * out


_softmax.vjps(input=_softmax_rule)


@unary(title="LogSoftmaxBackward0")
def _log_softmax(input, /, dim):
    if some(input):
        return softmax_family("log_softmax", dim, input)
    x = by_rows(input - np.maximum.reduce(input, axis=dim, keepdims=True))
    return np.subtract(x, np.log(np.add.reduce(np.exp(x), axis=dim, keepdims=True)), out=x)


def _log_softmax_rule(g: Any, out: Any, dim: int) -> Any:
    if isinstance(g, np.ndarray) and some(g):
        return softmax_family("log_softmax_backward", dim, g, out)
    return g - exp(out) * _sum(g, dim, True)


_log_softmax.vjps(input=_log_softmax_rule)


def _over(op: Any, input: Any, dim: Any, dtype: Any) -> Any:
    if dtype is not None:
        input = cast(input, _types.as_numpy(dtype))
    d = one_dim(dim, input.array.ndim)
    if not input.array.size:
        return clone(input)
    if input.array.dtype.kind != "f":
        last = "_lastdim" if d == max(0, input.array.ndim - 1) else ""
        title = _types.of(input.array.dtype).title
        kernel = f"{op.__name__.strip('_')}{last}_kernel_impl"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{title}'")
    if not input.array.ndim:
        return reshape(op(reshape(input, (1,)), 0), ())
    return op(input, d)


@named
def softmax(input, dim, dtype=None):
    """``exp(input)`` scaled to sum to 1 over ``dim``; RuntimeError for integers."""
    return _over(_softmax, input, dim, dtype)


@named
def log_softmax(input, dim, dtype=None):
    """The logarithm of ``softmax``, computed without overflow; RuntimeError for integers."""
    return _over(_log_softmax, input, dim, dtype)


@unary
def _logsumexp(input, /, dim, keepdim):
    axis = _axis(dim, input.ndim)
    top = np.maximum.reduce(input, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, input.dtype.type(0))
    total = np.log(np.add.reduce(np.exp(input - top), axis=axis, keepdims=True)) + top
    return by_rows(total if keepdim else total.squeeze(axis))


_logsumexp.vjps(
    input=lambda g, input, out, into, dim: (
        spread(g, into, dim) * exp(input - spread(out, into, dim))
    )
)


@named
def logsumexp(input, dim, keepdim=False):
    """``log(sum(exp(input)))`` over ``dim``, without overflow."""
    return _logsumexp(_to_float(input), dim, keepdim)


def _to_float(input: Any) -> Any:
    return input if input.array.dtype.kind == "f" else cast(input, _types.default())


_WIDER = {np.dtype(np.float16): np.float32, np.dtype(np.float32): np.float64}


def accumulated(ufunc: Any, x: Any, dim: int, back: bool = False) -> Any:
    """What ``ufunc`` makes of more and more elements along ``dim``, in twice the precision, as in torch.

    back: from the end of the dimension on.
    """
    if not x.ndim:
        return x.copy()
    if along.many(x):
        return along.running("sum" if ufunc is np.add else "product", x, dim, back)
    if back:
        return np.flip(accumulated(ufunc, np.flip(x, dim), dim), dim).copy()
    wider = _WIDER.get(x.dtype)
    return ufunc.accumulate(x, axis=dim, dtype=wider).astype(x.dtype, copy=False)


@unary(title="CumsumBackward0")
def _cumsum(input, /, dim, back=False):
    return by_rows(accumulated(np.add, input, dim, back))


_cumsum.vjps(input=lambda g, dim, back: _cumsum(g, dim, not back) if g.ndim else g)


@named
def cumsum(input, dim, *, dtype=None):
    """The running sum along ``dim``; integers sum to int64."""
    return _cumsum(_accumulated(input, dtype), one_dim(dim, input.array.ndim))

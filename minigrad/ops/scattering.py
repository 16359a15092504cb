"""scatter_reduce: sums, products, means and extremes of what a scatter writes to one place."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _warn
from .._tape import Array, Traced, primitive, wrap
from ..kernels import along
from ._common import expect, one_dim, titled
from ._public import named
from .choosing import choose, masked
from .elementwise import floor_divide
from .gather import _gather, _prepared, _scatter, _scatter_add, _slices, _spread
from .parts import cat
from .reduce import _prod
from .shape import reshape

_IDENTITY = {"prod": 1, "amax": -np.inf, "amin": np.inf}


def _start(input: Array, dim: int, index: Array, reduce: str, include_self: bool) -> Array:
    """What ``src`` is combined with: ``input``, or where it is not included what changes nothing."""
    out = np.array(input)
    if not include_self:
        neutral = _IDENTITY[reduce]
        if out.dtype.kind != "f" and reduce != "prod":
            bounds = (
                (False, True)
                if out.dtype == bool
                else (np.iinfo(out.dtype).min, np.iinfo(out.dtype).max)
            )
            neutral = bounds[reduce == "amin"]
        out[along.grid(index, dim)] = neutral
    return out


_UFUNCS = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


@primitive(title="ScatterReduceBackward0", quiet=True)
def _scatter_reduce(input, src, /, dim, index, reduce, include_self):
    out = _start(input, dim, index, reduce, include_self)
    _UFUNCS[reduce].at(out, along.grid(index, dim), src)
    return out


def _scatter_reduce_rule(
    g: Any,
    needed: Any,
    input: Any,
    src: Any,
    out: Any,
    dim: Any,
    index: Any,
    reduce: Any,
    include_self: Any,
) -> Any:
    """Products: g times the product of the others; extremes: shared evenly among all that equal it."""
    hit = np.zeros(masked(input).shape, bool)
    hit[along.grid(index, dim)] = True
    gone = hit & (not include_self)
    if reduce == "prod":
        return _product_rule(g, input, src, out, dim, index, gone)
    mine = (masked(input) == masked(out)) & ~gone
    there = masked(src) == masked(out)[along.grid(index, dim)]
    count = _spread(there.astype(np.int64), hit.shape, dim, index) + mine
    share = g / np.maximum(count, 1).astype(masked(g).dtype)
    return choose(share, 0.0, mine), choose(_gather(share, dim, index), 0.0, there)


def _product_rule(g: Any, input: Any, src: Any, out: Any, dim: Any, index: Any, gone: Array) -> Any:
    start = choose(1.0, input, gone)
    if masked(start).all() and masked(src).all():
        first = choose(0.0, g * out / start, gone)
        return first, _gather(g * out, dim, index) / src
    # with zeros: every factor set to 1 in turn, the products of the others are taken anew
    ones = np.ones(masked(start).shape, masked(start).dtype)
    others = _scatter_reduce(ones, src, dim, index, "prod", True)
    return choose(0.0, g * others, gone), _gather(g, dim, index) * _left_out(start, src, dim, index)


def _left_out(start: Any, src: Any, dim: int, index: Array) -> Any:
    """For each element of ``src``, the product of all that goes to its place but itself."""
    n = index.shape[dim]
    base = _gather(start, dim, index)
    if not n:
        return base
    parts = []
    for k in range(n):
        # the k-th along dim is compared with every other that goes to the same place
        itself, there = (*[slice(None)] * dim, slice(k, k + 1)), (*[slice(None)] * dim, k)
        same = index == index[itself]
        same[there] = False
        product = _prod(choose(src, 1.0, same), dim, True)
        parts.append(product * base[itself])
    return cat(parts, dim) if isinstance(parts[0], Traced) else np.concatenate(parts, dim)


_scatter_reduce.joint(_scatter_reduce_rule)


@titled("ScatterReduceBackward0")
@named
def scatter_reduce(input, dim, index, src, reduce, *, include_self=True):
    """``input`` with, at each place that ``index`` names, the reduction of all of ``src`` that goes there.

    reduce: 'sum', 'prod', 'mean', 'amax' or 'amin'; include_self: whether the element there before takes part.

    >>> import minigrad as mg
    >>> index = mg.tensor([0, 0, 1])
    >>> mg.scatter_reduce(mg.zeros(2), 0, index, mg.tensor([1., 2., 3.]), "sum")
    tensor([3., 3.])
    """
    expect("scatter_reduce", input=input, dim=input, index=index, src=src)
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
        )
    x, s, d, i = _prepared("scatter_reduce", input, dim, index, src)
    return reshape(_reduced(x, s, d, i, reduce, include_self), input.array.shape)


def _reduced(x: Any, s: Any, d: int, i: Array, reduce: str, include_self: Any) -> Any:
    if reduce in ("sum", "mean"):
        start = x if include_self else _scatter(x, np.zeros((), x.array.dtype), d, i)
        out = _scatter_add(start, s, d, i)
        if reduce == "mean":
            count = np.full(x.array.shape, int(include_self), np.int64)
            np.add.at(count, along.grid(i, d), 1)
            count = np.maximum(count, 1).astype(x.array.dtype)
            out = out / count if x.array.dtype.kind == "f" else floor_divide(out, wrap(count))
        return out
    return _scatter_reduce(x, s, d, i, reduce, bool(include_self))


@titled("IndexReduceBackward0")
@named
def index_reduce(input, dim, index, source, reduce, *, include_self=True):
    """``input`` with the slices that ``index`` names along ``dim`` reduced with those of ``source``.

    reduce: 'prod', 'mean', 'amax' or 'amin'; include_self: whether the slice there before takes part.

    >>> import warnings
    >>> import minigrad as mg
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # it says once that it is in beta, as in torch
    ...     mg.index_reduce(mg.ones(2), 0, mg.tensor([0, 0, 1]), mg.tensor([2., 3., 4.]), "prod")
    tensor([6., 4.])
    """
    expect("index_reduce", input=input, dim=input, index=index, source=source)
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}."
        )
    _warn.once("index_reduce() is in beta and the API may change at any time.", 3)
    d = one_dim(dim, input.array.ndim)
    x, s, i = _slices("index_reduce_", input, d, index, source)
    shape = [-1 if k == d else 1 for k in range(s.array.ndim)]
    places = np.broadcast_to(i.reshape(shape), s.array.shape)
    return reshape(_reduced(x, s, d, places, reduce, include_self), input.array.shape)

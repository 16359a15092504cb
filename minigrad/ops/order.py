"""Tensors in order: sort, the largest k, medians, quantiles, modes.

NaN counts as the largest number.  Values are gathered, so gradients go back where they came from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import Array, Traced, primitive, wrap
from ..kernels import along, order
from ._common import entitled, expect, one_dim, return_type, titled, whole
from ._public import named
from .combine import lerp
from .gather import _gather, _spread
from .shape import _permute, reshape, transpose


def _order(x: Array, dim: int, descending: bool, first: int = 0, count: int | None = None) -> Array:
    """The indices that sort ``x``, of ``count`` ranks from ``first`` on; equal elements keep their order."""
    count = x.shape[dim] if count is None else count
    found = order.sort(x, dim, descending, first, count)
    if found is not None:
        return found
    part = (slice(None),) * dim + (slice(first, first + count),)
    return np.ascontiguousarray(_whole_order(x, dim, descending)[part])


def _whole_order(x: Array, dim: int, descending: bool) -> Array:
    if not descending:
        return np.argsort(x, dim, kind="stable")
    back = (slice(None),) * dim + (slice(None, None, -1),)
    places = np.argsort(x[back], dim, kind="stable")
    return x.shape[dim] - 1 - places[back]


@primitive(aux=("indices",), title="SortBackward0")
def _sorted(input, /, dim, descending, first, count):
    """Elements ``first`` to ``first + count`` in order along ``dim``, and their indices."""
    indices = _order(input, dim, descending, first, count)
    return along.picked(input, indices, dim), indices


_sorted.vjps(input=lambda g, into, dim, indices: _spread(g, into, dim, _array(indices)))


def _array(x: Any) -> Any:
    return x.array if isinstance(x, Traced) else x


@primitive(aux=("indices",), title="TopkBackward0")
def _topmost(input, /, dim, k, largest):
    """The k largest (or smallest) elements along ``dim``, in order, and their indices."""
    indices = order.largest(input, dim, k, largest)
    if indices is None:
        indices = _order(input, dim, largest, 0, k)
    return along.picked(input, indices, dim), indices


_topmost.vjps(input=lambda g, into, dim, indices: _spread(g, into, dim, _array(indices)))


def _lined(input: Any) -> Any:
    """``input`` with at least one dimension."""
    return input if input.array.ndim else reshape(input, (1,))


@named
def sort(input, dim=-1, descending=False, stable=False):
    """The elements in order along ``dim``, and their indices; equal elements keep their order.

    >>> import minigrad as mg
    >>> mg.sort(mg.tensor([3., 1., 2.])).values
    tensor([1., 2., 3.])
    """
    expect("sort", input=input)
    d = one_dim(dim, input.array.ndim)
    values, indices = _sorted(_lined(input), d, bool(descending), 0, _lined(input).array.shape[d])
    if not input.array.ndim:
        values, indices = reshape(values, ()), reshape(indices, ())
    return return_type("sort", "values", "indices")(values, indices)


@named
def argsort(input, dim=-1, descending=False, stable=False):
    """The indices that sort ``input`` along ``dim``."""
    return sort(input, dim, descending).indices


@named
def msort(input):
    """The elements in order along the first dimension."""
    return sort(input, 0).values


@named
def topk(input, k, dim=-1, largest=True, sorted=True):
    """The ``k`` largest (or smallest) elements along ``dim``, in order, and their indices.

    RuntimeError if there are fewer than ``k``.
    """
    expect("topk", input=input)
    if input.array.dtype == bool:
        raise RuntimeError("topk does not support bool dtypes on CPU")
    d, k = one_dim(dim, input.array.ndim), whole("topk", "k", k)
    x = _lined(input)
    if not 0 <= k <= x.array.shape[d]:
        raise RuntimeError("selected index k out of range")
    values, indices = _topmost(x, d, k, bool(largest))
    if not input.array.ndim and k == 1:
        values, indices = reshape(values, ()), reshape(indices, ())
    return return_type("topk", "values", "indices")(values, indices)


def _kth(name: str, input: Any, k: int, d: int, keepdim: bool) -> Any:
    """The k-th smallest element (from 0) along a dimension, and its index."""
    values, indices = _sorted(_lined(input), d, False, k, 1)
    shape = list(input.array.shape)
    if shape:
        shape[d : d + 1] = [1] if keepdim else []
    made = return_type(name, "values", "indices")
    return made(reshape(values, tuple(shape)), reshape(indices, tuple(shape)))


@titled("KthvalueBackward0")
@named
def kthvalue(input, k, dim=-1, keepdim=False):
    """The ``k``-th smallest element along ``dim``, counted from 1, and its index."""
    expect("kthvalue", input=input)
    d, k = one_dim(dim, input.array.ndim), whole("kthvalue", "k", k)
    if not 1 <= k <= _lined(input).array.shape[d]:
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {d}")
    return _kth("kthvalue", input, k - 1, d, keepdim)


# ------------------------------------------------------------------------------ medians
def _median_along(name: str, input: Any, dim: Any, keepdim: bool, ignore_nan: bool) -> Any:
    d = one_dim(dim, input.array.ndim)
    x = _lined(input)
    n = x.array.shape[d]
    if n == 0:
        raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")
    nans = np.isnan(x.array) if x.array.dtype.kind == "f" else np.zeros(1, bool)
    real: Any = n - nans.sum(d, keepdims=True) if nans.any() else n
    if real is n:
        indices = _order(x.array, d, False, (n - 1) // 2, 1)
    elif ignore_nan:
        places = np.maximum(real - 1, 0) // 2
        indices = np.take_along_axis(_order(x.array, d, False), places, d)
    else:  # the first NaN, where there is one
        middle = _order(x.array, d, False, (n - 1) // 2, 1)
        indices = np.where(real < n, nans.argmax(d, keepdims=True), middle)
    values = _gather(x, d, indices)
    shape = list(input.array.shape)
    if shape:
        shape[d : d + 1] = [1] if keepdim else []
    made = return_type(name, "values", "indices")
    return made(reshape(values, tuple(shape)), wrap(indices.reshape(shape)))


def _median(name: str, input: Any, dim: Any, keepdim: bool, ignore_nan: bool) -> Any:
    expect(name, input=input)
    if input.array.dtype == bool:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Bool'")
    if dim is not None:
        return _median_along(name, input, dim, keepdim, ignore_nan)
    if not input.array.size:
        return wrap(np.full((), np.nan, input.array.dtype))
    flat = reshape(input, (input.array.size,))
    return _median_along(name, flat, 0, False, ignore_nan).values


@named
def median(input, dim=None, keepdim=False):
    """The (lower) median of all elements; with ``dim``, (values, indices) along it.  NaN if any is NaN.

    >>> import minigrad as mg
    >>> mg.median(mg.tensor([4., 1., 3., 2.]))
    tensor(2.)
    """
    found = _median("median", input, dim, keepdim, False)
    return entitled(found, "MedianBackward0") if dim is None else found


@named
def nanmedian(input, dim=None, keepdim=False):
    """The (lower) median of the elements that are not NaN: see ``median``."""
    return _median("nanmedian", input, dim, keepdim, True)


# ------------------------------------------------------------------------------ quantiles
_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _ranked(x: Any, ranks: Array) -> Any:
    """The elements of sorted rows at fractional ranks' whole part, one answer per rank."""
    return _gather(x, x.array.ndim - 1, ranks)


def _quantile(name: str, input: Any, q: Any, dim: Any, keepdim: bool, interpolation: str) -> Any:
    expect(name, input=input)
    kind = input.array.dtype
    qs = q.array if isinstance(q, Traced) else np.asarray(q, kind)
    if kind not in (np.float32, np.float64):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if qs.dtype != kind:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if qs.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if not input.array.size:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if not ((qs >= 0) & (qs <= 1)).all():
        raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {qs.tolist()}")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            f"{interpolation}"
        )
    n = input.array.ndim
    shape = input.array.shape
    if dim is None:
        rows, kept = reshape(input, (1, input.array.size)), (1,) * n
    else:
        d = one_dim(dim, n)
        moved = transpose(_lined(input), d, -1)
        rows = reshape(moved, (-1, moved.array.shape[-1]))
        kept = tuple(1 if i == d else s for i, s in enumerate(shape))
    out = _row_quantiles(rows, qs.reshape(-1), interpolation, name == "nanquantile")
    if dim is not None and n:
        sizes = list(shape)
        sizes[d], sizes[-1] = sizes[-1], sizes[d]
        out = transpose(reshape(out, (*sizes[:-1], 1, qs.size)), d, n - 1)
    out = _last_first(out, (*kept, qs.size) if n else (qs.size,))
    lead = qs.shape
    left = kept if keepdim else tuple(s for i, s in enumerate(kept) if dim is not None and i != d)
    return reshape(out, (*lead, *left))


def _last_first(x: Any, shape: tuple[int, ...]) -> Any:
    x = reshape(x, shape)
    n = len(shape)
    return _permute(x, (n - 1, *range(n - 1)))


def _row_quantiles(rows: Any, q: Array, interpolation: str, ignore_nan: bool) -> Any:
    """Of rows (m, n), the quantiles (m, len(q))."""
    n = rows.array.shape[1]
    ordered, _ = _sorted(rows, 1, False, 0, n)
    nans = np.isnan(rows.array).sum(1, keepdims=True)
    top = np.maximum(n - nans, 1) - 1 if ignore_nan else np.full_like(nans, n - 1)
    ranks = q.astype(np.float64)[None] * top
    if not ignore_nan:
        ranks = np.where(nans > 0, n - 1.0, ranks)
    low, high = np.floor(ranks), np.ceil(ranks)
    if interpolation == "nearest":
        low = high = np.round(ranks)
    elif interpolation == "lower":
        high = low
    elif interpolation == "higher":
        low = high
    below = _ranked(ordered, low.astype(np.int64))
    if interpolation not in ("linear", "midpoint"):
        return below
    weight = np.where(low == high, 0.0, 0.5) if interpolation == "midpoint" else ranks - low
    above = _ranked(ordered, high.astype(np.int64))
    return lerp(below, above, wrap(weight.astype(rows.array.dtype)))


@named
def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The ``q``-quantiles along ``dim`` (of all elements when None); NaN where an element is.

    q: a number from [0, 1], or a vector of them, which become the first dimension.

    >>> import minigrad as mg
    >>> mg.quantile(mg.tensor([1., 2., 4.]), 0.75)
    tensor(3.)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


@named
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The ``q``-quantiles of the elements that are not NaN: see ``quantile``."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


# ------------------------------------------------------------------------------ modes
@titled("ModeBackward0")
@named
def mode(input, dim=-1, keepdim=False):
    """The most frequent element along ``dim`` (the smallest of several), and the last index it has."""
    expect("mode", input=input)
    d = one_dim(dim, input.array.ndim)
    x = _lined(input)
    if x.array.shape[d] == 0:
        raise IndexError(f"mode(): Expected reduction dim {d} to have non-zero size.")
    rows = np.moveaxis(x.array, d, -1)
    best = _most_frequent(np.ascontiguousarray(rows).reshape(-1, rows.shape[-1]))
    indices = np.expand_dims(best.reshape(rows.shape[:-1]), d)
    shape = list(input.array.shape)
    if shape:
        shape[d : d + 1] = [1] if keepdim else []
    made = return_type("mode", "values", "indices")
    return made(reshape(_gather(x, d, indices), tuple(shape)), wrap(indices.reshape(shape)))


def _most_frequent(rows: Array) -> Array:
    """The last place of each row's most frequent number, the smallest of several; of a row of NaN the last place."""
    places = _order(rows, 1, False)
    ordered = along.picked(rows, places, 1)
    steps = np.arange(rows.shape[1])
    new = np.ones(rows.shape, bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=new[:, 1:])
    count = steps - np.maximum.accumulate(np.where(new, steps, 0), axis=1)
    end = count.argmax(1)  # where the first of the longest runs of equal numbers ends
    found: Array = places[np.arange(len(rows)), end]
    none = ordered[:, 0] != ordered[:, 0]
    found[none] = rows.shape[1] - 1
    return found

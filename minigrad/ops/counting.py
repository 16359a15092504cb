"""Which values occur, and how often: unique, bincount, histc, count_nonzero.  No gradient passes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _types
from .._tape import Array, Traced, wrap
from ._common import all_dims, by_rows, expect, one_dim, return_type, whole
from ._public import named


@named
def count_nonzero(input, dim=None):
    """How many elements over ``dim`` (all when None) are nonzero."""
    expect("count_nonzero", input=input)
    axis = None if dim is None else all_dims(dim, input.array.ndim)
    return wrap(by_rows(np.asarray(np.count_nonzero(input.array, axis), np.int64)))


def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The different elements in order (or with ``dim`` the different slices), where each went, and how often.

    >>> import minigrad as mg
    >>> mg.unique(mg.tensor([3, 1, 1]), return_counts=True)
    (tensor([1, 3]), tensor([2, 1]))
    """
    expect("unique", input=input)
    x = input.array
    d = None if dim is None else one_dim(dim, x.ndim)
    shape = x.shape if d is None else (x.shape[d],)
    axis = d if x.ndim else None
    if not return_inverse:  # which takes several times as long
        found: Any = np.unique(x, return_counts=return_counts, axis=axis, equal_nan=False)
        values, counts = found if return_counts else (found, None)
        return _answers(values, None, counts, False, return_counts)
    values, inverse, counts = np.unique(
        x, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    return _answers(values, inverse.reshape(shape), counts, True, return_counts)


def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """The elements (or slices along ``dim``) without those equal to the one before."""
    expect("unique_consecutive", input=input)
    x = input.array
    rows = x.reshape(-1) if dim is None else np.moveaxis(x, one_dim(dim, x.ndim), 0)
    flat = rows.reshape(len(rows), math.prod(rows.shape[1:]))
    new = np.ones(len(rows), bool)
    new[1:] = (flat[1:] != flat[:-1]).any(1)
    starts = np.flatnonzero(new)
    inverse = np.cumsum(new) - 1
    values = rows[new] if dim is None else np.moveaxis(rows[new], 0, one_dim(dim, x.ndim))
    counts = np.diff(np.append(starts, len(rows)))
    shape = x.shape if dim is None else inverse.shape
    return _answers(values, inverse.reshape(shape), counts, return_inverse, return_counts)


def _answers(
    values: Array, inverse: Any, counts: Any, with_inverse: bool, with_counts: bool
) -> Any:
    found = [wrap(np.ascontiguousarray(values))]
    if with_inverse:
        found.append(wrap(inverse.astype(np.int64)))
    if with_counts:
        found.append(wrap(counts.astype(np.int64)))
    return found[0] if len(found) == 1 else tuple(found)


def bincount(input, weights=None, minlength=0):
    """How often each number 0, 1, ... occurs in a vector of non-negative integers, or the sums of their weights."""
    expect("bincount", input=input)
    x = input.array
    minlength = whole("bincount", "minlength", minlength)
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if x.dtype.kind not in "iu":
        name = _types.of(x.dtype).title
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{name}'")
    if x.ndim != 1 or (x.size and x.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None or not x.size:
        return wrap(np.bincount(x, minlength=minlength).astype(np.int64))
    w = weights.array
    if w.shape != x.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    kind = w.dtype if w.dtype == np.float32 else np.float64
    return wrap(np.bincount(x, w, minlength).astype(kind))


@named
def histc(input, bins=100, min=0, max=0):
    """How many elements lie in each of ``bins`` equal parts of [min, max] (of their own range if both are 0)."""
    expect("histc", input=input)
    x = input.array
    bins = whole("histc", "bins", bins)
    if x.dtype.kind != "f":
        name = _types.of(x.dtype).title
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{name}'")
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    low, high = (v.array.item() if isinstance(v, Traced) else v for v in (min, max))
    if low == high and x.size:
        low, high = x.min(), x.max()
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    inside = x[(x >= low) & (x <= high)]
    low, high = x.dtype.type(low), x.dtype.type(high)
    place = ((inside - low) * x.dtype.type(bins) / (high - low)).astype(np.int64)
    return wrap(np.bincount(np.minimum(place, bins - 1), minlength=bins).astype(x.dtype))


@named
def histogram(input, bins=100, *, range=None, weight=None, density=False):
    """How many elements, or how much weight, lies in each bin, and the edges of the bins: (hist, bin_edges).

    bins: a number of equal parts of ``range`` (by default from the least to the largest element), or a tensor of edges.
    density: divided so that the integral is 1.  NotImplementedError for integers.

    >>> import minigrad as mg
    >>> mg.histogram(mg.tensor([1.0, 2.0, 1.0]), bins=4, range=(0.0, 3.0)).hist
    tensor([0., 2., 1., 0.])
    """
    expect("histogram", input=input)
    x = input.array.reshape(-1)
    if x.dtype.kind != "f":
        name = _types.of(x.dtype).title
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{name}'")
    if isinstance(bins, Traced):
        edges = bins.array.astype(x.dtype)
    else:
        edges = _edges(x, whole("histogram", "bins", bins), range)
    w = None if weight is None else weight.array.reshape(-1)
    if w is not None and w.shape != x.shape:
        raise RuntimeError(
            f"torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor, "
            f"but got input {list(input.array.shape)} and weight {list(weight.array.shape)}"
        )
    hist = np.histogram(x, edges, weights=w)[0].astype(x.dtype)
    if density:
        with np.errstate(invalid="ignore"):  # nothing lies in the bins: NaN, as in torch
            hist = hist / (hist.sum() * np.diff(edges))
    made = return_type("histogram", "hist", "bin_edges")
    return made(wrap(hist.astype(x.dtype)), wrap(edges))


def _edges(x: Array, bins: int, limits: Any) -> Array:
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    low, high = limits if limits is not None else (x.min(), x.max()) if x.size else (0.0, 1.0)
    if low > high:
        raise RuntimeError(
            f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for dimension 0"
        )
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1).astype(x.dtype)

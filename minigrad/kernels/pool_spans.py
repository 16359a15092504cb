"""Pooling over windows of unequal sizes, and moves by position; on plain arrays.

    adaptive, 7 to 3       a b c d e f g          window o is [o * 7 // 3, ceil((o + 1) * 7 / 3))
                           [---]
                               [---]              (they may overlap by one)
                                   [---]

Windows are given by where they start and stop in each dimension: `spans` has the shape
(1 or planes, 3, outputs, 2).  A position is a pixel's place in its plane, counted along the rows.
x has shape (planes, *size), y and positions (planes, *out).
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from minigrad.kernels import threads
from minigrad.kernels.pool_window import Array

# Pixels in all windows up to which NumPy does the work.
SMALL = 1 << 14


@functools.lru_cache(maxsize=256)
def adaptive(size: tuple[int, ...], out: tuple[int, ...]) -> Array:
    """The spans of adaptive pooling from `size` to `out`."""
    spans = np.zeros((1, 3, max(1, *out), 2), np.int64)
    spans[:, :, 0, 1] = 1  # dimensions that are missing are of size 1
    for d, (n, many) in enumerate(zip(size, out), 3 - len(size)):
        o = np.arange(many)
        spans[0, d, :many, 0] = o * n // many
        spans[0, d, :many, 1] = -(-(o + 1) * n // many)
    return spans


@functools.lru_cache(maxsize=256)
def _sides(size: tuple[int, ...], out: tuple[int, ...]) -> Array:
    """(3, outputs): how many pixels the windows of adaptive pooling have along each dimension."""
    spans = adaptive(size, out)[0]
    return np.maximum(spans[..., 1] - spans[..., 0], 1).astype(np.float64)


def _three(sizes: tuple[int, ...]) -> tuple[int, int, int]:
    """Up to three sizes as three."""
    one, two, three = (1,) * (3 - len(sizes)) + sizes
    return one, two, three


def _for_numpy(x: Array, work: int) -> bool:
    return work <= SMALL or x.dtype.char not in "fde"


def _wide(x: Array) -> Array:
    return np.ascontiguousarray(x, np.float32 if x.dtype == np.float16 else x.dtype)


def maximum(x: Array, spans: Array, out: tuple[int, ...]) -> tuple[Array, Array]:
    """The greatest number in each window and its position: the first of several, the last NaN."""
    if 0 in x.shape or 0 in out:
        return np.empty((len(x), *out), x.dtype), np.empty((len(x), *out), np.int64)
    if _for_numpy(x, max(x.size, len(x) * math.prod(out))):
        return _maximum(x, spans, out)
    values, positions = large_maximum(_wide(x), spans, out)
    return values.astype(x.dtype, copy=False), positions


class _Layout(NamedTuple):
    """All windows laid out in full."""

    places: Array  # (1 or planes, *out, taps): positions; the last pixels of short windows repeated
    short: Array  # of the same shape: which of them are not really in the window
    area: Array  # (1 or planes, *out): how many are


def _layout(spans: Array, size: tuple[int, ...], out: tuple[int, ...]) -> _Layout:
    lines, real = [], []
    for d, many in enumerate(_three(out)):
        start, stop = spans[:, d, :many, 0, None], spans[:, d, :many, 1, None]
        at = start + np.arange((stop - start).max())
        axes = [len(spans), 1, 1, 1, 1, 1, 1]
        axes[d + 1], axes[d + 4] = at.shape[1:]
        step = math.prod(_three(size)[d + 1 :])
        lines.append((np.minimum(at, stop - 1) * step).reshape(axes))
        real.append((at < stop).reshape(axes))
    shape = (len(spans), *out, -1)
    mask = (real[0] & real[1] & real[2]).reshape(shape)
    return _Layout(sum(lines).reshape(shape), ~mask, mask.sum(-1))


@functools.lru_cache(maxsize=256)
def _adaptive_layout(size: tuple[int, ...], out: tuple[int, ...]) -> _Layout:
    return _layout(adaptive(size, out), size, out)


def _laid(x: Array, places: Array) -> Array:
    """(planes, *out, taps): the pixels of all windows."""
    flat = x.reshape(len(x), -1)
    if len(places) == 1:
        return flat.take(places[0], 1)
    return np.take_along_axis(flat, places.reshape(len(x), -1), 1).reshape(places.shape)


def _maximum(x: Array, spans: Array, out: tuple[int, ...]) -> tuple[Array, Array]:
    size = x.shape[1:]
    even = spans is adaptive(size, out)
    places = (_adaptive_layout(size, out) if even else _layout(spans, size, out)).places
    laid = _laid(x, places)
    codes = laid.argmax(-1)
    values = np.maximum.reduce(laid, -1)
    if x.dtype.kind == "f" and np.isnan(values.max()):
        spoilt = np.isnan(laid)
        last = laid.shape[-1] - 1 - spoilt[..., ::-1].argmax(-1)
        codes = np.where(spoilt.any(-1), last, codes)
    places = np.broadcast_to(places, laid.shape)
    return values, np.take_along_axis(places, codes[..., None], -1)[..., 0]


def mean(x: Array, out: tuple[int, ...]) -> Array:
    """The means over the windows of adaptive pooling."""
    size, y = x.shape[1:], np.empty((len(x), *out), _wide(x[:0]).dtype)
    if not y.size:
        return y.astype(x.dtype, copy=False)
    if _for_numpy(x, max(x.size, y.size)):
        layout = _adaptive_layout(size, out)
        laid = _laid(x, layout.places).astype(y.dtype, copy=False)
        laid[np.broadcast_to(layout.short, laid.shape)] = 0
        y = np.add.reduce(laid, -1) / layout.area.astype(y.dtype)
    else:
        y = large_mean(_wide(x), adaptive(size, out), _sides(size, out), out)
    return y.astype(x.dtype, copy=False)


def spread(g: Array, size: tuple[int, ...]) -> Array:
    """The adjoint of `mean`, of (..., *out)."""
    cut = g.ndim - len(size)
    lead, out = g.shape[:cut], g.shape[cut:]
    x = np.zeros(lead + size, _wide(g[:0]).dtype)
    if not g.size or not x.size:
        return x.astype(g.dtype, copy=False)
    planes = math.prod(lead)
    flat = g.reshape(planes, *out)
    if _for_numpy(g, max(x.size, g.size)):
        layout = _adaptive_layout(size, out)
        share = flat / layout.area.astype(x.dtype)
        first = np.arange(planes).reshape((-1,) + (1,) * (len(out) + 1)) * math.prod(size)
        every = np.broadcast_to(~layout.short, (planes, *layout.short.shape[1:]))
        places = (layout.places + first)[every]
        np.add.at(x.reshape(-1), places, np.broadcast_to(share[..., None], every.shape)[every])
    else:
        into = x.reshape(planes, *size)
        large_spread(_wide(flat), adaptive(size, out), _sides(size, out), into)
    return x.astype(g.dtype, copy=False)


# ---------------------------------------------------------------------------- the Numba side
def large_maximum(x: Array, spans: Array, out: tuple[int, ...]) -> tuple[Array, Array]:
    """`maximum`, of contiguous float32 or float64."""
    from minigrad.kernels import pool_loops, simd

    lanes = simd.BYTES // x.itemsize
    kind, ones = ((0,) * lanes, (0,)), np.ones(lanes, x.dtype)
    source, size = x.reshape(-1), np.array(_three(x.shape[1:]))
    y = np.empty((len(x), *_three(out)), x.dtype)
    positions = np.empty(y.shape, np.int64)
    threads.run(
        lambda a, b: pool_loops.maximum(kind, source, size, spans, y, positions, ones, a, b),
        len(x),
        max(x.size, 4 * y.size),
    )
    return y.reshape(len(x), *out), positions.reshape(len(x), *out)


def large_mean(x: Array, spans: Array, divisors: Array, out: tuple[int, ...]) -> Array:
    """Sums over spans, divided by the product of the divisors (3, outputs)."""
    from minigrad.kernels import pool_loops

    source = x.reshape(len(x), *_three(x.shape[1:]))
    y = np.empty((len(x), *_three(out)), x.dtype)
    by = divisors.astype(x.dtype)
    threads.run(
        lambda a, b: pool_loops.mean(source, spans, by, y, a, b), len(x), max(x.size, y.size)
    )
    return y.reshape(len(x), *out)


def large_spread(g: Array, spans: Array, divisors: Array, x: Array) -> None:
    """The adjoint of `large_mean`, written into x (planes, *size)."""
    from minigrad.kernels import pool_loops

    source = g.reshape(len(g), *_three(g.shape[1:]))
    into = x.reshape(len(x), *_three(x.shape[1:]))
    by = divisors.astype(g.dtype)
    apart = all(
        (spans[0, d, : n - 1, 1] <= spans[0, d, 1:n, 0]).all()
        for d, n in enumerate(source.shape[1:3])
    )
    threads.run(
        lambda a, b: pool_loops.spread(source, spans, by, apart, into, a, b),
        len(g),
        max(x.size, g.size),
    )


# ---------------------------------------------------------------------------- by position
def add_at(g: Array, positions: Array, size: tuple[int, ...]) -> Array:
    """Zeros of (..., *size) with g (..., *out) added at its positions."""
    return _placed(g, positions, size, True)


def put_at(x: Array, positions: Array, size: tuple[int, ...]) -> Array:
    """Zeros of (..., *size) with x (..., *out) at its positions: the last one where several meet."""
    return _placed(x, positions, size, False)


def _placed(g: Array, positions: Array, size: tuple[int, ...], add: bool) -> Array:
    lead = g.shape[: g.ndim - len(size)]
    planes, plane = math.prod(lead), math.prod(size)
    values = _wide(g).reshape(planes, math.prod(g.shape[len(lead) :]))
    places = np.ascontiguousarray(positions).reshape(values.shape)
    x = np.zeros(lead + size, values.dtype)
    into = x.reshape(planes, plane)
    if _for_numpy(g, g.size):
        where = places + np.arange(planes)[:, None] * plane
        if add:
            np.add.at(x.reshape(-1), where, values)
        else:
            x.reshape(-1)[where] = values
    else:
        from minigrad.kernels import pool_loops

        cost = g.size + x.size / 4
        threads.run(lambda a, b: pool_loops.place(values, places, into, add, a, b), planes, cost)
    return x.astype(g.dtype, copy=False)


def take_at(x: Array, positions: Array, dims: int) -> Array:
    """The numbers of x (..., *size) at positions (..., *out)."""
    lead = x.shape[: x.ndim - dims]
    planes = math.prod(lead)
    if not positions.size:
        return np.zeros(positions.shape, x.dtype)
    flat = x.reshape(planes, -1)
    return np.take_along_axis(flat, positions.reshape(planes, -1), 1).reshape(positions.shape)

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
from typing import Any

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
    size, shape = _three(x.shape[1:]), (len(x), *out)
    y, positions = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    if not y.size:
        return y, positions
    if _for_numpy(x, max(x.size, y.size)):
        return _maximum(x, spans, out)
    from minigrad.kernels import pool_loops

    source, answer = _wide(x).reshape(len(x), *size), np.empty((len(x), *_three(out)), _wide(x[:0]).dtype)  # fmt: skip
    threads.run(
        lambda a, b: pool_loops.maximum(source, spans, answer, positions.reshape(answer.shape), a, b),
        len(x),
        2 * max(x.size, y.size),
    )
    return answer.reshape(shape).astype(x.dtype, copy=False), positions


def _maximum(x: Array, spans: Array, out: tuple[int, ...]) -> tuple[Array, Array]:
    """The same in NumPy: all windows laid out in full, the last pixels of short ones repeated."""
    lines = []
    for d, (n, many) in enumerate(zip(_three(x.shape[1:]), _three(out))):
        start, stop = spans[:, d, :many, 0], spans[:, d, :many, 1]
        taps = np.arange((stop - start).max())
        at = np.minimum(start[..., None] + taps, stop[..., None] - 1)
        lines.append(at * math.prod(_three(x.shape[1:])[d + 1 :]))
    places = (
        lines[0][:, :, None, None, :, None, None]
        + lines[1][:, None, :, None, None, :, None]
        + lines[2][:, None, None, :, None, None, :]
    ).reshape(len(spans), *out, -1)
    flat = x.reshape(len(x), -1)
    laid = flat[np.arange(len(x)).reshape((-1,) + (1,) * (places.ndim - 1)), places]
    codes = laid.argmax(-1)
    if x.dtype.kind == "f":
        spoilt = np.isnan(laid)
        codes = np.where(
            spoilt.any(-1), laid.shape[-1] - 1 - spoilt[..., ::-1].argmax(-1), codes
        )
    codes = codes[..., None]
    places = np.broadcast_to(places, laid.shape)
    return tuple(np.take_along_axis(a, codes, -1)[..., 0] for a in (laid, places))


def mean(x: Array, out: tuple[int, ...]) -> Array:
    """The means over the windows of adaptive pooling."""
    spans, y = adaptive(x.shape[1:], out), np.zeros((len(x), *out), x.dtype)
    if not y.size:
        return y
    if _for_numpy(x, max(x.size, y.size)):
        total = x.astype(np.float32, copy=False) if x.dtype == np.float16 else x
        for d in range(-len(out), 0):
            cuts = spans[0, d, : out[d]]
            total = _sums(total, cuts, d) / _along(cuts[:, 1] - cuts[:, 0], d, x)
        return total.astype(x.dtype, copy=False)
    from minigrad.kernels import pool_loops

    source = _wide(x).reshape(len(x), *_three(x.shape[1:]))
    answer = np.empty((len(x), *_three(out)), source.dtype)
    threads.run(
        lambda a, b: pool_loops.mean(source, spans, answer, a, b), len(x), max(x.size, y.size)
    )
    return answer.reshape(y.shape).astype(x.dtype, copy=False)


def _along(line: Array, d: int, x: Array) -> Array:
    return line.astype(np.float32 if x.dtype == np.float16 else x.dtype).reshape(
        (-1,) + (1,) * (-1 - d)
    )


def _sums(x: Array, cuts: Array, d: int) -> Array:
    """Sums of x over [start, stop) along dimension d, for each row of cuts."""
    ends = cuts.ravel()
    if ends[-1] == x.shape[d]:
        ends = ends[:-1]  # reduceat goes to the end by itself
    every = np.add.reduceat(x, ends, d)
    return every[(..., slice(None, None, 2), *(slice(None),) * (-1 - d))]


def spread(g: Array, size: tuple[int, ...]) -> Array:
    """The adjoint of `mean`."""
    out = g.shape[1:]
    spans, x = adaptive(size, out), np.zeros((len(g), *size), _wide(g[:0]).dtype)
    if g.size and _for_numpy(g, max(x.size, g.size)):
        share = g.astype(x.dtype)
        for d in range(-len(out), 0):
            cuts = spans[0, d, : out[d]]
            share = _shared(share / _along(cuts[:, 1] - cuts[:, 0], d, g), cuts, size[d], d)
        x = share
    elif x.size and g.size:
        from minigrad.kernels import pool_loops

        source, answer = _wide(g).reshape(len(g), *_three(out)), x.reshape(len(g), *_three(size))
        threads.run(
            lambda a, b: pool_loops.spread(source, spans, answer, a, b), len(g), max(x.size, g.size)
        )
    return x.astype(g.dtype, copy=False)


def _shared(g: Array, cuts: Array, n: int, d: int) -> Array:
    """Each number of dimension d added to the pixels [start, stop) of its window."""
    x = np.zeros((*g.shape[:d], n, *g.shape[len(g.shape) + d + 1 :]), g.dtype)
    x, g = np.moveaxis(x, d, 0), np.moveaxis(g, d, 0)
    for o, (start, stop) in enumerate(cuts):
        x[start:stop] += g[o]
    return np.ascontiguousarray(np.moveaxis(x, 0, d))


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
    x = np.zeros((planes, plane), _wide(g[:0]).dtype)
    if not g.size:
        return x.reshape(lead + size).astype(g.dtype, copy=False)
    values, places = _wide(g).reshape(planes, -1), np.ascontiguousarray(positions).reshape(planes, -1)
    if _for_numpy(g, g.size):
        where = places + np.arange(0, x.size, plane)[:, None]
        if add:
            np.add.at(x.reshape(-1), where, values)
        else:
            x.reshape(-1)[where] = values
    else:
        from minigrad.kernels import pool_loops

        threads.run(
            lambda a, b: pool_loops.place(values, places, x, add, a, b), planes, g.size + x.size / 4
        )
    return x.reshape(lead + size).astype(g.dtype, copy=False)


def take_at(x: Array, positions: Array, dims: int) -> Array:
    """The numbers of x (..., *size) at positions (..., *out)."""
    lead = x.shape[: x.ndim - dims]
    planes = math.prod(lead)
    if not positions.size:
        return np.zeros(positions.shape, x.dtype)
    flat = x.reshape(planes, -1)
    return np.take_along_axis(flat, positions.reshape(planes, -1), 1).reshape(positions.shape)

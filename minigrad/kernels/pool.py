"""Pooling in 1, 2 or 3 spatial dimensions, on plain arrays.

Two families, each closed under differentiation:

    maximum (x) -> y, positions     add_at (g, positions) -> like x     take_at (x, positions) -> like y
    mean    (x) -> y                spread (g) -> like x

    x (..., *size)      y, g, positions (..., *out)      with the window's size and out

A position is a pixel's place in its plane, counted along the rows.  `add_at` and `take_at` are
adjoint to each other, and so are `mean` and `spread`.  Callers have checked shapes.  Answers are
new arrays, and the same bits for every number of threads.  Small work and unusual dtypes are
NumPy's, so that Numba is not loaded for them.
"""

import math
import os
from typing import Any

import numpy as np

from minigrad.kernels import pool_numpy, threads
from minigrad.kernels.pool_window import Array, Sizes, Window

# Taps of all windows up to which NumPy does the work: a picture of 128 x 128 is below.
SMALL = 1 << 15
_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def _for_numpy(dtype: Any, work: int) -> bool:
    return work <= SMALL or dtype.char not in "fde" or _INTERPRETED


def _flat(x: Array) -> Array:
    """x as a contiguous line, and float16 as float32."""
    kind = np.float32 if x.dtype == np.float16 else x.dtype
    return np.ascontiguousarray(x, kind).reshape(-1)


def _planes(x: Array, dims: int) -> tuple[Sizes, int]:
    """The leading dimensions of x, and how many planes these hold."""
    lead = x.shape[: x.ndim - dims]
    return lead, math.prod(lead)


def maximum(x: Array, window: Window) -> tuple[Array, Array]:
    """The greatest number of each window and its position (int32): of several the first, but the last NaN."""
    lead, planes = _planes(x, len(window.size))
    shape = lead + window.out
    if _for_numpy(x.dtype, planes * window.outputs * window.taps):
        y, at = pool_numpy.maximum(x.reshape(planes, window.pixels), window)
        return y.reshape(shape), at.reshape(shape)
    source = _flat(x)
    y = np.empty(shape, source.dtype)
    at = np.empty(shape, np.int32)
    _run("maximum", window, planes, source, y.reshape(-1), at.reshape(-1))
    return y.astype(x.dtype, copy=False), at


def mean(x: Array, window: Window) -> Array:
    """The sum over each window, divided by the window's divisors."""
    lead, planes = _planes(x, len(window.size))
    shape = lead + window.out
    if _for_numpy(x.dtype, planes * window.outputs * window.taps):
        return pool_numpy.mean(x.reshape(planes, window.pixels), window).reshape(shape)
    source = _flat(x)
    y = np.empty(shape, source.dtype)
    _run("mean", window, planes, source, y.reshape(-1))
    return y.astype(x.dtype, copy=False)


def spread(g: Array, window: Window) -> Array:
    """The adjoint of `mean`: g, divided, added to each pixel of its window."""
    lead, planes = _planes(g, len(window.size))
    shape = lead + window.size
    if _for_numpy(g.dtype, planes * window.outputs * window.taps):
        return pool_numpy.spread(g.reshape(planes, window.outputs), window).reshape(shape)
    source = _flat(g)
    x = np.empty(shape, source.dtype)
    _run("spread", window, planes, source, x.reshape(-1))
    return x.astype(g.dtype, copy=False)


def _run(name: str, window: Window, planes: int, *arrays: Array) -> None:
    """Have all tasks of a kernel of pool_loops done."""
    from minigrad.kernels import pool_loops, simd

    kind = (0,) * (simd.BYTES // arrays[0].itemsize)
    kernel, bands = getattr(pool_loops, name), window.bands
    common: tuple[Any, ...] = (window.three, window.spans)
    if name != "maximum":
        common += (window.divisors,)
    if name == "spread":
        bands = window.back_bands
    group = len(kind) if len(window.spans) == 1 else 1
    tasks = -(-planes // group) * len(bands)
    # Nanoseconds, roughly: pixels and outputs are moved, taps are joined.
    cost = planes * (window.pixels / 3 + window.outputs * (2 + window.taps) / 4)
    threads.run(lambda a, b: kernel(kind, *arrays, *common, bands, a, b), tasks, cost)


# ---------------------------------------------------------------------------- by position
def add_at(g: Array, positions: Array, size: Sizes) -> Array:
    """Zeros of (..., *size) with g (..., *out) added at its positions."""
    lead, planes = _planes(g, len(size))
    if _for_numpy(g.dtype, max(g.size, planes * math.prod(size) // 4)):
        flat = positions.reshape(planes, -1) if g.size else positions.reshape(planes, 0)
        return pool_numpy.add_at(g.reshape(flat.shape), flat, math.prod(size)).reshape(lead + size)
    return _placed(g, positions, size, True)


def put_at(x: Array, positions: Array, size: Sizes) -> Array:
    """Zeros of (..., *size) with x (..., *out) at its positions: the last one where several meet."""
    lead, planes = _planes(x, len(size))
    if _for_numpy(x.dtype, max(x.size, planes * math.prod(size) // 4)):
        y = np.zeros(lead + size, x.dtype)
        y.reshape(-1)[_everywhere(positions, planes, math.prod(size))] = x.reshape(-1)
        return y
    return _placed(x, positions, size, False)


def take_at(x: Array, positions: Array, dims: int) -> Array:
    """The numbers of x (..., *size) at positions (..., *out)."""
    _, planes = _planes(x, dims)
    places = _everywhere(positions, planes, math.prod(x.shape[x.ndim - dims :]))
    return x.take(places).reshape(positions.shape)


def _everywhere(positions: Array, planes: int, pixels: int) -> Array:
    """Positions counted over all planes, as a line."""
    first = np.arange(planes)[:, None] * pixels
    return (positions.reshape(planes, positions.size // max(1, planes)) + first).reshape(-1)


def _placed(values: Array, positions: Array, size: Sizes, adding: bool) -> Array:
    from minigrad.kernels import pool_loops

    lead, planes = _planes(values, len(size))
    source = _flat(values).reshape(planes, values.size // max(1, planes))
    at = np.ascontiguousarray(positions, np.int32).reshape(source.shape)
    x = np.empty(lead + size, source.dtype)
    into = x.reshape(planes, math.prod(size))
    cost = values.size + x.size / 4
    threads.run(lambda a, b: pool_loops.place(source, at, into, adding, a, b), planes, cost)
    return x.astype(values.dtype, copy=False)

"""Pooling over regular windows, in 1, 2 or 3 spatial dimensions, on plain arrays.

Two families, each closed under differentiation:

    maximum (x) -> y, codes      give (g, codes) -> like x     pick (x, codes) -> like y
    mean    (x) -> y             spread (g) -> like x

    x (..., *size)    y, g, codes (..., *out)      with the window's size and out

Codes are the numbers of taps, or where windows are far apart, positions (int64).
`give` and `pick` are adjoint to each other, and so are `mean` and `spread`.  Callers have checked
shapes.  Answers are new arrays, and the same bits for every number of threads.  Small work and
unusual dtypes are NumPy's, so that Numba is not loaded for them.
"""

import functools
import math
import os
from typing import Any

import numpy as np

from minigrad.kernels import pool_numpy, pool_spans, threads
from minigrad.kernels.pool_window import Array, Window, area, divisors

# Taps of all windows up to which NumPy does the work: a picture of 128 x 128 is below.
SMALL = 1 << 15
_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def _planes(x: Array, dims: int) -> Array:
    """x with its leading dimensions made one."""
    cut = x.ndim - dims
    return x if cut == 1 else x.reshape(math.prod(x.shape[:cut]), *x.shape[cut:])


def _for_numpy(planes: int, dtype: Any, window: Window) -> bool:
    return planes * window.work <= SMALL or dtype.char not in "fde" or _INTERPRETED


def _wide(x: Array) -> Array:
    """x contiguous, and float16 as float32."""
    return np.ascontiguousarray(x, np.float32 if x.dtype == np.float16 else x.dtype)


def maximum(x: Array, window: Window) -> tuple[Array, Array]:
    """The greatest number of each window, and its tap: the first of several, NaN before all others."""
    flat = _planes(x, window.axes)
    shape = x.shape[: x.ndim - window.axes] + window.out
    if _for_numpy(len(flat), x.dtype, window):
        y, codes = pool_numpy.maximum(flat, window)
        return y.reshape(shape), codes.reshape(shape)
    source = _wide(x)
    if window.by_span:
        y, places = pool_spans.large_maximum(_planes(source, window.axes), window.spans, window.out)
        return y.reshape(shape).astype(x.dtype, copy=False), places.reshape(shape)
    y = np.empty(shape, source.dtype)
    codes = np.empty(shape, window.tables.code)
    _forward(source, y, codes, window, window.tables.divisors)
    return y.astype(x.dtype, copy=False), codes


def mean(x: Array, window: Window, include_pad: bool = True, override: int | None = None) -> Array:
    """The sum over each window divided by `override`, or by how many pixels it has."""
    flat = _planes(x, window.axes)
    shape = x.shape[: x.ndim - window.axes] + window.out
    by = area(window, include_pad, override)
    if _for_numpy(len(flat), x.dtype, window):
        return pool_numpy.mean(flat, window, by).reshape(shape)
    source = _wide(flat)
    table = divisors(window, include_pad, override)
    if _is_whole(window):
        y = _totals(source, by)
    elif window.by_span:
        y = pool_spans.large_mean(source, window.spans, table, window.out)
    else:
        y = np.empty(shape, source.dtype)
        _forward(source, y, None, window, table)
    return y.reshape(shape).astype(x.dtype, copy=False)


def _is_whole(window: Window) -> bool:
    """Whether the only window is the plane."""
    alone = window.out == (1,) * window.axes
    return alone and window.kernel == window.size and not any(window.padding)


def give(g: Array, codes: Array, window: Window) -> Array:
    """g added to the pixel of its window that the code names, zeros elsewhere."""
    flat = _planes(g, window.axes)
    if codes.dtype != np.int64 and _for_numpy(len(flat), g.dtype, window):
        x = pool_numpy.give(flat, _planes(codes, window.axes), window)
        return x.reshape(g.shape[: g.ndim - window.axes] + window.size)
    if codes.dtype == np.int64:
        return pool_spans.add_at(g, codes, window.size)
    source = _wide(g)
    x = np.empty(g.shape[: g.ndim - window.axes] + window.size, source.dtype)
    _backward(source, np.ascontiguousarray(codes), x, window)
    return x.astype(g.dtype, copy=False)


def spread(g: Array, window: Window, include_pad: bool = True, override: int | None = None) -> Array:  # fmt: skip
    """The adjoint of `mean`: g, divided, added to each pixel of its window."""
    flat = _planes(g, window.axes)
    shape = g.shape[: g.ndim - window.axes] + window.size
    by = area(window, include_pad, override)
    if _for_numpy(len(flat), g.dtype, window):
        return pool_numpy.spread(flat, window, by).reshape(shape)
    wide = _wide(flat)
    x = np.empty(shape, wide.dtype)  # answered as it is: of a view the engine would take a copy
    if _is_whole(window):
        _repeat(wide, by, x.reshape(len(flat), math.prod(window.size)))
    elif window.by_span:
        table = divisors(window, include_pad, override)
        pool_spans.large_spread(wide, window.spans, table, x.reshape(len(flat), *window.size))
    else:
        _backward(wide / np.asarray(by, wide.dtype), None, x, window)
    return x.astype(g.dtype, copy=False)


def pick(x: Array, codes: Array, window: Window) -> Array:
    """The pixel of each window that the code names."""
    dims = window.axes
    if codes.dtype == np.int64:
        return pool_spans.take_at(x, codes, dims)
    return pool_numpy.pick(_planes(x, dims), _planes(codes, dims), window).reshape(codes.shape)


def positions(codes: Array, window: Window) -> Array:
    """Where in its plane, counted along the rows, each maximum is (int64)."""
    return codes if codes.dtype == np.int64 else pool_numpy.positions(codes, window)


# ---------------------------------------------------------------------------- the Numba side
@functools.lru_cache(maxsize=256)
def _geometry(window: Window) -> tuple[Array, Array, Array]:
    """The window in three dimensions, the taps along a row by phase, and where each phase begins."""
    missing = ((1,), (1,), (1,), (0,), (1,), (1,))
    n = 3 - len(window.out)
    size, kernel, stride, padding, dilation, out = (
        one * n + values for one, values in zip(missing, window)
    )
    dims = np.array([size, out, stride, padding, dilation, kernel], np.int64).T.copy()
    step = stride[2]
    places = [divmod(t * dilation[2] - padding[2], step) for t in range(kernel[2])]
    order = sorted(range(kernel[2]), key=lambda t: places[t][1])
    taps = np.array([(t, places[t][0]) for t in order], np.int64)
    begin = np.searchsorted([places[t][1] for t in order], np.arange(step + 1))
    return dims, taps, begin.astype(np.int64)


def _kind(dtype: Any, window: Window) -> tuple[tuple[int, ...], tuple[int, ...]]:
    from minigrad.kernels import simd

    stride = window.stride[-1]
    return (0,) * (simd.BYTES // dtype.itemsize), (0,) * (stride if stride < 3 else 0)


def _forward(x: Array, y: Array, codes: Array | None, window: Window, table: Array) -> None:  # fmt: skip
    from minigrad.kernels import pool_rows

    if not y.size:
        return
    dims = _geometry(window)[0]
    kind, by = _kind(x.dtype, window), table.astype(x.dtype)
    if len(kind[1]) == 2 and window.dilation[-1] > 1:
        kind = (kind[0], ())  # neighbouring taps are not neighbouring columns
    flat = (x.reshape(-1), y.reshape(-1), None if codes is None else codes.reshape(-1))

    def task(start: int, stop: int) -> None:
        pool_rows.pool(kind, *flat, dims, by, start, stop)

    rows = y.size // window.out[-1]
    cost = 4 * y.size + y.size * math.prod(window.kernel) / 4  # nanoseconds, roughly
    threads.run(task, rows, cost)


def _totals(x: Array, divisor: Any) -> Array:
    """The sum of each plane, divided."""
    from minigrad.kernels import pool_loops

    rows = x.reshape(len(x), math.prod(x.shape[1:]))
    y, by = np.empty(len(x), x.dtype), x.dtype.type(divisor)
    threads.run(lambda a, b: pool_loops.totals(rows, by, y, a, b), len(x), x.size / 8)
    return y


def _repeat(g: Array, divisor: Any, x: Array) -> None:
    """x (planes, pixels): the number of each plane, divided."""
    from minigrad.kernels import pool_loops

    flat, by = g.reshape(-1), g.dtype.type(divisor)
    threads.run(lambda a, b: pool_loops.repeat(flat, by, x, a, b), len(g), x.size / 8)


def _backward(g: Array, codes: Array | None, x: Array, window: Window) -> None:
    from minigrad.kernels import pool_rows

    if not x.size:
        return
    dims, taps, begin = _geometry(window)
    kind = _kind(x.dtype, window)
    flat = (g.reshape(-1), None if codes is None else codes.reshape(-1), x.reshape(-1))

    def task(start: int, stop: int) -> None:
        pool_rows.unpool(kind, *flat, dims, taps, begin, start, stop)

    cost = x.size + g.size * math.prod(window.kernel) / 4
    threads.run(task, x.size // window.size[-1], cost)

"""Pooling over regular windows, in 1, 2 or 3 spatial dimensions, on plain arrays.

Two families, each closed under differentiation:

    maximum (x) -> y, codes      give (g, codes) -> like x     pick (x, codes) -> like y
    mean    (x) -> y             spread (g) -> like x

    x (..., *size)    y, g, codes (..., *out)      with the window's size and out

`give` and `pick` are adjoint to each other, and so are `mean` and `spread`.  Callers have checked
shapes.  Answers are new arrays, and the same bits for every number of threads.  Small work and
unusual dtypes are NumPy's, so that Numba is not loaded for them.
"""

import functools
import math
from typing import Any

import numpy as np

from minigrad.kernels import pool_numpy, threads
from minigrad.kernels.pool_window import Array, Window, area, divisors, tables

# Taps of all windows up to which NumPy does the work: a picture of 128 x 128 is below.
SMALL = 1 << 15


def _planes(x: Array, dims: int) -> Array:
    """x with its leading dimensions made one."""
    lead, size = x.shape[: x.ndim - dims], x.shape[x.ndim - dims :]
    return x if len(lead) == 1 else x.reshape(math.prod(lead), *size)


def _for_numpy(x: Array, work: int) -> bool:
    return work <= SMALL or x.dtype.char not in "fde"


def _wide(x: Array) -> Array:
    """x contiguous, and float16 as float32."""
    return np.ascontiguousarray(x, np.float32 if x.dtype == np.float16 else x.dtype)


def maximum(x: Array, window: Window) -> tuple[Array, Array]:
    """The greatest number of each window, and its tap: the first of several, NaN before all others."""
    lead = x.shape[: x.ndim - len(window.out)]
    work = math.prod(lead) * math.prod(window.out) * math.prod(window.kernel)
    if _for_numpy(x, work):
        y, codes = pool_numpy.maximum(_planes(x, len(window.out)), window)
        shape = lead + window.out
        return y.reshape(shape), codes.reshape(shape)
    source = _wide(x)
    y = np.empty(lead + window.out, source.dtype)
    codes = np.empty(y.shape, tables(window).code)
    _forward(source, y, codes, window, tables(window).divisors, work)
    return y.astype(x.dtype, copy=False), codes


def mean(x: Array, window: Window, include_pad: bool = True, override: int | None = None) -> Array:
    """The sum over each window divided by `override`, or by how many pixels it has."""
    lead = x.shape[: x.ndim - len(window.out)]
    work = math.prod(lead) * math.prod(window.out) * math.prod(window.kernel)
    table = divisors(window, include_pad, override)
    if window.out == (1,) * len(window.out) and x.dtype.char in "fd" and not any(window.padding):
        part = x[(..., *(slice(k) for k in window.kernel))]
        if window.dilation == (1,) * len(window.out):
            total = np.add.reduce(part.reshape(*lead, -1), -1)
            return (total / x.dtype.type(area(window, table))).reshape(lead + window.out)
    if _for_numpy(x, work):
        y = pool_numpy.mean(_planes(x, len(window.out)), window, area(window, table))
        return y.reshape(lead + window.out)
    source = _wide(x)
    y = np.empty(lead + window.out, source.dtype)
    _forward(source, y, None, window, table, work)
    return y.astype(x.dtype, copy=False)


def give(g: Array, codes: Array, window: Window) -> Array:
    """g added to the pixel of its window that the code names, zeros elsewhere."""
    lead = g.shape[: g.ndim - len(window.out)]
    work = math.prod(lead) * math.prod(window.out) * math.prod(window.kernel)
    if _for_numpy(g, work):
        dims = len(window.out)
        x = pool_numpy.give(_planes(g, dims), _planes(codes, dims), window)
        return x.reshape(lead + window.size)
    return _backward(g, np.ascontiguousarray(codes), window, work)


def spread(g: Array, window: Window, include_pad: bool = True, override: int | None = None) -> Array:  # fmt: skip
    """The adjoint of `mean`: g, divided, added to each pixel of its window."""
    lead = g.shape[: g.ndim - len(window.out)]
    work = math.prod(lead) * math.prod(window.out) * math.prod(window.kernel)
    by = area(window, divisors(window, include_pad, override))
    if _for_numpy(g, work):
        x = pool_numpy.spread(_planes(g, len(window.out)), window, by)
        return x.reshape(lead + window.size)
    return _backward(g / np.asarray(by, _wide(g).dtype), None, window, work).astype(g.dtype, copy=False)  # fmt: skip


def pick(x: Array, codes: Array, window: Window) -> Array:
    """The pixel of each window that the code names."""
    dims = len(window.out)
    y = pool_numpy.pick(_planes(x, dims), _planes(codes, dims), window)
    return y.reshape(codes.shape)


def positions(codes: Array, window: Window) -> Array:
    """Where in its plane, counted along the rows, each maximum is (int64)."""
    return pool_numpy.positions(codes, window)


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


def _forward(x: Array, y: Array, codes: Array | None, window: Window, table: Array, work: int) -> None:  # fmt: skip
    from minigrad.kernels import pool_rows

    if not y.size:
        return
    dims = _geometry(window)[0]
    kind, by = _kind(x.dtype, window), table.astype(x.dtype)
    flat = (x.reshape(-1), y.reshape(-1), None if codes is None else codes.reshape(-1))

    def task(start: int, stop: int) -> None:
        pool_rows.pool(kind, *flat, dims, by, start, stop)

    threads.run(task, y.size // window.out[-1], work / 4 + 8 * y.size)


def _backward(g: Array, codes: Array | None, window: Window, work: int) -> Array:
    from minigrad.kernels import pool_rows

    source = _wide(g)
    x = np.empty(g.shape[: g.ndim - len(window.out)] + window.size, source.dtype)
    if x.size:
        dims, taps, begin = _geometry(window)
        kind = _kind(x.dtype, window)
        flat = (source.reshape(-1), None if codes is None else codes.reshape(-1), x.reshape(-1))

        def task(start: int, stop: int) -> None:
            pool_rows.unpool(kind, *flat, dims, taps, begin, start, stop)

        threads.run(task, x.size // window.size[-1], work / 4 + x.size)
    return x.astype(g.dtype, copy=False)

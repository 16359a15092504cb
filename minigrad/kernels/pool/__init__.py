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

from minigrad.kernels.machine import scratch, threads
from minigrad.kernels.machine.arguments import address, addresses, addressof, table
from minigrad.kernels.pool import by_numpy
from minigrad.kernels.pool.windows import Array, Sizes, Window

# Taps of all windows up to which NumPy does the work: a picture of 128 x 128 is below.  Where a
# kernel has been loaded already, it is faster from FEW on; the answer's bits are the same.
SMALL, FEW = 1 << 15, 1 << 9
# NumPy takes the means of whole planes of up to so many pixels: larger ones would lose digits.
PLANE = 1 << 12
_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
_loaded: set[tuple[str, Any]] = set()


def _for_numpy(kernel: str, dtype: Any, work: int, alike: bool = True) -> bool:
    """Whether NumPy does this work; alike: whether the kernel makes the same bits."""
    if work > SMALL or (alike and work > FEW and (kernel, dtype) in _loaded):
        return dtype.char not in "fde" or _INTERPRETED
    return True


def _flat(x: Array) -> Array:
    """x as a contiguous line, and float16 as float32."""
    kind = np.float32 if x.dtype == np.float16 else x.dtype
    return np.ascontiguousarray(x, kind).reshape(-1)


def _planes(x: Array, dims: int) -> tuple[Sizes, int]:
    """The leading dimensions of x, and how many planes these hold."""
    lead = x.shape[: x.ndim - dims]
    return lead, math.prod(lead)


def maximum(x: Array, window: Window) -> tuple[Array, Array]:
    """The greatest number of each window and its position: of several the first, but the last NaN."""
    lead, planes = _planes(x, len(window.size))
    shape = lead + window.out
    if _for_numpy("maximum", x.dtype, planes * window.outputs * window.taps):
        y, at = by_numpy.maximum(x.reshape(planes, window.pixels), window)
        return y.reshape(shape), at.reshape(shape)
    source, at = _flat(x), scratch.empty(shape, np.int32)
    y = scratch.empty(shape, source.dtype)
    _run("maximum", window, planes, source, y, at)
    return y.astype(x.dtype, copy=False), at


def greatest(x: Array, window: Window) -> Array:
    """`maximum` without the positions."""
    lead, planes = _planes(x, len(window.size))
    work = planes * window.outputs * window.taps
    regular = work <= SMALL and window.slices is not None
    if regular or _for_numpy("maximum", x.dtype, work):
        flat = x.reshape(planes, window.pixels)
        return by_numpy.greatest(flat, window).reshape(lead + window.out)
    return maximum(x, window)[0]


def mean(x: Array, window: Window) -> Array:
    """The sum over each window, divided by the window's divisors."""
    return _linear("mean", x, window, window.size, window.out)


def spread(g: Array, window: Window) -> Array:
    """The adjoint of `mean`: g, divided, added to each pixel of its window."""
    if window.is_plane and window.pixels <= PLANE:
        return by_numpy.spread_evenly(g, window)
    return _linear("spread", g, window, window.out, window.size)


def _linear(name: str, x: Array, window: Window, size: Sizes, out: Sizes) -> Array:
    """`mean` or `spread`: (..., *size) -> (..., *out)."""
    lead, planes = _planes(x, len(size))
    work = planes * window.outputs * window.taps
    alike = window.outputs > 1 or name == "spread"
    by_plane = window.is_plane and window.pixels <= PLANE
    if by_plane or _for_numpy(name, x.dtype, work, alike):
        answer: Array = getattr(by_numpy, name)(x.reshape(planes, math.prod(size)), window)
        return answer.reshape(lead + out)
    source = _flat(x)
    y = scratch.empty(lead + out, source.dtype)
    _run(name, window, planes, source, y)
    return y.astype(x.dtype, copy=False)


def _run(
    name: str, window: Window, planes: int, x: Array, y: Array, at: Array | None = None
) -> None:
    """Have all tasks of a kernel done, which writes into y and at."""
    back, key = name == "spread", (name, x.dtype)
    windows = window.tables.get(key)
    if windows is None:
        from minigrad.kernels.pool import loops

        _loaded.add(key)
        windows = window.tables[key] = loops.told(getattr(loops, name), window, x.dtype, back)
    tasks = -(-planes // windows.group) * windows.bands
    # Nanoseconds, roughly: pixels and outputs are moved, taps are joined.
    cost = planes * (window.pixels / 3 + window.outputs * (2 + window.taps) / 4)
    seats = threads.seats(tasks, cost)
    memory = scratch.take("pool", windows.room * seats)
    flat = (y, x) if back else (x, y)
    job = table(windows.at, planes, *addresses(*flat), 0 if at is None else address(at), memory.at)
    threads.share(windows.by_address, (windows.entry, addressof(job)), tasks, cost, most=seats)


# ---------------------------------------------------------------------------- by position
def add_at(g: Array, positions: Array, size: Sizes) -> Array:
    """Zeros of (..., *size) with g (..., *out) added at its positions."""
    return _placed(g, positions, size, True)


def put_at(x: Array, positions: Array, size: Sizes) -> Array:
    """Zeros of (..., *size) with x (..., *out) at its positions: the last one where several meet."""
    return _placed(x, positions, size, False)


def _placed(values: Array, positions: Array, size: Sizes, adding: bool) -> Array:
    lead, planes = _planes(values, len(size))
    each, pixels = values.size // max(1, planes), math.prod(size)
    if _for_numpy("place", values.dtype, max(values.size, planes * pixels // 4)):
        row, at = values.reshape(planes, each), positions.reshape(planes, each)
        place = by_numpy.add_at if adding else by_numpy.put_at
        return place(row, at, pixels).reshape(lead + size)
    from minigrad.kernels.pool import loops

    source = _flat(values).reshape(planes, each)
    _loaded.add(("place", source.dtype))
    short = np.ascontiguousarray(positions, np.int32).reshape(source.shape)
    x = scratch.empty(lead + size, source.dtype)
    into = x.reshape(planes, pixels)
    cost = values.size + x.size / 4
    threads.share(loops.put, (source, short, into, adding), planes, cost)
    return x.astype(values.dtype, copy=False)


def take_at(x: Array, positions: Array, dims: int) -> Array:
    """The numbers of x (..., *size) at positions (..., *out)."""
    _, planes = _planes(x, dims)
    at = positions.reshape(planes, positions.size // max(1, planes))
    places = by_numpy.everywhere(at, planes, math.prod(x.shape[x.ndim - dims :]))
    return x.take(places).reshape(positions.shape)

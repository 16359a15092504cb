"""Pooling over regular windows in plain NumPy: small work without loading Numba, and every dtype.

All windows of the bordered input are one strided view; see conv_numpy for a picture.
x, y and g have shape (planes, *spatial).
"""

import functools
from typing import Any

import numpy as np

from minigrad.kernels.pool_window import Array, Window, every_tap

BLOCK = 1 << 20  # elements of windows laid out at a time


@functools.lru_cache(maxsize=256)
def _steps(window: Window, itemsize: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Bytes between neighbouring outputs and taps of the bordered planes."""
    border = window.tables.border
    pitch = [itemsize]
    for n in reversed(border[1:]):
        pitch.insert(0, pitch[0] * n)
    return (
        (pitch[0] * border[0], *(p * s for p, s in zip(pitch, window.stride))),
        tuple(p * d for p, d in zip(pitch, window.dilation)),
    )


def _bordered(x: Array, window: Window, fill: Any) -> Array:
    """The planes inside a border of `fill`; x itself, made contiguous, if the border is empty."""
    inner = window.tables.inner
    if inner is None:
        return x if x.flags.c_contiguous else np.ascontiguousarray(x)
    bordered = np.full((len(x), *window.tables.border), fill, x.dtype)
    place = (slice(None), *inner)
    bordered[place] = x
    return bordered


def windows(x: Array, window: Window, fill: Any) -> Array:
    """(planes, *out, *kernel): all windows of x, as a view of its bordered copy."""
    return laid_on(_bordered(x, window, fill), window)


def lowest(dtype: Any) -> Any:
    """What every number of a dtype is at least."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def maximum(x: Array, window: Window) -> tuple[Array, Array]:
    """The maxima of windows and their codes: the first of several, but the last NaN."""
    if len(x) > 1 and len(x) * window.work > BLOCK:
        cut = range(0, len(x), max(1, BLOCK // window.work))
        parts = [maximum(x[i : i + cut.step], window) for i in cut]
        return np.concatenate([y for y, _ in parts]), np.concatenate([c for _, c in parts])
    table = window.tables
    low = lowest(x.dtype)
    laid = windows(x, window, low).reshape(len(x), *window.out, table.taps)
    values, codes = np.maximum.reduce(laid, -1), laid.argmax(-1)
    if table.inner is not None:  # padding may have tied with pixels, or won over none
        tied = values == low
        if tied.any():
            codes = np.where(tied, table.first, codes)
            if table.void:
                codes = np.where(tied, _checked(codes, window), codes)
    if x.dtype.kind == "f" and values.size and np.isnan(values.max()):
        spoilt = np.isnan(values)
        codes[spoilt] = table.taps - 1 - np.isnan(laid[spoilt][:, ::-1]).argmax(-1)
    return values, codes.astype(table.code)


def _checked(codes: Array, window: Window) -> Array:
    """Codes, but -1 where the tap lies outside the input."""
    valid = np.ones(window.out, bool)
    place = np.unravel_index(codes, window.kernel)
    for axis, (tap, n, s, p, d, out) in enumerate(
        zip(place, window.size, window.stride, window.padding, window.dilation, window.out)
    ):
        shape = [1] * (len(place) + 1)
        shape[axis + 1] = out
        at = (np.arange(out) * s - p).reshape(shape) + tap * d
        valid = valid & (at >= 0) & (at < n)
    return np.where(valid, codes, -1)


def mean(x: Array, window: Window, area: Any) -> Array:
    """Sums over windows, divided by `area`."""
    dims = len(window.out)
    wide = np.float32 if x.dtype == np.float16 else x.dtype
    laid = windows(x, window, 0)
    total = np.add.reduce(laid, tuple(range(dims + 1, 2 * dims + 1)), wide)
    if x.dtype.kind == "f":
        return _same(total / _as(area, wide), x.dtype)
    quotient = np.floor_divide(np.abs(total), np.abs(area)) * np.sign(total) * np.sign(area)
    return _same(quotient, x.dtype)  # as C: rounded towards 0


def _as(area: Any, dtype: Any) -> Any:
    return np.asarray(area, dtype)


def _same(x: Array, dtype: Any) -> Array:
    return x if x.dtype == dtype else x.astype(dtype)


def spread(g: Array, window: Window, area: Any) -> Array:
    """The adjoint of `mean`: g, divided by `area`, added to each pixel of its window."""
    share = g / _as(area, g.dtype)
    bordered = np.zeros((len(g), *window.tables.border), g.dtype)
    laid = laid_on(bordered, window)
    for tap in every_tap(window):
        place: Any = (..., *tap)
        laid[place] += share
    return inner(bordered, window)


def laid_on(bordered: Array, window: Window) -> Array:
    """(planes, *out, *kernel): all windows of bordered planes, as a view."""
    outs, taps = _steps(window, bordered.itemsize)
    shape = (len(bordered), *window.out, *window.kernel)
    return np.ndarray(shape, bordered.dtype, bordered, 0, outs + taps)


def inner(bordered: Array, window: Window) -> Array:
    """Bordered planes without their border."""
    inside = window.tables.inner
    if inside is None:
        return bordered
    place = (slice(None), *inside)
    return np.ascontiguousarray(bordered[place])


def positions(codes: Array, window: Window) -> Array:
    """Where in its plane, counted along the rows, each maximum was found (int64)."""
    table = window.tables
    if table.void:
        codes = np.where(codes == np.array(-1).astype(table.code), table.first, codes)
    return table.steps[codes] + table.origin


def _places(codes: Array, window: Window) -> Array:
    """The same, counted over all planes."""
    plane = int(np.prod(window.size))
    lead = np.arange(0, len(codes) * plane, plane).reshape((-1,) + (1,) * len(window.out))
    return positions(codes, window) + lead


def give(g: Array, codes: Array, window: Window) -> Array:
    """The adjoint of picking: g added to the pixel of its window that the code names."""
    x = np.zeros(len(g) * int(np.prod(window.size)), g.dtype)
    places = _places(codes, window).ravel()
    if window.tables.void:
        real = (codes != np.array(-1).astype(codes.dtype)).ravel()
        np.add.at(x, places[real], g.ravel()[real])
    else:
        np.add.at(x, places, g.ravel())
    return x.reshape(len(g), *window.size)


def pick(x: Array, codes: Array, window: Window) -> Array:
    """The pixel of each window that the code names; 0 for none."""
    places = _places(codes, window)
    if not window.tables.void:
        return x.ravel()[places]
    real = codes != np.array(-1).astype(codes.dtype)
    return np.where(real, x.ravel()[np.where(real, places, 0)], x.dtype.type(0))

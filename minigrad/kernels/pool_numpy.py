"""Pooling over regular windows in plain NumPy: small work without loading Numba, and every dtype.

All windows of the bordered input are one strided view; see conv_numpy for a picture.
x, y and g have shape (planes, *spatial).
"""

import functools
import math
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
    codes = laid.argmax(-1)
    values = laid.reshape(-1).take(codes + _starts(window, len(x)))
    if table.inner is not None:  # padding may have tied with pixels, or won over none
        tied = values == low
        if tied.any():
            codes = np.where(tied, table.first, codes)
            if table.void:
                codes = np.where(tied, _checked(codes, window), codes)
    if x.dtype.kind == "f" and values.size:
        most = np.maximum.reduce(values.reshape(-1))
        if most != most:
            spoilt = np.isnan(values)
            codes[spoilt] = table.taps - 1 - np.isnan(laid[spoilt][:, ::-1]).argmax(-1)
    return values, codes.astype(table.code)


@functools.lru_cache(maxsize=64)
def _starts(window: Window, planes: int) -> Array:
    """Where each window starts when all are laid out, (planes, *out)."""
    taps = window.tables.taps
    return np.arange(0, planes * window.work, taps).reshape(planes, *window.out)


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
    if window.tables.apart:
        laid[...] = share.reshape(share.shape + (1,) * window.axes)
    else:
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
    place: Any = (..., *inside)
    return np.ascontiguousarray(bordered[place])


def positions(codes: Array, window: Window) -> Array:
    """Where in its plane, counted along the rows, each maximum was found (int64)."""
    table = window.tables
    if table.void:
        codes = np.where(codes == _none(window), table.first, codes)
    return table.steps[codes] + table.origin


@functools.lru_cache(maxsize=64)
def _origins(window: Window, planes: int) -> Array:
    """Where tap 0 of each window lies, counted over all planes: (planes, *out)."""
    plane = int(np.prod(window.size))
    lead = np.arange(planes).reshape((-1,) + (1,) * window.axes) * plane
    return window.tables.origin + lead


def _places(codes: Array, window: Window) -> Array:
    """Where each maximum was found, counted over all planes."""
    if window.tables.void:
        nowhere = codes == _none(window)
        places = window.tables.steps.take(np.where(nowhere, 0, codes))
        return np.where(nowhere, 0, places + _origins(window, len(codes)))
    places = window.tables.steps.take(codes)
    places += _origins(window, len(codes))
    return places


def _none(window: Window) -> Any:
    """The code of no tap at all."""
    return np.array(-1).astype(window.tables.code)


def give(g: Array, codes: Array, window: Window) -> Array:
    """The adjoint of picking: g added to the pixel of its window that the code names."""
    shape = (len(g), *window.size)
    places = _places(codes, window)
    if window.tables.void:
        g = np.where(codes == _none(window), g.dtype.type(0), g)
    elif window.tables.apart:
        x = np.zeros(shape, g.dtype)
        x.put(places, g)
        return x
    total = np.bincount(places.ravel(), g.ravel(), math.prod(shape))
    return total.astype(g.dtype).reshape(shape)


def pick(x: Array, codes: Array, window: Window) -> Array:
    """The pixel of each window that the code names; 0 for none."""
    picked = x.take(_places(codes, window))
    if window.tables.void:
        picked[codes == _none(window)] = 0
    return picked

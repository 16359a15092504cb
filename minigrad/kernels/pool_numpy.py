"""Pooling in plain NumPy: small work without loading Numba, and every dtype.

    x (planes, pixels)         places (outputs, taps)         laid (planes, outputs, taps)
    a b c d e f g h              0 1 4 5                        a b e f
                         [..., places]  2 3 6 7        ->       c d g h     reduced over its rows

Where each window's pixels are is worked out once per window: see pool_window.Layout.
"""

from typing import Any

import numpy as np

from minigrad.kernels.pool_window import Array, Window


def _laid(x: Array, places: Array) -> Array:
    """(planes, outputs, taps): the pixels of all windows."""
    if len(places) == 1:
        return x.take(places[0], 1)
    return np.take_along_axis(x, places.reshape(len(x), -1), 1).reshape(places.shape)


def _lowest(dtype: Any) -> Any:
    """What every number of a dtype is at least."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def maximum(x: Array, window: Window) -> tuple[Array, Array]:
    """The greatest number of each window and its position: of several the first, but the last NaN."""
    places, short, _ = window.layout
    laid = _laid(x, places)
    taps = laid.argmax(-1)
    values = np.maximum.reduce(laid, -1)
    if x.dtype.kind == "f" and values.size:
        most = np.maximum.reduce(values.reshape(-1))
        if most != most:
            spoilt = np.isnan(laid)
            last = window.taps - 1 - spoilt[..., ::-1].argmax(-1)
            taps = np.where(spoilt.any(-1), last, taps)
    places = np.broadcast_to(places, laid.shape)
    positions = np.take_along_axis(places, taps[..., None], -1)[..., 0].astype(np.int32)
    if window.void and short is not None:
        values[np.broadcast_to(short.all(-1), values.shape)] = _lowest(x.dtype)
    return values, positions


def mean(x: Array, window: Window) -> Array:
    """The sum over each window, divided."""
    wide = np.dtype(np.float32) if x.dtype == np.float16 else x.dtype
    laid = _laid(x, window.layout.places)
    if window.layout.short is not None:
        laid[np.broadcast_to(window.layout.short, laid.shape)] = 0
    total = np.add.reduce(laid, -1, wide)
    if x.dtype.kind == "f":
        return (total / np.asarray(window.area, wide)).astype(x.dtype, copy=False)
    quotient = np.floor_divide(np.abs(total), np.abs(window.area))  # as C: rounded towards 0
    return (quotient * np.sign(total) * np.sign(window.area)).astype(x.dtype, copy=False)


def spread(g: Array, window: Window) -> Array:
    """The adjoint of `mean`: (planes, outputs) -> (planes, pixels)."""
    places, short, apart = window.layout
    share = (g / np.asarray(window.area, g.dtype))[..., None]
    x = np.zeros((len(g), window.pixels), g.dtype)
    if apart:
        x[:, places[0]] = share
        return x
    real = np.where(short, g.dtype.type(0), share) if short is not None else share
    return add_at(np.broadcast_to(real, (*g.shape, window.taps)), places, window.pixels)


def add_at(g: Array, positions: Array, pixels: int) -> Array:
    """Zeros of (planes, pixels) with each number of g (planes, ...) added at its position."""
    first = np.arange(0, len(g) * pixels, max(1, pixels)).reshape((-1,) + (1,) * (g.ndim - 1))
    places = (positions + first).reshape(-1)
    total = np.bincount(places, g.reshape(-1), len(g) * pixels)
    return total.astype(g.dtype).reshape(len(g), pixels)

"""Pooling in plain NumPy: small work without loading Numba, and every dtype.

    x (planes, pixels)     places (outputs, taps)     laid (planes, outputs, taps)
    a b c d e f g h          0 1 4 5                    a b e f
                             2 3 6 7         ->         c d g h      each row a window

Where the pixels of windows are is worked out once: see windows.Layout.  Sums are in the order
of loops.py, so that answers have the same bits; only those of whole planes are NumPy's own.
"""

from typing import Any

import numpy as np

from minigrad.kernels import reduce
from minigrad.kernels.pool.windows import Array, Window


def _laid(x: Array, places: Array) -> Array:
    """The pixels at the places of each plane: (planes, *places.shape[1:])."""
    if len(places) == 1:
        return x.take(places[0], 1)
    return np.take_along_axis(x, places.reshape(len(x), -1), 1).reshape(places.shape)


def _lowest(dtype: Any) -> Any:
    """What every number of a dtype is at least."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def greatest(x: Array, window: Window) -> Array:
    """The greatest number of each window, or NaN: (planes, pixels) -> (planes, outputs)."""
    if window.slices is None:
        return maximum(x, window, False)[0]
    x = x.reshape(len(x), *window.three[0])
    for first, *others in window.slices:
        y = x[first]
        for tap in others:
            y = np.maximum(y, x[tap])
        x = y
    return x.reshape(len(x), window.outputs)


def maximum(x: Array, window: Window, positions: bool = True) -> tuple[Array, Array]:
    """The greatest number of each window and, if asked for, its position: the first, or the last NaN."""
    places, short, _ = window.layout
    laid = _laid(x, places)
    taps = laid.argmax(-1)
    rows = np.arange(0, laid.size, window.taps)
    values = laid.reshape(-1).take(taps.reshape(-1) + rows)
    if positions and x.dtype.kind == "f" and not np.dot(values, values) >= 0:
        spoilt = np.isnan(laid)
        last = window.taps - 1 - spoilt[..., ::-1].argmax(-1)
        taps = np.where(spoilt.any(-1), last, taps)
    values = values.reshape(taps.shape)
    if window.void and short is not None:
        values[np.broadcast_to(short.all(-1), values.shape)] = _lowest(x.dtype)
    if positions:
        taps = places.take(taps + window.starts)
    return values, taps


def mean(x: Array, window: Window) -> Array:
    """The sum over each window, divided."""
    wide = np.dtype(np.float32) if x.dtype == np.float16 else x.dtype
    if window.is_plane:
        total = reduce.add_up(x, 1, False) if reduce.many(x) else np.einsum("ij->i", x, dtype=wide)
        return _divided(total[:, None], window, x.dtype)
    laid = _laid(x, window.turned)
    if window.layout.short is not None:
        np.copyto(laid, 0, where=window.layout.short.swapaxes(1, 2))
    if window.by_rows:
        side = int(window.sides[2])
        rows = laid.reshape(-1, side, window.outputs)
        laid = np.add.reduce(rows, 1, wide, initial=0)
        laid = laid.reshape(len(x), window.taps // side, window.outputs)
    total = np.add.reduce(laid, 1, wide, initial=0)  # of 0 and -0 as of any 0
    return _divided(total, window, x.dtype)


def _divided(total: Array, window: Window, dtype: Any) -> Array:
    if dtype.kind != "f":
        quotient = np.floor_divide(np.abs(total), np.abs(window.area))  # as C: rounded towards 0
        return (quotient * np.sign(total) * np.sign(window.area)).astype(dtype, copy=False)
    total /= window.area
    return total.astype(dtype, copy=False)


def spread(g: Array, window: Window) -> Array:
    """The adjoint of `mean`: (planes, outputs) -> (planes, pixels)."""
    share = (g / window.area).astype(g.dtype, copy=False)[..., None]
    places, short, apart = window.layout
    if apart:
        x = np.zeros((len(g), window.pixels), g.dtype)
        x[:, places[0]] = share + 0  # as if it were added: never -0
        return x
    shares = np.broadcast_to(share, (*g.shape, window.taps))
    return add_at(shares if short is None else np.where(short, 0, share), places, window.pixels)


def spread_evenly(g: Array, window: Window) -> Array:
    """`spread` over windows that are planes: (..., *out) -> (..., *size), an array of its own."""
    x = np.empty(g.shape[: g.ndim - len(window.size)] + window.size, g.dtype)
    x[...] = g / window.area + 0  # as if it were added: never -0
    return x


def everywhere(positions: Array, planes: int, pixels: int) -> Array:
    """Positions (planes or 1, ...) counted over all planes."""
    first = np.arange(0, planes * pixels, max(1, pixels))
    return positions + first.reshape((-1,) + (1,) * (positions.ndim - 1))


def add_at(g: Array, positions: Array, pixels: int) -> Array:
    """Zeros of (planes, pixels) with each number of g (planes, ...) added at its position."""
    x = np.zeros((len(g), pixels), g.dtype)
    np.add.at(x.reshape(-1), everywhere(positions, *x.shape).reshape(-1), g.reshape(-1))
    return x


def put_at(x: Array, positions: Array, pixels: int) -> Array:
    """Zeros of (planes, pixels) with each number of x (planes, ...) at its position."""
    y = np.zeros((len(x), pixels), x.dtype)
    y.reshape(-1)[everywhere(positions, *y.shape)] = x
    return y

"""Pictures as arrays: uint8 (H, W) or (H, W, C), treated as Pillow treats its images.

Knows nothing of tensors and of Pillow.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

PADDING = {"constant": "constant", "edge": "edge", "reflect": "reflect", "symmetric": "symmetric"}


def window(pixels: Array, top: int, left: int, height: int, width: int, fill: Any) -> Array:
    """The part of a size from a corner on; what lies outside is `fill`, a number or one for each channel."""
    h, w = pixels.shape[:2]
    out = np.empty((height, width, *pixels.shape[2:]), pixels.dtype)
    out[...] = fill
    rows = slice(max(top, 0), max(min(top + height, h), 0))
    columns = slice(max(left, 0), max(min(left + width, w), 0))
    part = pixels[rows, columns]
    if part.size:
        above, before = max(-top, 0), max(-left, 0)
        out[above : above + part.shape[0], before : before + part.shape[1]] = part
    return out


def padded(pixels: Array, sides: tuple[int, int, int, int], fill: Any, mode: str) -> Array:
    """With (left, top, right, bottom) more pixels; negative numbers cut off.  mode: of PADDING."""
    left, top, right, bottom = sides
    h, w = pixels.shape[:2]
    if mode == "constant":
        return window(pixels, -top, -left, h + top + bottom, w + left + right, fill)
    cut = pixels[max(-top, 0) : h - max(-bottom, 0), max(-left, 0) : w - max(-right, 0)]
    widths = [(max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0)), (0, 0)]
    return np.pad(cut, widths[: pixels.ndim], mode=PADDING[mode])  # type: ignore[call-overload]


def grey(pixels: Array) -> Array:
    """(H, W, 3) uint8 to (H, W): ITU-R 601-2's brightness, in whole numbers of 2**-16."""
    if pixels.ndim == 2:
        return pixels
    weights = np.array([19595, 38470, 7471])
    return ((pixels[..., :3].astype(np.int64) @ weights + 0x8000) >> 16).astype(np.uint8)


# -------------------------------------------------------------------------------------- resizing


def _triangle(x: Array) -> Array:
    return np.maximum(1 - np.abs(x), 0)


def _cubic(x: Array, a: float = -0.5) -> Array:
    x = np.abs(x)
    near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _box(x: Array) -> Array:
    return ((x > -0.5) & (x <= 0.5)).astype(float)


def _sinc(x: Array) -> Array:
    angle = np.where(x == 0, 1.0, x * math.pi)
    return np.where(x == 0, 1.0, np.sin(angle) / angle)


def _lanczos(x: Array) -> Array:
    return np.where((x >= -3) & (x < 3), _sinc(x) * _sinc(x / 3), 0.0)


def _hamming(x: Array) -> Array:
    return np.where(np.abs(x) < 1, _sinc(x) * (0.54 + 0.46 * np.cos(math.pi * x)), 0.0)


# Name of the filter: (its function, how far it reaches).
FILTERS: dict[str, tuple[Callable[[Array], Array], float]] = {
    "bilinear": (_triangle, 1.0),
    "bicubic": (_cubic, 2.0),
    "box": (_box, 0.5),
    "hamming": (_hamming, 1.0),
    "lanczos": (_lanczos, 3.0),
}
_BITS = 22  # of the weights' fractions


@functools.lru_cache(maxsize=64)
def _weights(old: int, new: int, name: str) -> Array:
    """(new, old) float64: whole numbers of 2**-22, as Pillow's fixed-point arithmetic has them."""
    function, reach = FILTERS[name]
    scale = old / new
    stretch = max(scale, 1.0)  # when shrinking, the filter grows with the step between pixels
    out = np.zeros((new, old))
    for i in range(new):
        center = (i + 0.5) * scale
        start = max(int(center - reach * stretch + 0.5), 0)
        stop = min(int(center + reach * stretch + 0.5), old)
        w = function((np.arange(start, stop) - center + 0.5) * (1.0 / stretch))
        total = 0.0
        for weight in w.tolist():  # one after the other, as sums are rounded
            total += weight
        w = w / total if total else w
        out[i, start:stop] = np.trunc(w * (1 << _BITS) + np.copysign(0.5, w))
    return out


def resized(pixels: Array, height: int, width: int, name: str) -> Array:
    """uint8 pixels of another size, by a filter of FILTERS or "nearest", as Pillow's `resize`.

    The sums of whole numbers are exact in float64, so that this is Pillow's fixed-point arithmetic.
    Rows go first; Pillow sometimes takes the columns first, which can change the last bit.
    """
    if pixels.dtype != np.uint8:
        raise TypeError(f"only pixels of uint8 can be resized, got {pixels.dtype}")
    h, w = pixels.shape[:2]
    if name == "nearest":
        return pixels[_nearest(h, height)[:, None], _nearest(w, width)]
    if width != w:
        sums = np.moveaxis(pixels, 1, -1) @ _weights(w, width, name).T
        pixels = np.moveaxis(_rounded(sums), -1, 1)
    if height != h:
        flat = _weights(h, height, name) @ pixels.reshape(h, -1).astype(float)
        pixels = _rounded(flat).reshape(height, *pixels.shape[1:])
    return np.ascontiguousarray(pixels)


def _rounded(sums: Array) -> Array:
    return np.clip((sums.astype(np.int64) + (1 << (_BITS - 1))) >> _BITS, 0, 255).astype(np.uint8)


def _nearest(old: int, new: int) -> Array:
    """The old place of each new pixel; the steps are added up, as Pillow does."""
    scale = old / new
    steps = np.full(new, scale)
    steps[:1] *= 0.5
    return np.minimum(np.cumsum(steps).astype(np.int64), old - 1)


def rotated(pixels: Array, angle: float, expand: bool, center: Any, fill: Any) -> Array:
    """Turned by an angle in degrees against the clock, each pixel from the nearest: Pillow's `rotate`.

    center: (x, y), the middle unless given.  expand: make room for the corners.  fill: the rest.
    """
    h, w = pixels.shape[:2]
    turn = angle % 360.0
    middle = (w / 2, h / 2)
    if center is None and (turn in (0, 180) or (turn in (90, 270) and (expand or w == h))):
        return np.ascontiguousarray(np.rot90(pixels, int(turn // 90)))
    x0, y0 = middle if center is None else center
    radians = -math.radians(turn)
    a, b = round(math.cos(radians), 15), round(math.sin(radians), 15)
    c, f = a * -x0 + b * -y0 + x0, -b * -x0 + a * -y0 + y0
    new_h, new_w = h, w
    if expand:
        corners = [
            (a * x + b * y + c, -b * x + a * y + f) for x, y in [(0, 0), (w, 0), (w, h), (0, h)]
        ]
        xs, ys = zip(*corners)
        new_w = math.ceil(max(xs)) - math.floor(min(xs))
        new_h = math.ceil(max(ys)) - math.floor(min(ys))
        x, y = -(new_w - w) / 2.0, -(new_h - h) / 2.0
        c, f = a * x + b * y + c, -b * x + a * y + f
    # Pillow counts in whole numbers of 2**-16 of a pixel.
    a, b, c, f = (math.floor(v * 65536 + 0.5) for v in (a, b, c + (a + b) / 2, f + (a - b) / 2))
    x, y = np.arange(new_w), np.arange(new_h)[:, None]
    from_x, from_y = (a * x + b * y + c) >> 16, (-b * x + a * y + f) >> 16
    inside = (from_x >= 0) & (from_x < w) & (from_y >= 0) & (from_y < h)
    out = np.empty((new_h, new_w, *pixels.shape[2:]), pixels.dtype)
    out[...] = fill
    out[inside] = pixels[from_y[inside], from_x[inside]]
    return out

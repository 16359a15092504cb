"""Functions of where an image's pixels are: crops, borders, flips, sizes, turns."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._tape import wrap
from ..nn import functional as F
from ..tensor import Tensor
from . import _pixels
from ._forms import (
    InterpolationMode,
    get_dimensions,
    interpolation_mode,
    is_pil,
    pillow_number,
    pixelwise,
)


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The part of an image of a size, from a corner on; outside of the image it is 0."""
    _, h, w = get_dimensions(img)
    if not isinstance(img, Tensor):
        return pixelwise(img, lambda x: _pixels.window(x, top, left, height, width, 0))
    rows, columns = slice(*_within(top, height, h)), slice(*_within(left, width, w))
    part = img[..., rows, columns]
    above, before = min(max(-top, 0), height), min(max(-left, 0), width)
    below, after = height - above - part.shape[-2], width - before - part.shape[-1]
    return (
        F.pad(part, [before, after, above, below]) if (height, width) != part.shape[-2:] else part
    )


def _within(start: int, length: int, size: int) -> tuple[int, int]:
    """Where a stretch begins and ends, cut to what there is."""
    first = min(max(start, 0), size)
    return first, max(min(start + length, size), first)


def center_crop(img: Any, output_size: Any) -> Any:
    """The middle of an image, of a size (h, w) or a number for both; padded with 0 where it is smaller."""
    height, width = pair(output_size)
    _, h, w = get_dimensions(img)
    more_w, more_h = max(width - w, 0), max(height - h, 0)
    if more_w or more_h:
        img = pad(img, [more_w // 2, more_h // 2, (more_w + 1) // 2, (more_h + 1) // 2])
        _, h, w = get_dimensions(img)
    return crop(img, round((h - height) / 2.0), round((w - width) / 2.0), height, width)


def pair(
    size: Any, message: str = "Please provide only two dimensions (h, w) for size."
) -> tuple[int, int]:
    """(h, w) of a number, one number or two; ValueError with the message for more."""
    if isinstance(size, (int, float)):
        return int(size), int(size)
    if len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(message)
    return size[0], size[1]


def sides_of(padding: Any) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of one number, (all,), (left and right, top and bottom) or four."""
    if isinstance(padding, int):
        padding = [padding]
    if not isinstance(padding, (tuple, list)):
        raise TypeError(f"Got inappropriate padding arg {padding!r}")
    if len(padding) not in (1, 2, 4):
        raise ValueError(
            "Padding must be an int or a 1, 2, or 4 element tuple, not a "
            f"{len(padding)} element tuple"
        )
    left, top, right, bottom = list(padding) * (4 // len(padding))
    return left, top, right, bottom


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """An image with more pixels around it.

    padding: one number, (left and right, top and bottom) or (left, top, right, bottom).
    padding_mode: "constant", filled with `fill` (a number, or one for each channel); "edge",
    "reflect" (the edge once) or "symmetric" (the edge twice).
    TypeError, ValueError for arguments of other forms.
    """
    sides = sides_of(padding)
    if padding_mode not in _pixels.PADDING:
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    if not isinstance(img, Tensor):
        return pixelwise(
            img, lambda x: _pixels.padded(x, sides, 0 if fill is None else fill, padding_mode)
        )
    left, top, right, bottom = sides
    if padding_mode == "constant":
        return F.pad(img, [left, right, top, bottom], value=float(_one(fill or 0)))
    rows, columns = (
        np.pad(np.arange(size), widths, mode=_pixels.PADDING[padding_mode])  # type: ignore[call-overload]
        for size, widths in ((img.shape[-2], (top, bottom)), (img.shape[-1], (left, right)))
    )
    return img[..., wrap(rows), :][..., wrap(columns)]


def _one(fill: Any) -> Any:
    if isinstance(fill, (tuple, list)):
        if len(fill) != 1:
            raise ValueError(f"tensors are filled with one number, not with {fill}")
        return fill[0]
    return fill


def hflip(img: Any) -> Any:
    """An image with left and right exchanged."""
    if isinstance(img, Tensor):
        return img.flip(-1)
    return pixelwise(img, lambda x: np.ascontiguousarray(x[:, ::-1]))


def vflip(img: Any) -> Any:
    """An image with top and bottom exchanged."""
    if isinstance(img, Tensor):
        return img.flip(-2)
    return pixelwise(img, lambda x: np.ascontiguousarray(x[::-1]))


def size_after(h: int, w: int, size: Any, max_size: int | None) -> tuple[int, int]:
    """(h, w) that resize makes: size (h, w), or the shorter side's, the longer at most max_size."""
    numbers = [size] if isinstance(size, int) else list(size)
    if len(numbers) == 2:
        if max_size is not None:
            raise ValueError(
                "max_size should only be passed if size specifies the length of the smaller edge, "
                "i.e. size should be an int or a sequence of length 1"
            )
        return numbers[0], numbers[1]
    if len(numbers) != 1:
        raise ValueError(
            f"Size must be an int or a 1 or 2 element tuple/list, not a {len(numbers)}"
        )
    short, long = numbers[0], int(numbers[0] * max(h, w) / min(h, w))
    if max_size is not None:
        if max_size <= short:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested size for the "
                f"smaller edge size = {size}"
            )
        if long > max_size:
            short, long = int(max_size * short / long), max_size
    return (long, short) if w <= h else (short, long)


def resize(
    img: Any,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """An image of another size.

    size: (h, w), or a number for the shorter side.  antialias: for tensors; other images always are.
    TypeError, ValueError for arguments of other forms.
    """
    mode = interpolation_mode(interpolation)
    _, h, w = get_dimensions(img)
    height, width = size_after(h, w, size, max_size)
    if (height, width) == (h, w):
        return img
    if not isinstance(img, Tensor):
        name = "nearest" if mode is InterpolationMode.NEAREST_EXACT else mode.value
        return pixelwise(
            img,
            lambda x: _pixels.resized(x, height, width, name),
            lambda image: image.resize((width, height), pillow_number(mode)),
        )
    smooth = mode in (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC)
    options: dict[str, Any] = (
        {"align_corners": False, "antialias": bool(antialias)} if smooth else {}
    )
    whole = not img.is_floating_point()
    stack = (img.float() if whole else img).reshape(-1, *img.shape[-3:])
    made = F.interpolate(stack, size=[height, width], mode=mode.value, **options)
    made = made.reshape(*img.shape[:-2], height, width)
    if mode is InterpolationMode.BICUBIC and img.dtype == _types.uint8:
        made = made.clamp(0, 255)
    return made.round().to(img.dtype) if whole else made


def rotate(
    img: Any,
    angle: float,
    interpolation: Any = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Any = None,
    fill: Any = None,
) -> Any:
    """An image turned by an angle in degrees against the clock, about its center (x, y).

    expand: make the image large enough for all of it.  fill: what is outside (0).
    Arrays and tensors are turned by "nearest" only: ValueError for another interpolation.
    """
    mode = interpolation_mode(interpolation)
    if mode is not InterpolationMode.NEAREST and not is_pil(img):
        raise ValueError(f"arrays and tensors are rotated by 'nearest' only, not by {mode.value!r}")
    if not isinstance(img, Tensor):
        return pixelwise(
            img,
            lambda x: _pixels.rotated(x, angle, expand, center, fill or 0),
            lambda image: image.rotate(angle, pillow_number(mode), expand, center, fillcolor=fill),
        )
    fill = 0 if fill is None else fill
    height, width = img.shape[-2:]
    places = np.arange(height * width).reshape(height, width)
    turned = _pixels.rotated(places, angle, expand, center, -1)
    found = img.flatten(-2)[..., wrap(turned.ravel())].reshape(*img.shape[:-2], *turned.shape)
    return found.masked_fill(wrap(turned < 0), _one(fill))

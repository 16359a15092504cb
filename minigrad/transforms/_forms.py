"""The forms an image may have: tensor, PIL image, array of pixels; and the names of interpolations."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import numpy as np

from ..datasets._image import as_image, pillow
from ..tensor import Tensor


class InterpolationMode(enum.Enum):
    """How pixels between pixels are found."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


BY_NUMBER = dict(
    enumerate(["NEAREST", "LANCZOS", "BILINEAR", "BICUBIC", "BOX", "HAMMING"])
)  # Pillow's


def interpolation_mode(given: Any) -> InterpolationMode:
    """A mode, or Pillow's number of one; TypeError for anything else."""
    if isinstance(given, InterpolationMode):
        return given
    if isinstance(given, int) and given in BY_NUMBER:
        return InterpolationMode[BY_NUMBER[given]]
    raise TypeError(
        "Argument interpolation should be a InterpolationMode or a corresponding Pillow integer "
        f"constant, got {given!r}"
    )


def is_pil(img: Any) -> bool:
    """Whether something is an image of Pillow's."""
    image = pillow()
    return image is not None and isinstance(img, image.Image)


def pillow_number(mode: InterpolationMode) -> int:
    """Pillow's number of a mode."""
    name = "NEAREST" if mode is InterpolationMode.NEAREST_EXACT else mode.name
    return next(number for number, known in BY_NUMBER.items() if known == name)


def pixelwise(
    img: Any, function: Callable[[Any], Any], pillows: Callable[[Any], Any] | None = None
) -> Any:
    """A function of pixels applied to an array or a PIL image; TypeError, ValueError for anything else.

    pillows: what does the same to PIL images, and is preferred where Pillow is installed.
    """
    if is_pil(img):
        return pillows(img) if pillows else as_image(function(np.asarray(img)))
    if not isinstance(img, np.ndarray):
        raise TypeError(f"img should be Tensor, PIL Image or ndarray. Got {type(img)}")
    if img.ndim not in (2, 3):
        raise ValueError(f"pixels should be 2/3 dimensional. Got {img.ndim} dimensions.")
    if pillows and pillow() and img.dtype == np.uint8 and (img.ndim == 2 or img.shape[2] in (3, 4)):
        return np.array(pillows(as_image(img)))
    return function(img)


def get_dimensions(img: Any) -> list[int]:
    """[channels, height, width] of an image."""
    if isinstance(img, Tensor):
        if img.ndim < 2:
            raise TypeError("Tensor is not a torch image.")
        return [1 if img.ndim == 2 else img.shape[-3], img.shape[-2], img.shape[-1]]
    if isinstance(img, np.ndarray):
        return [1 if img.ndim == 2 else img.shape[2], img.shape[0], img.shape[1]]
    if is_pil(img):
        return [len(img.getbands()), img.height, img.width]
    raise TypeError(f"Unexpected type {type(img)}")


def get_image_size(img: Any) -> list[int]:
    """[width, height] of an image."""
    return get_dimensions(img)[:0:-1]


def get_image_num_channels(img: Any) -> int:
    """How many channels an image has."""
    return get_dimensions(img)[0]

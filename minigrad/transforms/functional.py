"""Transforms as functions: `torchvision.transforms.functional`.

An image is a tensor (..., C, H, W), a PIL image, or an array of pixels, uint8 (H, W) or (H, W, C); it
comes back as what it was. Arrays are treated as PIL treats images, and need no Pillow.
"""

from ._forms import (
    InterpolationMode,
    get_dimensions,
    get_image_num_channels,
    get_image_size,
    interpolation_mode,
    is_pil,
)
from ._places import (
    center_crop,
    crop,
    hflip,
    pad,
    pair,
    resize,
    rotate,
    sides_of,
    size_after,
    vflip,
)
from ._values import (
    convert_image_dtype,
    erase,
    normalize,
    pil_to_tensor,
    rgb_to_grayscale,
    to_grayscale,
    to_pil_image,
    to_tensor,
)

__all__ = [
    "InterpolationMode",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "erase",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "hflip",
    "interpolation_mode",
    "is_pil",
    "normalize",
    "pad",
    "pair",
    "pil_to_tensor",
    "resize",
    "rgb_to_grayscale",
    "rotate",
    "sides_of",
    "size_after",
    "to_grayscale",
    "to_pil_image",
    "to_tensor",
    "vflip",
]

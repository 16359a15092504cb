"""Functions of what an image's values are: tensors, scales, colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._tape import wrap
from ..datasets._image import pillow
from ..ops.parts import cat
from ..tensor import Tensor
from . import _pixels
from ._forms import get_image_num_channels, is_pil, pixelwise


def to_tensor(pic: Any) -> Any:
    """A PIL image or an array (H, W) or (H, W, C) as a tensor (C, H, W), uint8 scaled to [0, 1].

    TypeError for anything else, ValueError for another number of dimensions.
    """
    if not isinstance(pic, np.ndarray) and not is_pil(pic):
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    if isinstance(pic, np.ndarray) and pic.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
    planes = pil_to_tensor(pic) if is_pil(pic) else wrap(_planes(pic))
    return (
        planes.to(_types.get_default_dtype()).div(255) if planes.dtype == _types.uint8 else planes
    )


def pil_to_tensor(pic: Any) -> Any:
    """A PIL image, or its pixels, as a tensor (C, H, W) of the same numbers; TypeError for others."""
    if isinstance(pic, np.ndarray) and pic.dtype == np.uint8:
        return wrap(_planes(pic))
    if not is_pil(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    kinds = {"I": np.int32, "I;16": np.int16, "F": np.float32}
    pixels = np.array(pic, kinds.get(pic.mode), copy=True)
    # Images of one bit are white at 255, as those of eight are.
    return wrap(_planes(pixels.astype(np.uint8) * 255 if pic.mode == "1" else pixels))


def _planes(pixels: Any) -> Any:
    """(H, W[, C]) as a new (C, H, W)."""
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    return np.array(pixels.transpose(2, 0, 1), order="C")


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or an array (H, W, C) as a PIL image; floats in [0, 1] become bytes.

    mode: Pillow's, by the number of channels unless given.  TypeError, ValueError for what is no
    image, ImportError where Pillow is not installed.
    """
    image = pillow()
    if image is None:
        raise ImportError("PIL images need Pillow: pip install pillow")
    if not isinstance(pic, (Tensor, np.ndarray)):
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if pic.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
    pixels = pic
    if isinstance(pic, Tensor):
        planes = pic.detach().array
        if planes.dtype.kind == "f" and mode != "F":
            planes = (planes * planes.dtype.type(255)).astype(np.int64).astype(np.uint8)
        pixels = planes if planes.ndim == 2 else planes.transpose(1, 2, 0)
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {channels} channels.")
    pixels = np.ascontiguousarray(pixels[..., 0] if pixels.ndim == 3 and channels == 1 else pixels)
    if channels == 1:
        kinds = {"uint8": "L", "int16": "I;16", "int32": "I", "float32": "F"}
        usual = kinds.get(str(pixels.dtype))
        if usual is None:
            raise TypeError(f"Input type {pixels.dtype} is not supported")
        if mode is not None and mode != usual:
            raise ValueError(
                f"Incorrect mode ({mode}) supplied for input type {pixels.dtype}. Should be {usual}"
            )
        return image.fromarray(pixels)
    modes = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV"], 4: ["RGBA", "CMYK", "RGBX"]}[channels]
    if mode is not None and mode not in modes:
        raise ValueError(f"Only modes {modes} are supported for {channels}D inputs")
    if pixels.dtype != np.uint8:
        raise TypeError(f"Input type {pixels.dtype} is not supported")
    made = image.fromarray(pixels)
    return made if mode in (None, made.mode) else image.frombytes(mode, made.size, pixels.tobytes())


def convert_image_dtype(image: Any, dtype: Any = _types.float32) -> Any:
    """A tensor in another dtype, its values scaled to that dtype's range: 1 or the highest integer.

    RuntimeError for floats to integers that they cannot count, TypeError for no tensor.
    """
    if not isinstance(image, Tensor):
        raise TypeError("Input img should be Tensor Image")
    if image.dtype == dtype:
        return image
    source, target = image.dtype, dtype
    if source.is_floating_point:
        if target.is_floating_point:
            return image.to(target)
        if (source.itemsize, target.itemsize) in ((4, 4), (4, 8), (8, 8)):
            raise RuntimeError(f"The cast from {source} to {target} cannot be performed safely")
        highest = _types.iinfo(target).max
        return image.mul(highest + 1.0 - 1e-3).to(target)
    highest = _types.iinfo(source).max
    if target.is_floating_point:
        return image.to(target) / highest
    wanted = _types.iinfo(target).max
    if highest > wanted:
        return image.div((highest + 1) // (wanted + 1), rounding_mode="floor").to(target)
    return image.to(target) * ((wanted + 1) // (highest + 1))


def normalize(tensor: Any, mean: Any, std: Any, inplace: bool = False) -> Any:
    """(tensor - mean) / std by channels: tensor (..., C, H, W) of floats; mean, std: (C,).

    TypeError for no tensor of floats, ValueError for fewer dimensions and for a std of 0.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = "
            f"{tensor.size()}"
        )
    mean, std = _of_channels(mean, tensor), _of_channels(std, tensor)
    if not std.array.all():
        raise ValueError(
            f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero."
        )
    if inplace:
        return tensor.sub_(mean).div_(std)
    return tensor.sub(mean).div_(std)


def _of_channels(numbers: Any, tensor: Any) -> Any:
    """Numbers, one for each channel, as a tensor (C, 1, 1) of a tensor's dtype."""
    if isinstance(numbers, Tensor):
        numbers = numbers.to(tensor.dtype)
        return numbers.view(-1, 1, 1) if numbers.ndim == 1 else numbers
    array = np.array(numbers, tensor.array.dtype)
    return wrap(array.reshape(-1, 1, 1) if array.ndim == 1 else array)


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A PIL image, or pixels, in grey, of 1 or 3 channels; ValueError for another number."""
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")

    def convert(pixels: Any) -> Any:
        made = _pixels.grey(pixels)
        return made if num_output_channels == 1 else np.repeat(made[..., None], 3, axis=2)

    return pixelwise(img, convert)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """An RGB image in grey, of 1 or 3 channels; ValueError for another number, TypeError for no RGB."""
    if not isinstance(img, Tensor):
        return to_grayscale(img, num_output_channels)
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    channels = get_image_num_channels(img)
    if img.ndim < 3 or channels not in (1, 3):
        raise TypeError(f"Input image tensor should have 1 or 3 channels, but found {channels}")
    made = img
    if channels == 3:
        r, g, b = (img[..., i : i + 1, :, :] for i in range(3))
        made = (0.2989 * r + 0.587 * g + 0.114 * b).to(img.dtype)
    return cat([made] * num_output_channels, -3) if num_output_channels == 3 else made


def erase(img: Any, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Any:
    """A tensor (..., C, H, W) with the rectangle from (i, j), of size (h, w), replaced by v."""
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    if not inplace:
        img = img.clone()
    img[..., i : i + h, j : j + w] = v
    return img

"""Transforms of what an image's values are: tensors, scales, colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._tape import wrap
from ..tensor import Tensor
from . import functional as F
from ._base import ByChance, Transform


class ToTensor(Transform):
    """A PIL image or an array (H, W) or (H, W, C) becomes a tensor (C, H, W); uint8 is scaled to [0, 1].

    >>> import numpy as np
    >>> from minigrad import transforms
    >>> transforms.ToTensor()(np.array([[0, 51], [102, 255]], np.uint8))
    tensor([[[0.0000, 0.2000],
             [0.4000, 1.0000]]])
    """

    ends_pixels = True

    def transformed(self, img: Any, drawn: Any) -> Any:
        """The tensor."""
        return F.to_tensor(img)

    def transform_many(self, images: Any, drawn: Any, axis: int) -> Any:
        """(N, H, W[, C]) uint8 to (N, C, H, W) of the default dtype."""
        planes = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
        out = planes.astype(_types.default(), order="C")
        return np.divide(out, out.dtype.type(255), out=out)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor(Transform):
    """A PIL image, or its pixels, becomes a tensor (C, H, W) of the same numbers."""

    ends_pixels = True

    def transformed(self, img: Any, drawn: Any) -> Any:
        """The tensor."""
        return F.pil_to_tensor(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToPILImage(Transform):
    """A tensor (C, H, W) or an array (H, W, C) becomes a PIL image; mode: Pillow's."""

    takes_pixels = False

    def __init__(self, mode: str | None = None):
        super().__init__()
        self.mode = mode

    def transformed(self, img: Any, drawn: Any) -> Any:
        """The PIL image."""
        return F.to_pil_image(img, self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class ConvertImageDtype(Transform):
    """A tensor in another dtype, its values scaled to that dtype's range."""

    takes_pixels = False

    def __init__(self, dtype: Any):
        super().__init__()
        self.dtype = dtype

    def transformed(self, img: Any, drawn: Any) -> Any:
        """The tensor in the dtype."""
        return F.convert_image_dtype(img, self.dtype)


class Normalize(Transform):
    """(x - mean) / std by channels: a tensor (..., C, H, W) of floats; mean, std: C numbers each.

    >>> import minigrad as mg
    >>> from minigrad import transforms
    >>> transforms.Normalize([0.5], [0.25])(mg.ones(1, 1, 2))
    tensor([[[2., 2.]]])
    """

    takes_pixels = False

    def __init__(self, mean: Any, std: Any, inplace: bool = False):
        super().__init__()
        self.mean, self.std, self.inplace = mean, std, inplace

    def transformed(self, img: Any, drawn: Any) -> Any:
        """The tensor normalized."""
        return F.normalize(img, self.mean, self.std, self.inplace)

    def transform_many(self, images: Any, drawn: Any, axis: int) -> Any:
        """(N, C, H, W) of floats, written over."""
        return F.normalize(wrap(images), self.mean, self.std, inplace=True).array

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class Grayscale(Transform):
    """An RGB image in grey, of 1 or 3 channels."""

    def __init__(self, num_output_channels: int = 1):
        super().__init__()
        self.num_output_channels = num_output_channels

    def transformed(self, img: Any, drawn: Any) -> Any:
        """The grey image."""
        return F.rgb_to_grayscale(img, self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"


class RandomGrayscale(ByChance):
    """An image in grey, of as many channels as before, with probability p."""

    def __init__(self, p: float = 0.1):
        super().__init__(p)

    def transformed(self, img: Any, drawn: bool) -> Any:
        """The image, in grey or not."""
        return F.rgb_to_grayscale(img, F.get_image_num_channels(img)) if drawn else img


class LinearTransformation(Transform):
    """(x - mean_vector) @ transformation_matrix of a flattened tensor (C, H, W), such as whitening.

    transformation_matrix: (D, D), mean_vector: (D,), D = C * H * W; ValueError for other shapes.
    """

    takes_pixels = False

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor):
        super().__init__()
        rows, columns = transformation_matrix.shape
        if rows != columns or len(mean_vector) != rows:
            raise ValueError(
                "transformation_matrix should be square and mean_vector as long as it is wide. Got "
                f"{tuple(transformation_matrix.shape)} and {tuple(mean_vector.shape)}"
            )
        self.transformation_matrix, self.mean_vector = transformation_matrix, mean_vector

    def transformed(self, img: Any, drawn: Any) -> Any:
        """The tensor transformed; ValueError for one of another size."""
        if img.shape[-3:].numel() != len(self.mean_vector):
            raise ValueError(
                "Input tensor and transformation matrix have incompatible shape. "
                f"{list(img.shape[-3:])} and {len(self.mean_vector)}"
            )
        flat = img.reshape(-1, len(self.mean_vector)) - self.mean_vector
        return (flat @ self.transformation_matrix).reshape(img.shape)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(transformation_matrix={self.transformation_matrix.tolist()}, "
            f"mean_vector={self.mean_vector.tolist()})"
        )

"""Transforms that make an image anew: sizes, turns, rectangles written over."""

from __future__ import annotations

import warnings
from typing import Any

from ..creation import empty, tensor
from ..random import rand
from . import functional as F
from ._base import Transform
from ._draws import below, between, rectangle
from .functional import InterpolationMode


class Resize(Transform):
    """An image of another size: see `functional.resize`."""

    def __init__(
        self,
        size: Any,
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ):
        super().__init__()
        if not isinstance(size, (int, tuple, list)):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if not isinstance(size, int) and len(size) not in (1, 2):
            raise ValueError("If size is a sequence, it should have 1 or 2 values")
        self.size, self.max_size, self.antialias = size, max_size, antialias
        self.interpolation = F.interpolation_mode(interpolation)

    def size_after(self, size: tuple[int, int]) -> tuple[int, int]:
        """The wanted size."""
        return F.size_after(*size, self.size, self.max_size)

    def transformed(self, img: Any, drawn: Any) -> Any:
        """The image in the size."""
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias})"
        )


class RandomResizedCrop(Transform):
    """A part of an image, of an area and a shape drawn, in a given size.

    size: (h, w) or a number for both.  scale: the bounds of the part's area.  ratio: the bounds of its
    width by its height.
    """

    draws = True

    def __init__(
        self,
        size: Any,
        scale: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Any = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ):
        super().__init__()
        self.size = F.pair(size)
        if not isinstance(scale, (tuple, list)):
            raise TypeError("Scale should be a sequence")
        if not isinstance(ratio, (tuple, list)):
            raise TypeError("Ratio should be a sequence")
        if scale[0] > scale[1] or ratio[0] > ratio[1]:
            warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=2)
        self.scale, self.ratio, self.antialias = scale, ratio, antialias
        self.interpolation = F.interpolation_mode(interpolation)

    @staticmethod
    def get_params(img: Any, scale: Any, ratio: Any) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a part of an image, drawn."""
        _, h, w = F.get_dimensions(img)
        return RandomResizedCrop._part((h, w), scale, ratio)

    @staticmethod
    def _part(size: tuple[int, int], scale: Any, ratio: Any) -> tuple[int, int, int, int]:
        height, width = size
        for _ in range(10):
            w, h = rectangle(height * width, scale, ratio)
            if 0 < w <= width and 0 < h <= height:
                return below(height - h + 1), below(width - w + 1), h, w
        shape = min(max(width / height, min(ratio)), max(ratio))  # the largest in the middle
        h, w = height, width
        if width / height < min(ratio):
            h = round(w / shape)
        elif width / height > max(ratio):
            w = round(h * shape)
        return (height - h) // 2, (width - w) // 2, h, w

    def draw(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """The part's top, left, height and width."""
        return self._part(size, self.scale, self.ratio)

    def size_after(self, size: tuple[int, int]) -> tuple[int, int]:
        """The wanted size."""
        return self.size

    def transformed(self, img: Any, drawn: tuple[int, int, int, int]) -> Any:
        """The part of the image in the size."""
        part = F.crop(img, *drawn)
        return F.resize(part, self.size, self.interpolation, antialias=self.antialias)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, "
            f"scale={tuple(round(s, 4) for s in self.scale)}, "
            f"ratio={tuple(round(r, 4) for r in self.ratio)}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )


class RandomRotation(Transform):
    """An image turned by an angle in degrees, drawn from (-degrees, degrees) or from two bounds.

    expand, center, fill: see `functional.rotate`.
    """

    draws = True

    def __init__(
        self,
        degrees: Any,
        interpolation: Any = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Any = None,
        fill: Any = 0,
    ):
        super().__init__()
        if isinstance(degrees, (int, float)):
            if degrees < 0:
                raise ValueError("If degrees is a single number, it must be positive.")
            degrees = [-degrees, degrees]
        elif len(degrees) != 2:
            raise ValueError("degrees should be a sequence of length 2.")
        self.degrees = [float(d) for d in degrees]
        self.interpolation = F.interpolation_mode(interpolation)
        self.expand, self.center, self.fill = expand, center, fill

    @staticmethod
    def get_params(degrees: Any) -> float:
        """An angle between two, drawn."""
        return between(float(degrees[0]), float(degrees[1]))

    def draw(self, size: tuple[int, int]) -> float:
        """The angle."""
        return self.get_params(self.degrees)

    def transformed(self, img: Any, drawn: float) -> Any:
        """The image turned."""
        return F.rotate(img, drawn, self.interpolation, self.expand, self.center, self.fill)

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        fill = "" if self.fill is None else f", fill={self.fill}"
        return (
            f"{type(self).__name__}(degrees={self.degrees}, interpolation={self.interpolation.value}"
            f", expand={self.expand}{center}{fill})"
        )


class RandomErasing(Transform):
    """A tensor (..., C, H, W) with a rectangle, of an area and a shape drawn, written over: with probability p.

    scale: the bounds of the rectangle's area.  ratio: the bounds of its height by its width.  value: a
    number, one for each channel, or "random" for normal numbers.
    Source: Zhong et al., Random Erasing Data Augmentation (2017), https://arxiv.org/abs/1708.04896.
    """

    takes_pixels = False
    draws = True

    def __init__(
        self,
        p: float = 0.5,
        scale: tuple[float, float] = (0.02, 0.33),
        ratio: tuple[float, float] = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ):
        super().__init__()
        if not isinstance(value, (int, float, str, tuple, list)):
            raise TypeError("Argument value should be either a number or str or a sequence")
        if isinstance(value, str) and value != "random":
            raise ValueError("If value is str, it should be 'random'")
        for name, bounds in (("Scale", scale), ("Ratio", ratio)):
            if not isinstance(bounds, (tuple, list)):
                raise TypeError(f"{name} should be a sequence")
        if scale[0] > scale[1] or ratio[0] > ratio[1]:
            warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=2)
        if scale[0] < 0 or scale[1] > 1:
            raise ValueError("Scale should be between 0 and 1")
        if p < 0 or p > 1:
            raise ValueError("Random erasing probability should be between 0 and 1")
        self.p, self.scale, self.ratio, self.value, self.inplace = p, scale, ratio, value, inplace

    @staticmethod
    def get_params(img: Any, scale: Any, ratio: Any, value: Any = None) -> tuple[Any, ...]:
        """(top, left, height, width, new values) of a rectangle, drawn; the whole where none fits."""
        channels, height, width = F.get_dimensions(img)
        for _ in range(10):
            h, w = rectangle(height * width, scale, ratio)
            if h < height and w < width:
                new = empty(channels, h, w).normal_() if value is None else _columns(value)
                return below(height - h + 1), below(width - w + 1), h, w, new
        return 0, 0, height, width, img

    def forward(self, img: Any) -> Any:
        """The tensor, written over or not; ValueError where value does not fit its channels."""
        if not rand(1) < self.p:
            return img
        value: Any = self.value
        if isinstance(value, (int, float)):
            value = [float(value)]
        if isinstance(value, str):
            value = None
        elif len(value) not in (1, img.shape[-3]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{img.shape[-3]} (number of input channels)"
            )
        i, j, h, w, new = self.get_params(img, self.scale, self.ratio, value)
        return F.erase(img, i, j, h, w, new, self.inplace)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, "
            f"value={self.value}, inplace={self.inplace})"
        )


def _columns(value: Any) -> Any:
    return tensor(list(value)).view(-1, 1, 1)

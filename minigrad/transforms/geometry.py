"""Transforms that move an image's pixels: crops, borders, flips."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _pixels
from . import functional as F
from ._base import ByChance, Transform


class CenterCrop(Transform):
    """The middle of an image, of a size (h, w) or a number for both; padded with 0 where it is smaller."""

    def __init__(self, size: Any):
        super().__init__()
        self.size = F.pair(size)

    def size_after(self, size: tuple[int, int]) -> tuple[int, int]:
        """The wanted size."""
        return self.size

    def transformed(self, img: Any, drawn: Any) -> Any:
        """The middle of the image."""
        return F.center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class Pad(Transform):
    """An image with more pixels around it: see `functional.pad`."""

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant"):
        super().__init__()
        if not isinstance(padding, (int, float, tuple, list)):
            raise TypeError("Got inappropriate padding arg")
        if not isinstance(fill, (int, float, str, tuple, list)):
            raise TypeError("Got inappropriate fill arg")
        if padding_mode not in _pixels.PADDING:
            raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
        F.sides_of(padding)
        self.padding, self.fill, self.padding_mode = padding, fill, padding_mode

    def size_after(self, size: tuple[int, int]) -> tuple[int, int]:
        """Larger by the padding."""
        left, top, right, bottom = F.sides_of(self.padding)
        return size[0] + top + bottom, size[1] + left + right

    def transformed(self, img: Any, drawn: Any) -> Any:
        """The image with its border."""
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, "
            f"padding_mode={self.padding_mode})"
        )


class RandomCrop(Transform):
    """A part of an image, of a size, anywhere in it.

    size: (h, w) or a number for both.  padding: added before, see `functional.pad`.  pad_if_needed: add
    to images smaller than size; else a ValueError.  fill, padding_mode: as for padding.
    """

    draws = True

    def __init__(
        self,
        size: Any,
        padding: Any = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ):
        super().__init__()
        self.size = F.pair(size)
        self.padding, self.pad_if_needed = padding, pad_if_needed
        self.fill, self.padding_mode = fill, padding_mode

    def _sides(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """All that is added to (left, top, right, bottom)."""
        sides = F.sides_of(0 if self.padding is None else self.padding)
        if not self.pad_if_needed:
            return sides
        left, top, right, bottom = sides
        more_h = max(self.size[0] - size[0] - top - bottom, 0)
        more_w = max(self.size[1] - size[1] - left - right, 0)
        return left + more_w, top + more_h, right + more_w, bottom + more_h

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a part of an image, drawn."""
        _, h, w = F.get_dimensions(img)
        top, left = RandomCrop(output_size).draw((h, w))
        return int(top), int(left), *output_size

    def _room(self, size: tuple[int, int]) -> tuple[int, int]:
        """How many places the part can have, down and across."""
        left, top, right, bottom = self._sides(size)
        h, w = size[0] + top + bottom, size[1] + left + right
        if h < self.size[0] or w < self.size[1]:
            raise ValueError(
                f"Required crop size {self.size} is larger than input image size {(h, w)}"
            )
        return h - self.size[0] + 1, w - self.size[1] + 1

    def words(self, size: tuple[int, int]) -> int:
        """Two, or none where there is one place only."""
        return 0 if self._room(size) == (1, 1) else 2

    def read(self, words: Any, size: tuple[int, int]) -> Any:
        """The parts' tops and lefts, in the padded images: (N, 2)."""
        if not words.shape[1]:
            return np.zeros((len(words), 2), np.int64)
        return (words % np.array(self._room(size), np.uint64)).astype(np.int64)

    def size_after(self, size: tuple[int, int]) -> tuple[int, int]:
        """The wanted size."""
        return self.size

    def transformed(self, img: Any, drawn: Any) -> Any:
        """The part of the image."""
        _, h, w = F.get_dimensions(img)
        # One border after the other, as reflecting twice is not reflecting farther.
        first = F.sides_of(0 if self.padding is None else self.padding)
        rest = tuple(a - b for a, b in zip(self._sides((h, w)), first))
        for sides in (first, (rest[0], 0, rest[2], 0), (0, rest[1], 0, rest[3])):
            if any(sides):
                img = F.pad(img, sides, self.fill, self.padding_mode)
        top, left = drawn
        return F.crop(img, int(top), int(left), *self.size)

    def applies_to_many(self) -> bool:
        """Where there is no border, or one of a number."""
        return self.padding_mode == "constant" and isinstance(self.fill, (int, float))

    def transform_many(self, images: Any, drawn: Any, axis: int) -> Any:
        """A part of each image."""
        h, w = self.size
        left, top, right, bottom = self._sides(images.shape[axis : axis + 2])
        if left or top or right or bottom:
            widths = [(0, 0)] * images.ndim
            widths[axis], widths[axis + 1] = (top, bottom), (left, right)
            images = np.pad(images, widths, constant_values=self.fill)
        shape = (*images.shape[:axis], h, w, *images.shape[axis + 2 :])
        out = np.empty(shape, images.dtype)
        for part, image, (i, j) in zip(out, images, drawn.tolist()):
            part[...] = image[(*_ALL[:axis], slice(i, i + h), slice(j, j + w))[1:]]
        return out

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


_ALL = (slice(None), slice(None))


class _RandomFlip(ByChance):
    """What the flips share: with probability p, one axis is reversed."""

    across: int  # 0 for rows, 1 for columns

    def __init__(self, p: float = 0.5):
        super().__init__(p)

    def transformed(self, img: Any, drawn: bool) -> Any:
        """The image, flipped or not."""
        return (F.vflip, F.hflip)[self.across](img) if drawn else img

    def transform_many(self, images: Any, drawn: Any, axis: int) -> Any:
        """Some of the images flipped, in place."""
        which = np.flatnonzero(drawn)
        images[which] = np.flip(images[which], axis + self.across)
        return images


class RandomHorizontalFlip(_RandomFlip):
    """An image with left and right exchanged, with probability p."""

    across = 1


class RandomVerticalFlip(_RandomFlip):
    """An image with top and bottom exchanged, with probability p."""

    across = 0

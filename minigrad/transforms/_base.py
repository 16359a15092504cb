"""What a transform is, alone and for a whole batch.

A transform draws its random numbers first and is applied then, so that a batch of pictures of one size
can be transformed at once: a generator's words are dealt out picture by picture, as they would be one
by one, and each transform is applied to all pictures. What comes out is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..nn.module import Module
from ._draws import chances, words, words_of_a_chance
from .functional import get_dimensions


class Transform(Module):
    """A transform of one image: `draw` its random numbers, then make it `transformed`.

    takes_pixels: whether arrays of pixels will do in place of PIL images.
    ends_pixels: whether a tensor comes out whatever goes in.
    draws: whether random numbers are drawn.
    """

    takes_pixels = True
    ends_pixels = False
    draws = False

    @property
    def steps(self) -> Sequence[Any]:
        """The transforms one after the other that this one consists of."""
        return [self]

    def words(self, size: tuple[int, int]) -> int:
        """How many words of the generator the numbers for an image of a size (h, w) take."""
        return 0

    def read(self, words: Any, size: tuple[int, int]) -> Any:
        """The random numbers for N images of a size, of words (N, words(size))."""
        return [None] * len(words)

    def draw(self, size: tuple[int, int]) -> Any:
        """The random numbers for one image of a size."""
        return self.read(words(1, self.words(size)), size)[0]

    def size_after(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size (h, w) of what an image of a size becomes."""
        return size

    def transformed(self, img: Any, drawn: Any) -> Any:
        """The transformed image."""
        raise NotImplementedError

    def forward(self, img: Any) -> Any:
        """The transformed image, its random numbers drawn now."""
        if not self.draws:
            return self.transformed(img, None)
        _, h, w = get_dimensions(img)
        return self.transformed(img, self.draw((h, w)))

    def applies_to_many(self) -> bool:
        """Whether `transform_many` can be called."""
        return type(self).transform_many is not Transform.transform_many

    def transform_many(self, images: Any, drawn: Any, axis: int) -> Any:
        """Images in one array, which may be written over, transformed.

        images: (N, H, W) or (N, H, W, C) uint8, and axis 1, or (N, C, H, W) of floats, and axis 2:
        the axis of their rows.  drawn: what was drawn for each.
        """
        raise NotImplementedError

    @property
    def pixels_will_do(self) -> bool:
        """Whether arrays of pixels may go in where PIL images are due: nobody can tell."""
        return _until_tensors(self.steps) is not None

    def many(self, images: Any) -> Any:
        """Pixels (N, H, W) or (N, H, W, C) uint8, all transformed; None where that cannot be.

        images: may be written over.
        """
        steps = self.steps
        first = _until_tensors(steps)
        if first is None or not all(
            isinstance(s, Transform) and s.applies_to_many() for s in steps
        ):
            return None
        drawn = _drawn(steps, len(images), images.shape[1:3])
        for i, step in enumerate(steps):
            images = step.transform_many(images, drawn[i], 1 if i < first else 2)
        return images


def _until_tensors(steps: Sequence[Any]) -> int | None:
    """How many steps there are until pixels have become tensors.

    None where they never do, or where a step before may want a PIL image.
    """
    for i, step in enumerate(steps):
        if not getattr(step, "takes_pixels", False):
            return None
        if step.ends_pixels:
            return i + 1
    return None


def _drawn(steps: Sequence[Transform], count: int, size: tuple[int, int]) -> list[Any]:
    """What each step draws for some images, in the order of drawing image by image."""
    sizes, ends = [], [0]
    for step in steps:
        sizes.append(size)
        ends.append(ends[-1] + step.words(size))
        size = step.size_after(size)
    dealt = words(count, ends[-1])
    return [
        step.read(dealt[:, start:stop], before)
        for step, before, start, stop in zip(steps, sizes, ends, ends[1:])
    ]


class ByChance(Transform):
    """What transforms share that are done with probability p, or not."""

    draws = True

    def __init__(self, p: float):
        super().__init__()
        self.p = p

    def words(self, size: tuple[int, int]) -> int:
        """Those of one number."""
        return words_of_a_chance()

    def read(self, words: Any, size: tuple[int, int]) -> Any:
        """Whether to: (N,) bool."""
        return chances(words, self.p)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"

"""Transforms made of transforms."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from ..random import rand
from ._base import Transform


class Compose(Transform):
    """Transforms one after the other.

    >>> import numpy as np
    >>> from minigrad import transforms
    >>> both = transforms.Compose([transforms.CenterCrop(1), transforms.ToTensor()])
    >>> both
    Compose(
        CenterCrop(size=(1, 1))
        ToTensor()
    )
    >>> both(np.array([[0, 0, 0], [0, 255, 0], [0, 0, 0]], np.uint8))
    tensor([[[1.]]])
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]):
        super().__init__()
        self.transforms = transforms

    @property
    def steps(self) -> Sequence[Any]:
        """All transforms, those of transforms within too."""
        return [step for each in self.transforms for step in getattr(each, "steps", [each])]

    @property
    def draws(self) -> bool:  # type: ignore[override]
        """Whether random numbers are, or may be, drawn."""
        return any(getattr(step, "draws", True) for step in self.steps)

    def forward(self, img: Any) -> Any:
        """The transformed image."""
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listed(self, self.transforms)


def _listed(transform: Any, parts: Sequence[Any]) -> str:
    """A transform and its parts, each on a line of its own."""
    return "\n".join([f"{type(transform).__name__}(", *(f"    {part}" for part in parts), ")"])


class Lambda(Transform):
    """A function as a transform; TypeError unless it can be called.

    >>> from minigrad import transforms
    >>> transforms.Lambda(abs)(-1)
    1
    """

    takes_pixels = False
    draws = True  # for all that is known

    def __init__(self, lambd: Callable[[Any], Any]):
        super().__init__()
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def forward(self, img: Any) -> Any:
        """What the function answers."""
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RandomTransforms(Transform):
    """The base of those that choose among transforms; TypeError unless they are a sequence."""

    takes_pixels = False
    draws = True

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]):
        super().__init__()
        if not isinstance(transforms, Sequence):
            raise TypeError("Argument transforms should be a sequence")
        self.transforms = transforms

    def __repr__(self) -> str:
        return _listed(self, self.transforms)


class RandomApply(RandomTransforms):
    """All of some transforms, or with probability 1 - p none."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]], p: float = 0.5):
        super().__init__(list(transforms))
        self.p = p

    def forward(self, img: Any) -> Any:
        """The image, transformed or not."""
        if self.p < rand(1):
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listed(self, [f"p={self.p}", *self.transforms])


class RandomOrder(RandomTransforms):
    """All of some transforms, in an order that Python's `random` draws."""

    def forward(self, img: Any) -> Any:
        """The transformed image."""
        order = list(range(len(self.transforms)))
        random.shuffle(order)
        for i in order:
            img = self.transforms[i](img)
        return img


class RandomChoice(RandomTransforms):
    """One of some transforms, which Python's `random` chooses; p: their weights."""

    def __init__(
        self, transforms: Sequence[Callable[[Any], Any]], p: Sequence[float] | None = None
    ):
        super().__init__(transforms)
        if p is not None and not isinstance(p, Sequence):
            raise TypeError("Argument p should be a sequence")
        self.p = p

    def forward(self, img: Any) -> Any:
        """The image, transformed by one."""
        return random.choices(self.transforms, weights=self.p)[0](img)

    def __repr__(self) -> str:
        return f"{super().__repr__()}(p={self.p})"

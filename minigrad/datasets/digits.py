"""Digits: real hand-written digits that are part of the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .._tape import wrap
from .idx import read_idx
from .vision import InMemory, Root, Transform

_HERE = Path(__file__).parent / "_digits"
_EVERY = 5  # of each digit, one image in so many is for testing


class Digits(InMemory):
    """1797 hand-written digits of 8x8 pixels, embedded: nothing to download.

    train: the 1442 images for training; else the 355 for testing, of each digit every fifth (the
    fifth, tenth ... of the original order).  transform, target_transform: of the image and of the label.
    root: ignored, there for the sake of code that was written for other datasets.

    `data`: (N, 8, 8) uint8, 0 (paper) to 255 (ink); `targets`: (N,) int64, the digits; `classes`.
    An element is an image (PIL's, or its (8, 8) uint8 array where Pillow is not installed) and an int.

    Source and licence (CC BY 4.0): minigrad/datasets/_digits/README.md.

    >>> from minigrad.datasets import Digits
    >>> digits = Digits(train=False)
    >>> digits
    Dataset Digits
        Number of datapoints: 355
        Split: Test
    >>> digits.data.shape, digits.targets[:5]
    (minigrad.Size([355, 8, 8]), tensor([5, 0, 9, 8, 7]))
    """

    classes: ClassVar[list[str]] = [str(digit) for digit in range(10)]

    def __init__(
        self,
        root: Root | None = None,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ):
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        images = read_idx(_HERE / "images-idx3-ubyte.gz")
        labels = read_idx(_HERE / "labels-idx1-ubyte.gz")
        tests = np.concatenate(
            [np.flatnonzero(labels == digit)[_EVERY - 1 :: _EVERY] for digit in range(10)]
        )
        chosen = np.full(len(labels), bool(train))
        chosen[tests] = not train
        self.data: Any = wrap(np.rint(images[chosen] * (255 / 16)).astype(np.uint8))
        self.targets: Any = wrap(labels[chosen].astype(np.int64))

    def extra_repr(self) -> str:
        """Which split it is."""
        return f"Split: {'Train' if self.train else 'Test'}"

"""FakeData: random images in the place of real ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..random import fork_rng, manual_seed, randint, randn
from ._image import as_image
from .vision import Transform, VisionDataset


class FakeData(VisionDataset):
    """Random images, the same ones each time: each is drawn with its index as the seed.

    size: how many.  image_size: (C, H, W).  num_classes: targets are drawn below it.
    random_offset: added to the index.  An element is an image (PIL's, or its (H, W, C) uint8 array where
    Pillow is not installed) and an int.  IndexError beyond the size.

    Same arguments as torchvision.datasets.FakeData.
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        random_offset: int = 0,
    ):
        super().__init__(None, transform=transform, target_transform=target_transform)
        self.size = size
        self.num_classes = num_classes
        self.image_size = image_size
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        with fork_rng():
            manual_seed(index + self.random_offset)
            drawn = randn(*self.image_size)
            target = int(randint(0, self.num_classes, size=(1,)))
        levels = (drawn.array * np.float32(255)).astype(np.int64).astype(np.uint8)
        pixels = levels.transpose(1, 2, 0)
        return self._transformed(
            as_image(pixels[..., 0] if pixels.shape[2] == 1 else pixels), target
        )

    def __len__(self) -> int:
        return self.size

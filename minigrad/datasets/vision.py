"""VisionDataset: what all datasets of images share."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .._tape import wrap
from ..tensor import Tensor
from ..utils.data._utils.fetch import positions
from ..utils.data.dataset import Dataset, rows
from ._image import as_image

Transform = Callable[[Any], Any]
Root = str | os.PathLike[str]


class StandardTransform:
    """A transform of the image and one of the target, side by side; None leaves as it is."""

    def __init__(
        self, transform: Transform | None = None, target_transform: Transform | None = None
    ):
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, input: Any, target: Any) -> tuple[Any, Any]:
        """The transformed pair."""
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        for head, transform in [
            ("Transform: ", self.transform),
            ("Target transform: ", self.target_transform),
        ]:
            if transform is not None:
                first, *rest = repr(transform).splitlines()
                lines += [head + first, *(" " * len(head) + line for line in rest)]
        return "\n".join(lines)


class VisionDataset(Dataset[Any]):
    """The base of datasets of images: it keeps the folder and the transforms, and prints them.

    transforms: takes the image and the target; or else transform: takes the image, and
    target_transform: takes the target.  ValueError for both forms.
    """

    _repr_indent = 4

    def __init__(
        self,
        root: Root | None = None,
        transforms: Callable[..., Any] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ):
        self.root: Any = os.path.expanduser(root) if isinstance(root, str) else root
        separate = transform is not None or target_transform is not None
        if transforms is not None and separate:
            raise ValueError(
                "Only transforms or transform/target_transform can be passed as argument"
            )
        self.transform = transform
        self.target_transform = target_transform
        self.transforms = StandardTransform(transform, target_transform) if separate else transforms

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if self.transforms is not None:
            body.append(repr(self.transforms))
        indent = " " * self._repr_indent
        return "\n".join([f"Dataset {type(self).__name__}", *(indent + line for line in body)])

    def extra_repr(self) -> str:
        """More lines about the dataset."""
        return ""

    def _transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target


class InMemory(VisionDataset):
    """A dataset whose images are one array: `data`, (N, H, W) or (N, H, W, C), and `targets`, (N,).

    Either may be a tensor, as MNIST's are, or an array and a list, as CIFAR's.
    """

    data: Any
    targets: Any
    classes: ClassVar[list[str]]

    @property
    def class_to_idx(self) -> dict[str, int]:
        """From the name of a class to its number."""
        return {name: i for i, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        pixels, target = self.data[index], int(self.targets[index])
        pixels = pixels.array if isinstance(pixels, Tensor) else pixels
        # Transforms of ours take the pixels themselves, which saves the way there and back.
        direct = getattr(self.transform, "pixels_will_do", False)
        return self._transformed(pixels if direct else as_image(pixels), target)

    @property
    def _draws(self) -> bool:
        """Whether reading an element draws random numbers."""
        return bool(getattr(self.transform, "draws", True))

    def _gather(self, indices: Any) -> Any:
        """A batch transformed as a whole, where the transform can."""
        many = getattr(self.transform, "many", None)
        order = positions(indices)
        if many is None or order is None or self.target_transform is not None:
            return None
        data = self.data.array if isinstance(self.data, Tensor) else self.data
        images = many(rows(data, order))
        if images is None:
            return None
        targets = self.targets
        labels = (
            targets.array[order]
            if isinstance(targets, Tensor)
            else np.array([targets[i] for i in order.tolist()], np.int64)
        )
        return [wrap(images), wrap(labels.astype(np.int64))]

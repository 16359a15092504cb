"""Datasets of files in folders, one folder for each class."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from ._image import pillow
from .vision import Root, Transform, VisionDataset

IMG_EXTENSIONS = (
    ".jpg",
    ".jpeg",
    ".png",
    ".ppm",
    ".bmp",
    ".pgm",
    ".tif",
    ".tiff",
    ".webp",
)


def has_file_allowed_extension(filename: str, extensions: str | tuple[str, ...]) -> bool:
    """Whether a file's name ends in one of some extensions, in small letters or capitals."""
    return filename.lower().endswith(
        extensions if isinstance(extensions, str) else tuple(extensions)
    )


def is_image_file(filename: str) -> bool:
    """Whether a file's name ends as one of an image does."""
    return has_file_allowed_extension(filename, IMG_EXTENSIONS)


def find_classes(directory: Root) -> tuple[list[str], dict[str, int]]:
    """The names of a folder's folders, in order, and their numbers; FileNotFoundError for none."""
    classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {directory}.")
    return classes, {name: i for i, name in enumerate(classes)}


def make_dataset(
    directory: Root,
    class_to_idx: dict[str, int] | None = None,
    extensions: str | tuple[str, ...] | None = None,
    is_valid_file: Callable[[str], bool] | None = None,
    allow_empty: bool = False,
) -> list[tuple[str, int]]:
    """(path, number of the class) of every file below the folders of a folder's classes, in order.

    Either extensions or is_valid_file chooses the files: ValueError for both or none.
    FileNotFoundError for a class without files, unless allow_empty.
    """
    directory = os.path.expanduser(directory)
    if class_to_idx is None:
        _, class_to_idx = find_classes(directory)
    elif not class_to_idx:
        raise ValueError("'class_to_index' must have at least one entry to collect any samples.")
    if (extensions is None) == (is_valid_file is None):
        raise ValueError(
            "Both extensions and is_valid_file cannot be None or not None at the same time"
        )
    chosen = is_valid_file or (lambda path: has_file_allowed_extension(path, extensions or ()))
    found: list[tuple[str, int]] = []
    empty = []
    for name in sorted(class_to_idx):
        top = os.path.join(directory, name)
        before = len(found)
        for folder, _, files in sorted(os.walk(top, followlinks=True)):
            paths = [os.path.join(folder, file) for file in sorted(files)]
            found += [(path, class_to_idx[name]) for path in paths if chosen(path)]
        if len(found) == before:
            empty.append(name)
    if empty and not allow_empty:
        wanted = f" Supported extensions are: {_listed(extensions)}" if extensions else ""
        raise FileNotFoundError(f"Found no valid file for the classes {', '.join(empty)}.{wanted}")
    return found


def _listed(extensions: str | tuple[str, ...]) -> str:
    return extensions if isinstance(extensions, str) else ", ".join(extensions)


def pil_loader(path: str) -> Any:
    """An image file as an RGB image of PIL's; ImportError where Pillow is not installed."""
    image = pillow()
    if image is None:
        raise ImportError(f"reading {path} needs Pillow: pip install pillow")
    with open(path, "rb") as file:
        return image.open(file).convert("RGB")


def default_loader(path: str) -> Any:
    """An image file as an RGB image; a plain .ppm or .pgm is read without Pillow, as an array."""
    if pillow() is None and path.lower().endswith((".ppm", ".pgm")):
        return _read_pnm(path)
    return pil_loader(path)


def _read_pnm(path: str) -> Any:
    """The (H, W, 3) uint8 pixels of a binary PPM or PGM file of 8 bits; ValueError for another.

    Source: https://netpbm.sourceforge.net/doc/ppm.html
    """
    with open(path, "rb") as file:
        content = file.read()
    words: list[bytes] = []
    place = 0
    while len(words) < 4 and place < len(content):
        if content[place : place + 1] == b"#":
            place = content.find(b"\n", place) % (len(content) + 1) + 1
        elif content[place : place + 1].isspace():
            place += 1
        else:
            end = place
            while end < len(content) and not content[end : end + 1].isspace():
                end += 1
            words.append(content[place:end])
            place = end
    colours = {b"P5": 1, b"P6": 3}.get(words[0] if words else b"")
    if colours is None or len(words) < 4 or words[3] != b"255":
        raise ValueError(f"{path}: expected a binary PPM or PGM of 8 bits, found {words}")
    width, height = int(words[1]), int(words[2])
    data = np.frombuffer(content, np.uint8, offset=place + 1)
    if data.size != width * height * colours:
        raise ValueError(
            f"{path}: expected {width * height * colours} bytes of pixels, found {data.size}"
        )
    return np.repeat(data.reshape(height, width, colours), 4 - colours if colours == 1 else 1, 2)


class DatasetFolder(VisionDataset):
    """Files in folders: `root/class_x/xxx.ext`, at any depth below the class's folder.

    loader: from a path to a sample.  extensions or is_valid_file: which files to take.
    allow_empty: whether a class may have none.

    `classes`, `class_to_idx`, `samples`: list of (path, number of the class), `targets`.
    FileNotFoundError where there is no class, or a class without files.
    Same arguments as torchvision.datasets.DatasetFolder.
    """

    def __init__(
        self,
        root: Root,
        loader: Callable[[str], Any],
        extensions: tuple[str, ...] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ):
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples = self.make_dataset(
            self.root, self.class_to_idx, extensions, is_valid_file, allow_empty
        )
        self.loader, self.extensions = loader, extensions
        self.targets = [target for _, target in self.samples]

    make_dataset = staticmethod(make_dataset)

    def find_classes(self, directory: Root) -> tuple[list[str], dict[str, int]]:
        """The classes and their numbers; a subclass may find others."""
        return find_classes(directory)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self._transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Images in folders: `root/cat/xxx.png`.  `imgs` is another name of `samples`.

    Same arguments as torchvision.datasets.ImageFolder.
    """

    def __init__(
        self,
        root: Root,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ):
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(
            root, loader, extensions, transform, target_transform, is_valid_file, allow_empty
        )
        self.imgs = self.samples

"""MNIST and the datasets that have its form: files of images and of labels in the IDX format."""

from __future__ import annotations

import os
import string
import warnings
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .._tape import wrap
from ..tensor import Tensor
from . import _download
from .idx import read_idx
from .vision import InMemory, Root, Transform


def read_image_file(path: Root) -> Tensor:
    """The images of an IDX file: (N, H, W) uint8; ValueError for a file of anything else."""
    return _read(path, 3)


def read_label_file(path: Root) -> Tensor:
    """The labels of an IDX file: (N,) int64; ValueError for a file of anything but (N,) uint8."""
    return _read(path, 1).long()


def _read(path: Root, ndim: int) -> Tensor:
    array = read_idx(path)
    if array.dtype != np.uint8 or array.ndim != ndim:
        raise ValueError(
            f"{path}: expected {ndim} dimensions of uint8, found {array.ndim} of {array.dtype}"
        )
    return wrap(array)


class MNIST(InMemory):
    """Handwritten digits: 60000 images for training, 10000 for testing, of 28x28 pixels.

    root: the folder with `MNIST/raw/train-images-idx3-ubyte` and the three other files, or with the
    files themselves; packed by gzip (`.gz`) or not.  train: the images for training, else for testing.
    transform, target_transform: of the image and of the label.  download: get the files if they are not
    there, which needs the extra `data`.

    `data`: (N, 28, 28) uint8; `targets`: (N,) int64; `classes`, `class_to_idx`.  An element is an image
    (PIL's, or its (28, 28) uint8 array where Pillow is not installed) and an int.

    RuntimeError where the files are not found or do not fit together, ValueError for damaged ones.
    Same arguments as torchvision.datasets.MNIST.
    """

    mirrors: ClassVar[list[str]] = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]
    classes: ClassVar[list[str]] = [
        f"{digit} - {name}"
        for digit, name in enumerate(
            ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
        )
    ]
    shared_folders: ClassVar[list[str]] = []  # where a distribution's package puts the files

    def __init__(
        self,
        root: Root,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ):
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        files = self._find()
        if files is None:
            raise RuntimeError(
                "Dataset not found. You can use download=True to download it. "
                f"Expected {' and '.join(self._names())} (or with .gz) in one of: "
                f"{', '.join(map(str, self._folders()))}"
            )
        self.data, self.targets = self._load(*files)

    @property
    def raw_folder(self) -> str:
        """Where the files belong."""
        return os.path.join(self.root, type(self).__name__, "raw")

    def _names(self) -> tuple[str, str]:
        """The files of the split: of images and of labels."""
        split = "train" if self.train else "t10k"
        return f"{split}-images-idx3-ubyte", f"{split}-labels-idx1-ubyte"

    def _folders(self) -> list[Path]:
        return [Path(self.raw_folder), Path(self.root), *map(Path, self.shared_folders)]

    def _find(self) -> list[Path] | None:
        """The files of the split, of the first folder that has them."""
        for folder in self._folders():
            found = []
            for name in self._names():
                forms = (folder / name, folder / f"{name}.gz")
                found += [path for path in forms if path.is_file()][:1]
            if len(found) == 2:
                return found
        return None

    def _load(self, image_file: Path, label_file: Path) -> tuple[Tensor, Tensor]:
        data, targets = read_image_file(image_file), read_label_file(label_file)
        if len(data) != len(targets):
            raise RuntimeError(
                f"{image_file} has {len(data)} images, but {label_file} has {len(targets)} labels"
            )
        highest = int(targets.max()) if len(targets) else 0
        if highest >= len(self.classes):
            raise RuntimeError(
                f"{label_file}: expected labels below {len(self.classes)}, found {highest}"
            )
        return data, targets

    def _complete(self) -> bool:
        """Whether the files of both splits are in their folder."""
        folder = Path(self.raw_folder)
        return all((folder / name.removesuffix(".gz")).is_file() for name, _ in self.resources)

    def download(self) -> None:
        """Get the files of both splits, unless they are there; RuntimeError where that fails."""
        if self._complete():
            return
        folder = Path(self.raw_folder)
        for name, md5 in self.resources:
            urls = [mirror + name for mirror in self.mirrors]
            packed = _download.download(urls, folder, name, md5)
            _download.unpack(packed, folder / name.removesuffix(".gz"))

    def extra_repr(self) -> str:
        """Which split it is."""
        return f"Split: {'Train' if self.train else 'Test'}"

    def _renamed(self, old: str, new: str) -> Any:
        warnings.warn(f"{old} has been renamed {new}", stacklevel=3)
        return getattr(self, new)

    @property
    def train_labels(self) -> Any:
        """`targets` under an old name."""
        return self._renamed("train_labels", "targets")

    @property
    def test_labels(self) -> Any:
        """`targets` under an old name."""
        return self._renamed("test_labels", "targets")

    @property
    def train_data(self) -> Any:
        """`data` under an old name."""
        return self._renamed("train_data", "data")

    @property
    def test_data(self) -> Any:
        """`data` under an old name."""
        return self._renamed("test_data", "data")


class FashionMNIST(MNIST):
    """Zalando's articles of clothing, in the form of MNIST; its files in `FashionMNIST/raw`.

    Found also where Debian's package `dataset-fashion-mnist` puts them.
    Same arguments as torchvision.datasets.FashionMNIST.
    """

    mirrors: ClassVar[list[str]] = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]
    classes: ClassVar[list[str]] = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]
    shared_folders: ClassVar[list[str]] = ["/usr/share/datasets/fashion-mnist"]


class KMNIST(MNIST):
    """Ten Japanese characters in cursive script, in the form of MNIST; its files in `KMNIST/raw`.

    Same arguments as torchvision.datasets.KMNIST.
    """

    mirrors: ClassVar[list[str]] = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ]
    classes: ClassVar[list[str]] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


_CHARACTERS = set(string.digits + string.ascii_letters)
_ALIKE = set("cijklmopsuvwxyz")  # small letters that look like their capitals


class EMNIST(MNIST):
    """Handwritten digits and letters, in the form of MNIST; its files in `EMNIST/raw`.

    split: "byclass", "bymerge", "balanced", "letters", "digits" or "mnist"; ValueError for another.
    As in torchvision the images lie on their sides, as they do in the files.
    Same arguments as torchvision.datasets.EMNIST.
    """

    url = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    md5 = "58c8d27c78d21e728a6bc7b3cc06412e"
    classes_split_dict: ClassVar[dict[str, list[str]]] = {
        "byclass": sorted(_CHARACTERS),
        "bymerge": sorted(_CHARACTERS - _ALIKE),
        "balanced": sorted(_CHARACTERS - _ALIKE),
        "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits),
        "mnist": list(string.digits),
    }
    splits = tuple(classes_split_dict)

    def __init__(self, root: Root, split: str, **kwargs: Any):
        if split not in self.splits:
            raise ValueError(
                f"Unknown value '{split}' for argument split. Valid values are {set(self.splits)}."
            )
        self.split = split
        self.classes = self.classes_split_dict[split]  # type: ignore[misc]
        super().__init__(root, **kwargs)

    def _names(self) -> tuple[str, str]:
        prefix = f"emnist-{self.split}-{'train' if self.train else 'test'}"
        return f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"

    def _complete(self) -> bool:
        return all((Path(self.raw_folder) / name).is_file() for name in self._names())

    def download(self) -> None:
        """Get all splits, unless this one is there; RuntimeError where that fails."""
        if self._complete():
            return
        import zipfile

        folder = Path(self.raw_folder)
        packed = _download.download([self.url], folder, "gzip.zip", self.md5)
        with zipfile.ZipFile(packed) as archive:
            for member in archive.namelist():
                name = member.rpartition("/")[2]
                if name.endswith(".gz"):
                    with _download.whole(folder / name) as file:
                        file.write(archive.read(member))
                    _download.unpack(folder / name, folder / name.removesuffix(".gz"))
                    (folder / name).unlink()

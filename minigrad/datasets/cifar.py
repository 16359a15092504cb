"""CIFAR-10 and CIFAR-100: colour images of 32x32 pixels, in either form their authors publish."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from . import _download
from .vision import InMemory, Root, Transform

_SHAPE = (3, 32, 32)
_PIXELS = 3 * 32 * 32


class CIFAR10(InMemory):
    """Colour images of 32x32 pixels in 10 classes: 50000 for training, 10000 for testing.

    root: the folder with `cifar-10-batches-py` (Python's version) or `cifar-10-batches-bin` (the binary
    one), or either folder's parent.  train: the images for training, else for testing.  transform,
    target_transform: of the image and of the label.  download: get Python's version if it is not
    there, which needs the extra `data`.

    `data`: (N, 32, 32, 3) uint8 ndarray; `targets`: list of N ints; `classes`, `class_to_idx`.  An
    element is an image (PIL's, or its array where Pillow is not installed) and an int.

    Python's version is made of pickles, which could run anything: they are read by an unpickler that
    knows arrays of numbers and refuses all else.  RuntimeError where files are not found, damaged or
    not what they should be.  Same arguments as torchvision.datasets.CIFAR10.
    """

    base_folder = "cifar-10-batches-py"
    binary_folder = "cifar-10-batches-bin"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list: ClassVar[list[list[str]]] = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list: ClassVar[list[list[str]]] = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    meta: ClassVar[dict[str, str]] = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": "5ff9c542aee3614f3951f8cda6e48888",
        "binary": "batches.meta.txt",
    }
    labels_before = (
        1  # bytes of labels before the pixels in the binary version; the last one counts
    )
    classes: ClassVar[list[str]]

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
        parts = self._parts()
        self.data: Any = np.concatenate([pixels for pixels, _ in parts])
        self.targets: Any = [label for _, labels in parts for label in labels]
        highest = max(self.targets, default=0)
        if highest >= len(self.classes):
            raise RuntimeError(f"{self.root}: label {highest}, but {len(self.classes)} classes")

    def _parts(self) -> list[tuple[Any, list[int]]]:
        """(pixels, labels) of each file of the split; `classes` is read along."""
        names = [name for name, _ in (self.train_list if self.train else self.test_list)]
        pickled, binary = self._folder(self.base_folder), self._folder(self.binary_folder)
        if all((pickled / name).is_file() for name in [*names, self.meta["filename"]]):
            meta = read_pickle(pickled / self.meta["filename"])
            self.classes = list(_field(meta, self.meta["key"], pickled / self.meta["filename"]))  # type: ignore[misc]
            return [_from_pickle(pickled / name) for name in names]
        listed = self.meta["binary"]
        if all((binary / name).is_file() for name in [*(f"{n}.bin" for n in names), listed]):
            self.classes = (binary / listed).read_text(encoding="utf-8").split()  # type: ignore[misc]
            return [_from_binary(binary / f"{name}.bin", self.labels_before) for name in names]
        raise RuntimeError(
            "Dataset not found or corrupted. You can use download=True to download it. Expected "
            f"{', '.join(names)} and {self.meta['filename']} in {pickled}, or the binary version in "
            f"{binary}"
        )

    def _folder(self, name: str) -> Path:
        """A folder below root, or root itself where it has that name."""
        root = Path(self.root)
        return root if root.name == name and not (root / name).is_dir() else root / name

    def _check_integrity(self) -> bool:
        """Whether all files of Python's version are there and have the right sums."""
        listed = [*self.train_list, *self.test_list, [self.meta["filename"], self.meta["md5"]]]
        return all(
            (path := Path(self.root, self.base_folder, name)).is_file()
            and hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == md5
            for name, md5 in listed
        )

    def download(self) -> None:
        """Get Python's version, unless it is there and whole; RuntimeError where that fails."""
        if self._check_integrity():
            return
        root = Path(self.root)
        packed = _download.download([self.url], root, self.filename, self.tgz_md5)
        names = [name for name, _ in [*self.train_list, *self.test_list]]
        members = [f"{self.base_folder}/{name}" for name in [*names, self.meta["filename"]]]
        _download.unpack_members(packed, root, members)

    def extra_repr(self) -> str:
        """Which split it is."""
        return f"Split: {'Train' if self.train else 'Test'}"


class CIFAR100(CIFAR10):
    """Colour images of 32x32 pixels in 100 classes: 50000 for training, 10000 for testing.

    Its files in `cifar-100-python` or `cifar-100-binary`; `targets` are the fine labels.
    Same arguments as torchvision.datasets.CIFAR100.
    """

    base_folder = "cifar-100-python"
    binary_folder = "cifar-100-binary"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list: ClassVar[list[list[str]]] = [["train", "16019d7e3df5f24257cddd939b257f8d"]]
    test_list: ClassVar[list[list[str]]] = [["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"]]
    meta: ClassVar[dict[str, str]] = {
        "filename": "meta",
        "key": "fine_label_names",
        "md5": "7973b15100ade9c7d40fb424638fde48",
        "binary": "fine_label_names.txt",
    }
    labels_before = 2


# ---------------------------------------------------------------------------------- the two forms


def _from_binary(path: Path, labels_before: int) -> tuple[Any, list[int]]:
    """Pixels (N, 32, 32, 3) and labels of a file of records: some labels, then red, green, blue."""
    size, record = path.stat().st_size, labels_before + _PIXELS
    if not size or size % record:
        raise RuntimeError(f"{path}: expected records of {record} bytes, found {size} bytes")
    records = np.fromfile(path, np.uint8).reshape(-1, record)
    return _upright(records[:, labels_before:]), records[:, labels_before - 1].tolist()


def _from_pickle(path: Path) -> tuple[Any, list[int]]:
    """Pixels (N, 32, 32, 3) and labels of a pickle of Python's version."""
    entry = read_pickle(path)
    data = _field(entry, "data", path)
    labels = _field(entry, "labels" if "labels" in entry else "fine_labels", path)
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (_PIXELS,):
        raise RuntimeError(
            f"{path}: expected data of shape (N, {_PIXELS}) and dtype uint8, found "
            f"{getattr(data, 'shape', type(data))} {getattr(data, 'dtype', '')}"
        )
    labels = [int(label) for label in labels]
    if len(labels) != len(data) or min(labels, default=0) < 0:
        raise RuntimeError(
            f"{path}: {len(data)} images, but {len(labels)} labels, or negative ones"
        )
    return _upright(data), labels


def _upright(planes: Any) -> Any:
    """(N, 3072), red, green and blue one after the other, as (N, 32, 32, 3)."""
    return np.ascontiguousarray(planes.reshape(-1, *_SHAPE).transpose(0, 2, 3, 1))


def _field(entry: Any, key: str, path: Path) -> Any:
    if not isinstance(entry, dict) or key not in entry:
        found = list(entry) if isinstance(entry, dict) else type(entry).__name__
        raise RuntimeError(f"{path}: expected a dict with {key!r}, found {found}")
    return entry[key]


class _Blank:
    """An array to be: NumPy's pickles make it empty and then give it a state, its numbers."""

    array: Any = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, data = state
        if isinstance(data, str):  # bytes of Python 2
            data = data.encode("latin1")
        self.array = np.frombuffer(data, dtype.dtype).reshape(shape, order="F" if fortran else "C")


def _from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> _Blank:
    """An array as NumPy pickles it from protocol 5 on."""
    made = _Blank()
    made.__setstate__((1, shape, dtype, order == "F", data))
    return made


class _Kind:
    """A dtype to be: takes the description and the state of a pickled dtype of plain numbers."""

    def __init__(self, text: str, *_: Any):
        self.dtype = np.dtype(text)
        if self.dtype.kind not in "biuf":
            raise pickle.UnpicklingError(f"refused: an array of {text}")

    def __setstate__(self, state: Any) -> None:
        if state[1] == ">":
            self.dtype = self.dtype.newbyteorder(">")


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Blank,
    ("numpy", "dtype"): _Kind,
    ("_codecs", "encode"): lambda text, _: text.encode("latin1"),
}
for _core in ("numpy.core", "numpy._core"):
    _ALLOWED[f"{_core}.multiarray", "_reconstruct"] = lambda *_: _Blank()
    _ALLOWED[f"{_core}.numeric", "_frombuffer"] = _from_buffer


class _Numbers(pickle.Unpickler):
    """Reads dicts, lists, text, numbers and arrays of numbers; refuses to find anything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"refused: {module}.{name} is none of a dataset's")
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("refused: a persistent id")


def read_pickle(path: str | os.PathLike[str]) -> Any:
    """The dict in a pickle of arrays, lists, text and numbers: nothing in the file is ever run.

    RuntimeError, naming the file, for anything else, and for a damaged file.
    """
    content = Path(path).read_bytes()
    try:
        entry = _Numbers(io.BytesIO(content), encoding="latin1").load()
    except Exception as error:  # unpickling what is damaged raises almost anything
        raise RuntimeError(
            f"{path}: expected a pickle of arrays and lists, found {len(content)} bytes that are "
            f"none: {error or type(error).__name__}"
        ) from error
    if isinstance(entry, dict):
        return {k: v.array if isinstance(v, _Blank) else v for k, v in entry.items()}
    return entry

"""MNIST's and CIFAR's files: found wherever they may be, read as they are, refused when damaged."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import minigrad as mg
from minigrad import datasets
from minigrad.datasets import cifar, mnist

CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}


def idx_bytes(array):
    head = bytes([0, 0, CODES[str(array.dtype)], array.ndim])
    sizes = b"".join(struct.pack(">I", size) for size in array.shape)
    return head + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def images(n=6, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (n, 28, 28)).astype(np.uint8), np.arange(n, dtype=np.uint8)


def write_mnist(folder, packed=False, **changed):
    folder.mkdir(parents=True, exist_ok=True)
    for split, n in [("train", 6), ("t10k", 4)]:
        pixels, labels = images(n)
        for name, array in [(f"{split}-images-idx3", pixels), (f"{split}-labels-idx1", labels)]:
            content = changed.get(name.replace("-", "_"), idx_bytes(array))
            path = folder / f"{name}-ubyte{'.gz' if packed else ''}"
            path.write_bytes(gzip.compress(content) if packed else content)
    return folder


# ------------------------------------------------------------------------------------------- IDX


@given(
    st.sampled_from(sorted(CODES)).flatmap(
        lambda name: npst.arrays(name, npst.array_shapes(min_dims=0, min_side=0, max_side=4))
    ),
    st.booleans(),
)
def test_idx_round_trip(tmp_path_factory, array, packed):
    path = tmp_path_factory.mktemp("idx") / "file"
    content = idx_bytes(array)
    path.write_bytes(gzip.compress(content) if packed else content)
    found = datasets.read_idx(path)
    assert found.dtype == array.dtype
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, array)
    found[...] = 0  # ours to write


GOOD = idx_bytes(np.zeros((2, 3), np.uint8))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file: .* found b''"),
        (b"\x89PNG\r\n", "not an IDX file: expected two zero bytes"),
        (b"\0\0\x07\x01" + bytes(4), "not an IDX file: .* a type among"),
        (GOOD[:7], "cut off: expected 8 bytes of the sizes, found 3"),
        (GOOD[:-1], r"cut off: expected 6 bytes of numbers of shape \(2, 3\), found 5"),
        (GOOD + b"x", "expected 6 bytes .* found more"),
        (b"\0\0\x08\x03" + b"\xff" * 12 + bytes(9), "cut off: expected .* found 9"),
        (gzip.compress(GOOD)[:-9], "damaged gzip file"),
        (gzip.compress(GOOD)[:-8] + bytes(8), "damaged gzip file"),
        (b"\x1f\x8bxxxxxxxxxxx", "damaged gzip file"),
    ],
)
def test_damaged_idx(tmp_path, content, message):
    path = tmp_path / "digits-file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"digits-file: {message}"):
        datasets.read_idx(path)


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda b: b"\0\0\x08\x02" + b))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(content)
    with contextlib.suppress(ValueError):
        assert idx_bytes(datasets.read_idx(path)) == content


# ----------------------------------------------------------------------------------------- MNIST


@pytest.mark.parametrize("kind", [mnist.MNIST, mnist.FashionMNIST, mnist.KMNIST])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("where", ["{name}/raw", "."])
def test_mnist(tmp_path, kind, packed, where):
    write_mnist(tmp_path / where.format(name=kind.__name__), packed)
    for train, n in [(True, 6), (False, 4)]:
        data = kind(str(tmp_path), train=train)
        pixels, labels = images(n)
        assert len(data) == n
        assert (data.data.dtype, data.targets.dtype) == (mg.uint8, mg.int64)
        np.testing.assert_array_equal(data.data.array, pixels)
        assert data.targets.tolist() == labels.tolist()
        image, label = data[2]
        np.testing.assert_array_equal(np.asarray(image), pixels[2])
        assert (label, type(label)) == (2, int)
    assert len(data.classes) == 10
    assert data.class_to_idx[data.classes[3]] == 3


def test_files_of_a_distribution(tmp_path, monkeypatch):
    assert mnist.FashionMNIST.shared_folders == ["/usr/share/datasets/fashion-mnist"]
    write_mnist(tmp_path / "shared", packed=True)
    monkeypatch.setattr(mnist.FashionMNIST, "shared_folders", [str(tmp_path / "shared")])
    assert len(datasets.FashionMNIST(tmp_path / "none", train=False)) == 4
    with pytest.raises(RuntimeError, match="Dataset not found"):
        datasets.MNIST(tmp_path / "none")


def test_what_is_printed(tmp_path):
    """As torchvision prints it."""
    write_mnist(tmp_path / "MNIST" / "raw")

    data = datasets.MNIST(tmp_path, transform=_Long(), target_transform=_Long())
    assert repr(data).splitlines() == [
        "Dataset MNIST",
        "    Number of datapoints: 6",
        f"    Root location: {tmp_path}",
        "    Split: Train",
        "    StandardTransform",
        "Transform: Two(",
        "             lines)",
        "Target transform: Two(",
        "                    lines)",
    ]


class _Long:
    def __call__(self, x):
        return x

    def __repr__(self):
        return "Two(\n  lines)"


def test_transforms_of_both(tmp_path):
    folder = write_mnist(tmp_path)
    data = datasets.MNIST(folder, transform=np.asarray, target_transform=str)
    assert data[1][1] == "1"
    assert data.transforms(1, 2) == (np.asarray(1), "2")
    with pytest.raises(ValueError, match="Only transforms or"):
        datasets.VisionDataset(transforms=len, transform=len)
    assert datasets.VisionDataset("~").root == os.path.expanduser("~")


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"train_images_idx3": GOOD}, ValueError, "expected 3 dimensions of uint8, found 2"),
        (
            {"train_labels_idx1": idx_bytes(np.zeros(6, np.int32))},
            ValueError,
            "expected 1 dimensions of uint8, found 1 of int32",
        ),
        (
            {"train_labels_idx1": idx_bytes(np.zeros(5, np.uint8))},
            RuntimeError,
            r"has 6 images, but .* has 5 labels",
        ),
        (
            {"train_labels_idx1": idx_bytes(np.full(6, 10, np.uint8))},
            RuntimeError,
            "expected labels below 10, found 10",
        ),
        ({"train_images_idx3": b"no"}, ValueError, "train-images-idx3-ubyte: not an IDX file"),
    ],
)
def test_files_that_do_not_fit(tmp_path, changed, error, message):
    with pytest.raises(error, match=message):
        datasets.MNIST(write_mnist(tmp_path, **changed))


def test_old_names(tmp_path):
    data = datasets.MNIST(write_mnist(tmp_path))
    for old in ("train_labels", "test_labels", "train_data", "test_data"):
        new = "targets" if "labels" in old else "data"
        with pytest.warns(UserWarning, match=f"{old} has been renamed {new}"):
            assert getattr(data, old) is getattr(data, new)


def test_emnist(tmp_path):
    folder = tmp_path / "EMNIST" / "raw"
    folder.mkdir(parents=True)
    pixels, labels = images(5)
    (folder / "emnist-letters-train-images-idx3-ubyte").write_bytes(idx_bytes(pixels))
    (folder / "emnist-letters-train-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    data = datasets.EMNIST(tmp_path, "letters")
    assert (len(data), len(data.classes), data.classes[1]) == (5, 27, "a")
    sizes = {split: len(names) for split, names in data.classes_split_dict.items()}
    assert sizes["byclass"] == 62
    assert sizes["bymerge"] == sizes["balanced"] == 47
    with pytest.raises(ValueError, match="Unknown value 'words' for argument split"):
        datasets.EMNIST(tmp_path, "words")


# ----------------------------------------------------------------------------------------- CIFAR


def pixels_of(n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 3072)).astype(np.uint8)


def write_cifar(root, kind=datasets.CIFAR10, protocol=2, n=3, **entry):
    """Python's version, as its authors made it."""
    folder = root / kind.base_folder
    folder.mkdir(parents=True)
    key = "labels" if kind is datasets.CIFAR10 else "fine_labels"
    for i, (name, _) in enumerate([*kind.train_list, *kind.test_list]):
        content = {"data": pixels_of(n, i), key: [i, 1, 2][:n], "batch_label": name} | entry
        (folder / name).write_bytes(pickle.dumps(content, protocol=protocol))
    meta = {kind.meta["key"]: [f"class {i}" for i in range(10)]}
    (folder / kind.meta["filename"]).write_bytes(pickle.dumps(meta))
    return folder


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", [datasets.CIFAR10, datasets.CIFAR100])
def test_cifar(tmp_path, kind, protocol):
    folder = write_cifar(tmp_path, kind, protocol)
    parts = len(kind.train_list)
    for root in (tmp_path, folder):
        train, test = kind(str(root)), kind(root, train=False)
        assert (len(train), len(test)) == (3 * parts, 3)
        assert (train.data.dtype, train.data.shape) == (np.uint8, (3 * parts, 32, 32, 3))
        planes = pixels_of(3, parts).reshape(3, 3, 32, 32)
        np.testing.assert_array_equal(test.data, planes.transpose(0, 2, 3, 1))
        assert test.targets == [parts, 1, 2]
        assert train.targets[:4] == [0, 1, 2, 1][: 3 * parts]
        assert train.class_to_idx["class 4"] == 4
        np.testing.assert_array_equal(np.asarray(test[1][0]), planes[1].transpose(1, 2, 0))


def python_2_pickle():
    """As Python 2 wrote it: text in place of bytes, NumPy's old names."""
    return (
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\n"
        b"q\x04K\x00\x85U\x01b\x87Rq\x05(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01"
        b"\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T\x00\x0c\x00\x00"
        + bytes(range(256)) * 12
        + b"tbU\x06labelsq\x08]q\tK\x07au."
    )


def test_pickles_of_python_2(tmp_path):
    path = tmp_path / "batch"
    path.write_bytes(python_2_pickle())
    pixels, labels = cifar._from_pickle(path)
    assert labels == [7]
    np.testing.assert_array_equal(pixels[0, 0, :5, 0], range(5))
    assert pickle.loads(python_2_pickle(), encoding="latin1")["data"].shape == (1, 3072)


def test_binary_version(tmp_path):
    for kind, labels_before in [(datasets.CIFAR10, 1), (datasets.CIFAR100, 2)]:
        folder = tmp_path / kind.binary_folder
        folder.mkdir()
        for i, (name, _) in enumerate([*kind.train_list, *kind.test_list]):
            labels = np.full((2, labels_before), 9, np.uint8)
            labels[:, -1] = [i, 3]
            (folder / f"{name}.bin").write_bytes(np.hstack([labels, pixels_of(2, i)]).tobytes())
        names = "\n".join(f"c{i}" for i in range(10))
        (folder / kind.meta["binary"]).write_text(names + "\n\n")
        test = kind(tmp_path, train=False)
        parts = len(kind.train_list)
        assert test.targets == [parts, 3]
        assert test.classes[9] == "c9"
        planes = pixels_of(2, parts).reshape(2, 3, 32, 32)
        np.testing.assert_array_equal(test.data, planes.transpose(0, 2, 3, 1))
        (folder / f"{kind.test_list[0][0]}.bin").write_bytes(bytes(3000))
        with pytest.raises(RuntimeError, match=r"expected records of 307\d bytes, found 3000"):
            kind(tmp_path, train=False)


class Evil:
    def __reduce__(self):
        return os.system, ("echo this must not be run",)


class Sly:
    """Gets at a function through an attribute of something allowed."""

    def __reduce__(self):
        return getattr, (np.ndarray, "tofile")


@pytest.mark.parametrize("evil", [Evil(), Sly(), np.array([Evil()], dtype=object)])
@pytest.mark.parametrize("protocol", range(6))
def test_hostile_pickles_are_refused(tmp_path, evil, protocol, capfd):
    folder = write_cifar(tmp_path)
    content = {"data": pixels_of(1), "labels": [1], "more": evil}
    (folder / "test_batch").write_bytes(pickle.dumps(content, protocol=protocol))
    with pytest.raises(RuntimeError, match=r"test_batch: expected a pickle .*: refused: "):
        datasets.CIFAR10(tmp_path, train=False)
    assert not capfd.readouterr().out


@given(st.binary(max_size=200), st.integers(0, 3400), st.integers(0, 255))
def test_any_pickle_is_read_or_refused(tmp_path_factory, content, place, byte):
    path = tmp_path_factory.mktemp("cifar") / "batch"
    whole = bytearray(python_2_pickle())
    whole[place % len(whole)] = byte
    for text in (content, bytes(whole), bytes(whole[:place])):
        path.write_bytes(text)
        with contextlib.suppress(RuntimeError):
            pixels, labels = cifar._from_pickle(path)
            assert len(pixels) == len(labels)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"data": [1, 2]}, r"test_batch: expected data of shape \(N, 3072\) and dtype uint8"),
        ({"data": np.zeros((3, 3071), np.uint8)}, r"found \(3, 3071\) uint8"),
        ({"data": np.zeros((3, 3072), np.int8)}, r"found \(3, 3072\) int8"),
        ({"labels": [1, 2]}, "3 images, but 2 labels"),
        ({"labels": [1, 2, 10]}, "label 10, but 10 classes"),
        ({"labels": [1, 2, -1]}, "or negative ones"),
    ],
)
def test_pickles_that_do_not_fit(tmp_path, entry, message):
    write_cifar(tmp_path, **entry)
    with pytest.raises(RuntimeError, match=message):
        datasets.CIFAR10(tmp_path, train=False)


def test_pickles_of_something_else(tmp_path):
    folder = write_cifar(tmp_path)
    (folder / "test_batch").write_bytes(pickle.dumps({"x": 1}))
    with pytest.raises(RuntimeError, match=r"expected a dict with 'data', found \['x'\]"):
        datasets.CIFAR10(tmp_path, train=False)
    (folder / "test_batch").write_bytes(pickle.dumps([1]))
    with pytest.raises(RuntimeError, match="expected a dict with 'data', found list"):
        datasets.CIFAR10(tmp_path, train=False)
    with pytest.raises(RuntimeError, match="Dataset not found or corrupted"):
        datasets.CIFAR100(tmp_path)


def test_arrays_of_both_orders_and_ends():
    """What NumPy pickles comes back, by whichever of its forms."""
    for array in (np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))):
        for kind in ("<i4", ">i4", "f8", "?"):
            sent = array.astype(kind)
            for protocol in range(6):
                content = pickle.dumps({"a": sent}, protocol=protocol)
                found = cifar._Numbers(io.BytesIO(content), encoding="latin1").load()["a"].array
                np.testing.assert_array_equal(found, sent)

"""Datasets of files in folders, and of random images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import minigrad as mg
from minigrad import datasets, transforms
from minigrad.datasets import folder as folders
from minigrad.utils.data import DataLoader

COLOURS = {"cat/b.png": 10, "cat/deep/er/a.JPG": 20, "dog/z.bmp": 30, "dog/c.ppm": 40}


@pytest.fixture
def root(tmp_path):
    for name, colour in COLOURS.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 2), (colour, 0, 0)).save(path)
    (tmp_path / "dog" / "notes.txt").write_text("not an image")
    (tmp_path / "loose.png").write_bytes(b"of no class")
    return tmp_path


def test_image_folder(root):
    data = datasets.ImageFolder(root, transform=transforms.ToTensor(), target_transform=float)
    assert (data.classes, data.class_to_idx) == (["cat", "dog"], {"cat": 0, "dog": 1})
    paths = [path.removeprefix(f"{root}/") for path, _ in data.samples]
    assert paths == ["cat/b.png", "cat/deep/er/a.JPG", "dog/c.ppm", "dog/z.bmp"]
    assert data.targets == [0, 0, 1, 1]
    assert data.imgs is data.samples
    image, target = data[3]
    assert (tuple(image.shape), target) == ((3, 2, 3), 1.0)
    assert image[0, 0, 0].item() == np.float32(30) / np.float32(255)
    (batch, targets), *_ = DataLoader(data, 4)
    assert (tuple(batch.shape), targets.tolist()) == ((4, 3, 2, 3), [0.0, 0.0, 1.0, 1.0])
    assert repr(data).splitlines()[:3] == [
        "Dataset ImageFolder",
        "    Number of datapoints: 4",
        f"    Root location: {root}",
    ]


def test_files_by_a_rule_of_ones_own(root):
    data = datasets.ImageFolder(
        root, is_valid_file=lambda path: path.endswith("b.png") or "c." in path
    )
    assert len(data) == 2
    text = datasets.DatasetFolder(root, len, extensions=(".txt",), allow_empty=True)
    assert text[0] == (len(f"{root}/dog/notes.txt"), 1)

    class Dogs(datasets.ImageFolder):
        def find_classes(self, directory):
            return ["dog"], {"dog": 5}

    assert Dogs(root).targets == [5, 5]


def test_errors(root, tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"no valid file for the classes cat\. Supported .*txt"
    ):
        datasets.DatasetFolder(root, len, extensions=(".txt",))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder"):
        datasets.ImageFolder(tmp_path / "empty")
    for both in ({}, {"extensions": (".png",), "is_valid_file": len}):
        with pytest.raises(ValueError, match="cannot be None or not None at the same time"):
            folders.make_dataset(root, **both)
    with pytest.raises(ValueError, match="must have at least one entry"):
        folders.make_dataset(root, {}, ".png")
    assert folders.make_dataset(root, None, ".bmp", allow_empty=True) == [(f"{root}/dog/z.bmp", 1)]
    assert folders.is_image_file("a.WEBP")
    assert not folders.is_image_file("a.npz")


def test_without_pillow(root, monkeypatch):
    monkeypatch.setattr(folders, "pillow", lambda: None)
    pixels = folders.default_loader(str(root / "dog" / "c.ppm"))
    np.testing.assert_array_equal(pixels, np.asarray(Image.open(root / "dog" / "c.ppm")))
    grey = root / "grey.pgm"
    grey.write_bytes(b"P5 # a comment\n#another\n 2 1\n255\n\x07\x09")
    assert folders.default_loader(str(grey)).tolist() == [[[7, 7, 7], [9, 9, 9]]]
    with pytest.raises(ImportError, match=r"b\.png needs Pillow"):
        folders.default_loader(str(root / "cat" / "b.png"))
    for content, message in [
        (b"P5 2 1 255\n\x07", "expected 2 bytes of pixels, found 1"),
        (b"P5 2 1 65535\n\x07\x07\x07\x07", "of 8 bits"),
        (b"P3 1 1 255\n1 2 3", "expected a binary PPM"),
        (b"", "expected a binary PPM"),
        (b"P6 #", "expected a binary PPM"),
    ]:
        grey.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            folders.default_loader(str(grey))


def test_fake_data():
    """The numbers are torch's, and the generator is left as it was."""
    data = datasets.FakeData(5, (3, 4, 6), num_classes=7, random_offset=2)
    mg.manual_seed(0)
    before = mg.get_rng_state().tolist()
    image, target = data[3]
    assert mg.get_rng_state().tolist() == before
    with torch.random.fork_rng():
        torch.manual_seed(5)
        drawn = torch.randn(3, 4, 6)
        expected_target = torch.randint(0, 7, size=(1,)).item()
    expected = drawn.mul(255).byte().numpy().transpose(1, 2, 0)
    np.testing.assert_array_equal(np.asarray(image), expected)
    assert target == expected_target
    assert len(data) == 5
    assert np.asarray(datasets.FakeData(1, (1, 2, 2))[0][0]).shape == (2, 2)
    with pytest.raises(IndexError, match="FakeData index out of range"):
        data[5]
    assert (
        len(list(DataLoader(datasets.FakeData(3, (1, 2, 2), transform=transforms.ToTensor())))) == 3
    )

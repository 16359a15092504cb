"""The embedded digits: the split, the numbers, and that they are in the wheel."""

from __future__ import annotations

import numpy as np

import minigrad as mg
from minigrad import datasets


def test_the_split_covers_all_and_is_even():
    train, test = datasets.Digits(), datasets.Digits(train=False)
    assert (len(train), len(test)) == (1442, 355)
    assert mg.bincount(train.targets).tolist() == [143, 146, 142, 147, 145, 146, 145, 144, 140, 144]
    assert mg.bincount(test.targets).tolist() == [35, 36, 35, 36, 36, 36, 36, 35, 34, 36]
    everything = np.concatenate([train.data.array, test.data.array])
    assert len({image.tobytes() for image in everything}) == 1797


def test_pixels_are_spread_over_a_byte():
    data = datasets.Digits().data
    assert data.dtype == mg.uint8
    steps = np.unique(data.array)
    assert steps.tolist() == [round(i * 255 / 16) for i in range(17)]


def test_the_first_image_is_a_zero():
    """As printed in scikit-learn's documentation of the same file."""
    image = datasets.Digits().data[0]
    assert (image.array.astype(float) * 16 / 255).round().astype(int).tolist()[:3] == [
        [0, 0, 5, 13, 9, 1, 0, 0],
        [0, 0, 13, 15, 10, 15, 5, 0],
        [0, 3, 15, 2, 0, 11, 8, 0],
    ]


def test_names():
    digits = datasets.Digits("anywhere", train=False, target_transform=lambda label: -label)
    assert digits.class_to_idx["7"] == 7
    assert digits[0][1] == -5
    assert "Root location: anywhere" in repr(digits)


def test_less_than_a_hundred_kilobytes():
    folder = datasets.digits._HERE
    assert sum(file.stat().st_size for file in folder.iterdir()) < 100_000
    assert "CC BY 4.0" in (folder / "README.md").read_text(encoding="utf-8")

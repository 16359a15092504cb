"""Transforms as objects: numbers drawn in torchvision's order, batches as a whole, printed forms."""

from __future__ import annotations

import math
import pickle
import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import minigrad as mg
from minigrad import datasets, transforms
from minigrad.datasets.vision import InMemory
from minigrad.transforms import functional as F
from minigrad.utils.data import ConcatDataset, DataLoader, StackDataset, Subset, default_collate


def below(n):
    return torch.randint(0, n, size=(1,)).item()


def between(low, high):
    return torch.empty(1).uniform_(low, high).item()


@pytest.fixture(autouse=True)
def _seeds():
    with torch.random.fork_rng():
        mg.manual_seed(3)
        torch.manual_seed(3)
        yield


def same_state():
    assert mg.get_rng_state().array.tobytes() == torch.get_rng_state().numpy().tobytes()


PIXELS = np.random.default_rng(0).integers(0, 256, (7, 9, 3)).astype(np.uint8)
TENSOR = mg.tensor(PIXELS.transpose(2, 0, 1).copy())


# ------------------------------------------------------------------------- what is drawn, as torch


def test_random_crop():
    for image in (PIXELS, Image.fromarray(PIXELS)):
        for _ in range(5):
            found = np.asarray(transforms.RandomCrop((4, 5), padding=2)(image))
            i, j = below(7 + 4 - 4 + 1), below(9 + 4 - 5 + 1)
            expected = np.pad(PIXELS, [(2, 2), (2, 2), (0, 0)])[i : i + 4, j : j + 5]
            np.testing.assert_array_equal(found, expected)
    same_state()
    assert transforms.RandomCrop((7, 9))(PIXELS).shape == (7, 9, 3)
    same_state()  # nothing to choose
    assert transforms.RandomCrop.get_params(TENSOR, (2, 3)) == (below(6), below(7), 2, 3)
    with pytest.raises(
        ValueError, match=r"Required crop size \(8, 8\) is larger than input .* \(7, 9\)"
    ):
        transforms.RandomCrop(8)(PIXELS)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
def test_random_crop_of_small_images(mode):
    """The width is padded on both sides by all that is missing, and then the height."""
    crop = transforms.RandomCrop(10, padding=1, pad_if_needed=True, padding_mode=mode)
    padded = np.pad(PIXELS, [(1, 1), (1, 1), (0, 0)], mode=mode)
    padded = np.pad(padded, [(1, 1), (0, 0), (0, 0)], mode=mode)
    for _ in range(5):
        found = crop(PIXELS)
        i, j = below(11 - 10 + 1), below(11 - 10 + 1)
        np.testing.assert_array_equal(found, padded[i : i + 10, j : j + 10])
        tensor = F.pil_to_tensor(crop(Image.fromarray(PIXELS)))
        assert tuple(tensor.shape) == (3, 10, 10)
        below(2), below(2)
    same_state()


@pytest.mark.parametrize(
    ("transform", "flip"),
    [
        (transforms.RandomHorizontalFlip(0.4), lambda x: x[:, ::-1]),
        (transforms.RandomVerticalFlip(0.4), lambda x: x[::-1]),
    ],
)
def test_flips(transform, flip):
    for _ in range(10):
        expected = flip(PIXELS) if torch.rand(1) < 0.4 else PIXELS
        np.testing.assert_array_equal(transform(PIXELS), expected)
    same_state()


@given(st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)), st.tuples(st.floats(0.1, 9)))
def test_random_resized_crop(scale, ratio):
    scale, ratio = sorted(scale), (ratio[0], ratio[0] * 1.5)
    mg.manual_seed(1)
    torch.manual_seed(1)
    found = transforms.RandomResizedCrop.get_params(PIXELS, scale, ratio)
    log_ratio = torch.log(torch.tensor(ratio))
    for _ in range(10):
        area = 63 * between(*scale)
        shape = torch.exp(torch.empty(1).uniform_(log_ratio[0], log_ratio[1])).item()
        w, h = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
        if 0 < w <= 9 and 0 < h <= 7:
            expected = (below(7 - h + 1), below(9 - w + 1), h, w)
            break
    else:
        w, h = 9, 7
        if ratio[0] > 9 / 7:
            h = round(w / ratio[0])
        elif ratio[1] < 9 / 7:
            w = round(h * ratio[1])
        expected = ((7 - h) // 2, (9 - w) // 2, h, w)
    assert found == expected
    same_state()


def test_random_resized_crop_of_images():
    transform = transforms.RandomResizedCrop(5)
    found = transform(PIXELS)
    mg.manual_seed(3)
    i, j, h, w = transform.get_params(PIXELS, transform.scale, transform.ratio)
    expected = Image.fromarray(PIXELS[i : i + h, j : j + w]).resize((5, 5), Image.BILINEAR)
    np.testing.assert_array_equal(found, expected)


def test_random_rotation():
    transform = transforms.RandomRotation(30)
    for _ in range(4):
        expected = Image.fromarray(PIXELS).rotate(between(-30.0, 30.0))
        np.testing.assert_array_equal(transform(PIXELS), expected)
    same_state()


@pytest.mark.parametrize("value", [0, 0.5, (1.0, 2.0, 3.0), "random"])
def test_random_erasing(value):
    transform = transforms.RandomErasing(0.7, (0.1, 0.5), (0.3, 3.0), value)
    for _ in range(8):
        x = torch.from_numpy(TENSOR.array).float()
        if torch.rand(1) < 0.7:
            log_ratio = torch.log(torch.tensor((0.3, 3.0)))
            for _ in range(10):
                area = 63 * between(0.1, 0.5)
                shape = torch.exp(torch.empty(1).uniform_(log_ratio[0], log_ratio[1])).item()
                h, w = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
                if h < 7 and w < 9:
                    new = torch.empty(3, h, w).normal_() if value == "random" else None
                    i, j = below(7 - h + 1), below(9 - w + 1)
                    if new is None:
                        new = torch.tensor(np.atleast_1d(value).astype("f")).view(-1, 1, 1)
                    x = x.clone()
                    x[:, i : i + h, j : j + w] = new
                    break
        np.testing.assert_allclose(transform(TENSOR.float()).array, x.numpy(), atol=1e-6)
    same_state()


def test_random_grayscale_and_apply():
    invert = transforms.Lambda(lambda x: 255 - x)
    for _ in range(6):
        expected = F.to_grayscale(PIXELS, 3) if torch.rand(1) < 0.5 else PIXELS
        np.testing.assert_array_equal(transforms.RandomGrayscale(0.5)(PIXELS), expected)
        expected = PIXELS if torch.rand(1) > 0.3 else 255 - PIXELS
        np.testing.assert_array_equal(transforms.RandomApply([invert], 0.3)(PIXELS), expected)
    same_state()


def test_choices_are_pythons():
    add, double = transforms.Lambda(lambda x: x + 1), transforms.Lambda(lambda x: x * 2)
    before = random.getstate()
    try:
        random.seed(5)
        found = [transforms.RandomChoice([add, double])(5) for _ in range(9)]
        found += [transforms.RandomOrder([add, double])(5) for _ in range(9)]
        random.seed(5)
        expected = [random.choices([6, 10])[0] for _ in range(9)]
        for _ in range(9):
            order = [0, 1]
            random.shuffle(order)
            expected.append(12 if order == [0, 1] else 11)
    finally:
        random.setstate(before)
    assert found == expected


# ------------------------------------------------------------------------------ batches as a whole


class Pictures(InMemory):
    def __init__(self, transform, coloured, target_transform=None):
        super().__init__(None, transform=transform, target_transform=target_transform)
        shape = (11, 7, 9, 3) if coloured else (11, 7, 9)
        self.data = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
        self.targets = list(range(11))
        if not coloured:
            self.data, self.targets = mg.tensor(self.data), mg.tensor(self.targets)


STEPS = {
    "crop": transforms.RandomCrop((6, 6), padding=2),
    "exact crop": transforms.RandomCrop((7, 9), padding=(1, 2)),
    "needed": transforms.RandomCrop(10, pad_if_needed=True, fill=9),
    "flip": transforms.RandomHorizontalFlip(),
    "upside down": transforms.RandomVerticalFlip(0.3),
    "small": transforms.RandomCrop(4),
    "reflected": transforms.RandomCrop(6, padding=2, padding_mode="reflect"),
    "middle": transforms.CenterCrop(5),
    "half": transforms.Resize(6),
}
NAMES = st.lists(st.sampled_from(sorted(STEPS)), max_size=3)


@given(NAMES, NAMES, st.booleans(), st.booleans(), st.integers(1, 5), st.integers(0, 99))
def test_batches_are_what_single_images_make(before, after, normal, coloured, size, seed):
    channels = 3 if coloured else 1
    ends = [transforms.Normalize([0.4] * channels, [0.3] * channels)] if normal else []
    steps = [STEPS[b] for b in before] + [transforms.ToTensor()] + [STEPS[a] for a in after] + ends

    def read(whole):
        data = Pictures(transforms.Compose(steps), coloured)
        mg.manual_seed(seed)
        collate = None if whole else lambda batch: default_collate(batch)
        loader = DataLoader(data, size, shuffle=True, collate_fn=collate)
        try:
            found = [(x.tolist(), y.tolist(), x.dtype, y.dtype, x.stride()) for x, y in loader]
        except ValueError as error:
            return str(error)
        return found, mg.rand(1).item()

    assert read(True) == read(False)


def counting(monkeypatch):
    seen = []
    plain = InMemory.__getitem__
    monkeypatch.setattr(InMemory, "__getitem__", lambda s, i: seen.append(i) or plain(s, i))
    return seen


BATCHABLE = transforms.Compose(
    [STEPS["crop"], STEPS["flip"], transforms.ToTensor(), transforms.Normalize(0.5, 0.5)]
)


def test_batches_are_made_as_a_whole(monkeypatch):
    seen = counting(monkeypatch)
    for transform in (BATCHABLE, transforms.ToTensor(), transforms.Compose([BATCHABLE])):
        data = Pictures(transform, False)
        for source in (data, Subset(data, [3, 1, 2])):
            next(iter(DataLoader(source, 2)))
    still = Pictures(transforms.ToTensor(), False)
    next(iter(DataLoader(ConcatDataset([StackDataset(still, still), still]), 2)))
    assert not seen
    user = transforms.Compose([transforms.Lambda(np.asarray), transforms.ToTensor()])
    for data in (
        Pictures(user, False),
        Pictures(BATCHABLE, False, target_transform=str),
        ConcatDataset([Pictures(BATCHABLE, False)] * 2),
    ):
        next(iter(DataLoader(data, 2, sampler=[10, 0] if len(data) == 11 else [10, 11])))
    assert len(seen) == 6


def test_concatenated_sets_draw_in_the_order_of_the_elements():
    data = ConcatDataset([Pictures(BATCHABLE, False), Pictures(BATCHABLE, False)])

    def read(collate):
        mg.manual_seed(0)
        return [x.tolist() for x, _ in DataLoader(data, 7, shuffle=True, collate_fn=collate)]

    assert read(None) == read(lambda batch: default_collate(batch))


def test_users_transforms_get_pil_images():
    data = datasets.Digits(transform=lambda image: image.size)
    assert data[0][0] == (8, 8)
    mixed = transforms.Compose([STEPS["flip"], lambda image: image.mode, transforms.ToTensor()])
    with pytest.raises(TypeError, match="pic should be PIL Image or ndarray"):
        datasets.Digits(transform=mixed)[0]
    assert isinstance(datasets.Digits(transform=transforms.RandomCrop(4))[0][0], Image.Image)


def test_without_pillow(monkeypatch):
    monkeypatch.setattr("minigrad.datasets._image.pillow", lambda: None)
    image, label = datasets.Digits()[0]
    assert isinstance(image, np.ndarray)
    assert (image.shape, image.dtype, label) == ((8, 8), np.uint8, 0)
    assert isinstance(datasets.Digits(transform=transforms.RandomCrop(4))[0][0], np.ndarray)
    found = datasets.Digits(transform=transforms.ToTensor())[0][0]
    np.testing.assert_array_equal(found.array[0], np.float32(image) / np.float32(255))


# --------------------------------------------------------------------------------- as they are made


def test_printed_forms():
    """As torchvision prints them."""
    t = transforms
    compose = t.Compose([t.RandomCrop(32, padding=4), t.ToTensor(), t.Normalize((0.5,), (0.5,))])
    assert repr(compose) == (
        "Compose(\n    RandomCrop(size=(32, 32), padding=4)\n    ToTensor()\n"
        "    Normalize(mean=(0.5,), std=(0.5,))\n)"
    )
    assert [
        repr(x)
        for x in (
            t.CenterCrop(5),
            t.Pad(3),
            t.Resize((2, 3)),
            t.RandomHorizontalFlip(),
            t.RandomVerticalFlip(0.25),
            t.RandomRotation(30),
            t.RandomRotation((10, 20), center=(1, 2), fill=None),
            t.Grayscale(),
            t.RandomGrayscale(),
            t.RandomErasing(),
            t.RandomResizedCrop(224),
            t.Lambda(abs),
            t.ToPILImage("RGB"),
            t.ToPILImage(),
            t.PILToTensor(),
            t.ConvertImageDtype(mg.float32),
            t.RandomApply([t.CenterCrop(1)], p=0.2),
            t.RandomChoice([t.ToTensor()]),
        )
    ] == [
        "CenterCrop(size=(5, 5))",
        "Pad(padding=3, fill=0, padding_mode=constant)",
        "Resize(size=(2, 3), interpolation=bilinear, max_size=None, antialias=True)",
        "RandomHorizontalFlip(p=0.5)",
        "RandomVerticalFlip(p=0.25)",
        "RandomRotation(degrees=[-30.0, 30.0], interpolation=nearest, expand=False, fill=0)",
        "RandomRotation(degrees=[10.0, 20.0], interpolation=nearest, expand=False, center=(1, 2))",
        "Grayscale(num_output_channels=1)",
        "RandomGrayscale(p=0.1)",
        "RandomErasing(p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0, inplace=False)",
        "RandomResizedCrop(size=(224, 224), scale=(0.08, 1.0), ratio=(0.75, 1.3333), "
        "interpolation=bilinear, antialias=True)",
        "Lambda()",
        "ToPILImage(mode=RGB)",
        "ToPILImage()",
        "PILToTensor()",
        "ConvertImageDtype()",
        "RandomApply(\n    p=0.2\n    CenterCrop(size=(1, 1))\n)",
        "RandomChoice(\n    ToTensor()\n)(p=None)",
    ]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda t: t.Lambda(3), TypeError),
        (lambda t: t.RandomChoice(3), TypeError),
        (lambda t: t.RandomChoice([abs], p=0.5), TypeError),
        (lambda t: t.Pad("1"), TypeError),
        (lambda t: t.Pad(1, fill=None), TypeError),
        (lambda t: t.Pad(1, padding_mode="wrap"), ValueError),
        (lambda t: t.Pad((1, 2, 3)), ValueError),
        (lambda t: t.Resize("5"), TypeError),
        (lambda t: t.Resize((1, 2, 3)), ValueError),
        (lambda t: t.CenterCrop((1, 2, 3)), ValueError),
        (lambda t: t.RandomRotation(-1), ValueError),
        (lambda t: t.RandomRotation([1, 2, 3]), ValueError),
        (lambda t: t.RandomErasing(2), ValueError),
        (lambda t: t.RandomErasing(scale=(0, 2)), ValueError),
        (lambda t: t.RandomErasing(value="black"), ValueError),
        (lambda t: t.RandomErasing(value=None), TypeError),
        (lambda t: t.RandomErasing(scale=1), TypeError),
        (lambda t: t.RandomErasing(1, value=(1, 2))(TENSOR.float()), ValueError),
        (lambda t: t.RandomResizedCrop(2, scale=1), TypeError),
        (lambda t: t.RandomResizedCrop(2, ratio=1), TypeError),
        (lambda t: t.LinearTransformation(mg.ones(2, 3), mg.ones(2)), ValueError),
        (lambda t: t.LinearTransformation(mg.eye(2), mg.ones(2))(mg.ones(1, 2, 2)), ValueError),
    ],
)
def test_wrong_arguments(call, error):
    with pytest.raises(error):
        call(transforms)


def test_bounds_the_wrong_way_round():
    for kind in (lambda **k: transforms.RandomResizedCrop(2, **k), transforms.RandomErasing):
        with pytest.warns(UserWarning, match=r"should be of kind \(min, max\)"):
            kind(ratio=(2, 1))


def test_they_are_modules_and_can_be_sent():
    both = mg.nn.Sequential(transforms.CenterCrop(2), transforms.ConvertImageDtype(mg.float64))
    assert both(TENSOR).dtype == mg.float64
    again = pickle.loads(pickle.dumps(BATCHABLE))
    assert repr(again) == repr(BATCHABLE)


def test_whitening():
    x = mg.rand(2, 1, 2, 2)
    matrix, mean = mg.rand(4, 4), mg.rand(4)
    found = transforms.LinearTransformation(matrix, mean)(x)
    expected = (x.array.reshape(2, 4) - mean.array) @ matrix.array
    np.testing.assert_allclose(found.array.reshape(2, 4), expected, rtol=1e-5)
    assert "LinearTransformation(transformation_matrix=[[" in repr(
        transforms.LinearTransformation(matrix, mean)
    )


def test_another_default_dtype():
    """A chance takes two words then."""
    mg.set_default_dtype(mg.float64)
    torch.set_default_dtype(torch.float64)
    try:
        for _ in range(5):
            expected = PIXELS[:, ::-1] if torch.rand(1) < 0.4 else PIXELS
            np.testing.assert_array_equal(transforms.RandomHorizontalFlip(0.4)(PIXELS), expected)
        same_state()
        data = Pictures(BATCHABLE, False)
        mg.manual_seed(0)
        whole = [x.tolist() for x, _ in DataLoader(data, 4)]
        mg.manual_seed(0)
        single = [
            x.tolist() for x, _ in DataLoader(data, 4, collate_fn=lambda b: default_collate(b))
        ]
    finally:
        mg.set_default_dtype(mg.float32)
        torch.set_default_dtype(torch.float32)
    assert whole == single

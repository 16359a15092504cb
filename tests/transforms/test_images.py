"""Functions of images: arrays against Pillow, which torchvision calls for PIL images; tensors against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as TF
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image, ImageOps

import minigrad as mg
from minigrad.transforms import InterpolationMode, _pixels
from minigrad.transforms import functional as F

SIDES = st.integers(1, 12)
PIXELS = st.tuples(SIDES, SIDES, st.sampled_from([0, 3, 4])).flatmap(
    lambda s: npst.arrays(np.uint8, s if s[2] else s[:2])
)
MODES = {
    "bilinear": Image.BILINEAR,
    "bicubic": Image.BICUBIC,
    "box": Image.BOX,
    "hamming": Image.HAMMING,
    "lanczos": Image.LANCZOS,
    "nearest": Image.NEAREST,
}


def tensor_of(pixels):
    """(C, H, W)."""
    return mg.from_numpy(np.atleast_3d(pixels).transpose(2, 0, 1).copy())


def forms(pixels, function):
    """The function of an array, of a PIL image and of a tensor: three times the same (H, W, C)."""
    array = function(pixels)
    image = function(Image.fromarray(pixels))
    tensor = function(tensor_of(pixels))
    assert isinstance(array, np.ndarray)
    assert isinstance(image, Image.Image)
    found = np.atleast_3d(array)
    np.testing.assert_array_equal(found, np.atleast_3d(np.asarray(image)))
    np.testing.assert_array_equal(found, tensor.array.transpose(1, 2, 0))
    assert array.flags.c_contiguous
    return array


# ------------------------------------------------------------------------------------------ sizes


@given(PIXELS, SIDES, SIDES, st.sampled_from(sorted(MODES)))
def test_resized_arrays_are_pillows(pixels, height, width, name):
    """The same bits along one side; along both, Pillow may take the columns first and then round."""
    if pixels.ndim == 3:
        pixels = pixels[..., :3].copy()  # Pillow multiplies colours by what is opaque
    for size in [(height, width), (height, pixels.shape[1]), (pixels.shape[0], width)]:
        expected = np.asarray(Image.fromarray(pixels).resize(size[::-1], MODES[name]))
        found = _pixels.resized(pixels, *size, name)
        difference = np.abs(found.astype(int) - expected.astype(int)).max()
        assert difference <= (size == (height, width) and name != "nearest") * 2
        np.testing.assert_array_equal(
            F.resize(pixels, size, InterpolationMode(name)),
            pixels if size == pixels.shape[:2] else expected,
        )


def test_large_pictures_are_pillows():
    pixels = np.random.default_rng(0).integers(0, 256, (233, 181, 3)).astype(np.uint8)
    for size in [(100, 60), (300, 500), (233, 90), (33, 181)]:
        for name, number in MODES.items():
            expected = np.asarray(Image.fromarray(pixels).resize(size[::-1], number)).astype(int)
            found = _pixels.resized(pixels, *size, name)
            assert np.abs(found.astype(int) - expected).max() <= 2
            assert (found == expected).mean() > 0.8


@given(PIXELS, st.integers(1, 9) | st.tuples(SIDES, SIDES), st.booleans())
def test_resize(pixels, size, antialias):
    """Arrays and PIL images alike; tensors as torch's interpolate, floats and bytes."""
    if pixels.ndim == 3:
        pixels = pixels[..., :3].copy()
    array = F.resize(pixels, size)
    np.testing.assert_array_equal(array, np.asarray(F.resize(Image.fromarray(pixels), size)))
    planes = tensor_of(pixels)
    made = F.resize(planes, size, antialias=antialias)
    assert tuple(made.shape[1:]) == array.shape[:2]
    # Antialiased, torch repeats the first row of what is one pixel wide: docs/differences.md.
    if array.shape[:2] != pixels.shape[:2] and not (antialias and array.shape[1] == 1):
        theirs = TF.interpolate(
            torch.from_numpy(planes.array).float()[None],
            size=array.shape[:2],
            mode="bilinear",
            align_corners=False,
            antialias=antialias,
        )[0]
        difference = np.abs(made.array.astype(float) - theirs.round().numpy())
        assert difference.max() <= 1  # where a value lies between two whole ones
        floats = F.resize(planes.float(), size, antialias=antialias)
        np.testing.assert_allclose(floats.array, theirs.numpy(), atol=1e-3)


@pytest.mark.parametrize(
    ("size", "max_size", "expected"),
    [
        (10, None, (10, 20)),
        ([10], None, (10, 20)),
        ((7, 9), None, (7, 9)),
        (10, 15, (7, 15)),
        (10, 30, (10, 20)),
    ],
)
def test_sizes(size, max_size, expected):
    assert F.size_after(4, 8, size, max_size) == expected
    assert F.size_after(8, 4, size, max_size) == (
        expected if len(np.atleast_1d(size)) == 2 else expected[::-1]
    )


def test_wrong_sizes():
    with pytest.raises(ValueError, match="must be strictly greater than the requested size"):
        F.size_after(4, 8, 10, 10)
    with pytest.raises(ValueError, match="max_size should only be passed if"):
        F.size_after(4, 8, (1, 2), 10)
    with pytest.raises(ValueError, match="1 or 2 element"):
        F.size_after(4, 8, (1, 2, 3), None)
    with pytest.raises(TypeError, match="Argument interpolation"):
        F.resize(np.zeros((2, 2), np.uint8), 1, "bilinear")
    assert F.interpolation_mode(Image.BICUBIC) is InterpolationMode.BICUBIC
    assert F.interpolation_mode(2) is InterpolationMode.BILINEAR


# ----------------------------------------------------------------------------------------- places

BORDERS = (
    st.integers(0, 3)
    | st.tuples(st.integers(0, 3))
    | st.tuples(st.integers(0, 3), st.integers(0, 3))
    | st.tuples(*[st.integers(0, 3)] * 4)
)


@given(PIXELS, BORDERS, st.integers(0, 255))
def test_constant_borders(pixels, border, fill):
    padded = forms(pixels, lambda x: F.pad(x, border, fill))
    if pixels.ndim == 2:
        given = border[0] if isinstance(border, tuple) and len(border) == 1 else border
        expected = ImageOps.expand(Image.fromarray(pixels), given, fill)
        np.testing.assert_array_equal(padded, expected)


@given(PIXELS, BORDERS, st.sampled_from(["edge", "reflect", "symmetric"]))
def test_borders_of_the_image(pixels, border, mode):
    padded = forms(pixels, lambda x: F.pad(x, border, padding_mode=mode))
    left, top, right, bottom = F.sides_of(border)
    widths = [(top, bottom), (left, right), (0, 0)][: pixels.ndim]
    np.testing.assert_array_equal(padded, np.pad(pixels, widths, mode=mode))


def test_a_fill_for_each_channel():
    image = Image.new("RGB", (2, 1), (9, 9, 9))
    expected = np.asarray(ImageOps.expand(image, 1, (1, 2, 3)))
    np.testing.assert_array_equal(F.pad(np.asarray(image), 1, (1, 2, 3)), expected)
    np.testing.assert_array_equal(F.pad(image, 1, (1, 2, 3)), expected)


@given(PIXELS, *[st.integers(-4, 14)] * 2, *[st.integers(1, 9)] * 2)
def test_crop(pixels, top, left, height, width):
    part = forms(pixels, lambda x: F.crop(x, top, left, height, width))
    expected = Image.fromarray(pixels).crop((left, top, left + width, top + height))
    np.testing.assert_array_equal(part, expected)


@given(PIXELS, st.integers(1, 15) | st.tuples(SIDES) | st.tuples(SIDES, SIDES))
def test_center_crop(pixels, size):
    part = forms(pixels, lambda x: F.center_crop(x, size))
    height, width = F.pair(size)
    assert part.shape[:2] == (height, width)
    if height <= pixels.shape[0] and width <= pixels.shape[1]:
        top = round((pixels.shape[0] - height) / 2.0)
        left = round((pixels.shape[1] - width) / 2.0)
        np.testing.assert_array_equal(part, pixels[top : top + height, left : left + width])
    elif height >= pixels.shape[0] and width >= pixels.shape[1]:
        above = (height - pixels.shape[0]) // 2
        before = (width - pixels.shape[1]) // 2
        inside = part[above : above + pixels.shape[0], before : before + pixels.shape[1]]
        np.testing.assert_array_equal(inside, pixels)
        assert int(part.sum()) == int(pixels.sum())


@given(PIXELS)
def test_flips(pixels):
    np.testing.assert_array_equal(forms(pixels, F.hflip), pixels[:, ::-1])
    np.testing.assert_array_equal(forms(pixels, F.vflip), pixels[::-1])


ANGLES = st.integers(-8, 8).map(lambda n: n * 45.0) | st.floats(-400, 400, width=32)


@given(PIXELS, ANGLES, st.booleans(), st.none() | st.tuples(st.integers(-1, 9), SIDES))
def test_rotate(pixels, angle, expand, center):
    pixels = pixels[..., :3].copy()
    if pixels.ndim == 3 and pixels.shape[2] != 3:
        pixels = pixels[..., 0].copy()
    turned = forms(pixels, lambda x: F.rotate(x, angle, expand=expand, center=center))
    own = _pixels.rotated(pixels, angle, expand, center, 0)
    np.testing.assert_array_equal(own, turned)
    expected = Image.fromarray(pixels).rotate(angle, expand=expand, center=center)
    np.testing.assert_array_equal(turned, expected)


# ----------------------------------------------------------------------------------------- values


@given(PIXELS)
def test_to_tensor(pixels):
    planes = np.atleast_3d(pixels).transpose(2, 0, 1)
    expected = torch.from_numpy(planes.copy()).float().div(255).numpy()
    for image in (pixels, Image.fromarray(pixels)):
        found = F.to_tensor(image)
        np.testing.assert_array_equal(found.array, expected)
        assert found.is_contiguous()
        np.testing.assert_array_equal(F.pil_to_tensor(image).array, planes)
    back = F.to_pil_image(F.to_tensor(pixels))
    np.testing.assert_array_equal(np.atleast_3d(np.asarray(back)), np.atleast_3d(pixels))
    np.testing.assert_array_equal(np.asarray(F.to_pil_image(np.atleast_3d(pixels))), back)


def test_to_tensor_of_other_kinds():
    assert F.to_tensor(np.ones((2, 3))).dtype == mg.float64
    assert F.to_tensor(Image.new("1", (2, 2), 1)).tolist() == [[[1.0, 1.0], [1.0, 1.0]]]
    assert F.to_tensor(Image.new("I", (1, 1), 70000)).tolist() == [[[70000]]]
    assert F.to_tensor(Image.new("F", (1, 1), 0.5)).tolist() == [[[0.5]]]
    for wrong in (mg.ones(1, 2, 2), "no", [[1]]):
        with pytest.raises(TypeError, match="pic should be PIL Image or ndarray"):
            F.to_tensor(wrong)
    with pytest.raises(ValueError, match="pic should be 2/3 dimensional"):
        F.to_tensor(np.ones(3))


def test_to_pil_image():
    assert F.to_pil_image(mg.ones(2, 3) * 0.5).getpixel((0, 0)) == 127
    assert F.to_pil_image(mg.ones(3, 2, 2), mode="HSV").mode == "HSV"
    assert F.to_pil_image(np.ones((2, 2), np.float32)).mode == "F"
    assert F.to_pil_image(np.ones((2, 2), np.int32)).mode == "I"
    for wrong, error in [
        ("no", TypeError),
        (np.ones(2), ValueError),
        (np.ones((2, 2, 5)), ValueError),
        (np.ones((2, 2)), TypeError),
        (np.ones((2, 2, 3)), TypeError),
    ]:
        with pytest.raises(error):
            F.to_pil_image(wrong)
    with pytest.raises(ValueError, match="Only modes"):
        F.to_pil_image(np.ones((2, 2, 3), np.uint8), "L")
    with pytest.raises(ValueError, match="Incorrect mode"):
        F.to_pil_image(np.ones((2, 2), np.uint8), "F")


@given(npst.arrays(np.uint8, (4, 5, 3)))
def test_grey(pixels):
    expected = np.asarray(Image.fromarray(pixels).convert("L"))
    np.testing.assert_array_equal(F.to_grayscale(pixels), expected)
    np.testing.assert_array_equal(F.rgb_to_grayscale(Image.fromarray(pixels)), expected)
    three = F.to_grayscale(pixels, 3)
    assert (three == expected[..., None]).all()
    planes = torch.from_numpy(pixels.transpose(2, 0, 1).copy())
    r, g, b = planes
    theirs = (0.2989 * r + 0.587 * g + 0.114 * b).to(torch.uint8)
    ours = F.rgb_to_grayscale(tensor_of(pixels), 3)
    assert tuple(ours.shape) == (3, 4, 5)
    np.testing.assert_array_equal(ours.array[0], theirs.numpy())
    with pytest.raises(ValueError, match="either 1 or 3"):
        F.to_grayscale(pixels, 2)


@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 3, 4, 5)])
@pytest.mark.parametrize("inplace", [False, True])
def test_normalize(shape, inplace):
    x = np.random.default_rng(0).random(shape).astype(np.float32)
    mean, std = (0.1, 0.2, 0.3), [0.5, 0.6, 0.7]
    theirs = torch.from_numpy(x.copy())
    theirs = theirs.sub_(torch.tensor(mean).view(-1, 1, 1)).div_(torch.tensor(std).view(-1, 1, 1))
    given = mg.tensor(x)
    found = F.normalize(given, mean, std, inplace)
    np.testing.assert_array_equal(found.array, theirs.numpy())
    np.testing.assert_array_equal(given.array, found.array if inplace else x)


def test_normalize_refuses():
    for wrong, error, message in [
        (np.ones((1, 2, 2)), TypeError, "img should be Tensor Image"),
        (mg.ones(1, 2, 2, dtype=mg.int64), TypeError, "should be a float tensor"),
        (mg.ones(2, 2), ValueError, "Expected tensor to be a tensor image"),
    ]:
        with pytest.raises(error, match=message):
            F.normalize(wrong, [0.5], [0.5])
    with pytest.raises(ValueError, match="std evaluated to zero"):
        F.normalize(mg.ones(1, 2, 2), [0.5], [0.0])


def test_convert_image_dtype():
    image = mg.tensor([0, 1, 128, 255], dtype=mg.uint8)
    assert F.convert_image_dtype(image).tolist() == [
        0,
        np.float32(1 / 255),
        np.float32(128 / 255),
        1,
    ]
    assert F.convert_image_dtype(F.convert_image_dtype(image), mg.uint8).tolist() == image.tolist()
    assert F.convert_image_dtype(image, mg.int16).tolist() == [0, 128, 16384, 32640]
    assert F.convert_image_dtype(image.to(mg.int16) * 128, mg.uint8).tolist() == image.tolist()
    assert F.convert_image_dtype(mg.ones(2), mg.float64).dtype == mg.float64
    assert F.convert_image_dtype(image, mg.uint8) is image
    with pytest.raises(RuntimeError, match="cannot be performed safely"):
        F.convert_image_dtype(mg.ones(1), mg.int64)
    with pytest.raises(TypeError, match="Tensor Image"):
        F.convert_image_dtype(np.ones(1))


def test_sizes_of_images():
    for image in (np.zeros((2, 5, 3), np.uint8), Image.new("RGB", (5, 2)), mg.zeros(3, 2, 5)):
        assert F.get_dimensions(image) == [3, 2, 5]
        assert F.get_image_size(image) == [5, 2]
        assert F.get_image_num_channels(image) == 3
    assert F.get_dimensions(np.zeros((2, 5))) == [1, 2, 5]
    assert F.get_dimensions(mg.zeros(2, 5)) == [1, 2, 5]
    for wrong in ("no", mg.zeros(3)):
        with pytest.raises(TypeError):
            F.get_dimensions(wrong)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: F.pad(x, "1"), TypeError),
        (lambda x: F.pad(x, (1, 2, 3)), ValueError),
        (lambda x: F.pad(x, 1, padding_mode="wrap"), ValueError),
        (lambda x: F.center_crop(x, (1, 2, 3)), ValueError),
        (lambda x: F.hflip(x.tolist()), TypeError),
        (lambda x: F.hflip(x[0]), ValueError),
        (lambda x: F.erase(x, 0, 0, 1, 1, 0), TypeError),
        (lambda x: F.rotate(x, 5, InterpolationMode.BILINEAR), ValueError),
        (lambda x: F.pil_to_tensor(x.astype(float)), TypeError),
    ],
)
def test_wrong_arguments(call, error):
    with pytest.raises(error):
        call(np.zeros((2, 2), np.uint8))


def test_gradients_go_through_tensors():
    x = mg.ones(1, 4, 4, requires_grad=True)
    y = F.normalize(F.hflip(F.pad(F.crop(x, 1, 1, 2, 2), 1, padding_mode="edge")), [0.5], [0.5])
    y.sum().backward()
    assert x.grad.sum().item() == 32.0


def test_interpolations_of_tensors():
    x = mg.arange(36.0).view(1, 6, 6)
    theirs = torch.arange(36.0).view(1, 1, 6, 6)
    for mode in ("nearest", "nearest-exact", "bicubic"):
        options = {"align_corners": False, "antialias": True} if mode == "bicubic" else {}
        expected = TF.interpolate(theirs, size=[4, 4], mode=mode, **options)[0]
        found = F.resize(x, [4, 4], InterpolationMode(mode))
        np.testing.assert_allclose(found.array, expected.numpy(), rtol=1e-5)

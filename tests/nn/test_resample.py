"""Resampling against torch's: large inputs, dtypes, threads, nodes, errors and warnings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad.kernels import resample
from minigrad.kernels.resample.taps import taps
from tests.nn.both import BOTH, assert_same, refused

pytestmark = pytest.mark.usefixtures("torch_name")


def leaf(T, shape, dtype="float32"):
    values = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    return T.from_numpy(values).requires_grad_()


# More numbers than NumPy is given.
LARGE = [
    ((16, 4, 800), {"scale_factor": 2}),
    ((16, 4, 800), {"size": 333, "mode": "linear"}),
    ((4, 8, 30, 31), {"scale_factor": 2}),
    ((4, 8, 30, 31), {"size": (70, 20), "mode": "nearest-exact"}),
    ((4, 8, 30, 31), {"scale_factor": 2, "mode": "bilinear"}),
    ((4, 8, 30, 31), {"size": (61, 15), "mode": "bilinear", "align_corners": True}),
    ((4, 8, 30, 31), {"scale_factor": (1.7, 0.6), "mode": "bicubic"}),
    ((4, 8, 60, 61), {"size": (13, 17), "mode": "bilinear", "antialias": True}),
    ((4, 8, 60, 61), {"size": (90, 17), "mode": "bicubic", "antialias": True}),
    ((2, 4, 11, 12, 13), {"scale_factor": 2}),
    ((2, 4, 11, 12, 13), {"scale_factor": (2, 0.5, 1.5), "mode": "trilinear"}),
    ((4, 8, 1, 1), {"size": (40, 41), "mode": "bilinear"}),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("shape", "options"), LARGE, ids=str)
def test_large_inputs(shape, options, dtype):
    def program(T):
        x = leaf(T, shape, dtype)
        y = T.nn.functional.interpolate(x, **options)
        (y * y).sum().backward()
        return y, x.grad, y.grad_fn.name()

    # torch's positions are float32 numbers, and so are ours
    assert_same(program, rtol=2e-5 if dtype == "float32" else 1e-12)


def test_the_adjoint_is_the_transpose():
    """Against the matrices written out, for every method."""
    methods = ["nearest", "nearest-exact", "linear", "cubic", "linear-aa", "cubic-aa", "lanczos-aa"]
    for method in methods:
        for size, answers in [(7, 3), (3, 8), (5, 5), (1, 4), (6, 1)]:
            table = taps(method, size, answers, False, None, "d")
            dense, back = np.zeros((answers, size)), np.zeros((size, answers))
            for matrix, t in ((dense, table), (back, table.adjoint)):
                for index, weight in zip(t.index, t.weight, strict=True):
                    np.add.at(matrix, (np.arange(t.answers), index), weight)
            np.testing.assert_allclose(back, dense.T, atol=1e-14)
            np.testing.assert_allclose(dense.sum(1), 1)
            x = np.random.default_rng(0).standard_normal((2, size))
            np.testing.assert_allclose(resample.apply(x, (table,)), x @ dense.T, atol=1e-12)


def test_the_same_bits_for_any_number_of_threads():
    told = []
    before = mg.get_num_threads()
    for threads in (1, 2, 3):
        mg.set_num_threads(threads)
        x = leaf(mg, (3, 5, 50, 51))
        mg.nn.functional.interpolate(x, scale_factor=2.5, mode="bicubic").square().sum().backward()
        told.append(x.grad.numpy().tobytes())
    mg.set_num_threads(before)
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
def test_other_dtypes(mode):
    values = np.random.default_rng(0).integers(0, 256, (2, 3, 7, 6))
    for dtype in ("uint8", "float16"):
        told = []
        for T in BOTH:
            x = T.from_numpy(values.astype(dtype))
            told.append(T.nn.functional.interpolate(x, size=(11, 4), mode=mode).numpy())
        assert told[0].dtype == told[1].dtype
        apart = np.abs(told[0].astype(float) - told[1].astype(float)).max()
        # torch rounds the weights of bytes too
        assert apart <= (0 if "nearest" in mode else 1)


def test_infinity_stays_where_it_is():
    x = mg.zeros(1, 1, 4)
    x[0, 0, 0] = float("inf")
    y = mg.nn.functional.interpolate(x, scale_factor=2, mode="linear")
    assert y[0, 0, 2:].isfinite().tolist() == [False, True, True, True, True, True]


def test_old_names_warn():
    def program(T):
        x, F = T.arange(4.0).reshape(1, 1, 2, 2), T.nn.functional
        return (
            F.upsample(x, scale_factor=2),
            F.upsample_nearest(x, size=3),
            F.upsample_bilinear(x, scale_factor=2),
        )

    assert_same(program)


def test_double_backward():
    assert mg.autograd.gradgradcheck(
        lambda x: mg.nn.functional.interpolate(x, (5, 3), mode="bicubic") ** 3,
        leaf(mg, (1, 1, 3, 4), "float64"),
    )


def x(T, *shape):
    return T.ones(shape or (1, 4, 3, 3))


ERRORS = [
    lambda T, F: F.interpolate(x(T)),
    lambda T, F: F.interpolate(x(T), 3, 2),
    lambda T, F: F.interpolate(x(T), (3,)),
    lambda T, F: F.interpolate(x(T), scale_factor=(2, 2, 2)),
    lambda T, F: F.interpolate(x(T), (0, 3)),
    lambda T, F: F.interpolate(x(T), scale_factor=0.1),
    lambda T, F: F.interpolate(x(T), 3, mode="nearest", align_corners=True),
    lambda T, F: F.interpolate(x(T), 3, mode="linear"),
    lambda T, F: F.interpolate(x(T, 1, 2, 3), 3, mode="bilinear"),
    lambda T, F: F.interpolate(x(T, 1, 2, 3), 3, mode="trilinear"),
    lambda T, F: F.interpolate(x(T, 1, 2, 3), 3, mode="bicubic"),
    lambda T, F: F.interpolate(x(T), 3, mode="other"),
    lambda T, F: F.interpolate(x(T, 1, 2, 3), 3, antialias=True),
    lambda T, F: F.interpolate(x(T), 3, mode="lanczos"),
    lambda T, F: F.interpolate(x(T), 3, mode="bilinear", recompute_scale_factor=True),
    lambda T, F: F.interpolate(x(T, 1, 0, 3, 3), 3, mode="bilinear"),
    lambda T, F: F.pixel_shuffle(x(T), 3),
    lambda T, F: F.pixel_shuffle(x(T), 0),
    lambda T, F: F.pixel_shuffle(x(T), 2.0),
    lambda T, F: F.pixel_shuffle(x(T, 3, 3), 1),
    lambda T, F: F.pixel_unshuffle(x(T), 2),
    lambda T, F: F.channel_shuffle(x(T), 3),
    lambda T, F: F.channel_shuffle(x(T), 0),
    lambda T, F: F.channel_shuffle(x(T, 3, 3), 1),
]


@pytest.mark.parametrize("call", ERRORS)
def test_errors(call):
    refused(lambda T: call(T, T.nn.functional))


def test_integers_are_refused():
    for mode in ("nearest", "bilinear", "bicubic", "area"):
        for T in BOTH:
            with pytest.raises(NotImplementedError, match="not implemented for 'Long'"):
                T.nn.functional.interpolate(x(T).long(), 5, mode=mode)


def test_shuffles_copy():
    for name in ("pixel_shuffle", "pixel_unshuffle", "channel_shuffle"):
        given = mg.ones(1, 1, 2, 2)
        made = getattr(mg, name)(given, 1)
        made += 1
        assert given.sum().item() == 4
        theirs = getattr(torch, name)(torch.ones(1, 1, 2, 2), 1)
        assert made.shape == tuple(theirs.shape)

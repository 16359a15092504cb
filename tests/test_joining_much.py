"""cat, stack, pad, flip and roll of so many numbers that several threads write them: what NumPy answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad.kernels.elementwise import MANY, loop

PARTS = [(3, 70, MANY // 150), (3, 1, MANY // 150), (3, 0, MANY // 150), (3, 9, MANY // 150)]


@pytest.fixture(autouse=True)
def _compiled():
    loop("same", np.zeros(2, np.float32))  # from now on much is left to compiled code


def numbers(shape, dtype):
    return (np.random.default_rng(0).standard_normal(shape) * 9).astype(dtype)


def pairs(*shapes, dtype=np.float32):
    """The same tensors of minigrad and of torch."""
    arrays = [numbers(shape, dtype) for shape in shapes]
    return [[package.from_numpy(a) for a in arrays] for package in (mg, torch)]


@pytest.mark.parametrize(
    "dtype", [np.float32, np.float64, np.int64, np.uint8, np.bool_, np.float16]
)
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_cat_and_stack(dtype, dim):
    shapes = [tuple(np.roll(shape, dim - 1)) for shape in PARTS]
    ours, theirs = pairs(*shapes, dtype=dtype)
    np.testing.assert_array_equal(mg.cat(ours, dim).numpy(), torch.cat(theirs, dim).numpy())
    ours, theirs = pairs(shapes[0], shapes[0], dtype=dtype)
    for d in (dim, -1):
        found, want = mg.stack(ours, d), torch.stack(theirs, d)
        np.testing.assert_array_equal(found.numpy(), want.numpy())
        assert found.stride() == want.stride()


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_pads_flips_and_rolls(dtype):
    (ours,), (theirs,) = pairs((7, 5, 90, 70), dtype=dtype)
    for pads in ((1, 2, 3, 4), (-1, 2), (0, 0, 1, 1, 2, 2), (0, 0, 0, 0, -2, 1, -1, -1)):
        for value in (0, 3, -1):
            found = mg.nn.functional.pad(ours, pads, value=value)
            want = torch.nn.functional.pad(theirs, pads, value=value)
            np.testing.assert_array_equal(found.numpy(), want.numpy())
    for dims in ((0,), (1,), (3,), (0, 2), (1, 3)):
        np.testing.assert_array_equal(ours.flip(dims).numpy(), theirs.flip(dims).numpy())
    for shifts, dims in ((3, None), (2, 0), (-1, 1), ((5, 7), (2, 3))):
        np.testing.assert_array_equal(
            ours.roll(shifts, dims).numpy(), theirs.roll(shifts, dims).numpy()
        )
    for manner in ("reflect", "replicate", "circular"):
        if dtype is np.float32:
            found = mg.nn.functional.pad(ours, (1, 2, 3, 4), manner)
            want = torch.nn.functional.pad(theirs, (1, 2, 3, 4), manner)
            np.testing.assert_array_equal(found.numpy(), want.numpy())


ORDERS = {
    "cat": lambda p, x: p.cat([x, x]),
    "cat, 1": lambda p, x: p.cat([x, x], 1),
    "cat with another": lambda p, x: p.cat([x, x.contiguous()]),
    "stack": lambda p, x: p.stack([x, x]),
    "stack, 1": lambda p, x: p.stack([x, x], 1),
    "stack, -1": lambda p, x: p.stack([x, x], -1),
    "masked_fill": lambda p, x: x.masked_fill(x > 1, 2.0),
    "masked_fill of a row": lambda p, x: x.masked_fill((x > 1)[:1], 2.0),
    "roll": lambda p, x: x.roll(1, 0),
    "flip": lambda p, x: x.flip(0),
    "pad": lambda p, x: p.nn.functional.pad(x, (1, 1)),
    "where": lambda p, x: p.where(x > 0, x, x),
    "clamp": lambda p, x: x.clamp(0, 1),
}


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 5), (3, 30, 3000)])
def test_order_in_memory(name, shape):
    (ours,), (theirs,) = pairs(shape)
    for turn in (lambda x: x.transpose(0, -1), lambda x: x.movedim(-1, 1), lambda x: x):
        found, want = ORDERS[name](mg, turn(ours)), ORDERS[name](torch, turn(theirs))
        assert found.stride() == want.stride()
        np.testing.assert_array_equal(found.numpy(), want.numpy())

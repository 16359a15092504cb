"""Sorting, the largest few, and the most frequent, against NumPy's stable sort: ties, NaN and zeros of both signs."""

from __future__ import annotations

import os

import numpy as np
import pytest

import minigrad as mg
from minigrad.kernels import order
from minigrad.kernels.machine import threads

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="NumPy does the work then"
)
SHAPES = [(64, 300), (32, 16, 5, 8), (33, 7, 101), (20001,), (17, 1031), (9000, 2), (20000, 1)]


def numbers(shape, dtype):
    """Numbers with many ties; among floats zeros of both signs, infinities and NaN of both signs."""
    rng = np.random.default_rng(0)
    x = np.round(rng.standard_normal(shape) * 20)
    if dtype.startswith("float"):
        flat = (x := x / 20).reshape(-1)
        for value in (0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan):
            flat[rng.permutation(flat.size)[:50]] = value
    return x.astype(dtype)


def sorting(x, dim, descending):
    """The places in order, by NumPy."""
    if not descending:
        return np.argsort(x, dim, kind="stable")
    back = np.argsort(np.flip(x, dim), dim, kind="stable")
    return x.shape[dim] - 1 - np.flip(back, dim)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("descending", [False, True])
def test_order_is_that_of_a_stable_sort(shape, dtype, descending):
    x = numbers(shape, dtype)
    for dim in range(len(shape)):
        wanted = sorting(x, dim, descending)
        values, indices = mg.tensor(x).sort(dim, descending=descending)
        assert np.array_equal(indices.numpy(), wanted)
        assert np.array_equal(
            values.numpy(), np.take_along_axis(x, wanted, dim), equal_nan=x.dtype.kind == "f"
        )
        for k in (1, 5, 64, 100):
            if k <= shape[dim]:
                found = mg.tensor(x).topk(k, dim, largest=descending).indices.numpy()
                assert np.array_equal(found, np.take(wanted, np.arange(k), dim))


@pytest.mark.parametrize("n", [2, 7, 31, 32, 33, 100, 128, 383, 384, 385, 1000])
def test_networks_and_digits_sort_rows_of_any_length(n):
    x = np.random.default_rng(n).standard_normal((40000 // n + 3, n)).astype(np.float32)
    for first, count in ((0, n), (n // 2, 1)):
        found = order.sort(x, 1, False, first, count)
        assert np.array_equal(found, sorting(x, 1, False)[:, first : first + count])


def test_the_order_does_not_depend_on_the_threads():
    x = numbers((203, 130), "float32")
    before, found = threads.get_num_threads(), []
    for count in (1, 2, 5):
        threads.set_num_threads(count)
        found.append((order.sort(x, 1, True, 0, 130), order.largest(x, 1, 9, False)))
    threads.set_num_threads(before)
    for pair in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(pair, found[0]))


@pytest.mark.parametrize("shape", [(5, 7), (4, 1), (1, 9), (300, 64), (3, 4, 5)])
@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_the_most_frequent_number(shape, dtype):
    x = np.random.default_rng(3).integers(-3, 4, shape).astype(dtype)
    if dtype == "float32":
        x.reshape(-1)[::5] = np.nan
        x.reshape(-1)[1::7] = -0.0
        x[0] = np.nan
    for dim in range(len(shape)):
        rows = np.moveaxis(x, dim, -1)
        found = mg.mode(mg.tensor(x), dim).indices.numpy()
        for row, place in zip(rows.reshape(-1, rows.shape[-1]), found.reshape(-1)):
            values, counts = np.unique(row, return_counts=True, equal_nan=False)
            real = values == values
            if real.any():
                best = values[counts.argmax()]
                assert place == np.flatnonzero(row == best)[-1]
            else:
                assert place == len(row) - 1

"""Cross entropy of so many scores that compiled loops do it, against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad.kernels.elementwise.activations import MANY
from minigrad.kernels.machine import threads

SHAPES = [(MANY // 2 + 1, 3), (MANY // 10 + 1, 10), (900, 63), (900, 64), (40, 1000), (3, 20_000)]
IMAGES = [(2, 5, 90, 80), (3, 70, 20, 90)]


def run(T, array, labels, options):
    x = T.from_numpy(array.copy()).requires_grad_()
    given = {
        k: T.from_numpy(v.copy()) if isinstance(v, np.ndarray) else v for k, v in options.items()
    }
    loss = T.nn.functional.cross_entropy(x, T.from_numpy(labels), **given)
    (loss * loss).sum().backward()
    return loss.detach().numpy(), x.grad.numpy()


@pytest.mark.parametrize("shape", SHAPES + IMAGES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy(shape, dtype, reduction, weighted):
    rng = np.random.default_rng(0)
    array = (3 * rng.standard_normal(shape)).astype(dtype)
    labels = rng.integers(0, shape[1], (shape[0], *shape[2:]))
    options = {"reduction": reduction}
    if weighted:
        options |= {"weight": rng.uniform(0.5, 2, shape[1]).astype(dtype), "ignore_index": 1}
    eps = np.finfo(dtype).eps
    for mine, twin in zip(
        run(mg, array, labels, options), run(torch, array, labels, options), strict=True
    ):
        np.testing.assert_allclose(mine, twin, rtol=100 * eps, atol=10 * eps)


@pytest.mark.parametrize("columns", [10, 100])
def test_rare_scores(columns):
    array = np.random.default_rng(0).standard_normal((2000, columns)).astype("float32")
    array[0, 1] = np.nan
    array[1, 2] = np.inf
    array[2, :] = -np.inf
    array[3, 5:] = -np.inf
    array[4] = 1e30
    labels = np.arange(2000) % columns
    for mine, twin in zip(
        run(mg, array, labels, {"reduction": "none"}),
        run(torch, array, labels, {"reduction": "none"}),
        strict=True,
    ):
        np.testing.assert_allclose(mine, twin, rtol=1e-5, atol=1e-6)


def test_the_same_bits_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    array, labels = rng.standard_normal((3000, 100)), rng.integers(0, 100, 3000)
    before = threads.get_num_threads()
    found = []
    try:
        for count in (1, 2, 3):
            threads.set_num_threads(count)
            found.append(run(mg, array, labels, {"reduction": "none"}))
    finally:
        threads.set_num_threads(before)
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)

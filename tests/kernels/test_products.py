"""Matrix products in blocks: NumPy's numbers, the same bits for any threads, the user's BLAS as it was."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.kernels import products

SHAPES = [
    (64, 400, 120),
    (64, 4000, 130),
    (130, 64, 4000),
    (3000, 500, 1),
    (1, 3000, 500),
    (3, 3000, 500),
]


def operands(m, k, n, dtype, seed=0):
    draw = np.random.default_rng(seed)
    return draw.standard_normal((m, k)).astype(dtype), draw.standard_normal((n, k)).astype(dtype).T


def with_threads(count, function):
    before = mg.get_num_threads()
    mg.set_num_threads(count)
    try:
        return function()
    finally:
        mg.set_num_threads(before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_products_are_the_same_for_any_number_of_threads(shape, dtype):
    a, b = operands(*shape, dtype)
    first, *others = (with_threads(n, lambda: products.matmul(a, b)) for n in (1, 2, 3))
    exact = a.astype(np.longdouble) @ b.astype(np.longdouble)
    scale = np.sqrt(shape[1]) * np.finfo(dtype).eps * 64
    np.testing.assert_allclose(first, exact, rtol=0, atol=scale)
    for other in others:
        np.testing.assert_array_equal(other, first)


@given(m=st.integers(0, 200), n=st.integers(0, 200), k=st.sampled_from([0, 1, 300, 2000]))
def test_every_shape_is_covered_once(m, n, k):
    a, b = np.ones((m, k), np.float32), np.ones((k, n), np.float32)
    np.testing.assert_array_equal(products.matmul(a, b), np.full((m, n), k, np.float32))


def test_integers_stacks_and_vectors_are_numpys():
    draw = np.random.default_rng(1)
    for a, b in (
        (draw.integers(0, 9, (90, 80)), draw.integers(0, 9, (80, 70))),
        (draw.standard_normal((3, 90, 80)), draw.standard_normal((80, 70))),
        (draw.standard_normal(20_000), draw.standard_normal(20_000)),
    ):
        np.testing.assert_allclose(products.matmul(a, b), np.matmul(a, b), rtol=1e-12)


def test_the_users_blas_keeps_its_threads():
    blas = products._openblas()
    if blas is None:
        pytest.skip("NumPy has another BLAS here")
    before = blas.get()
    a, b = operands(1, 1000, 256, np.float32)  # a single row of little work is left to BLAS
    users = [threading.Thread(target=lambda: products.matmul(a, b)) for _ in range(8)]
    try:
        blas.set(2)
        for user in users:
            user.start()
        for user in users:
            user.join()
        assert blas.get() == 2
        with pytest.raises(ValueError, match=r"align|mismatch"):
            products.matmul(a, b[:-1])
        assert blas.get() == 2
    finally:
        blas.set(before)

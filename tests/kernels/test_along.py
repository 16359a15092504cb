"""Running sums, products and extremes, and what lies at places of an index, against NumPy and torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad.kernels import along
from minigrad.kernels.machine import threads

SHAPES = [(64, 300), (32, 16, 5, 8), (33, 7, 101), (20001,), (1, 17000), (17000, 1), (3, 6001)]
every_dim = pytest.mark.parametrize(
    ("shape", "dim"), [(shape, dim) for shape in SHAPES for dim in range(len(shape))]
)
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


@pytest.fixture(params=[1, 2])
def some_threads(request):
    before = threads.get_num_threads()
    threads.set_num_threads(request.param)
    yield
    threads.set_num_threads(before)


def numbers(shape, dtype, special=True):
    """Numbers with many ties, and if special with zeros of both signs, infinities and NaN among them."""
    rng = np.random.default_rng(0)
    x = np.round(rng.standard_normal(shape), 1).astype(dtype)
    flat = x.reshape(-1)
    for value in (0.0, -0.0, *((np.inf, -np.inf, np.nan) if special else ())):
        flat[rng.permutation(flat.size)[:20]] = value
    return x


def same_bits(a, b):
    bits = {"f": np.int32, "d": np.int64}[a.dtype.char]
    holes = np.isnan(a)
    return np.array_equal(holes, np.isnan(b)) and np.array_equal(
        a.view(bits)[~holes], b.view(bits)[~holes]
    )


@DTYPES
@every_dim
@pytest.mark.usefixtures("some_threads")
def test_running_sums_and_products_have_the_bits_of_numpy(shape, dim, dtype):
    with np.errstate(all="ignore"):
        for name, ufunc in (("sum", np.add), ("product", np.multiply)):
            x = numbers(shape, dtype)
            wanted = ufunc.accumulate(x, axis=dim, dtype=np.float64).astype(dtype)
            assert same_bits(along.running(name, x, dim), wanted)
            back = ufunc.accumulate(np.flip(x, dim), axis=dim, dtype=np.float64).astype(dtype)
            assert same_bits(along.running(name, x, dim, back=True), np.flip(back, dim).copy())


@every_dim
@pytest.mark.usefixtures("some_threads")
def test_running_extremes_are_torch_s(shape, dim):
    x = numbers(shape, "float32")
    for sign, twin in ((1, torch.cummax), (-1, torch.cummin)):
        values, indices = along.running_extreme(x, sign, dim)
        wanted = twin(torch.tensor(x), dim)
        assert np.array_equal(values, wanted.values.numpy(), equal_nan=True)
        assert np.array_equal(indices, wanted.indices.numpy())


@DTYPES
@pytest.mark.parametrize("n", [1, 3, 63, 64, 1000])
def test_products_of_rows_and_of_all(n, dtype):
    x = 1 + 0.01 * numbers((20000 // n + 5, n), dtype, special=False)
    assert np.allclose(along.product(x, False, False), np.multiply.reduce(x, 1), rtol=1e-4)
    assert along.product(x, False, True).shape == (len(x), 1)
    x **= 0.01
    assert np.allclose(along.product(x, True, False), np.multiply.reduce(x, None), rtol=1e-3)
    assert along.product(x, True, True).shape == (1, 1)


def test_a_product_keeps_zeros_signs_and_nan():
    x = np.ones((300, 100), np.float32)
    x[0, 5], x[1, 5], x[2, 5], x[3, 5:7] = -0.0, np.nan, -np.inf, (0, np.inf)
    with np.errstate(all="ignore"):
        found = along.product(x, False, False)
    assert np.signbit(found[0])
    assert found[2] == -np.inf
    assert np.isnan(found[[1, 3]]).all()


@DTYPES
@every_dim
@pytest.mark.usefixtures("some_threads")
def test_places(shape, dim, dtype):
    rng = np.random.default_rng(1)
    x = numbers(shape, dtype, special=False)
    index = rng.integers(0, shape[dim], shape)
    assert np.array_equal(along.picked(x, index, dim), np.take_along_axis(x, index, dim))
    out, wanted = x.copy(), x.copy()
    assert along.put("add", out, x, index, dim)
    np.add.at(wanted, along.grid(index, dim), x)
    assert same_bits(out, wanted)
    order = np.argsort(rng.random(shape), dim)
    assert along.put("write", out, x, order, dim)
    np.put_along_axis(wanted, order, x, dim)
    assert same_bits(out, wanted)


@DTYPES
@every_dim
@pytest.mark.parametrize("few", [False, True])
def test_slices_are_added_in_order(shape, dim, dtype, few):
    rng = np.random.default_rng(1)
    size = 3 if few else shape[dim]
    index = rng.integers(0, shape[dim], size)
    x = numbers((*shape[:dim], size, *shape[dim + 1 :]), dtype, special=False)
    out, wanted = np.zeros(shape, dtype), np.zeros(shape, dtype)
    along.add_slices(out, x, index, dim)
    np.add.at(wanted, (slice(None),) * dim + (index,), x)
    assert same_bits(out, wanted)


def test_indices_out_of_range_are_told():
    for dtype in (np.int32, np.int64):
        assert along.in_range(np.array([0, 4], dtype), 5)
        assert not along.in_range(np.array([0, 5], dtype), 5)
        assert not along.in_range(np.array([0, -1], dtype), 5)
        assert along.in_range(np.zeros(0, dtype), 0)


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "logcumsumexp"])
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_gradients_of_scans_are_torch_s(name, dim):
    x, g = numbers((20, 50, 30), "float64", special=False) + 0.03, numbers((20, 50, 30), "float64")
    g[~np.isfinite(g)] = 1
    a, b = mg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    getattr(a, name)(dim).backward(mg.tensor(g))
    getattr(b, name)(dim).backward(torch.tensor(g))
    assert np.allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("shape", [(300, 300), (2, 700, 100), (1000, 80), (4, 64, 56), (0, 4)])
@pytest.mark.parametrize("dtype", ["float32", "bool", "int16"])
def test_triangles_are_torch_s(shape, dtype):
    x = (numbers(shape, "float32", special=False) * 3).astype(dtype)
    if dtype == "float32" and x.size:
        x.reshape(-1)[0] = np.nan
    for diagonal in (-2000, -81, -1, 0, 1, 70, 2000):
        for name in ("tril", "triu"):
            made = getattr(mg.tensor(x), name)(diagonal).numpy()
            wanted = getattr(torch.tensor(x), name)(diagonal).numpy()
            assert np.array_equal(made, wanted, equal_nan=dtype == "float32")

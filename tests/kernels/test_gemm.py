"""Our own products: plain sums, the same bits for any threads and any way to lie, nothing read beside the operands."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.kernels import gemm, inner, products
from tests.kernels.test_products import with_threads

SIDES = st.integers(1, 70) | st.sampled_from([96, 97, 130, 193, 200, 385])


@st.composite
def matrices(draw, shape, dtype):
    """A matrix in the middle of NaN, of rows or of columns, as they are or backwards."""
    flipped = draw(st.booleans())
    rows, columns = shape[::-1] if flipped else shape
    before, after = draw(st.integers(0, 3)), draw(st.sampled_from([0, 1, 600]))
    wide = np.full((rows + 2, before + columns + after), np.nan, dtype)
    made = wide[1:-1, before : before + columns]
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    made[...] = rng.standard_normal((rows, columns))
    made = made[:: draw(st.sampled_from([1, -1]))]
    return made.T if flipped else made


@given(m=SIDES, k=SIDES, n=SIDES, dtype=st.sampled_from([np.float32, np.float64]), data=st.data())
def test_products_are_sums_of_products(m, k, n, dtype, data):
    a, b = data.draw(matrices((m, k), dtype)), data.draw(matrices((k, n), dtype))
    dtype = a.dtype

    def made(team):
        found = gemm.product(dtype, (a.shape, a.strides), (b.shape, b.strides), team)
        return None if found is None else with_threads(team, lambda: found(a, b))

    one, two, three = (made(team) for team in (1, 2, 3))
    if one is None:
        lanes = gemm.registers.BYTES // dtype.itemsize
        assert m < min(gemm.HEIGHTS) or k < lanes or n < lanes
        return
    exact = a.astype(np.longdouble) @ b.astype(np.longdouble)
    bound = np.sqrt(k) * np.finfo(dtype).eps * (np.abs(a).astype(np.longdouble) @ np.abs(b))
    assert (np.abs(one - exact) <= bound).all()
    np.testing.assert_array_equal(two, one)
    np.testing.assert_array_equal(three, one)
    if min(m, n) <= inner.MOST:  # a way for transposes only
        return
    plain = np.ascontiguousarray(a), np.ascontiguousarray(b)
    found = gemm.product(dtype, *((x.shape, x.strides) for x in plain), 1)
    np.testing.assert_array_equal(found(*plain), one)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("few", [1, 2, 3])
@pytest.mark.parametrize(("rows", "k"), [(4, 16), (9, 4099), (600, 1025), (41, 5000)])
def test_few_rows_and_a_transpose(rows, k, few, dtype):
    rng = np.random.default_rng(0)
    a, w = rng.standard_normal((few, k)).astype(dtype), rng.standard_normal((rows, k)).astype(dtype)
    exact, large = (f(a).astype(np.longdouble) @ f(w).T for f in (np.asarray, np.abs))
    for x, y, out, sizes in ((a, w.T, exact, large), (w, a.T, exact.T, large.T)):
        found = [
            gemm.product(x.dtype, (x.shape, x.strides), (y.shape, y.strides), n) for n in (1, 2, 3)
        ]
        one, *others = (
            with_threads(n + 1, functools.partial(f, x, y)) for n, f in enumerate(found)
        )
        assert (np.abs(one - out) <= np.sqrt(k) * np.finfo(dtype).eps * sizes).all()
        for other in others:
            np.testing.assert_array_equal(other, one)


def test_a_step_of_several_numbers_is_left_to_numpy():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((100, 200)), rng.standard_normal((400, 200))[::2, ::2]
    assert gemm.product(a.dtype, (a.shape, a.strides), (b.shape, b.strides), 1) is None
    np.testing.assert_allclose(products.matmul(a, b), a @ b, rtol=1e-12)


@pytest.mark.parametrize("shapes", [((100, 99), (100, 90)), ((100, 100), (99, 90))], ids=str)
def test_sizes_that_do_not_fit_are_refused(shapes):
    a, b = (np.ones(shape, np.float32) for shape in shapes)
    with pytest.raises(ValueError, match=r"align|mismatch"):
        products.matmul(a, b)


def test_other_byte_orders_are_numpys():
    a, b = np.ones((100, 100), ">f4"), np.ones((100, 100), ">f4")
    np.testing.assert_array_equal(products.matmul(a, b), np.full((100, 100), 100))


def test_infinite_and_missing_numbers_spread_as_in_sums():
    a, b = np.ones((70, 80), np.float32), np.ones((80, 100), np.float32)
    a[3, 5], b[7, 11] = np.inf, np.nan
    out = products.matmul(a, b)
    assert np.isinf(out[3, :11]).all()
    assert np.isnan(out[:, 11]).all()
    assert np.isfinite(np.delete(np.delete(out, 3, 0), 11, 1)).all()

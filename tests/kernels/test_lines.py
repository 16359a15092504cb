"""Loops over lines of numbers: each number once, none beside; the same bits for any number of threads."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minigrad.kernels import reduce
from minigrad.kernels.elementwise import FAR, LOOPS, copied, large, loops, loops_activations
from minigrad.kernels.machine import lines, threads

GUARD = 40  # numbers before and after the answer
dtypes = st.sampled_from([np.float32, np.float64])
sizes = st.one_of(st.integers(1, 3000), st.integers(1, 60_000))


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


@given(sizes, dtypes, st.integers(0, 20), st.booleans(), st.integers(1, 3))
@example(
    lines.WOVEN * lines.RUN * 2 + 1, np.float32, 3, True, 2
)  # an even number of turns, and one left
def test_every_number_once_and_none_beside(size, dtype, shift, woven, count):
    threads.set_num_threads(count)
    rng = np.random.default_rng(size)
    x, y = rng.standard_normal((2, size + shift)).astype(dtype)[:, shift:]
    held = np.full(size + 2 * GUARD + shift, 7, dtype)
    out = held[GUARD + shift : GUARD + shift + size]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lines, "FAR", -1 if woven else 1 << 40)
        lines.share(loops.subtract, (x, y, out), (), 1e9)
        assert (out == x - y).all()
        lines.share(loops_activations.hardtanh, (x, out), (-0.5, 0.25), 1e9)
    assert (out == np.clip(x, -0.5, 0.25)).all()
    assert (held[: GUARD + shift] == 7).all()
    assert (held[GUARD + shift + size :] == 7).all()


@pytest.mark.parametrize("ufunc", LOOPS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arithmetic_on_what_comes_from_far(ufunc, dtype):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, FAR // 4 + 1001)).astype(dtype)
    x[:5], y[:4] = [np.nan, np.inf, -np.inf, 0.0, -0.0], [1, np.inf, 0, -0.0]
    large(x) + large(y) - large(x).sum()  # compiled code is there now, if it was not
    with np.errstate(all="ignore"):
        expected = ufunc(x, y)
    for count in (1, 2, 3):
        threads.set_num_threads(count)
        found = ufunc(large(x), large(y))
        assert type(found) is np.ndarray
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    "number", [2, 0.1, np.float32(2), np.float64(0.1), np.int64(3), np.array(0.5), True]
)
def test_a_number_beside_many(number):
    threads.set_num_threads(2)
    x = np.random.default_rng(0).standard_normal(200_000).astype(np.float32)
    large(x) + large(x)
    for found, expected in ((large(x) * number, x * number), (number - large(x), number - x)):
        assert found.dtype == expected.dtype
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64])
def test_copies_of_what_is_repeated(dtype):
    number, row = (
        np.array(-0.0 if np.dtype(dtype).kind == "f" else 3, dtype),
        np.arange(11).astype(dtype),
    )
    for x in (
        np.broadcast_to(number, 200_001),
        np.broadcast_to(number, (2, 3, 70_000)),
        np.broadcast_to(row, (30_001, 11)),
        np.broadcast_to(row[:, None], (4, 11, 30_001)),
    ):
        made = copied(x)
        assert made.flags.c_contiguous
        assert made.flags.owndata
        assert made.tobytes() == x.tobytes()


@given(st.one_of(sizes, st.integers(1, 300_000)), dtypes, st.integers(0, 20))
@example(reduce.BLOCK, np.float32, 0)
@example(3 * reduce.BLOCK + 1, np.float64, 1)
def test_all_numbers_are_added_once(size, dtype, shift):
    held = np.random.default_rng(size).standard_normal(size + shift + 1).astype(dtype)
    held[:shift] = held[-1] = np.nan  # what is beside would show
    x = held[shift:-1]
    found = []
    for count in (1, 2, 3):
        threads.set_num_threads(count)
        found.append(reduce.all_added(x))
    exact = x.sum(dtype=np.float64)
    bound = 8 * np.finfo(dtype).eps * np.abs(x).sum(dtype=np.float64)
    assert found[0].dtype == dtype
    assert found[0].shape == ()
    assert abs(float(found[0]) - exact) <= bound
    assert found[0].tobytes() == found[1].tobytes() == found[2].tobytes()


def test_sums_beyond_all_numbers_are_infinite_without_a_word(recwarn):
    assert reduce.all_added(np.full(200_000, 3e38, np.float32)) == np.inf
    assert np.isnan(reduce.all_added(np.array([np.inf, -np.inf] * 50_000)))
    assert not recwarn

"""Arithmetic on large arrays: the same numbers as NumPy's, the same bits for any number of threads."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minigrad.kernels import reduce
from minigrad.kernels.elementwise import MANY, Large, large, loop, over, put
from minigrad.kernels.machine import threads

SHAPE = (3, 7, 9001)  # more than MANY, and no multiple of a block
REFERENCE = {
    "exponential": np.exp,
    "relu": lambda x: np.where(x < 0, 0, x),
    "relu_backward": lambda g, y: np.where(y == 0, 0, g),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "sigmoid_backward": lambda g, y: g * (1 - y) * y,
    "tanh_backward": lambda g, y: g * (1 - y * y),
}


def numbers(dtype, shape=SHAPE, seed=0):
    x = np.random.default_rng(seed).standard_normal(shape).astype(dtype)
    x.reshape(-1)[:6] = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-42]
    return x


@pytest.fixture
def on_threads(monkeypatch):
    """Call a function with 1, 2 and 3 threads, work of any size shared; answers what it answered, bits compared."""
    monkeypatch.setattr(threads, "INLINE_BELOW", 0.0)

    def call(function):
        before = threads.get_num_threads()
        found = []
        try:
            for count in (1, 2, 3):
                threads.set_num_threads(count)
                found.append(function())
        finally:
            threads.set_num_threads(before)
        for other in found[1:]:
            assert np.asarray(other).tobytes() == np.asarray(found[0]).tobytes()
        return found[0]

    return call


def team():
    """Have compiled code there, which `large` arrays use from then on."""
    loop("same", np.zeros(2, np.float32))


def test_what_is_large():
    x = np.zeros((2, MANY), np.float32)
    assert type(large(x)) is Large
    assert type(large(x[:1, 1:])) is np.ndarray
    assert type(large(x.T)) is np.ndarray
    assert type(large(x.astype(np.int64))) is np.ndarray
    assert large(2.0) == 2.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.less, np.true_divide])
def test_functions_of_two(ufunc, dtype, on_threads):
    x, y = numbers(dtype), numbers(dtype, seed=1)
    z = numbers(dtype, (3, 1, 9001), seed=2)
    with np.errstate(all="ignore"):
        for other in (y, 2.0, y[0, 0], z, np.asarray(y[:1, :1, 7:8]), y.astype(np.float64)):
            want = ufunc(x, other)
            got = on_threads(lambda other=other: ufunc(large(x), other))
            assert type(got) is np.ndarray
            np.testing.assert_array_equal(got, want)
            np.testing.assert_array_equal(ufunc(other, large(x)), ufunc(other, x))
        target = np.empty_like(x)
        if ufunc is not np.less:
            assert ufunc(large(x), y, out=target) is target
            np.testing.assert_array_equal(target, ufunc(x, y))


@pytest.mark.parametrize(
    "other",
    [
        (3, 1, 1),
        (2, 1, 1, 1, 1),
        (1,) * 5,
        (1,),
        (),
        (7, 1, 1, 1),
        (120, 1),
        (2,),
        (7, 5, 120, 410),
    ],
    ids=str,
)
def test_answers_of_another_shape_than_the_large_input(other, on_threads):
    x, y = numbers(np.float32, (7, 1, 120, 410)), np.full(other, 3.0, np.float32)
    for a, b in ((x, y), (y, x)):
        try:
            expected = np.multiply(a, b)
        except ValueError:
            with pytest.raises(ValueError, match="broadcast"):
                np.multiply(large(a), large(b))
            continue
        found = on_threads(lambda a=a, b=b: np.multiply(large(a), large(b)))
        np.testing.assert_array_equal(found, expected)


@st.composite
def broadcasts(draw):
    """A large array, and another of some of its sizes that lies in memory in some way."""
    shape = draw(st.lists(st.integers(1, 7), min_size=1, max_size=4))
    longest = draw(st.integers(0, len(shape) - 1))
    shape[longest] = 1
    shape[longest] = MANY // math.prod(shape) + draw(st.integers(1, 5000))
    lead = draw(st.integers(0, len(shape)))
    sizes = [size if draw(st.booleans()) else 1 for size in shape[lead:]]
    dtype, other_dtype = (draw(st.sampled_from([np.float32, np.float64])) for _ in range(2))
    x, y = numbers(dtype, shape), np.random.default_rng(1).standard_normal(sizes)
    y = y.astype(other_dtype)
    way = draw(st.sampled_from(["plain", "wide", "apart", "turned"]))
    if way == "wide":
        y = np.broadcast_to(y, shape)
    elif way == "apart" and y.ndim:
        y = np.repeat(y, 2, -1)[..., ::2]
    elif way == "turned":
        y = y.T.copy().T
    return x, y


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(broadcasts(), st.sampled_from([np.add, np.divide, np.maximum, np.less]), st.booleans())
def test_operands_that_broadcast(on_threads, pair, ufunc, swapped):
    team()
    a, b = pair[::-1] if swapped else pair
    with np.errstate(all="ignore"):
        want = ufunc(a, b)
        got = on_threads(lambda: ufunc(large(a), large(b)))
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [MANY + 1, 700_001, 4_000_003])
def test_answers_in_the_place_of_the_input(size, dtype, on_threads):
    team()
    x, y = numbers(dtype, (size,)), numbers(dtype, (size,), seed=1)

    def made(function):
        target = x.copy()
        assert function(over(target)) is target
        return target

    with np.errstate(all="ignore"):
        for function in (
            lambda x: loop("relu", x),
            lambda x: loop("add_scaled", x, y, numbers=(0.5,)),
            lambda x: np.multiply(x, 3.0),
            lambda x: np.subtract(x, y),
            np.sqrt,
        ):
            want = function(large(x.copy()))
            got = on_threads(lambda f=function: made(f))
            np.testing.assert_array_equal(got, want)
        target = x.copy()
        assert (np.less(over(target), 0) == (x < 0)).all()  # of another dtype
        np.testing.assert_array_equal(target, x)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(broadcasts(), st.lists(st.sampled_from([1, 2, -1]), min_size=4, max_size=4), st.booleans())
def test_writing_into_parts_of_arrays(on_threads, pair, steps, overlap):
    team()
    value, other = pair
    whole = np.full([n + 3 for n in value.shape], 7, value.dtype)
    at = tuple(slice(1, n + 1) if s == 1 else slice(n, 0, -1) if s < 0 else slice(2, n + 2)
               for n, s in zip(value.shape, steps))  # fmt: skip
    if overlap:
        given_ = whole[tuple(slice(0, n) for n in value.shape)]
        given_ += np.arange(value.shape[-1])
    else:
        given_ = other if np.broadcast_shapes(other.shape, value.shape) == value.shape else value
    want = whole.copy()
    want[at] = given_.copy()

    def put_into():
        target = whole.copy()
        put(target[at], target[tuple(slice(0, n) for n in value.shape)] if overlap else given_)
        return target

    np.testing.assert_array_equal(on_threads(put_into), want)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_writing_many_numbers(dtype, on_threads):
    team()
    x = np.random.default_rng(0).integers(-9, 9, (3, MANY)).astype(dtype)
    for value in (7, np.array(-2.0), x + 1, x.astype(np.float64), (x + 1)[:, ::-1]):

        def put_into(value=value):
            target = x.copy()
            put(target, value)
            return target

        np.testing.assert_array_equal(on_threads(put_into), np.broadcast_to(value, x.shape))


def test_what_cannot_be_cut_is_left_to_numpy():
    x = numbers(np.float32, (400, 400))
    np.testing.assert_array_equal(large(x) + x.T, x + x.T)
    wider = np.ones((2, 1, 1), np.float32)
    np.testing.assert_array_equal(large(x) + wider, x + wider)
    with pytest.raises(ValueError, match="broadcast"):
        large(x) + np.ones(3, np.float32)
    quotients = np.divmod(large(np.abs(x[1:])), 0.5)
    np.testing.assert_array_equal(quotients[0], np.divmod(np.abs(x[1:]), 0.5)[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", REFERENCE)
def test_loops(name, dtype, on_threads):
    arrays = [numbers(dtype)]
    if "backward" in name:
        arrays.append(np.maximum(np.tanh(numbers(dtype, seed=1)), 0))
    with np.errstate(all="ignore"):
        want = REFERENCE[name](*(a.astype(np.float64) for a in arrays))
    got = on_threads(lambda: loop(name, large(arrays[0]), *arrays[1:]))
    assert got.dtype == dtype
    eps = float(np.finfo(dtype).eps)
    slack = 8 * eps if "backward" in name else 1e-43  # differences from 1 cancel
    np.testing.assert_allclose(got, want, rtol=3 * eps, atol=slack)


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [(np.float32, -106, 90), (np.float64, -750, 712)]
)
def test_exponentials_are_exact_to_a_bit_or_so(dtype, low, high):
    x = np.linspace(low, high, 300_001).astype(dtype)
    with np.errstate(all="ignore"):
        want = np.exp(x.astype(np.longdouble))
        nearest = want.astype(dtype)
    got = loop("exponential", large(x))
    finite = np.isfinite(nearest)
    np.testing.assert_array_equal(np.isinf(got), ~finite)
    error = np.abs(got[finite] - want[finite]) / np.spacing(nearest[finite])
    assert error.max() < 1.2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "shape",
    [
        (20_001,),
        (3, 5000),
        (3, 8192),
        (701, 3),
        (7, 130, 11),
        (64, 5, 36),
        (1, 300, 1),
        (600, 2),
        (1500, 130),
    ],
)
def test_sums(shape, dtype, on_threads):
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    tolerance = 1e-6 if dtype == np.float32 else 1e-14
    for count in range(len(shape) + 1):
        for axis in itertools.combinations(range(len(shape)), count):
            for keepdims in (False, True):
                got = on_threads(lambda a=axis, k=keepdims: reduce.add_up(x, a, k))
                want = np.add.reduce(x.astype(np.longdouble), axis=axis, keepdims=keepdims)
                scale = np.sqrt(x.size / max(1, want.size))
                assert got.shape == want.shape
                assert got.dtype == dtype
                np.testing.assert_allclose(
                    got, want.astype(np.float64), rtol=0, atol=8 * scale * tolerance
                )


def test_sums_of_what_is_not_finite():
    x = np.ones((50, 300), np.float32)
    x[1, 7], x[2, 8], x[3, 9:11] = np.nan, np.inf, (np.inf, -np.inf)
    for axis in (0, 1, None):
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(
                reduce.add_up(x, axis, False), np.add.reduce(x, axis=axis)
            )


@pytest.mark.parametrize("shape", [(500, 10), (20, 200), (3, 50, 4), (2, 3, 700)])
@pytest.mark.parametrize("sign", [1, -1])
def test_extremes(shape, sign, on_threads):
    x = np.round(np.random.default_rng(0).standard_normal(shape) * 3).astype(
        np.float32
    )  # with ties
    x.reshape(-1)[[5, 17, 18]] = np.nan
    for dim in range(len(shape)):
        values, indices = (
            on_threads(lambda d=dim, i=i: reduce.extreme(x, sign, d)[i]) for i in (0, 1)
        )
        want = (np.argmax if sign > 0 else np.argmin)(x, dim)
        np.testing.assert_array_equal(indices, want)
        np.testing.assert_array_equal(
            values, np.take_along_axis(x, np.expand_dims(want, dim), dim).squeeze(dim)
        )


@pytest.mark.parametrize("shape", [(5000, 10), (2, 3000, 3), (1100, 300)])
@pytest.mark.parametrize("sign", [1, -1])
def test_extremes_of_tall_arrays(shape, sign, on_threads):
    rng = np.random.default_rng(0)
    x = rng.choice(np.array([-0.0, 0.0], np.float32), shape)  # all equal, but for their signs
    x[..., 1] = rng.integers(-40, 40, shape[:-1])
    x.reshape(-1)[[5, 7000, 7003]] = np.nan
    dim = len(shape) - 2
    values, indices = (on_threads(lambda i=i: reduce.extreme(x, sign, dim)[i]) for i in (0, 1))
    want = (np.argmax if sign > 0 else np.argmin)(x, dim)
    np.testing.assert_array_equal(indices, want)
    chosen = np.take_along_axis(x, np.expand_dims(want, dim), dim).squeeze(dim)
    assert values.tobytes() == chosen.tobytes()


@pytest.mark.parametrize("columns", [1, 10, 64, 200, 1000, 9000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_by_rows(columns, dtype, on_threads):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((30, columns)) * 4).astype(dtype)
    x[0] += 1000
    x[1, -1], x[2, 0] = np.nan, -np.inf
    x[3], x[4, 0] = -np.inf, np.inf
    g = rng.standard_normal(x.shape).astype(dtype)
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        shifted = wide - np.max(wide, 1, keepdims=True)
        logs = shifted - np.log(np.sum(np.exp(shifted), 1, keepdims=True))
    want, y = np.exp(logs), np.abs(rng.standard_normal(x.shape)).astype(dtype)
    relative = 2e-6 if dtype == np.float32 else 1e-14
    for name, arrays, answer in (
        ("softmax", (x,), want),
        ("log_softmax", (x,), logs),
        ("softmax_backward", (g, y), (g - (g * y).sum(1, keepdims=True, dtype=np.float64)) * y),
        (
            "log_softmax_backward",
            (g, -y),
            g - np.exp(-y.astype(np.float64)) * g.sum(1, keepdims=True, dtype=np.float64),
        ),
    ):
        got = on_threads(lambda n=name, a=arrays: reduce.softmax_family(n, 1, *a))
        scale = np.sqrt(columns) * 10
        np.testing.assert_allclose(got, answer, rtol=relative, atol=relative * scale, err_msg=name)

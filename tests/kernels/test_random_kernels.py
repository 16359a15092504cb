"""The kernels of random numbers and their NumPy twins.

Oracles: NumPy's own Mersenne Twister, exact fractions, the C library's fma, and the mathematical
functions in float64. Where both forms exist they must also agree bit for bit.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import math
import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad._sampling import arithmetic
from minigrad.kernels import random as kernels

f32 = np.float32
INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
SIZES = (0, 1, 2, 15, 16, 623, 624, 625, 4096, 4097, 20001)
pytestmark = pytest.mark.skipif(INTERPRETED, reason="the kernels contain LLVM code")


def twister(seed):
    """NumPy's generator and its state as kernels take it."""
    bits = np.random.MT19937(0)
    np.random.RandomState(bits).seed(seed)
    state = bits.state["state"]
    return bits, state["key"], int(state["pos"])


def uniform64(words):
    """53 bits of every two words, as an integer."""
    return ((words[0::2] << np.uint64(32)) | words[1::2]) & np.uint64(2**53 - 1)


def floats(width, limit=2.0**60):
    return st.floats(-limit, limit, width=width, allow_subnormal=True)


def same_bits(a, b):
    """Equal, the signs of zeros, too."""
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


# ------------------------------------------------------------------------------------ words


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1])
def test_words_are_numpys_in_pieces_of_any_size(seed):
    bits, key, pos = twister(seed)
    for size in SIZES:
        out = np.full(size + 1, 7, np.uint32)
        pos = kernels.words(key, pos, out, size)
        assert np.array_equal(out[:size], bits.random_raw(size))
        assert out[size] == 7
        state = bits.state["state"]
        assert pos == state["pos"]
        assert np.array_equal(key, state["key"])


@pytest.mark.parametrize("size", SIZES)
def test_below_counts_53_bits(size):
    bits, key, pos = twister(3)
    expected = uniform64(bits.random_raw(2 * size))
    for threshold in (0, 1, 2**53 // 3, 2**53):
        state, out = key.copy(), np.empty(size, bool)
        assert kernels.below(state, pos, out, threshold) == bits.state["state"]["pos"]
        assert np.array_equal(out, expected < threshold)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("low", "span"), [(0, 1), (-3, 10), (5, 2**28 - 1), (-(2**40), 2**32 - 1)])
def test_integers_are_words_modulo_the_span(size, low, span):
    bits, key, pos = twister(4)
    out = np.empty(size, np.int64)
    kernels.integers(key, pos, out, span, low)
    assert out.tolist() == [word % span + low for word in bits.random_raw(size).tolist()]


@pytest.mark.parametrize("size", SIZES)
def test_permutation_swaps_each_place_with_one_after_it(size):
    bits, key, pos = twister(5)
    out = np.arange(size)
    kernels.permutation(key, pos, out)
    expected = list(range(size))
    for i, word in enumerate(bits.random_raw(max(size - 1, 0)).tolist()):
        j = i + word % (size - i)
        expected[i], expected[j] = expected[j], expected[i]
    assert out.tolist() == expected


@pytest.mark.parametrize("size", SIZES)
def test_long_permutation_swaps_each_new_place_with_one_before_it(size):
    bits, key, pos = twister(5)
    out = np.full(size, -1)
    kernels.long_permutation(key, pos, out)
    words = bits.random_raw(2 * size).tolist()
    expected = list(range(size))
    for i, (high, low) in enumerate(zip(words[0::2], words[1::2])):
        j = (high << 32 | low) % (i + 1)
        expected[i], expected[j] = expected[j], expected[i]
    assert out.tolist() == expected


# ---------------------------------------------------------------------------- rounding once


def exactly(x, y, z, kind):
    """x * y + z, rounded once, by fractions."""
    exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
    if kind is np.float64:
        try:
            return exact.numerator / exact.denominator
        except OverflowError:
            return math.inf if exact > 0 else -math.inf
    near = f32(exact.numerator / exact.denominator)
    around = [np.nextafter(near, f32(-np.inf)), near, np.nextafter(near, f32(np.inf))]
    return min(around, key=lambda v: (abs(Fraction(float(v)) - exact), int(v.view(np.uint32)) & 1))


@pytest.fixture(scope="module")
def c_library():
    name = ctypes.util.find_library("m")
    if name is None:
        pytest.skip("no C library to ask")
    library = ctypes.CDLL(name)
    library.fma.restype, library.fma.argtypes = ctypes.c_double, [ctypes.c_double] * 3
    library.fmaf.restype, library.fmaf.argtypes = ctypes.c_float, [ctypes.c_float] * 3
    return library


def hard_sums(kind, count=3000):
    """Products and sums that cancel, or that end near a tie."""
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal((2, count)) * np.exp2(rng.integers(-20, 20, (2, count)))).astype(
        kind
    )
    z = (rng.standard_normal(count) * np.exp2(rng.integers(-20, 20, count))).astype(kind)
    z[::2] = -(x[::2] * y[::2])
    z[1::4] = np.ldexp(x[1::4] * y[1::4], 24 if kind is f32 else 53)
    return x, y, z


@pytest.mark.parametrize("kind", [f32, np.float64])
def test_all_fused_multiply_adds_are_the_c_librarys(c_library, kind):
    x, y, z = hard_sums(kind)
    c_fma = c_library.fmaf if kind is f32 else c_library.fma
    affine = arithmetic.affine32 if kind is f32 else arithmetic.affine64
    for each in zip(x, y, z):
        expected = kind(c_fma(*map(float, each)))
        assert arithmetic.exact_fma(*each) == expected
        assert affine(np.array(each[:1]), each[1], each[2])[0] == expected
        assert exactly(*each, kind) == expected
    if kind is np.float64:
        for xi, yi, zi in zip(x[:200], y[:200], z[:200]):
            out = np.array([xi])
            kernels.affine(out, yi, zi)
            assert out[0] == c_library.fma(xi, yi, zi)


@given(st.lists(floats(32), min_size=1, max_size=20), floats(32), floats(32))
def test_affine32_rounds_once(x, scale, shift):
    x = np.array(x, f32)
    expected = [exactly(v, scale, shift, f32) for v in x]
    assert arithmetic.affine32(x, f32(scale), f32(shift)).tolist() == [*map(float, expected)]


@given(st.lists(floats(64), min_size=1, max_size=20), floats(64, 1e300), floats(64, 1e300))
def test_affine64_rounds_once(x, scale, shift):
    x = np.array(x)
    expected = [exactly(v, scale, shift, np.float64) for v in x]
    with np.errstate(over="ignore"):
        assert arithmetic.affine64(x, scale, shift).tolist() == expected
    kernels.affine(x, scale, shift)
    assert x.tolist() == expected


@pytest.mark.parametrize("affine", [arithmetic.affine32, arithmetic.affine64])
def test_affine_of_infinity_is_infinity(affine):
    kind = f32 if affine is arithmetic.affine32 else np.float64
    x = np.array([1.0, -2.0], kind)
    with np.errstate(invalid="ignore"):
        assert affine(x, kind(1.5), kind(np.inf)).tolist() == [np.inf, np.inf]
        assert affine(x, kind(np.inf), kind(0.5)).tolist() == [np.inf, -np.inf]
        assert np.isnan(affine(x, kind(0.5), kind(np.nan))).all()


# --------------------------------------------------------------------------------- uniform


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-1 / 3, 1 / 3), (0.1, 2.7), (-5.0, -5.0)])
def test_uniform32_is_24_bits_moved_and_rounded_once(size, bounds):
    low, high = map(f32, bounds)
    bits, key, pos = twister(6)
    out = np.empty(size, f32)
    kernels.uniform32(key, pos, out, low, high - low, high)
    u = (bits.random_raw(size) & np.uint64(2**24 - 1)).astype(f32) * f32(2.0**-24)
    expected = arithmetic.affine32(u, high - low, low)
    expected[expected == high] = low
    assert same_bits(out, expected)
    few = [exactly(v, high - low, low, f32) for v in u[:50]]
    assert [low if v == high else v for v in few] == out[:50].tolist()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-1 / 3, 1 / 3), (0.1, 2.7), (-1e-310, 1e300)])
def test_uniform64_is_53_bits_moved_and_rounded_once(size, bounds):
    low, high = bounds
    bits, key, pos = twister(7)
    out = np.empty(size)
    kernels.uniform64(key, pos, out, low, high - low, high)
    u = uniform64(bits.random_raw(2 * size)) * 2.0**-53
    assert same_bits(out, arithmetic.affine64(u, high - low, low))
    assert [exactly(v, high - low, low, np.float64) for v in u[:50]] == out[:50].tolist()


def test_uniform_never_answers_the_upper_bound():
    low, high = f32(1.0), np.nextafter(f32(1.0), f32(2.0))
    _, key, pos = twister(8)
    out = np.empty(600, f32)
    kernels.uniform32(key, pos, out, low, high - low, high)
    assert (out == low).all()


# ---------------------------------------------------------------------------------- normal


def blocks(count):
    return np.random.default_rng(1).integers(0, 2**24, (count, 16)).astype(f32) * f32(2.0**-24)


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.3, 1.7), (-2.0, 0.0), (1e-3, 1e4)])
@pytest.mark.parametrize("count", [0, 1, 2, 100, 256, 257, 1000])
def test_box_muller_in_float32(count, mean, std):
    u = blocks(count)
    mean, std = f32(mean), f32(std)
    out = u.copy().reshape(-1)
    kernels.box_muller32(out, mean, std)
    assert same_bits(out, arithmetic.box_muller32(u, mean, std).reshape(-1))
    radius = np.sqrt(-2.0 * np.log1p(-u[:, :8].astype(np.float64)))
    angle = 2.0 * np.pi * u[:, 8:].astype(np.float64)
    expected = np.concatenate((radius * np.cos(angle), radius * np.sin(angle)), 1) * std + mean
    np.testing.assert_allclose(out.reshape(-1, 16), expected, rtol=1e-5, atol=4e-6 * (std + 0.1))


def test_box_muller_at_the_ends():
    u = np.zeros((2, 16), f32)
    u[1] = 1 - 2.0**-24
    out = u.copy().reshape(-1)
    kernels.box_muller32(out, f32(0), f32(1))
    assert same_bits(out, arithmetic.box_muller32(u, f32(0), f32(1)).reshape(-1))
    assert (out[:16] == 0).all()
    np.testing.assert_allclose(out[16:24], math.sqrt(48 * math.log(2)), rtol=1e-6)


def test_polynomials_agree_on_every_argument_there_is():
    """All of 2**24 uniform numbers: NumPy's two roundings never differ from a fused one."""
    two_pi, none, all_ = f32(2 * math.pi), f32(0), f32(1)
    for start in range(0, 2**24, 2**20):
        u = (np.arange(start, start + 2**20) * 2.0**-24).astype(f32)
        pairs = np.stack((u.reshape(-1, 8), u[::-1].reshape(-1, 8)), 1).reshape(-1, 16)
        out = pairs.copy().reshape(-1)
        kernels.box_muller32(out, none, all_)
        expected = arithmetic.box_muller32(pairs, none, all_).reshape(-1)
        assert np.array_equal(out.view(np.int32), expected.view(np.int32))
    x = f32(1) - u  # the last piece: near 0, the widest range of the logarithm
    np.testing.assert_allclose(arithmetic._log(x), np.log(x.astype(np.float64)), rtol=3e-7)
    sine, cosine = arithmetic._sincos(two_pi * u)
    np.testing.assert_allclose(sine, np.sin((two_pi * u).astype(np.float64)), atol=1e-7)
    np.testing.assert_allclose(cosine, np.cos((two_pi * u).astype(np.float64)), atol=1e-7)


# ----------------------------------------------------------------------- float64 functions


@pytest.mark.parametrize("name", kernels.LIBM)
def test_float64_functions_are_the_c_librarys(name):
    assert tuple(arithmetic.LIBM) == kernels.LIBM
    x = np.random.default_rng(2).uniform(0, 1, 500)
    expected = [getattr(math, name)(v) for v in x.tolist()]
    assert arithmetic.libm(name, x.reshape(5, 100)).ravel().tolist() == expected
    kernels.libm(kernels.LIBM.index(name), x)
    assert x.tolist() == expected


@pytest.mark.parametrize(("name", "x", "expected"), [("log", 0.0, -np.inf), ("exp", 710.0, np.inf)])
def test_float64_functions_reach_infinity(name, x, expected):
    assert arithmetic.libm(name, np.array([x])).tolist() == [expected]
    out = np.array([x])
    kernels.libm(kernels.LIBM.index(name), out)
    assert out.tolist() == [expected]

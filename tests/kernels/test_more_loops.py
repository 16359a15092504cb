"""Loops of the error function, remainders and choices, against float64, NumPy and torch."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad.kernels.elementwise import large
from minigrad.kernels.elementwise.activations import MANY

INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
F, G = torch.nn.functional, mg.nn.functional


def numbers(special=True):
    """Numbers of all magnitudes; if special, infinities, NaN and denormal numbers among them."""
    rng = np.random.default_rng(0)
    spread = [rng.standard_normal(MANY // 2) * s for s in (1e-3, 0.3, 1, 3, 30)]
    odd = [np.nan, np.inf, -np.inf, 1e-40, 3e38] if special else []
    return np.concatenate([*spread, [0.0, -0.0, 0.5, -0.5, 1, -1, *odd] * 3]).astype(np.float32)


def same_bits(a, b):
    holes = np.isnan(a)
    return np.array_equal(holes, np.isnan(b)) and np.array_equal(
        a.view(np.int32)[~holes], b.view(np.int32)[~holes]
    )


def units(made, wanted):
    """The largest error, in units of the last place of a float32."""
    real = np.isfinite(wanted)
    last = np.spacing(np.abs(wanted[real]).astype(np.float32)).astype(np.float64)
    return (np.abs(made[real].astype(np.float64) - wanted[real]) / last).max()


@pytest.mark.skipif(INTERPRETED, reason="nothing is fused then, and digits are lost")
@pytest.mark.parametrize(("name", "most"), [("erf", 3), ("erfc", 8), ("erfinv", 4)])
def test_error_functions(name, most):
    x = numbers()
    if name == "erfinv":
        rng = np.random.default_rng(1)
        x = np.concatenate(
            [rng.uniform(-1, 1, 40000), 1 - 10 ** rng.uniform(-7, 0, 9000), [1, -1, 2]]
        )
        x = np.concatenate([x.astype(np.float32), [0.0, -0.0, np.nan]]).astype(np.float32)
    made = getattr(mg, name)(mg.tensor(x)).numpy()
    wanted = getattr(torch, name)(torch.tensor(x).double()).numpy()
    assert np.array_equal(np.isnan(made), np.isnan(wanted))
    assert np.array_equal(np.isinf(made), np.isinf(wanted))
    assert units(made, wanted) <= most


def test_error_functions_of_float64_are_the_c_library_s():
    x = mg.tensor(numbers().astype(np.float64))
    for name in ("erf", "erfc"):
        wanted = [getattr(math, name)(v) for v in x.tolist()]
        assert np.array_equal(getattr(mg, name)(x).numpy(), wanted, equal_nan=True)


@pytest.mark.parametrize(
    "y", [0.7, -0.7, 3.0, -1e-20, 1e10, 1e-3, -2, 1.0, 0.0, math.inf, -math.inf]
)
def test_remainders_have_the_bits_of_numpy(y):
    x, one = numbers(), np.float32(y)
    with np.errstate(all="ignore"):
        rest = np.remainder(x, one)
        rest = np.where(rest == 0, np.copysign(rest, x), rest)  # as torch: the sign of x
        assert same_bits((mg.tensor(x) % y).numpy(), rest)
        assert same_bits((mg.tensor(x) // y).numpy(), np.floor_divide(x, one))
        assert same_bits(mg.fmod(mg.tensor(x), y).numpy(), np.fmod(x, one))


def test_remainders_by_many_numbers_have_the_bits_of_numpy():
    x = numbers()
    y = np.random.default_rng(1).permutation(x)
    with np.errstate(all="ignore"):
        rest = np.remainder(x, y)
        rest = np.where(rest == 0, np.copysign(rest, x), rest)
        a, b = mg.tensor(x), mg.tensor(y)
        assert same_bits((a % b).numpy(), rest)
        assert same_bits((a // b).numpy(), np.floor_divide(x, y))
        assert same_bits(mg.fmod(a, b).numpy(), np.fmod(x, y))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_logaddexp_is_torch_s(dtype):
    x = numbers().astype(dtype)
    y = np.concatenate([x[: len(x) // 2], np.random.default_rng(1).permutation(x)])[: len(x)]
    made = mg.logaddexp(mg.tensor(x), mg.tensor(y)).numpy()
    wanted = torch.logaddexp(torch.tensor(x).double(), torch.tensor(y).double()).numpy()
    most = {"float32": 3e-7, "float64": 1e-15}[dtype]
    np.testing.assert_allclose(made, wanted.astype(dtype), rtol=most, atol=most)


CHOICES = [
    (lambda T, N, x: N.threshold(x, 0.1, 2.0)),
    (lambda T, N, x: N.hardshrink(x)),
    (lambda T, N, x: N.softshrink(x, 0.3)),
    (lambda T, N, x: T.sign(x)),
    (lambda T, N, x: T.nan_to_num(x)),
    (lambda T, N, x: T.nan_to_num(x, 1.0, 2.0, 3.0)),
    (lambda T, N, x: T.lerp(x, x * 2, 0.3)),
    (lambda T, N, x: T.lerp(x, x * 2, 0.7)),
]


@pytest.mark.parametrize("formula", CHOICES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_choices_are_torch_s(formula, dtype):
    x = numbers().astype(dtype)
    made, wanted = formula(mg, G, mg.tensor(x)), formula(torch, F, torch.tensor(x))
    assert np.allclose(made.numpy(), wanted.numpy(), rtol=1e-6, atol=0, equal_nan=True)
    x = numbers(special=False).astype(dtype)
    a, b = mg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    g = np.random.default_rng(2).standard_normal(x.shape).astype(dtype)
    formula(mg, G, a).backward(mg.tensor(g))
    formula(torch, F, b).backward(torch.tensor(g))
    assert np.allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("options", [{}, {"return_counts": True}, {"dim": 1}])
def test_unique_without_inverse(options):
    x = np.random.default_rng(4).integers(0, 9, (40, 3))
    made, wanted = mg.unique(mg.tensor(x), **options), torch.unique(torch.tensor(x), **options)
    for a, b in zip(*((v if isinstance(v, tuple) else (v,)) for v in (made, wanted))):
        assert np.array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize(
    "name",
    [
        "add",
        "subtract",
        "multiply",
        "divide",
        "maximum",
        "minimum",
        "sqrt",
        "square",
        "greater",
        "less_equal",
        "equal",
    ],
)
def test_arithmetic_of_halves_is_numpys(name):
    """All numbers with others, and with numbers of Python's and of no dimension; shapes that broadcast."""
    ufunc = getattr(np, name)
    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16).reshape(256, 256)
    y = np.random.default_rng(0).permutation(x.reshape(-1)).reshape(x.shape)
    others: list[object] = [y, y[:1].copy(), 0.1, -3, 1e5, np.zeros((), np.float16)]
    for other in others if ufunc.nin == 2 else [None]:
        pairs = [(x,)] if other is None else [(x, other), (other, x)]
        for pair in pairs:
            with np.errstate(all="ignore"):
                made, wanted = ufunc(*map(large, pair)), ufunc(*pair)
            assert type(made) is np.ndarray
            assert made.dtype == wanted.dtype
            real = wanted == wanted
            assert np.array_equal(made[real], wanted[real])
            assert not (made == made)[~real].any()
            assert np.array_equal(np.signbit(made[real]), np.signbit(wanted[real]))


def test_halves_have_the_bits_of_numpy():
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    wide = every.astype(np.float32)
    assert same_bits(mg.tensor(every).float().numpy(), wide)
    real = np.sort(wide[np.isfinite(wide)])
    middle = (real[1:] + real[:-1]) / 2  # rounded to even
    some = np.random.default_rng(0).integers(-(2**31), 2**31, 100000).astype(np.int32)
    for x in (wide, middle, np.nextafter(middle, np.float32(1e9)), some.view(np.float32)):
        with np.errstate(all="ignore"):
            wanted = x.astype(np.float16)
        made = mg.tensor(x).half().numpy()
        assert np.array_equal(np.isnan(made), np.isnan(wanted))
        real = ~np.isnan(wanted)
        assert np.array_equal(made.view(np.uint16)[real], wanted.view(np.uint16)[real])

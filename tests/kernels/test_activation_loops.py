"""Loops of activations, the normal distribution's function and branchless choice, against torch and plain formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.kernels.elementwise import activations, normal
from minigrad.kernels.elementwise.selection import FEW, select
from minigrad.kernels.machine import threads

F = torch.nn.functional

# Loops by name, with numbers that they take, beside torch.
LOOPS = {
    "leaky_relu": [((s,), lambda x, s=s: F.leaky_relu(x, s)) for s in (0.2, -0.5, 1.5)],
    "hardtanh": [((-0.5, 2.0), lambda x: F.hardtanh(x, -0.5, 2.0))],
    "hardsigmoid": [((), F.hardsigmoid)],
    "hardswish": [((), F.hardswish)],
    "elu": [((1.0, 1.0, 1.0), F.elu), ((2.0, 1.0, 0.5), lambda x: F.celu(x, 2.0))],
    "silu": [((), F.silu)],
    "mish": [((), F.mish)],
    "softplus": [((1.0, 20.0), F.softplus), ((2.0, 1.0), lambda x: F.softplus(x, 2.0, 1.0))],
    "logsigmoid": [((), F.logsigmoid)],
    "gelu": [((), F.gelu)],
    "gelu_tanh": [((), lambda x: F.gelu(x, approximate="tanh"))],
}
CASES = [(name, *case) for name, cases in LOOPS.items() for case in cases]
every_loop = pytest.mark.parametrize(("name", "numbers", "twin"), CASES)
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


def numbers_around(dtype, size=5000):
    """Numbers of all magnitudes, the kinks, zeros of both signs."""
    rng = np.random.default_rng(0)
    spread = rng.standard_normal(size) * 10.0 ** rng.integers(-4, 2, size)
    kinks = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        3.0,
        -3.0,
        6.0,
        0.5,
        -0.5,
        20.0,
        21.0,
        -88.0,
        89.0,
        -104.0,
        700.0,
    ]
    return np.concatenate([spread, kinks]).astype(dtype)


@every_loop
@DTYPES
def test_values_and_gradients(name, numbers, twin, dtype):
    """To a few units in the last place of torch's answers in float64."""
    x = numbers_around(dtype)
    g = np.random.default_rng(1).uniform(-1, 1, x.size).astype(dtype)
    exact = torch.from_numpy(x.astype("float64")).requires_grad_()
    answer = twin(exact)
    answer.backward(torch.from_numpy(g.astype("float64")))
    eps = np.finfo(dtype).eps
    mine = activations.activation(name, x, numbers=numbers)
    assert mine.dtype == x.dtype
    np.testing.assert_allclose(mine, answer.detach().numpy(), rtol=8 * eps, atol=4 * eps)
    slope = activations.activation(f"{name}_backward", g, x, numbers=numbers)
    assert slope.dtype == x.dtype
    # a sixth is a float32 in torch; x (1 - gate) loses digits where the gate is nearly open
    atol = 4e-8 if name == "hardsigmoid" else eps * np.maximum(4, 8 * np.abs(x))
    np.testing.assert_array_less(np.abs(slope - exact.grad.numpy()) - atol, 8 * eps)


@every_loop
def test_nan_and_infinity(name, numbers, twin):
    x = np.array([np.nan, np.inf, -np.inf] * 7, "float32")
    leaf = torch.from_numpy(x.copy()).requires_grad_()
    answer = twin(leaf)
    answer.sum().backward()
    mine = activations.activation(name, x, numbers=numbers)
    slope = activations.activation(f"{name}_backward", np.ones_like(x), x, numbers=numbers)
    if name in (
        "gelu",
        "gelu_tanh",
    ):  # infinite here, NaN in torch's vectors but not in its scalars
        np.testing.assert_array_equal(mine[:2], [np.nan, np.inf])
        return
    np.testing.assert_array_equal(mine, answer.detach().numpy())
    if name == "hardtanh":  # of NaN, 1 in torch's scalars and 0 in its vectors
        np.testing.assert_array_equal(slope[1:3], [0, 0])
        return
    np.testing.assert_array_equal(slope, leaf.grad.numpy())


@every_loop
@DTYPES
def test_the_same_bits_for_any_number_of_threads(name, numbers, twin, dtype):
    x = np.random.default_rng(0).standard_normal(300_001).astype(dtype)
    g = x[::-1].copy()
    before = mg.get_num_threads()
    found = []
    try:
        for count in (1, 2, 3):
            threads.set_num_threads(count)
            found.append(
                [
                    activations.activation(name, x, numbers=numbers),
                    activations.activation(f"{name}_backward", g, x, numbers=numbers),
                ]
            )
    finally:
        threads.set_num_threads(before)
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


# ---------------------------------------------------------------------------------- by their public names
PUBLIC = """celu elu gelu hardsigmoid hardswish hardtanh leaky_relu logsigmoid mish relu6 selu silu
softplus hardshrink softshrink threshold""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", PUBLIC)
@pytest.mark.parametrize("inplace", [False, True])
def test_large_arrays(name, inplace):
    """Above the size from which loops do it: values and gradients, of a sum too, whose gradient is one number."""
    rows = 3 + activations.MANY // 50
    array = np.random.default_rng(0).standard_normal((rows, 50)).astype("float32") * 3
    can_write = name not in ["gelu", "logsigmoid", "softplus", "hardshrink", "softshrink"]
    options = {"inplace": True} if inplace and can_write else {}
    if name == "threshold":
        options |= {"threshold": 0.3, "value": 7.0}
    weight = array[::-1].copy()
    found = []
    for T in (mg, torch):
        x = T.from_numpy(array.copy()).requires_grad_()
        function = getattr(T.nn.functional, name)
        y = function(x * 1, **options)
        (y * T.from_numpy(weight)).sum().backward()
        function(x * 1, **options).sum().backward()
        function((x * 1).t(), **options).sum().backward()
        found.append((y.detach().numpy(), x.grad.numpy()))
    for mine, twin in zip(*found, strict=True):
        np.testing.assert_allclose(mine, twin, rtol=2e-5, atol=4e-6)


@pytest.mark.parametrize("name", ["elu", "silu", "mish", "gelu", "softplus"])
def test_second_derivatives_of_large_arrays(name):
    array = np.random.default_rng(0).standard_normal(activations.MANY + 5)
    found = []
    for T in (mg, torch):
        x = T.from_numpy(array.copy()).requires_grad_()
        (first,) = T.autograd.grad(getattr(T.nn.functional, name)(x).sum(), x, create_graph=True)
        (second,) = T.autograd.grad((first * first).sum(), x)
        found.append(second.numpy())
    np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-9)


# ---------------------------------------------------------------------------------- what they are made of
@DTYPES
def test_the_normal_distributions_function(dtype):
    x = np.linspace(-13, 13, 4001).astype(dtype)
    if dtype == "float64":
        x = np.concatenate([x, [-37.0, 37.0]])
    exact = [0.5 * math.erfc(-v / math.sqrt(2)) for v in x.astype("float64")]
    # e ** (-x * x / 2) loses digits as its argument grows
    tolerance = np.finfo(dtype).eps * (8 + x.astype("float64") ** 2)
    error = np.abs(normal.function(x) - exact) / exact
    assert (error[x > -12] <= tolerance[x > -12]).all()
    assert np.isnan(normal.function(np.array([np.nan], dtype)))
    np.testing.assert_array_equal(normal.function(np.array([np.inf, -np.inf], dtype)), [1, 0])


@given(
    size=st.sampled_from([0, 1, 100, FEW + 1, FEW + 77]),
    dtype=st.sampled_from(["float16", "float32", "float64"]),
    numbers=st.sampled_from([(), (0,), (1,)]),
    seed=st.integers(0, 100),
)
def test_select_is_where(size, dtype, numbers, seed):
    rng = np.random.default_rng(seed)
    given = [rng.choice([np.nan, np.inf, -0.0, 0.0, 1.5, -2.5], size).astype(dtype) for _ in "xy"]
    for i in numbers:
        given[i] = 0.25
    condition = rng.random(size) < 0.5
    found, expected = select(condition, *given), np.where(condition, *given)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(
        found.view(f"u{found.itemsize}"), expected.view(f"u{found.itemsize}")
    )


def test_select_of_what_broadcasts_and_of_integers():
    condition = np.random.default_rng(0).random((200, 100)) < 0.5
    for x, y in [
        (np.ones((200, 1)), np.zeros(100)),
        (np.ones((200, 100), int), 3),
        (np.ones((200, 100), "f4"), np.zeros((200, 100))),
        (np.float32(2) * np.ones(()), np.zeros((200, 100), "f4")),
    ]:
        found, expected = select(condition, x, y), np.where(condition, x, y)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)

"""What the engine of random numbers takes and refuses: torch's exceptions, and nothing changed."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from minigrad import _sampling
from minigrad._sampling import Engine
from tests.draws import check, generators, ours, tdtype

nan, inf = math.nan, math.inf
ERRORS = [  # (method, dtype, size, arguments)
    ("uniform_", "float32", 3, (3.0, 1.0)),
    ("uniform_", "float32", 3, (0, 1e39)),
    ("uniform_", "float32", 3, (-1e39, 0)),
    ("uniform_", "float16", 3, (0, 1e5)),
    ("uniform_", "float64", 3, (-1e308, 1e308)),
    ("uniform_", "float32", 3, (-3e38, 3e38)),
    ("uniform_", "float32", 3, (nan, 1)),
    ("uniform_", "float32", 3, (0, inf)),
    ("uniform_", "int64", 3, ()),
    ("uniform_", "bool", 0, ()),
    ("normal_", "float32", 3, (0, -1)),
    ("normal_", "float32", 0, (0, -0.125)),
    ("normal_", "float32", 3, (0, nan)),
    ("normal_", "int32", 3, ()),
    ("exponential_", "float32", 3, (0,)),
    ("exponential_", "float32", 3, (-1.5,)),
    ("exponential_", "int64", 3, ()),
    ("cauchy_", "int16", 3, ()),
    ("cauchy_", "uint8", 3, ()),
    ("cauchy_", "float32", 3, (0, 0)),
    ("log_normal_", "float32", 3, (0, 0)),
    ("log_normal_", "int8", 3, ()),
    ("geometric_", "float32", 3, (0,)),
    ("geometric_", "float32", 3, (1,)),
    ("geometric_", "float32", 0, (1.5,)),
    ("geometric_", "bool", 3, (0.5,)),
    ("bernoulli_", "float32", 3, (1.5,)),
    ("bernoulli_", "float32", 3, (-0.5,)),
    ("bernoulli_", "float32", 3, (nan,)),
    ("random_", "float32", 3, (5, 5)),
    ("random_", "float32", 0, (5, 3)),
    ("random_", "int64", 3, (0,)),
    ("random_", "uint8", 3, (0, 257)),
    ("random_", "uint8", 3, (-1, 5)),
    ("random_", "int8", 3, (0, 200)),
    ("random_", "int16", 3, (0, 2**15 + 1)),
    ("random_", "int32", 3, (-(2**40), 5)),
    ("random_", "bool", 3, (0, 3)),
    ("random_", "bool", 3, (2, None)),
    ("random_", "float16", 3, (0, 70000)),
    ("random_", "float32", 3, (2**24, None)),
    ("random_", "float32", 3, (2**24 + 1, None)),
    ("random_", "int32", 3, (-(2**63), None)),
    ("random_", "float16", 3, (-(2**63), None)),
    ("random_", "int64", 3, (0, 2**63)),
]


def outcome(call):
    """The type and the text of what a call raises."""
    try:
        call()
    except Exception as error:
        return type(error), str(error)
    return None


@pytest.mark.parametrize(("method", "dtype", "size", "args"), ERRORS)
def test_errors_are_torchs_and_change_nothing(method, dtype, size, args):
    engine = Engine(1)
    before, array = engine.get_state(), np.full(size, 1, dtype)
    tensor = torch.ones(size, dtype=tdtype(dtype))
    expected = outcome(lambda: getattr(tensor, method)(*args))
    got = outcome(lambda: ours(engine, method, array, *args))
    assert expected is not None
    assert got is not None
    assert got[0] is expected[0]
    assert got[1].startswith(expected[1])
    assert (array == 1).all()
    assert np.array_equal(engine.get_state(), before)


@pytest.mark.parametrize(
    ("method", "args", "kwargs"),
    [
        ("uniform_", ("a",), {}),
        ("uniform_", (None,), {}),
        ("uniform_", (1j,), {}),
        ("uniform_", (0, 1, 2), {}),
        ("uniform_", (), {"a": 2}),
        ("normal_", (0,), {"mean": 1}),
        ("normal_", ([0.0],), {}),
        ("geometric_", (), {}),
        ("random_", (2.5,), {}),
        ("random_", (1, 2, 3), {}),
        ("random_", (None,), {}),
        ("random_", (), {"from": 3}),
        ("random_", (), {"low": 3}),
        ("random_", (1,), {"from": 2}),
    ],
)
def test_what_is_no_argument_is_a_type_error(method, args, kwargs):
    engine = Engine(1)
    with pytest.raises(TypeError):
        getattr(torch.ones(3), method)(*args, **kwargs)
    with pytest.raises(TypeError, match=method[:-1]):
        _sampling.fill(engine, method, np.ones(3, np.float32), *args, **kwargs)
    assert np.array_equal(engine.get_state(), Engine(1).get_state())


@pytest.mark.parametrize(
    ("method", "args", "kwargs"),
    [
        ("uniform_", (), {"to": 2}),
        ("uniform_", (), {"from": -1, "to": 2}),
        ("uniform_", (-3,), {}),
        ("uniform_", (np.float32(-3), np.int64(2)), {}),
        ("uniform_", (False, True), {}),
        ("normal_", (), {"std": 0.5, "mean": 3}),
        ("exponential_", (), {"lambd": 3}),
        ("bernoulli_", (), {"p": 0.25}),
        ("cauchy_", (), {"sigma": 2}),
        ("geometric_", (), {"p": 0.25}),
        ("random_", (), {"to": 5}),
        ("random_", (2,), {"to": 5}),
        ("random_", (), {"from": 2, "to": 5}),
        ("random_", (np.int32(2), 5), {}),
    ],
)
def test_arguments_by_name(method, args, kwargs):
    engine, generator = generators(2)
    tensor = getattr(torch.ones(30), method)(*args, **kwargs, generator=generator)
    array = _sampling.fill(engine, method, np.ones(30, np.float32), *args, **kwargs)
    check(array, tensor, exact=False)


def test_numbers_may_be_arrays_of_no_dimension():
    engine, generator = generators(2)
    low, high = np.array(-2.0), np.array(3)
    tensor = torch.ones(9).uniform_(torch.tensor(-2.0), torch.tensor(3), generator=generator)
    check(_sampling.fill(engine, "uniform_", np.ones(9, np.float32), low, high), tensor, False)
    tensor = torch.ones(9).random_(torch.tensor(3), generator=generator)
    check(_sampling.fill(engine, "random_", np.ones(9, np.float32), high), tensor)
    with pytest.raises(TypeError, match="must be float"):
        _sampling.fill(engine, "uniform_", np.ones(9, np.float32), np.zeros(1))


@pytest.mark.parametrize(
    ("dtype", "args"),
    [
        ("float32", (0, 2**25)),
        ("float32", (-(2**30), 2**30)),
        ("float32", (-(2**24) - 2, None)),
        ("float64", (0, 2**60)),
        ("float16", (0, 65504)),
        ("float16", (0, 65505)),
        ("float16", (-5000, 3)),
    ],
)
def test_whole_numbers_beyond_a_mantissa_warn(dtype, args):
    engine, generator = generators(2)
    with pytest.warns(UserWarning, match="is out of bounds") as expected:
        tensor = torch.empty(50, dtype=tdtype(dtype)).random_(*args, generator=generator)
    with pytest.warns(UserWarning, match="is out of bounds") as got:
        array = engine.random_(np.empty(50, dtype), *args)
    check(array, tensor)
    assert got[0].filename == __file__
    for mine, other in zip(got, expected, strict=True):
        text = str(mine.message)
        assert str(other.message).startswith(text[: text.index(".")])


def test_overlapping_targets_are_refused():
    array = np.zeros((1, 3), np.float32)
    spread = np.lib.stride_tricks.as_strided(array, (2, 3), (0, 4))
    expected = outcome(lambda: torch.zeros(1, 3).expand(2, 3).normal_())
    for method in ("normal_", "uniform_", "exponential_", "bernoulli_", "random_"):
        assert outcome(lambda m=method: ours(Engine(1), m, spread)) == expected
    assert not array.any()


def test_arrays_that_may_not_be_written_are_refused():
    array = np.zeros(20000, np.float32)
    array.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        Engine(1).uniform_(array)


@pytest.mark.parametrize(
    "p", [np.array([0.1, 2.0, 0.3]), np.array([0.1, -1e-9, 0.3]), np.array([nan, 0.1, 0.1])]
)
def test_probabilities_lie_between_0_and_1(p):
    with pytest.raises(RuntimeError, match="p_in >= 0 && p_in <= 1"):
        torch.empty(3).bernoulli_(torch.from_numpy(p))
    with pytest.raises(RuntimeError, match="p_in >= 0 && p_in <= 1"):
        Engine(1).bernoulli_(np.empty(3), p)


def test_probabilities_expand_to_the_target():
    for p in (np.zeros(2), np.zeros((2, 3))):
        with pytest.raises(RuntimeError, match=r"siz|expand"):
            torch.empty(3).bernoulli_(torch.from_numpy(p))
        with pytest.raises(RuntimeError, match="Tensor sizes"):
            Engine(1).bernoulli_(np.empty(3), p)
    expected = outcome(lambda: torch.empty(3).bernoulli_(torch.tensor(1)))
    assert outcome(lambda: Engine(1).bernoulli_(np.empty(3), np.array(1))) == expected


@pytest.mark.parametrize(
    ("p", "count", "replacement"),
    [
        ([1.0, 0, 0], 4, False),
        ([1.0, -1, 0], 1, False),
        ([1.0, -1, 0], 1, True),
        ([1.0, -1, 0], 2, True),
        ([1.0, inf], 2, True),
        ([1.0, inf], 2, False),
        ([1.0, nan], 1, False),
        ([0.0, 0.0], 1, False),
        ([0.0, 0.0], 2, True),
        ([[1.0, 0.0], [0.0, 0.0]], 2, True),
        ([1, 1], 1, False),
        ([[[1.0]]], 1, False),
        (1.0, 1, False),
        ([1.0, 1.0], 0, False),
        ([1.0, 1.0], -1, False),
        ([], 1, False),
    ],
)
def test_errors_of_multinomial(p, count, replacement):
    engine = Engine(1)
    weights = np.asarray(p if p != [] else np.zeros(0, np.float32))
    expected = outcome(lambda: torch.multinomial(torch.from_numpy(weights), count, replacement))
    got = outcome(lambda: _sampling.multinomial(engine, weights, count, replacement))
    assert expected is not None
    assert got is not None
    assert got[0] is expected[0]
    assert got[1].startswith(expected[1])
    assert np.array_equal(engine.get_state(), Engine(1).get_state())


def test_multinomial_needs_categories():
    for call in (torch.multinomial, lambda *a: _sampling.multinomial(Engine(1), *a)):
        p = np.zeros((3, 0), np.float32)
        with pytest.raises((RuntimeError, IndexError)):
            call(torch.from_numpy(p) if call is torch.multinomial else p, 1, True)

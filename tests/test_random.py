"""Random tensors against torch: numbers, shapes, dtypes, options and errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minigrad
from minigrad import random
from tests.random_pairs import both, outcome, same, same_state

pytestmark = pytest.mark.usefixtures("random_states")
SEEDS = (0, 42, -1)


def dtype_of(module, name):
    """minigrad's or torch's dtype of a name; bool is called so in both."""
    return getattr(module, name) if name else None


# ------------------------------------------------------------------------------ given a size

# (function, arguments, keyword arguments); dtypes by name
CALLS = [
    ("rand", (), {"size": (2, 3)}),
    ("rand", ((),), {}),
    ("rand", (0,), {}),
    ("rand", (3, 5), {}),
    ("rand", ([3, 5],), {}),
    ("rand", ((300, 7),), {"dtype": "float64"}),
    ("rand", (40,), {"dtype": "float16", "requires_grad": True}),
    ("rand", (40,), {"layout": None, "pin_memory": False, "device": "cpu"}),
    ("randn", (3,), {}),
    ("randn", (3, 5), {"dtype": "float64"}),
    ("randn", (16,), {}),
    ("randn", (30, 7), {"dtype": "float16"}),
    ("randn", (20000,), {"requires_grad": True}),
    ("randn", (0,), {"dtype": "int64"}),
    ("randint", (5, (2, 3)), {}),
    ("randint", (-3, 5, [40]), {}),
    ("randint", (), {"low": 2, "high": 5, "size": (2, 3)}),
    ("randint", (), {"high": 5, "size": (2, 3)}),
    ("randint", (2,), {"high": 5, "size": (2, 3)}),
    ("randint", (2, 2**40, ()), {}),
    ("randint", (0, 256, (300,)), {"dtype": "uint8"}),
    ("randint", (0, 5, (4,)), {"dtype": "float32", "requires_grad": True}),
    ("randint", (0, 2, (40,)), {"dtype": "bool"}),
    ("randperm", (0,), {}),
    ("randperm", (1,), {}),
    ("randperm", (500,), {}),
    ("randperm", (256,), {"dtype": "uint8"}),
    ("randperm", (128,), {"dtype": "int8"}),
    ("randperm", (2049,), {"dtype": "float16"}),
    ("randperm", (9,), {"dtype": "float32"}),
    ("normal", (0.0, 1.0, (3,)), {}),
    ("normal", (0.3, 1.7, (40,)), {"dtype": "float64"}),
    ("normal", (), {"mean": 2, "std": 0.5, "size": [4, 5], "requires_grad": True}),
]


@pytest.mark.parametrize(("name", "args", "options"), CALLS)
@pytest.mark.parametrize("own", [False, True])
def test_sized(name, args, options, own):
    mine, other = dict(options), dict(options)
    if "dtype" in options:
        mine["dtype"] = dtype_of(minigrad, options["dtype"])
        other["dtype"] = dtype_of(torch, options["dtype"])
    if "layout" in options:
        mine["layout"] = other["layout"] = torch.strided
    for seed in SEEDS:
        both(seed)
        if own:
            mine["generator"] = random.Generator().manual_seed(seed + 1)
            other["generator"] = torch.Generator().manual_seed(seed + 1)
        same(getattr(random, name)(*args, **mine), getattr(torch, name)(*args, **other))
        same_state()


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_the_default_dtype(name):
    before = torch.get_default_dtype(), minigrad.get_default_dtype()
    try:
        torch.set_default_dtype(getattr(torch, name))
        minigrad.set_default_dtype(getattr(minigrad, name))
        both()
        same(random.rand(3), torch.rand(3))
        same(random.randn(30), torch.randn(30))
        same(random.normal(1, 2, (3,)), torch.normal(1, 2, (3,)))
        same(random.randint(3, (3,)), torch.randint(3, (3,)))
    finally:
        torch.set_default_dtype(before[0])
        minigrad.set_default_dtype(before[1])


OUTS = [  # (function, arguments, shape of out, dtype of out)
    ("rand", (2, 3), (2, 3), "float32"),
    ("rand", (2, 3), (0,), "float64"),
    ("randn", (20,), (3, 4), "float32"),
    ("randn", (20,), (20,), "float16"),
    ("randint", (2, 9, (4,)), (4,), "float32"),
    ("randint", (2, 9, (4,)), (0,), "int16"),
    ("randperm", (9,), (9,), "int64"),
    ("randperm", (9,), (2,), "int32"),
    ("randperm", (9,), (9,), "float32"),
    ("normal", (0.0, 2.0, (4, 5)), (4, 5), "float64"),
]


@pytest.mark.parametrize(("name", "args", "shape", "dtype"), OUTS)
def test_out(name, args, shape, dtype):
    both()
    mine = minigrad.zeros(shape, dtype=getattr(minigrad, dtype))
    other = torch.zeros(shape, dtype=getattr(torch, dtype))
    assert getattr(random, name)(*args, out=mine) is mine
    getattr(torch, name)(*args, out=other)
    same(mine, other)
    same_state()


def test_out_of_another_order_in_memory_is_filled_in_that_order():
    both()
    mine, other = minigrad.zeros(7, 5), torch.zeros(7, 5)
    same(random.randn(5, 7, out=mine.t()), torch.randn(5, 7, out=other.t()))
    same(mine, other)


def test_out_is_noticed_by_backward():
    x = minigrad.ones(3, requires_grad=True)
    kept = minigrad.ones(3)
    y = (x * kept).sum()
    random.rand(3, out=kept)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_rand_needs_no_size_as_keyword_only():
    for call in (random.rand, torch.rand, random.randn, torch.randn):
        with pytest.raises(TypeError):
            call()
        with pytest.raises(TypeError):
            call(size=3)
        with pytest.raises(TypeError):
            call(3, foo=1)


# ------------------------------------------------------------------------------ like another


@pytest.mark.parametrize(
    ("name", "args", "options"),
    [
        ("rand_like", (), {}),
        ("rand_like", (), {"dtype": "float64", "requires_grad": True}),
        ("randn_like", (), {}),
        ("randn_like", (), {"dtype": "float16"}),
        ("randint_like", (7,), {}),
        ("randint_like", (-3, 7), {"dtype": "int8"}),
        ("randint_like", (), {"low": 1, "high": 7}),
        ("randint_like", (), {"high": 7}),
    ],
)
@pytest.mark.parametrize("view", ["plain", "transposed", "sliced", "contiguous format"])
def test_like(name, args, options, view):
    def source(module):
        x = module.ones(9, 5)
        x = x.t() if view in ("transposed", "contiguous format") else x
        return x[:, ::2] if view == "sliced" else x

    mine, other = dict(options), dict(options)
    if "dtype" in options:
        mine["dtype"] = dtype_of(minigrad, options["dtype"])
        other["dtype"] = dtype_of(torch, options["dtype"])
    if view == "contiguous format":
        mine["memory_format"] = other["memory_format"] = torch.contiguous_format
    both()
    same(
        getattr(random, name)(source(minigrad), *args, **mine),
        getattr(torch, name)(source(torch), *args, **other),
    )
    same_state()


# -------------------------------------------------------------------- parameters in tensors


def tensors(values, dtype):
    values = np.asarray(values, dtype)
    return minigrad.tensor(values), torch.from_numpy(values)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize(
    ("mean", "std"),
    [
        ([0.3, -2.0, 5.0], 1.5),
        ([[0.3], [-2.0]], 2),
        (1.5, [0.0, 1.0, 2.5]),
        ([0.3, -2.0, 5.0], [0.0, 1.0, 2.5]),
        ([[0.3], [-2.0]], [0.0, 1.0, 2.5]),
        (np.linspace(-1, 1, 40), 0.25),
        (0, np.linspace(0, 1, 40)),
        (np.linspace(-1, 1, 40), np.linspace(0, 1, 40)),
    ],
)
def test_normal_of_tensors(dtype, mean, std):
    both()
    pair = [(x, x) if isinstance(x, (int, float)) else tensors(x, dtype) for x in (mean, std)]
    (mine_mean, other_mean), (mine_std, other_std) = pair
    same(random.normal(mine_mean, mine_std), torch.normal(other_mean, other_std))
    same_state()
    if isinstance(mean, list) and isinstance(std, list):
        single = [tensors(x, "float32")[i] for i in (0, 1) for x in (std,)]
        same(random.normal(mine_mean, single[0]), torch.normal(other_mean, single[1]))


def test_normal_of_a_mean_alone():
    both()
    mine, other = tensors([1.0, -2.0], "float32")
    same(random.normal(mine), torch.normal(other))
    same(random.normal(mean=mine, std=2), torch.normal(mean=other, std=2))
    out, other_out = minigrad.zeros(2), torch.zeros(2)
    assert random.normal(mine, 2, out=out) is out
    torch.normal(other, 2, out=other_out)
    same(out, other_out)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(), (5,), (40, 50), (0, 2)])
def test_bernoulli(dtype, shape):
    both()
    mine, other = tensors(np.random.default_rng(0).uniform(0, 1, shape), dtype)
    same(random.bernoulli(mine), torch.bernoulli(other))
    same(random.bernoulli(mine, 0.25), torch.bernoulli(other, 0.25))
    same(random.bernoulli(mine, p=0.25), torch.bernoulli(other, p=0.25))
    if len(shape) == 2:
        same(random.bernoulli(mine.t()), torch.bernoulli(other.t()))
    out, other_out = minigrad.zeros(3, dtype=minigrad.int64), torch.zeros(3, dtype=torch.int64)
    assert random.bernoulli(mine, out=out) is out
    other_out.resize_(0)
    torch.bernoulli(other, out=other_out)
    same(out, other_out)


@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("shape", [(6,), (4, 30)])
def test_multinomial(replacement, shape):
    both()
    mine, other = tensors(np.random.default_rng(0).uniform(0.1, 1, shape), "float32")
    for count in (1, 3, 6):
        same(
            random.multinomial(mine, count, replacement),
            torch.multinomial(other, count, replacement),
        )
    generators = random.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    out, other_out = minigrad.zeros(0, dtype=minigrad.int64), torch.zeros(0, dtype=torch.int64)
    assert random.multinomial(mine, 2, replacement, generator=generators[0], out=out) is out
    torch.multinomial(other, 2, replacement, generator=generators[1], out=other_out)
    same(out, other_out)
    same_state()


# ---------------------------------------------------------------------------------- methods


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("uniform_", (-0.3, 0.3)),
        ("normal_", (0.1, 2.0)),
        ("exponential_", (2.0,)),
        ("bernoulli_", (0.3,)),
        ("geometric_", (0.3,)),
        ("cauchy_", ()),
        ("log_normal_", ()),
        ("random_", (2, 9)),
    ],
)
@pytest.mark.parametrize("transposed", [False, True])
def test_methods_of_tensors(method, args, transposed):
    both()
    mine, other = minigrad.zeros(4, 9), torch.zeros(4, 9)
    a, b = (mine.t(), other.t()) if transposed else (mine, other)
    assert getattr(a, method)(*args) is a
    getattr(b, method)(*args)
    same(mine, other)
    g, h = random.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    getattr(a, method)(*args, generator=g)
    getattr(b, method)(*args, generator=h)
    same(mine, other)
    same_state()


# ----------------------------------------------------------------------------------- errors

ERRORS = [
    ("rand", (2, -1), {}),
    ("rand", (2.0,), {}),
    ("rand", ("a",), {}),
    ("rand", (None,), {}),
    ("rand", ((2, "a"),), {}),
    ("rand", ([2], 3), {}),
    ("rand", (2,), {"dtype": "int64"}),
    ("rand", (0,), {"dtype": "bool"}),
    ("rand", (2,), {"generator": 3}),
    ("randn", (2,), {"dtype": "int32"}),
    ("randn", (-2,), {}),
    ("randint", (5, 5, (2,)), {}),
    ("randint", (0, 300, (2,)), {"dtype": "uint8"}),
    ("randint", (0, 3, (2,)), {"dtype": "bool"}),
    ("randint", (5, 3), {}),
    ("randint", (2.5, (2,)), {}),
    ("randint", (5, [2], 3), {}),
    ("randint", (), {}),
    ("randint", (5,), {}),
    ("randint", (), {"size": (2,)}),
    ("randint", (5,), {"size": (2,), "low": 1}),
    ("randint", (5, (2,)), {"foo": 1}),
    ("randint", (0, 5, (2, -1)), {}),
    ("randint", (0, 5, (2, 1.5)), {}),
    ("randint", (0, 2**63, (2,)), {}),
    ("randint", (5, (2,)), {"requires_grad": True}),
    ("randperm", (-1,), {}),
    ("randperm", (2.5,), {}),
    ("randperm", (True,), {}),
    ("randperm", (129,), {"dtype": "int8"}),
    ("randperm", (300,), {"dtype": "uint8"}),
    ("randperm", (3000,), {"dtype": "float16"}),
    ("randperm", (4,), {"dtype": "bool"}),
    ("randperm", (5,), {"requires_grad": True}),
    ("normal", (0.0, 1.0), {}),
    ("normal", (0.0, 1.0, 2), {}),
    ("normal", (0.0, -1.0, (2,)), {}),
    ("normal", ("a", 1.0, (2,)), {}),
    ("normal", (0.0, 1.0, (2, -2)), {}),
    ("normal", (0.0, 1.0, (2,)), {"dtype": "int64"}),
    ("rand_like", (3,), {}),
    ("bernoulli", (3,), {}),
    ("multinomial", ([0.5],), {"num_samples": 1}),
]


@pytest.mark.parametrize(("name", "args", "options"), ERRORS)
def test_errors(name, args, options):
    both()
    mine, other = dict(options), dict(options)
    if "dtype" in options:
        mine["dtype"] = dtype_of(minigrad, options["dtype"])
        other["dtype"] = dtype_of(torch, options["dtype"])
    expected = outcome(lambda: getattr(torch, name)(*args, **other))
    got = outcome(lambda: getattr(random, name)(*args, **mine))
    assert expected is not None
    assert got is not None
    assert got[0] is expected[0], (got, expected)
    if "combination of arguments" not in expected[1] and got[0] is not TypeError:
        given = got[1].lower().split(" without")[0], expected[1].lower().split(" without")[0]
        assert given[0].startswith(given[1]) or name == "randperm"
    torch.manual_seed(42)
    same_state()  # nothing was drawn


def test_errors_of_tensors():
    mine = {
        "zeros": minigrad.zeros(2),
        "three": minigrad.ones(3),
        "whole": minigrad.ones(2, dtype=minigrad.int64),
        "negative": minigrad.tensor([1.0, -1.0]),
        "high": minigrad.tensor([0.5, 1.5]),
        "leaf": minigrad.ones(2, requires_grad=True),
    }
    other = {name: torch.from_numpy(x.detach().array).clone() for name, x in mine.items()}
    other["leaf"].requires_grad_()
    calls = [
        lambda m, x: m.normal(x["zeros"], x["three"]),
        lambda m, x: m.normal(x["zeros"], x["negative"]),
        lambda m, x: m.normal(0.0, x["negative"]),
        lambda m, x: m.normal(x["zeros"], -1),
        lambda m, x: m.normal(x["whole"]),
        lambda m, x: m.normal(0.0, x["whole"]),
        lambda m, x: m.normal(x["zeros"], 1, (2,)),
        lambda m, x: m.normal(x["zeros"], "a"),
        lambda m, x: m.rand_like(x["whole"]),
        lambda m, x: m.randn_like(x["whole"]),
        lambda m, x: m.randint_like(x["zeros"]),
        lambda m, x: m.randint_like(x["zeros"], 5.5),
        lambda m, x: m.randint_like(x["zeros"], 5, 5),
        lambda m, x: m.bernoulli(x["whole"]),
        lambda m, x: m.bernoulli(x["high"]),
        lambda m, x: m.bernoulli(x["zeros"], 1.5),
        lambda m, x: m.multinomial(x["whole"], 1),
        lambda m, x: m.multinomial(x["three"], 4),
        lambda m, x: m.multinomial(x["three"], 2.0),
        lambda m, x: m.multinomial(x["three"], 2, out=x["zeros"]),
        lambda m, x: m.rand(2, out=x["leaf"]),
        lambda m, x: m.rand(2, out=3),
        lambda m, x: m.randn(2, out=x["whole"]),
        lambda m, x: m.randn(5, out=x["whole"]),
        lambda m, x: m.randint(5, (2,), out=x["zeros"], dtype=x["whole"].dtype),
        lambda m, x: m.randperm(5, out=x["zeros"], dtype=x["whole"].dtype),
    ]
    both()
    before = {name: x.tolist() for name, x in mine.items()}
    for i, call in enumerate(calls):
        expected = outcome(lambda c=call: c(torch, other))
        got = outcome(lambda c=call: c(random, mine))
        assert expected is not None, i
        assert got is not None, i
        assert got[0] is expected[0], (i, got, expected)
    torch.manual_seed(42)
    same_state()
    assert {name: x.tolist() for name, x in mine.items()} == before


def test_only_the_cpu():
    with pytest.raises(AssertionError, match="CPU only"):
        random.rand(2, device="cuda")
    with pytest.raises(RuntimeError, match="CPU only"):
        random.Generator("cuda")

"""Optimizers that look at whole matrices, against torch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from tests.optim.test_optimizer import told, weights
from tests.optim.twins import Twins

pytestmark = pytest.mark.usefixtures("torch_name")

rates = st.floats(1e-3, 0.5)
adafactor = st.fixed_dictionaries(
    {},
    optional={
        "lr": rates,
        "beta2_decay": st.floats(-1, 0),
        "eps": st.tuples(st.none() | st.floats(1e-8, 1e-3), st.floats(1e-4, 0.1)),
        "d": st.floats(1, 3),
        "weight_decay": st.floats(0, 0.3),
        "maximize": st.booleans(),
    },
)
muon = st.fixed_dictionaries(
    {},
    optional={
        "lr": rates,
        "weight_decay": st.floats(0, 0.3),
        "momentum": st.floats(0, 0.99),
        "nesterov": st.booleans(),
        "ns_steps": st.integers(1, 5),
        "adjust_lr_fn": st.sampled_from([None, "original", "match_rms_adamw"]),
    },
)


@settings(max_examples=max(1, settings.default.max_examples // 2))
@given(data=st.data(), given=adafactor, dtype=st.sampled_from(["float32", "float64"]))
def test_adafactor(data, given, dtype):
    shapes = data.draw(
        st.lists(st.sampled_from([(3,), (), (2, 3), (4, 1), (2, 3, 4)]), min_size=1, max_size=3)
    )
    twins = Twins("Adafactor", [{}], [shapes], dtype, **given)
    for t in range(20):
        twins.step({t % 5})
    twins.check()


@given(given=muon, shape=st.sampled_from([(3, 5), (5, 3), (4, 4), (1, 3)]))
def test_muon(given, shape):
    """To the precision of the bfloat16 that torch computes in."""
    twins = Twins("Muon", [{}], [[shape]], **given)
    for _ in range(3):
        twins.step()
    (a,), (b,) = twins.sides[0][1], twins.sides[1][1]
    scale = given.get("lr", 1e-3) * np.sqrt(max(shape))
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), 0, 0.1 * scale)
    states = [side.state[p]["momentum_buffer"] for _, (p,), side in twins.sides]
    np.testing.assert_allclose(*(s.numpy() for s in states), 1e-5, 1e-6)


def test_muon_makes_orthogonal_steps():
    w = mg.nn.Parameter(mg.zeros(4, 6))
    w.grad = mg.randn(4, 6)
    mg.optim.Muon([w], lr=1.0).step()
    values = np.linalg.svd(w.detach().numpy(), compute_uv=False)
    assert values.min() > 0.6
    assert values.max() < 1.3


WRONG = {
    "rate": lambda T: T.optim.Adafactor(weights(T), lr=-1),
    "rates": lambda T: T.optim.Adafactor(weights(T), lr=T.ones(2)),
    "decay": lambda T: T.optim.Adafactor(weights(T), beta2_decay=0.5),
    "epsilon 1": lambda T: T.optim.Adafactor(weights(T), eps=(-1, 0)),
    "epsilon 2": lambda T: T.optim.Adafactor(weights(T), eps=(None, -1)),
    "threshold": lambda T: T.optim.Adafactor(weights(T), d=0.5),
    "weight decay": lambda T: T.optim.Adafactor(weights(T), weight_decay=-1),
    "muon's rate": lambda T: T.optim.Muon(weights(T), lr=-1),
    "muon's momentum": lambda T: T.optim.Muon(weights(T), momentum=-1),
    "muon's weight decay": lambda T: T.optim.Muon(weights(T), weight_decay=-1),
    "muon's function": lambda T: T.optim.Muon(weights(T), adjust_lr_fn="mine"),
    "no matrix": lambda T: T.optim.Muon(weights(T)),
}


@pytest.mark.parametrize("what", WRONG)
def test_errors(what):
    assert told(lambda: WRONG[what](mg)) == told(lambda: WRONG[what](torch))


@pytest.mark.parametrize("name", ["Adafactor", "Muon"])
def test_closures_and_tensor_rates(name):
    for T in (mg, torch):
        w = T.nn.Parameter(T.ones(2, 2))
        optimizer = getattr(T.optim, name)([w], lr=T.tensor(0.1))

        def closure(T=T, w=w):
            (w * w).sum().backward()
            return T.is_grad_enabled()

        assert optimizer.step(closure) is True
        assert optimizer.step() is None
        assert (w.detach() < 1).all()

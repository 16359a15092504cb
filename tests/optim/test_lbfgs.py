"""L-BFGS finds what torch's finds, by the same steps."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.optim.test_optimizer import copied


def rosenbrock(x, y):
    return ((1 - x) ** 2).sum() + 10 * ((y - x * x) ** 2).sum()


def quadratic(x, y):
    return ((x - 3) ** 2).sum() + (x * y[:2]).sum() + 2 * (y * y).sum()


def sharp(x, y):
    return (1 + 100 * x * x).log().sum() + (y**4 - y).sum()


class Side:
    """A minimisation on one side."""

    def __init__(self, T, function, start, **settings):
        self.x = T.nn.Parameter(T.tensor(start[:2]))
        self.y = T.nn.Parameter(T.tensor(start[2:]))
        self.optimizer = T.optim.LBFGS([self.x, self.y], **settings)
        self.function, self.calls = function, 0

    def closure(self):
        self.calls += 1
        self.optimizer.zero_grad()
        loss = self.function(self.x, self.y)
        loss.backward()
        return loss.detach()  # torch's warns when it makes a number of it

    def step(self):
        return self.optimizer.step(self.closure).item()

    def point(self):
        return [*self.x.tolist(), *self.y.tolist()]


@pytest.mark.parametrize("function", [rosenbrock, quadratic, sharp])
@given(data=st.data())
def test_trajectory(function, data):
    start = np.array(data.draw(st.lists(st.floats(-2, 2), min_size=4, max_size=4)))
    settings = data.draw(
        st.fixed_dictionaries(
            {"line_search_fn": st.sampled_from([None, "strong_wolfe"])},
            optional={
                "lr": st.floats(0.01, 0.2),
                "max_iter": st.integers(1, 8),
                "max_eval": st.integers(2, 12),
                "history_size": st.integers(1, 4),
            },
        )
    )
    # Close to a minimum rounding decides: stop before.
    settings.update(tolerance_grad=1e-2, tolerance_change=1e-4)
    settings.setdefault("max_iter", 6)
    settings.setdefault("lr", 1 if settings["line_search_fn"] else 0.02)
    sides = [Side(T, function, start, **settings) for T in (mg, torch)]
    losses = [side.step() for side in sides]
    assert losses[0] == pytest.approx(losses[1], rel=1e-9, nan_ok=True)
    assert sides[0].point() == pytest.approx(sides[1].point(), rel=1e-3, abs=1e-3, nan_ok=True)
    losses = [side.step() for side in sides]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3, abs=1e-4, nan_ok=True)


def test_state():
    sides = [Side(T, rosenbrock, np.array([0.5, 0.0, 0.2, 1.0]), max_iter=5) for T in (mg, torch)]
    for side in sides:
        side.optimizer.param_groups[0]["lr"] = 0.05
        side.step()
    ours, theirs = (side.optimizer.state_dict() for side in sides)
    assert ours["param_groups"] == theirs["param_groups"]
    assert sorted(ours["state"][0]) == sorted(theirs["state"][0])
    resumed = Side(mg, rosenbrock, np.array(sides[1].point()))
    resumed.optimizer.load_state_dict(copied(copy.deepcopy(theirs)))
    for _ in range(2):
        losses = [resumed.step(), sides[1].step()]
        assert losses[0] == pytest.approx(losses[1], rel=1e-9)


def test_a_parameter_without_gradient():
    for T in (mg, torch):
        side = Side(T, lambda x, y: ((x - 1) ** 2).sum(), np.zeros(4))
        side.step()
        assert side.point() == pytest.approx([1, 1, 0, 0])


def test_nothing_to_do():
    for T in (mg, torch):
        side = Side(T, lambda x, y: (x * x).sum() + (y * y).sum(), np.zeros(4))
        assert side.step() == 0
        assert side.calls == 1


def test_errors():
    for T in (mg, torch):
        w = [T.nn.Parameter(T.ones(1)) for _ in range(2)]
        with pytest.raises(ValueError, match="doesn't support per-parameter options"):
            T.optim.LBFGS([{"params": w[:1]}, {"params": w[1:]}])
        with pytest.raises(ValueError, match="Invalid learning rate: -1"):
            T.optim.LBFGS(w, lr=-1)
        optimizer = T.optim.LBFGS(w[:1], line_search_fn="armijo")

        def closure(w=w):
            w[0].grad = w[0].detach() * 2
            return (w[0] ** 2).sum()

        with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
            optimizer.step(closure)
    optimizer.add_param_group({"params": w[1:]})
    with pytest.raises(AssertionError, match="Expected exactly one param_group, but got 2"):
        optimizer.step(closure)

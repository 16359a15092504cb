"""The same optimizer here and in torch, on equal parameters, given equal gradients."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import strategies as st

import minigrad as mg

SHAPES = [(3,), (2, 1, 3), (), (70,), (1, 0), (5, 4)]
DTYPES = {"float32": (1e-4, 2e-6), "float64": (1e-9, 1e-12)}  # relative and absolute tolerances

rates = st.floats(1e-4, 0.5)
shares = st.floats(0.5, 0.999)
decays = st.just(0.0) | st.floats(0.0, 0.3)
common = {"weight_decay": decays, "maximize": st.booleans()}
adam = {"lr": rates, "betas": st.tuples(shares, shares), "eps": st.floats(1e-8, 0.1), **common}

# What each optimizer's settings are drawn from.
SETTINGS = {
    "SGD": {"lr": rates, "momentum": st.just(0) | shares, "dampening": st.floats(0, 1), **common},
    "Adam": {**adam, "amsgrad": st.booleans(), "decoupled_weight_decay": st.booleans()},
    "AdamW": {**adam, "amsgrad": st.booleans()},
    "NAdam": {
        **adam,
        "momentum_decay": st.floats(0, 0.1),
        "decoupled_weight_decay": st.booleans(),
    },
    "RAdam": {**adam, "decoupled_weight_decay": st.booleans()},
    "Adamax": adam,
    "Adagrad": {
        "lr": rates,
        "lr_decay": decays,
        "initial_accumulator_value": decays,
        "eps": st.floats(1e-8, 0.1),
        **common,
    },
    "Adadelta": {"lr": rates, "rho": shares, "eps": st.floats(1e-6, 0.1), **common},
    "RMSprop": {
        "lr": rates,
        "alpha": shares,
        "eps": st.floats(1e-3, 0.1),
        "momentum": st.just(0) | shares,
        "centered": st.booleans(),
        **common,
    },
    "Rprop": {
        "lr": rates,
        "etas": st.tuples(st.floats(0.1, 0.9), st.floats(1.1, 2.0)),
        "step_sizes": st.tuples(st.floats(1e-6, 1e-3), st.floats(0.1, 5)),
        "maximize": st.booleans(),
    },
    "ASGD": {
        "lr": rates,
        "lambd": st.floats(0, 0.1),
        "alpha": st.floats(0.1, 1),
        "t0": st.integers(0, 60),
        **common,
    },
}
NAMES = list(SETTINGS)


@st.composite
def settings_of(draw, name):
    """Keyword arguments of one optimizer."""
    chosen = draw(st.fixed_dictionaries({}, optional=SETTINGS[name]))
    if name == "SGD" and chosen.get("momentum") and draw(st.booleans()):
        chosen.update(nesterov=True, dampening=0)
    return chosen


class Twins:
    """Two optimizers, ours and torch's, and their parameters."""

    def __init__(self, name, groups, shapes, dtype="float32", seed=0, **settings):
        """groups: settings of each group; shapes: those of each group's parameters."""
        self.draw = np.random.default_rng(seed)
        self.dtype = dtype
        values = [[self.array(shape) for shape in part] for part in shapes]
        self.sides = []
        for T in (mg, torch):
            params = [[T.nn.Parameter(T.tensor(v)) for v in part] for part in values]
            dicts = [{"params": p, **g} for p, g in zip(params, groups, strict=True)]
            optimizer = getattr(T.optim, name)(dicts, **settings)
            self.sides.append((T, [p for part in params for p in part], optimizer))
        self.ours, self.theirs = (optimizer for _, _, optimizer in self.sides)

    def array(self, shape):
        return np.asarray(self.draw.standard_normal(shape), self.dtype)

    def set_grads(self, missing=()):
        """Give all parameters new gradients, and none to those whose numbers are in `missing`."""
        for i, shape in enumerate([p.shape for p in self.sides[1][1]]):
            value = self.array(tuple(shape))
            for T, params, _ in self.sides:
                params[i].grad = None if i in missing else T.tensor(value)

    def step(self, missing=()):
        self.set_grads(missing)
        for _, _, optimizer in self.sides:
            optimizer.step()

    def check(self):
        """The same parameters, and the same state in the same order."""
        rtol, atol = DTYPES[self.dtype]

        def alike(a, b):
            assert str(a.dtype).rpartition(".")[2] == str(b.dtype).rpartition(".")[2]
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol, atol)

        (_, ours, mine), (_, theirs, other) = self.sides
        for a, b in zip(ours, theirs, strict=True):
            alike(a, b)
        same_structure(mine.state_dict(), other.state_dict(), alike)


def same_structure(a, b, alike):
    """Two state dicts with the same keys in the same order; tensors are compared by `alike`."""
    if isinstance(b, torch.Tensor):
        assert isinstance(a, mg.Tensor)
        assert tuple(a.shape) == tuple(b.shape)
        alike(a, b)
    elif isinstance(b, dict):
        assert list(a) == list(b)
        for key in b:
            same_structure(a[key], b[key], alike)
    elif isinstance(b, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same_structure(x, y, alike)
    else:
        assert type(a) is type(b)
        assert a == b

"""minigrad.nn.grad against torch.nn.grad: values, gradients of gradients, refusals."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch

import minigrad as mg

WINDOWS = [
    {},
    {"stride": 2, "padding": 1},
    {"stride": 2, "padding": 2, "dilation": 2, "groups": 2},
    {"padding": [1], "dilation": (2,)},
]


def problem(n: int, window: dict) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(n)
    groups = window.get("groups", 1)
    x = rng.standard_normal((2, 4, *range(7, 7 + n)))
    w = rng.standard_normal((6, 4 // groups, *[3, 2, 2][:n]))
    conv = getattr(torch.nn.functional, f"conv{n}d")
    y = conv(torch.tensor(x), torch.tensor(w), **window)
    return x, w, rng.standard_normal(tuple(y.shape))


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_against_torch(n, window):
    window = {k: tuple(v) * n if isinstance(v, (list, tuple)) else v for k, v in window.items()}
    x, w, g = problem(n, window)
    answers = []
    for lib in (mg, torch):
        tx, tw, tg = (lib.tensor(a, requires_grad=True) for a in (x, w, g))
        dx = getattr(lib.nn.grad, f"conv{n}d_input")(tx.shape, tw, tg, **window)
        dw = getattr(lib.nn.grad, f"conv{n}d_weight")(tx, tw.shape, tg, **window)
        ((dx * tx).sum() + (dw * dw).sum()).backward()
        answers.append([t.detach().numpy() for t in (dx, dw, tx.grad, tw.grad, tg.grad)])
    for ours, theirs in zip(*answers, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", sorted(mg.nn.grad.__all__))
def test_signatures(name):
    ours, theirs = (inspect.signature(getattr(lib.nn.grad, name)) for lib in (mg, torch))
    assert [(p.name, p.default) for p in ours.parameters.values()] == [
        (p.name, p.default) for p in theirs.parameters.values()
    ]


def test_what_does_not_fit_is_refused():
    x, w, g = (mg.tensor(a) for a in problem(2, {}))
    with pytest.raises(RuntimeError, match="grad_output of shape"):
        mg.nn.grad.conv2d_input((2, 4, 9, 9), w, g)
    with pytest.raises(RuntimeError, match="grad_output of shape"):
        mg.nn.grad.conv2d_weight(x, (6, 4, 2, 2), g)
    with pytest.raises(RuntimeError):
        mg.nn.grad.conv2d_input((4, 7, 8), w, g[0])
    with pytest.raises(TypeError):
        mg.nn.grad.conv2d_weight(x.numpy(), w.shape, g)

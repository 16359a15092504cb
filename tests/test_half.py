"""float16 where its range is short: what squares or takes exp answers what torch does, and no infinity."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minigrad

NUMBERS = np.array([-300, -12, -3, -0.5, 0.0, 0.5, 3, 8, 11, 12, 20, 60, 300], np.float16)

CALLS = {
    "norm": lambda T, x: x.norm(),
    "norm along": lambda T, x: x.view(1, -1).norm(dim=1),
    "var": lambda T, x: x.var(),
    "std": lambda T, x: x.std(),
    "dist": lambda T, x: T.dist(x, x * 0),
    "normalize": lambda T, x: T.nn.functional.normalize(x, dim=0),
    "softplus": lambda T, x: T.nn.functional.softplus(x),
    "mish": lambda T, x: T.nn.functional.mish(x),
    "sinc": lambda T, x: T.sinc(x / 64),
}


@pytest.mark.parametrize("name", CALLS)
def test_no_overflow(name):
    mine, its = (CALLS[name](T, T.tensor(NUMBERS)) for T in (minigrad, torch))
    assert mine.dtype == minigrad.float16
    np.testing.assert_allclose(mine.numpy(), its.numpy(), rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["norm", "var", "softplus"])
def test_gradients(name):
    found = []
    for T in (minigrad, torch):
        x = T.tensor(NUMBERS, requires_grad=True)
        CALLS[name](T, x).sum().backward()
        found.append(x.grad.numpy())
    np.testing.assert_allclose(*found, rtol=4e-3, atol=2e-5)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
def test_einsum_of_integers(dtype):
    for equation in ("ij->i", "ij->", "ij->ji", "ij,ij->i", "ij,kj->ik"):
        found = []
        for T in (minigrad, torch):
            x = T.arange(6, dtype=getattr(T, dtype)).reshape(2, 3)
            answer = T.einsum(equation, *[x] * equation.count("j,"), x)
            found.append((answer.tolist(), str(answer.dtype).split(".")[1]))
        assert found[0] == found[1], equation

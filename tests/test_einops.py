"""The real einops on minigrad's tensors, beside the same on torch's; found in whatever order the two are imported."""

from __future__ import annotations

import subprocess
import sys

import einops
import numpy as np
import pytest
import torch

import minigrad

CALLS = {
    "rearrange": lambda x: einops.rearrange(x, "b c (h k) w -> (b h) (c k) w", k=2),
    "patches": lambda x: einops.rearrange(x, "b c (h p) (w q) -> b (h w) (p q c)", p=2, q=3),
    "repeat": lambda x: einops.repeat(x, "b c h w -> b (c 3) h w 2"),
    "sum": lambda x: einops.reduce(x, "b c h w -> b c", "sum"),
    "mean": lambda x: einops.reduce(x, "b c (h 2) (w 3) -> b c h w", "mean"),
    "max": lambda x: einops.reduce(x, "b c h w -> c () h", "max"),
    "min": lambda x: einops.reduce(x, "b c ... -> c ...", "min"),
    "prod": lambda x: einops.reduce(x, "b c h w -> b w", "prod"),
    "einsum": lambda x: einops.einsum(x, x, "b c h w, b d h w -> b c d"),
    "pack": lambda x: einops.pack([x, x[:, 0]], "b * w")[0],
    "list": lambda x: einops.rearrange(list(x), "b c h w -> h w c b"),
}


@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients(name):
    array = np.random.default_rng(0).standard_normal((2, 3, 4, 6))
    answers = []
    for package in (minigrad, torch):
        x = package.tensor(array, requires_grad=True)
        y = CALLS[name](x)
        assert isinstance(y, package.Tensor)
        (y * y).sum().backward()
        answers.append((y.detach().numpy(), x.grad.numpy()))
    for got, want in zip(*answers):
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_truth_and_shapes():
    x = minigrad.tensor([[True, False], [True, True]])
    assert einops.reduce(x, "a b -> a", "any").tolist() == [True, True]
    assert einops.reduce(x, "a b -> b", "all").tolist() == [True, False]
    assert einops.parse_shape(x, "a _") == {"a": 2}
    assert isinstance(einops.asnumpy(x), np.ndarray)
    first, second = einops.unpack(minigrad.ones(2, 5), [[2], [3]], "a *")
    assert (first.shape, second.shape) == ((2, 2), (2, 3))
    with pytest.raises(einops.EinopsError):
        einops.rearrange(x, "a b c -> a")


@pytest.mark.parametrize(
    "order", ["minigrad, einops", "einops, minigrad", "einops.layers, minigrad"]
)
def test_order_of_imports(order):
    code = (
        f"import {order}, minigrad, sys; "
        "print(tuple(__import__('einops').rearrange(minigrad.ones(2, 3), 'a b -> b a').shape), 'torch' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == "(3, 2) False", run.stderr

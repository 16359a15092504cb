"""Functions whose compiled loops take over for many numbers: values and gradients as torch's there too."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minigrad as mg

SHAPES = [(3, 5, 61, 40), (2, 33, 700), (40_001, 3), (7, 6007), (50_000,), (2, 3, 20, 20, 21)]
FUNCTIONS = {
    "softmax of channels": lambda T, x: T.softmax(x, min(1, x.ndim - 1)),
    "log_softmax of channels": lambda T, x: T.log_softmax(x, min(1, x.ndim - 1)),
    "softmax of samples": lambda T, x: T.softmax(x, 0),
    "log_softmax of the last": lambda T, x: T.log_softmax(x, -1),
    "amax": lambda T, x: x.amax(0),
    "amin with all": lambda T, x: x.amin(),
    "norm": lambda T, x: x.norm(),
    "norms": lambda T, x: T.linalg.vector_norm(x, dim=-1, keepdim=True),
    "sum": lambda T, x: x.sum(),
    "sums of samples": lambda T, x: x.sum(0),
    "means": lambda T, x: x.mean(-1, keepdim=True),
    "abs": lambda T, x: x.abs(),
    "sign": lambda T, x: x.sign() * x,
    "cube": lambda T, x: x**3,
    "sigmoid": lambda T, x: x.sigmoid(),
    "clone": lambda T, x: x.clone(),
    "smooth_l1": lambda T, x: T.nn.functional.smooth_l1_loss(x, x.detach() * 0.5, beta=0.3),
    "huber": lambda T, x: T.nn.functional.huber_loss(x, x.detach() * -0.5, reduction="none", delta=0.7),
    "prelu of one": lambda T, x: T.nn.functional.prelu(x, T.full((1,), 0.3, dtype=x.dtype)),
    "prelu": lambda T, x: T.nn.functional.prelu(x, _slopes(T, x)[: x.shape[1] if x.ndim > 1 else 1]),
    "glu": lambda T, x: T.nn.functional.glu(T.stack([x * 0.3, x], min(1, x.ndim - 1)), min(1, x.ndim - 1)),
    "masked_fill": lambda T, x: x.masked_fill(x > 0.1, 2.0),
    "logaddexp": lambda T, x: T.logaddexp(x, x * x),
    "remainder": lambda T, x: x % (x.detach() * x.detach() + 0.3),
    "frac": lambda T, x: x.frac(),
    "rsqrt": lambda T, x: (x * x + 0.1).rsqrt(),
    "rows looked up": lambda T, x: T.nn.functional.embedding(T.arange(40) % 2, x.reshape(len(x), -1)[:2]),
    "cross_entropy": lambda T, x: T.nn.functional.cross_entropy(x, _classes(T, x)),
    "cross_entropy of each": lambda T, x: T.nn.functional.cross_entropy(x, _classes(T, x), reduction="none"),
    "cross_entropy, some ignored": lambda T, x: T.nn.functional.cross_entropy(
        x, _classes(T, x), weight=_slopes(T, x).abs(), ignore_index=1
    ),
}  # fmt: skip


def _slopes(torch, x):
    channels = x.shape[min(1, x.ndim - 1)]
    return torch.arange(channels, dtype=x.dtype) / channels - 0.2


def _classes(torch, x):
    count = x.shape[1] if x.ndim > 1 else x.shape[0]
    sizes = (x.shape[0], *x.shape[2:]) if x.ndim > 1 else ()
    number = int(np.prod(sizes))
    return (torch.arange(number) * 7 % count).reshape(sizes)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_as_torch(name, shape, dtype):
    x = np.random.default_rng(len(name)).standard_normal(shape).astype(dtype)
    x.reshape(-1)[[3, 7]] = 0.0, -0.0
    found = []
    for package in (mg, torch):
        leaf = package.tensor(x, requires_grad=True)
        y = FUNCTIONS[name](package, leaf)
        pull = np.random.default_rng(1).standard_normal(tuple(y.shape)).astype(dtype)
        y.backward(package.tensor(pull))
        found.append((y.detach().numpy(), leaf.grad.numpy()))
    (y, dx), (want, slope) = found
    close = 1e-5 if dtype == "float32" else 1e-11
    assert y.dtype == want.dtype
    for a, b in ((y, want), (dx, slope)):
        np.testing.assert_allclose(a, b, rtol=2 * close, atol=close * np.abs(b).max())


@pytest.mark.parametrize(
    "name", ["softmax of channels", "amax", "sign", "smooth_l1", "prelu of one", "cube"]
)
def test_what_is_not_finite_as_in_torch(name):
    x = np.random.default_rng(0).standard_normal((4, 3, 70, 70)).astype(np.float32)
    x[0, 0, 0, :4] = np.nan, np.inf, -np.inf, 1e-42
    x[1, :, 5, 5], x[2, 1] = -np.inf, np.nan
    with np.errstate(all="ignore"):
        found = [FUNCTIONS[name](package, package.tensor(x)).numpy() for package in (mg, torch)]
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area", "nearest-exact"])
@pytest.mark.parametrize(
    "sizes", [((8, 8), (4, 4)), ((8, 8), (16, 16)), ((14, 5), (3, 31)), ((1, 9), (7, 2))]
)
def test_small_planes_are_resampled_in_one_go(mode, sizes):
    (size, to), found = sizes, []
    x = np.random.default_rng(0).standard_normal((16, 40, *size)).astype(np.float32)
    for package in (mg, torch):
        leaf = package.tensor(x, requires_grad=True)
        y = package.nn.functional.interpolate(leaf, size=to, mode=mode)
        (y * y).sum().backward()
        found.append((y.detach().numpy(), leaf.grad.numpy()))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)

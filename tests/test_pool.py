"""Pooling, unpooling, unfold and fold against torch: values, positions, gradients of two orders."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import random as mr
from minigrad.kernels import pool
from tests.strategies import apart, numbers, restrided, seeds

F = torch.nn.functional
G = vars(mg.nn.functional)


@pytest.fixture(params=["numpy", "numba"], autouse=True)
def _who_works(request, monkeypatch):
    """Both ways do work of every size."""
    small = 1 << 40 if request.param == "numpy" else -1
    monkeypatch.setattr(pool, "SMALL", small)
    monkeypatch.setattr(pool, "FEW", small)


TOLERANCE = {"float16": 4e-3, "float32": 2e-5, "float64": 1e-12}


@st.composite
def inputs(draw, dims, dtype, min_side=1, ties=None):
    """(N, C, *size) or (C, *size), strided in memory; with ties, NaN and infinities if asked for."""
    large = {1: 40, 2: 9, 3: 5}[dims]
    size = [draw(st.integers(min_side, large)) for _ in range(dims)]
    lead = draw(st.sampled_from([(1,), (2,), (2, 1), (1, 3), (2, 2), (0, 2)]))
    seed = draw(seeds)
    x = (numbers if ties else apart)((*lead, *size), dtype, seed)
    if ties == "special" and x.dtype.kind == "f":
        rng = np.random.default_rng(seed)
        x[rng.random(x.shape) < 0.3] = -np.inf
        x[rng.random(x.shape) < 0.1] = np.nan
        x[rng.random(x.shape) < 0.1] = np.inf
    return draw(restrided(x))


@st.composite
def moves(draw, x, dims, dilated=True):
    """Kernel, stride, padding, dilation, ceil_mode that fit the input, as users write them."""
    size = x.shape[-dims:]
    ceil = draw(st.booleans())
    kernel, stride, padding, dilation = [], [], [], []
    for n in size:
        k = draw(st.integers(1, min(n, 5)))
        d = draw(st.integers(1, (n - 1) // (k - 1))) if dilated and k > 1 else 1
        kernel.append(k)
        dilation.append(d)
        stride.append(draw(st.integers(1, 4)))
        padding.append(draw(st.integers(0, k // 2)))
    chosen = [kernel, None if draw(st.booleans()) else stride, padding]
    if dilated:
        chosen.append(dilation)
    written = []
    for values in chosen:
        same = values is not None and len(set(values)) == 1
        if same and draw(st.booleans()):
            written.append(values[0])
        else:
            written.append(values if values is None or draw(st.booleans()) else tuple(values))
    return [*written, ceil]


def both(x, grad=True):
    """The same numbers in both packages; torch, which takes not every layout, gets them in order."""
    ours = mg.from_numpy(x)
    theirs = torch.from_numpy(np.array(x, order="C"))
    if grad:
        ours, theirs = ours.detach().requires_grad_(), theirs.detach().requires_grad_()
    return ours, theirs


def close(ours, theirs, what=""):
    a, b = ours.detach().numpy(), theirs.detach().numpy()
    assert (a.dtype, a.shape) == (b.dtype, b.shape), what
    if a.dtype.kind != "f":
        np.testing.assert_array_equal(a, b, what)
    else:
        limit = TOLERANCE[a.dtype.name]
        np.testing.assert_allclose(a, b, limit, limit, err_msg=what)


def same_gradients(ours, theirs, f, order=2):
    """Values, gradients and, through gradients of gradients, second ones of f(package's functions, x)."""
    y, z = f(G, ours), f(vars(F), theirs)
    close(y, z, "value")
    assert y.grad_fn.name() == z.grad_fn.name()
    g = np.random.default_rng(0).uniform(0.5, 2, z.shape).astype(z.detach().numpy().dtype)
    mine, other = both(g)
    (dx,) = mg.autograd.grad(y, ours, mine, create_graph=order > 1)
    (dz,) = torch.autograd.grad(z, theirs, other, create_graph=order > 1)
    close(dx, dz, "gradient")
    if order > 1:
        # The gradient is linear in g: its derivative by g is the answer to any v.
        v = np.random.default_rng(1).uniform(0.5, 2, z.shape[:0] + theirs.shape).astype(g.dtype)
        one, two = both(v, grad=False)
        (ddg,) = mg.autograd.grad(dx, mine, one)
        (ddz,) = torch.autograd.grad(dz, other, two)
        close(ddg, ddz, "second gradient")


@pytest.mark.parametrize("dims", [1, 2, 3])
@given(st.data())
def test_max_pool(dims, data):
    dtype = data.draw(st.sampled_from(["float32", "float64", "float16"]))
    x = data.draw(inputs(dims, dtype))
    arguments = data.draw(moves(x, dims))
    name = f"max_pool{dims}d"
    same_gradients(*both(x), lambda package, x: package[name](x, *arguments))


@pytest.mark.parametrize("dims", [1, 2, 3])
@given(st.data())
def test_max_pool_takes_the_first_of_ties_and_any_nan(dims, data):
    dtype = data.draw(st.sampled_from(["float32", "float64", "int64", "uint8"]))
    x = data.draw(inputs(dims, dtype, ties="special"))
    arguments = data.draw(moves(x, dims))
    name = f"max_pool{dims}d"
    ours, theirs = both(x, grad=False)
    y, i = G[name](ours, *arguments, return_indices=True)
    z, j = getattr(F, name)(theirs, *arguments, return_indices=True)
    close(y, z)
    close(i, j)


@pytest.mark.parametrize("dims", [1, 2, 3])
@given(st.data())
def test_avg_pool(dims, data):
    dtype = data.draw(st.sampled_from(["float32", "float64"]))
    x = data.draw(inputs(dims, dtype))
    arguments = data.draw(moves(x, dims, dilated=False))
    options = {"count_include_pad": data.draw(st.booleans())}
    if dims > 1:
        options["divisor_override"] = data.draw(st.sampled_from([None, 1, 3, -2]))
    name = f"avg_pool{dims}d"
    same_gradients(*both(x), lambda package, x: package[name](x, *arguments, **options))


@given(st.data())
def test_avg_pool_of_integers_and_half_precision(data):
    dims = data.draw(st.sampled_from([2, 3]))
    dtype = "int64" if dims == 3 else data.draw(st.sampled_from(["int64", "float16"]))
    x = data.draw(inputs(dims, dtype, ties=True))
    arguments = data.draw(moves(x, dims, dilated=False))
    ours, theirs = both(x, grad=False)
    name = f"avg_pool{dims}d"
    close(G[name](ours, *arguments), getattr(F, name)(theirs, *arguments))


@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize("dims", [1, 2, 3])
@given(st.data())
def test_adaptive(kind, dims, data):
    x = data.draw(inputs(dims, data.draw(st.sampled_from(["float32", "float64"]))))
    size = [data.draw(st.integers(1, 2 * n)) for n in x.shape[-dims:]]
    if dims > 1 and data.draw(st.booleans()):
        size[0] = None
    if data.draw(st.booleans()) and None not in size:
        size = size[0]
    name = f"adaptive_{kind}_pool{dims}d"
    same_gradients(*both(x), lambda package, x: package[name](x, size))


@pytest.mark.parametrize("dims", [1, 2, 3])
@given(st.data())
def test_adaptive_max_positions(dims, data):
    x = data.draw(inputs(dims, "float32", ties="special"))
    size = [data.draw(st.integers(1, n + 2)) for n in x.shape[-dims:]]
    name = f"adaptive_max_pool{dims}d"
    ours, theirs = both(x, grad=False)
    for y, z in zip(G[name](ours, size, True), getattr(F, name)(theirs, size, True)):
        close(y, z)


@pytest.mark.parametrize("dims", [1, 2, 3])
@given(st.data())
def test_lp_pool(dims, data):
    x = np.ascontiguousarray(np.abs(data.draw(inputs(dims, "float64"))) + 0.5)
    kernel, stride, _, ceil = data.draw(moves(x, dims, dilated=False))
    assume(dims > 1 or isinstance(kernel, int))
    p = data.draw(st.sampled_from([1, 2, 3.0, 0.5, math.inf, -math.inf]))
    name = f"lp_pool{dims}d"
    same_gradients(*both(x), lambda package, x: package[name](x, p, kernel, stride, ceil), order=1)


@pytest.mark.parametrize("dims", [2, 3])
@given(st.data())
def test_fractional_max_pool(dims, data):
    x = data.draw(inputs(dims, data.draw(st.sampled_from(["float32", "float64"])), min_side=2))
    kernel = [data.draw(st.integers(1, n - 1)) for n in x.shape[-dims:]]
    # In three dimensions torch refuses the largest output that has room.
    out = [data.draw(st.integers(1, n - k + (dims == 2))) for n, k in zip(x.shape[-dims:], kernel)]
    name = f"fractional_max_pool{dims}d"
    batch = x.shape[0] if x.ndim == dims + 2 else 1
    samples = np.random.default_rng(data.draw(seeds)).random((batch, x.shape[-dims - 1], dims))
    ours, theirs = both(samples.astype(x.dtype), grad=False)

    def pool(package, x):
        drawn = ours if package is G else theirs
        return package[name](x, kernel, out, _random_samples=drawn)

    same_gradients(*both(x), pool)


@pytest.mark.parametrize("dims", [2, 3])
def test_fractional_max_pool_draws_torchs_numbers(dims):
    x = np.random.default_rng(0).random((2, 3, *(9,) * dims)).astype(np.float32)
    name = f"fractional_max_pool{dims}d"
    mr.manual_seed(3)
    torch.manual_seed(3)
    ratio = (0.5,) * dims
    y, i = G[name](mg.from_numpy(x), 2, output_ratio=ratio, return_indices=True)
    z, j = getattr(F, name)(torch.from_numpy(x), 2, output_ratio=ratio, return_indices=True)
    close(y, z)
    close(i, j)


@pytest.mark.parametrize("dims", [1, 2, 3])
@given(st.data())
def test_max_unpool(dims, data):
    x = np.ascontiguousarray(data.draw(inputs(dims, "float64", min_side=2)))
    assume(x.size)
    kernel = [data.draw(st.integers(1, min(n, 3))) for n in x.shape[-dims:]]
    pooled, indices = getattr(F, f"max_pool{dims}d")(
        torch.from_numpy(x), kernel, return_indices=True
    )
    size = x.shape[-dims:] if data.draw(st.booleans()) else None
    if size is None:  # positions need not lie in the smaller plane
        assume(indices.max() < math.prod(k * n for k, n in zip(kernel, pooled.shape[-dims:])))
    name = f"max_unpool{dims}d"
    ours, theirs = both(pooled.numpy())
    mine = mg.from_numpy(indices.numpy())

    def unpool(package, x):
        if package is G:
            return package[name](x, mine, kernel, output_size=size)
        # torch takes no other layout in three dimensions
        return package[name](x.contiguous(), indices.contiguous(), kernel, output_size=size)

    same_gradients(ours, theirs, unpool)


def test_max_unpool_keeps_the_last_and_gives_all_a_gradient():
    x, indices = np.array([[[1.0, 2.0, 3.0]]]), np.array([[[4, 4, 0]]])
    ours, theirs = both(x)
    y = G["max_unpool1d"](ours, mg.from_numpy(indices), 2)
    z = F.max_unpool1d(theirs, torch.from_numpy(indices), 2)
    close(y, z)
    assert y.detach().numpy().tolist() == [[[3, 0, 0, 0, 2, 0]]]
    y.sum().backward()
    assert ours.grad.numpy().tolist() == [[[1, 1, 1]]]


@given(st.data())
def test_unfold_and_fold(data):
    dtype = data.draw(st.sampled_from(["float32", "float64"]))
    x = data.draw(inputs(2, dtype))
    kernel, _, padding, dilation, _ = data.draw(moves(x, 2))
    stride = data.draw(st.integers(1, 3) | st.tuples(st.integers(1, 3), st.integers(1, 3)))
    options = {"padding": padding, "stride": stride, "dilation": dilation}
    ours, theirs = both(x)
    same = lambda package, x: package["unfold"](x, kernel, **options)  # noqa: E731
    if x.ndim == 4:
        same_gradients(ours, theirs, same)
    columns = F.unfold(theirs, kernel, **options).detach()
    folded = lambda package, x: package["fold"](x, x_size, kernel, **options)  # noqa: E731
    x_size = list(x.shape[-2:])
    ours, theirs = both(columns.numpy())
    close(folded(G, ours), folded(vars(F), theirs))
    if x.ndim == 4:
        same_gradients(ours, theirs, folded)


def test_small_work_does_not_load_numba():
    code = """
import sys, minigrad as mg
F = mg.nn.functional
x = mg.ones(1, 1, 12, 12, requires_grad=True)
y = F.max_pool2d(x, 2).sum() + F.avg_pool2d(x, 3, 2, 1).sum() + F.unfold(x, 3).sum()
y = y + F.adaptive_avg_pool2d(x, 5).sum() + F.adaptive_max_pool2d(x, 5).sum()
y.backward()
print("numba" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"

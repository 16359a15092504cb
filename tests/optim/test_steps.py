"""Every optimizer goes torch's way: the same parameters and the same state after many steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.kernels import optim
from tests.optim.twins import DTYPES, NAMES, SHAPES, Twins, settings_of

STEPS = 50


@pytest.fixture(params=["numpy", "kernels"], scope="module")
def way(request):
    """Both ways of carrying out an update, whatever would be quicker."""
    before = optim._kernels_pay
    if request.param == "kernels" and optim._INTERPRETED:
        pytest.skip("kernels are interpreted")
    optim._kernels_pay = lambda: request.param == "kernels"
    yield request.param
    optim._kernels_pay = before


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=max(1, settings.default.max_examples // 3))
@given(data=st.data())
def test_trajectory(way, name, data):
    """Several groups, parameters that have no gradient now and then, a learning rate that changes."""
    groups = data.draw(st.lists(settings_of(name), min_size=1, max_size=2))
    shapes = [data.draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=2)) for _ in groups]
    for group in groups:  # in groups that is no argument
        group.pop("initial_accumulator_value", None)
    seed, dtype = data.draw(st.integers(0, 99)), data.draw(st.sampled_from(list(DTYPES)))
    twins = Twins(name, groups, shapes, dtype, seed, **data.draw(settings_of(name)))
    number = sum(map(len, shapes))
    for t in range(STEPS):
        missing = {int(i) for i in twins.draw.integers(0, number + 3, 2)} if t % 3 == 0 else ()
        twins.step(missing)
        if t % 10 == 5:
            for _, _, optimizer in twins.sides:
                optimizer.param_groups[0]["lr"] *= 0.7
    twins.check()


FAILING = ["Adamax", "Rprop"]  # torch cannot go back through their steps
RECORDED = [name for name in NAMES if name not in FAILING]


@pytest.mark.parametrize("name", RECORDED)
def test_differentiable(name):
    """Gradients pass through steps, to the first parameters and gradients: as in torch."""
    settings = {} if name in ("Rprop", "ASGD", "Adagrad") else {"weight_decay": 0.1}
    found = []
    for T in (mg, torch):
        draw = np.random.default_rng(1)
        start = T.tensor(draw.standard_normal(4)).requires_grad_()
        rate = T.tensor(0.1, dtype=T.float64)
        grads = [T.tensor(draw.standard_normal(4)).requires_grad_() for _ in range(3)]
        p = start.clone()
        optimizer = getattr(T.optim, name)([p], lr=rate, differentiable=True, **settings)
        for g in grads:
            p.grad = g
            optimizer.step()
        (p * p).sum().backward()
        found.append([start.grad.numpy(), *(g.grad.numpy() for g in grads if g.grad is not None)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, 1e-4, 1e-6)  # torch counts in float32


def test_differentiable_learning_rate():
    found = []
    for T in (mg, torch):
        rate = T.tensor(0.1, dtype=T.float64, requires_grad=True)
        p = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True).clone()
        optimizer = T.optim.SGD([p], lr=rate, weight_decay=0.5, differentiable=True)
        for _ in range(3):
            p.grad = T.tensor([0.5, -1.0], dtype=T.float64)
            optimizer.step()
        (p * p).sum().backward()
        found.append(rate.grad.item())
    assert found[0] == pytest.approx(found[1], rel=1e-12)


@pytest.mark.parametrize("name", FAILING)
def test_differentiable_where_torch_is_not(name):
    """Against differences."""
    grads = [mg.tensor(g, dtype=mg.float64) for g in ([0.3, -0.7], [0.9, 0.2])]

    def after_two_steps(start):
        p = start.clone()
        optimizer = getattr(mg.optim, name)([p], lr=0.1, differentiable=True)
        for g in grads:
            p.grad = g
            optimizer.step()
        return p

    start = mg.tensor([1.0, 2.0], dtype=mg.float64, requires_grad=True)
    assert mg.autograd.gradcheck(after_two_steps, (start,))


def test_a_differentiable_step_cannot_write_a_leaf():
    w = mg.nn.Parameter(mg.ones(2))
    w.grad = mg.ones(2)
    optimizer = mg.optim.SGD([w], lr=0.1, differentiable=True)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        optimizer.step()
    assert w.tolist() == [1, 1]


@pytest.mark.parametrize("name", ["SGD", "Adam", "Adadelta"])
def test_memory_of_any_order(way, name):
    """Parameters and gradients that are slices or transposed; a gradient that is expanded."""
    found = []
    for T in (mg, torch):
        draw = np.random.default_rng(0)
        big = T.tensor(draw.standard_normal((4, 6)))
        params = [big[:, ::2], big[:, 1::2].t(), T.tensor(draw.standard_normal((3, 3)))]
        params = [T.nn.Parameter(p) for p in params]
        optimizer = getattr(T.optim, name)(params, lr=0.1)
        for _ in range(3):
            for p in params:
                p.grad = T.tensor(draw.standard_normal(tuple(p.shape)[::-1])).t()
            params[2].grad = T.tensor(draw.standard_normal((3, 1))).expand(3, 3)
            optimizer.step()
        found.append([big, *(p.detach() for p in params)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), 1e-12)


def test_half_precision(way):
    twins = Twins("SGD", [{}], [[(5,)]], lr=0.1, momentum=0.9)
    (_, (p,), _), (_, (q,), _) = twins.sides
    p.data, q.data = p.data.half(), q.data.half()
    for _ in range(5):
        p.grad, q.grad = mg.ones(5).half(), torch.ones(5).half()
        twins.ours.step()
        twins.theirs.step()
    np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), 2e-3)


def test_memory_is_written_in_place_and_noticed(way):
    w = mg.nn.Parameter(mg.ones(3))
    address, version = w.data_ptr(), w._version
    y = (w * w).sum()
    w.grad = mg.ones(3)
    mg.optim.SGD([w], lr=0.5).step()
    assert (w.data_ptr(), w._version) == (address, version + 1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_new_memory_under_a_parameter(way):
    """What was found out about memory is forgotten with it."""
    w = mg.nn.Parameter(mg.zeros(3))
    optimizer = mg.optim.SGD([w], lr=1.0, momentum=0.5)
    for _ in range(2):
        w.grad = mg.ones(3)
        optimizer.step()
    w.data = mg.zeros(3)
    optimizer.state[w]["momentum_buffer"] = mg.zeros(3)
    w.grad = mg.ones(3)
    optimizer.step()
    assert w.tolist() == [-1, -1, -1]


def test_what_does_not_fit_changes_nothing(way):
    good, bad = mg.nn.Parameter(mg.ones(2)), mg.nn.Parameter(mg.ones(2, 3))
    optimizer = mg.optim.Adam([{"params": good}, {"params": bad}])
    good.grad, bad.grad = mg.ones(2), mg.ones(2, 3)
    bad.data = mg.ones(3, 2)
    with pytest.raises(RuntimeError, match=r"\[3, 2\] has a gradient or state of shape \[2, 3\]"):
        optimizer.step()
    assert good.tolist() == [1, 1]
    assert optimizer.state[good]["step"].item() == 0


def test_a_parameter_of_one_memory_location():
    w = mg.nn.Parameter(mg.ones(1).expand(3))
    w.grad = mg.ones(3)
    with pytest.raises(RuntimeError, match="more than one element"):
        mg.optim.SGD([w]).step()


def test_capturable_is_for_other_devices():
    for T in (mg, torch):
        w = T.nn.Parameter(T.ones(2))
        w.grad = T.ones(2)
        optimizer = T.optim.Adam([w], capturable=True)
        with pytest.raises(AssertionError, match="If capturable=True"):
            optimizer.step()


@pytest.mark.parametrize("flags", [{"foreach": True}, {"foreach": False}, {"fused": True}])
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad"])
def test_implementations_of_torch(name, flags):
    twins = Twins(name, [{}], [[(3,), (2, 2)]], **flags)
    for _ in range(5):
        twins.step()
    twins.check()


@pytest.mark.parametrize("name", NAMES)
def test_tensor_learning_rate(name):
    twins = []
    for T in (mg, torch):
        w = T.nn.Parameter(T.ones(3))
        optimizer = getattr(T.optim, name)([w], lr=T.tensor([0.05]))
        for t in range(4):
            w.grad = T.full((3,), 0.1 + t)
            optimizer.step()
            optimizer.param_groups[0]["lr"].mul_(0.5)
        twins.append(w.detach().numpy())
    np.testing.assert_allclose(*twins, 1e-5)


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_tensor_betas(name):
    found = []
    for T in (mg, torch):
        w = T.nn.Parameter(T.ones(3))
        betas = (T.tensor(0.8), T.tensor([0.95]))
        optimizer = getattr(T.optim, name)([w], betas=betas)
        for t in range(4):
            w.grad = T.full((3,), 0.1 + t)
            optimizer.step()
        found.append(w.detach().numpy())
    np.testing.assert_allclose(*found, 1e-5)

"""Averaged models, against torch's."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

import minigrad as mg
from tests.optim.test_schedulers import alike, optimizer_of, run, same_state

FUNCTIONS = {
    "default": lambda U: {},
    "mean": lambda U: {"avg_fn": U.get_swa_avg_fn()},
    "means": lambda U: {"multi_avg_fn": U.get_swa_multi_avg_fn()},
    "exponential": lambda U: {"avg_fn": U.get_ema_avg_fn(0.9)},
    "exponentials": lambda U: {"multi_avg_fn": U.get_ema_multi_avg_fn(0.8)},
    "own": lambda U: {"avg_fn": lambda a, now, count: 0.5 * a + 0.5 * now * count},
}


def network(T):
    T.manual_seed(3)
    return T.nn.Sequential(T.nn.Linear(3, 4), T.nn.BatchNorm1d(4), T.nn.ReLU(), T.nn.Linear(4, 2))


def same_tensors(ours, theirs):
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        np.testing.assert_allclose(ours[key].numpy(), value.numpy(), 1e-5, 1e-6)


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("which", FUNCTIONS)
def test_averages(which, use_buffers):
    if use_buffers and which in ("mean", "default", "means", "own"):
        use_buffers = "floats"  # torch cannot divide the counts of batches
    found = []
    for T in (mg, torch):
        net = network(T)
        if use_buffers == "floats":
            net[1].num_batches_tracked = net[1].num_batches_tracked.float()
        U = T.optim.swa_utils
        averaged = U.AveragedModel(net, use_buffers=bool(use_buffers), **FUNCTIONS[which](U))
        draw = np.random.default_rng(0)
        optimizer = T.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(4):
            optimizer.zero_grad()
            (net(T.tensor(np.float32(draw.standard_normal((6, 3))))) ** 2).mean().backward()
            optimizer.step()
            averaged.update_parameters(net)
        averaged.eval()
        x = T.tensor(np.float32(draw.standard_normal((5, 3))))
        found.append((averaged.state_dict(), averaged(x).detach()))
    same_tensors(found[0][0], found[1][0])
    np.testing.assert_allclose(found[0][1].numpy(), found[1][1].numpy(), 1e-4, 1e-5)


def test_update_bn():
    found = []
    for T in (mg, torch):
        net = network(T)
        draw = np.random.default_rng(0)
        batches = [T.tensor(np.float32(draw.standard_normal((6, 3)))) for _ in range(3)]
        loader = [batches[0], (batches[1], 1), [batches[2]]]
        net.eval()
        T.optim.swa_utils.update_bn(loader, net, device="cpu")
        assert not net.training
        assert net[1].momentum == 0.1
        T.optim.swa_utils.update_bn(None, T.nn.Linear(1, 1))  # nothing to do
        found.append(net.state_dict())
    same_tensors(*found)


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 1, 6])
def test_swalr(epochs, strategy):
    schedules = [
        T.optim.swa_utils.SWALR(optimizer_of(T), [0.05, 0.01], epochs, strategy)
        for T in (mg, torch)
    ]
    run(schedules, 9)
    same_state(*schedules)
    loaded = mg.optim.swa_utils.SWALR(optimizer_of(mg), 0.5)
    loaded.load_state_dict(schedules[1].state_dict())
    assert loaded.state_dict() == schedules[1].state_dict()


def test_with_another_schedule():
    found = []
    for T in (mg, torch):
        optimizer = optimizer_of(T)
        before = T.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
        after = T.optim.swa_utils.SWALR(optimizer, 0.05, anneal_epochs=3)
        rates = []
        for epoch in range(10):
            optimizer.step()
            (before if epoch < 4 else after).step()
            rates.append(optimizer.param_groups[0]["lr"])
        found.append(rates)
    alike(*found)


def test_errors():
    for T in (mg, torch):
        U = T.optim.swa_utils
        with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn"):
            U.AveragedModel(network(T), avg_fn=max, multi_avg_fn=max)
        for make in (U.get_ema_avg_fn, U.get_ema_multi_avg_fn):
            with pytest.raises(ValueError, match=r"Invalid decay value 1\.5 provided"):
                make(1.5)
        with pytest.raises(ValueError, match="anneal_strategy must be one of 'cos' or 'linear'"):
            U.SWALR(optimizer_of(T), 0.1, anneal_strategy="sin")
        with pytest.raises(ValueError, match="equal or greater than 0, got -1"):
            U.SWALR(optimizer_of(T), 0.1, anneal_epochs=-1)
        with pytest.raises(ValueError, match="swa_lr must have the same length"):
            U.SWALR(optimizer_of(T), [0.1])


def test_the_copy_is_its_own():
    net = network(mg)
    averaged = mg.optim.swa_utils.AveragedModel(net, device="cpu")
    before = copy.deepcopy(averaged.state_dict())
    net[0].weight.data.zero_()
    same_tensors(averaged.state_dict(), before)

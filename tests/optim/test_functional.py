"""The functional forms of optimizers, steps on tensors that the caller keeps: as torch's."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from tests.stories import check


@pytest.mark.parametrize("momentum", [0, 0.5])
@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd(momentum: float, nesterov: bool) -> None:
    def story(torch: Any) -> Any:
        step = importlib.import_module(f"{torch.__name__}.optim.sgd").sgd
        params = [torch.ones(3), torch.arange(2.0)]
        buffers: list[Any] = [None, None]
        for i in range(3):
            grads = [p * 0.5 + i for p in params]
            given = {"weight_decay": 0.1, "momentum": momentum, "lr": 0.1, "dampening": 0}
            step(
                params, grads, buffers, **given, nesterov=nesterov and momentum > 0, maximize=i == 1
            )
        return params, buffers, [p._version for p in params]

    check(story)


@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam(name: str, amsgrad: bool) -> None:
    def story(torch: Any) -> Any:
        step = getattr(importlib.import_module(f"{torch.__name__}.optim.{name}"), name)
        params = [torch.ones(3), torch.arange(2.0)]
        means, squares, most = ([torch.zeros_like(p) for p in params] for _ in range(3))
        steps = [torch.tensor(0.0) for _ in params]
        for i in range(3):
            grads = [p * 0.5 + i for p in params]
            given = {"beta1": 0.9, "beta2": 0.99, "lr": 0.1, "weight_decay": 0.1, "eps": 1e-6}
            step(
                params,
                grads,
                means,
                squares,
                most,
                steps,
                foreach=False,
                amsgrad=amsgrad,
                maximize=False,
                **given,
            )
        return params, means, squares, most, steps

    check(story)


def test_counters_are_tensors() -> None:
    def story(torch: Any) -> Any:
        step = importlib.import_module(f"{torch.__name__}.optim.adam").adam
        given = {"beta1": 0.9, "beta2": 0.99, "lr": 0.1, "weight_decay": 0.1, "eps": 1e-6}
        step([], [], [], [], [], [3], amsgrad=False, maximize=False, **given)

    check(story)

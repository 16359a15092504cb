"""Adagrad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..kernels.optim import rules
from ..tensor import Tensor
from . import _checks
from ._elementwise import Elementwise, Numbers, way
from ._saving import Group


class Adagrad(Elementwise):
    """Steps divided by the root of the sum of all squares.

    Args:
        params: tensors, pairs (name, tensor), or groups with settings of their own.
        lr: the length of the first step; a number or a tensor of one element.
        lr_decay: how fast ``lr`` falls.
        weight_decay: the factor of an L2 penalty.
        initial_accumulator_value: where the sum starts.
        eps: is added to the divisor.
        maximize: climb instead of descend.
        foreach, fused: torch's choices of an implementation; there is one here.
        differentiable: record the steps, so that gradients pass through them.

    Raises ValueError for values out of range.

    Source: Duchi, Hazan and Singer, Adaptive subgradient methods (2011), in the form of
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([1.0, 2.0]))
    >>> optimizer = mg.optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter containing:
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    rule = staticmethod(rules.adagrad)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ):
        _checks.learning_rate(lr)
        _checks.not_negative("lr_decay value", lr_decay)
        _checks.not_negative("weight_decay value", weight_decay)
        _checks.not_negative("initial_accumulator_value value", initial_accumulator_value)
        _checks.not_negative("epsilon value", eps)
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "fused": fused,
            },
        )
        _checks.fused(fused, foreach, differentiable)
        for group in self.param_groups:  # the one optimizer whose state is there from the start
            self._recall(group["params"], group, self._buffers(group))

    def _buffers(self, group: Group) -> dict[str, float]:
        return {"sum": self.defaults["initial_accumulator_value"]}

    def _numbers(self, group: Group, *counters: float) -> tuple[Numbers, Numbers]:
        step = counters[0] + 1
        rate = group["lr"] / (1 + (step - 1) * group["lr_decay"])
        return (step,), (way(group), group["weight_decay"], group["eps"], rate)

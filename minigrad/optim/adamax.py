"""Adamax: Adam by the greatest gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..kernels.optim import rules
from ..tensor import Tensor
from . import _checks
from ._elementwise import Elementwise, Numbers, averaging, way
from ._saving import Group


class Adamax(Elementwise):
    """Adam that divides by a fading maximum of the gradient.

    Args:
        params: tensors, pairs (name, tensor), or groups with settings of their own.
        lr: about the length of a step; a number or a tensor of one element.
        betas: what the gradient's average and its maximum keep of their old value.
        eps: is added to the gradient's size.
        weight_decay: the factor of an L2 penalty.
        maximize: climb instead of descend.
        foreach: torch's choice of an implementation; there is one here.
        capturable: for devices that are not there: refused by ``step``.
        differentiable: record the steps, so that gradients pass through them.

    Raises ValueError for values out of range.

    Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), section 7, in the form of
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([1.0, 2.0]))
    >>> optimizer = mg.optim.Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter containing:
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    buffers = "exp_avg", "exp_inf"
    rule = staticmethod(rules.adamax)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ):
        _checks.learning_rate(lr)
        _checks.not_negative("epsilon value", eps)
        _checks.betas(betas)
        _checks.not_negative("weight_decay value", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _numbers(self, group: Group, *counters: float) -> tuple[Numbers, Numbers]:
        step = counters[0] + 1
        beta1, beta2 = group["betas"]
        rate = group["lr"] / (1 - beta1**step)
        numbers = (*averaging(beta1), beta2, group["eps"], rate)
        return (step,), (way(group), group["weight_decay"], *numbers)

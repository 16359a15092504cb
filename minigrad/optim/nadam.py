"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..kernels.optim import rules
from ..tensor import Tensor
from . import _checks
from ._elementwise import Elementwise, Numbers, averaging, counter_type, penalty, way
from ._saving import Group


class NAdam(Elementwise):
    """Adam with Nesterov's momentum.

    Args:
        params: tensors, pairs (name, tensor), or groups with settings of their own.
        lr: about the length of a step; a number or a tensor of one element.
        betas: what the averages of the gradient and of its square keep of their old value.
        eps: is added to the divisor.
        weight_decay: the factor of an L2 penalty, or of the decay if that is decoupled.
        momentum_decay: how fast the momentum grows to its full share.
        decoupled_weight_decay: shrink the parameters by themselves, as AdamW.
        maximize: climb instead of descend.
        foreach: torch's choice of an implementation; there is one here.
        capturable: for devices that are not there: refused by ``step``.
        differentiable: record the steps, so that gradients pass through them.

    Raises ValueError for values out of range.

    Source: Dozat, Incorporating Nesterov momentum into Adam (2016), in the form of
    https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([1.0, 2.0]))
    >>> optimizer = mg.optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter containing:
    tensor([0.8944, 1.8944], requires_grad=True)
    """

    counters = "step", "mu_product"
    buffers = "exp_avg", "exp_avg_sq"
    rule = staticmethod(rules.nadam)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ):
        _checks.learning_rate(lr)
        _checks.not_negative("epsilon value", eps)
        _checks.betas(betas)
        _checks.not_negative("weight_decay value", weight_decay)
        _checks.not_negative("momentum_decay value", momentum_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def _counted(self, group: Group) -> Numbers:
        return (0.0, 1.0)

    def _numbers(self, group: Group, *counters: float) -> tuple[Numbers, Numbers]:
        step, product = counters
        step += 1
        lr, (beta1, beta2) = group["lr"], group["betas"]
        now, then = (
            beta1 * (1.0 - 0.5 * 0.96 ** (count * group["momentum_decay"]))
            for count in (step, step + 1)
        )
        product = float(counter_type()(product) * counter_type()(now))  # rounded as it is kept
        rate = lr * (1.0 - now) / (1.0 - product)
        ahead = lr * then / (1.0 - product * then)
        averages = averaging(beta1, beta2)
        numbers = (*averages, 1 - beta2**step, group["eps"], rate, ahead)
        return (step, product), (way(group), *penalty(group), *numbers)

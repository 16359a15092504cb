"""RAdam: rectified Adam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..kernels.optim import rules
from ..tensor import Tensor
from . import _checks
from ._elementwise import Elementwise, Numbers, averaging, penalty, way
from ._saving import Group


class RAdam(Elementwise):
    """Adam that divides by the square's average only once that is known well enough.

    Args:
        params: tensors, pairs (name, tensor), or groups with settings of their own.
        lr: about the length of a step; a number or a tensor of one element.
        betas: what the averages of the gradient and of its square keep of their old value.
        eps: is added to the divisor.
        weight_decay: the factor of an L2 penalty, or of the decay if that is decoupled.
        decoupled_weight_decay: shrink the parameters by themselves, as AdamW.
        maximize: climb instead of descend.
        foreach: torch's choice of an implementation; there is one here.
        capturable: for devices that are not there: refused by ``step``.
        differentiable: record the steps, so that gradients pass through them.

    Raises ValueError for values out of range.

    Source: Liu et al., On the variance of the adaptive learning rate and beyond (2020), in the form of
    https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([1.0, 2.0]))
    >>> optimizer = mg.optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter containing:
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    buffers = "exp_avg", "exp_avg_sq"
    rule = staticmethod(rules.radam)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
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
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "decoupled_weight_decay": decoupled_weight_decay,
                "differentiable": differentiable,
            },
        )

    def _numbers(self, group: Group, *counters: float) -> tuple[Numbers, Numbers]:
        step = counters[0] + 1
        beta1, beta2 = group["betas"]
        bias = 1 - beta2**step
        most = 2 / (1 - beta2) - 1  # the length of the average's memory, at last and now
        length = most - 2 * step * beta2**step / bias
        rectified = 0.0
        if length > 5.0:
            variances = (length - 4) * (length - 2) * most, (most - 4) * (most - 2) * length
            rectified = (bias * variances[0] / variances[1]) ** 0.5
        rate = group["lr"] / (1 - beta1**step)
        numbers = (*averaging(beta1, beta2), group["eps"], rate, rectified)
        return (step,), (way(group), *penalty(group), *numbers)

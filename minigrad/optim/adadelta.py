"""Adadelta."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..kernels.optim import rules
from ..tensor import Tensor
from . import _checks
from ._elementwise import Elementwise, Numbers, averaging, way
from ._saving import Group


class Adadelta(Elementwise):
    """Steps in the unit of the parameters: scaled by the average size of past steps.

    Args:
        params: tensors, pairs (name, tensor), or groups with settings of their own.
        lr: a factor of the steps; a number or a tensor of one element.
        rho: what the averages keep of their old value.
        eps: is added under the roots.
        weight_decay: the factor of an L2 penalty.
        maximize: climb instead of descend.
        foreach: torch's choice of an implementation; there is one here.
        capturable: for devices that are not there: refused by ``step``.
        differentiable: record the steps, so that gradients pass through them.

    Raises ValueError for values out of range.

    Source: Zeiler, Adadelta: an adaptive learning rate method (2012), in the form of
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([1.0, 2.0]))
    >>> optimizer = mg.optim.Adadelta([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter containing:
    tensor([0.9997, 1.9997], requires_grad=True)
    """

    buffers = "square_avg", "acc_delta"
    rule = staticmethod(rules.adadelta)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ):
        _checks.learning_rate(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        _checks.not_negative("epsilon value", eps)
        _checks.not_negative("weight_decay value", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "capturable": capturable,
                "foreach": foreach,
                "differentiable": differentiable,
            },
        )

    def _numbers(self, group: Group, *counters: float) -> tuple[Numbers, Numbers]:
        numbers = (*averaging(group["rho"]), group["eps"], group["lr"])
        return (counters[0] + 1,), (way(group), group["weight_decay"], *numbers)

"""ASGD: averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..kernels.optim import rules
from ..tensor import Tensor
from . import _checks
from ._elementwise import Elementwise, Numbers, way
from ._saving import Group


class ASGD(Elementwise):
    """Stochastic gradient descent that also averages the parameters, in ``state[p]["ax"]``.

    Args:
        params: tensors, pairs (name, tensor), or groups with settings of their own.
        lr: the length of the first step; a number or a tensor of one element.
        lambd: how fast steps become shorter and parameters decay.
        alpha: the power by which steps become shorter.
        t0: the step at which averaging starts.
        weight_decay: the factor of an L2 penalty.
        maximize: climb instead of descend.
        foreach: torch's choice of an implementation; there is one here.
        capturable: for devices that are not there: refused by ``step``.
        differentiable: record the steps, so that gradients pass through them.

    Raises ValueError for values out of range.

    Source: Polyak and Juditsky, Acceleration of stochastic approximation by averaging (1992), in the form of
    https://docs.pytorch.org/docs/stable/generated/torch.optim.ASGD.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([1.0, 2.0]))
    >>> optimizer = mg.optim.ASGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter containing:
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    counters = "step", "eta", "mu"
    buffers = ("ax",)
    rule = staticmethod(rules.asgd)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ):
        _checks.learning_rate(lr)
        _checks.not_negative("weight_decay value", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "lambd": lambd,
                "alpha": alpha,
                "t0": t0,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _counted(self, group: Group) -> Numbers:
        return (0.0, group["lr"], 1.0)

    def _numbers(self, group: Group, *counters: float) -> tuple[Numbers, Numbers]:
        step, eta, mu = counters
        step, lr, lambd = step + 1, group["lr"], group["lambd"]
        numbers = (way(group), group["weight_decay"], 1 - lambd * eta, eta, 0.0 if mu == 1 else mu)
        shorter = lr / (1 + lambd * lr * step) ** group["alpha"]
        return (step, shorter, 1 / max(1, step - group["t0"])), numbers

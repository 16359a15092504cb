"""Rprop: resilient backpropagation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..kernels.optim import rules
from ..tensor import Tensor
from . import _checks
from ._elementwise import Elementwise, Numbers, way
from ._saving import Group


class Rprop(Elementwise):
    """Steps by the gradient's sign, for whole data sets: longer while it stays, shorter where it turns.

    Args:
        params: tensors, pairs (name, tensor), or groups with settings of their own.
        lr: the length of the first step; a number or a tensor of one element.
        etas: by what steps shrink, and grow.
        step_sizes: the least and the greatest step.
        maximize: climb instead of descend.
        foreach: torch's choice of an implementation; there is one here.
        capturable: for devices that are not there: refused by ``step``.
        differentiable: record the steps, so that gradients pass through them.

    Raises ValueError for values out of range.

    Source: Riedmiller and Braun, A direct adaptive method for faster backpropagation learning (1993), in the form of
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Rprop.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([1.0, 2.0]))
    >>> optimizer = mg.optim.Rprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter containing:
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    rule = staticmethod(rules.rprop)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ):
        _checks.learning_rate(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(
            params,
            {
                "lr": lr,
                "etas": etas,
                "step_sizes": step_sizes,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _buffers(self, group: Group) -> dict[str, float]:
        return {"prev": 0.0, "step_size": float(group["lr"])}

    def _numbers(self, group: Group, *counters: float) -> tuple[Numbers, Numbers]:
        numbers = (*group["etas"], *group["step_sizes"], 0.0, 1.0)
        return (counters[0] + 1,), (way(group), *numbers)

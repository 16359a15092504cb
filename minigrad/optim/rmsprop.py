"""RMSprop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..kernels.optim import rules
from ..tensor import Tensor
from . import _checks
from ._elementwise import Elementwise, Numbers, averaging, way
from ._saving import Group

_RULES: dict[tuple[bool, bool], Callable[..., Any]] = {  # by (with momentum, centered)
    (False, False): rules.rmsprop,
    (True, False): rules.rmsprop_momentum,
    (False, True): rules.rmsprop_centered,
    (True, True): rules.rmsprop_centered_momentum,
}


class RMSprop(Elementwise):
    """Steps along the gradient, divided by the root of its square's average.

    Args:
        params: tensors, pairs (name, tensor), or groups with settings of their own.
        lr: about the length of a step; a number or a tensor of one element.
        alpha: what the averages keep of their old value.
        eps: is added to the divisor.
        weight_decay: the factor of an L2 penalty.
        momentum: the share of the last step that is kept.
        centered: divide by the deviation from the gradient's average.
        maximize: climb instead of descend.
        foreach: torch's choice of an implementation; there is one here.
        capturable: for devices that are not there: refused by ``step``.
        differentiable: record the steps, so that gradients pass through them.

    Raises ValueError for values out of range.

    Source: Hinton, Neural networks for machine learning, lecture 6 (2012), in the form of
    https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([1.0, 2.0]))
    >>> optimizer = mg.optim.RMSprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter containing:
    tensor([5.9605e-08, 1.0000e+00], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ):
        _checks.learning_rate(lr)
        _checks.not_negative("epsilon value", eps)
        _checks.not_negative("momentum value", momentum)
        _checks.not_negative("weight_decay value", weight_decay)
        _checks.not_negative("alpha value", alpha)
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "alpha": alpha,
                "eps": eps,
                "centered": centered,
                "weight_decay": weight_decay,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def _buffers(self, group: Group) -> dict[str, float]:
        names = {"square_avg": True, "momentum_buffer": group["momentum"] > 0}
        names["grad_avg"] = group["centered"]
        return {name: 0.0 for name, wanted in names.items() if wanted}

    def _rule(self, group: Group) -> Callable[..., Any]:
        return _RULES[group["momentum"] > 0, bool(group["centered"])]

    def _numbers(self, group: Group, *counters: float) -> tuple[Numbers, Numbers]:
        numbers = (*averaging(group["alpha"]), group["eps"], group["lr"])
        carry = (group["momentum"],) if group["momentum"] > 0 else ()
        return (counters[0] + 1,), (way(group), group["weight_decay"], *numbers, *carry)

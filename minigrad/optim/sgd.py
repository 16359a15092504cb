"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..creation import zeros_like
from ..kernels.optim import rules
from ..tensor import Tensor
from . import _checks
from ._elementwise import Elementwise, Numbers, State, carried_out, way
from ._saving import Group


class SGD(Elementwise):
    """Stochastic gradient descent, with momentum if wanted.

    Args:
        params: tensors, pairs (name, tensor), or groups with settings of their own.
        lr: the length of a step, in gradients; a number or a tensor of one element.
        momentum: the share of the last step that is kept.
        dampening: by how much less than 1 the gradient counts in the momentum.
        weight_decay: the factor of an L2 penalty.
        nesterov: look ahead along the momentum.
        maximize: climb instead of descend.
        foreach, fused: torch's choices of an implementation; there is one here.
        differentiable: record the steps, so that gradients pass through them.

    Raises ValueError for values out of range.

    Source: Sutskever et al., On the importance of initialization and momentum in deep learning
    (2013), in the form of https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([1.0, 2.0]))
    >>> optimizer = mg.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter containing:
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    counters = ()

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ):
        _checks.learning_rate(lr)
        _checks.not_negative("momentum value", momentum)
        _checks.not_negative("weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        _checks.fused(fused, foreach, differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def _buffers(self, group: Group) -> dict[str, float]:
        return {"momentum_buffer": 0.0} if group["momentum"] != 0 else {}

    def _rule(self, group: Group) -> Callable[..., Any]:
        return rules.momentum if group["momentum"] != 0 else rules.descent

    def _recall(
        self, params: list[Tensor], settings: Group, buffers: dict[str, float]
    ) -> tuple[list[State], list[Numbers]]:
        if not buffers:
            return [{}] * len(params), [(False,)] * len(params)
        states = [self.state[p] for p in params]
        first = [state.get("momentum_buffer") is None for state in states]
        for state, p, new in zip(states, params, first, strict=True):
            if new:
                state["momentum_buffer"] = zeros_like(p, requires_grad=False)
        return states, [(new,) for new in first]

    def _numbers(self, group: Group, *counters: float) -> tuple[Numbers, Numbers]:
        (first,) = counters
        momentum = group["momentum"]
        slope = (way(group), group["weight_decay"])
        if momentum == 0:
            return (), (*slope, group["lr"])
        # The first gradient is not dampened.
        shares = (0.0, 1.0) if first else (momentum, 1 - group["dampening"])
        return (), (*slope, *shares, momentum if group["nesterov"] else 0.0, group["lr"])


def sgd(
    params: list[Tensor],
    d_p_list: list[Tensor],
    momentum_buffer_list: list[Tensor | None],
    has_sparse_grad: bool = False,
    foreach: bool | None = None,
    fused: bool | None = None,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
    *,
    weight_decay: float,
    momentum: float,
    lr: float,
    dampening: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """One step of `SGD` with gradients ``d_p_list``, on ``params`` and ``momentum_buffer_list`` in place.

    A buffer that is None is made.  The arguments about implementations and scaling have no effect.

    >>> import minigrad as mg
    >>> from minigrad.optim.sgd import sgd
    >>> w, others = mg.ones(2), dict(momentum=0, dampening=0, weight_decay=0, nesterov=False, maximize=False)
    >>> sgd([w], [mg.ones(2)], [None], lr=0.5, **others)
    >>> w
    tensor([0.5000, 0.5000])
    """
    settings = {"lr": lr, "momentum": momentum, "dampening": dampening, "maximize": maximize}
    settings |= {"weight_decay": weight_decay, "nesterov": nesterov}
    states: list[State] = [{"momentum_buffer": b} for b in momentum_buffer_list]
    carried_out(SGD, settings, params, d_p_list, states)
    if momentum != 0:
        momentum_buffer_list[:] = [state["momentum_buffer"] for state in states]

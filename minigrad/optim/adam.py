"""Adam."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..kernels.optim import rules
from ..tensor import Tensor
from . import _checks
from ._elementwise import Elementwise, Numbers, State, averaging, carried_out, penalty, way
from ._saving import Group


class Adam(Elementwise):
    """Adam: steps along the gradient's average, divided by the root of its square's average.

    Args:
        params: tensors, pairs (name, tensor), or groups with settings of their own.
        lr: about the length of a step; a number or a tensor of one element.
        betas: what the two averages keep of their old value.
        eps: is added to the divisor.
        weight_decay: the factor of an L2 penalty, or of the decay if that is decoupled.
        amsgrad: divide by the greatest average so far.
        maximize: climb instead of descend.
        foreach, fused: torch's choices of an implementation; there is one here.
        capturable: for devices that are not there: refused by ``step``.
        differentiable: record the steps, so that gradients pass through them.
        decoupled_weight_decay: shrink the parameters by themselves, as AdamW.

    Raises ValueError for values out of range.

    Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), in the form of
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([1.0, 2.0]))
    >>> optimizer = mg.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter containing:
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ):
        _checks.learning_rate(lr, foreach=foreach, capturable=capturable)
        _checks.not_negative("epsilon value", eps)
        _checks.betas(betas)
        _checks.not_negative("weight_decay value", weight_decay)
        _checks.tensor_betas(betas, foreach=foreach, capturable=capturable)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )
        _checks.fused(fused, foreach, differentiable)

    def _buffers(self, group: Group) -> dict[str, float]:
        names = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * bool(group["amsgrad"])
        return dict.fromkeys(names, 0.0)

    def _rule(self, group: Group) -> Callable[..., Any]:
        return rules.amsgrad if group["amsgrad"] else rules.adam

    def _numbers(self, group: Group, *counters: float) -> tuple[Numbers, Numbers]:
        step = counters[0] + 1
        beta1, beta2 = group["betas"]
        root = (1 - beta2**step) ** 0.5
        rate = group["lr"] / (1 - beta1**step)
        averages = averaging(beta1, beta2)
        return (step,), (way(group), *penalty(group), *averages, root, group["eps"], rate)


def adam(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    max_exp_avg_sqs: list[Tensor],
    state_steps: list[Tensor],
    foreach: bool | None = None,
    capturable: bool = False,
    differentiable: bool = False,
    fused: bool | None = None,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
    has_complex: bool = False,
    decoupled_weight_decay: bool = False,
    *,
    amsgrad: bool,
    beta1: float,
    beta2: float,
    lr: float | Tensor,
    weight_decay: float,
    eps: float,
    maximize: bool,
) -> None:
    """One step of `Adam` with gradients ``grads``, on ``params``, averages and counters in place.

    RuntimeError if a counter is no tensor.  The arguments about implementations and scaling have no effect.

    >>> import minigrad as mg
    >>> from minigrad.optim.adam import adam
    >>> w, mean, square, step = mg.ones(2), mg.zeros(2), mg.zeros(2), mg.tensor(0.0)
    >>> given = dict(beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0, amsgrad=False, maximize=False)
    >>> adam([w], [mg.ones(2)], [mean], [square], [], [step], lr=0.1, **given)
    >>> w, step
    (tensor([0.9000, 0.9000]), tensor(1.))
    """
    if not all(isinstance(t, Tensor) for t in state_steps):
        raise RuntimeError(
            "API has changed, `state_steps` argument must contain a list of singleton tensors"
        )
    settings = {"lr": lr, "betas": (beta1, beta2), "eps": eps, "weight_decay": weight_decay}
    settings |= {"amsgrad": amsgrad, "maximize": maximize}
    settings["decoupled_weight_decay"] = decoupled_weight_decay
    states: list[State] = [
        {"step": step, "exp_avg": mean, "exp_avg_sq": square}
        for step, mean, square in zip(state_steps, exp_avgs, exp_avg_sqs, strict=True)
    ]
    if amsgrad:
        for state, most in zip(states, max_exp_avg_sqs, strict=True):
            state["max_exp_avg_sq"] = most
    carried_out(Adam, settings, params, grads, states)

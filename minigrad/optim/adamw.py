"""AdamW."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from .adam import Adam, adam


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters by themselves, apart from the gradient.

    Args: as Adam's; weight_decay: by how much of ``lr`` a step shrinks the parameters.

    Source: Loshchilov and Hutter, Decoupled weight decay regularization (2019), in the form of
    https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([1.0, 2.0]))
    >>> optimizer = mg.optim.AdamW([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter containing:
    tensor([0.8990, 1.8980], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ):
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:  # also where the state was Adam's
            group["decoupled_weight_decay"] = True


def adamw(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    max_exp_avg_sqs: list[Tensor],
    state_steps: list[Tensor],
    *implementation: Any,
    **settings: Any,
) -> None:
    """One step of `AdamW`: `adam.adam` with a decoupled weight decay, and else with its arguments."""
    settings["decoupled_weight_decay"] = True
    columns = (params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps)
    adam(*columns, *implementation, **settings)

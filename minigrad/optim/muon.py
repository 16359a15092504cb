"""Muon: momentum made orthogonal, for the matrices of hidden layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from ..autograd import no_grad
from ..creation import zeros_like
from ..tensor import Tensor
from . import _checks
from .optimizer import Optimizer, evaluated

# By how much a step along an orthogonal matrix of this shape is made longer.
_LENGTHS: dict[str | None, Callable[[int, int], float]] = {
    "original": lambda rows, columns: math.sqrt(max(1, rows / columns)),
    "match_rms_adamw": lambda rows, columns: 0.2 * math.sqrt(max(rows, columns)),
}
_LENGTHS[None] = _LENGTHS["original"]


class Muon(Optimizer):
    """Steps along the orthogonal matrix nearest to the momentum, for 2-D parameters.

    Args:
        params: matrices, pairs (name, matrix), or groups with settings of their own.
        lr: a number or a tensor of one element.
        weight_decay: by how much of ``lr`` a step shrinks the parameters.
        momentum: what the gradient's average keeps of its old value.
        nesterov: look ahead along the momentum.
        ns_coefficients: of the odd polynomial of degree 5 that is applied to the singular values.
        eps: the least norm that a momentum is divided by.
        ns_steps: how often the polynomial is applied; below 100.
        adjust_lr_fn: how ``lr`` depends on a matrix's shape: "original" (None) or
            "match_rms_adamw".

    Raises ValueError for values out of range and for parameters that are not matrices.

    PyTorch computes the orthogonal matrix in bfloat16, this one in the parameters' dtype: steps
    differ in the third digit.

    Source: Jordan et al., Muon: an optimizer for hidden layers in neural networks (2024),
    https://kellerjordan.github.io/posts/muon/

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    >>> optimizer = mg.optim.Muon([w], lr=0.1, weight_decay=0.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ):
        _checks.one_element(lr)
        _checks.at_least("Learning rate", lr)
        _checks.at_least("momentum", momentum)
        _checks.at_least("weight decay", weight_decay)
        if adjust_lr_fn not in _LENGTHS:
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        super().__init__(
            params,
            {
                "lr": lr,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "nesterov": nesterov,
                "ns_coefficients": ns_coefficients,
                "eps": eps,
                "ns_steps": ns_steps,
                "adjust_lr_fn": adjust_lr_fn,
            },
        )
        for p in (p for group in self.param_groups for p in group["params"]):
            if p.dim() != 2:
                raise ValueError(
                    "Muon only supports 2D parameters whereas we found a parameter with size: "
                    f"{p.size()}"
                )

    @no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters that have a gradient by one step.

        closure: computes the loss anew, with its gradients, and answers it; so does ``step`` then.
        """
        loss = evaluated(closure)
        for group in self.param_groups:
            rate = group["lr"].item() if isinstance(group["lr"], Tensor) else group["lr"]
            keep = group["momentum"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                kept = self.state[p]
                if "momentum_buffer" not in kept:
                    kept["momentum_buffer"] = zeros_like(p.grad, requires_grad=False)
                buffer = kept["momentum_buffer"].lerp_(p.grad, 1 - keep)
                direction = p.grad.lerp(buffer, keep) if group["nesterov"] else buffer
                direction = _orthogonal(
                    direction, group["ns_coefficients"], group["ns_steps"], group["eps"]
                )
                length = _LENGTHS[group["adjust_lr_fn"]](*p.shape)
                p.mul_(1 - rate * group["weight_decay"])
                p.add_(direction, alpha=-rate * length)
        return loss


def _orthogonal(
    matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> Tensor:
    """About U V' of a matrix U S V': by Newton and Schulz's iteration on its singular values."""
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    tall = matrix.shape[0] > matrix.shape[1]
    x: Tensor = matrix.T if tall else matrix
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if tall else x

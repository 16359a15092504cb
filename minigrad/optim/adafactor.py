"""Adafactor: Adam's divisor in the memory of a few rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .. import _types
from ..autograd import no_grad
from ..creation import zeros, zeros_like
from ..tensor import Tensor
from . import _checks
from ._elementwise import counter
from ._saving import Group
from .optimizer import Optimizer, evaluated


class Adafactor(Optimizer):
    """Steps divided by the root of the squares' average, kept as one row and one column a matrix.

    Args:
        params: tensors, pairs (name, tensor), or groups with settings of their own.
        lr: the greatest step, relative to the parameters' size; a number or a tensor of one element.
        beta2_decay: not above 0; the averages take in ``step ** beta2_decay`` of what is new.
        eps: the least divisor (None: the dtype's), and the least size of parameters.
        d: at least 1; a longer step is cut to this.
        weight_decay: by how much of ``lr`` a step shrinks the parameters.
        foreach: torch's choice of an implementation; there is one here.
        maximize: climb instead of descend.

    Raises ValueError for values out of range.

    Source: Shazeer and Stern, Adafactor: adaptive learning rates with sublinear memory cost (2018),
    in the form of https://docs.pytorch.org/docs/stable/generated/torch.optim.Adafactor.html

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter(mg.tensor([[1.0, 2.0]]))
    >>> optimizer = mg.optim.Adafactor([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter containing:
    tensor([[0.8419, 1.8419]], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ):
        _checks.one_element(lr)
        _checks.at_least("Learning rate", lr)
        if not beta2_decay <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        _checks.at_least("epsilon1", 0.0 if eps[0] is None else eps[0])
        _checks.at_least("epsilon2", eps[1])
        _checks.at_least("Clipping threshold d", d, 1)
        _checks.at_least("weight_decay", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "beta2_decay": beta2_decay,
                "eps": eps,
                "d": d,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
            },
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for p in (p for group in self.param_groups for p in group["params"]):
            kept = self.state.get(p, {})
            if "step" in kept and not isinstance(kept["step"], Tensor):
                kept["step"] = counter(kept["step"])

    @no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters that have a gradient by one step.

        closure: computes the loss anew, with its gradients, and answers it; so does ``step`` then.
        """
        loss = evaluated(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._change(p, -p.grad if group["maximize"] else p.grad, group)
        return loss

    def _change(self, p: Tensor, g: Tensor, group: Group) -> None:
        kept = self._recall(p)
        kept["step"] += 1
        count = kept["step"].item()
        rate = group["lr"].item() if isinstance(group["lr"], Tensor) else group["lr"]
        least, smallest = group["eps"]
        if least is None:
            least = _types.finfo(p.dtype).eps
        longest = max(smallest, _rms(p)) * min(rate, 1 / count**0.5)
        if group["weight_decay"] != 0:
            p.mul_(1 - rate * group["weight_decay"])
        variance = _variance(g, kept, count ** group["beta2_decay"], least)
        direction = variance.clamp(min=least * least).rsqrt() * g
        p.add_(direction, alpha=-longest / max(1.0, _rms(direction) / group["d"]))

    def _recall(self, p: Tensor) -> dict[str, Any]:
        """What is remembered of a parameter; made at its first step."""
        kept: dict[str, Any] = self.state[p]
        if not kept:
            kept["step"] = counter(0.0)
            if p.dim() > 1:
                *outer, rows, columns = p.shape
                kept["row_var"] = zeros(*outer, rows, 1, dtype=p.dtype)
                kept["col_var"] = zeros(*outer, 1, columns, dtype=p.dtype)
            else:
                kept["variance"] = zeros_like(p, requires_grad=False)
        return kept


def _rms(x: Tensor) -> float:
    """The root of the mean square."""
    return float(x.norm(2).item() / x.numel() ** 0.5)


def _variance(g: Tensor, kept: dict[str, Any], share: float, least: float) -> Tensor:
    """The average square of each element, after taking in a share of the gradient's."""
    squares = g * g
    if g.dim() < 2:
        return kept["variance"].lerp_(squares, share)
    rows = kept["row_var"].lerp_(squares.mean(-1, keepdim=True), share)
    columns = kept["col_var"].lerp_(squares.mean(-2, keepdim=True), share)
    return rows @ columns / rows.mean(-2, keepdim=True).clamp(min=least)

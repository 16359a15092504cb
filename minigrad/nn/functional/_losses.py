"""Losses of numbers against numbers in torch's signatures, and what all losses share."""

from __future__ import annotations

import warnings
from typing import Any

from ...ops import elementwise
from ...ops import loss as ops
from ...ops import reduce as reductions
from ...ops._common import expect, title
from ...ops.elementwise import abs, sub
from ...ops.loss import reduced
from ...ops.shape import broadcast_tensors
from ...tensor import Tensor

REDUCTIONS = ("none", "mean", "sum")


def reduction_of(size_average: Any, reduce: Any, reduction: str) -> str:
    """The reduction, of torch's old pair of flags too; ValueError for an unknown one."""
    if size_average is not None or reduce is not None:
        return old_reduction(size_average, reduce)
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def old_reduction(size_average: Any, reduce: Any) -> str:
    """The reduction that torch's old pair of flags stands for, with torch's warning."""
    average = size_average is None or size_average
    reduction = "none" if reduce is not None and not reduce else "mean" if average else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
        stacklevel=4,
    )
    return reduction


def _pair(name: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Both in their joint shape; TypeError for what is no tensor, a warning for different shapes."""
    expect(name, input=input, target=target)
    if input.array.shape == target.array.shape:
        return input, target
    warnings.warn(
        f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will "
        "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
        stacklevel=3,
    )
    elementwise.sub(input.detach(), target.detach())  # says which sizes do not fit
    return tuple(broadcast_tensors(input, target))


def _weighted(losses: Any, weight: Any) -> Any:
    expect("weight", weight=weight)
    if losses.array.shape != weight.array.shape:
        raise ValueError("Weights and input must have the same size.")
    return losses * weight


def _weighted_mean(losses: Any, weight: Any, reduction: str) -> Any:
    """Losses times their weights, of which the mean is that of the weighted: over the weights' sum."""
    losses = _weighted(losses, weight)
    if reduction == "none":
        return losses
    total = reductions.sum(losses)
    return total / reductions.sum(weight) if reduction == "mean" else total


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean (or sum, or each) of the squared differences of two tensors whose shapes broadcast.

    weight: of their shape, what each is multiplied by; the mean is then over the sum of the weights.
    NotImplementedError unless one is of a floating-point dtype.

    >>> import minigrad as mg
    >>> mg.nn.functional.mse_loss(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 4.0]))
    tensor(2.)
    """
    input, target = _pair("mse_loss", input, target)
    reduction = reduction_of(size_average, reduce, reduction)
    if weight is not None:
        return _weighted_mean((input - target) ** 2, weight, reduction)
    return ops.mse_loss(input, target, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean (or sum, or each) of the absolute differences of two tensors whose shapes broadcast.

    weight: of their shape, what each is multiplied by; the mean is then over the sum of the weights.
    """
    input, target = _pair("l1_loss", input, target)
    reduction = reduction_of(size_average, reduce, reduction)
    apart = abs(sub(input, target))
    if weight is not None:
        return _weighted_mean(apart, weight, reduction)
    return reduced(apart, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """The mean (or sum, or each) of the absolute differences less beta / 2, below beta of their squares / (2 beta).

    RuntimeError for a negative beta, NotImplementedError unless one tensor is of a floating-point dtype.
    """
    input, target = _pair("smooth_l1_loss", input, target)
    reduction = reduction_of(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return reduced(abs(sub(input, target)), reduction)
    return ops.smooth_l1_loss(input, target, reduction, beta)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """The mean (or sum, or each) of delta times (absolute differences less delta / 2), below delta of half the squares.

    weight: of their shape, what each is multiplied by.  RuntimeError unless delta is positive.
    """
    input, target = _pair("huber_loss", input, target)
    reduction = reduction_of(None, None, reduction)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if input.array.dtype.kind != "f" and target.array.dtype.kind == "f":
        raise RuntimeError(
            f"result type {title(target)} can't be cast to the desired output type {title(input)}"
        )
    if weight is None:
        return ops.huber_loss(input, target, reduction, delta)
    return reduced(_weighted(ops.huber_loss(input, target, "none", delta), weight), reduction)

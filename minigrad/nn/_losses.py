"""Losses in torch's signatures."""

from __future__ import annotations

import warnings
from typing import Any

from ..ops import elementwise
from ..ops import loss as ops
from ..ops import reduce as reductions
from ..ops._common import expect
from ..ops.shape import broadcast_tensors
from ..tensor import Tensor


def _pair(name: str, input: Any, target: Any) -> None:
    """TypeError for what is no tensor, a warning for different shapes."""
    expect(name, input=input, target=target)
    if input.array.shape != target.array.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )


def reduction_of(size_average: Any, reduce: Any, reduction: str) -> str:
    """The reduction, of torch's old pair of flags too, with its warning; ValueError for an unknown one."""
    if size_average is not None or reduce is not None:
        average = size_average is None or size_average
        reduction = "none" if reduce is not None and not reduce else "mean" if average else "sum"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
            stacklevel=3,
        )
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean (or sum, or each) of the squared differences of two tensors whose shapes broadcast.

    NotImplementedError unless one is of a floating-point dtype.

    >>> import minigrad as mg
    >>> mg.nn.functional.mse_loss(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 4.0]))
    tensor(2.)
    """
    _pair("mse_loss", input, target)
    reduction = reduction_of(size_average, reduce, reduction)
    if input.array.shape != target.array.shape:
        input, target = broadcast_tensors(input, target)
    return ops.mse_loss(input, target, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean (or sum, or each) of the absolute differences of two tensors whose shapes broadcast."""
    _pair("l1_loss", input, target)
    reduction = reduction_of(size_average, reduce, reduction)
    apart = elementwise.abs(elementwise.sub(input, target))
    if reduction == "none":
        return apart
    return reductions.mean(apart) if reduction == "mean" else reductions.sum(apart)

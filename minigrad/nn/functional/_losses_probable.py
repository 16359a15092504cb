"""Losses of what says how probable something is, in torch's signatures."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..._tape.fitting import unmatched
from ...ops import loss as ops
from ...ops._common import cast, common, expect, title
from ...ops.choosing import choose
from ...ops.functions import exp, log
from ...ops.loss import reduced
from ...ops.shape import clone, expanded, reshape
from ...ops.special import xlogy
from ...tensor import Tensor
from ._losses import REDUCTIONS, reduction_of


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The cross entropy of probabilities of an event: ``-(target log(input) + (1 - target) log(1 - input))``.

    input, target: one shape, from 0 to 1; logarithms are at least -100.  weight: broadcasts to that shape.
    Answers the mean, the sum, or ('none') each.  ValueError for different shapes, RuntimeError for different dtypes or
    numbers out of range.

    >>> import minigrad as mg
    >>> mg.nn.functional.binary_cross_entropy(mg.tensor([0.5, 1.0]), mg.tensor([1.0, 1.0]))
    tensor(0.3466)
    """
    expect("binary_cross_entropy", input=input, target=target)
    reduction = reduction_of(size_average, reduce, reduction)
    if input.array.shape != target.array.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    if input.array.dtype is not target.array.dtype:
        raise RuntimeError(f"Found dtype {title(target)} but expected {title(input)}")
    if weight is not None:
        weight = expanded(_beside(weight, input), input.array.shape)
    return ops.binary_cross_entropy(input, target, weight, reduction)


def _beside(weight: Any, input: Any) -> Any:
    """A weight in input's dtype; RuntimeError unless it broadcasts to input's shape."""
    expect("binary_cross_entropy", weight=weight)
    x, w = input.array, weight.array
    try:
        shape = np.broadcast_shapes(w.shape, x.shape)
    except ValueError as error:
        raise unmatched(error, x, w) from None
    if shape != x.shape:
        raise RuntimeError(
            f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(shape)}"
        )
    return weight if w.dtype is x.dtype else cast(weight, x.dtype)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """``binary_cross_entropy`` of sigmoid(input), in one function that does not overflow.

    pos_weight: broadcasts to input's shape, and multiplies the losses of events.  The rest is as for
    ``binary_cross_entropy``, without the limits.
    """
    expect("binary_cross_entropy_with_logits", input=input, target=target)
    reduction = reduction_of(size_average, reduce, reduction)
    shape = input.array.shape
    if shape != target.array.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    if target.array.dtype.kind != "f" and input.array.dtype.kind == "f":
        raise RuntimeError(
            f"result type {title(input)} can't be cast to the desired output type {title(target)}"
        )
    input, target = common(input, target) or (input, target)
    scales = [None if s is None else _beside(s, input) for s in (weight, pos_weight)]
    return ops.binary_cross_entropy_with_logits(input, target, *scales, reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """The Kullback-Leibler divergence ``target * (log(target) - input)`` of log-probabilities from probabilities.

    log_target: whether the target is given as logarithms.  Answers the mean over all elements, the sum, each ('none'),
    or ('batchmean', the divergence) the sum over input's first size.  RuntimeError for integers.
    """
    expect("kl_div", input=input, target=target)
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition.'mean' will be changed to behave the "
            "same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    per_sample = reduction == "batchmean" and size_average is None and reduce is None
    reduction = "sum" if per_sample else reduction_of(size_average, reduce, reduction)
    if input.array.dtype.kind != "f" or target.array.dtype.kind != "f":
        raise RuntimeError("kl_div: Integral inputs not supported.")
    losses = (
        exp(target) * (target - input) if log_target else xlogy(target, target) - target * input
    )
    answer = reduced(losses, reduction)
    return answer / len(input.array) if per_sample and input.array.ndim else answer


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: Any = None,
    eps: float = 1e-8,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log likelihood of counts under Poisson distributions of these rates, or ('log_input') their logarithms.

    input, target: shapes that broadcast.  full: with Stirling's formula for the factorial, for counts above 1.
    eps: added to rates in logarithms.  Answers the mean, the sum, or ('none') each.
    """
    expect("poisson_nll_loss", input=input, target=target)
    reduction = reduction_of(size_average, reduce, reduction)
    losses = exp(input) - target * input if log_input else input - target * log(input + eps)
    if full:
        counts = target.array
        stirling = target * log(target) - target + 0.5 * log(2 * math.pi * target)
        losses = losses + choose(0.0, stirling, counts <= 1)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log likelihood of targets under normal distributions of these means and variances.

    input, target: shapes that broadcast.  var: input's shape, or without its last dimension, or with 1 there, or a
    number; held to eps at least.  full: with the constant log(2 pi) / 2.  Answers the mean, the sum, or ('none') each.
    ValueError for another size, or a negative variance.
    """
    expect("gaussian_nll_loss", input=input, target=target)
    x = input.array
    given: Any = input.new_full(x.shape, var) if isinstance(var, (int, float)) else var
    expect("gaussian_nll_loss", input=input, target=target, var=given)
    shape = given.array.shape
    if shape != x.shape:
        if shape == x.shape[:-1]:
            given = reshape(given, (*shape, 1))
        elif shape[:-1] != x.shape[:-1] or shape[-1:] != (1,):
            raise ValueError("var is of incorrect size")
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not valid")
    if (given.array < 0).any():
        raise ValueError("var has negative entry/entries")
    held = clone(given)  # whose gradients pass all the same
    np.maximum(held.array, held.array.dtype.type(eps), out=held.array)
    losses = 0.5 * (log(held) + (input - target) ** 2 / held)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced(losses, reduction)

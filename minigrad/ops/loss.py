"""Losses of numbers against numbers that torch has as one op, with their rules.

``reduction``: 'mean', 'sum', or 'none' for a loss of each element.  Weights are arrays of the losses' dtype that
broadcast to their shape, or None.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import Array, Traced, primitive
from ..kernels.elementwise.activations import activation, many
from ._common import common
from .activations import real
from .activations_smooth import logsigmoid
from .choosing import _clamp
from .functions import log, log1p, sigmoid
from .reduce import _mean, _sum, mean, sum


def reduced(losses: Any, reduction: str) -> Any:
    """The mean or the sum of the losses, or ('none') the losses."""
    if reduction == "none":
        return losses
    if isinstance(losses, Traced):  # whose dtype may be refused
        return mean(losses) if reduction == "mean" else sum(losses)
    return (_mean if reduction == "mean" else _sum)(losses, None, False)


def _share(g: Any, into: tuple[int, ...], reduction: str, weight: Any = None) -> Any:
    """The gradient of each loss, before its weight, from the gradient of what they were reduced to."""
    if reduction == "mean":
        n = int(np.prod(into))
        g = g * (1.0 / n) if n else g
    return g if weight is None else g * weight


# ------------------------------------------------------------------------------ of the difference
@primitive(promote=common, quiet=True, title="MseLossBackward0")
def mse_loss(input, target, /, reduction):
    """The squared differences of two of one shape."""
    real("mse_cpu", input)
    apart = input - target
    return reduced(np.multiply(apart, apart, apart if apart.ndim else None), reduction)


@primitive(promote=common, quiet=True, title="SmoothL1LossBackward0")
def smooth_l1_loss(input, target, /, reduction, beta):
    """The differences, less beta / 2; below beta half their squares over beta."""
    real("smooth_l1_cpu", input)
    losses = _bent(input, target, beta)
    return reduced(losses if beta == 1 else losses / input.dtype.type(beta), reduction)


@primitive(promote=common, quiet=True, title="HuberLossBackward0")
def huber_loss(input, target, /, reduction, delta):
    """delta times the differences less delta / 2; below delta half their squares."""
    real("huber_cpu", input)
    return reduced(_bent(input, target, delta), reduction)


def _bent(input: Array, target: Array, limit: float) -> Array:
    """Half the square of the difference, continued as a line from ``limit`` on."""
    if many(input):
        return activation("bent", input, target, numbers=(limit,))
    apart = np.abs(input - target)
    near = np.minimum(apart, input.dtype.type(limit))
    return (apart - near * input.dtype.type(0.5)) * near


def _bent_slope(input: Any, target: Any, limit: float) -> Any:
    """The slope of ``_bent``: the difference, bounded."""
    if many(input):
        return activation("bent_slope", input, target, numbers=(limit,))
    return _clamp(input - target, -limit, limit)


def _mse_slope(g: Any, input: Any, target: Any, into: Any, reduction: str) -> Any:
    return (input - target) * _share(g * 2.0, into, reduction)


def _smooth_l1_slope(g: Any, input: Any, target: Any, into: Any, reduction: str, beta: Any) -> Any:
    return _bent_slope(input, target, beta) * _share(g * (1 / beta), into, reduction)


def _huber_slope(g: Any, input: Any, target: Any, into: Any, reduction: str, delta: Any) -> Any:
    return _bent_slope(input, target, delta) * _share(g, into, reduction)


mse_loss.vjps(
    input=_mse_slope,
    target=lambda g, input, target, into, reduction: _mse_slope(g, target, input, into, reduction),
)
smooth_l1_loss.vjps(
    input=_smooth_l1_slope,
    target=lambda g, input, target, into, reduction, beta: _smooth_l1_slope(
        g, target, input, into, reduction, beta
    ),
)
huber_loss.vjps(
    input=_huber_slope,
    target=lambda g, input, target, into, reduction, delta: _huber_slope(
        g, target, input, into, reduction, delta
    ),
)


# ------------------------------------------------------------------------------ of a probability
def _between_0_and_1(name: str, x: Array) -> None:
    if x.size and not (np.minimum.reduce(x, None) >= 0 and np.maximum.reduce(x, None) <= 1):
        raise RuntimeError(f"all elements of {name} should be between 0 and 1")


@primitive(quiet=True, title="BinaryCrossEntropyBackward0")
def binary_cross_entropy(input, target, weight, /, reduction):
    """``-(target log(input) + (1 - target) log(1 - input))``, the logarithms at least -100."""
    real("binary_cross_entropy", input)
    _between_0_and_1("input", input)
    _between_0_and_1("target", target)
    least = input.dtype.type(-100)
    yes, no = np.maximum(np.log(input), least), np.maximum(np.log1p(-input), least)
    losses = (target - input.dtype.type(1)) * no - target * yes
    return reduced(losses if weight is None else losses * weight, reduction)


binary_cross_entropy.vjps(
    input=lambda g, input, target, weight, into, reduction: (
        (input - target)
        / _clamp((1 - input) * input, 1e-12, None)
        * _share(g, into, reduction, weight)
    ),
    target=lambda g, input, weight, into, reduction: (
        (log1p(-input) - log(input)) * _share(g, into, reduction, weight)
    ),
)


@primitive(quiet=True, title="BinaryCrossEntropyWithLogitsBackward0")
def binary_cross_entropy_with_logits(input, target, weight, pos_weight, /, reduction):
    """``binary_cross_entropy`` of sigmoid(input), without overflow; pos_weight multiplies the loss of ones."""
    scale = 1 if pos_weight is None else (pos_weight - 1) * target + 1
    losses = (1 - target) * input - scale * logsigmoid(input)
    return reduced(losses if weight is None else losses * weight, reduction)


def _logit_slope(
    g: Any, input: Any, target: Any, weight: Any, pos_weight: Any, into: Any, reduction: str
) -> Any:
    if pos_weight is None:
        slope = sigmoid(input) - target
    else:
        ones = pos_weight * target
        slope = (ones + 1 - target) * sigmoid(input) - ones
    return slope * _share(g, into, reduction, weight)


def _target_slope(
    g: Any, input: Any, weight: Any, pos_weight: Any, into: Any, reduction: str
) -> Any:
    slope = -input if pos_weight is None else logsigmoid(-input) - pos_weight * logsigmoid(input)
    return slope * _share(g, into, reduction, weight)


binary_cross_entropy_with_logits.vjps(input=_logit_slope, target=_target_slope)


# ------------------------------------------------------------------------------ of a sign
@primitive(promote=common, quiet=True, title="SoftMarginLossBackward0")
def soft_margin_loss(input, target, /, reduction):
    """``log(1 + exp(-target * input))``."""
    return reduced(np.log1p(np.exp(-target * input)), reduction)


soft_margin_loss.vjps(
    input=lambda g, input, target, into, reduction: (
        -target * sigmoid(-target * input) * _share(g, into, reduction)
    )
)

"""Activations made of straight pieces, each with its rule: a gradient passes as it is, scaled, or not at all.

At the joints, and for NaN, a gradient passes where torch lets it.  It is chosen, not multiplied: infinity times 0
would be NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _sampling, _types
from .._tape import Array
from ..kernels.elementwise import activations as kernels
from ..kernels.elementwise.activations import activation, many, more
from ..kernels.elementwise.selection import number, select
from ._common import expect, title, unary
from .choosing import choose, masked
from .shape import reshape


def real(name: str, input: Array) -> None:
    """NotImplementedError, in the words of torch's kernel of that name, for integers and bools."""
    if input.dtype.kind != "f":
        title = _types.of(input.dtype).title
        raise NotImplementedError(f"\"{name}\" not implemented for '{title}'")


# ------------------------------------------------------------------------------ two slopes
@unary
def leaky_relu(input, /, negative_slope=0.01):
    """``input`` where positive, ``negative_slope * input`` elsewhere."""
    real("leaky_relu_cpu", input)
    if many(input):
        return activation("leaky_relu", input, numbers=(negative_slope,))
    scaled = input * input.dtype.type(negative_slope)
    if 0 < negative_slope < 1:
        return np.maximum(input, scaled)
    return select(input > 0, input, scaled)


def _leaky_rule(g: Any, input: Any, negative_slope: float) -> Any:
    if many(input):
        return activation("leaky_relu_backward", g, input, numbers=(negative_slope,))
    return choose(g, g * negative_slope, masked(input) > 0)


leaky_relu.vjps(input=_leaky_rule)


@unary(title="LeakyReluBackward1")
def leaky_relu_(input, /, negative_slope=0.01):
    """``leaky_relu`` for a slope of at least 0, whose rule reads the answer: it may take the input's place."""
    return leaky_relu(input, negative_slope)


leaky_relu_.vjps(input=lambda g, out, negative_slope: _leaky_rule(g, out, negative_slope))


@unary(title="RreluWithNoiseBackward0")
def _rrelu(input, slopes, /):
    return input * slopes


_rrelu.vjps(input=lambda g, slopes: g * slopes)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, generator=None, *, op=_rrelu):
    """``input`` where positive, ``a * input`` elsewhere; RuntimeError if lower > upper.

    a: in training drawn from U(lower, upper) for each element that is not positive, else their mean.
    """
    expect("rrelu", input=input)
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    x = input.array
    real("rrelu_out_cpu" if training else "leaky_relu_cpu", x)
    slopes = np.ones(x.shape, x.dtype)
    if training:
        scaled = x <= 0
        engine = _sampling.default if generator is None else generator.engine
        slopes[scaled] = engine.uniform_(np.empty(np.count_nonzero(scaled)), lower, upper)
    else:
        slopes[~(x > 0)] = (lower + upper) / 2
    return op(input, slopes)


@unary(title="PreluKernelBackward0")
def _prelu(input, weight, /):
    real("prelu_cpu", input)
    if many(input):
        if weight.size == 1:
            return activation("leaky_relu", input, numbers=(float(weight.item()),))
        return kernels.prelu(np.asarray(input), np.asarray(weight))
    return select(input > 0, input, input * weight)


_prelu.vjps(
    input=lambda g, input, weight: choose(g, g * weight, masked(input) > 0),
    weight=lambda g, input: choose(0.0, g * input, masked(input) > 0),
)


def prelu(input, weight):
    """``input`` where positive, ``weight * input`` elsewhere.

    input: (N, C, *), or any shape; weight: of one element, or (C,).  RuntimeError for other sizes or dtypes.
    """
    expect("prelu", input=input, weight=weight)
    x, w = input.array, weight.array
    if x.dtype is not w.dtype:
        raise RuntimeError(
            f"prelu: Type promoting not supported. Got {title(input)} and {title(weight)}"
        )
    if w.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {w.ndim}"
        )
    if w.size == 1:
        return _prelu(input, reshape(weight, ()))
    if not x.ndim:
        raise RuntimeError("Not allow zero-dim input tensor.")
    channels = x.shape[1] if x.ndim > 1 else 1
    if w.size != channels:
        raise RuntimeError(
            f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {w.size} and "
            f"channel size = {channels}."
        )
    return _prelu(input, reshape(weight, (channels,) + (1,) * (x.ndim - 2)))


@unary
def hardsigmoid(input, /):
    """0 up to -3, 1 from 3, ``input / 6 + 1 / 2`` between."""
    real("hardsigmoid_cpu", input)
    if many(input):
        return activation("hardsigmoid", input)
    return _ramp(input)


def _ramp(input: Array) -> Any:
    zero, three, six = (number(v, input.dtype) for v in (0, 3, 6))
    return np.minimum(np.maximum(input + three, zero), six) / six


def _hardsigmoid_rule(g: Any, input: Any) -> Any:
    if many(input):
        return activation("hardsigmoid_backward", g, input)
    x = masked(input)
    return choose(g * (1 / 6), 0.0, (x > -3) & (x < 3))


hardsigmoid.vjps(input=_hardsigmoid_rule)


@unary
def hardswish(input, /):
    """``input * hardsigmoid(input)``."""
    real("hardswish_cpu", input)
    if many(input):
        return activation("hardswish", input)
    return input * _ramp(input)


def _hardswish_rule(g: Any, input: Any) -> Any:
    if many(input):
        return activation("hardswish_backward", g, input)
    x = masked(input)
    return choose(0.0, choose(g * (input * (1 / 3) + 0.5), g, x < 3), x <= -3)


hardswish.vjps(input=_hardswish_rule)


# ------------------------------------------------------------------------------ a slope of 1, or none
@unary
def hardtanh(input, /, min_val=-1.0, max_val=1.0):
    """``input`` bounded to [min_val, max_val]; at the bounds no gradient passes."""
    if many(input):
        return activation("hardtanh", input, numbers=(min_val, max_val))
    return np.minimum(np.maximum(input, min_val), max_val)


def _hardtanh_rule(g: Any, input: Any, min_val: float, max_val: float) -> Any:
    if many(input):
        return activation("hardtanh_backward", g, input, numbers=(min_val, max_val))
    x = masked(input)
    return choose(0.0, g, (x <= min_val) | (x >= max_val))


hardtanh.vjps(input=_hardtanh_rule)


@unary
def threshold(input, /, threshold, value):
    """``input`` where above the threshold, ``value`` elsewhere."""
    if many(input):
        return more("threshold", input, numbers=(threshold, value))
    kind = input.dtype.type
    return select(input <= kind(threshold), kind(value), input)


def _threshold_rule(g: Any, input: Any, threshold: float) -> Any:
    if many(input):
        return more("threshold_backward", g, input, numbers=(threshold,))
    return choose(0.0, g, masked(input) <= threshold)


threshold.vjps(input=_threshold_rule)


def _shrunk(g: Any, input: Any, lambd: float) -> Any:
    """The gradient of what is 0 in [-lambd, lambd] and has a slope of 1 elsewhere."""
    if many(input):
        return more("shrink_backward", g, input, numbers=(lambd,))
    x = masked(input)
    return choose(0.0, g, (x >= -lambd) & (x <= lambd))


@unary
def hardshrink(input, /, lambd=0.5):
    """0 in [-lambd, lambd], ``input`` elsewhere."""
    real("hardshrink_cpu", input)
    if many(input):
        return more("hardshrink", input, numbers=(lambd,))
    small = np.abs(input) <= number(lambd, input.dtype)
    return select(small, number(0, input.dtype), input)


@unary
def softshrink(input, /, lambd=0.5):
    """``input`` moved towards 0 by ``lambd``, and 0 in [-lambd, lambd]; RuntimeError for a negative one."""
    real("softshrink_check", input)
    if lambd < 0:
        raise RuntimeError(
            f"lambda must be in range [0, {np.finfo(input.dtype).max:g}] for input dtype "
            f"{_types.of(input.dtype).title}, but found {lambd}"
        )
    if many(input):
        return more("softshrink", input, numbers=(lambd,))
    inner = select(input < -lambd, input + lambd, input * number(0, input.dtype))
    return select(input > lambd, input - lambd, inner)


hardshrink.vjps(input=_shrunk)
softshrink.vjps(input=_shrunk)

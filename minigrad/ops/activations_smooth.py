"""Activations made of exponentials, each with its rule, and the gated linear unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import Array
from ..kernels.elementwise import normal
from ..kernels.elementwise.activations import activation, gated, many
from ..kernels.elementwise.selection import number, select
from ._common import one_dim, unary
from .activations import real
from .choosing import _clamp, choose, masked
from .functions import exp, sigmoid, tanh
from .parts import _cat, _narrow

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


# ------------------------------------------------------------------------------ exponential linear units
def _exponential_linear(input: Array, alpha: float, scale: float, input_scale: float) -> Array:
    real("elu_cpu", input)
    if many(input):
        return activation("elu", input, numbers=(alpha * scale, scale, input_scale))
    below = np.expm1(input * input_scale if input_scale != 1 else input)
    if alpha * scale != 1:
        below = below * number(alpha * scale, input.dtype)
    above = input * number(scale, input.dtype) if scale != 1 else input
    return select(input <= number(0, input.dtype), below, above)


def _exponential_rule(g: Any, input: Any, alpha: float, scale: float, input_scale: float) -> Any:
    if many(input):
        return activation("elu_backward", g, input, numbers=(alpha * scale, scale, input_scale))
    # held at 0, for where it is not chosen an infinite exponential would make NaN of a second derivative
    below = exp(_clamp(input, None, 0.0) * input_scale)
    return choose(g * (below * (alpha * scale * input_scale)), g * scale, masked(input) <= 0)


def _exponential_rule_of_answer(
    g: Any, out: Any, alpha: float, scale: float, input_scale: float
) -> Any:
    below = (out + alpha * scale) * input_scale
    return choose(g * below, g * scale, masked(out) <= 0)


@unary
def elu(input, /, alpha=1.0, scale=1.0, input_scale=1.0):
    """``scale * input`` where positive, ``scale * alpha * (exp(input_scale * input) - 1)`` elsewhere."""
    return _exponential_linear(input, alpha, scale, input_scale)


@unary(title="EluBackward1")
def elu_(input, /, alpha=1.0, scale=1.0, input_scale=1.0):
    """``elu`` for an alpha of at least 0, whose rule reads the answer: it may take the input's place."""
    return _exponential_linear(input, alpha, scale, input_scale)


@unary
def celu(input, /, alpha=1.0):
    """``max(input, 0) + min(alpha * (exp(input / alpha) - 1), 0)``."""
    return _exponential_linear(input, alpha, 1.0, _inverse(alpha))


@unary(title="CeluBackward1")
def celu_(input, /, alpha=1.0):
    """``celu`` for a positive alpha, whose rule reads the answer: it may take the input's place."""
    return _exponential_linear(input, alpha, 1.0, _inverse(alpha))


def _inverse(alpha: float) -> float:
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return 1 / alpha


elu.vjps(input=_exponential_rule)
elu_.vjps(input=_exponential_rule_of_answer)
celu.vjps(input=lambda g, input, alpha: _exponential_rule(g, input, alpha, 1.0, 1 / alpha))
celu_.vjps(input=lambda g, out, alpha: _exponential_rule_of_answer(g, out, alpha, 1.0, 1 / alpha))


def selu(input):
    """``elu`` with the two constants of self-normalising networks."""
    return elu(input, SELU_ALPHA, SELU_SCALE)


# ------------------------------------------------------------------------------ input times a gate
@unary
def silu(input, /):
    """``input * sigmoid(input)``."""
    real("silu_cpu", input)
    if many(input):
        return activation("silu", input)
    return input / (number(1, input.dtype) + np.exp(-input))


def _silu_rule(g: Any, input: Any) -> Any:
    if many(input):
        return activation("silu_backward", g, input)
    gate = sigmoid(input)
    return g * (gate * (1 + input * (1 - gate)))


silu.vjps(input=_silu_rule)


@unary
def mish(input, /):
    """``input * tanh(log(1 + exp(input)))``."""
    real("mish_cpu", input)
    if many(input):
        return activation("mish", input)
    if input.dtype == np.float16:  # whose exp overflows from 12 on
        return mish(input.astype(np.float32)).astype(np.float16)
    # tanh(log(1 + e)) = (e (e + 2)) / (e (e + 2) + 2), and 1 in all digits from 20 on
    two = number(2, input.dtype)
    e = np.exp(np.minimum(input, number(20, input.dtype)))
    n = e * (e + two)
    return input * (n / (n + two))


def _mish_rule(g: Any, input: Any) -> Any:
    if many(input):
        return activation("mish_backward", g, input)
    gate = tanh(softplus(input))
    return g * (gate + input * sigmoid(input) * (1 - gate * gate))


mish.vjps(input=_mish_rule)


_GELU = {"none": "gelu", "tanh": "gelu_tanh"}


@unary
def gelu(input, /, *, approximate="none"):
    """``input`` times the normal distribution's function there; approximate='tanh': a formula for it with tanh.

    RuntimeError for another ``approximate``.
    """
    real("GeluKernelImpl", input)
    if approximate not in _GELU:
        raise RuntimeError("approximate argument must be either none or tanh.")
    if many(input):
        return activation(_GELU[approximate], input)
    if approximate == "none":
        return input * normal.function(input)
    # half of one and a hyperbolic tangent is the sigmoid of twice its argument
    return input / (number(1, input.dtype) + np.exp(_doubled(-input, input * input)))


def _doubled(x: Any, square: Any) -> Any:
    """Twice the argument of the hyperbolic tangent in gelu's formula."""
    return x * (square * (2 * normal.TANH * normal.CUBE) + 2 * normal.TANH)


def _gelu_rule(g: Any, input: Any, approximate: str) -> Any:
    if many(input):
        return activation(f"{_GELU[approximate]}_backward", g, input)
    square = input * input
    if approximate == "none":
        return g * (_below(input) + input * (exp(square * -0.5) * normal.DENSITY))
    gate = sigmoid(_doubled(input, square))
    steep = square * (6 * normal.TANH * normal.CUBE) + 2 * normal.TANH
    return g * (gate * (1 + input * (1 - gate) * steep))


gelu.vjps(input=_gelu_rule)


@unary
def _below(input, /):
    """The normal distribution's function."""
    return normal.function(input)


_below.vjps(input=lambda g, input: g * (exp(input * input * -0.5) * normal.DENSITY))


@unary
def glu(input, /, dim=-1):
    """``a * sigmoid(b)``, a and b the halves of ``input`` along a dimension of even size."""
    real("glu_cpu", input)
    dim = one_dim(dim, input.ndim)
    if many(input):
        return gated(input, dim)
    half = input.shape[dim] // 2
    first, second = _narrow(input, dim, 0, half), _narrow(input, dim, half, half)
    return first / (number(1, input.dtype) + np.exp(-second))


def _glu_rule(g: Any, input: Any, into: tuple[int, ...], dim: int) -> Any:
    dim = one_dim(dim, len(into))
    if many(input) and many(g):
        return gated(input, dim, g)
    half = into[dim] // 2
    first, second = _narrow(input, dim, 0, half), _narrow(input, dim, half, half)
    gate = sigmoid(second)
    passed = g * gate
    return _cat([passed, passed * (1 - gate) * first], dim)


glu.vjps(input=_glu_rule)


# ------------------------------------------------------------------------------ soft steps
@unary
def softplus(input, /, beta=1, threshold=20):
    """``log(1 + exp(beta * input)) / beta``, and ``input`` where ``beta * input`` is above the threshold."""
    real("softplus_cpu", input)
    if many(input):
        return activation("softplus", input, numbers=(beta, threshold))
    if input.dtype == np.float16:  # whose exp overflows from 12 on
        return softplus(input.astype(np.float32), beta, threshold).astype(np.float16)
    steep = input * number(beta, input.dtype) if beta != 1 else input
    soft = np.log1p(np.exp(steep))
    if beta != 1:
        soft = soft / number(beta, input.dtype)
    return select(steep > number(threshold, input.dtype), input, soft)


def _softplus_rule(g: Any, input: Any, beta: float, threshold: float) -> Any:
    if many(input):
        return activation("softplus_backward", g, input, numbers=(beta, threshold))
    return choose(g, g * sigmoid(input * beta), masked(input) * beta > threshold)


softplus.vjps(input=_softplus_rule)


@unary(title="LogSigmoidBackward0")
def logsigmoid(input, /):
    """``log(1 / (1 + exp(-input)))``, without overflow."""
    real("log_sigmoid_cpu", input)
    if many(input):
        return activation("logsigmoid", input)
    return np.minimum(input, number(0, input.dtype)) - np.log1p(np.exp(-np.abs(input)))


def _logsigmoid_rule(g: Any, input: Any) -> Any:
    if many(input):
        return activation("logsigmoid_backward", g, input)
    return g * sigmoid(-input)


logsigmoid.vjps(input=_logsigmoid_rule)

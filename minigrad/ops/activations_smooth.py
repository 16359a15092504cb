"""Activations made of exponentials, each with its rule, and the gated linear unit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._tape import Array
from ._common import one_dim, unary
from .activations import real
from .choosing import _clamp, choose, masked
from .functions import exp, sigmoid, tanh
from .parts import _cat, _narrow
from .special import erfc

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


# ------------------------------------------------------------------------------ exponential linear units
def _exponential_linear(input: Array, alpha: float, scale: float, input_scale: float) -> Array:
    real("elu_cpu", input)
    below = np.expm1(input * input_scale if input_scale != 1 else input) * (alpha * scale)
    return np.where(input <= 0, below, input * scale if scale != 1 else input)


def _exponential_rule(g: Any, input: Any, alpha: float, scale: float, input_scale: float) -> Any:
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
    return input / (1 + np.exp(-input))


def _silu_rule(g: Any, input: Any) -> Any:
    gate = sigmoid(input)
    return g * (gate * (1 + input * (1 - gate)))


silu.vjps(input=_silu_rule)


@unary
def mish(input, /):
    """``input * tanh(log(1 + exp(input)))``."""
    real("mish_cpu", input)
    # tanh(log(1 + e)) = (e (e + 2)) / (e (e + 2) + 2), and 1 in all digits from 20 on
    e = np.exp(np.minimum(input, 20))
    n = e * (e + 2)
    return input * (n / (n + 2))


def _mish_rule(g: Any, input: Any) -> Any:
    gate = tanh(softplus(input))
    return g * (gate + input * sigmoid(input) * (1 - gate * gate))


mish.vjps(input=_mish_rule)

_ROOT_HALF = math.sqrt(0.5)
_DENSITY = 1 / math.sqrt(2 * math.pi)
_TANH_SCALE, _TANH_CUBE = math.sqrt(2 / math.pi), 0.044715


@unary
def gelu(input, /, *, approximate="none"):
    """``input`` times the normal distribution's function there; approximate='tanh': a formula for it with tanh.

    RuntimeError for another ``approximate``.
    """
    real("GeluKernelImpl", input)
    if approximate == "none":
        return input * (erfc(input * -_ROOT_HALF) * 0.5)
    if approximate != "tanh":
        raise RuntimeError("approximate argument must be either none or tanh.")
    inner = (input + _TANH_CUBE * (input * input * input)) * _TANH_SCALE
    return input * ((1 + np.tanh(inner)) * 0.5)


def _gelu_rule(g: Any, input: Any, approximate: str) -> Any:
    square = input * input
    if approximate == "none":
        slope = input * (exp(square * -0.5) * _DENSITY)
        return g * (erfc(input * -_ROOT_HALF) * 0.5 + slope)
    high = tanh((input + _TANH_CUBE * (square * input)) * _TANH_SCALE)
    slope = (1 - high * high) * (1 + 3 * _TANH_CUBE * square) * (0.5 * _TANH_SCALE)
    return g * ((1 + high) * 0.5 + input * slope)


gelu.vjps(input=_gelu_rule)


@unary
def glu(input, /, dim=-1):
    """``a * sigmoid(b)``, a and b the halves of ``input`` along a dimension of even size."""
    real("glu_cpu", input)
    first, second = np.split(input, 2, dim)
    return first / (1 + np.exp(-second))


def _glu_rule(g: Any, input: Any, into: tuple[int, ...], dim: int) -> Any:
    dim = one_dim(dim, len(into))
    half = into[dim] // 2
    first, gate = _narrow(input, dim, 0, half), sigmoid(_narrow(input, dim, half, half))
    passed = g * gate
    return _cat([passed, passed * (1 - gate) * first], dim)


glu.vjps(input=_glu_rule)


# ------------------------------------------------------------------------------ soft steps
@unary
def softplus(input, /, beta=1, threshold=20):
    """``log(1 + exp(beta * input)) / beta``, and ``input`` where ``beta * input`` is above the threshold."""
    real("softplus_cpu", input)
    steep = input * beta
    return np.where(steep > threshold, input, np.log1p(np.exp(steep)) / input.dtype.type(beta))


softplus.vjps(
    input=lambda g, input, beta, threshold: choose(
        g, g * sigmoid(input * beta), masked(input) * beta > threshold
    )
)


@unary(title="LogSigmoidBackward0")
def logsigmoid(input, /):
    """``log(1 / (1 + exp(-input)))``, without overflow."""
    real("log_sigmoid_cpu", input)
    return np.minimum(input, 0) - np.log1p(np.exp(-np.abs(input)))


logsigmoid.vjps(input=lambda g, input: g * sigmoid(-input))

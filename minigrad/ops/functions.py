"""Functions of one tensor, elementwise: exponentials, logarithms, trigonometry, activations, rounding.

Integers are taken in the default floating-point dtype; gradients are those of torch, at the edges too.
"""

from __future__ import annotations

import math

import numpy as np

from .. import _types
from ._common import floating, unary


# ------------------------------------------------------------------------------ powers, exponentials, logarithms
@unary
def sqrt(input, /):
    """The square root; NaN below 0."""
    return np.sqrt(floating(input))


sqrt.vjps(input=lambda g, out: g / (2 * out))


@unary
def rsqrt(input, /):
    """``1 / sqrt(input)``."""
    x = floating(input)
    return x.dtype.type(1) / np.sqrt(x)


rsqrt.vjps(input=lambda g, out: -0.5 * g * out * out * out)


@unary
def exp(input, /):
    """``e ** input``."""
    return np.exp(floating(input))


exp.vjps(input=lambda g, out: g * out)


@unary
def exp2(input, /):
    """``2 ** input``."""
    return np.exp2(floating(input))


exp2.vjps(input=lambda g, out: g * out * math.log(2))


@unary
def expm1(input, /):
    """``e ** input - 1``, exact near 0."""
    return np.expm1(floating(input))


expm1.vjps(input=lambda g, out: g * (out + 1))


@unary
def log(input, /):
    """The natural logarithm."""
    return np.log(floating(input))


log.vjps(input=lambda g, input: g / input)


@unary
def log2(input, /):
    """The logarithm to base 2."""
    return np.log2(floating(input))


log2.vjps(input=lambda g, input: g / (input * math.log(2)))


@unary
def log10(input, /):
    """The logarithm to base 10."""
    return np.log10(floating(input))


log10.vjps(input=lambda g, input: g / (input * math.log(10)))


@unary
def log1p(input, /):
    """``log(1 + input)``, exact near 0."""
    return np.log1p(floating(input))


log1p.vjps(input=lambda g, input: g / (input + 1))


# ------------------------------------------------------------------------------ trigonometry
@unary
def sin(input, /):
    """The sine of ``input`` in radians."""
    return np.sin(floating(input))


sin.vjps(input=lambda g, input: g * cos(input))


@unary
def cos(input, /):
    """The cosine of ``input`` in radians."""
    return np.cos(floating(input))


cos.vjps(input=lambda g, input: g * -sin(input))


@unary
def tan(input, /):
    """The tangent of ``input`` in radians."""
    return np.tan(floating(input))


tan.vjps(input=lambda g, out: g * (1 + out * out))


@unary
def tanh(input, /):
    """The hyperbolic tangent."""
    return np.tanh(floating(input))


tanh.vjps(input=lambda g, out: g * (1 - out * out))


# ------------------------------------------------------------------------------ activations
@unary
def relu(input, /):
    """``max(input, 0)``; its slope at 0 is 0.  RuntimeError for bools."""
    if input.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")
    return np.maximum(input, _ZERO[input.dtype])


@unary(title="ThresholdBackwardBackward0")
def _where_positive(input, out, /):
    """``input`` where relu's answer ``out`` is not 0: a NaN lets gradients pass, as in torch."""
    # fmin makes NaN's sign 1; three ufuncs on one dtype are quicker than a mask that must be converted
    return input * np.fmin(np.sign(out), _ONE[out.dtype])


_where_positive.vjps(input=lambda g, out: _where_positive(g, out))
relu.vjps(input=lambda g, out: _where_positive(g, out))

_ZERO = {d.np: np.zeros((), d.np) for d in _types.all_dtypes}
_ONE = {d.np: np.ones((), d.np) for d in _types.all_dtypes}


@unary
def sigmoid(input, /):
    """``1 / (1 + exp(-input))``."""
    x = floating(input)
    one = x.dtype.type(1)
    return one / (one + np.exp(-x))


sigmoid.vjps(input=lambda g, out: g * ((1 - out) * out))


# ------------------------------------------------------------------------------ rounding
@unary
def floor(input, /):
    """Rounded down."""
    return np.floor(input) if input.dtype.kind == "f" else input.copy()


@unary
def ceil(input, /):
    """Rounded up."""
    return np.ceil(input) if input.dtype.kind == "f" else input.copy()


@unary
def trunc(input, /):
    """Rounded towards zero."""
    return np.trunc(input) if input.dtype.kind == "f" else input.copy()


@unary
def round(input, /, *, decimals=0):
    """Rounded to the nearest, halves to even, at ``decimals`` digits after the point."""
    return np.round(input, decimals) if input.dtype.kind == "f" else input.copy()


for _op in (floor, ceil, trunc, round):
    _op.vjps(input=lambda g: g * 0.0)


@unary
def frac(input, /):
    """What is behind the point, with the sign of ``input``."""
    return input - np.trunc(input)


frac.vjps(input=lambda g: g)

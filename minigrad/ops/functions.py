"""Functions of one tensor, elementwise: exponentials, logarithms, trigonometry, activations, rounding.

Integers are taken in the default floating-point dtype; gradients are those of torch, at the edges too.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from .. import _types
from ..kernels.elementwise import MANY, Large, large, loop, loop_pays
from ..kernels.elementwise.activations import many
from ._common import floating, unary


# ------------------------------------------------------------------------------ powers, exponentials, logarithms
@unary
def sqrt(input, /):
    """The square root; NaN below 0."""
    return np.sqrt(floating(input))


sqrt.vjps(input=lambda g, out: g / (2 * out))


def _with(ufunc, x, made):
    """A function of x and of what was just made of it, where that lies: new memory costs as much as the work."""
    big = large(made)
    return ufunc(x, big, out=made) if type(big) is Large else ufunc(x, big)


@unary
def rsqrt(input, /):
    """``1 / sqrt(input)``."""
    x = floating(input)
    return _with(np.divide, x.dtype.type(1), np.sqrt(x))


rsqrt.vjps(input=lambda g, out: -0.5 * g * out * out * out)


@unary
def exp(input, /):
    """``e ** input``."""
    if type(input) is Large:
        return loop("exponential", input)
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


def _tanh_rule(g, out):
    return loop("tanh_backward", g, out) if type(g) is Large else g * (1 - out * out)


tanh.vjps(input=_tanh_rule)


@unary
def asin(input, /):
    """The angle, in radians, whose sine is ``input``."""
    return np.arcsin(floating(input))


asin.vjps(input=lambda g, input: g / sqrt(1 - input * input))


@unary
def acos(input, /):
    """The angle, in radians, whose cosine is ``input``."""
    return np.arccos(floating(input))


acos.vjps(input=lambda g, input: -g / sqrt(1 - input * input))


@unary
def atan(input, /):
    """The angle, in radians, whose tangent is ``input``."""
    return np.arctan(floating(input))


atan.vjps(input=lambda g, input: g / (input * input + 1))


@unary
def sinh(input, /):
    """The hyperbolic sine."""
    return np.sinh(floating(input))


sinh.vjps(input=lambda g, input: g * cosh(input))


@unary
def cosh(input, /):
    """The hyperbolic cosine."""
    return np.cosh(floating(input))


cosh.vjps(input=lambda g, input: g * sinh(input))


@unary
def asinh(input, /):
    """The inverse of the hyperbolic sine."""
    return np.arcsinh(floating(input))


asinh.vjps(input=lambda g, input: g / sqrt(input * input + 1))


@unary
def acosh(input, /):
    """The inverse of the hyperbolic cosine; NaN below 1."""
    return np.arccosh(floating(input))


acosh.vjps(input=lambda g, input: g / sqrt(input * input - 1))


@unary
def atanh(input, /):
    """The inverse of the hyperbolic tangent; NaN outside of [-1, 1]."""
    return np.arctanh(floating(input))


atanh.vjps(input=lambda g, input: g / (1 - input * input))


# ------------------------------------------------------------------------------ activations
@unary
def relu(input, /):
    """``max(input, 0)``; its slope at 0 is 0.  RuntimeError for bools."""
    if input.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")
    if type(input) is Large or loop_pays(input):
        return loop("relu", input)
    return np.maximum(_zeros(input), input)  # so -0.0 stays, as in torch


@unary(title="ThresholdBackwardBackward0")
def _where_positive(input, answer, /):
    """``input`` where relu's ``answer`` is not 0: a NaN lets gradients pass, as in torch."""
    if type(input) is Large or loop_pays(input):
        return loop("relu_backward", input, answer)
    # chosen, not multiplied: an infinite gradient times 0 would be NaN.  A NaN is not equal to 0.
    if answer.size <= _SMALL:
        out = np.array(input)
        np.putmask(out, np.equal(answer, _ZERO[answer.dtype]), _ZERO[out.dtype])
        return out
    bits = _BITS[answer.itemsize]  # many times as quick for many numbers: as integers, times 0 or 1
    chosen = np.not_equal(answer, _ZERO[answer.dtype]).astype(bits)
    chosen *= input.view(bits)
    return chosen.view(answer.dtype)


_where_positive.vjps(input=lambda g, answer: _where_positive(g, answer))
relu.vjps(input=lambda g, out: _where_positive(g, out))


def _zeros(x):
    """What x is compared with: a zero, or as many as it has numbers, where NumPy then compares vectors."""
    if x.size <= _SMALL or x.size > MANY or x.dtype.kind != "f" or not x.flags.c_contiguous:
        return _ZERO[x.dtype]
    return _many_zeros(x.dtype)[: x.size].reshape(x.shape)


@functools.cache
def _many_zeros(dtype):
    return np.zeros(MANY, dtype)  # pages that are never written take no memory


_ZERO = {d.np: np.zeros((), d.np) for d in _types.all_dtypes}
_BITS = {2: np.int16, 4: np.int32, 8: np.int64}
_SMALL = 1024


@unary
def sigmoid(input, /):
    """``1 / (1 + exp(-input))``."""
    if many(input):
        return loop("sigmoid", input)
    x = floating(input)
    one = x.dtype.type(1)
    return one / (one + np.exp(-x))


def _sigmoid_rule(g, out):
    return loop("sigmoid_backward", g, out) if type(g) is Large else g * ((1 - out) * out)


sigmoid.vjps(input=_sigmoid_rule)


# ------------------------------------------------------------------------------ rounding
def _rounded(name, input, function):
    if input.dtype.kind == "b":
        raise NotImplementedError(f"\"{name}_vml_cpu\" not implemented for 'Bool'")
    return function(input) if input.dtype.kind == "f" else input.copy()


@unary
def floor(input, /):
    """Rounded down."""
    return _rounded("floor", input, np.floor)


@unary
def ceil(input, /):
    """Rounded up."""
    return _rounded("ceil", input, np.ceil)


@unary
def trunc(input, /):
    """Rounded towards zero."""
    return _rounded("trunc", input, np.trunc)


@unary
def round(input, /, *, decimals=0):
    """Rounded to the nearest, halves to even, at ``decimals`` digits after the point."""
    if decimals and input.dtype.kind != "f":
        raise NotImplementedError(
            f"\"round_cpu\" not implemented for '{_types.of(input.dtype).title}'"
        )
    return _rounded("round", input, lambda x: np.round(x, decimals))


for _op in (floor, ceil, trunc, round):
    _op.vjps(input=lambda g: g * 0.0)


@unary
def frac(input, /):
    """What is behind the point, with the sign of ``input``."""
    if input.dtype.kind != "f":
        raise NotImplementedError(
            f"\"frac_cpu\" not implemented for '{_types.of(input.dtype).title}'"
        )
    return _with(np.subtract, input, np.trunc(input))


frac.vjps(input=lambda g: g)

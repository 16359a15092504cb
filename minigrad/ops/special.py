"""The error function and its kin, logit, sinc, and functions of two tensors: atan2, hypot, logaddexp, xlogy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _types
from .._tape import Array, primitive
from ..kernels.elementwise.activations import many, more
from ._common import cast, common_float, elementwise, expect, floating, tensors_only, unary
from .choosing import choose, clamp, masked
from .functions import cos, exp, exp2, sin

_FEW = 4096  # elements for which a loop in Python is quicker than loading Numba


def _each(name: str, input: Array) -> Array:
    """A function of Python's ``math`` of every element."""
    x = floating(input)
    if x.size <= _FEW:
        function = getattr(math, name)
        numbers = map(function, x.ravel().tolist())
        return np.fromiter(numbers, x.dtype, x.size).reshape(x.shape)
    from ..kernels.elementwise import special

    return special.apply(name, x)


@unary
def erf(input, /):
    """The error function: 2/sqrt(pi) times the integral of exp(-t^2) from 0 to ``input``."""
    return _each("erf", input)


@unary
def erfc(input, /):
    """``1 - erf(input)``, exact where that is small."""
    return _each("erfc", input)


_SLOPE = 2 / math.sqrt(math.pi)
erf.vjps(input=lambda g, input: g * (_SLOPE * exp(-(input * input))))
erfc.vjps(input=lambda g, input: g * (-_SLOPE * exp(-(input * input))))


@unary
def _logit(input, /):
    x = floating(input)
    return np.log(x / (x.dtype.type(1) - x))


_logit.vjps(input=lambda g, input: _within(g / (input * (1 - input)), input))


def _within(g: Any, input: Any) -> Any:
    """The slope of logit: NaN where it is not defined."""
    x = masked(input)
    return choose(g, math.nan, (x >= 0) & (x <= 1))


def logit(input, eps=None):
    """``log(input / (1 - input))``, the inverse of sigmoid; with ``eps`` the input is clamped to [eps, 1 - eps]."""
    expect("logit", input=input)
    if eps is not None:
        x = input if input.array.dtype.kind == "f" else cast(input, _types.default())
        input = clamp(x, eps, 1 - eps)
    return _logit(input)


@primitive(quiet=True)
def angle(input, /):
    """The angle of a number to the positive ones: 0, or pi where it is negative; NaN stays."""
    x = floating(input)
    return np.where(np.isnan(x), x, np.where(x < 0, np.pi, 0)).astype(x.dtype, copy=False)


angle.vjps(input=lambda g, input: g * 0)


@unary
def sinc(input, /):
    """``sin(pi x) / (pi x)``, and 1 at 0."""
    x = floating(input)
    wide = x.astype(np.float32) if x.dtype == np.float16 else x
    return np.sinc(wide).astype(x.dtype, copy=False)


def _sinc_rule(g: Any, input: Any) -> Any:
    zero = masked(input) == 0
    x = choose(1.0, input, zero) * math.pi
    return g * choose(0.0, (x * cos(x) - sin(x)) / (x * x) * math.pi, zero)


sinc.vjps(input=_sinc_rule)


@unary(title="MulBackward0")
def deg2rad(input, /):
    """Degrees as radians."""
    x = floating(input)
    return x * x.dtype.type(math.pi / 180)


@unary(title="Rad2DegBackward0")
def rad2deg(input, /):
    """Radians as degrees."""
    x = floating(input)
    return x * x.dtype.type(180 / math.pi)


deg2rad.vjps(input=lambda g: g * (math.pi / 180))
rad2deg.vjps(input=lambda g: g * (180 / math.pi))


# ------------------------------------------------------------------------------ of two tensors
def _refused(name: str, input: Array) -> None:
    if input.dtype.kind != "f":
        title = _types.of(input.dtype).title
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{title}'")


@elementwise(promote=tensors_only("atan2", common_float))
def atan2(input, other, /):
    """The angle, in radians from -pi to pi, of the point (other, input)."""
    return np.arctan2(floating(input), floating(other))


def _atan2_slope(g: Any, over: Any, input: Any, other: Any) -> Any:
    square = input * input + other * other
    zero = masked(square) == 0
    return g * choose(0.0, over / choose(1.0, square, zero), zero)


atan2.vjps(
    input=lambda g, input, other: _atan2_slope(g, other, input, other),
    other=lambda g, input, other: _atan2_slope(g, -input, input, other),
)


@elementwise(promote=tensors_only("hypot"))
def hypot(input, other, /):
    """``sqrt(input**2 + other**2)`` without overflow; NotImplementedError for integers."""
    _refused("hypot", input)
    return np.hypot(input, other)


hypot.vjps(
    input=lambda g, input, out: g * (input / out), other=lambda g, other, out: g * (other / out)
)


@elementwise(promote=tensors_only("logaddexp"))
def logaddexp(input, other, /):
    """``log(exp(input) + exp(other))`` without overflow; NotImplementedError for integers."""
    _refused("logaddexp", input)
    if many(input) and many(other) and input.shape == other.shape:
        return more("logaddexp", input, other)
    return np.logaddexp(input, other)


logaddexp.vjps(
    input=lambda g, input, out: g * exp(_difference(input, out)),
    other=lambda g, other, out: g * exp(_difference(other, out)),
)


@elementwise(title="Logaddexp2Backward0", promote=tensors_only("logaddexp2"))
def logaddexp2(input, other, /):
    """``log2(2**input + 2**other)`` without overflow; NotImplementedError for integers."""
    _refused("logaddexp2", input)
    return np.logaddexp2(input, other)


logaddexp2.vjps(
    input=lambda g, input, out: g * exp2(_difference(input, out)),
    other=lambda g, other, out: g * exp2(_difference(other, out)),
)


def _difference(x: Any, out: Any) -> Any:
    """``x - out``, and where both are infinite as torch has it."""
    both = (masked(x) == masked(out)) & np.isinf(masked(x))
    return choose(0.0, x - out, both)


@elementwise(promote=common_float)
def xlogy(input, other, /):
    """``input * log(other)``, and 0 where input is 0 (unless other is NaN)."""
    x = floating(input)
    y = floating(other) if isinstance(other, np.ndarray) else x.dtype.type(other)
    out = x * np.log(y)
    return np.where((x == 0) & ~np.isnan(y), x.dtype.type(0), out)


def _xlogy_input(g: Any, input: Any, other: Any) -> Any:
    still = (masked(input) == 0) & (masked(other) <= 0)
    return choose(0.0, xlogy(g, other), still)


xlogy.vjps(input=_xlogy_input, other=lambda g, input, other: g * (input / other))

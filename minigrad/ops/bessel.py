"""The modified Bessel functions of the first kind and of orders 0 and 1, plain and scaled by ``exp(-|x|)``."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import Array
from ._common import floating, unary
from .choosing import choose, masked
from .elementwise import abs as absolute
from .elementwise import sign

_ANGLES = 64  # in a half turn, for the integral below; its error at _FAR is beyond float64
_FAR = 30.0  # from where the asymptotic series is as exact
_TERMS = 30


def _scaled(order: int, x: Array) -> Array:
    """``exp(-|x|) I(x)`` of float64 numbers.

    Near 0 by the trapezoidal rule for the integral of ``cosh(x cos t)``, or of ``sinh(x cos t) cos t``, over a quarter
    of a turn, which converges geometrically as the integrand is periodic; far from it by Hankel's series.
    Source: https://dlmf.nist.gov/10.32 (10.32.1, and its derivative) and https://dlmf.nist.gov/10.40 (10.40.1)
    """
    size = np.abs(x)
    near = np.minimum(size, _FAR)
    total = np.zeros_like(size)
    for k in range(_ANGLES // 2 + 1):
        c = np.cos(np.pi * k / _ANGLES)
        weight = (1 if k in (0, _ANGLES // 2) else 2) / _ANGLES
        other = np.expm1(-2 * near * c)  # exp(-x c) as a part of exp(x c), less 1
        total += weight * np.exp(near * (c - 1)) * (-c * other / 2 if order else 1 + other / 2)
    far = np.maximum(size, _FAR)
    term, series = np.ones_like(far), np.ones_like(far)
    for k in range(1, _TERMS):
        term = term * -(4 * order * order - (2 * k - 1) ** 2) / (8 * k * far)
        series += term
    found = np.where(size > _FAR, series / np.sqrt(2 * np.pi * far), total)
    return np.where(x < 0, -found, found) if order else found


def _computed(order: int, input: Array, scaled: bool) -> Array:
    x = floating(input)
    found = _scaled(order, x.astype(np.float64))
    if not scaled:  # beyond the largest number where the exponential is, as in torch
        wide = x.astype(np.float32) if x.dtype == np.float16 else x
        found = found.astype(wide.dtype) * np.exp(np.abs(wide))
    return found.astype(x.dtype, copy=False)


@unary(title="I0Backward0")
def i0(input, /):
    """The modified Bessel function of order 0."""
    return _computed(0, input, False)


@unary(title="SpecialI0EBackward0")
def i0e(input, /):
    """``exp(-|x|) i0(x)``."""
    return _computed(0, input, True)


@unary(title="SpecialI1Backward0")
def i1(input, /):
    """The modified Bessel function of order 1."""
    return _computed(1, input, False)


@unary(title="SpecialI1EBackward0")
def i1e(input, /):
    """``exp(-|x|) i1(x)``."""
    return _computed(1, input, True)


def _over(y: Any, x: Any) -> Any:
    """``y / x`` for an odd function ``y`` of slope a half at 0."""
    zero = masked(x) == 0
    return choose(0.5, y / choose(1.0, x, zero), zero)


i0.vjps(input=lambda g, input: g * i1(input))
i1.vjps(input=lambda g, input, out: g * (i0(input) - _over(out, input)))
i0e.vjps(input=lambda g, input, out: g * (i1e(input) - sign(input) * out))
i1e.vjps(
    input=lambda g, input, out: g * (i0e(input) - absolute(out) - _over(out, input)),
)

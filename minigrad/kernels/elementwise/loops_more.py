"""Compiled loops over flat arrays of what NumPy computes one number after the other, or in many passes; see `loops`.

    the error function     float32:   |x| < 1:   x * polynomial(x * x)          both are computed, and one is chosen
                                      else       1 - tail * e ** (-x * x)
    the remainder          float32:   in float64 |x| - whole quotient * |y| is exact up to quotients of 2 ** 29

In float64 both are the C library's.  Remainders and quotients have the bits of NumPy's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.kernels.elementwise.loops import by_type, decayed, exp
from minigrad.kernels.elementwise.loops_activations import log1p, scaled_tail
from minigrad.kernels.machine.jit import helper
from minigrad.kernels.random import fma

Array = np.ndarray[Any, Any]
f32, f64 = np.float32, np.float64


# ------------------------------------------------------------------------------ the error function
# erf(x) / x in powers of x * x, interpolated at Chebyshev points of [0, 1]; right to 4e-11.
NEAR = tuple(
    f32(c)
    for c in (
        1.128379225730896,
        -0.37612637877464294,
        0.11283782124519348,
        -0.026865430176258087,
        0.005221031606197357,
        -0.0008484080317430198,
        0.00011265958892181516,
        -9.667044650996104e-06,
    )
)


@helper
def _near(x: Any) -> Any:
    """erf(x) for |x| up to 1."""
    square = x * x
    total = NEAR[7]
    for k in range(6, -1, -1):
        total = fma(total, square, NEAR[k])
    return x * total


@helper
def _tail(size: Any) -> Any:
    """erfc(size), for size from 0.75 on."""
    size = f32(12) if size > f32(12) else size
    square = size * size
    lost: Any = fma(size, size, -square)  # of the square's digits: the exponential would miss them
    power = exp(-square)
    return f32(2) * scaled_tail(size * f32(math.sqrt(2))) * (power - power * lost)


@helper
def _erf32(x: Any) -> Any:
    size = abs(x)
    far = f32(1) - _tail(size)
    far = -far if x < f32(0) else far
    return _near(x) if size < f32(1) else far


@helper
def _erfc32(x: Any) -> Any:
    size = abs(x)
    far = _tail(size)
    far = f32(2) - far if x < f32(0) else far
    return f32(1) - _near(x) if size < f32(0.75) else far


@helper
def _erf64(x: Any) -> Any:
    return math.erf(x)


@helper
def _erfc64(x: Any) -> Any:
    return math.erfc(x)


def _erf(x: Any) -> Any:
    """The error function, of a float32 within 3 units in the last place."""


def _erfc(x: Any) -> Any:
    """1 less the error function, with all its digits."""


error_function, complement = by_type(_erf, _erf32, _erf64), by_type(_erfc, _erfc32, _erfc64)


@helper
def erf(x: Array, out: Array) -> None:
    """The error function."""
    for i in range(x.size):
        out[i] = error_function(x[i])


@helper
def logaddexp(x: Array, y: Array, out: Array) -> None:
    """log(e ** x + e ** y): the larger, and what the smaller adds to it."""
    for i in range(x.size):
        apart, larger = abs(x[i] - y[i]), x[i] if x[i] > y[i] else y[i]
        made = larger + log1p(decayed(-apart))
        out[i] = larger if abs(larger) == np.inf else made


@helper
def erfc(x: Array, out: Array) -> None:
    """1 less the error function."""
    for i in range(x.size):
        out[i] = complement(x[i])


# Of the inverse of the error function over x, in powers of w - 2.5, w = -log(1 - x * x); for w from 5 on, in those of
# sqrt(w) - 3: M. Giles, Approximating the erfinv function (GPU Computing Gems, 2011).
MIDDLE = tuple(
    f32(c)
    for c in (
        2.81022636e-08,
        3.43273939e-07,
        -3.5233877e-06,
        -4.39150654e-06,
        0.00021858087,
        -0.00125372503,
        -0.00417768164,
        0.246640727,
        1.50140941,
    )
)
ENDS = tuple(
    f32(c)
    for c in (
        -0.000200214257,
        0.000100950558,
        0.00134934322,
        -0.00367342844,
        0.00573950773,
        -0.0076224613,
        0.00943887047,
        1.00167406,
        2.83297682,
    )
)


@helper
def erfinv(x: Array, out: Array) -> None:
    """The inverse of the error function, of float32."""
    one, far = f32(1), f32(5)
    for i in range(x.size):
        out[i] = -math.log((one - x[i]) * (one + x[i]))
    for i in range(x.size):
        w = out[i]
        t = w - f32(2.5) if w < far else math.sqrt(w) - f32(3)
        total = MIDDLE[0] if w < far else ENDS[0]
        for k in range(1, 9):
            total = fma(total, t, MIDDLE[k] if w < far else ENDS[k])
        out[i] = math.copysign(f32(np.inf), x[i]) if abs(x[i]) == one else total * x[i]


# ------------------------------------------------------------------------------ remainders
MOST = f64(1 << 29)  # of a quotient whose product with a float32 has 53 digits


@helper
def fmod(x: Array, y: Array, out: Array) -> None:
    """The remainder with the sign of x: x less the quotient, rounded towards 0, times y."""
    far = 0
    for i in range(x.size):
        whole, size = abs(f64(x[i])), abs(f64(y[i]))
        quotient = np.floor(whole / size)
        far |= 0 if (quotient < MOST) & (size < np.inf) else 1
        rest: Any = fma(-quotient, size, whole)
        rest = rest + size if rest < f64(0) else rest
        out[i] = math.copysign(f32(rest), x[i])
    if far:
        for i in range(x.size):
            out[i] = np.fmod(x[i], y[i])


@helper
def remainder(x: Array, y: Array, out: Array) -> None:
    """The remainder with the sign of y."""
    fmod(x, y, out)
    zero = f32(0)
    for i in range(x.size):
        rest = out[i]
        moved = rest + y[i] if (rest < zero) != (y[i] < zero) else rest
        out[i] = rest if rest == zero else moved


@helper
def floor_divide(x: Array, y: Array, out: Array) -> None:
    """The quotient rounded down."""
    fmod(x, y, out)
    zero, one = f32(0), f32(1)
    for i in range(x.size):
        rest, plain = out[i], x[i] / y[i]
        quotient = (x[i] - rest) / y[i]
        less = quotient - one
        quotient = less if (rest != zero) & ((rest < zero) != (y[i] < zero)) else quotient
        whole = f32(np.floor(quotient))
        more = whole + one
        whole = more if quotient - whole > f32(0.5) else whole
        whole = math.copysign(zero, plain) if quotient == zero else whole
        out[i] = plain if y[i] == zero else whole


# ------------------------------------------------------------------------------ choices
@helper
def lerp(x: Array, end: Array, out: Array, weight: Any) -> None:
    """x + weight * (end - x), from the nearer end."""
    one = x.dtype.type(1)
    if abs(weight) < x.dtype.type(0.5):
        for i in range(x.size):
            out[i] = x[i] + weight * (end[i] - x[i])
    else:
        rest = one - weight
        for i in range(x.size):
            out[i] = end[i] - (end[i] - x[i]) * rest


@helper
def sign(x: Array, out: Array) -> None:
    """-1, 0 or 1; 0 for NaN."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(x.size):
        above = one if x[i] > zero else zero
        out[i] = -one if x[i] < zero else above


@helper
def threshold(x: Array, out: Array, bound: Any, value: Any) -> None:
    """x where above the bound, or NaN; else the value."""
    for i in range(x.size):
        out[i] = value if x[i] <= bound else x[i]


@helper
def threshold_backward(g: Array, x: Array, out: Array, bound: Any) -> None:
    """g where x is above the bound, or NaN."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        out[i] = zero if x[i] <= bound else g[i]


@helper
def hardshrink(x: Array, out: Array, bound: Any) -> None:
    """x, but 0 in [-bound, bound]."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        out[i] = zero if (x[i] >= -bound) & (x[i] <= bound) else x[i]


@helper
def softshrink(x: Array, out: Array, bound: Any) -> None:
    """x moved towards 0 by bound, and 0 times x in [-bound, bound]."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        value = x[i]
        less, more, nothing = value - bound, value + bound, value * zero
        below = more if value < -bound else nothing
        out[i] = less if value > bound else below


@helper
def shrink_backward(g: Array, x: Array, out: Array, bound: Any) -> None:
    """g, but 0 where x is in [-bound, bound]."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        out[i] = zero if (x[i] >= -bound) & (x[i] <= bound) else g[i]


@helper
def nan_to_num(x: Array, out: Array, nan: Any, top: Any, bottom: Any) -> None:
    """x, with other numbers for NaN and the two infinities."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        value = x[i]
        size = abs(value)
        limit = top if value > zero else bottom
        value = limit if size == np.inf else value
        out[i] = nan if value != value else value

"""Compiled loops of activations and their gradients, over flat arrays; see `loops`.

Numbers that an activation takes follow the arrays, in the arrays' dtype.  A loop without branches, whose answers are
chosen after both have been computed, becomes vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.elementwise import normal
from minigrad.kernels.elementwise.loops import by_type, decayed, exp, expm1, logistic
from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.team import shared
from minigrad.kernels.random import fma

Array = np.ndarray[Any, Any]
f32 = np.float32


# ------------------------------------------------------------------------------ straight pieces
@helper
def leaky_relu(x: Array, out: Array, slope: Any) -> None:
    """x where positive, slope * x elsewhere."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        scaled = x[i] * slope
        out[i] = x[i] if x[i] > zero else scaled


@helper
def leaky_relu_backward(g: Array, x: Array, out: Array, slope: Any) -> None:
    """g where x is positive, slope * g elsewhere."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        scaled = g[i] * slope
        out[i] = g[i] if x[i] > zero else scaled


@shared
def prelu(x: Array, slopes: Array, out: Array, seat: int, start: int, stop: int) -> None:
    """Planes of x (planes, pixels), from start to stop: x where positive, elsewhere times its channel's slope."""
    zero = x.dtype.type(0)
    for p in range(start, stop):
        row, into, slope = x[p], out[p], slopes[p % slopes.size]
        for i in range(row.size):
            scaled = row[i] * slope
            into[i] = row[i] if row[i] > zero else scaled


@helper
def bent(x: Array, y: Array, out: Array, limit: Any) -> None:
    """Half the square of x - y, continued as a line from `limit` on."""
    half = x.dtype.type(0.5)
    for i in range(x.size):
        apart = abs(x[i] - y[i])
        near = limit if apart > limit else apart
        out[i] = (apart - near * half) * near


@helper
def bent_slope(x: Array, y: Array, out: Array, limit: Any) -> None:
    """The slope of `bent`: x - y, bounded to [-limit, limit]."""
    for i in range(x.size):
        apart = x[i] - y[i]
        value = -limit if apart < -limit else apart
        out[i] = limit if value > limit else value


@helper
def hardtanh(x: Array, out: Array, low: Any, high: Any) -> None:
    """x bounded to [low, high]; NaN stays."""
    for i in range(x.size):
        value = low if x[i] < low else x[i]
        out[i] = high if value > high else value


@helper
def hardtanh_backward(g: Array, x: Array, out: Array, low: Any, high: Any) -> None:
    """g where x is not at a bound or beyond."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        out[i] = zero if (x[i] <= low) | (x[i] >= high) else g[i]


@helper
def hardsigmoid(x: Array, out: Array) -> None:
    """x / 6 + 1 / 2, bounded to [0, 1]."""
    zero, six, three = x.dtype.type(0), x.dtype.type(6), x.dtype.type(3)
    for i in range(x.size):
        value = x[i] + three
        value = zero if value < zero else value
        out[i] = (six if value > six else value) / six


@helper
def hardsigmoid_backward(g: Array, x: Array, out: Array) -> None:
    """g / 6 where x is between -3 and 3."""
    zero, three, sixth = x.dtype.type(0), x.dtype.type(3), x.dtype.type(1 / 6)
    for i in range(x.size):
        scaled = g[i] * sixth
        out[i] = scaled if (x[i] > -three) & (x[i] < three) else zero


@helper
def hardswish(x: Array, out: Array) -> None:
    """x times (x / 6 + 1 / 2) bounded to [0, 1]."""
    zero, six, three = x.dtype.type(0), x.dtype.type(6), x.dtype.type(3)
    for i in range(x.size):
        value = x[i] + three
        value = zero if value < zero else value
        out[i] = x[i] * ((six if value > six else value) / six)


@helper
def hardswish_backward(g: Array, x: Array, out: Array) -> None:
    """g times x / 3 + 1 / 2 between -3 and 3, 0 below, 1 above."""
    zero, half = x.dtype.type(0), x.dtype.type(0.5)
    three, third = x.dtype.type(3), x.dtype.type(1 / 3)
    for i in range(x.size):
        value = g[i] * (x[i] * third + half)
        value = value if x[i] < three else g[i]
        out[i] = zero if x[i] <= -three else value


# ------------------------------------------------------------------------------ exponentials
@helper
def elu(x: Array, out: Array, below: Any, scale: Any, steep: Any) -> None:
    """scale * x where positive, below * (e ** (steep * x) - 1) elsewhere."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        low = expm1(x[i] * steep) * below
        high = x[i] * scale
        out[i] = low if x[i] <= zero else high


@helper
def elu_backward(g: Array, x: Array, out: Array, below: Any, scale: Any, steep: Any) -> None:
    """g times elu's slope at x."""
    zero = x.dtype.type(0)
    slope = below * steep
    for i in range(x.size):
        low = decayed(x[i] * steep) * slope
        out[i] = g[i] * (low if x[i] <= zero else scale)


@shared
def glu(x: Array, out: Array, seat: int, start: int, stop: int) -> None:
    """Rows of x (rows, 2, n): the first half over 1 + e ** minus the second."""
    one = x.dtype.type(1)
    for r in range(start, stop):
        first, second, into = x[r, 0], x[r, 1], out[r]
        for i in range(into.size):
            into[i] = first[i] / (one + exp(-second[i]))


@shared
def glu_backward(g: Array, x: Array, out: Array, seat: int, start: int, stop: int) -> None:
    """The gradient of `glu`'s rows (rows, 2, n), from that of its answer (rows, n)."""
    one = x.dtype.type(1)
    for r in range(start, stop):
        row, first, second, a, b = g[r], x[r, 0], x[r, 1], out[r, 0], out[r, 1]
        for i in range(row.size):
            gate = logistic(second[i])
            passed = row[i] * gate
            a[i] = passed
            b[i] = passed * (one - gate) * first[i]


@helper
def silu(x: Array, out: Array) -> None:
    """x / (1 + e ** -x)."""
    one = x.dtype.type(1)
    for i in range(x.size):
        out[i] = x[i] / (one + exp(-x[i]))


@helper
def silu_backward(g: Array, x: Array, out: Array) -> None:
    """g times silu's slope at x."""
    one = x.dtype.type(1)
    for i in range(x.size):
        gate = logistic(x[i])
        out[i] = g[i] * (gate * (one + x[i] * (one - gate)))


@helper
def mish(x: Array, out: Array) -> None:
    """x times the hyperbolic tangent of log(1 + e ** x)."""
    two, most = x.dtype.type(2), x.dtype.type(20)
    for i in range(x.size):
        power = exp(most if x[i] > most else x[i])
        n = power * (power + two)
        out[i] = x[i] * (n / (n + two))


@helper
def mish_backward(g: Array, x: Array, out: Array) -> None:
    """g times mish's slope at x."""
    one, two, most = x.dtype.type(1), x.dtype.type(2), x.dtype.type(20)
    for i in range(x.size):
        power = exp(most if x[i] > most else x[i])
        n = power * (power + two)
        gate = n / (n + two)
        out[i] = g[i] * (gate + x[i] * (power / (power + one)) * (one - gate * gate))


# ------------------------------------------------------------------------------ logarithms
@helper
def _log1p32(u: Any) -> Any:
    s = u / (u + f32(2))
    square = s * s
    total = f32(0)
    for k in range(7, -1, -1):
        total = fma(total, square, f32(1 / (2 * k + 1)))
    return f32(2) * s * total


@helper
def _log1p64(u: Any) -> Any:
    s = u / (u + 2.0)
    square = s * s
    total = 0.0
    for k in range(17, -1, -1):
        total = fma(total, square, 1 / (2 * k + 1))
    return 2.0 * s * total


def _log1p(u: Any) -> Any:
    """log(1 + u) for u from 0 to 1, by the series of the inverse hyperbolic tangent."""


log1p = by_type(_log1p, _log1p32, _log1p64)


@helper
def softplus(x: Array, out: Array, beta: Any, threshold: Any) -> None:
    """log(1 + e ** (beta * x)) / beta, and x where beta * x is above the threshold."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        steep = x[i] * beta
        high = steep if steep > zero else zero
        bent = (high + log1p(decayed(-abs(steep)))) / beta
        out[i] = x[i] if steep > threshold else bent


@helper
def softplus_backward(g: Array, x: Array, out: Array, beta: Any, threshold: Any) -> None:
    """g times softplus's slope at x."""
    one = x.dtype.type(1)
    for i in range(x.size):
        steep = x[i] * beta
        bent = g[i] / (one + exp(-steep))
        out[i] = g[i] if steep > threshold else bent


@helper
def logsigmoid(x: Array, out: Array) -> None:
    """-log(1 + e ** -x)."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        low = zero if x[i] > zero else x[i]
        out[i] = low - log1p(decayed(-abs(x[i])))


@helper
def logsigmoid_backward(g: Array, x: Array, out: Array) -> None:
    """g times logsigmoid's slope at x."""
    one = x.dtype.type(1)
    for i in range(x.size):
        out[i] = g[i] / (one + exp(x[i]))


# ------------------------------------------------------------------------------ the normal distribution
PACE32, PACE64 = f32(normal.SINGLE.pace), normal.DOUBLE.pace
SERIES32 = tuple(f32(c) for c in normal.SINGLE.coefficients)
SERIES64 = normal.DOUBLE.coefficients


@helper
def _scaled_tail32(x: Any) -> Any:
    t = f32(1) / (f32(1) + abs(x) * PACE32)
    total = SERIES32[8]
    for k in range(7, -1, -1):
        total = fma(total, t, SERIES32[k])
    return total * t


@helper
def _scaled_tail64(x: Any) -> Any:
    t = 1 / (1 + abs(x) * PACE64)
    total = SERIES64[20]
    for k in range(19, -1, -1):
        total = fma(total, t, SERIES64[k])
    return total * t


def _scaled_tail(x: Any) -> Any:
    """The normal distribution's function at -|x|, over e ** (-x * x / 2)."""


scaled_tail = by_type(_scaled_tail, _scaled_tail32, _scaled_tail64)


@helper
def gelu(x: Array, out: Array) -> None:
    """x times the normal distribution's function there."""
    zero, one, half = x.dtype.type(0), x.dtype.type(1), x.dtype.type(-0.5)
    for i in range(x.size):
        tail = scaled_tail(x[i]) * decayed(x[i] * x[i] * half)
        out[i] = x[i] * (one - tail if x[i] > zero else tail)


@helper
def gelu_backward(g: Array, x: Array, out: Array) -> None:
    """g times gelu's slope at x."""
    zero, one, half = x.dtype.type(0), x.dtype.type(1), x.dtype.type(-0.5)
    density = x.dtype.type(normal.DENSITY)
    for i in range(x.size):
        power = decayed(x[i] * x[i] * half)
        tail = scaled_tail(x[i]) * power
        whole = one - tail if x[i] > zero else tail
        out[i] = g[i] * (whole + x[i] * power * density)


@helper
def gelu_tanh(x: Array, out: Array) -> None:
    """x over 1 + e ** -2y, y the cubic polynomial for the hyperbolic tangent."""
    one = x.dtype.type(1)
    first, third = x.dtype.type(-2 * normal.TANH), x.dtype.type(-2 * normal.TANH * normal.CUBE)
    for i in range(x.size):
        out[i] = x[i] / (one + exp(x[i] * (first + third * x[i] * x[i])))


@helper
def gelu_tanh_backward(g: Array, x: Array, out: Array) -> None:
    """g times gelu_tanh's slope at x."""
    one, three, most = x.dtype.type(1), x.dtype.type(3), x.dtype.type(80)
    first, third = x.dtype.type(-2 * normal.TANH), x.dtype.type(-2 * normal.TANH * normal.CUBE)
    for i in range(x.size):
        square = x[i] * x[i]
        y = x[i] * (first + third * square)
        power = exp(most if y > most else y)
        gate = one / (one + power)
        slope = x[i] * (power * gate) * (first + three * third * square)
        out[i] = g[i] * (gate * (one - slope))

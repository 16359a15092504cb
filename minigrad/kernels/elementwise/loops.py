"""Compiled loops over flat arrays: what NumPy has no function for, or computes in several passes.

A loop takes arrays of one dtype, float32 or float64, C-contiguous and of one size, and fills the last of them.  It
has no branches, so that LLVM makes vectors of it.  To add one, write it here and call it through
`elementwise.loop`.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic, overload

from minigrad.kernels.machine.jit import helper
from minigrad.kernels.random import fma

Array = np.ndarray[Any, Any]
f32, f64 = np.float32, np.float64
i32 = np.int32
_INTERPRETED = numba.config.DISABLE_JIT  # type: ignore[attr-defined]


def by_type(stub: Any, single: Any, double: Any) -> Any:
    """What compiled code calls as one function of a number: ``single`` of a float32, ``double`` of a float64.

    stub: a function with the argument and the documentation, which stands for it.
    """
    if _INTERPRETED:
        return lambda x: (single if isinstance(x, f32) else double)(x)

    @overload(stub, strict=False)
    def _by_type(x: Any) -> Any:
        return (lambda x: single(x)) if x == types.float32 else (lambda x: double(x))

    return stub


# ------------------------------------------------------------------------------ the exponential
def _interpreted_exp(x: Any) -> Any:
    return np.exp(x)


def _interpreted_expm1(x: Any) -> Any:
    return np.expm1(x)


def _interpreted_logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


if _INTERPRETED:
    exp = decayed = _interpreted_exp
    expm1, logistic = _interpreted_expm1, _interpreted_logistic
    nearest = np.rint

    def same_bits(x: Any) -> Any:
        """The float whose bits are those of the integer x."""
        return np.asarray(x).view({4: f32, 8: f64}[x.itemsize])[()]

else:

    @intrinsic
    def nearest(context: Any, x: Any) -> Any:
        """The whole number nearest to x, as a float."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            (value,) = arguments
            rint = builder.module.declare_intrinsic("llvm.rint", [value.type])
            return builder.call(rint, arguments)

        return x(x), generate

    @intrinsic
    def same_bits(context: Any, x: Any) -> Any:
        """The float whose bits are those of the integer x; of a float the integer."""
        made: Any = {types.int32: types.float32, types.int64: types.float64,
                     types.float32: types.int32, types.float64: types.int64}[x]  # fmt: skip

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(made))

        return made(x), generate

    # e ** x = (1 + p) * 2 ** n.  x / log 2 is added to a float so large that it has no digits after the point: so it is
    # rounded to n, which stands in the sum's last bits.  A power of 2 has n + 127 (float64: n + 1023) where the bits of
    # the exponent are, so that as much more is added, and shifted there.
    ROUND32, ROUND64 = f32(3 << 22), f64(3 << 51)

    @helper
    def _split32(x: Any, added: Any) -> Any:
        """p, and bits that end in those of n + added - ROUND32."""
        moved: Any = fma(x, f32(1 / math.log(2)), added)
        n = moved - added
        r = fma(n, f32(-0.693359375), x)  # x - n log 2, in two steps for its digits
        r = fma(n, f32(0.693359375 - math.log(2)), r)
        p = f32(1.3812022e-3)
        p = fma(p, r, f32(8.3684637e-3))
        p = fma(p, r, f32(4.1668490e-2))
        p = fma(p, r, f32(1.6666521e-1))
        p = fma(p, r, f32(0.49999997))
        return fma(p * r, r, r), same_bits(moved)

    @helper
    def _power32(bits: Any) -> Any:
        """2 ** n, of bits that end in those of n + 127."""
        return same_bits(i32(bits << i32(23)))

    @helper
    def _exp32(x: Any) -> Any:
        x = f32(89) if x > f32(89) else x  # infinite from there on; NaN is neither
        x = f32(-104) if x < f32(-104) else x  # 0 below
        p, bits = _split32(x, ROUND32 + f32(254))
        low = i32(i32(bits >> i32(1)) << i32(23))  # in two factors, for both ends of the range
        high = i32(i32(bits << i32(23)) - low)
        return (p + f32(1)) * same_bits(low) * same_bits(high)

    @helper
    def _decayed32(x: Any) -> Any:
        x = f32(-88) if x < f32(-88) else x  # its power of 2 has the bits of 0
        p, bits = _split32(x, ROUND32 + f32(127))
        return (p + f32(1)) * _power32(bits)

    @helper
    def _expm1_32(x: Any) -> Any:
        x = f32(89) if x > f32(89) else x
        x = f32(-88) if x < f32(-88) else x
        p, bits = _split32(x, ROUND32 + f32(127))
        scale: Any = _power32(bits)
        return fma(p, scale, scale - f32(1))

    @helper
    def _logistic32(x: Any) -> Any:
        x = f32(87) if x > f32(87) else x  # 1 from there on
        x = f32(-89.5) if x < f32(-89.5) else x  # 0 below
        p, bits = _split32(-x, ROUND32 + f32(126))  # half the power: twice the range
        return f32(0.5) / fma(p + f32(1), _power32(bits), f32(0.5))

    @helper
    def _split64(x: Any) -> Any:
        x = f64(710) if x > f64(710) else x
        x = f64(-746) if x < f64(-746) else x
        added = ROUND64 + f64(2046)
        moved: Any = fma(x, f64(1 / math.log(2)), added)
        n = moved - added
        r = fma(n, f64(-0.693145751953125), x)
        r = fma(n, f64(-1.42860682030941723212e-6), r)
        p = f64(1 / 6227020800)
        p = fma(p, r, f64(1 / 479001600))
        p = fma(p, r, f64(1 / 39916800))
        p = fma(p, r, f64(1 / 3628800))
        p = fma(p, r, f64(1 / 362880))
        p = fma(p, r, f64(1 / 40320))
        p = fma(p, r, f64(1 / 5040))
        p = fma(p, r, f64(1 / 720))
        p = fma(p, r, f64(1 / 120))
        p = fma(p, r, f64(1 / 24))
        p = fma(p, r, f64(1 / 6))
        p = fma(p, r, f64(1 / 2))
        bits: Any = same_bits(moved)
        low = bits >> 1 << 52
        return fma(p * r, r, r), same_bits(low), same_bits((bits << 52) - low)

    @helper
    def _exp64(x: Any) -> Any:
        p, low, high = _split64(x)
        return (p + f64(1)) * low * high

    @helper
    def _expm1_64(x: Any) -> Any:
        p, low, high = _split64(x)
        scale = low * high
        return fma(p, scale, scale - f64(1))

    @helper
    def _logistic64(x: Any) -> Any:
        return f64(1) / (f64(1) + _exp64(-x))

    def _exp(x: Any) -> Any:
        """e ** x, of a float32 or a float64, within 1.2 units in the last place; denormals, infinities, NaN."""

    def _expm1(x: Any) -> Any:
        """e ** x - 1, exact near 0; for x up to 88."""

    def _decayed(x: Any) -> Any:
        """e ** x for x up to 0, in less time; what is below a float32's normal numbers is 0."""

    def _logistic(x: Any) -> Any:
        """1 / (1 + e ** -x)."""

    decayed = by_type(_decayed, _decayed32, _exp64)
    exp, expm1 = by_type(_exp, _exp32, _exp64), by_type(_expm1, _expm1_32, _expm1_64)
    logistic = by_type(_logistic, _logistic32, _logistic64)


@helper
def exponential(x: Array, out: Array) -> None:
    """e ** x."""
    for i in range(x.size):
        out[i] = exp(x[i])


# ------------------------------------------------------------------------------ arithmetic
@helper
def add(x: Array, y: Array, out: Array) -> None:
    """x + y."""
    for i in range(x.size):
        out[i] = x[i] + y[i]


@helper
def add_scaled(x: Array, y: Array, out: Array, scale: Any) -> None:
    """x + scale * y, rounded once as in torch."""
    for i in range(x.size):
        out[i] = fma(y[i], scale, x[i])


@helper
def subtract(x: Array, y: Array, out: Array) -> None:
    """x - y."""
    for i in range(x.size):
        out[i] = x[i] - y[i]


@helper
def multiply(x: Array, y: Array, out: Array) -> None:
    """x * y."""
    for i in range(x.size):
        out[i] = x[i] * y[i]


@helper
def divide(x: Array, y: Array, out: Array) -> None:
    """x / y."""
    for i in range(x.size):
        out[i] = x[i] / y[i]


@helper
def same(x: Array, out: Array) -> None:
    """x."""
    for i in range(x.size):
        out[i] = x[i]


@helper
def cube(x: Array, out: Array) -> None:
    """x ** 3."""
    for i in range(x.size):
        out[i] = x[i] * x[i] * x[i]


@helper
def constant(out: Array, value: Any) -> None:
    """value."""
    for i in range(out.size):
        out[i] = value


# ------------------------------------------------------------------------------ activations
@helper
def relu(x: Array, out: Array) -> None:
    """max(x, 0); NaN stays."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        value = x[i]
        out[i] = zero if value < zero else value


@helper
def relu_backward(g: Array, answer: Array, out: Array) -> None:
    """g where relu's answer is not 0."""
    zero = g.dtype.type(0)
    for i in range(g.size):
        out[i] = zero if answer[i] == zero else g[i]


@helper
def sigmoid(x: Array, out: Array) -> None:
    """1 / (1 + e ** -x)."""
    for i in range(x.size):
        out[i] = logistic(x[i])


@helper
def sigmoid_backward(g: Array, answer: Array, out: Array) -> None:
    """g times the slope where sigmoid's answer is `answer`."""
    one = g.dtype.type(1)
    for i in range(g.size):
        out[i] = g[i] * ((one - answer[i]) * answer[i])


@helper
def tanh_backward(g: Array, answer: Array, out: Array) -> None:
    """g times the slope where tanh's answer is `answer`."""
    one = g.dtype.type(1)
    for i in range(g.size):
        out[i] = g[i] * (one - answer[i] * answer[i])

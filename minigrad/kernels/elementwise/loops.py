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
i32, i64 = np.int32, np.int64
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


if _INTERPRETED:
    exp = decayed = _interpreted_exp
    expm1 = _interpreted_expm1
    nearest = np.rint

    def bits_as_float(n: Any) -> Any:
        """The float whose bits are those of the integer n."""
        return np.asarray(n).view({4: f32, 8: f64}[n.itemsize])[()]

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
    def bits_as_float(context: Any, n: Any) -> Any:
        """The float whose bits are those of the integer n."""
        made: Any = {types.int32: types.float32, types.int64: types.float64}[n]

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(made))

        return made(n), generate

    @helper
    def _split32(x: Any) -> Any:
        """p and n for which e ** x is (1 + p) * 2 ** n."""
        n: Any = nearest(x * f32(1 / math.log(2)))
        r = fma(n, f32(-0.693359375), x)  # x - n log 2, in two steps for its digits
        r = fma(n, f32(0.693359375 - math.log(2)), r)
        p = f32(1.3812022e-3)
        p = fma(p, r, f32(8.3684637e-3))
        p = fma(p, r, f32(4.1668490e-2))
        p = fma(p, r, f32(1.6666521e-1))
        p = fma(p, r, f32(0.49999997))
        return fma(p * r, r, r), i32(n if n == n else f32(0))

    @helper
    def _bounded32(x: Any) -> Any:
        """x, but numbers above have an infinite exponential, and below one of 0; NaN is neither."""
        x = f32(89) if x > f32(89) else x
        return f32(-104) if x < f32(-104) else x

    @helper
    def _exp32(x: Any) -> Any:
        p, whole = _split32(_bounded32(x))
        half = i32(whole >> 1)  # in two factors, for results near both ends of the range
        low: Any = bits_as_float(i32(half + 127 << 23))
        high: Any = bits_as_float(i32(whole - half + 127 << 23))
        return (p + f32(1)) * low * high

    @helper
    def _decayed32(x: Any) -> Any:
        x = f32(-88) if x < f32(-88) else x  # its power of 2 has the bits of 0
        p, whole = _split32(x)
        return (p + f32(1)) * bits_as_float(i32(whole + 127 << 23))

    @helper
    def _expm1_32(x: Any) -> Any:
        p, whole = _split32(_bounded32(x))
        half = i32(whole >> 1)
        scale: Any = bits_as_float(i32(half + 127 << 23)) * bits_as_float(
            i32(whole - half + 127 << 23)
        )
        return fma(p, scale, scale - f32(1))

    @helper
    def _split64(x: Any) -> Any:
        x = f64(710) if x > f64(710) else x
        x = f64(-746) if x < f64(-746) else x
        n: Any = nearest(x * f64(1 / math.log(2)))
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
        return fma(p * r, r, r), i64(n if n == n else f64(0))

    @helper
    def _exp64(x: Any) -> Any:
        p, whole = _split64(x)
        half = whole >> 1
        return (
            (p + f64(1))
            * bits_as_float(half + 1023 << 52)
            * bits_as_float(whole - half + 1023 << 52)
        )

    @helper
    def _expm1_64(x: Any) -> Any:
        p, whole = _split64(x)
        half = whole >> 1
        scale: Any = bits_as_float(half + 1023 << 52) * bits_as_float(whole - half + 1023 << 52)
        return fma(p, scale, scale - f64(1))

    def _exp(x: Any) -> Any:
        """e ** x, of a float32 or a float64, within 1.2 units in the last place; denormals, infinities, NaN."""

    def _expm1(x: Any) -> Any:
        """e ** x - 1, exact near 0; for x up to 88."""

    def _decayed(x: Any) -> Any:
        """e ** x for x up to 0, in less time; what is below a float32's normal numbers is 0."""

    decayed = by_type(_decayed, _decayed32, _exp64)
    exp, expm1 = by_type(_exp, _exp32, _exp64), by_type(_expm1, _expm1_32, _expm1_64)


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
    one = x.dtype.type(1)
    for i in range(x.size):
        out[i] = one / (one + exp(-x[i]))


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

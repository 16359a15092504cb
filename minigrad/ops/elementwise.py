"""Elementwise arithmetic, and choosing between elements, each with its rules.

Shapes broadcast and dtypes promote as torch's; answers have the joint shape.  Rules are written with operators and
other ops, so that they serve arrays and tensors alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._tape import Array, Traced
from ..kernels.elementwise import Large, loop
from ..kernels.elementwise.activations import many, more, remainders
from . import functions
from ._common import (
    Number,
    common,
    common_float,
    elementwise,
    entitled,
    floating,
    number_as,
    operands,
    unary,
)
from .choosing import choose, masked

_BOOL = _types.bool_.np


# ------------------------------------------------------------------------------ arithmetic
def _alpha(input: Any, alpha: Any) -> Any:
    """The factor of ``add`` and ``sub`` in the dtype of what is computed; RuntimeError if it has no place there."""
    if input.dtype.kind != "f" and isinstance(alpha, float):
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )
    return number_as(alpha, input.dtype)[()]


def _scaled(input: Any, other: Any, alpha: Any, sign: int = 1) -> Any:
    """``input`` plus, or minus, ``alpha * other``."""
    factor = _alpha(input, alpha)
    if type(input) is type(other) is Large and input.shape == other.shape:
        return loop("add_scaled", input, other, numbers=(sign * float(factor),))
    return input + other * factor if sign > 0 else input - other * factor


@elementwise(level=True)
def add(input, other, /, *, alpha=1):
    """``input + alpha * other``."""
    return input + other if alpha == 1 else _scaled(input, other, alpha)


add.vjps(input=lambda g: g, other=lambda g, alpha: g if alpha == 1 else g * alpha)


@elementwise(level=True, by=np.add, title="AddBackward0")
def plus(input, other, /):
    """``input + other``: what the operator calls, which has no ``alpha``."""


plus.vjps(input=lambda g: g, other=lambda g: g)


def _no_bools(*inputs: Any) -> Any:
    """``common`` for what bools cannot do, be they tensors or Python's (``tensor - True`` is refused by torch)."""
    found = operands(inputs)
    kinds = {isinstance(x, np.ndarray) for x in inputs if not isinstance(x, Number)}
    if kinds == {True, False}:  # a tensor with an array: NumPy's rules
        return common(*inputs)
    bools = [(_types.number_dtype(x) if isinstance(x, Number) else x.dtype) == _BOOL for x in found]
    if all(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    if any(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a "
            "mask, use the `~` or `logical_not()` operator instead."
        )
    return common(*inputs)


@elementwise(level=True, promote=_no_bools)
def sub(input, other, /, *, alpha=1):
    """``input - alpha * other``; RuntimeError for bools, as in torch."""
    if input.dtype is _BOOL:
        _no_bools(input, other)
    return input - other if alpha == 1 else _scaled(input, other, alpha, -1)


sub.vjps(input=lambda g: g, other=lambda g, alpha: -g if alpha == 1 else g * -alpha)


@elementwise(level=True, by=np.subtract, title="SubBackward0", promote=_no_bools)
def minus(input, other, /):
    """``input - other``: what the operator calls, which has no ``alpha``; TypeError for two bools."""


minus.vjps(input=lambda g: g, other=lambda g: -g)


@elementwise(title="RsubBackward1", promote=_no_bools)
def rsub(input, other, /, *, alpha=1):
    """``other - alpha * input``; RuntimeError for bools, as in torch."""
    return other - input if alpha == 1 else other - input * _alpha(input, alpha)


rsub.vjps(input=lambda g, alpha: -g if alpha == 1 else g * -alpha, other=lambda g: g)


def rdiv(input, other):
    """``other / input``: as torch, the reciprocal times ``other``."""
    return mul(reciprocal(input), other)


@elementwise(level=True, by=np.multiply)
def mul(input, other, /):
    """``input * other``."""


mul.vjps(input=lambda g, other: g * other, other=lambda g, input: g * input)


@elementwise(level=True, promote=common_float)
def true_div(input, other, /):
    """``input / other`` in floating point."""
    if input.dtype.kind != "f":  # two integer tensors of one dtype
        input, other = floating(input), floating(other)
    return input / other


true_div.title = "DivBackward0"
true_div.vjps(
    input=lambda g, other: g / other,
    other=lambda g, other, input: -g * ((input / other) / other),
)


@elementwise
def floor_divide(input, other, /):
    """The quotient rounded down."""
    _refuse_zero(input, other)
    found = remainders("floor_divide", input, other)
    return np.floor_divide(input, other) if found is None else found


@elementwise
def trunc_divide(input, other, /):
    """The quotient rounded towards zero; integers stay integers."""
    _refuse_zero(input, other)
    if input.dtype.kind == "f":
        return np.trunc(input / other)
    q = np.floor_divide(input, other)
    return q + ((q < 0) & (q * other != input))


def _refuse_zero(input: Any, other: Any, name: str = "div_floor_cpu") -> None:
    dtype = getattr(input, "dtype", other)
    if dtype is _BOOL:
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'")
    if dtype.kind != "f" and (other == 0 if type(other) is int else not np.all(other)):
        raise RuntimeError("ZeroDivisionError")


def div(input, other, *, rounding_mode=None):
    """``input / other``; rounding_mode 'floor' or 'trunc' rounds the quotient and keeps integers integers.

    >>> import minigrad as mg
    >>> mg.div(mg.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    if rounding_mode is None:
        return true_div(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        return trunc_divide(input, other)
    raise RuntimeError(
        "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
        f"'{rounding_mode}'"
    )


def _remainder(input: Array, other: Array) -> Array:
    rest: Array = np.remainder(input, other)
    if rest.dtype.kind != "f":
        return rest
    none = rest == 0  # which has torch's the sign of the input
    return np.where(none, np.copysign(rest, input), rest) if np.count_nonzero(none) else rest


@elementwise
def remainder(input, other, /):
    """The remainder of the quotient rounded down: it has the sign of ``other``."""
    _refuse_zero(input, other)
    found = remainders("remainder", input, other)
    return _remainder(input, other) if found is None else found


remainder.vjps(input=lambda g: g, other=lambda g, input, other: -g * floor_divide(input, other))


@elementwise
def fmod(input, other, /):
    """The remainder of the quotient rounded towards zero: it has the sign of ``input``."""
    _refuse_zero(input, other)
    found = remainders("fmod", input, other)
    return np.fmod(input, other) if found is None else found


fmod.vjps(input=lambda g: g, other=lambda g, input, other: -g * trunc_divide(input, other))


@unary(level=True)
def neg(input, /):
    """``-input``; RuntimeError for bool tensors, as in torch."""
    if input.dtype == bool:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, "
            "use the `~` or `logical_not()` operator instead."
        )
    return -input


neg.vjps(input=lambda g: -g)


def positive(input):
    """``input`` itself; RuntimeError for bool tensors."""
    if input.dtype == _types.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


def _powers(input: Any, exponent: Any) -> Any:
    """``common``, after refusing what torch's pow refuses."""
    base, power = operands((input, exponent))
    if (
        isinstance(power, int)
        and power < 0
        and getattr(base, "dtype", _types.default()).kind != "f"
    ):
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    if isinstance(power, np.ndarray) and _types.result_dtype((base, power)) == _BOOL:
        raise NotImplementedError("\"pow\" not implemented for 'Bool'")
    if isinstance(power, bool) and getattr(base, "dtype", None) == _BOOL:
        return None
    return common(input, exponent)


@elementwise(promote=_powers, title="PowBackward1")
def _pow(input, exponent, /):
    """``input ** exponent``; RuntimeError for integers to a negative number's power."""
    kind = input.dtype.kind
    if kind == "f":
        return _power(input, exponent)
    if kind == "b":
        if not isinstance(exponent, bool):
            raise NotImplementedError("\"pow\" not implemented for 'Bool'")
        return input | (not exponent)
    if kind == "u" or (exponent >= 0).all():
        return input**exponent
    # as torch: what is not whole is 0
    sign = np.where(exponent % 2, input, np.abs(input))
    inverse = np.where(np.abs(input) == 1, sign, 0)
    return np.where(exponent < 0, inverse, input ** np.maximum(exponent, 0)).astype(input.dtype)


def _power(x: Any, exponent: Any) -> Any:
    """Powers of floating-point numbers; as torch, small whole exponents are products."""
    if type(exponent) not in (int, float):
        return x**exponent
    if exponent == 3:
        return loop("cube", x) if type(x) is Large else x * x * x
    if exponent == -0.5:  # as torch, at -0.0 too
        return 1 / np.sqrt(x)
    if exponent == -2:
        return 1 / (x * x)
    if (
        -(2**24) < exponent < 2**24
        and exponent == int(exponent)
        and (exponent > 3 or exponent < -1)
    ):
        # NumPy's power of a negative base takes a hundred times as long as of a positive one
        power = np.abs(x) ** exponent
        return np.copysign(power, x) if exponent % 2 else power
    return x**exponent


def _pow_input(g: Any, input: Any, exponent: Any) -> Any:
    if isinstance(exponent, (int, float)):
        if exponent == 2:
            return g * (
                input + input
            )  # twice the input, in half the time of a product with a number
        if exponent == 0:
            return g * 0.0
        return g * (exponent * pow(input, exponent - 1))
    slope = exponent * input ** (exponent - 1.0)
    return g * choose(0.0, slope, masked(exponent == 0.0))


def _pow_exponent(g: Any, input: Any, exponent: Any, out: Any) -> Any:
    # where the base is 0 and the exponent is not negative the answer does not change with the exponent
    still = masked(input == 0.0) & masked(exponent >= 0.0)
    return g * choose(0.0, out * functions.log(input), still)


_pow.vjps(input=_pow_input, exponent=_pow_exponent)


@unary(level=True, title="PowBackward0")
def _to_the_power(input, /, exponent):
    """Floating-point ``input`` to the power of a number."""
    return input * input if exponent == 2 else _power(input, exponent)


_to_the_power.vjps(input=_pow_input)


def pow(input, exponent):
    """``input ** exponent``; RuntimeError for integers to a negative number's power."""
    if (
        (type(exponent) is int or type(exponent) is float)
        and isinstance(input, Traced)
        and input.array.dtype.kind == "f"
    ):
        return _to_the_power(input, exponent)
    if isinstance(input, Number) and isinstance(exponent, Traced):
        return entitled(_pow(input, exponent), "PowBackward2")
    return _pow(input, exponent)


@unary(level=True)
def square(input, /):
    """``input ** 2``; of bools, int64."""
    return input**2 if input.dtype is not _BOOL else input.astype(np.int64)


square.title = "PowBackward0"
square.vjps(input=lambda g, input: g * (2 * input))


@unary
def abs(input, /):
    """The absolute value; its slope at 0 is 0."""
    if input.dtype is _BOOL:
        raise NotImplementedError("\"abs_cpu\" not implemented for 'Bool'")
    return np.abs(input)


abs.vjps(input=lambda g, input: g * sign(input))


@unary
def sign(input, /):
    """-1, 0 or 1 by the sign; 0 for NaN, as in torch."""
    if input.dtype is _BOOL:
        return input.copy()
    if many(input):
        return more("sign", input)
    out = np.asarray(np.sign(input))
    if input.dtype.kind == "f":
        out[out != out] = 0
    return out


sign.vjps(input=lambda g: g * 0.0)


@unary
def reciprocal(input, /):
    """``1 / input``."""
    x = floating(input)
    return x.dtype.type(1) / x


reciprocal.vjps(input=lambda g, out: -g * (out * out))

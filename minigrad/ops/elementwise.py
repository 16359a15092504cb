"""Elementwise arithmetic, and choosing between elements, each with its rules.

Shapes broadcast and dtypes promote as torch's; answers have the joint shape.  Rules are written with operators and
other ops, so that they serve arrays and tensors alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._tape import Traced, primitive, wrap
from .._tape.graph import unmatched
from . import functions
from ._common import (
    cast,
    common,
    common_float,
    converted,
    elementwise,
    floating,
    number_as,
    operands,
    tensors_only,
    unary,
)

_BOOL = _types.bool_.np


# ------------------------------------------------------------------------------ arithmetic
def _alpha(input: Any, alpha: Any) -> Any:
    """The factor of ``add`` and ``sub`` in the dtype of what is computed; RuntimeError if it has no place there."""
    if input.dtype.kind != "f" and isinstance(alpha, float):
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )
    return input.dtype.type(alpha)


@elementwise
def add(input, other, /, *, alpha=1):
    """``input + alpha * other``."""
    return input + other if alpha == 1 else input + other * _alpha(input, alpha)


add.vjps(input=lambda g: g, other=lambda g, alpha: g if alpha == 1 else g * alpha)


def _no_bools(*inputs: Any) -> Any:
    """``common`` for what bools cannot do."""
    if any(isinstance(x, np.ndarray) and x.dtype == _BOOL for x in operands(inputs)):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a "
            "mask, use the `~` or `logical_not()` operator instead."
        )
    return common(*inputs)


@elementwise(promote=_no_bools)
def sub(input, other, /, *, alpha=1):
    """``input - alpha * other``; RuntimeError for bools, as in torch."""
    if input.dtype is _BOOL:
        _no_bools(input, other)
    return input - other if alpha == 1 else input - other * _alpha(input, alpha)


sub.vjps(input=lambda g: g, other=lambda g, alpha: -g if alpha == 1 else g * -alpha)


def _rsub(input, other, *, alpha=1):
    """``other - alpha * input``."""
    return sub(other, input, alpha=alpha)


@elementwise
def mul(input, other, /):
    """``input * other``."""
    return input * other


mul.vjps(input=lambda g, other: g * other, other=lambda g, input: g * input)


@elementwise(promote=common_float)
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
    return np.floor_divide(input, other)


@elementwise
def trunc_divide(input, other, /):
    """The quotient rounded towards zero; integers stay integers."""
    _refuse_zero(input, other)
    if input.dtype.kind == "f":
        return np.trunc(input / other)
    q = np.floor_divide(input, other)
    return q + ((q < 0) & (q * other != input))


def _refuse_zero(input: Any, other: Any) -> None:
    if getattr(input, "dtype", other).kind in "iub" and not np.all(other):
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


@elementwise
def remainder(input, other, /):
    """The remainder of the quotient rounded down: it has the sign of ``other``."""
    _refuse_zero(input, other)
    return np.remainder(input, other)


remainder.vjps(
    input=lambda g: g, other=lambda g, input, other: -g * floor_divide(input, other)
)


@elementwise
def fmod(input, other, /):
    """The remainder of the quotient rounded towards zero: it has the sign of ``input``."""
    _refuse_zero(input, other)
    return np.fmod(input, other)


fmod.vjps(input=lambda g: g, other=lambda g, input, other: -g * trunc_divide(input, other))


@unary
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
    if isinstance(power, int) and power < 0 and getattr(base, "dtype", _types.default()).kind != "f":
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    if isinstance(power, np.ndarray) and power.dtype == getattr(base, "dtype", None) == _BOOL:
        raise NotImplementedError("\"pow\" not implemented for 'Bool'")
    return common(input, exponent)


@elementwise(promote=_powers)
def pow(input, exponent, /):
    """``input ** exponent``; RuntimeError for integers to a negative number's power."""
    kind = input.dtype.kind
    if kind == "f":
        return _power(input, exponent)
    if kind == "b":
        if exponent.ndim:
            raise NotImplementedError("\"pow\" not implemented for 'Bool'")
        return input | ~exponent
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
        return x * x * x
    if exponent == -0.5:  # as torch, at -0.0 too
        return 1 / np.sqrt(x)
    if exponent == -2:
        return 1 / (x * x)
    if -(2**24) < exponent < 2**24 and exponent == int(exponent) and (exponent > 3 or exponent < -1):
        # NumPy's power of a negative base takes a hundred times as long as of a positive one
        power = np.abs(x) ** exponent
        return np.copysign(power, x) if exponent % 2 else power
    return x**exponent


def _pow_input(g: Any, input: Any, exponent: Any) -> Any:
    if isinstance(exponent, (int, float)):
        if exponent == 2:
            return g * (input + input)  # twice the input, in half the time of a product with a number
        if exponent == 0:
            return g * 0.0
        return g * (exponent * pow(input, exponent - 1))
    slope = exponent * input ** (exponent - 1.0)
    return g * choose(0.0, slope, masked(exponent == 0.0))


def _pow_exponent(g: Any, input: Any, exponent: Any, out: Any) -> Any:
    # where the base is 0 and the exponent is not negative the answer does not change with the exponent
    still = masked(input == 0.0) & masked(exponent >= 0.0)
    return g * choose(0.0, out * functions.log(input), still)


def masked(condition: Any) -> Any:
    """A condition as an array, be it an array or a tensor."""
    return condition.array if isinstance(condition, Traced) else condition


pow.vjps(input=_pow_input, exponent=_pow_exponent)
pow.title = "PowBackward0"


@unary
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
    out = np.sign(input)
    return np.nan_to_num(out, nan=0.0) if input.dtype.kind == "f" else out


sign.vjps(input=lambda g: g * 0.0)


@unary
def reciprocal(input, /):
    """``1 / input``."""
    x = floating(input)
    return x.dtype.type(1) / x


reciprocal.vjps(input=lambda g, out: -g * (out * out))


# ------------------------------------------------------------------------------ choosing and bounding
@elementwise(title="WhereBackward0")
def choose(input, other, /, condition):
    """``input`` where ``condition`` (a bool array) holds, else ``other``."""
    return np.where(condition, input, other)


choose.vjps(
    input=lambda g, condition: choose(g, 0.0, condition),
    other=lambda g, condition: choose(0.0, g, condition),
)


def where(condition, input=None, other=None):
    """``input`` where ``condition`` holds, else ``other``; with the condition alone, the indices where it holds.

    >>> import minigrad as mg
    >>> mg.where(mg.tensor([True, False]), mg.tensor([1., 2.]), 0.0)
    tensor([1., 0.])
    """
    mask = condition.array if isinstance(condition, Traced) else np.asarray(condition)
    if input is None and other is None:
        return tuple(wrap(i) for i in (np.nonzero(mask) if mask.ndim else np.nonzero(mask[None])))
    if mask.dtype not in (np.bool_, np.uint8):
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{_types.of(mask.dtype).title}"
        )
    if mask.dtype != np.bool_:
        mask = mask != 0
    if isinstance(input, Traced) or isinstance(other, Traced) or not isinstance(condition, Traced):
        return choose(input, other, mask)
    dtype = _types.result_dtype((input, other))  # two numbers
    return wrap(np.where(mask, input, other).astype(dtype))


@elementwise(promote=tensors_only("maximum"))
def maximum(input, other, /):
    """The larger of two, NaN if either is; at ties each gets half of the gradient."""
    return np.maximum(input, other)


maximum.vjps(
    input=lambda g, input, other: g * _share(input, other),
    other=lambda g, input, other: g * _share(other, input),
)


@elementwise(promote=tensors_only("minimum"))
def minimum(input, other, /):
    """The smaller of two, NaN if either is; at ties each gets half of the gradient."""
    return np.minimum(input, other)


minimum.vjps(
    input=lambda g, input, other: g * _share(other, input),
    other=lambda g, input, other: g * _share(input, other),
)


@primitive
def _share(larger, smaller, /):
    """1 where larger > smaller, 1/2 at a tie, else 0: the slope of a maximum."""
    one, half = larger.dtype.type(1), larger.dtype.type(0.5)
    return (larger >= smaller) * one - (larger == smaller) * half


@unary(title="ClampBackward1")
def _clamp(input, /, min, max):
    return np.clip(input, min, max)


def _inside(g: Any, input: Any, min: Any, max: Any) -> Any:
    x = masked(input)
    inside = np.ones(x.shape, bool)
    if min is not None:
        inside &= x >= min
    if max is not None:
        inside &= x <= max
    return choose(g, 0.0, inside)


_clamp.vjps(input=_inside)
_clamp.title = "ClampBackward1"


@elementwise(title="ClampMinBackward1")
def _clamp_min(input, min, /):
    return np.maximum(input, min)


_clamp_min.vjps(
    input=lambda g, input, min: choose(g, 0.0, masked(input) >= masked(min)),
    min=lambda g, input, min: choose(g, 0.0, masked(input) < masked(min)),
)


@elementwise(title="ClampMaxBackward1")
def _clamp_max(input, max, /):
    return np.minimum(input, max)


_clamp_max.vjps(
    input=lambda g, input, max: choose(g, 0.0, masked(input) <= masked(max)),
    max=lambda g, input, max: choose(g, 0.0, masked(input) > masked(max)),
)


@elementwise(title="ClampBackward0")
def _clamp_both(input, min, max, /):
    return np.minimum(np.maximum(input, min), max)


def _clamped(g: Any, input: Any, min: Any, max: Any, which: int) -> Any:
    """torch's shares: input's where it lies between, min's below, max's above or where max < min."""
    x, low, high = masked(input), masked(min), masked(max)
    where = ((x >= low) & (x <= high), (x < low) & (low < high), (x > high) | (high < low))[which]
    return choose(g, 0.0, where)


_clamp_both.vjps(
    input=lambda g, input, min, max: _clamped(g, input, min, max, 0),
    min=lambda g, input, min, max: _clamped(g, input, min, max, 1),
    max=lambda g, input, min, max: _clamped(g, input, min, max, 2),
)


def clamp(input, min=None, max=None):
    """``input`` bounded to [min, max]; either may be None or a tensor, but not both None.

    >>> import minigrad as mg
    >>> mg.clamp(mg.tensor([-2., 0.5, 3.]), min=-1, max=1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, Traced) or isinstance(max, Traced):
        if not all(b is None or isinstance(b, Traced) for b in (min, max)):
            raise TypeError("clamp(): min and max must both be tensors or both be numbers")
        if max is None:
            return _clamp_min(input, min)
        return _clamp_max(input, max) if min is None else _clamp_both(input, min, max)
    bounds = [b for b in (min, max) if b is not None]
    dtype = _types.result_dtype((input.array, *bounds))
    if dtype is not input.array.dtype:
        input = cast(input, dtype)
    low, high = (None if b is None else number_as(b, dtype) for b in (min, max))
    return _clamp(input, low, high)


def clamp_min(input, min):
    """``input``, but at least ``min``."""
    return clamp(input, min=min)


def clamp_max(input, max):
    """``input``, but at most ``max``."""
    return clamp(input, max=max)


@primitive(title="MaskedFillBackward0")
def _masked_fill(input, value, /, mask):
    return np.where(mask, value, input)


_masked_fill.vjps(
    input=lambda g, mask: choose(0.0, g, mask), value=lambda g, mask: choose(g, 0.0, mask)
)


def masked_fill(input, mask, value):
    """``input`` with ``value``, a number or 0-d tensor, where the bool tensor ``mask`` (broadcast) holds."""
    if mask.array.dtype != bool:
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype}"
        )
    if isinstance(value, Traced):
        if value.array.ndim:
            raise RuntimeError(
                "masked_fill only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.array.ndim} dimension(s)."
            )
        value = converted(value, input.array.dtype)
    else:
        value = number_as(value, input.array.dtype)
    try:
        return _masked_fill(input, value, mask.array)
    except ValueError as error:
        raise unmatched(error, mask.array, input.array) from None

"""Elementwise functions that combine tensors or bits: lerp, addcmul, fmin and fmax, shifts, nan_to_num."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._tape import Array, Traced, primitive
from ..kernels.elementwise.activations import many, more
from ._common import (
    common_float,
    computed_in,
    converted,
    elementwise,
    expect,
    floating,
    number_as,
    operands,
    tensors_only,
    title,
    unary,
)
from .choosing import choose, masked


# ------------------------------------------------------------------------------ between two tensors
@primitive(quiet=True, title="LerpBackward0")
def _lerp(input, end, weight, /):
    """As torch: from the nearer end, so that weights 0 and 1 are exact."""
    one = not np.ndim(weight)
    if one and many(input) and many(end) and input.shape == end.shape:
        return more("lerp", input, end, numbers=(float(weight),))
    gap = end - input
    if one:
        return input + weight * gap if abs(weight) < 0.5 else end - gap * (1 - weight)
    return np.where(np.abs(weight) < 0.5, input + weight * gap, end - gap * (1 - weight))


_lerp.vjps(
    input=lambda g, weight: g * (1 - weight),
    end=lambda g, weight: g * weight,
    weight=lambda g, input, end: g * (end - input),
)


def _refuse_beyond(number: Any, dtype: Any) -> None:
    """RuntimeError for a number that does not fit the dtype in which torch computes."""
    if dtype.kind != "f" or not -1e38 < number < 1e38:
        number_as(number, computed_in(dtype))


def lerp(input, end, weight):
    """``input + weight * (end - input)``; weight: a number or a tensor.  RuntimeError if dtypes differ.

    >>> import minigrad as mg
    >>> mg.lerp(mg.tensor([1.]), mg.tensor([3.]), 0.25)
    tensor([1.5000])
    """
    expect("lerp", input=input, end=end)
    for name, x in (("end", end), ("weight", weight)):
        if isinstance(x, Traced) and x.array.dtype != input.array.dtype:
            raise RuntimeError(
                f"expected dtype {input.array.dtype.name} for `{name}` but got dtype {x.array.dtype.name}"
            )
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f"\"lerp_kernel_scalar\" not implemented for '{title(input)}'")
    if not (isinstance(weight, Traced) or (type(weight) is float and -1e38 < weight < 1e38)):
        _refuse_beyond(weight, input.array.dtype)
    return _lerp(input, end, converted(weight, input.array.dtype))


@elementwise(title="AddcmulBackward0")
def _addcmul(input, tensor1, tensor2, /, value):
    return input + input.dtype.type(value) * tensor1 * tensor2


_addcmul.vjps(
    input=lambda g: g,
    tensor1=lambda g, tensor2, value: g * (tensor2 * value),
    tensor2=lambda g, tensor1, value: g * (tensor1 * value),
)


@elementwise(title="AddcdivBackward0")
def _addcdiv(input, tensor1, tensor2, /, value):
    return input + input.dtype.type(value) * (tensor1 / tensor2)


_addcdiv.vjps(
    input=lambda g: g,
    tensor1=lambda g, tensor2, value: g * (value / tensor2),
    tensor2=lambda g, tensor1, tensor2, value: -g * ((tensor1 / tensor2) / tensor2 * value),
)


def addcmul(input, tensor1, tensor2, *, value=1):
    """``input + value * tensor1 * tensor2``, elementwise."""
    expect("addcmul", input=input, tensor1=tensor1, tensor2=tensor2)
    _refuse_beyond(value, input.array.dtype)
    return _addcmul(input, tensor1, tensor2, value)


def addcdiv(input, tensor1, tensor2, *, value=1):
    """``input + value * tensor1 / tensor2``, elementwise; RuntimeError where the quotient is of integers."""
    expect("addcdiv", input=input, tensor1=tensor1, tensor2=tensor2)
    if tensor1.array.dtype.kind != "f" and tensor2.array.dtype.kind != "f":
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a "
            "true division of tensor1 and tensor2."
        )
    _refuse_beyond(value, input.array.dtype)
    return _addcdiv(input, tensor1, tensor2, value)


# ------------------------------------------------------------------------------ extremes that skip NaN
@elementwise(promote=tensors_only("fmax"))
def fmax(input, other, /):
    """The larger of two; if one is NaN, the other."""
    return np.fmax(input, other)


@elementwise(promote=tensors_only("fmin"))
def fmin(input, other, /):
    """The smaller of two; if one is NaN, the other."""
    return np.fmin(input, other)


def _chosen(g: Any, first: Any, second: Any) -> Any:
    """The gradient where ``first`` was taken: the larger, or beside a NaN."""
    a, b = masked(first), masked(second)
    return choose(g, 0.0, (a >= b) | np.isnan(b))


def _left(g: Any, first: Any, second: Any) -> Any:
    a, b = masked(first), masked(second)
    return choose(0.0, g, (a >= b) | np.isnan(b))


fmax.vjps(
    input=lambda g, input, other: _chosen(g, input, other),
    other=lambda g, input, other: _left(g, input, other),
)
fmin.vjps(
    input=lambda g, input, other: _chosen(g, -input, -other),
    other=lambda g, input, other: _left(g, -input, -other),
)


# ------------------------------------------------------------------------------ bits
def _bits(name: str, input: Array) -> None:
    if input.dtype.kind == "f" or (input.dtype.kind == "b" and "shift" in name):
        raise NotImplementedError(
            f"\"{name}_cpu\" not implemented for '{_types.of(input.dtype).title}'"
        )


@elementwise
def bitwise_left_shift(input, other, /):
    """The bits moved left by ``other``: 0 beyond the width; NotImplementedError for floats."""
    _bits("lshift", input)
    width = 8 * input.dtype.itemsize
    far = (other < 0) | (other >= width)
    return np.where(far, 0, input << np.where(far, 0, other)).astype(input.dtype)


@elementwise
def bitwise_right_shift(input, other, /):
    """The bits moved right by ``other``, the sign staying; NotImplementedError for floats."""
    _bits("rshift", input)
    width = 8 * input.dtype.itemsize
    far = (other < 0) | (other >= width)
    return (
        (input >> np.where(far, width - 1, other)).astype(input.dtype)
        if input.dtype.kind == "i"
        else np.where(far, 0, input >> np.where(far, 0, other)).astype(input.dtype)
    )


@elementwise(promote=tensors_only("gcd"))
def gcd(input, other, /):
    """The greatest common divisor of integers."""
    _bits("gcd", input)
    return np.gcd(input, other)


@elementwise(promote=tensors_only("lcm"))
def lcm(input, other, /):
    """The least common multiple of integers."""
    _bits("lcm", input)
    return np.lcm(input, other)


# ------------------------------------------------------------------------------ signs and NaN
@elementwise(promote=common_float)
def copysign(input, other, /):
    """The size of ``input`` with the sign of ``other``."""
    if input.dtype.kind != "f":  # both, of one dtype, as they came
        input, other = floating(input), floating(other)
    return np.copysign(input, other)


def _copysign_rule(g: Any, input: Any, other: Any) -> Any:
    a, b = masked(input), masked(other)
    return g * (np.copysign(1.0, b) * np.sign(a)).astype(a.dtype)


copysign.vjps(input=_copysign_rule, other=lambda g: g * 0.0)


@unary
def signbit(input, /):
    """Whether the sign is minus, that of -0.0 included."""
    return np.signbit(input) if input.dtype.kind == "f" else input < 0


@unary
def isposinf(input, /):
    """Whether it is plus infinity."""
    return input == np.inf


@unary
def isneginf(input, /):
    """Whether it is minus infinity."""
    return input == -np.inf


def _one_dtype(input: Any, values: Any) -> Any:
    first, second = operands((input, values))
    if getattr(first, "dtype", None) != getattr(second, "dtype", None):
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")


@elementwise(promote=_one_dtype)
def heaviside(input, values, /):
    """0 below 0, 1 above, and ``values`` at 0."""
    return np.where(input == 0, values, (input > 0).astype(input.dtype))


@unary
def _nan_to_num(input, /, nan, posinf, neginf):
    if input.dtype.kind != "f":
        return input.copy()
    if many(input):
        bounds = np.finfo(input.dtype)
        ends = bounds.max if posinf is None else posinf, bounds.min if neginf is None else neginf
        return more("nan_to_num", input, numbers=(nan, float(ends[0]), float(ends[1])))
    ends = np.finfo(input.dtype)
    odd = np.isnan(input), input == np.inf, input == -np.inf
    out = np.array(input)
    others = nan, ends.max if posinf is None else posinf, ends.min if neginf is None else neginf
    for mask, other in zip(odd, others):
        np.putmask(out, mask, other)
    return out


_nan_to_num.vjps(input=lambda g, input: choose(g, 0.0, np.isfinite(masked(input))))


def nan_to_num(input, nan=None, posinf=None, neginf=None):
    """NaN replaced by ``nan`` (0), infinities by ``posinf`` and ``neginf`` (the largest and smallest number)."""
    expect("nan_to_num", input=input)
    return _nan_to_num(input, 0.0 if nan is None else nan, posinf, neginf)

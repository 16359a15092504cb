"""Comparisons, logic and classification: answers are bool (or indices), and no gradient passes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._tape import Traced
from ._common import elementwise, expect, tensors_only, title, unary


@elementwise
def eq(input, other, /):
    """Whether ``input == other``, elementwise."""
    return input == other


@elementwise
def ne(input, other, /):
    """Whether ``input != other``, elementwise."""
    return input != other


@elementwise
def lt(input, other, /):
    """Whether ``input < other``, elementwise."""
    return input < other


@elementwise
def le(input, other, /):
    """Whether ``input <= other``, elementwise."""
    return input <= other


@elementwise
def gt(input, other, /):
    """Whether ``input > other``, elementwise."""
    return input > other


@elementwise
def ge(input, other, /):
    """Whether ``input >= other``, elementwise."""
    return input >= other


def _as_they_are(*_: Any) -> None:
    """Dtypes need not be one."""


@elementwise(promote=tensors_only("logical_and", _as_they_are))
def logical_and(input, other, /):
    """Whether both are nonzero."""
    return np.logical_and(input, other)


@elementwise(promote=tensors_only("logical_or", _as_they_are))
def logical_or(input, other, /):
    """Whether at least one is nonzero."""
    return np.logical_or(input, other)


@elementwise(promote=tensors_only("logical_xor", _as_they_are))
def logical_xor(input, other, /):
    """Whether just one is nonzero."""
    return np.logical_xor(input, other)


@unary
def logical_not(input, /):
    """Whether it is zero."""
    return np.logical_not(input)


@elementwise
def bitwise_and(input, other, /):
    """``input & other`` of integers or bools; RuntimeError for floats."""
    _integral("bitwise_and", input, other)
    return input & other


@elementwise
def bitwise_or(input, other, /):
    """``input | other`` of integers or bools; RuntimeError for floats."""
    _integral("bitwise_or", input, other)
    return input | other


@elementwise
def bitwise_xor(input, other, /):
    """``input ^ other`` of integers or bools; RuntimeError for floats."""
    _integral("bitwise_xor", input, other)
    return input ^ other


@unary
def bitwise_not(input, /):
    """``~input`` of integers or bools; NotImplementedError for floats."""
    if input.dtype.kind == "f":
        raise NotImplementedError(
            f"\"bitwise_not_cpu\" not implemented for '{_types.of(input.dtype).title}'"
        )
    return ~input


def _integral(name: str, *arrays: Any) -> None:
    for a in arrays:
        if a.dtype.kind == "f":
            raise NotImplementedError(
                f"\"{name}_cpu\" not implemented for '{_types.of(a.dtype).title}'"
            )


@unary
def isnan(input, /):
    """Whether it is NaN."""
    return np.isnan(input)


@unary
def isinf(input, /):
    """Whether it is plus or minus infinity."""
    return np.isinf(input)


@unary
def isfinite(input, /):
    """Whether it is neither infinite nor NaN."""
    return np.isfinite(input)


def _same_dtype(name: str, input: Traced, other: Traced) -> None:
    expect(name, input=input, other=other)
    if input.array.dtype != other.array.dtype:
        raise RuntimeError(f"{title(input)} did not match {title(other)}")


@elementwise
def _close(input, other, /, rtol, atol, equal_nan):
    if input.dtype.kind != "f":
        wide = np.float64
        return np.abs(input.astype(wide) - other.astype(wide)) <= atol + rtol * np.abs(
            other.astype(wide)
        )
    return np.isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether ``|input - other| <= atol + rtol * |other|``, elementwise.

    RuntimeError if the dtypes differ, or rtol or atol is negative.
    """
    _same_dtype("isclose", input, other)
    for tolerance, value in (("rtol", rtol), ("atol", atol)):
        if not value >= 0:
            raise RuntimeError(
                f"{tolerance} must be greater than or equal to zero, but got {value}"
            )
    return _close(input, other, rtol, atol, equal_nan)


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are close: see ``isclose``.  Answers a Python bool.

    >>> import minigrad as mg
    >>> mg.allclose(mg.tensor([1.0]), mg.tensor([1.0 + 1e-7]))
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan).array.all())


def equal(input, other):
    """Whether two tensors have the same shape and elements.  Answers a Python bool."""
    expect("equal", input=input, other=other)
    a, b = input.array, other.array
    return a.shape == b.shape and bool(np.count_nonzero(a == b) == a.size)

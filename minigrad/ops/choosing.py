"""Choosing between elements and bounding them: where, maximum, minimum, clamp, masked_fill."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _types
from .._convert import stored
from .._tape import Array, Traced, primitive, wrap
from .._tape.fitting import unmatched
from .._warn import once
from ..kernels.elementwise.activations import activation, many
from ..kernels.elementwise.selection import select
from ._common import (
    Number,
    by_rows,
    cast,
    converted,
    elementwise,
    entitled,
    expect,
    number_as,
    tensors_only,
    unary,
)


def masked(condition: Any) -> Any:
    """A condition as an array, be it an array or a tensor."""
    return condition.array if isinstance(condition, Traced) else condition


@elementwise(title="WhereBackward0")
def choose(input, other, /, condition):
    """``input`` where ``condition`` (a bool array) holds, else ``other``."""
    return select(condition, input, other)


choose.vjps(
    input=lambda g, condition: choose(g, 0.0, condition),
    other=lambda g, condition: choose(0.0, g, condition),
)


def places(x: Array) -> tuple[Any, ...]:
    """Where an array is nonzero: one vector per dimension."""
    found = np.nonzero(x if x.ndim else x[None])
    return tuple(wrap(np.array(i)) for i in found)  # NumPy's are columns of one matrix


def where(condition, input=None, other=None):
    """``input`` where ``condition`` holds, else ``other``; with the condition alone, the indices where it holds.

    >>> import minigrad as mg
    >>> mg.where(mg.tensor([True, False]), mg.tensor([1., 2.]), 0.0)
    tensor([1., 0.])
    """
    expect("where", condition=condition)
    mask = condition.array
    if input is None and other is None:
        return places(mask)
    if mask.dtype not in (np.bool_, np.uint8):
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{_types.of(mask.dtype).title}"
        )
    if mask.dtype != np.bool_:
        once(
            "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future "
            "version of PyTorch. Use a boolean condition instead."
        )
        mask = mask != 0
    # all that needs no look at whether a number fits, first
    if isinstance(input, Traced) and (
        isinstance(other, Traced)
        or (type(other) is float and -1e38 < other < 1e38 and input.array.dtype.kind == "f")
    ):
        return choose(input, other, mask)
    dtype = _types.result_dtype([x.array if isinstance(x, Traced) else x for x in (input, other)])
    input, other = (wrap(stored(x, dtype)) if isinstance(x, Number) else x for x in (input, other))
    return choose(input, other, mask)


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
    """1 where not larger < smaller, 1/2 at a tie, else 0: the slope of a maximum, as in torch 1 where one is NaN."""
    number = np.result_type(larger, smaller).type  # NumPy's functions take Python's numbers too
    one, half = number(1), number(0.5)
    return one - (larger < smaller) * one - (larger == smaller) * half


@unary(title="ClampBackward1")
def _clamp(input, /, min, max):
    if input.size > 1 << 14 and many(input) and min == min and max == max:  # no NaN among them
        low, high = (-math.inf if min is None else min), (math.inf if max is None else max)
        return activation("hardtanh", input, numbers=(low, high))
    # bounds first: of equal numbers NumPy takes the second, and torch leaves -0.0 as it is
    if max is None:
        return np.maximum(min, input)
    return np.minimum(max, input) if min is None else input.clip(min, max)


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
    return np.maximum(min, input)


_clamp_min.vjps(
    input=lambda g, input, min: choose(g, 0.0, masked(input) >= masked(min)),
    min=lambda g, input, min: choose(g, 0.0, masked(input) < masked(min)),
)


@elementwise(title="ClampMaxBackward1")
def _clamp_max(input, max, /):
    return np.minimum(max, input)


_clamp_max.vjps(
    input=lambda g, input, max: choose(g, 0.0, masked(input) <= masked(max)),
    max=lambda g, input, max: choose(g, 0.0, masked(input) > masked(max)),
)


@elementwise(title="ClampBackward0")
def _clamp_both(input, min, max, /):
    return np.minimum(max, np.maximum(min, input))


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


def _plain_number(bound: Any) -> Any:
    """The number in a 0-d tensor, beside a bound that is one; TypeError for other tensors."""
    if bound.array.ndim:
        raise TypeError("clamp(): min and max must both be tensors or both be numbers")
    return bound.array.item()


def clamp(input, min=None, max=None):
    """``input`` bounded to [min, max]; either may be None or a tensor, but not both None.

    >>> import minigrad as mg
    >>> mg.clamp(mg.tensor([-2., 0.5, 3.]), min=-1, max=1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, Number) and isinstance(max, Traced):
        max = _plain_number(max)
    elif isinstance(max, Number) and isinstance(min, Traced):
        min = _plain_number(min)
    if isinstance(min, Traced) or isinstance(max, Traced):
        if max is None:
            return entitled(_clamp_min(input, min), "ClampBackward0")
        if min is None:
            return entitled(_clamp_max(input, max), "ClampBackward0")
        return _clamp_both(input, min, max)
    bounds = [b for b in (min, max) if b is not None]
    dtype = input.array.dtype
    if dtype.kind != "f" or not all(type(b) is float or type(b) is int for b in bounds):
        dtype = _types.result_dtype((input.array, *bounds))
    if dtype is not input.array.dtype:
        input = cast(input, dtype)
    low, high = (None if b is None else number_as(b, dtype) for b in (min, max))
    return _clamp(input, low, high)


def clamp_min(input, min):
    """``input``, but at least ``min``."""
    return _one_sided(clamp(input, min=min), min, "ClampMinBackward")


def clamp_max(input, max):
    """``input``, but at most ``max``."""
    return _one_sided(clamp(input, max=max), max, "ClampMaxBackward")


def _one_sided(made: Any, bound: Any, title: str) -> Any:
    """What torch names otherwise than ``clamp``, by whether the bound is a tensor."""
    return entitled(made, f"{title}{int(isinstance(bound, Traced))}")


@primitive(title="MaskedFillBackward0")
def _masked_fill(input, value, /, mask):
    return by_rows(select(mask, value, input))


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

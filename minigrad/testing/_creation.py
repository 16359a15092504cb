"""``make_tensor``: random numbers of any dtype for tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import _types
from ..creation import empty
from ..random import randint
from ..tensor import Tensor


def make_tensor(
    *shape: Any,
    dtype: _types.dtype,
    device: Any = None,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of numbers drawn evenly from ``[low, high)``, in any dtype.

    low, high: by default -9 and 9 for floats, -9 and 10 for integers, 0 and 2 for bool; cut to what the dtype holds.
    noncontiguous: every second element of a larger one.  exclude_zero: zeros become the smallest positive number.
    ValueError for an empty interval, NaN, ``requires_grad`` of integers, or two orders of memory at once.

    >>> import minigrad as mg
    >>> x = mg.testing.make_tensor((2, 3), dtype=mg.int64, device="cpu", low=0, high=5)
    >>> x.shape, bool(((x >= 0) & (x < 5)).all())
    (minigrad.Size([2, 3]), True)
    """
    sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], Sequence) else shape
    floating = dtype.is_floating_point
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, but got "
            f"{noncontiguous=} and {memory_format=}"
        )
    if requires_grad and not floating:
        raise ValueError(
            f"`requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype=}"
        )
    low, high = _interval(dtype, low, high)
    apart = noncontiguous and math.prod(sizes) > 1
    drawn = (*sizes[:-1], 2 * sizes[-1]) if apart else sizes
    if floating:
        made = empty(drawn, dtype=dtype, device=device)
        wide = high - low >= _types.finfo(dtype).max
        made = made.uniform_(low / 2, high / 2).mul_(2) if wide else made.uniform_(low, high)
    else:
        made = randint(math.ceil(low), math.ceil(high), drawn, dtype=dtype, device=device)
    if apart:
        made = made[..., 1::2]
    elif memory_format is not None:
        made = made.clone(memory_format=memory_format)
    if exclude_zero:
        made[made == 0] = _types.finfo(dtype).tiny if floating else 1
    return made.requires_grad_() if requires_grad else made


def _interval(dtype: _types.dtype, low: Any, high: Any) -> tuple[float, float]:
    """The interval asked for, cut to what the dtype holds; ValueError if nothing is left."""
    info: Any
    least: float
    most: float
    if dtype == _types.bool_:
        least, most, usual = 0, 2, (0, 2)
    elif dtype.is_floating_point:
        info = _types.finfo(dtype)
        least, most, usual = info.min, info.max, (-9, 9)
    else:
        info = _types.iinfo(dtype)
        least, usual = info.min, (-9, 10)
        most = info.max + (dtype != _types.int64)  # randint's bounds are int64 themselves
    low = usual[0] if low is None else low
    high = usual[1] if high is None else high
    if math.isnan(low) or math.isnan(high):
        raise ValueError(f"`low` and `high` cannot be NaN, but got {low=} and {high=}")
    if low > high or (low == high and not dtype.is_floating_point):
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    if high < least or low >= most:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), but {dtype} only supports "
            f"[{least}, {most})"
        )
    return min(max(low, least), most), min(max(high, least), most)

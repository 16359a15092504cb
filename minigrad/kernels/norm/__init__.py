"""Normalisation of channels and of groups of channels, on plain arrays.

Numbers are seen as x (batch, groups, each, pixels).  An item is what shares a mean and a variance:

    joint       batch norm     a channel of the whole batch; groups are the channels, each is 1
    not joint   group norm     a group of `each` channels of one sample

    y = (x - mean) / sqrt(var + eps) * weight + bias           weight, bias (groups * each,) or None

Sums are taken in float64, and of numbers near 0: first the mean, then the squares around it.  Small
work is NumPy's, so that Numba is not loaded for it.  Callers have checked shapes.  Answers are new
arrays, and the same bits for every number of threads.
"""

import os
import sys
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels.norm import by_numpy

Array = np.ndarray[Any, Any]
SMALL = 1 << 13  # numbers up to which NumPy does the work
SHORTEST = 16  # pixels of a plane that fill a vector of any processor
NARROW = 100  # pixels below which the channel of a sample is too short for loops of its own
_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


class Layout(NamedTuple):
    """How an array divides into items."""

    batch: int
    groups: int
    each: int
    pixels: int
    joint: bool

    @property
    def size(self) -> int:
        """How many numbers an item has; 1 where there are none, to be divided by."""
        return max(1, (self.batch if self.joint else self.each) * self.pixels)

    @property
    def channels(self) -> int:
        """How many channels a sample has."""
        return self.groups * self.each

    @property
    def items(self) -> int:
        """How many items there are."""
        return self.groups if self.joint else self.batch * self.groups


def for_numpy(x: Array) -> bool:
    """Whether NumPy is to do the work for an array of this size."""
    return x.size <= SMALL or _INTERPRETED


def wide(x: Array, dtype: Any) -> Array:
    """x contiguous, in the dtype of the arithmetic: float16 is widened."""
    return np.ascontiguousarray(x, np.float32 if dtype == np.float16 else dtype)


def parameter(given: Array | None, size: int, default: float, dtype: Any = np.float64) -> Array:
    """A weight or bias in a dtype, flat; of one number ``size`` times where there is none."""
    if given is None:
        return np.full(size, default, dtype)
    return np.ascontiguousarray(given, dtype).reshape(size)


def _loops(x: Array, layout: Layout) -> ModuleType:
    """The module that has the loops for an array of this size."""
    if for_numpy(x):
        return by_numpy
    if layout.joint and layout.pixels < NARROW:
        from minigrad.kernels.norm import columns

        return columns
    from minigrad.kernels.norm import planes

    return planes


def forward(x: Array, weight: Array | None, bias: Array | None, layout: Layout,
            fixed: tuple[Array, Array] | None, eps: float) -> tuple[Array, Array, Array]:  # fmt: skip
    """y, and the mean and the biased variance of each item, in float64.

    fixed: the means and variances (float64) of channels to normalise by, in place of the items' own.
    """
    source = wide(x, x.dtype)
    y = np.empty_like(source)
    mean, var = np.zeros((2, layout.items)) if fixed is None else fixed
    by = parameter(weight, layout.channels, 1.0), parameter(bias, layout.channels, 0.0)
    if x.size:
        _loops(x, layout).forward(source, y, *by, mean, var, layout, fixed is not None, eps)
    return y.astype(x.dtype, copy=False), mean, var


def _alike(x: Array, *others: Array | None) -> bool:
    """Whether arrays are contiguous, and all of the same one of the dtypes that kernels know."""
    dtype = x.dtype
    if dtype.char not in "fd" or not x.flags.carray:
        return False
    return all(a is None or (a.dtype is dtype and a.flags.carray) for a in others)


def scaled(x: Array, weight: Array | None, bias: Array | None, mean: Array, var: Array,
           layout: Layout, eps: float) -> Array:  # fmt: skip
    """y alone, by the means and variances given for channels: compiled or by NumPy, with the same bits."""
    pays = x.size > SMALL or "minigrad.kernels.machine.team" in sys.modules
    pays = pays and layout.pixels >= SHORTEST and x.size > 0 and not _INTERPRETED
    if pays and _alike(x, weight, bias, mean, var):
        from minigrad.kernels.norm import affine

        return affine.scaled(x, weight, bias, mean, var, layout.channels, layout.pixels, eps)
    if mean.dtype == np.float16:
        mean, var = mean.astype(np.float32), var.astype(np.float32)
    factor = 1 / np.sqrt(var + eps)
    if weight is not None:
        factor *= weight
    shift = mean * -factor
    if bias is not None:
        shift += bias
    shape = (layout.channels,) + (1,) * (x.ndim - 2)
    y: Array = x * factor.reshape(shape)
    y += shift.reshape(shape)
    return y.astype(x.dtype, copy=False)


def backward(g: Array, x: Array, weight: Array | None, mean: Array, var: Array, layout: Layout,
             is_fixed: bool, eps: float) -> tuple[Array, Array, Array]:  # fmt: skip
    """The gradients of x, weight and bias; mean and var are what `forward` answered."""
    source = wide(x, x.dtype)
    dx = np.empty_like(source)
    by = parameter(weight, layout.channels, 1.0)
    if not x.size:
        return dx.astype(x.dtype, copy=False), np.zeros_like(by), np.zeros_like(by)
    loops = _loops(x, layout)
    sums, products = loops.backward(
        wide(g, x.dtype), source, dx, by, mean, var, layout, is_fixed, eps
    )
    db, dw = (s.reshape(-1, len(by)).sum(0) for s in (sums, products))
    return dx.astype(x.dtype, copy=False), dw, db

"""Activations of arrays of so many numbers that compiled loops pay; few numbers are left to NumPy's formulas."""

import math
from typing import Any

import numpy as np

from minigrad.kernels.elementwise import NANOSECONDS, looped
from minigrad.kernels.machine import threads
from minigrad.kernels.machine.arguments import is_line

Array = np.ndarray[Any, Any]

MANY = 1 << 13  # a formula in NumPy passes over its numbers some five times, a loop once


def many(x: Any) -> bool:
    """Whether there are loops for it, and they pay: an array, contiguous, of float32 or float64."""
    return isinstance(x, np.ndarray) and x.size > MANY and is_line(x)


def prelu(x: Array, slopes: Array) -> Array:
    """x (N, C, *) where positive, elsewhere times its channel's slope."""
    from minigrad.kernels.elementwise import loops_activations

    out = np.empty(x.shape, x.dtype)
    planes = x.shape[0] * slopes.size
    flat = x.reshape(planes, -1), np.ascontiguousarray(slopes).reshape(-1), out.reshape(planes, -1)
    threads.share(loops_activations.prelu, flat, planes, x.size * NANOSECONDS)
    return out


def gated(x: Array, dim: int, g: Array | None = None) -> Array:
    """The first half of x along a dimension times sigmoid of the second; of a gradient g of that, x's."""
    from minigrad.kernels.elementwise import loops_activations

    outer, half = math.prod(x.shape[:dim]), x.shape[dim] // 2
    halves = x.reshape(outer, 2, -1)
    if g is None:
        out = np.empty((*x.shape[:dim], half, *x.shape[dim + 1 :]), x.dtype)
        parts = halves, out.reshape(outer, -1)
        threads.share(loops_activations.glu, parts, outer, x.size * 0.4)
        return out
    out = np.empty(x.shape, x.dtype)
    lines = np.asarray(g, x.dtype).reshape(outer, -1), halves, out.reshape(halves.shape)
    threads.share(loops_activations.glu_backward, lines, outer, x.size * 0.6)
    return out


def activation(name: str, *arrays: Array, numbers: tuple[float, ...] = ()) -> Array:
    """The loop of that name in `loops_activations`, over arrays of one shape, given numbers too."""
    from minigrad.kernels.elementwise import loops_activations  # the first need of Numba

    return looped(getattr(loops_activations, name), arrays, numbers)


def more(name: str, *arrays: Array, numbers: tuple[float, ...] = ()) -> Array:
    """The loop of that name in `loops_more`, likewise."""
    from minigrad.kernels.elementwise import loops_more

    return looped(getattr(loops_more, name), arrays, numbers)


def remainders(name: str, x: Any, y: Any) -> Array | None:
    """`fmod`, `remainder` or `floor_divide` of many numbers by others or by one; None where NumPy is to do it."""
    if not many(x) or x.dtype.char != "f" or (hasattr(y, "dtype") and y.dtype is not x.dtype):
        return None
    if not np.ndim(y):
        y = np.full(x.shape, y, x.dtype)
    return more(name, x, y) if y.shape == x.shape else None

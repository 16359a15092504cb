"""Activations of arrays of so many numbers that compiled loops pay; few numbers are left to NumPy's formulas."""

from typing import Any

import numpy as np

from minigrad.kernels.elementwise import NANOSECONDS, looped
from minigrad.kernels.machine import threads

Array = np.ndarray[Any, Any]

MANY = 1 << 14  # a formula in NumPy passes over its numbers some five times, a loop once


def many(x: Any) -> bool:
    """Whether there are loops for it, and they pay: an array, contiguous, of float32 or float64."""
    return (
        isinstance(x, np.ndarray)
        and x.size > MANY
        and x.dtype.char in "fd"
        and x.flags.c_contiguous
    )


def prelu(x: Array, slopes: Array) -> Array:
    """x (N, C, *) where positive, elsewhere times its channel's slope."""
    from minigrad.kernels.elementwise import loops_activations

    out = np.empty(x.shape, x.dtype)
    planes = x.shape[0] * slopes.size
    flat = x.reshape(planes, -1), np.ascontiguousarray(slopes).reshape(-1), out.reshape(planes, -1)
    threads.share(loops_activations.prelu, flat, planes, x.size * NANOSECONDS)
    return out


def activation(name: str, *arrays: Array, numbers: tuple[float, ...] = ()) -> Array:
    """The loop of that name in `loops_activations`, over arrays of one shape, given numbers too."""
    from minigrad.kernels.elementwise import loops_activations  # the first need of Numba

    return looped(getattr(loops_activations, name), arrays, numbers)

"""Activations of arrays of so many numbers that compiled loops pay; few numbers are left to NumPy's formulas."""

from typing import Any

import numpy as np

from minigrad.kernels.elementwise import looped

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


def activation(name: str, *arrays: Array, numbers: tuple[float, ...] = ()) -> Array:
    """The loop of that name in `loops_activations`, over arrays of one shape, given numbers too."""
    from minigrad.kernels.elementwise import loops_activations  # the first need of Numba

    return looped(getattr(loops_activations, name), arrays, numbers)

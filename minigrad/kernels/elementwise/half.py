"""Many numbers from float32 to float16 and back, by their bits; few are left to NumPy, whose bits these are.

    float32    s eeeeeeee mmmmmmmmmmmmmmmmmmmmmmm        float16    s eeeee mmmmmmmmmm

A normal number's exponent and digits are moved together, the lower digits rounded to even; below the normal ones a
float16 is a whole number of 2 ** -24.
"""

from typing import Any

import numpy as np

from minigrad.kernels.machine import threads
from minigrad.kernels.machine.scratch import keep_memory

Array = np.ndarray[Any, Any]

MANY = 1 << 13  # numbers above which a compiled loop pays


def many(x: Array) -> bool:
    """Whether there is a loop for it, and it pays."""
    return x.size > MANY and x.dtype.char in "fe" and x.flags.c_contiguous


def to_half(x: Array) -> Array:
    """float32 as float16: the nearest, of two the even one; infinite from 65520 on."""
    from minigrad.kernels.elementwise import loops_half  # the first need of Numba

    keep_memory()
    out = np.empty(x.shape, np.float16)
    arrays = x.reshape(-1), out.reshape(-1).view(np.uint16)
    threads.share(loops_half.narrow, arrays, x.size, x.size * 0.2, step=64)
    return out


def from_half(x: Array) -> Array:
    """float16 as float32."""
    from minigrad.kernels.elementwise import loops_half

    keep_memory()
    out = np.empty(x.shape, np.float32)
    arrays = x.reshape(-1).view(np.uint16), out.reshape(-1)
    threads.share(loops_half.widen, arrays, x.size, x.size * 0.2, step=64)
    return out


KINDS = {
    ufunc: kind
    for kind, ufunc in enumerate(
        (np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum)
    )
}
"""Functions of two float16, rounded once, and their numbers in `loops_half.both`."""


def both(ufunc: Any, x: Any, y: Any) -> Array:
    """A function of `KINDS` of two arrays of one shape, C-contiguous, or of one and a number."""
    from minigrad.kernels.elementwise import loops_half

    keep_memory()
    shape = x.shape if isinstance(x, np.ndarray) else y.shape
    out = np.empty(shape, np.float16)
    made = [a if isinstance(a, np.ndarray) else np.full(shape, a, np.float16) for a in (x, y)]
    bits = [a.reshape(-1).view(np.uint16) for a in (*made, out)]
    threads.share(loops_half.both, (KINDS[ufunc], *bits), out.size, out.size * 0.2, step=64)
    return out

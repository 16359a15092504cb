"""The error function and lgamma on large arrays: what NumPy has no ufunc for.

x, of any strides and dtype   ->   | x0 x1 x2 .. |   a line of float32 or float64,
                                   | y0 y1 y2 .. |   number by number, shared among threads
"""

import math
from typing import Any

import numpy as np

from minigrad.kernels.elementwise.activations import many, more
from minigrad.kernels.machine import threads
from minigrad.kernels.machine.team import shared

Array = np.ndarray[Any, Any]

EACH = 8  # nanoseconds a number takes


@shared
def _error_function(
    x: Array, complement: bool, out: Array, seat: int, start: int, stop: int
) -> None:
    for i in range(start, stop):
        out[i] = math.erfc(x[i]) if complement else math.erf(x[i])


@shared
def _log_gamma(x: Array, _: bool, out: Array, seat: int, start: int, stop: int) -> None:
    for i in range(start, stop):
        out[i] = math.lgamma(x[i])


def apply(name: str, x: Array) -> Array:
    """erf, erfc or lgamma of every element of a floating-point array, in its dtype."""
    if name != "lgamma" and many(x) and x.dtype.char == "f":
        return more(name, x)
    wide = x.dtype if x.dtype != np.float16 else np.dtype(np.float32)
    flat = np.ascontiguousarray(x, wide).reshape(-1)
    out = np.empty_like(flat)
    loop = _log_gamma if name == "lgamma" else _error_function
    threads.share(loop, (flat, name == "erfc", out), flat.size, EACH * flat.size)
    return out.astype(x.dtype, copy=False).reshape(x.shape)

"""The error function on large arrays: what NumPy has no ufunc for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._jit import jit

Array = np.ndarray[Any, Any]


@jit
def _erf(x: Array, out: Array) -> None:
    for i in range(x.size):
        out[i] = math.erf(x[i])


@jit
def _erfc(x: Array, out: Array) -> None:
    for i in range(x.size):
        out[i] = math.erfc(x[i])


def apply(name: str, x: Array) -> Array:
    """erf or erfc of every element of a floating-point array, in its dtype."""
    wide = x.dtype if x.dtype != np.float16 else np.dtype(np.float32)
    flat = np.ascontiguousarray(x, wide).reshape(-1)
    out = np.empty_like(flat)
    (_erf if name == "erf" else _erfc)(flat, out)
    return out.astype(x.dtype, copy=False).reshape(x.shape)

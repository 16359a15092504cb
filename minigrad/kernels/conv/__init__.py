"""Convolution and its two adjoints, in 1, 2 or 3 spatial dimensions, on plain arrays.

Each is linear in each argument, and the three close under differentiation:

    conv         x, w -> y     y[n, o, p] = b[o] + sum over c, k of w[o, c, k] * x[n, c, i]
                                            with  i = p*stride + k*dilation - padding
    conv_input   g, w -> dx    its adjoint in x, which is also transposed convolution
    conv_weight  x, g -> dw    its adjoint in w

    x (N, Ci, *S)    w (Co, Ci/groups, *K)    y, g (N, Co, *out)

Callers have checked shapes and dtypes.  Answers are new C-contiguous arrays, with the same
bits for every number of threads.  Little work is done by NumPy, without loading Numba; more
by vector kernels (float32 and float64).  The rule looks at shapes only.
"""

import functools
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.kernels.conv.by_numpy import Plan
from minigrad.kernels.conv.geometry import Geometry, out_sizes

__all__ = ["Geometry", "conv", "conv_input", "conv_weight"]

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]

# "fast": 3x3 kernels by Winograd's algorithm with errors up to about 1e-4 of the output's standard
# deviation; "accurate": the variant with errors as small as those of plain sums.
accuracy = "fast"

# Multiply-adds up to which NumPy does the work, as it does where there are no pixels: the matrix
# products stay so small that BLAS uses one thread, and a picture of 128 x 128 with a 3 x 3 kernel is still below.
SMALL = 1 << 18


def conv(x: Array, w: Array, b: Array | None, geo: Geometry) -> Array:
    """Cross-correlation: x (N, Ci, *S), w (Co, Ci/groups, *K), b (Co,) or None -> (N, Co, *out)."""
    return _conv(x.shape, w.shape, geo, x.dtype, SMALL, accuracy)(x, w, b)


def conv_input(g: Array, w: Array, b: Array | None, size: Shape, geo: Geometry) -> Array:
    """Adjoint of `conv` in x: g (N, Co, *out), w as there -> (N, Ci, *size), plus b (Ci,) if given.

    Pixels of `size` that no window covers get 0 (plus b).
    """
    return _conv_input(g.shape, w.shape, size, geo, g.dtype, SMALL, accuracy)(g, w, b)


def conv_weight(x: Array, g: Array, size: Shape, geo: Geometry) -> Array:
    """Adjoint of `conv` in w: x (N, Ci, *S), g (N, Co, *out) -> (Co, Ci/groups, *size)."""
    return _conv_weight(x.shape, g.shape, size, geo, x.dtype, SMALL, accuracy)(x, g)


@functools.lru_cache(maxsize=512)
def _conv(
    x: Shape, w: Shape, geo: Geometry, dtype: Any, small: int, accuracy: str
) -> Callable[[Array, Array, Array | None], Array]:
    work = x[0] * math.prod(w) * math.prod(out_sizes(x[2:], w[2:], geo))
    if 0 in x or _for_numpy(dtype, work, small):
        return Plan(x, w, geo, dtype.itemsize).conv
    from minigrad.kernels.conv import by_vectors

    return by_vectors.conv(x, w, geo, dtype, accuracy == "fast")


@functools.lru_cache(maxsize=512)
def _conv_input(
    g: Shape, w: Shape, size: Shape, geo: Geometry, dtype: Any, small: int, accuracy: str
) -> Callable[[Array, Array, Array | None], Array]:
    if 0 in size or _for_numpy(dtype, g[0] * math.prod(g[2:]) * math.prod(w), small):
        return Plan((g[0], w[1] * geo.groups, *size), w, geo, dtype.itemsize).conv_input
    from minigrad.kernels.conv import by_vectors

    return by_vectors.conv_input(g, w, size, geo, dtype, accuracy == "fast")


@functools.lru_cache(maxsize=512)
def _conv_weight(
    x: Shape, g: Shape, size: Shape, geo: Geometry, dtype: Any, small: int, accuracy: str
) -> Callable[[Array, Array], Array]:
    w = (g[1], x[1] // geo.groups, *size)
    if 0 in x or _for_numpy(dtype, math.prod(g) * math.prod(w[1:]), small):
        return Plan(x, w, geo, dtype.itemsize).conv_weight
    from minigrad.kernels.conv import by_vectors

    return by_vectors.conv_weight(x, g, size, geo, dtype, accuracy == "fast")


def _for_numpy(dtype: Any, work: int, small: int) -> bool:
    """Whether a problem of so many multiply-adds is NumPy's."""
    return work <= max(small, 0) or dtype not in (np.float32, np.float64) or _INTERPRETED


_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")

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

import math
import os
from typing import Any

import numpy as np

from minigrad.kernels import conv_numpy
from minigrad.kernels.geometry import Geometry

__all__ = ["Geometry", "conv", "conv_input", "conv_weight"]

Array = np.ndarray[Any, Any]

# "fast": 3x3 kernels by Winograd's algorithm with errors up to about 1e-4 of the output's standard
# deviation; "accurate": the variant with errors as small as those of plain sums.
accuracy = "fast"

# Multiply-adds up to which NumPy does the work: the matrix products stay so small that BLAS
# uses one thread, and a picture of 128 x 128 with a 3 x 3 kernel is still below.
SMALL = 1 << 18


def conv(x: Array, w: Array, b: Array | None, geo: Geometry) -> Array:
    """Cross-correlation: x (N, Ci, *S), w (Co, Ci/groups, *K), b (Co,) or None -> (N, Co, *out)."""
    out = conv_numpy.out_sizes(x.shape[2:], w.shape[2:], geo)
    if _for_numpy(x.dtype, x.shape[0] * w.size * math.prod(out)):
        return conv_numpy.conv(x, w, b, geo)
    from minigrad.kernels import conv_plan, conv_vector

    y = conv_vector.conv(_plain(x), _plain(w), _whole(b), conv_plan.in_three(geo), accuracy == "fast")
    return y.reshape(y.shape[:2] + out)


def conv_input(g: Array, w: Array, b: Array | None, size: tuple[int, ...], geo: Geometry) -> Array:
    """Adjoint of `conv` in x: g (N, Co, *out), w as there -> (N, Ci, *size), plus b (Ci,) if given.

    Pixels of `size` that no window covers get 0 (plus b).
    """
    if _for_numpy(g.dtype, w.size * (g.size // max(1, g.shape[1]))):
        return conv_numpy.conv_input(g, w, b, size, geo)
    from minigrad.kernels import conv_plan, conv_vector

    wide = conv_plan.three(size, 1)
    x = conv_vector.conv_input(
        _plain(g), _plain(w), _whole(b), wide, conv_plan.in_three(geo), accuracy == "fast"
    )
    return x.reshape(x.shape[:2] + size)


def conv_weight(x: Array, g: Array, size: tuple[int, ...], geo: Geometry) -> Array:
    """Adjoint of `conv` in w: x (N, Ci, *S), g (N, Co, *out) -> (Co, Ci/groups, *size)."""
    if _for_numpy(x.dtype, g.size * math.prod(size) * (x.shape[1] // geo.groups)):
        return conv_numpy.conv_weight(x, g, size, geo)
    from minigrad.kernels import conv_plan, conv_vector

    wide = conv_plan.three(size, 1)
    w = conv_vector.conv_weight(
        _plain(x), _plain(g), wide, conv_plan.in_three(geo), accuracy == "fast"
    )
    return w.reshape(w.shape[:2] + size)


def _for_numpy(dtype: Any, work: int) -> bool:
    """Whether a problem of so many multiply-adds is NumPy's."""
    return work <= max(SMALL, 0) or dtype not in (np.float32, np.float64) or _INTERPRETED


def _whole(a: Any) -> Any:
    """An array as the vector kernels read it: contiguous and aligned."""
    return a if a is None or a.flags.carray else np.array(a, order="C")


def _plain(a: Array) -> Array:
    """The same as (N, C, D, H, W)."""
    a = _whole(a)
    return a.reshape(a.shape[:2] + (1,) * (5 - a.ndim) + a.shape[2:])


_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")

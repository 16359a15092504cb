"""Convolution and its two adjoints, in 1, 2 or 3 spatial dimensions, on plain arrays.

Each is bilinear and the three close under differentiation:

    conv        (x, w) -> y         y[n,o,p] = b[o] + sum of w[o,c,k] x[n,c, p*stride + k*dilation - padding]
    conv_input  (g, w) -> like x    its adjoint in x, which is also transposed convolution
    conv_weight (x, g) -> like w    its adjoint in w

    x (N, Ci, *S)    w (Co, Ci/groups, *K)    y, g (N, Co, *out)

Callers have checked shapes and dtypes.  Answers are new C-contiguous arrays, and the same
bits for every number of threads.
"""

from typing import Any

import numpy as np

from minigrad.kernels import conv_numpy
from minigrad.kernels.geometry import Geometry

__all__ = ["Geometry", "conv", "conv_input", "conv_weight"]

Array = np.ndarray[Any, Any]


def conv(x: Array, w: Array, b: Array | None, geo: Geometry) -> Array:
    """Cross-correlation: x (N, Ci, *S), w (Co, Ci/groups, *K), b (Co,) or None -> (N, Co, *out)."""
    return conv_numpy.conv(x, w, b, geo)


def conv_input(
    g: Array, w: Array, b: Array | None, size: tuple[int, ...], geo: Geometry
) -> Array:
    """Adjoint of `conv` in x: g (N, Co, *out), w as there -> (N, Ci, *size), plus b (Ci,) if given.

    Pixels of `size` that no window covers get 0 (plus b).
    """
    return conv_numpy.conv_input(g, w, b, size, geo)


def conv_weight(x: Array, g: Array, size: tuple[int, ...], geo: Geometry) -> Array:
    """Adjoint of `conv` in w: x (N, Ci, *S), g (N, Co, *out) -> (Co, Ci/groups, *size)."""
    return conv_numpy.conv_weight(x, g, size, geo)

"""Windows as columns of a matrix (im2col), and their sum back into images (col2im); plain NumPy.

    x (N, C, *size)   <-->   columns (N, C * taps, windows)        see conv.by_numpy for a picture

All windows of the images in a border are one strided view, which NumPy copies at the speed of
memory.
"""

import itertools
import math
from typing import Any

import numpy as np

from minigrad.kernels.pool.windows import Array, Moves


def _bordered(lead: tuple[int, ...], moves: Moves, dtype: Any) -> tuple[Array, Array, Array]:
    """Zeros that hold all windows, the images in them, and the windows (*lead, *kernel, *out)."""
    sides = [max(n + 2 * p, (out - 1) * s + (k - 1) * d + 1) for n, k, s, p, d, out in zip(*moves)]
    border = np.zeros((*lead, *sides), dtype)
    inner: Any = (..., *(slice(p, p + n) for n, p in zip(moves.size, moves.padding)))
    pitch = border.strides[len(lead) :]
    taps = tuple(step * d for step, d in zip(pitch, moves.dilation))
    outs = tuple(step * s for step, s in zip(pitch, moves.stride))
    strides = border.strides[: len(lead)] + taps + outs
    shape = (*lead, *moves.kernel, *moves.out)
    return border, border[inner], np.ndarray(shape, dtype, border, 0, strides)


def columns(x: Array, moves: Moves) -> Array:
    """(N, C * taps, windows): the pixels of all windows, zeros in the padding."""
    n, channels = x.shape[:2]
    _, images, windows = _bordered((n, channels), moves, x.dtype)
    images[...] = x
    shape = (n, channels * math.prod(moves.kernel), math.prod(moves.out))
    return np.ascontiguousarray(windows).reshape(shape)


def images(columns: Array, moves: Moves) -> Array:
    """(N, C, *size): the adjoint; each pixel is the sum of where it stands in the columns."""
    n, channels = len(columns), columns.shape[1] // math.prod(moves.kernel)
    source = columns.reshape(n, channels, *moves.kernel, *moves.out)
    _, images, windows = _bordered((n, channels), moves, columns.dtype)
    for tap in itertools.product(*map(range, moves.kernel)):
        place: Any = (slice(None), slice(None), *tap)
        windows[place] += source[place]
    return np.ascontiguousarray(images)

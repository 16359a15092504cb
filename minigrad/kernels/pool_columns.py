"""Windows as columns of a matrix (im2col), and their sum back into images (col2im); plain NumPy.

    x (N, C, *size)   <-->   columns (N, C * taps, windows)        see conv_numpy for a picture

Both are copies of strided views, which NumPy does at the speed of memory.
"""

import math

import numpy as np

from minigrad.kernels import pool_numpy
from minigrad.kernels.pool_window import Array, Window, every_tap


def columns(x: Array, window: Window) -> Array:
    """(N, C * taps, windows): the pixels of all windows, zeros in the padding."""
    n, channels = x.shape[:2]
    dims = window.axes
    laid = pool_numpy.windows(x.reshape(n * channels, *window.size), window, 0)
    order = (0, *range(dims + 1, 2 * dims + 1), *range(1, dims + 1))
    made = np.empty((n, channels * window.tables.taps, math.prod(window.out)), x.dtype)
    made.reshape(n * channels, *window.kernel, *window.out)[...] = laid.transpose(order)
    return made


def images(columns: Array, window: Window) -> Array:
    """(N, C, *size): the adjoint; each pixel is the sum of where it stands in the columns."""
    n, channels = columns.shape[0], columns.shape[1] // window.tables.taps
    planes = columns.reshape(n * channels, *window.kernel, *window.out)
    bordered = np.zeros((n, channels, *window.tables.border), columns.dtype)
    laid = pool_numpy.laid_on(bordered.reshape(n * channels, *window.tables.border), window)
    for tap in every_tap(window):
        source, place = (slice(None), *tap), (..., *tap)
        laid[place] += planes[source]  # type: ignore[index]
    return pool_numpy.inner(bordered, window)

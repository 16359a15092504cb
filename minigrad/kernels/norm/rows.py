"""Layer normalisation on plain arrays: every row of (rows, size) by its own mean and variance.

    y = (x - mean) / sqrt(var + eps) * weight + bias           weight, bias (size,) or None

Threads take rows.  What weight and bias get is summed over chunks of rows, and the chunks' sums are
added up in their order, so that answers have the same bits for every number of threads.  Small work
is NumPy's.
"""

from typing import Any

import numpy as np

from minigrad.kernels.machine import threads
from minigrad.kernels.norm import for_numpy, parameter, wide

Array = np.ndarray[Any, Any]
CHUNK = 64  # rows whose parts of the gradients of weight and bias are summed in one go


def forward(x: Array, weight: Array | None, bias: Array | None, size: int, eps: float
            ) -> tuple[Array, Array, Array]:  # fmt: skip
    """y, and the mean and the biased variance of each row, in float64."""
    if not size:
        return np.empty_like(x), np.zeros(0), np.zeros(0)
    rows = wide(x, x.dtype).reshape(-1, size)
    y = np.empty_like(rows)
    mean, var = np.zeros((2, len(rows)))
    by = parameter(weight, size, 1.0, y.dtype), parameter(bias, size, 0.0, y.dtype)
    if for_numpy(x):
        _forward(rows, y, *by, mean, var, eps)
    else:
        from minigrad.kernels.norm import loops

        arguments = rows, y, *by, mean, var, eps
        threads.share(loops.forward, arguments, len(rows), x.size * 0.4)
    return y.reshape(x.shape).astype(x.dtype, copy=False), mean, var


def _forward(x: Array, y: Array, weight: Array, bias: Array, mean: Array, var: Array,
             eps: float) -> None:  # fmt: skip
    size = max(1, x.shape[1])
    np.divide(np.add.reduce(x, 1, np.float64), size, mean)
    centre = mean.astype(x.dtype)
    np.subtract(x, centre[:, None], y)
    gap = mean - centre
    np.divide(np.add.reduce(y * y, 1, np.float64), size, var)
    var -= gap * gap
    scale = 1 / np.sqrt(var + eps)
    y -= gap.astype(x.dtype)[:, None]
    y *= scale.astype(x.dtype)[:, None]
    y *= weight
    y += bias


def backward(g: Array, x: Array, weight: Array | None, mean: Array, var: Array, size: int,
             eps: float) -> tuple[Array, Array, Array]:  # fmt: skip
    """The gradients of x, weight and bias; mean and var are what `forward` answered."""
    if not size:
        return np.empty_like(x), np.zeros(0), np.zeros(0)
    rows = wide(x, x.dtype).reshape(-1, size)
    above = wide(g, x.dtype).reshape(-1, size)
    dx = np.empty_like(rows)
    by = parameter(weight, size, 1.0, dx.dtype)
    if for_numpy(x):
        dw, db = _backward(above, rows, dx, by, mean, var, eps)
    else:
        from minigrad.kernels.norm import loops

        sums = np.zeros((2, -(-len(rows) // CHUNK), size), dx.dtype)
        arguments = above, rows, dx, by, mean, var, sums, eps, CHUNK
        threads.share(loops.backward, arguments, sums.shape[1], x.size * 0.5)
        dw, db = np.add.reduce(sums, 1, np.float64)
    return dx.reshape(x.shape).astype(x.dtype, copy=False), dw, db


def _backward(g: Array, x: Array, dx: Array, weight: Array, mean: Array, var: Array,
              eps: float) -> tuple[Array, Array]:  # fmt: skip
    centre = mean.astype(x.dtype)
    scale = 1 / np.sqrt(var + eps)
    normal = x - centre[:, None] - (mean - centre).astype(x.dtype)[:, None]
    normal *= scale.astype(x.dtype)[:, None]
    np.multiply(g, weight, dx)
    level = np.add.reduce(dx, 1, np.float64) / max(1, x.shape[1])
    steep = np.add.reduce(dx * normal, 1, np.float64) / max(1, x.shape[1])
    dw = np.add.reduce(g * normal, 0, np.float64)
    normal *= steep.astype(x.dtype)[:, None]
    dx -= normal
    dx -= level.astype(x.dtype)[:, None]
    dx *= scale.astype(x.dtype)[:, None]
    return dw, np.add.reduce(g, 0, np.float64)

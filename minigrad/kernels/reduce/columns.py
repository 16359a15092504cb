"""Compiled loops down the columns of matrices: softmax and its kin along a dimension that is not the last.

    x (outer, n, m), C-contiguous float32 or float64; sums and maxima go over n

                 left    left + width
           +-----+-------+-----+
        n  |     | tile  |     |      a tile stays in the first-level cache from maximum to sum to answer
           +-----+-------+-----+
                    m

A call takes pieces from `start` to `stop`, counted through outer and tiles.
"""

from typing import Any

import numpy as np

from minigrad.kernels.elementwise.loops import exp
from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.team import shared

Array = np.ndarray[Any, Any]


@helper
def _tile(x: Array, width: int, k: int) -> Any:
    """Tile k: which of the matrices, and where its columns begin and end."""
    tiles = (x.shape[2] + width - 1) // width
    left = k % tiles * width
    return k // tiles, left, min(x.shape[2], left + width)


@helper
def _largest(x: Array, outer: int, left: int, top: Array) -> None:
    """The largest number of each column; where there is a NaN, any."""
    top[:] = x[outer, 0, left : left + top.size]
    for i in range(1, x.shape[1]):
        row = x[outer, i, left : left + top.size]
        for j in range(top.size):
            top[j] = row[j] if row[j] > top[j] else top[j]


@shared
def softmax(x: Array, out: Array, width: int, seat: int, start: int, stop: int) -> None:
    """e ** x over its sum, down the columns."""
    tops, sums = np.empty(width, x.dtype), np.empty(width, x.dtype)
    for k in range(start, stop):
        o, left, right = _tile(x, width, k)
        top, total = tops[: right - left], sums[: right - left]
        _largest(x, o, left, top)
        total[:] = 0
        for i in range(x.shape[1]):
            row, into = x[o, i, left:right], out[o, i, left:right]
            for j in range(top.size):
                into[j] = exp(row[j] - top[j])
            for j in range(top.size):
                total[j] += into[j]
        for j in range(total.size):
            total[j] = x.dtype.type(1) / total[j]
        for i in range(x.shape[1]):
            into = out[o, i, left:right]
            for j in range(total.size):
                into[j] *= total[j]


@shared
def log_softmax(x: Array, out: Array, width: int, seat: int, start: int, stop: int) -> None:
    """x less the logarithm of the sum of e ** x, down the columns."""
    tops, sums = np.empty(width, x.dtype), np.empty(width, x.dtype)
    for k in range(start, stop):
        o, left, right = _tile(x, width, k)
        top, total = tops[: right - left], sums[: right - left]
        _largest(x, o, left, top)
        total[:] = 0
        for i in range(x.shape[1]):
            row = x[o, i, left:right]
            for j in range(top.size):
                total[j] += exp(row[j] - top[j])
        for j in range(total.size):
            total[j] = np.log(total[j])
        for i in range(x.shape[1]):
            row, into = x[o, i, left:right], out[o, i, left:right]
            for j in range(top.size):
                into[j] = row[j] - top[j] - total[j]


@shared
def softmax_backward(
    g: Array, answer: Array, out: Array, width: int, seat: int, start: int, stop: int
) -> None:
    """(g - sum(g * answer)) * answer, down the columns."""
    sums = np.empty(width, g.dtype)
    for k in range(start, stop):
        o, left, right = _tile(g, width, k)
        mean = sums[: right - left]
        mean[:] = 0
        for i in range(g.shape[1]):
            pull, y = g[o, i, left:right], answer[o, i, left:right]
            for j in range(mean.size):
                mean[j] += pull[j] * y[j]
        for i in range(g.shape[1]):
            pull, y, into = g[o, i, left:right], answer[o, i, left:right], out[o, i, left:right]
            for j in range(mean.size):
                into[j] = (pull[j] - mean[j]) * y[j]


@shared
def log_softmax_backward(
    g: Array, answer: Array, out: Array, width: int, seat: int, start: int, stop: int
) -> None:
    """g - e ** answer * sum(g), down the columns."""
    sums = np.empty(width, g.dtype)
    for k in range(start, stop):
        o, left, right = _tile(g, width, k)
        mass = sums[: right - left]
        mass[:] = 0
        for i in range(g.shape[1]):
            pull = g[o, i, left:right]
            for j in range(mass.size):
                mass[j] += pull[j]
        for i in range(g.shape[1]):
            pull, log, into = g[o, i, left:right], answer[o, i, left:right], out[o, i, left:right]
            for j in range(mass.size):
                into[j] = pull[j] - exp(log[j]) * mass[j]


@shared
def exp_sums(
    x: Array, tops: Array, sums: Array, width: int, seat: int, start: int, stop: int
) -> None:
    """The largest number of each column, and the sum of e ** (x - it).  tops, sums: (outer, m)."""
    for k in range(start, stop):
        o, left, right = _tile(x, width, k)
        top, total = tops[o, left:right], sums[o, left:right]
        _largest(x, o, left, top)
        total[:] = 0
        for i in range(x.shape[1]):
            row = x[o, i, left:right]
            for j in range(top.size):
                total[j] += exp(row[j] - top[j])


@shared
def exp_times(
    x: Array, tops: Array, scales: Array, out: Array, width: int, seat: int, start: int, stop: int
) -> None:
    """e ** (x - the column's number of tops) times the column's scale.  tops, scales: (outer, m)."""
    for k in range(start, stop):
        o, left, right = _tile(x, width, k)
        top, scale = tops[o, left:right], scales[o, left:right]
        for i in range(x.shape[1]):
            row, into = x[o, i, left:right], out[o, i, left:right]
            for j in range(top.size):
                into[j] = exp(row[j] - top[j]) * scale[j]

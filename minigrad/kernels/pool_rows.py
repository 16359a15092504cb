"""Pooling over regular windows of large tensors: which rows meet, row by row, for any threads.

    y[p, o]  reads rows  o * stride + t * dilation - padding    of plane p, for those t where there is one
    dx[p, i] reads rows  (i + padding - t * dilation) / stride  of g, where that is whole and there is one

Each row of an answer is made once, by itself: threads take rows, and give the same bits however
these are shared out.
"""

from typing import Any

import numpy as np

from minigrad.kernels._jit import jit
from minigrad.kernels.pool_simd import spread, windows

# Columns of `dims`, one row for each of three dimensions.
N, O, S, P, D, K = range(6)  # noqa: E741  inputs, outputs, stride, padding, dilation, taps


@jit
def _meeting(dims: Any, back: bool, rows: Any, counts: Any) -> None:
    """For each row of a plane of y, or going back of x: the rows it reads and their first taps."""
    to, of = (N, O) if back else (O, N)
    for r in range(len(rows)):
        counts[r] = 0
        for t0 in range(dims[0, K]):
            for t1 in range(dims[1, K]):
                if back:
                    a0 = r // dims[1, to] + dims[0, P] - t0 * dims[0, D]
                    a1 = r % dims[1, to] + dims[1, P] - t1 * dims[1, D]
                    i0, i1 = a0 // dims[0, S], a1 // dims[1, S]
                    meet = i0 * dims[0, S] == a0 and i1 * dims[1, S] == a1
                else:
                    i0 = r // dims[1, to] * dims[0, S] - dims[0, P] + t0 * dims[0, D]
                    i1 = r % dims[1, to] * dims[1, S] - dims[1, P] + t1 * dims[1, D]
                    meet = True
                if meet and 0 <= i0 < dims[0, of] and 0 <= i1 < dims[1, of]:
                    rows[r, counts[r], 0] = (i0 * dims[1, of] + i1) * dims[2, of]
                    rows[r, counts[r], 1] = (t0 * dims[1, K] + t1) * dims[2, K]
                    counts[r] += 1


@jit
def pool(kind: Any, x: Any, y: Any, codes: Any, dims: Any, divisors: Any, r0: int, r1: int) -> None:
    """Rows r0 .. r1 of y: the maxima of windows of x and their codes, or with codes None the means."""
    height, columns, step = dims[0, O] * dims[1, O], dims[2, O], dims[2, S]
    lanes, source = len(kind[0]), dims[0, N] * dims[1, N] * dims[2, N]
    rows = np.empty((height, dims[0, K] * dims[1, K], 2), np.int64)
    counts = np.empty(height, np.int64)
    _meeting(dims, False, rows, counts)
    plane, row = r0 // height, r0 % height
    for r in range(r0, r1):
        divisor = divisors[0, row // dims[1, O]] * divisors[1, row % dims[1, O]]
        for w in range(0, columns, lanes):
            start = w * step - dims[2, P]
            windows(kind, x, plane * source, rows, row * rows.shape[1] * 2, counts[row], dims[2, K],
                    step, dims[2, D], start, dims[2, N], y, r * columns + w, columns - w, codes,
                    divisor, divisors, 2 * divisors.shape[1] + w)  # fmt: skip
        row += 1
        if row == height:
            plane, row = plane + 1, 0


@jit
def unpool(kind: Any, g: Any, codes: Any, x: Any, dims: Any, taps: Any, begin: Any, r0: int,
           r1: int) -> None:  # fmt: skip
    """Rows r0 .. r1 of x: each pixel's sum of g over the windows it won, or with codes None was in."""
    height, columns, step = dims[0, N] * dims[1, N], dims[2, N], dims[2, S]
    lanes, source = len(kind[0]), dims[0, O] * dims[1, O] * dims[2, O]
    rows = np.empty((height, dims[0, K] * dims[1, K], 2), np.int64)
    counts = np.empty(height, np.int64)
    _meeting(dims, True, rows, counts)
    plane, row = r0 // height, r0 % height
    for r in range(r0, r1):
        for phase in range(0, step, max(1, len(kind[1]))):
            for q in range(0, (columns - phase + step - 1) // step, lanes):
                spread(kind, g, codes, plane * source, rows, row * rows.shape[1] * 2, counts[row],
                       taps, begin, phase, q, dims[2, O], x, r * columns, step, columns)  # fmt: skip
        row += 1
        if row == height:
            plane, row = plane + 1, 0

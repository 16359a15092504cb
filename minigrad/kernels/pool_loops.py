r"""Pooling of large tensors over windows that start and stop anywhere: planes p0 .. p1, each by itself.

Whole rows of a window are joined first, which is vector work, and then the numbers along the one
row that this makes:

    rows of the window     a b c d e f   \
                           g h i j k l    >   max(a, g, m)  max(b, h, n)  ..   cut into windows
                           m n o p q r   /
"""

from typing import Any

import numpy as np

from minigrad.kernels._jit import jit
from minigrad.kernels.pool_simd import windows


@jit
def _along(best: Any, where: Any, start: int, stop: int) -> Any:
    """(the greatest number, its row, its column) of best[start:stop], the first as the plane is read."""
    value, row, column = best[start], where[start], start
    for c in range(start + 1, stop):
        new = best[c]
        earlier = where[c] < row
        wins = new > value or (new == value and earlier)
        if wins or (new != new and (value == value or not earlier)):
            value, row, column = new, where[c], c
    return value, row, column


@jit
def maximum(kind: Any, x: Any, size: Any, spans: Any, y: Any, positions: Any, ones: Any, p0: int,
            p1: int) -> None:  # fmt: skip
    """The greatest number of each window and its position: the first of several, but the last NaN.

    x: all planes, flat, each of `size`.   kind: vectors of what length, and a stride of 1.
    """
    n1, n2 = size[1], size[2]
    best, where = np.empty(n2, x.dtype), np.empty(n2, np.int32)
    rows = np.empty((size[0] * n1, 2), np.int64)
    for p in range(p0, p1):
        lines = spans[p % len(spans)]
        for o0 in range(y.shape[1]):
            for o1 in range(y.shape[2]):
                count = 0
                for i0 in range(lines[0, o0, 0], lines[0, o0, 1]):
                    for i1 in range(lines[1, o1, 0], lines[1, o1, 1]):
                        rows[count, 0] = (i0 * n1 + i1) * n2
                        rows[count, 1] = count
                        count += 1
                for c in range(0, n2, len(kind[0])):
                    windows(kind, x, p * size[0] * n1 * n2, rows, 0, count, 1, 1, 1, c, n2, best, c,
                            n2 - c, where, ones[0], ones, 0)  # fmt: skip
                for o2 in range(y.shape[3]):
                    value, row, column = _along(best, where, lines[2, o2, 0], lines[2, o2, 1])
                    y[p, o0, o1, o2] = value
                    positions[p, o0, o1, o2] = rows[row, 0] + column


@jit
def _clear(x: Any) -> None:
    for i in range(len(x)):
        x[i] = 0


@jit
def mean(x: Any, spans: Any, divisors: Any, y: Any, p0: int, p1: int) -> None:
    """The sum of each window, divided by a factor for each dimension."""
    n2 = x.shape[3]
    lines = spans[0]
    total = np.empty(n2, x.dtype)
    for p in range(p0, p1):
        for o0 in range(y.shape[1]):
            for o1 in range(y.shape[2]):
                for c in range(n2):
                    total[c] = 0
                for i0 in range(lines[0, o0, 0], lines[0, o0, 1]):
                    for i1 in range(lines[1, o1, 0], lines[1, o1, 1]):
                        row = x[p, i0, i1]
                        for c in range(n2):
                            total[c] += row[c]
                divisor = divisors[0, o0] * divisors[1, o1]
                for o2 in range(y.shape[3]):
                    window = total[lines[2, o2, 0]]
                    for c in range(lines[2, o2, 0] + 1, lines[2, o2, 1]):
                        window += total[c]
                    y[p, o0, o1, o2] = window / (divisor * divisors[2, o2])


@jit
def spread(g: Any, spans: Any, divisors: Any, apart: bool, x: Any, p0: int, p1: int) -> None:
    """x: at every pixel the sum of each g, divided, whose window it is in.

    apart: whether no two windows share a row, so that rows are written, not added to.
    """
    n1, n2 = x.shape[2:]
    lines = spans[0]
    share = np.empty(n2, x.dtype)
    flat = x.reshape(len(x), x.shape[1] * n1 * n2)
    for p in range(p0, p1):
        plane = flat[p]
        _clear(plane)  # here, not all at once: it stays in the cache
        for o0 in range(g.shape[1]):
            for o1 in range(g.shape[2]):
                _clear(share)
                divisor = divisors[0, o0] * divisors[1, o1]
                for o2 in range(g.shape[3]):
                    part = g[p, o0, o1, o2] / (divisor * divisors[2, o2])
                    for c in range(lines[2, o2, 0], lines[2, o2, 1]):
                        share[np.uintp(c)] += part
                for i0 in range(lines[0, o0, 0], lines[0, o0, 1]):
                    for i1 in range(lines[1, o1, 0], lines[1, o1, 1]):
                        base = (i0 * n1 + i1) * n2
                        if apart:
                            for c in range(n2):
                                plane[np.uintp(base + c)] = share[c]
                        else:
                            for c in range(n2):
                                plane[np.uintp(base + c)] += share[c]


@jit(reassociate=True)
def totals(x: Any, divisor: Any, y: Any, r0: int, r1: int) -> None:
    """The sum of each row of x, divided."""
    for r in range(r0, r1):
        row, total = x[r], x.dtype.type(0)
        for i in range(len(row)):
            total += row[i]
        y[r] = total / divisor


@jit
def repeat(g: Any, divisor: Any, x: Any, r0: int, r1: int) -> None:
    """Each row of x filled with its number of g, divided."""
    for r in range(r0, r1):
        row, share = x[r], g[r] / divisor
        for i in range(len(row)):
            row[i] = share


@jit
def place(values: Any, positions: Any, x: Any, add: bool, p0: int, p1: int) -> None:
    """x, which is 0, with the values of each plane written at or added to their positions."""
    for p in range(p0, p1):
        row, at, to = values[p], positions[p], x[p]
        for i in range(len(row)):
            if add:
                to[at[i]] += row[i]
            else:
                to[at[i]] = row[i]

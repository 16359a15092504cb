r"""Pooling of large tensors over windows that start and stop anywhere: planes p0 .. p1, each by itself.

Where rows are long, whole rows of a window are joined first, which is vector work, and then the
numbers along the one row that this makes:

    rows of the window     a b c d e f   \
                           g h i j k l    >   max(a, g, m)  max(b, h, n)  ..   cut into windows
                           m n o p q r   /

Where they are short, it is one number after another.
"""

from typing import Any

import numpy as np

from minigrad.kernels._jit import jit

SHORT = 16  # numbers of a row


@jit
def _direct(plane: Any, span: Any) -> Any:
    """The greatest number of a window, the place of the first in its plane; NaN is greater than all."""
    _, n1, n2 = plane.shape
    best, at = plane[span[0], span[2], span[4]], -1
    for i0 in range(span[0], span[1]):
        for i1 in range(span[2], span[3]):
            row = plane[i0, i1]
            for i2 in range(span[4], span[5]):
                value = row[i2]
                if value > best or value != value or at < 0:
                    best, at = value, (i0 * n1 + i1) * n2 + i2
    return best, at


@jit
def _join(row: Any, best: Any, where: Any, number: Any) -> None:
    """The greater of each column's best and the new row; `where` has the rows' numbers."""
    for c in range(len(best)):
        new, old = row[c], best[c]
        wins = (new > old) | (new != new) | (number == 0)
        best[c] = new if wins else old
        where[c] = number if wins else where[c]


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
def maximum(x: Any, spans: Any, y: Any, positions: Any, p0: int, p1: int) -> None:
    """The greatest number of each window and its position: the first of several, but the last NaN."""
    _, n1, n2 = x.shape[1:]
    best, where = np.empty(n2, x.dtype), np.empty(n2, np.int32)
    span = np.empty(6, np.int64)
    for p in range(p0, p1):
        lines = spans[p % len(spans)]
        for o0 in range(y.shape[1]):
            span[0], span[1] = lines[0, o0]
            for o1 in range(y.shape[2]):
                span[2], span[3] = lines[1, o1]
                if n2 >= SHORT:
                    rows = np.int32(0)
                    for i0 in range(span[0], span[1]):
                        for i1 in range(span[2], span[3]):
                            _join(x[p, i0, i1], best, where, rows)
                            rows += np.int32(1)
                for o2 in range(y.shape[3]):
                    span[4], span[5] = lines[2, o2]
                    if n2 < SHORT:
                        value, at = _direct(x[p], span)
                    else:
                        value, row, column = _along(best, where, span[4], span[5])
                        across = span[3] - span[2]
                        line = (span[0] + row // across) * n1 + span[2] + row % across
                        at = line * n2 + column
                    y[p, o0, o1, o2], positions[p, o0, o1, o2] = value, at


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
def spread(g: Any, spans: Any, divisors: Any, x: Any, p0: int, p1: int) -> None:
    """x, which is 0, plus each g, divided, at every pixel of its window."""
    n2 = x.shape[3]
    lines = spans[0]
    share = np.empty(n2, x.dtype)
    for p in range(p0, p1):
        for o0 in range(g.shape[1]):
            for o1 in range(g.shape[2]):
                for c in range(n2):
                    share[c] = 0
                divisor = divisors[0, o0] * divisors[1, o1]
                for o2 in range(g.shape[3]):
                    part = g[p, o0, o1, o2] / (divisor * divisors[2, o2])
                    for c in range(lines[2, o2, 0], lines[2, o2, 1]):
                        share[c] += part
                for i0 in range(lines[0, o0, 0], lines[0, o0, 1]):
                    for i1 in range(lines[1, o1, 0], lines[1, o1, 1]):
                        row = x[p, i0, i1]
                        for c in range(n2):
                            row[c] += share[c]


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

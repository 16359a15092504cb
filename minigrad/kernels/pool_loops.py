r"""Loops of `pool_spans` for large tensors: planes p0 .. p1, each by itself.

Sums go over whole rows first, which are contiguous, and then along one row of sums:

    rows of the window     a b c d e     f g h i j       \
                           + + + + +     + + + + +        >  one row, cut into windows
                           k l m n o     p q r s t       /
"""

from typing import Any

import numpy as np

from minigrad.kernels._jit import jit


@jit
def maximum(x: Any, spans: Any, y: Any, positions: Any, p0: int, p1: int) -> None:
    """The greatest number in each window and its position; NaN counts as greater than all."""
    _, n1, n2 = x.shape[1:]
    for p in range(p0, p1):
        lines = spans[p % len(spans)]
        for o0 in range(y.shape[1]):
            for o1 in range(y.shape[2]):
                for o2 in range(y.shape[3]):
                    start = (lines[0, o0, 0] * n1 + lines[1, o1, 0]) * n2 + lines[2, o2, 0]
                    best, at = x[p, lines[0, o0, 0], lines[1, o1, 0], lines[2, o2, 0]], start
                    for i0 in range(lines[0, o0, 0], lines[0, o0, 1]):
                        for i1 in range(lines[1, o1, 0], lines[1, o1, 1]):
                            row = x[p, i0, i1]
                            for i2 in range(lines[2, o2, 0], lines[2, o2, 1]):
                                value = row[i2]
                                if value > best or value != value:
                                    best, at = value, (i0 * n1 + i1) * n2 + i2
                    y[p, o0, o1, o2] = best
                    positions[p, o0, o1, o2] = at


@jit
def mean(x: Any, spans: Any, y: Any, p0: int, p1: int) -> None:
    """The mean of each window."""
    lines = spans[0]
    total = np.empty(x.shape[3], x.dtype)
    for p in range(p0, p1):
        for o0 in range(y.shape[1]):
            for o1 in range(y.shape[2]):
                total[:] = 0
                for i0 in range(lines[0, o0, 0], lines[0, o0, 1]):
                    for i1 in range(lines[1, o1, 0], lines[1, o1, 1]):
                        row = x[p, i0, i1]
                        for i2 in range(len(row)):
                            total[i2] += row[i2]
                rows = (lines[0, o0, 1] - lines[0, o0, 0]) * (lines[1, o1, 1] - lines[1, o1, 0])
                for o2 in range(y.shape[3]):
                    window = y.dtype.type(0)
                    for i2 in range(lines[2, o2, 0], lines[2, o2, 1]):
                        window += total[i2]
                    count = rows * (lines[2, o2, 1] - lines[2, o2, 0])
                    y[p, o0, o1, o2] = window / y.dtype.type(count)


@jit
def spread(g: Any, spans: Any, x: Any, p0: int, p1: int) -> None:
    """x, which is 0, plus each g divided among its window."""
    lines = spans[0]
    share = np.empty(x.shape[3], x.dtype)
    for p in range(p0, p1):
        for o0 in range(g.shape[1]):
            for o1 in range(g.shape[2]):
                share[:] = 0
                rows = (lines[0, o0, 1] - lines[0, o0, 0]) * (lines[1, o1, 1] - lines[1, o1, 0])
                for o2 in range(g.shape[3]):
                    count = rows * (lines[2, o2, 1] - lines[2, o2, 0])
                    part = g[p, o0, o1, o2] / g.dtype.type(count)
                    for i2 in range(lines[2, o2, 0], lines[2, o2, 1]):
                        share[i2] += part
                for i0 in range(lines[0, o0, 0], lines[0, o0, 1]):
                    for i1 in range(lines[1, o1, 0], lines[1, o1, 1]):
                        row = x[p, i0, i1]
                        for i2 in range(len(row)):
                            row[i2] += share[i2]


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

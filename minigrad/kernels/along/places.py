"""Compiled loops over what an index names along one dimension: numbers taken, written or added, and whole slices added.

    each number has an index of its own     x (outer, n, m), index (outer, k, m):   x[o, index[o, j, i], i]
    a slice has one index                   x (outer, n, m), index (k,):            x[o, index[j], :]

An index is one of NumPy's: it has been looked at, and lies in range.  What is added to one place is added in the
order in which it lies, so the bits are those of `numpy.add.at`.  Pieces are counted through outer and tiles of
`width` columns, so that no two threads write to one place.
"""

from typing import Any

import numpy as np

from minigrad.kernels.machine.team import shared

Array = np.ndarray[Any, Any]


@shared
def take(x: Array, index: Array, out: Array, width: int, seat: int, start: int, stop: int) -> None:
    """out[o, j, i] = x[o, index[o, j, i], i]."""
    k, m = index.shape[1:]
    if m == 1:
        for o in range(start, stop):
            row, at, to = x[o, :, 0], index[o, :, 0], out[o, :, 0]
            for j in range(k):
                to[j] = row[np.uintp(at[j])]
        return
    tiles = (m + width - 1) // width
    for t in range(start, stop):
        o, left = t // tiles, t % tiles * width
        for j in range(k):
            for i in range(left, min(m, left + width)):
                out[o, j, i] = x[o, np.uintp(index[o, j, i]), i]


@shared
def reverse(x: Array, out: Array, seat: int, start: int, stop: int) -> None:
    """out[o, j] = x[o, -1 - j]."""
    n = x.shape[1]
    for o in range(start, stop):
        row, to = x[o], out[o]
        for j in range(n):
            to[j] = row[
                np.uintp(n - 1 - j)
            ]  # without a sign there is nothing to count from the end


@shared
def write(x: Array, index: Array, out: Array, width: int, seat: int, start: int, stop: int) -> None:
    """out[o, index[o, j, i], i] = x[o, j, i]."""
    k, m = index.shape[1:]
    if m == 1:
        for o in range(start, stop):
            row, at, to = x[o, :, 0], index[o, :, 0], out[o, :, 0]
            for j in range(k):
                to[np.uintp(at[j])] = row[j]
        return
    tiles = (m + width - 1) // width
    for t in range(start, stop):
        o, left = t // tiles, t % tiles * width
        for j in range(k):
            for i in range(left, min(m, left + width)):
                out[o, np.uintp(index[o, j, i]), i] = x[o, j, i]


@shared
def add(x: Array, index: Array, out: Array, width: int, seat: int, start: int, stop: int) -> None:
    """out[o, index[o, j, i], i] += x[o, j, i]."""
    k, m = index.shape[1:]
    if m == 1:
        for o in range(start, stop):
            row, at, to = x[o, :, 0], index[o, :, 0], out[o, :, 0]
            for j in range(k):
                to[np.uintp(at[j])] += row[j]
        return
    tiles = (m + width - 1) // width
    for t in range(start, stop):
        o, left = t // tiles, t % tiles * width
        for j in range(k):
            for i in range(left, min(m, left + width)):
                out[o, np.uintp(index[o, j, i]), i] += x[o, j, i]


@shared
def add_slices(
    x: Array, index: Array, out: Array, width: int, seat: int, start: int, stop: int
) -> None:
    """out[o, index[j], :] += x[o, j, :]."""
    k, m = len(index), x.shape[2]
    if m == 1:
        for o in range(start, stop):
            row, to = x[o, :, 0], out[o, :, 0]
            for j in range(k):
                to[np.uintp(index[j])] += row[j]
        return
    tiles = (m + width - 1) // width
    for t in range(start, stop):
        o, left = t // tiles, t % tiles * width
        right = min(m, left + width)
        for j in range(k):
            to, row = out[o, np.uintp(index[j]), left:right], x[o, j, left:right]
            for i in range(row.size):
                to[i] += row[i]

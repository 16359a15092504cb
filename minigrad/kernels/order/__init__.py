"""Rows of many numbers in order; few are left to NumPy.

NaN counts as the largest, and equal numbers keep their order.
"""

import os
from typing import Any

import numpy as np

from minigrad.kernels.machine import threads
from minigrad.kernels.machine.scratch import keep_memory

Array = np.ndarray[Any, Any]

MANY = 1 << 13  # numbers above which a compiled loop pays, and loading it too
MOST = 64  # elements that are kept in order while a row is gone through; for more, all are sorted
SHORT = 32  # numbers of a row up to which it is quicker to sort all of it
LONG = 384  # numbers of a row above which sorting by digits is quicker
_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
_BITS = {4: np.int32, 8: np.int64}


def _rows(x: Array, dim: int) -> Array:
    """x with a dimension as rows of a matrix, its numbers' bits as integers."""
    moved = np.ascontiguousarray(np.moveaxis(x, dim, -1))
    return moved.reshape(-1, x.shape[dim]).view(_BITS[x.dtype.itemsize])


def _placed(rows: Array, x: Array, dim: int) -> Array:
    """Rows of answers as the array they belong to: x's shape, but along the dimension."""
    rest = x.shape[:dim] + x.shape[dim + 1 :]
    return np.ascontiguousarray(np.moveaxis(rows.reshape(*rest, -1), -1, dim))


def largest(x: Array, dim: int, k: int, largest: bool) -> Array | None:
    """The places along a dimension of the k largest, or smallest, numbers in order; None where NumPy is to do it."""
    if x.size <= MANY or x.dtype.char not in "fdil" or k < 1 or _INTERPRETED:
        return None
    if k > MOST or (x.shape[dim] <= SHORT and x.dtype.char in "fi"):
        return sort(x, dim, largest, 0, k)
    from minigrad.kernels.order import loops  # the first need of Numba

    keep_memory()
    rows = _rows(x, dim)
    indices = np.empty((len(rows), k), np.int64)
    arguments = rows, x.dtype.kind == "f", 0 if largest else -1, k, indices
    threads.share(loops.largest[rows.dtype], arguments, len(rows), x.size * 2)
    return _placed(indices, x, dim)


def sort(x: Array, dim: int, descending: bool, first: int, count: int) -> Array | None:
    """The places along a dimension of the numbers of ranks first to first + count; None where NumPy is to do it."""
    if x.size <= MANY or x.dtype.char not in "fi" or x.shape[dim] >= 1 << 32 or _INTERPRETED:
        return None
    from minigrad.kernels.order import loops

    keep_memory()
    rows = _rows(x, dim)
    indices = np.empty((len(rows), count), np.int64)
    arguments = rows, x.dtype.kind == "f", -1 if descending else 0, first, indices
    if x.shape[dim] > LONG:
        threads.share(loops.sort, arguments, len(rows), x.size * 10)
    else:
        threads.share(loops.sort_short, arguments, len(rows), x.size * 3, step=loops.LANES)
    return _placed(indices, x, dim)

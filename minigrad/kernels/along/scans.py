"""Compiled loops along one dimension: running sums, products and extremes, products of rows.

    x (outer, n, m)     m == 1: rows, four of which are gone through at a time, as each number waits for the last
                        m > 1:  columns, `width` of which are one line of running numbers

Running sums and products are kept in float64 and in order, so that they have the bits of NumPy's `accumulate`.
"""

from typing import Any

import numpy as np

from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.team import INTERPRETED, copied, shared

Array = np.ndarray[Any, Any]
f64 = np.float64
SHORT = 64  # numbers of a row up to which four rows side by side are quicker than vectors along one


@helper
def _plus(total: Any, x: Any) -> Any:
    return total + x


@helper
def _times(total: Any, x: Any) -> Any:
    return total * x


# What the copies that `copied` makes of the following have under these names.
combine: Any = None
identity: Any = None


def _rows(x: Array, back: bool, out: Array, seat: int, start: int, stop: int) -> None:
    """What comes of more and more numbers of each row of x (rows, n), or with `back` from its end."""
    n = x.shape[1]
    first, step = (n - 1, -1) if back else (0, 1)
    i = start
    while i + 4 <= stop:
        a = b = c = d = f64(identity)
        j = first
        for _ in range(n):
            a, b = combine(a, f64(x[i, j])), combine(b, f64(x[i + 1, j]))
            c, d = combine(c, f64(x[i + 2, j])), combine(d, f64(x[i + 3, j]))
            out[i, j], out[i + 1, j], out[i + 2, j], out[i + 3, j] = a, b, c, d
            j += step
        i += 4
    while i < stop:
        a = f64(identity)
        j = first
        for _ in range(n):
            a = combine(a, f64(x[i, j]))
            out[i, j] = a
            j += step
        i += 1


def _columns(
    x: Array, back: bool, out: Array, width: int, seat: int, start: int, stop: int
) -> None:
    """The same down columns of x (outer, n, m).  Pieces are counted through outer and tiles of `width` columns."""
    n, m = x.shape[1:]
    tiles, work = (m + width - 1) // width, np.empty(width, f64)
    for k in range(start, stop):
        outer, left = k // tiles, k % tiles * width
        total = work[: min(m - left, width)]
        total[:] = identity
        for i in range(n):
            at = n - 1 - i if back else i
            row, to = (
                x[outer, at, left : left + total.size],
                out[outer, at, left : left + total.size],
            )
            for j in range(total.size):
                total[j] = combine(total[j], f64(row[j]))
                to[j] = total[j]


def _made(template: Any, like: Any, start: float) -> Any:
    function = like if INTERPRETED else like.py_func
    name = f"{template.__name__.strip('_')}"
    return shared(copied(template, function, name, combine=like, identity=start))


# -0.0 + x is x, for 0.0 too.
sum_rows, sum_columns = _made(_rows, _plus, -0.0), _made(_columns, _plus, -0.0)
product_rows, product_columns = _made(_rows, _times, 1.0), _made(_columns, _times, 1.0)


# ------------------------------------------------------------------------------ products
@helper(reassociate=True)
def _product(row: Array) -> Any:
    """The product of a row, in any order."""
    found = row.dtype.type(1)
    for j in range(row.size):
        found *= row[j]
    return found


@shared
def products(x: Array, out: Array, seat: int, start: int, stop: int) -> None:
    """The product of each row of x (rows, n)."""
    n, one = x.shape[1], x.dtype.type(1)
    i = start
    if n < SHORT:
        while i + 4 <= stop:
            a = b = c = d = one
            for j in range(n):
                a, b, c, d = a * x[i, j], b * x[i + 1, j], c * x[i + 2, j], d * x[i + 3, j]
            out[i], out[i + 1], out[i + 2], out[i + 3] = a, b, c, d
            i += 4
    while i < stop:
        out[i] = _product(x[i])
        i += 1


# ------------------------------------------------------------------------------ running extremes
@shared
def extreme_rows(
    x: Array, sign: int, values: Array, indices: Array, seat: int, start: int, stop: int
) -> None:
    """The running largest (sign 1) or smallest (-1) number of each row and its place: the last of several.

    From the first NaN on all are NaN, each at its place or, where there is a number, at the last NaN's.
    """
    n, up = x.shape[1], x.dtype.type(sign)
    for i in range(start, stop):
        row, top, place = x[i], indices[i], 0
        j = 0
        while j < n:
            best = row[j]
            place = j
            values[i, j], top[j] = best, place
            j += 1
            # How far it reaches is worth a branch: among many numbers a new extreme is rare.
            while j < n and not (row[j] * up >= best * up or row[j] != row[j]):
                values[i, j], top[j] = best, place
                j += 1


@shared
def extreme_columns(
    x: Array,
    sign: int,
    values: Array,
    indices: Array,
    width: int,
    seat: int,
    start: int,
    stop: int,
) -> None:
    """`extreme_rows` down columns of x (outer, n, m).  Pieces: through outer and tiles of `width` columns."""
    n, m = x.shape[1:]
    tiles, up = (m + width - 1) // width, x.dtype.type(sign)
    for k in range(start, stop):
        outer, left = k // tiles, k % tiles * width
        right = min(m, left + width)
        values[outer, 0, left:right] = x[outer, 0, left:right]
        indices[outer, 0, left:right] = 0
        for i in range(1, n):
            row, best = x[outer, i, left:right], values[outer, i - 1, left:right]
            place, to = indices[outer, i - 1, left:right], values[outer, i, left:right]
            at = indices[outer, i, left:right]
            for j in range(row.size):
                more = (row[j] * up >= best[j] * up) | (row[j] != row[j])
                to[j] = row[j] if more else best[j]
                at[j] = i if more else place[j]

"""Compiled loops over the rows of a matrix: sums, the largest element, softmax and its kin.

    x (n, m), C-contiguous float32 or float64; a call takes the rows from `start` to `stop`

Short rows leave nothing for vectors along them.  So exponentials, the dear part, are taken over all numbers of a
piece of rows at once, flat; only maxima and sums go row by row.
"""

import functools
from typing import Any

import numpy as np

from minigrad.kernels.elementwise.loops import exp
from minigrad.kernels.machine.jit import compiled, helper
from minigrad.kernels.machine.lines import ENTRY, lines
from minigrad.kernels.machine.team import (
    INTERPRETED,
    advance,
    by_address,
    copied,
    read,
    shared,
    store,
)

__all__ = ["INTERPRETED", "by_address"]

Array = np.ndarray[Any, Any]
f64 = np.float64
double = np.dtype(np.float64)


# ------------------------------------------------------------------------------ sums
@helper(reassociate=True)
def total(row: Array) -> Any:
    """The sum of a row, in any order."""
    found = row.dtype.type(0)
    for j in range(row.size):
        found += row[j]
    return found


@shared
def row_sums(x: Array, out: Array, seat: int, start: int, stop: int) -> None:
    """The sum of each row.  out: (n,) float64."""
    for i in range(start, stop):
        out[i] = total(x[i])


@shared
def block_sums(x: Array, out: Array, length: int, seat: int, start: int, stop: int) -> None:
    """Sums of blocks of `length` along the rows.  out: (n, blocks) float64, of which those from start to stop."""
    m, blocks = x.shape[1], out.shape[1]
    for k in range(start, stop):
        i, first = k // blocks, k % blocks * length
        out[i, k % blocks] = total(x[i, first : min(m, first + length)])


@helper(reassociate=True)
def squared(row: Array) -> Any:
    """The sum of the squares of a row, in any order."""
    found = row.dtype.type(0)
    for j in range(row.size):
        found += row[j] * row[j]
    return found


DONE, SUM = 3, 4  # places in the table of `_line_sum`
# What the copies that `copied` makes of it have under these names: a dtype, and `total` or `squared`.
kind: Any = None
of_row: Any = None


def _line_sum(_: Any, __: Any, place: Any, seat: Any, begin: Any, end: Any) -> Any:
    """Add up blocks of a line, from block `begin` to `end`; whoever does the last adds up all blocks' sums.

    The table at `place`: size, block, line, blocks done (0 before and after), the sum, and room for the blocks' sums
    in float64.
    """
    size, block, line = read(place, 3)
    blocks = (size + block - 1) // block
    (sums,) = lines(double, (place,), SUM + 1, blocks)
    for k in range(begin, end):
        (row,) = lines(kind, (line,), k * block, min(block, size - k * block))
        sums[k] = of_row(row)
    if advance(place, DONE, end - begin) == blocks - (end - begin):
        (answer,) = lines(kind, (place + 8 * SUM,), 0, 1)
        answer[0] = total(sums)
        store(place, DONE, 0)
    return np.int32(0)


@functools.cache
def line_sum(dtype: str, square: bool) -> int:
    """The address of `_line_sum` for a line of this dtype; of the squares of its numbers?"""
    names = {"kind": np.dtype(dtype), "of_row": squared if square else total}
    return compiled(ENTRY, copied(_line_sum, _line_sum, f"{dtype}{square}", **names))


@shared
def column_sums(
    x: Array, out: Array, height: int, width: int, seat: int, start: int, stop: int
) -> None:
    """Sums down columns.  x: (outer, n, m); out: (outer, blocks of `height` rows, m) float64.

    Pieces from start to stop, counted through outer, blocks and tiles of `width` columns.
    """
    n, m = x.shape[1:]
    tiles, blocks, work = (m + width - 1) // width, out.shape[1], np.empty(width, x.dtype)
    for k in range(start, stop):
        outer, rest = k // (blocks * tiles), k % (blocks * tiles)
        block, left = rest // tiles, rest % tiles * width
        sums = out[outer, block, left : min(m, left + width)]
        acc = work[: sums.size]
        sums[:] = 0
        for first in range(block * height, min(n, (block + 1) * height), 64):
            acc[:] = 0
            for i in range(first, min(n, (block + 1) * height, first + 64)):
                row = x[outer, i, left : left + sums.size]
                for j in range(acc.size):
                    acc[j] += row[j]
            for j in range(acc.size):
                sums[j] += acc[j]


# ------------------------------------------------------------------------------ extremes
@shared
def extremes(
    x: Array, sign: int, values: Array, indices: Array, seat: int, start: int, stop: int
) -> None:
    """The largest (sign 1) or smallest (-1) number of each row and its place: the first of several, NaN before all."""
    up = x.dtype.type(sign)
    for i in range(start, stop):
        row = x[i]
        best = row[0] * up
        for j in range(1, row.size):
            value = row[j] * up
            best = value if (value > best) | (value != value) else best
        place = 0
        for j in range(
            row.size - 1, -1, -1
        ):  # a choice, not a branch: which it is cannot be guessed
            value = row[j] * up
            place = j if (value == best) | (value != value) else place
        values[i] = row[place]
        indices[i] = place


@shared
def column_extremes(
    x: Array,
    sign: int,
    values: Array,
    indices: Array,
    height: int,
    width: int,
    seat: int,
    start: int,
    stop: int,
) -> None:
    """`extremes` down blocks of `height` rows of x (outer, n, m).  values, indices: (outer, blocks, m).

    Pieces from start to stop, counted through outer, blocks and tiles of `width` columns.
    """
    n, m = x.shape[1:]
    tiles, blocks = (m + width - 1) // width, values.shape[1]
    up = x.dtype.type(sign)
    for k in range(start, stop):
        outer, rest = k // (blocks * tiles), k % (blocks * tiles)
        block, left = rest // tiles, rest % tiles * width
        best = values[outer, block, left : min(m, left + width)]
        place = indices[outer, block, left : left + best.size]
        best[:] = x[outer, block * height, left : left + best.size]
        place[:] = block * height
        for i in range(block * height + 1, min(n, (block + 1) * height)):
            row = x[outer, i, left : left + best.size]
            for j in range(best.size):
                more = (row[j] * up > best[j] * up) | ((row[j] != row[j]) & (best[j] == best[j]))
                best[j] = row[j] if more else best[j]
                place[j] = i if more else place[j]


# ------------------------------------------------------------------------------ softmax
@helper
def _less_largest(x: Array, out: Array) -> None:
    """Each row less its largest number; where there is a NaN, the sum that follows is NaN whatever is taken off."""
    m = x.shape[1]
    lanes = np.empty(64, x.dtype)
    wide = m // lanes.size * lanes.size if m >= 2 * lanes.size else 0
    for i in range(x.shape[0]):
        row, to = x[i], out[i]
        top = row[m - 1]
        if wide:
            lanes[:] = row[: lanes.size]
            for first in range(lanes.size, wide, lanes.size):
                part = row[first : first + lanes.size]
                for j in range(lanes.size):
                    lanes[j] = part[j] if part[j] > lanes[j] else lanes[j]
            for j in range(lanes.size):
                top = lanes[j] if lanes[j] > top else top
        rest = row[wide:]
        for j in range(rest.size):
            top = rest[j] if rest[j] > top else top
        for j in range(row.size):
            to[j] = row[j] - top


@shared
def softmax(x: Array, out: Array, step: int, seat: int, start: int, stop: int) -> None:
    """e ** x over its sum, by rows; `step` rows at a time."""
    for first in range(start, stop, step):
        piece = out[first : min(stop, first + step)]
        _less_largest(x[first : min(stop, first + step)], piece)
        flat = piece.reshape(-1)
        for j in range(flat.size):
            flat[j] = exp(flat[j])
        for i in range(piece.shape[0]):
            row = piece[i]
            scale = x.dtype.type(1) / total(row)
            for j in range(row.size):
                row[j] *= scale


@shared
def log_softmax(x: Array, out: Array, step: int, seat: int, start: int, stop: int) -> None:
    """x less the logarithm of the sum of e ** x, by rows; `step` rows at a time."""
    work = np.empty((step, x.shape[1]), x.dtype)
    for first in range(start, stop, step):
        piece = out[first : min(stop, first + step)]
        _less_largest(x[first : min(stop, first + step)], piece)
        flat, powers = piece.reshape(-1), work.reshape(-1)
        for j in range(flat.size):
            powers[j] = exp(flat[j])
        for i in range(piece.shape[0]):
            row, scale = piece[i], np.log(total(work[i]))
            for j in range(row.size):
                row[j] -= scale


@helper(reassociate=True)
def dot(a: Array, b: Array) -> Any:
    """The sum of products of two rows, in any order."""
    found = a.dtype.type(0)
    for j in range(a.size):
        found += a[j] * b[j]
    return found


@shared
def softmax_backward(
    g: Array, answer: Array, out: Array, step: int, seat: int, start: int, stop: int
) -> None:
    """(g - sum(g * answer)) * answer, by rows."""
    for i in range(start, stop):
        pull, y, to = g[i], answer[i], out[i]
        mean = dot(pull, y)
        for j in range(y.size):
            to[j] = (pull[j] - mean) * y[j]


@shared
def log_softmax_backward(
    g: Array, answer: Array, out: Array, step: int, seat: int, start: int, stop: int
) -> None:
    """g - e ** answer * sum(g), by rows; `step` rows at a time."""
    for first in range(start, stop, step):
        last = min(stop, first + step)
        flat, logs = out[first:last].reshape(-1), answer[first:last].reshape(-1)
        for j in range(flat.size):
            flat[j] = exp(logs[j])
        for i in range(first, last):
            pull, to = g[i], out[i]
            mass = total(pull)
            for j in range(pull.size):
                to[j] = pull[j] - to[j] * mass

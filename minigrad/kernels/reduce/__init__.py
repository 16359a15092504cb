"""Sums, extremes and softmax of large arrays: the loops of `rows`, on several threads.

A sum is cut into blocks whose bounds follow from the shape alone; each block is added up by one thread and the sums
of blocks are added in float64, in order.  So the bits do not depend on the threads, and errors do not grow with
the size.
"""

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels.machine import threads
from minigrad.kernels.machine.arguments import address, addressof, is_line, number_at, table

Array = np.ndarray[Any, Any]

MANY = 1 << 15  # numbers from which on compiled loops pay, and loading them too
SOME = 1 << 13  # and those of softmax, for which NumPy goes over its numbers some five times
BLOCK = 1 << 14  # numbers along a row that are added up before they go to float64
HEIGHT, WIDTH = 1 << 9, 1 << 8  # rows and columns of the tiles in which columns are added up
PIECE = 1 << 12  # numbers of softmax in work at a time: they stay in the first-level cache
LONG = 64  # rows from here on are NumPy's: it finds extremes with vectors


def many(x: Any) -> bool:
    """Whether there are loops for it, and they pay: an array, contiguous, of float32 or float64."""
    return x.size > MANY and is_line(x)


def some(x: Any) -> bool:
    """`many`, for softmax and its kin."""
    return x.size > SOME and is_line(x)


def all_added(x: Array, square: bool = False, over: int = 1) -> Array:
    """The sum of all numbers of a C-contiguous array of float32 or float64, or of their squares, as a 0-d array.

    over: what the sum is divided by.
    """
    line = _line(x.size, x.dtype.char, square)
    if not line.entry:
        return add_up(x * x if square else x, None, False) / x.dtype.type(over)
    spare = line.spare
    try:
        job, arguments, answer = spare.pop()
    except IndexError:
        job = table(x.size, BLOCK, 0, 0, 0, room=line.blocks)
        arguments = line.entry, addressof(job)
        answer = number_at[x.dtype.char](arguments[1] + line.place)
    job[2] = address(x)
    threads.share(line.kernel, arguments, line.blocks, line.cost)
    found = np.array(answer.value / over, x.dtype)
    spare.append((job, arguments, answer))
    return found


class _Line(NamedTuple):
    """What is known before of how a line of some size is added up, and tables for it that nobody is using.

    Python finds nothing in the caches after a pass over numbers that fill them: so it should look at little.
    """

    kernel: Any
    entry: int
    place: int
    blocks: int
    cost: float
    spare: list[Any]


@functools.lru_cache(64)
def _line(size: int, kind: str, square: bool) -> _Line:
    rows = _rows()
    entry = 0 if rows.INTERPRETED else rows.line_sum(kind, square)
    return _Line(rows.by_address, entry, 8 * rows.SUM, -(-size // BLOCK), size * 0.04, [])


@functools.cache
def _rows() -> Any:
    """The module of the loops: the first need of Numba."""
    from minigrad.kernels.reduce import rows

    return rows


def add_up(x: Array, axis: Any, keepdims: bool) -> Array:
    """np.add.reduce of a C-contiguous array of float32 or float64."""
    plan = _plan(x.shape, axis)
    sums = _down_columns(x.reshape(plan.cube)) if plan.down else _along_rows(x.reshape(plan.cube))
    if plan.more:
        sums = np.add.reduce(sums.reshape(plan.left), axis=plan.more)
    return sums.reshape(plan.kept if keepdims else plan.shape).astype(x.dtype)


class _Plan(NamedTuple):
    """How a sum is made: the first of its dimensions by compiled loops, others of what is left by NumPy.

    cube: x's shape for the loops, (rows, columns) or, to add `down` columns, (outer, rows, columns); left: the shape
    of the loops' sums and `more`, the dimensions of it to be summed; the answer's shape, and with dims `kept`.
    """

    down: bool
    cube: tuple[int, ...]
    left: tuple[int, ...]
    more: tuple[int, ...]
    shape: tuple[int, ...]
    kept: tuple[int, ...]


@functools.lru_cache(256)
def _plan(shape: tuple[int, ...], axis: Any) -> _Plan:
    if axis is None:
        axes = tuple(range(len(shape)))
    else:
        axes = tuple(a % len(shape) for a in (axis if isinstance(axis, tuple) else (axis,)))
    groups = _groups(shape, axes)
    if not any(
        reduced for reduced, _ in groups
    ):  # as if the last dimension, of size 1, were added up
        groups.append((True, 1))
    down = not groups[-1][0]
    done = groups.pop(-2 if down else -1)[1]
    left = tuple(size for _, size in groups)
    cube = (math.prod(left[:-1]), done, left[-1]) if down else (math.prod(left), done)
    return _Plan(
        down,
        cube,
        left,
        tuple(i for i, (reduced, _) in enumerate(groups) if reduced),
        tuple(s for i, s in enumerate(shape) if i not in axes),
        tuple(1 if i in axes else s for i, s in enumerate(shape)),
    )


def _groups(shape: tuple[int, ...], axes: tuple[int, ...]) -> list[tuple[bool, int]]:
    """Neighbouring dimensions that are reduced, or kept, made one: [(whether reduced, size)]."""
    groups: list[tuple[bool, int]] = []
    for i, size in enumerate(shape):
        if size == 1:
            continue
        reduced = i in axes
        if groups and groups[-1][0] == reduced:
            groups[-1] = (reduced, groups[-1][1] * size)
        else:
            groups.append((reduced, size))
    return groups


def _along_rows(x: Array) -> Array:
    """The sums of rows, in float64."""
    rows = _rows()

    n, m = x.shape
    if m <= BLOCK:
        out = np.empty(n)
        threads.share(rows.row_sums, (x, out), n, x.size * 0.1)
        return out
    parts = np.empty((n, -(-m // BLOCK)))
    threads.share(rows.block_sums, (x, parts, BLOCK), parts.size, x.size * 0.1)
    return np.add.reduce(parts, axis=1)


def _down_columns(x: Array) -> Array:
    """Of x (outer, n, m) the sums over n, in float64."""
    rows = _rows()

    outer, n, m = x.shape
    if m < WIDTH // 2 and n >= WIDTH:  # several short rows are one long one
        side = WIDTH // m
        rest = np.add.reduce(x[:, n // side * side :], axis=1, dtype=np.float64)
        many = np.ascontiguousarray(x[:, : n // side * side]).reshape(outer, -1, side * m)
        return rest + np.add.reduce(_down_columns(many).reshape(outer, side, m), axis=1)
    blocks = -(-n // HEIGHT)
    out = np.empty((outer, blocks, m))
    tiles = outer * blocks * -(-m // WIDTH)
    threads.share(rows.column_sums, (x, out, HEIGHT, WIDTH), tiles, x.size * 0.1)
    return out[:, 0] if blocks == 1 else np.add.reduce(out, axis=1)


def extreme(x: Array, sign: int, dim: int) -> tuple[Array, Array]:
    """The largest (sign 1) or smallest (-1) number along a dimension, and where: the first of several.

    NaN comes before all others.  x: C-contiguous, float32 or float64; answers its shape without the dimension.
    """
    rows = _rows()

    if dim < x.ndim - 1:
        return _down(x, sign, dim)
    flat = np.asarray(x).reshape(-1, x.shape[-1])
    values, indices = np.empty(len(flat), x.dtype), np.empty(len(flat), np.int64)
    if x.shape[-1] < LONG:
        threads.share(rows.extremes, (flat, sign, values, indices), len(flat), x.size * 1.0)
        return values.reshape(x.shape[:-1]), indices.reshape(x.shape[:-1])

    def task(start: int, stop: int) -> None:
        part = flat[start:stop]
        found = (np.argmax if sign > 0 else np.argmin)(part, axis=1, out=indices[start:stop])
        values[start:stop] = part[np.arange(stop - start), found]

    threads.run(task, len(flat), x.size * 1.0)
    return values.reshape(x.shape[:-1]), indices.reshape(x.shape[:-1])


def _down(x: Array, sign: int, dim: int) -> tuple[Array, Array]:
    """`extreme` along a dimension that is not the last: columns are compared row by row."""
    shape = x.shape[:dim] + x.shape[dim + 1 :]
    cube = np.asarray(x).reshape(
        math.prod(x.shape[:dim]), x.shape[dim], math.prod(x.shape[dim + 1 :])
    )
    values, indices = _down_cube(cube, sign)
    return values.reshape(shape), indices.reshape(shape)


def _down_cube(x: Array, sign: int) -> tuple[Array, Array]:
    """Extremes of x (outer, n, m) over n, and where: two arrays (outer, m)."""
    rows = _rows()

    outer, n, m = x.shape
    if m < WIDTH // 2 and n >= WIDTH:  # several short rows are one long one
        side = WIDTH // m
        whole = n // side * side
        many = np.ascontiguousarray(x[:, :whole]).reshape(outer, -1, side * m)
        values, indices = (a.reshape(outer, side, m) for a in _down_cube(many, sign))
        indices = indices * side + np.arange(side)[:, None]
        if whole < n:
            places = np.broadcast_to(np.arange(whole, n)[:, None], (outer, n - whole, m))
            values = np.concatenate([values, x[:, whole:]], 1)
            indices = np.concatenate([indices, places], 1)
        return _first_of_best(values, indices, sign)
    blocks = -(-n // HEIGHT)
    values, indices = np.empty((outer, blocks, m), x.dtype), np.empty((outer, blocks, m), np.int64)
    columns = x, sign, values, indices, HEIGHT, WIDTH
    threads.share(rows.column_extremes, columns, outer * blocks * -(-m // WIDTH), x.size * 0.3)
    return _first_of_best(values, indices, sign) if blocks > 1 else (values[:, 0], indices[:, 0])


def _first_of_best(values: Array, places: Array, sign: int) -> tuple[Array, Array]:
    """Of candidates (outer, k, m) the extreme over k, and the first of its places; NaN before all others."""
    best = (np.maximum if sign > 0 else np.minimum).reduce(values, axis=1)
    equal = (values == best[:, None]) | np.isnan(values)
    first = np.where(equal, places, np.iinfo(np.int64).max).argmin(axis=1)[:, None]
    # Not best itself: of zeros of both signs it may be the other one.
    found, where = (np.take_along_axis(a, first, 1)[:, 0] for a in (values, places))
    return found, where


def softmax_family(name: str, dim: int, x: Array, *others: Array) -> Array:
    """The loop of softmax's family of that name, along a dimension of x and arrays of its shape."""
    out = np.empty(x.shape, x.dtype)
    arrays = [np.ascontiguousarray(a) for a in (x, *others, out)]
    n, m = x.shape[dim], math.prod(x.shape[dim + 1 :])
    if m == 1:
        flat = [a.reshape(-1, n) for a in arrays]
        step = max(1, PIECE // n)
        threads.share(getattr(_rows(), name), (*flat, step), len(flat[0]), x.size)
        return out
    down(name, *[a.reshape(-1, n, m) for a in arrays])
    return out


def down(name: str, x: Array, *others: Array) -> None:
    """Have the loop of that name in `columns` done with x (outer, n, m) and others."""
    n, m = x.shape[1:]
    width = min(m, max(64, min(WIDTH, 2 * PIECE // n)))
    tiles = len(x) * -(-m // width)
    threads.share(getattr(_columns(), name), (x, *others, width), tiles, x.size)


@functools.cache
def _columns() -> Any:
    """The module of the loops down columns."""
    from minigrad.kernels.reduce import columns

    return columns

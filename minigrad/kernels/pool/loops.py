"""Pooling of large tensors: one loop over windows for planes of any shape, L planes at once.

    planes p .. p + L          vectors of L lanes                              planes
    |#### band ####|   turn    pixels i .. j     join     outputs o .. p     turn    |## band ##|
    |              |  ----->   of the band     ------->   of the band       ------>  |          |

A task is a band of rows of the answer for L planes: its vectors fit into the second-level cache,
and each number of an answer is made by one task, in one order: threads share tasks out as they
like and give the same bits.  All is told by addresses and distances in bytes; for spans and bands
see `windows`.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import types

from minigrad.kernels.machine import registers, simd
from minigrad.kernels.machine.arguments import address, fields
from minigrad.kernels.machine.jit import compiled, helper
from minigrad.kernels.machine.lanes import add, contest, divide, full, kind_of, load, move, store
from minigrad.kernels.machine.simd import call, look
from minigrad.kernels.machine.team import by_address, read, shared
from minigrad.kernels.pool.windows import Window

POSITION = np.dtype(np.float32)  # numbers of as many bytes as a position has
# x and y are what is read and written, n and m their pixels, in three dimensions or all; room: bytes for vectors.
_Windows = fields(
    "n0 n1 n2 m0 m1 m2 d0 d1 d2 n m spans span_lines most divisors divisor_line bands count by_rows lanes"
    " turn turn_positions room room_x room_y"
)
_Task = fields("windows planes x y at memory")
_COUNT, _TASK = len(_Windows._fields), len(_Task._fields)


class Told(NamedTuple):
    """A kernel, and what it reads of windows."""

    by_address: Any  # carries out machine code
    entry: int  # the address of the kernel's
    at: int  # and of the windows' table
    room: int  # bytes of work memory of a thread
    group: int  # planes of a task
    bands: int
    held: Any  # what the addresses point to


def told(kernel: Callable[[Any], int], window: Window, dtype: Any, back: bool) -> Told:
    """A kernel below and the table of windows on numbers of `dtype`, by bands of its answer: the input if `back`."""
    item, vector = dtype.itemsize, registers.BYTES
    lanes = vector // item
    (n0, n1, n2), (m0, m1, m2), steps = window.three
    bands = window.back_bands if back else window.bands
    rows_y, rows_x = bands.room[::-1] if back else bands.room
    room_x, room_y = rows_x * n1 * n2 * vector, rows_y * m1 * m2 * vector
    turns = [simd.address("turn", lanes, 0, kind) for kind in (dtype, POSITION)]
    tables = [
        np.ascontiguousarray(a, np.int64) for a in (window.spans, window.divisors, bands.table)
    ]
    spans, divisors, rows = tables
    room = room_x + 2 * room_y
    table = np.array([
        n0, n1, n2, m0, m1, m2, *steps, n0 * n1 * n2, m0 * m1 * m2, address(spans), len(spans), spans.shape[2],
        address(divisors), divisors.shape[1], address(rows), len(rows), window.by_rows,
        lanes, *turns, room, room_x, room_y,
    ])  # fmt: skip
    group = lanes if len(spans) == 1 else 1
    return Told(by_address, kernel(dtype), address(table), room, group, len(rows), (table, *tables))


@helper
def _begun(w: Any, planes: int, u: int) -> Any:
    """(first plane, how many, *band, spans, their length) of task u: a plane alone if each has its own windows."""
    group = w.lanes if w.span_lines == 1 else 1
    plane, band = u // w.count * group, w.bands + u % w.count * 32
    line = 16 * w.most
    spans = w.spans + plane % w.span_lines * 3 * line
    ends = look(band, 0), look(band, 1), look(band, 2), look(band, 3)
    return plane, min(group, planes - plane), ends, (spans, spans + line, spans + 2 * line)


@helper
def _turned(kind: Any, turn: int, item: int, x: int, next_x: int, y: int, many: int, count: int,
            to_planes: bool) -> None:  # fmt: skip
    """`count` pixels of `many` planes x as vectors y, or the way back; what is no whole tile number by number."""
    lanes = len(kind)
    vector = lanes * item
    whole = count // lanes * lanes if many == lanes else 0
    for i in range(0, whole, lanes):
        if to_planes:
            call(turn, (y + i * vector, vector, x + i * item, next_x))
        else:
            call(turn, (x + i * item, next_x, y + i * vector, vector))
    for plane in range(many):
        for i in range(whole, count):
            number, lane = x + plane * next_x + i * item, y + i * vector + plane * item
            if to_planes:
                move(kind, lane, number)
            else:
                move(kind, number, lane)


@functools.cache
def maximum(dtype: Any) -> int:
    """The address of: y, the greatest number of each window; at, its place: of several the first, or the last NaN."""
    count, task, vector, item = _COUNT, _TASK, registers.BYTES, dtype.itemsize
    lanes, position = vector // item, POSITION.itemsize
    row = position * lanes
    kind, where_kind, lowest = kind_of(dtype, lanes), kind_of(np.int32, lanes), dtype.type(-np.inf)

    def maximum(_, __, place, seat, u0, u1):  # type: ignore[no-untyped-def]
        t = _Task(*read(place, task))
        w = _Windows(*read(t.windows, count))
        pixels = t.memory + seat * w.room
        answers = pixels + w.room_x
        places = answers + w.room_y
        for u in range(u0, u1):
            p, many, (o, o_end, i, i_end), (rows, columns, lines) = _begun(w, t.planes, u)
            first = i * w.n1 * w.n2
            _turned(kind, w.turn, item, t.x + (p * w.n + first) * item, w.n * item, pixels, many,
                    (i_end - i) * w.n1 * w.n2, False)  # fmt: skip
            j = 0
            for o0 in range(o, o_end):
                a0, b0 = look(rows, 2 * o0), look(rows, 2 * o0 + 1)
                for o1 in range(w.m1):
                    a1, b1 = look(columns, 2 * o1), look(columns, 2 * o1 + 1)
                    for o2 in range(w.m2):
                        a2, b2 = look(lines, 2 * o2), look(lines, 2 * o2 + 1)
                        best: Any = full(kind, lowest)
                        where = full(where_kind, min((a0 * w.n1 + a1) * w.n2 + a2, w.n - 1))
                        i0 = a0
                        while i0 < b0:
                            i1 = a1
                            while i1 < b1:
                                c, stop = (i0 * w.n1 + i1) * w.n2 + a2, (i0 * w.n1 + i1) * w.n2 + b2
                                while c < stop:
                                    new = load(kind, pixels + (c - first) * vector)
                                    best, where = contest(new, c, best, where)
                                    c += w.d2
                                i1 += w.d1
                            i0 += w.d0
                        store(best, answers + j * vector)
                        store(where, places + j * row)
                        j += 1
            to = p * w.m + o * w.m1 * w.m2
            _turned(kind, w.turn, item, t.y + to * item, w.m * item, answers, many, j, True)
            _turned(where_kind, w.turn_positions, position, t.at + to * position, w.m * position, places,
                    many, j, True)  # fmt: skip
        return np.int32(0)

    return compiled(types.int32(*[types.intp] * 6), maximum)


@functools.cache
def mean(dtype: Any) -> int:
    """The address of: y, the sum of each window, maybe row by row, divided by the product of its divisors."""
    count, task, vector, item = _COUNT, _TASK, registers.BYTES, dtype.itemsize
    kind = kind_of(dtype, vector // item)

    def mean(_, __, place, seat, u0, u1):  # type: ignore[no-untyped-def]
        t = _Task(*read(place, task))
        w = _Windows(*read(t.windows, count))
        pixels: int = t.memory + seat * w.room
        zero: Any = full(kind, 0)
        answers = pixels + w.room_x
        for u in range(u0, u1):
            p, many, (o, o_end, i, i_end), (rows, columns, lines) = _begun(w, t.planes, u)
            first = i * w.n1 * w.n2
            _turned(kind, w.turn, item, t.x + (p * w.n + first) * item, w.n * item, pixels, many,
                    (i_end - i) * w.n1 * w.n2, False)  # fmt: skip
            j = 0
            for o0 in range(o, o_end):
                a0, b0 = look(rows, 2 * o0), look(rows, 2 * o0 + 1)
                for o1 in range(w.m1):
                    a1, b1 = look(columns, 2 * o1), look(columns, 2 * o1 + 1)
                    for o2 in range(w.m2):
                        a2, b2 = look(lines, 2 * o2), look(lines, 2 * o2 + 1)
                        total, row = zero, zero
                        i0 = a0
                        while i0 < b0:
                            i1 = a1
                            while i1 < b1:
                                c, stop = (i0 * w.n1 + i1) * w.n2 + a2, (i0 * w.n1 + i1) * w.n2 + b2
                                while c < stop:
                                    row = add(row, load(kind, pixels + (c - first) * vector))
                                    c += w.d2
                                if w.by_rows:
                                    total, row = add(total, row), zero
                                i1 += w.d1
                            i0 += w.d0
                        store(
                            divide(add(total, row), full(kind, _divisor(w, o0, o1, o2))),
                            answers + j * vector,
                        )
                        j += 1
            to = p * w.m + o * w.m1 * w.m2
            _turned(kind, w.turn, item, t.y + to * item, w.m * item, answers, many, j, True)
        return np.int32(0)

    return compiled(types.int32(*[types.intp] * 6), mean)


@helper
def _divisor(w: Any, o0: int, o1: int, o2: int) -> int:
    return (
        look(w.divisors, o0)
        * look(w.divisors, w.divisor_line + o1)
        * look(w.divisors, 2 * w.divisor_line + o2)
    )


@functools.cache
def spread(dtype: Any) -> int:
    """The address of: x, at each pixel the sum of y, divided as in `mean`, over the windows it is in."""
    count, task, vector, item = _COUNT, _TASK, registers.BYTES, dtype.itemsize
    kind = kind_of(dtype, vector // item)

    def spread(_, __, place, seat, u0, u1):  # type: ignore[no-untyped-def]
        t = _Task(*read(place, task))
        w = _Windows(*read(t.windows, count))
        pixels = t.memory + seat * w.room
        outputs = pixels + w.room_x
        for u in range(u0, u1):
            p, many, (i, i_end, o, o_end), (rows, columns, lines) = _begun(w, t.planes, u)
            _turned(kind, w.turn, item, t.y + (p * w.m + o * w.m1 * w.m2) * item, w.m * item, outputs,
                    many, (o_end - o) * w.m1 * w.m2, False)  # fmt: skip
            first, pixel_count = i * w.n1 * w.n2, (i_end - i) * w.n1 * w.n2
            for c in range(pixel_count):
                store(full(kind, 0), pixels + c * vector)
            j = 0
            for o0 in range(o, o_end):
                a0, b0 = max(look(rows, 2 * o0), i), min(look(rows, 2 * o0 + 1), i_end)
                for o1 in range(w.m1):
                    a1, b1 = look(columns, 2 * o1), look(columns, 2 * o1 + 1)
                    for o2 in range(w.m2):
                        a2, b2 = look(lines, 2 * o2), look(lines, 2 * o2 + 1)
                        share: Any = divide(
                            load(kind, outputs + j * vector), full(kind, _divisor(w, o0, o1, o2))
                        )
                        j += 1
                        for i0 in range(a0, b0):
                            for i1 in range(a1, b1):
                                at = pixels + ((i0 * w.n1 + i1) * w.n2 - first) * vector
                                for i2 in range(a2, b2):
                                    store(
                                        add(load(kind, at + i2 * vector), share), at + i2 * vector
                                    )
            _turned(kind, w.turn, item, t.x + (p * w.n + first) * item, w.n * item, pixels, many,
                    pixel_count, True)  # fmt: skip
        return np.int32(0)

    return compiled(types.int32(*[types.intp] * 6), spread)


@shared
def put(values: Any, positions: Any, x: Any, adding: bool, seat: int, p0: int, p1: int) -> None:
    """Rows p0 .. p1 of x: zeros with each value of that row at, or added to, its position."""
    for p in range(p0, p1):
        row, at, to = values[p], positions[p], x[p]
        for i in range(len(to)):  # here, not all at once: it stays in the cache
            to[i] = 0
        for i in range(len(row)):
            c = np.uintp(at[i])
            to[c] = to[c] + row[i] if adding else row[i]

"""Pooling of large tensors: one loop over windows for planes of any shape, L planes at once.

    planes p .. p + L          vectors of L lanes                              planes
    |#### band ####|  _laid    pixels i .. j     join     outputs o .. p   _delivered  |## band ##|
    |              |  ----->   of the band     ------->   of the band       ------->   |          |

A task is a band of rows of the answer for L planes: its vectors fit into the second-level cache,
and each number of an answer is made by one task, in one order: threads share tasks out as they
like and give the same bits.

sizes: of the input, of the output, and the steps between taps, three each.
turns: `simd.turn` of numbers, and of positions.
room: rows in the longest band of the answer, and of what it reads.
For spans and bands see `windows`.   All tensors are flat.
"""

from typing import Any

import numpy as np

from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.lanes import add, contest, divide, full, load, place, store
from minigrad.kernels.machine.simd import call
from minigrad.kernels.machine.team import shared


@helper
def _task(u: int, bands: Any, spans: Any, lanes: int, planes: int) -> Any:
    """(first plane, how many, *band, spans) of task u: a plane alone if each has its own windows."""
    group = lanes if len(spans) == 1 else 1
    plane, band = u // len(bands) * group, bands[u % len(bands)]
    lines = spans[plane % len(spans)]
    return plane, min(group, planes - plane), band[0], band[1], band[2], band[3], lines


@helper
def _laid(
    turn: int, lanes: int, x: Any, start: int, pitch: int, many: int, count: int, vectors: Any
) -> None:
    """Pixels start .. start + count of `many` planes as vectors; what is no whole tile one by one."""
    item = x.itemsize
    whole = count // lanes * lanes if many == lanes else 0
    for i in range(0, whole, lanes):
        call(turn, (place(x, start + i), pitch * item, place(vectors, i * lanes), lanes * item))
    for i in range(whole, count):
        for plane in range(many):
            vectors[i * lanes + plane] = x[start + plane * pitch + i]


@helper
def _delivered(turn: int, lanes: int, vectors: Any, x: Any, start: int, pitch: int, many: int,
               count: int) -> None:  # fmt: skip
    """The way back."""
    item = x.itemsize
    whole = count // lanes * lanes if many == lanes else 0
    for i in range(0, whole, lanes):
        call(turn, (place(vectors, i * lanes), lanes * item, place(x, start + i), pitch * item))
    for plane in range(many):
        for i in range(whole, count):
            x[start + plane * pitch + i] = vectors[i * lanes + plane]


@shared
def pool(kind: Any, turns: Any, x: Any, y: Any, at: Any, sizes: Any, spans: Any, bands: Any, room: Any,
         divisors: Any, by_rows: bool, seat: int, u0: int, u1: int) -> None:  # fmt: skip
    """y: the greatest number of each window; at: its position, of several the first, but the last NaN.

    Or with at None: the sum of each window, maybe `by_rows`, divided by the product of the divisors.
    """
    lanes, ((n0, n1, n2), (m0, m1, m2), (d0, d1, d2)) = len(kind), sizes
    n, m = n0 * n1 * n2, m0 * m1 * m2
    pixels = np.empty(room[1] * n1 * n2 * lanes, x.dtype)
    answers = np.empty(room[0] * m1 * m2 * lanes, x.dtype)
    places = np.empty(0 if at is None else len(answers), np.int32)
    zero: Any = full(kind, x.dtype.type(0))
    low: Any = full(kind, x.dtype.type(-np.inf))
    for u in range(u0, u1):
        p, many, o, o_end, i, i_end, lines = _task(u, bands, spans, lanes, len(x) // n)
        begin, end = i * n1 * n2, i_end * n1 * n2
        _laid(turns[0], lanes, x, p * n + begin, n, many, end - begin, pixels)
        j = 0
        for o0 in range(o, o_end):
            a0, b0 = lines[0, o0, 0], lines[0, o0, 1]
            for o1 in range(m1):
                a1, b1 = lines[1, o1, 0], lines[1, o1, 1]
                for o2 in range(m2):
                    a2, b2 = lines[2, o2, 0], lines[2, o2, 1]
                    first = min((a0 * n1 + a1) * n2 + a2, n - 1)
                    best, where, total, row = low, full(kind, np.int32(first)), zero, zero
                    for i0 in range(a0, b0, d0):
                        for i1 in range(a1, b1, d1):
                            for i2 in range(a2, b2, d2):
                                c = (i0 * n1 + i1) * n2 + i2
                                new = load(kind, pixels, (c - begin) * lanes)
                                if at is None:
                                    row = add(row, new)
                                else:
                                    best, where = contest(new, np.int32(c), best, where)
                            if by_rows:
                                total, row = add(total, row), zero
                    if at is None:
                        divisor = divisors[0, o0] * divisors[1, o1] * divisors[2, o2]
                        best = divide(add(total, row), full(kind, x.dtype.type(divisor)))
                    else:
                        store(where, places, j)
                    store(best, answers, j)
                    j += lanes
        begin, end = o * m1 * m2, o_end * m1 * m2
        _delivered(turns[0], lanes, answers, y, p * m + begin, m, many, end - begin)
        if at is not None:
            _delivered(turns[1], lanes, places, at, p * m + begin, m, many, end - begin)


@shared
def spread(kind: Any, turns: Any, g: Any, x: Any, sizes: Any, spans: Any, bands: Any, room: Any, divisors: Any,
           seat: int, u0: int, u1: int) -> None:  # fmt: skip
    """x: at each pixel the sum of g, divided as in `mean`, over the windows it is in."""
    lanes, ((n0, n1, n2), (m0, m1, m2), _) = len(kind), sizes
    n, m = n0 * n1 * n2, m0 * m1 * m2
    pixels = np.empty(room[0] * n1 * n2 * lanes, x.dtype)
    outputs = np.empty(room[1] * m1 * m2 * lanes, x.dtype)
    for u in range(u0, u1):
        p, many, i, i_end, o, o_end, lines = _task(u, bands, spans, lanes, len(x) // n)
        begin, end = o * m1 * m2, o_end * m1 * m2
        _laid(turns[0], lanes, g, p * m + begin, m, many, end - begin, outputs)
        begin, end = i * n1 * n2, i_end * n1 * n2
        for c in range(end - begin):
            store(full(kind, x.dtype.type(0)), pixels, c * lanes)
        j = 0
        for o0 in range(o, o_end):
            a0, b0 = max(lines[0, o0, 0], i), min(lines[0, o0, 1], i_end)
            for o1 in range(m1):
                a1, b1 = lines[1, o1, 0], lines[1, o1, 1]
                for o2 in range(m2):
                    a2, b2 = lines[2, o2, 0], lines[2, o2, 1]
                    divisor = divisors[0, o0] * divisors[1, o1] * divisors[2, o2]
                    share: Any = divide(load(kind, outputs, j), full(kind, x.dtype.type(divisor)))
                    j += lanes
                    for i0 in range(a0, b0):
                        for i1 in range(a1, b1):
                            base = (i0 * n1 + i1) * n2 - begin
                            for i2 in range(a2, b2):
                                c = (base + i2) * lanes
                                store(add(load(kind, pixels, c), share), pixels, c)
        _delivered(turns[0], lanes, pixels, x, p * n + begin, n, many, end - begin)


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

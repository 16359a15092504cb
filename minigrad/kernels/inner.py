"""Products of a few rows and a transpose, as of one image and the weights of a layer: rows with rows, as they lie.

              depth                        out[t][r] = sum over k of  few[t][k] * many[r][k]
        +----------------+----------
    few |################|                 simd.dots: R rows of `many`, T of `few`; lanes are added up at the end
        +----------------+----------
        +----------------+----------       What takes the time is reading `many`, once.  R rows are read at a time, for
      R |################| then ...        `depth` vectors of a row each: a page of memory, within which a core fetches
        +----------------+----------       ahead, while as much of `few` stays in the nearest cache for all rows of the
      R |################|                 task.
        +----------------+

What is left over of rows shorter than a vector is copied into vectors that end in zeros; the last R rows are moved back
so that they fit.  Tasks are blocks of rows.  A sum is made in one order whatever the tasks are.
"""

import functools
from typing import Any

import numpy as np
from numba import types

from minigrad.kernels.machine import registers, simd
from minigrad.kernels.machine.arguments import address, fields
from minigrad.kernels.machine.jit import compiled
from minigrad.kernels.machine.simd import call, clear, copy
from minigrad.kernels.machine.team import read

MOST = 3  # rows of `few`
HEIGHT = 4  # rows of `many` at a time
BLOCK = 8  # rows of a task, a multiple of HEIGHT
TOGETHER = 512  # rows at most that are gone through for one page after the other
DEPTH = 4096 // registers.BYTES  # vectors of a row that are summed in one go
NANOSECONDS = 1 / 64  # per byte of `many`

_Inner = fields(
    "dots rows whole rest item vector depth few turned row_few row_many to_few to_many run slot offs pos tails room"
    " most"
)
_Call = fields("product a b c memory")
_COUNT, _CALLED = len(_Inner._fields), len(_Call._fields)


@functools.cache
def entry() -> int:
    """The address of the code that carries out tasks begin .. end of the product described at `place`."""
    count, called, height, block = _COUNT, _CALLED, HEIGHT, BLOCK

    def tasks(_, __, place, seat, begin, end):  # type: ignore[no-untyped-def]
        now = _Call(*read(place, called))
        p = _Inner(*read(now.product, count))
        few, many = (now.b, now.a) if p.turned else (now.a, now.b)
        tail = now.memory + seat * p.room
        tail_few = tail + height * p.vector
        sums, done, left = tail + p.tails, p.whole * p.vector, p.rest * p.item
        clear(tail, p.tails)
        for t in range(p.few if left else 0):
            copy(tail_few + t * p.vector, few + t * p.row_few + done, left)
        for r0 in range(begin * block, min(p.rows, end * block), p.most):
            r1 = min(r0 + p.most, p.rows, end * block)
            clear(sums, -(-(r1 - r0) // height) * p.slot)
            for k in range(0, p.whole, p.depth):
                deep = min(p.depth, p.whole - k)
                for r in range(r0, r1, height):
                    q = min(r, p.rows - height)
                    call(p.dots, (many + q * p.row_many + k * p.vector, p.row_many, few + k * p.vector, p.offs, p.pos,
                         deep, sums + (r - r0) // height * p.slot))  # fmt: skip
            for r in range(r0, r1, height):
                q, at = min(r, p.rows - height), sums + (r - r0) // height * p.slot
                if left:
                    for i in range(height):
                        copy(tail + i * p.vector, many + (q + i) * p.row_many + done, left)
                    call(p.dots, (tail, p.vector, tail_few, p.offs + p.few * 8, p.pos, 1, at))
                for j in range(0, height * p.few, p.run):
                    to = now.c + (q + j // p.few) * p.to_many + j % p.few * p.to_few
                    copy(to, at + j * p.item, p.run * p.item)
        return np.int32(0)

    return compiled(types.int32(*[types.intp] * 6), tasks)


def described(
    dtype: Any, k: int, many: tuple[int, int], few_: tuple[int, int], turned: bool
) -> tuple[Any, int, int, float]:
    """The table of a product and what it points to, bytes of work memory, tasks, nanoseconds.

    many, few_: how many rows, and bytes from one to the next; turned: the first factor is `many`.
    """
    (rows, row_many), (few, row_few) = many, few_
    item, vector = dtype.itemsize, registers.BYTES
    lanes = vector // item
    pos = np.arange(DEPTH) * vector
    offs = np.repeat((row_few, vector), few) * np.tile(np.arange(few), 2)
    slot, tails = -(-HEIGHT * few // lanes) * vector, (HEIGHT + few) * vector
    alone = few == 1 or turned  # sums of R rows lie together in the answer
    to_few, to_many = (item, few * item) if turned else (rows * item, item)
    most = min(TOGETHER, -(-rows // BLOCK) * BLOCK)
    room = -(-(tails + most // HEIGHT * slot) // 128) * 128
    told = np.array([
        simd.address("dots", HEIGHT, few, dtype), rows, k // lanes, k % lanes, item, vector, DEPTH, few, turned,
        row_few, row_many, to_few, to_many, HEIGHT * few if alone else 1, slot, address(offs),
        address(pos), tails, room, most,
    ])  # fmt: skip
    return (told, offs, pos), room, -(-rows // BLOCK), NANOSECONDS * rows * k * item

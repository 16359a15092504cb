"""Products of matrices by register tiles.

            strip: V vectors of columns           c (m, n) = a (m, k) @ b (k, n)
                +-----+--+
      b         |#####|  |   `depth` rows at a time, copied where they do not lie well: they stay in the cache
                |     |  |
                +-----+--+
      +-----+   +-----+--+
    a |#####|   |  .  |  |   simd.outer: R rows x V vectors; the sums of `depth` products are added up beside c
      |     |   |     |  |
      +-----+   +-----+--+
         part: `rows` rows   the last strip may have fewer vectors

Tasks are (part, strip).  The last strip and the last R rows are moved back so that they fit: they compute some
numbers again.  A sum is made in one order whatever the tasks are.
"""

import functools
from typing import Any, NamedTuple

import numpy as np
from numba import types

from minigrad.kernels import inner
from minigrad.kernels.machine import registers, scratch, simd, threads
from minigrad.kernels.machine.arguments import address, addressof, fields, table
from minigrad.kernels.machine.jit import compiled
from minigrad.kernels.machine.simd import call, copy
from minigrad.kernels.machine.team import by_address, read

Array = np.ndarray[Any, Any]
Lies = tuple[tuple[int, ...], tuple[int, ...]]  # shape and strides of an array

HEIGHTS = (6, 4)  # rows of a tile: more need more addresses than there are registers for them
MOST = {32: 4, 16: 2}[registers.REGISTERS]  # vectors of a tile
DEPTH = 96  # no slower than twice as many, and a third less rounding: sums are made of short ones
ROWS = 96  # of a part at most
FAR = 2048  # bytes from row to row of b from which on strips are copied, for so many tiles at least
OFTEN = 4
NANOSECONDS = 0.02  # per multiply-add
_IN_PLACE, _ROWS, _COLUMNS = range(3)  # how strips are read: where they lie, or copies
_Product = fields(
    "outer last_outer turn m n k item vector vecs last_vecs height depth rows strips way"
    " row_a col_a row_b col_b row_c offs room sums"
)
_Call = fields("product a b c memory")
_COUNT, _CALLED = len(_Product._fields), len(_Call._fields)


@functools.cache
def entry() -> int:
    """The address of the code that carries out tasks begin .. end of the product described at `place`."""
    count, called = _COUNT, _CALLED

    def tasks(_, __, place, seat, begin, end):  # type: ignore[no-untyped-def]
        now = _Call(*read(place, called))
        p = _Product(*read(now.product, count))
        lanes = p.vector // p.item
        sums = now.memory + seat * p.room
        strip = sums + p.sums
        for task in range(begin, end):
            i0, j = task // p.strips * p.rows, task % p.strips * p.vecs * lanes
            i1 = min(p.m, i0 + p.rows)
            outer, vecs = p.outer, p.vecs
            if task % p.strips == p.strips - 1:
                outer, vecs = p.last_outer, p.last_vecs
                j = p.n - vecs * lanes
            wide = vecs * p.vector
            at, step = (now.c + j * p.item, p.row_c) if p.k <= p.depth else (sums, wide)
            for k0 in range(0, p.k, p.depth):
                deep = min(p.depth, p.k - k0)
                source, next_source = now.b + k0 * p.row_b + j * p.col_b, p.row_b
                if p.way == 1:
                    for q in range(deep):
                        copy(strip + q * wide, source + q * p.row_b, wide)
                elif p.way == 2:
                    for v in range(vecs):
                        for q0 in range(0, deep, lanes):
                            q = min(q0, deep - lanes)
                            call(p.turn, (source + q * p.row_b + v * lanes * p.col_b, p.col_b,
                                 strip + (q * vecs + v) * p.vector, wide))  # fmt: skip
                if p.way:
                    source, next_source = strip, wide
                for i in range(i0, i1, p.height):
                    high = min(i, p.m - p.height)
                    to = at + (high if at != sums else i - i0) * step
                    call(outer, (now.a + high * p.row_a + k0 * p.col_a, p.row_a, p.offs, deep, source, next_source,
                         to, step, p.vector, k0))  # fmt: skip
            if at == sums:
                for i in range(i0, i1, p.height):
                    to = now.c + min(i, p.m - p.height) * p.row_c + j * p.item
                    for r in range(p.height):
                        copy(to + r * p.row_c, sums + (i - i0 + r) * wide, wide)
        return np.int32(0)

    return compiled(types.int32(*[types.intp] * 6), tasks)


class Product(NamedTuple):
    """A product of arrays that lie in a certain way."""

    at: int  # the address of its table
    room: int  # bytes of work memory of one thread
    tasks: int
    cost: float
    held: Any  # what the addresses point to
    entry: int  # the address of its code

    def __call__(self, a: Array, b: Array) -> Array:
        """a (m, k) @ b (k, n)."""
        out = scratch.empty((a.shape[0], b.shape[1]), a.dtype)
        seats = threads.seats(self.tasks, self.cost)
        memory = scratch.take("product", self.room * seats)
        job = table(self.at, address(a), address(b), address(out), memory.at)
        threads.share(by_address, (self.entry, addressof(job)), self.tasks, self.cost, most=seats)
        return out


@functools.lru_cache(256)
def product(dtype: Any, a: Lies, b: Lies, team: int) -> Product | None:
    """The product of arrays that lie so, for a team of threads.

    None for what else is narrow, or scattered, and where the sizes do not fit.
    """
    (m, k), (row_a, col_a) = a
    (met, n), (row_b, col_b) = b
    item, vector = dtype.itemsize, registers.BYTES
    lanes = vector // item
    height = next((r for r in HEIGHTS if r <= m), 0)
    vecs = min(MOST, n // lanes)
    if not (k == met >= lanes and dtype.isnative):
        return None
    if col_a == row_b == item and min(m, n) <= inner.MOST and max(m, n) >= inner.HEIGHT:
        turned = m > n
        many, few = ((m, row_a), (n, col_b))[:: 1 if turned else -1]
        held, room, blocks, cost = inner.described(dtype, k, many, few, turned)
        return Product(address(held[0]), room, blocks, cost, held, inner.entry())
    if not height or not vecs or item not in (row_b, col_b):
        return None
    strips = -(-n // (vecs * lanes))
    last = -(-(n - (strips - 1) * vecs * lanes) // lanes)
    # Strips are shared out if they are equal or many, else parts as well.
    alike = (strips % team == 0 and last == vecs) or strips >= 4 * team
    parts = max(-(-m // ROWS), 1 if alike else min(team, m // height))
    rows = -(-m // (parts * height)) * height
    parts = -(-m // rows)
    depth = -(-k // -(-k // DEPTH))
    way = (
        _COLUMNS
        if col_b != item
        else _ROWS
        if row_b >= FAR and rows >= OFTEN * height
        else _IN_PLACE
    )
    offs = np.arange(depth) * col_a
    outers = [simd.address("outer", height, v, dtype) for v in (vecs, last)]
    turn = simd.address("turn", lanes, 0, dtype) if way == _COLUMNS else 0
    sums = (
        (rows + lanes) * vecs * vector
    )  # a chunk that is shorter than a vector begins before the strip
    room = sums + depth * vecs * vector
    told = np.array([*outers, turn, m, n, k, item, vector, vecs, last, height, depth, rows, strips, way, row_a, col_a,
              row_b, col_b, n * item, address(offs), room, sums])  # fmt: skip
    return Product(
        address(told), room, strips * parts, NANOSECONDS * m * k * n, (told, offs), entry()
    )

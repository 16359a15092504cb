"""Convolution as a product of matrices: lanes are pixels of the output, which is written where it belongs.

    x, NCHW, of a 1x1 kernel            channel 0:  |p0 p1 .. |.. .. |       read where it lies

    x, NCHW  --frame-->  a band of each plane with its border (rows.py)      each tap of a row of pixels is one
                             |                                               piece: read there, if rows fill vectors,
                             | lines                                         or else copied:
                         columns[channel, tap][pixel of the band]            no vector is partly idle

                   simd.tile: sum over channels and taps of w[o][k] * x[k][pixels], plus the bias

    y, NCHW     R channels x V vectors

A task's last tile is moved back so that it fits: it computes some pixels again.
Tasks are (image, group, band of lines), a line being a row of pixels, or one pixel of those read where they lie.
"""

import functools
import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numba import types

from minigrad.kernels.conv.images import NANOSECONDS
from minigrad.kernels.conv.plan import FEW, Size, Sweep, odd_lines
from minigrad.kernels.conv.rows import STRIDE, framing
from minigrad.kernels.machine import registers, scratch, simd, threads
from minigrad.kernels.machine.arguments import address, addresses, addressof, fields, table
from minigrad.kernels.machine.denormals import flush, restore
from minigrad.kernels.machine.jit import compiled
from minigrad.kernels.machine.simd import call, clear, look
from minigrad.kernels.machine.team import by_address, read

Array = np.ndarray[Any, Any]
# Those of the input, of a band of it, of columns, of taps, of the output; distances in bytes.
_Table = fields(
    "frame lines inputs low high line plane_x chunks last_chunk part end"
    " stride span pitch head next_input cleared room"
    " flat columns next_column vectors places"
    " first tile interleave groups depth offs next_group height rows taps"
    " outputs bands tall wide plane_y item across next_line vector"
)
_Call = fields("table x w b y weights memory")
_COUNT, _CALLED = len(_Table._fields), len(_Call._fields)
TAPS = 192  # summed in one go: the inputs of a tile stay in the L1 cache
PIXELS = 512  # of a task, at least where there is enough of them
BAND = 256 << 10  # bytes of columns, or of framed planes, of a task
WEIGHTS = 600_000  # bytes, which are read for each tile
# What it costs to frame, to copy and to write a vector, and to put a weight in order, in multiply-adds of vectors.
FRAME, COPY, STORE, ORDER = 4, 3, 4, 4
# Register tiles (channels, vectors) and what a multiply-add costs in them, relative to the best.
TILES = {
    32: {(8, 1): 1.0, (12, 1): 1.0, (8, 2): 1.01, (6, 2): 1.01, (4, 2): 1.1, (4, 1): 1.35, (2, 8): 1.4, (1, 8): 1.9,
         (1, 1): 4.0},
    16: {(6, 2): 1.0, (4, 3): 1.0, (5, 2): 1.03, (2, 4): 1.1, (4, 1): 1.4, (1, 8): 1.5, (1, 1): 4.0},
}  # fmt: skip


@functools.cache
def _ordering() -> int:
    """The address of the code that puts blocks begin .. end of weights in order: [block of R][tap][R]."""
    count, called = _COUNT, _CALLED

    def blocks(_, __, place, seat, begin, end):  # type: ignore[no-untyped-def]
        now = _Call(*read(place, called))
        s = _Table(*read(now.table, count))
        for t in range(begin, end):
            group, o = t * s.height // s.outputs, t * s.height % s.outputs
            call(s.interleave, (now.w + group * s.next_group, s.rows + o * 8, s.taps, s.depth,
                 now.weights + t * s.depth * s.height * s.item))  # fmt: skip
        return np.int32(0)

    return compiled(types.int32(*[types.intp] * 6), blocks)


@functools.cache
def _entry() -> int:
    """The address of the code that carries out tasks begin .. end of the sweep described at `place`."""
    count, called, most = _COUNT, _CALLED, TAPS

    def tasks(_, __, place, seat, begin, end):  # type: ignore[no-untyped-def]
        now = _Call(*read(place, called))
        s, state = _Table(*read(now.table, count)), flush()
        room = now.memory + seat * s.room
        clear(room, s.cleared)
        for task in range(begin, end):
            unit, band = task // s.bands, task % s.bands
            r0, r1 = s.tall * band // s.bands, s.tall * (band + 1) // s.bands
            source = now.x + unit * s.inputs * s.plane_x + r0 * s.item
            if s.frame:
                top, framed = r0 * s.stride + s.low, (r1 - r0 - 1) * s.stride + s.span
                first = min(framed, max(0, -top))
                stop = max(first, min(framed, s.high - top))
                for c in range(s.inputs):
                    to = room + s.head + c * s.next_input
                    # Rows beyond the plane, where those of another band were.
                    clear(to, first * s.pitch)
                    clear(to + stop * s.pitch, (framed - stop) * s.pitch)
                    if stop > first:
                        call(s.frame, (now.x + (unit * s.inputs + c) * s.plane_x + (top + first) * s.line,
                             s.line, stop - first, s.chunks, s.last_chunk, to + first * s.pitch, s.pitch,
                             s.part, s.end))  # fmt: skip
                source = room
                if s.flat:
                    source = room + s.cleared
                    for k in range(s.depth):
                        call(s.lines, (room + look(s.places, k), s.stride * s.pitch, r1 - r0, s.vectors,
                             source + k * s.next_column, s.wide * s.item))  # fmt: skip
            lines, pixels = (1, (r1 - r0) * s.wide) if s.flat else (r1 - r0, s.wide)
            channel = unit % s.groups * s.outputs
            for o in range(0, s.outputs, s.height):
                weights = now.weights + (channel + o) * s.depth * s.item
                bias = now.b + (channel + o) * s.item
                y = now.y + (unit * s.outputs + o) * s.plane_y + r0 * s.wide * s.item
                for r in range(lines):
                    for p in range(0, pixels, s.across):
                        q = min(p, pixels - s.across) * s.item
                        at, to = source + r * s.next_line + q, y + r * s.wide * s.item + q
                        call(s.first, (at, s.vector, s.offs, min(most, s.depth), weights, s.height * s.item,
                             to, s.plane_y, s.vector, bias))  # fmt: skip
                        for k in range(most, s.depth, most):
                            call(s.tile, (at, s.vector, s.offs + k * 8, min(most, s.depth - k),
                                 weights + k * s.height * s.item, s.height * s.item,
                                 to, s.plane_y, s.vector, k))  # fmt: skip
        restore(state)
        return np.int32(0)

    return compiled(types.int32(*[types.intp] * 6), tasks)


class _Way(NamedTuple):
    """Tiles of `height` channels x `vecs` vectors, of all pixels or (not flat) of each row; cost: see `Lanes`."""

    cost: float
    flat: bool
    height: int
    vecs: int


class Columns:
    """Tables of one sweep."""

    def __init__(self, job: Sweep) -> None:
        item, vector = np.dtype(job.dtype).itemsize, registers.BYTES
        lanes, here = vector // item, in_place(job)
        way = best(job)
        assert way is not None
        (_, high, wide), (_, tall, wide_y) = job.size, job.out
        if here:
            tall, wide_y = math.prod(job.out), 1
        (_,), (ph,), (pw,) = job.phases
        depth = job.inputs * len(ph.taps) * len(pw.taps)
        before, part, _ = framing(job)
        stride, span = ph.stride, max(ph.reach) - min(ph.reach) + 1
        head, pitch = -(-before * item // 64) * 64, odd_lines(part * pw.stride)
        bands = _bands(job, way, tall, wide_y, depth, pitch)
        most = -(-tall // bands)  # lines of a task
        band = ((most - 1) * stride + span) * pitch
        cleared = 0 if here else -(-(job.inputs * band + head + vector) // 64) * 64
        next_column = odd_lines(most * wide_y * item)
        copied = (depth * next_column + vector) * (way.flat and not here)
        self.room = cleared + -(-copied // 64) * 64
        places = [
            head + c * band + (rh - min(ph.reach)) * pitch + rw % pw.stride * part + rw // pw.stride * item
            for c in range(job.inputs) for rh in ph.reach for rw in pw.reach
        ]  # fmt: skip
        columns = np.arange(depth) * (math.prod(job.size) * item if here else next_column)
        self.held = [np.array(places, np.int64), columns, *_weights(job)]
        places_at, columns_at, taps_at, rows_at = (address(a) for a in self.held)
        lanes_in = 1 << max(1, min(wide // pw.stride, lanes)).bit_length() - 1
        narrow = 1 << min(wide_y, lanes).bit_length() - 1  # of a vector of a line that is copied
        narrow = narrow if narrow == wide_y else min(lanes, 2 * narrow)
        told = _Table(
            frame=0 if here else simd.address("frame", lanes_in, pw.stride, job.dtype),
            lines=0 if here else simd.address("lines", narrow, 0, job.dtype),
            inputs=job.inputs, low=min(ph.reach), high=high, line=wide * item, plane_x=math.prod(job.size) * item,
            chunks=-(-(wide // pw.stride) // lanes_in), last_chunk=(wide // pw.stride - lanes_in) * item,
            part=part, end=wide - 1, stride=stride, span=span, pitch=pitch, head=head, next_input=band,
            cleared=cleared, room=self.room, flat=way.flat, columns=cleared, next_column=next_column,
            vectors=-(-wide_y // narrow), places=places_at,
            tile=simd.address("tile", way.height, way.vecs, job.dtype),
            first=simd.address("tile_shifted", way.height, way.vecs, job.dtype),
            interleave=simd.address("interleave", way.height, 0, job.dtype),
            groups=job.groups, depth=depth, offs=columns_at if way.flat else places_at,
            next_group=job.steps[0] * item, height=way.height, rows=rows_at, taps=taps_at,
            outputs=job.outputs, bands=bands, tall=tall, wide=wide_y, plane_y=math.prod(job.out) * item, item=item,
            across=way.vecs * lanes, next_line=pitch * stride, vector=vector,
        )  # fmt: skip
        self.held.append(np.array(told, np.int64))
        self.shape = job.images, job.groups * job.outputs
        self.blocks, self.tasks = (
            job.groups * job.outputs // way.height,
            job.images * job.groups * bands,
        )
        self.weights = job.groups * job.outputs * depth * item
        self.bias = np.zeros(job.groups * job.outputs, job.dtype)
        self.cost = NANOSECONDS * job.images * job.groups * job.inputs * way.cost * lanes

    def __call__(self, x: Array, w: Array, b: Array | None, size: tuple[int, ...]) -> Array:
        """Run on x, w and b or None; answers y (N, C, *size)."""
        y = scratch.empty((*self.shape, *size), x.dtype)
        seats = threads.seats(self.tasks, self.cost)
        memory = scratch.take("input", self.room * seats)
        weights = scratch.take("weights", self.weights)
        arrays = addresses(self.held[-1], x, w, self.bias if b is None else b, y)
        job = table(*arrays, weights.at, memory.at)
        threads.share(by_address, (_ordering(), addressof(job)), self.blocks, self.weights * 0.25)
        threads.share(by_address, (_entry(), addressof(job)), self.tasks, self.cost, most=seats)
        return y


def _weights(job: Sweep) -> tuple[Array, Array]:
    """Where the weights of an output lie, in the order of use, and where those of each output begin."""
    item, (_, (ph,), (pw,)) = np.dtype(job.dtype).itemsize, job.phases
    taps = [th * len(pw.taps) + tw for th in ph.taps for tw in pw.taps]
    places = (np.arange(job.inputs)[:, None] * job.steps[2] + np.array(taps)).ravel()
    return places * item, np.arange(job.outputs) * (job.steps[1] * item)


def in_place(job: Sweep) -> bool:
    """Whether a sweep is a 1x1 convolution of stride 1 whose pixels can well be read where they lie."""
    one = all(len(ps) == 1 and ps[0].reach == (0,) and ps[0].stride == 1 for ps in job.phases)
    return (
        one
        and job.size == job.out
        and not (job.size[0] == 1 and job.inputs > 8 and collide(job.size, job.dtype))
    )


def collide(size: Size, dtype: Any) -> bool:
    """Whether planes lie so that the same pixel of all of them has the same place in the L1 cache, or one of two."""
    return bool(math.prod(size) * np.dtype(dtype).itemsize % 2048 == 0)


def _bands(job: Sweep, way: _Way, tall: int, wide: int, depth: int, pitch: int) -> int:
    """Tasks of an image: their memory stays in the L2 cache, and there are some for each thread.

    Of as many or up to twice as many, that number which leaves least of the tiles over.
    """
    item = np.dtype(job.dtype).itemsize
    across = way.vecs * registers.BYTES // item
    line = depth * wide * item if way.flat else job.inputs * pitch * job.phases[1][0].stride
    fit = PIXELS // wide if in_place(job) else max(1, min(BAND // line, -(-PIXELS // wide)))
    least = max(-(-tall // fit), -(-FEW // (2 * job.images * job.groups)))
    most = tall // -(-across // wide) if way.flat else tall

    def tiles(bands: int) -> int:
        cuts = [tall * i // bands * wide for i in range(bands + 1)]
        return sum(-(-(b - a) // across) for a, b in pairwise(cuts))

    numbers = range(min(least, most), min(2 * least, most) + 1)
    return min(numbers, key=tiles) if way.flat else numbers[-1]


@functools.lru_cache(maxsize=64)
def best(job: Sweep) -> _Way | None:
    """The way that costs least; None if a sweep is not of this kind."""
    item = np.dtype(job.dtype).itemsize
    lanes, pixels, here = registers.BYTES // item, math.prod(job.out), in_place(job)
    plain = all(len(ps) == 1 and ps[0].step == 1 and ps[0].taps for ps in job.phases)
    if not plain or pixels < lanes or 0 in job.size:
        return None
    (pd,), (ph,), (pw,) = job.phases
    one_plane = pd.reach == (0,) and job.size[0] == job.out[0] == 1
    taps = len(ph.taps) * len(pw.taps)
    if not here and (not one_plane or pw.stride > STRIDE or job.size[2] < pw.stride):
        return None
    tall, wide = job.out[1:]
    moving = 0.0
    if not here:
        if max(job.outputs / WEIGHTS, wide / BAND) * job.inputs * taps * item > 1:
            return None
        moving = FRAME * math.prod(job.size) / lanes
    ways = []
    for (height, vecs), price in TILES[registers.REGISTERS].items():
        if job.outputs % height:
            continue
        across = vecs * lanes
        if pixels >= across:
            copies = 0 if here else COPY * taps * tall * -(-wide // lanes)
            ways.append(
                _Way(
                    -(-pixels // across) * taps * price * vecs * job.outputs + copies,
                    True,
                    height,
                    vecs,
                )
            )
        if not here and wide >= across:
            ways.append(
                _Way(
                    tall * -(-wide // across) * taps * price * vecs * job.outputs,
                    False,
                    height,
                    vecs,
                )
            )
    way = min(ways)
    each = (
        way.cost
        + moving
        + STORE * (1 + collide(job.out, job.dtype)) * job.outputs * pixels / lanes / job.inputs
    )
    return way._replace(cost=job.images * each + ORDER * job.outputs * taps)

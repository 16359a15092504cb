"""Convolution of few input channels, as depthwise ones are: lanes are pixels of a row, nothing is transposed.

    x, NCHW   --frame-->   a band of each plane, in work memory of the thread

                       head  W pixels        head  W pixels
                      |....|x0 x1 x2 .. |   |....|x0 x1 x2 ..       rows a pitch apart, each begins a cache line;
                                                                    what lies between is zero: the border
                  row 0    |##########|          R sums of L pixels each, in registers (simd.rows);
                  row 1    |##########|          a vector that is read serves all of the rows of sums
                    ..     |##########|          that some tap of its column leads to
    y, NCHW   <------------ written where they belong, plus the bias

Of stride S, every S-th pixel of a row comes first, and those that follow them a `part` behind, each part with a
border: what neighbours read by one tap are neighbours again.

The last vector of a row, the last R rows and the last band are moved back so that they fit: they compute some
numbers again.  Rows shorter than a vector are written in order, each over what the one before wrote too much,
beside y and then copied.  Planes of one row have its vectors for rows, if the kernel has one row.

Tasks are (image, group, band).  A sum is made in one order whatever the tasks are.
"""

import functools
import math
from typing import Any

import numpy as np
from numba import types

from minigrad.kernels.conv.images import NANOSECONDS
from minigrad.kernels.conv.plan import MOVE, Sweep, border
from minigrad.kernels.machine import registers, scratch, simd, threads
from minigrad.kernels.machine.arguments import address, addressof, fields, table
from minigrad.kernels.machine.denormals import flush, restore
from minigrad.kernels.machine.jit import compiled
from minigrad.kernels.machine.simd import call, clear, copy, look
from minigrad.kernels.machine.team import by_address, read

Array = np.ndarray[Any, Any]

HEIGHTS = (8, 4, 2, 1)  # rows of sums
BAND = 24 << 10  # bytes that stay in the L1 cache
MOST = 256 << 10  # bytes that a band may have
STRIDE = 4  # at most
TALL = 15  # rows of taps at most: they are all in the code of the micro-kernel
INPUTS, OUTPUTS = 4, 8  # channels at most, and at least unless depthwise
UNALIGNED = 1.15  # what a multiply-add costs here, relative to image lanes
STORE = 3  # what it costs to write a vector, in multiply-adds of vectors
MOVING = 0.1  # nanoseconds to read and write a pixel

# Those of the input, of a band of it, of taps, of the output; distances in bytes.
_Table = fields(
    "frame sums groups inputs deep low height line plane_x chunks last_chunk part end"
    " bands rows stride framed pitch head next_input next_plane"
    " offs count next_tap next_group next_output item"
    " outputs deep_y tall line_y plane_y narrow tiles number next_row next_sum zero cleared room"
)
_Call = fields("table x w b y memory")
_COUNT, _CALLED = len(_Table._fields), len(_Call._fields)


@functools.cache
def entry() -> int:
    """The address of the code that carries out tasks begin .. end of the sweep described at `place`."""
    count, called = _COUNT, _CALLED

    def tasks(_, __, place, seat, begin, end):  # type: ignore[no-untyped-def]
        now = _Call(*read(place, called))
        s, state = _Table(*read(now.table, count)), flush()
        room = now.memory + seat * s.room
        beside = room + s.cleared
        clear(room, s.cleared)
        for task in range(begin, end):
            unit, row = task // s.bands, min(task % s.bands * s.rows, s.tall - s.rows)
            group, top = unit % s.groups, row * s.stride + s.low
            first = min(s.framed, max(0, -top))
            stop = max(first, min(s.framed, s.height - top))
            for c in range(s.inputs * s.deep):
                to = room + s.head + c // s.deep * s.next_input + c % s.deep * s.next_plane
                if s.bands > 1:  # rows beyond the plane, where those of another band were
                    clear(to, first * s.pitch)
                    clear(to + stop * s.pitch, (s.framed - stop) * s.pitch)
                if stop > first:
                    call(s.frame, (now.x + (unit * s.inputs * s.deep + c) * s.plane_x + (top + first) * s.line,
                         s.line, stop - first, s.chunks, s.last_chunk, to + first * s.pitch, s.pitch,
                         s.part, s.end))  # fmt: skip
            for o in range(s.outputs):
                w = now.w + group * s.next_group + o * s.next_output
                b = now.b + (group * s.outputs + o) * s.item if now.b else s.zero
                y = now.y + (unit * s.outputs + o) * s.deep_y * s.plane_y + row * s.line_y
                target = beside if s.narrow else y
                for t in range(s.number):
                    call(s.sums, (room + look(s.tiles, 2 * t), s.next_row, s.offs, s.count, w, s.next_tap,
                         target + look(s.tiles, 2 * t + 1), s.next_sum, b))  # fmt: skip
                for d in range(s.deep_y if s.narrow else 0):
                    copy(y + d * s.plane_y, beside + d * s.rows * s.line_y, s.rows * s.line_y)
        restore(state)
        return np.int32(0)

    return compiled(types.int32(*[types.intp] * 6), tasks)


class Rows:
    """Tables of one sweep."""

    def __init__(self, job: Sweep) -> None:
        item, vector = np.dtype(job.dtype).itemsize, registers.BYTES
        lanes = vector // item
        (deep, high, wide), (deep_y, tall, wide_y) = job.size, job.out
        (pd,), (ph,), (_,) = job.phases
        taps, narrow = len(ph.taps), int(wide_y < lanes)
        apart = ph.reach[1] - ph.reach[0] if taps > 1 else 1
        # Rows of a tile are rows of the plane, or vectors of one.
        along = tall == taps == 1 and wide_y >= 2 * lanes
        most = 4 if registers.REGISTERS == 16 and taps > 5 else HEIGHTS[0]
        height = next(r for r in HEIGHTS if r <= min(most, wide_y // lanes if along else tall))
        step, across = (1, height * lanes) if along else (height, lanes)
        strides = [p.stride for (p,) in job.phases]
        before, part, depths = framing(job)
        head, pitch = -(-before * item // 64) * 64, part * strides[2]
        over = (taps - 1) * abs(apart)
        fit = (BAND // (job.inputs * depths * pitch) - over - 1) // strides[1] + 1
        bands = -(-tall // min(tall, max(step, fit)))
        rows = max(-(-tall // bands), step)
        framed = (rows - 1) * strides[1] + over + 1
        band = framed * pitch
        first = head + max(0, -min(pd.reach)) * band  # pixel of the input
        shape = taps + simd.APART * (1 if along else strides[1]) + simd.APART**2 * abs(apart)
        offs = _taps(job, depths * band, band, part, first, item)
        tiles = [
            (d * strides[0] * band + r * strides[1] * pitch + q * item,
             ((d * (rows if narrow else tall) + r) * wide_y + q) * item)
            for d in range(deep_y)
            for r in (min(r, rows - step) for r in range(0, rows, step))
            for q in (max(0, min(q, wide_y - across)) for q in range(0, wide_y, across))
        ]  # fmt: skip
        lanes_in = 1 << min(wide // strides[2], lanes).bit_length() - 1
        whole = wide // strides[2]  # of what is framed at a time
        cleared = -(-(job.inputs * depths * band + head + vector) // 64) * 64
        self.room = cleared + -(-(deep_y * rows * wide_y * item + vector) // 64) * 64 * narrow
        self.held = [np.array(offs, np.int64), np.array(tiles, np.int64), np.zeros(1, job.dtype)]
        offs_at, tiles_at, zero = (address(a) for a in self.held)
        told = _Table(
            frame=simd.address("frame", lanes_in, strides[2], job.dtype),
            sums=simd.address("rows", height, shape, job.dtype),
            groups=job.groups, inputs=job.inputs, deep=deep, low=min(ph.reach), height=high, line=wide * item,
            plane_x=high * wide * item, chunks=-(-whole // lanes_in), last_chunk=(whole - lanes_in) * item,
            part=part, end=wide - 1,
            bands=bands, rows=rows, stride=strides[1], framed=framed, pitch=pitch, head=first,
            next_input=depths * band, next_plane=band, offs=offs_at, count=len(offs),
            next_tap=len(job.phases[2][0].taps) * item * (1 if apart > 0 else -1),
            next_group=job.steps[0] * item, next_output=job.steps[1] * item, item=item, outputs=job.outputs,
            deep_y=deep_y, tall=tall, line_y=wide_y * item, plane_y=tall * wide_y * item, narrow=narrow,
            tiles=tiles_at, number=len(tiles), next_row=vector if along else pitch,
            next_sum=vector if along else wide_y * item, zero=zero, cleared=cleared, room=self.room,
        )  # fmt: skip
        self.held.append(np.array(told, np.int64))
        self.shape = job.images, job.groups * job.outputs
        self.tasks = job.images * job.groups * bands
        pixels = job.images * job.groups * job.outputs * math.prod(job.out)
        self.cost = pixels * (NANOSECONDS * len(offs) * taps + MOVING)

    def __call__(self, x: Array, w: Array, b: Array | None, size: tuple[int, ...]) -> Array:
        """Run on x, w and b or None; answers y (N, C, *size)."""
        y = scratch.empty((*self.shape, *size), x.dtype)
        seats = threads.seats(self.tasks, self.cost)
        memory = scratch.take("input", self.room * seats)
        bias = 0 if b is None else address(b)
        job = table(address(self.held[-1]), address(x), address(w), bias, address(y), memory.at)
        threads.share(by_address, (entry(), addressof(job)), self.tasks, self.cost, most=seats)
        return y


def _taps(
    job: Sweep, channel: int, plane: int, part: int, first: int, item: int
) -> list[tuple[int, int]]:
    """Of each column of taps: where the first pixel reads, in a band, and its topmost tap, in the weights."""
    (pd,), (ph,), (pw,) = job.phases
    top = ph.taps[ph.reach.index(min(ph.reach))]
    return [
        (c * channel + first + rd * plane + rw % pw.stride * part + rw // pw.stride * item,
         (c * job.steps[2] + (td * len(ph.taps) + top) * len(pw.taps) + tw) * item)
        for c in range(job.inputs)
        for td, rd in zip(pd.taps, pd.reach)
        for tw, rw in zip(pw.taps, pw.reach)
    ]  # fmt: skip


def framing(job: Sweep) -> tuple[int, int, int]:
    """Pixels before a part of a row, bytes from part to part, planes in depth of one channel."""
    item, (along,) = np.dtype(job.dtype).itemsize, job.phases[2]
    wide = -(-job.size[2] // along.stride)
    places = [r // along.stride for r in along.reach]
    before, after = max(0, -min(places)), max(places) + along.number - wide
    part = -(-(wide + max(before, after)) * item // 64) * 64
    return before, part, job.size[0] + sum(border(job.phases[0], job.size[0]))


def fits(job: Sweep, lanes: int) -> bool:
    """Whether a sweep is one of a short stride with few channels to sum over, and rows that fill vectors well."""
    plain = all(len(ps) == 1 and ps[0].step == 1 and ps[0].stride <= STRIDE for ps in job.phases)
    depthwise = job.inputs == 1 < job.groups  # others are framed once for all outputs
    wide, enough = job.out[2], depthwise or job.outputs >= OUTPUTS
    if not (plain and enough and job.inputs <= INPUTS) or 0 in job.size:
        return False
    strides = [p.stride for (p,) in job.phases]
    if wide * (2 if depthwise else 1) < lanes or job.size[2] < strides[2]:
        return False
    reach = job.phases[1][0].reach
    _, part, depths = framing(job)
    least = (min(job.out[1], HEIGHTS[0]) - 1) * strides[1] + max(reach) - min(reach) + 1
    if len(reach) > TALL or least * part * strides[2] * depths * job.inputs > MOST:
        return False
    # Image lanes are all full and their sums are quicker, but pixels must be moved there and back.
    sums = job.inputs * math.prod(len(p.taps) for (p,) in job.phases)
    full = wide / (-(-wide // lanes) * lanes)
    return sums * UNALIGNED / full <= sums + MOVE * (1 + job.inputs / job.outputs)


def cost(job: Sweep, lanes: int) -> float:
    """What a sweep costs, to compare with `Lanes.cost`."""
    taps = math.prod(len(p.taps) for (p,) in job.phases)
    vectors = math.prod(job.out[:2]) * -(-job.out[2] // lanes)
    return job.images * job.outputs * vectors * (taps * UNALIGNED + STORE / job.inputs)

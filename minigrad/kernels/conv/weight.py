"""The adjoint of convolution in w on image lanes: products of g and x, summed in registers.

    g  --gather-->  gp[output channel][pixel of the band][lane]    -+
                                                                    dots: R channels x T taps,
    x  --gather-->  xp[input channel][pixel with border][lane]     -+     summed over pixels, lanes

    sums[task][block of T taps][R][T]   --copy-->   dw[output channel][input channel][tap]

A task is R output channels of a group and a chunk of input channels, and of all images, in a fixed
order, or where there are few such tasks, of a part of the images: the parts' sums are added up at
the end.  What the parts are follows from the shape alone, and no sum is shared between tasks, so the
bits are the same for any number of threads; the price is that every thread packs x for itself.
"""

import math
from typing import Any

import numpy as np

from minigrad.kernels.conv import plan
from minigrad.kernels.conv.images import NANOSECONDS, choose_tile, clear_borders, pack, with_border
from minigrad.kernels.conv.plan import Correlation, Lanes, Planes
from minigrad.kernels.machine import registers, scratch, simd, threads
from minigrad.kernels.machine.arguments import addresses, fields, integers
from minigrad.kernels.machine.denormals import flush, restore
from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.simd import call, clear, copy, look
from minigrad.kernels.machine.team import moved, shared

Array = np.ndarray[Any, Any]
Sizes = fields(
    "inputs outputs pixels item lanes image_x image_g plane_x plane_g gaps band rows wide deep dead "
    "taps height width columns tile blocks most chunks per_chunk per_part parts dw",
)
Places = fields("x g dw xp gp sums starts_x starts_g pixels outs reads offs places gaps")
# Register tiles (output channels, taps) and what a multiply-add costs, relative to the best.
TILES = {
    32: {(4, 6): 1.0, (6, 4): 1.0, (5, 5): 1.0, (3, 8): 1.15, (2, 9): 1.3, (1, 9): 1.5},
    16: {(4, 3): 1.0, (3, 3): 1.05, (2, 4): 1.1, (1, 9): 1.9},
}
INPUTS, OUTPUTS = 16, 64  # channels that are packed at a time


@helper
def _still(packed, count, channels, plane, pixels, dead):  # type: ignore[no-untyped-def]
    """Zero the first `dead` bytes of some pixels: lanes that repeat others."""
    for c in range(channels):
        for p in range(count):
            clear(packed + c * plane + look(pixels, p), dead)


@helper
def _pack_band(s, at, gather, block, group, c0, channels, o0, o1, r0, r1):  # type: ignore[no-untyped-def]
    """Pack rows r0..r1 of g for one block of lanes, and what they read of x and earlier did not."""
    table, idle = block * s.lanes * 8, s.dead if block == s.blocks - 1 else 0
    first = look(at.reads, 2 * r0 - 1) if r0 else np.int64(0)
    last, number = look(at.reads, 2 * r1 - 1), (r1 - r0) * s.wide
    if last > first:
        pack(gather, at.x + (group * s.inputs + c0) * s.image_x, s.image_x, at.starts_x + table,
             channels, first, last, s.pixels, 0, s.item, s.lanes, at.xp, s.plane_x, at.pixels)  # fmt: skip
        if idle:
            start = max(np.int64(0), min(first, s.pixels - s.lanes))
            _still(at.xp, last - start, channels, s.plane_x, at.pixels + start * 8, idle)
    source = at.g + (group * s.outputs + o0) * s.image_g + r0 * s.wide * s.item
    pack(gather, source, s.image_g, at.starts_g + table, o1 - o0, np.int64(0), number, number, 0,
         s.item, s.lanes, at.gp, s.plane_g, at.outs)  # fmt: skip
    if idle:
        _still(at.gp, number, o1 - o0, s.plane_g, at.outs, idle)


@helper
def _keep(s, at, dw, group, c0, channels, o0, o1):  # type: ignore[no-untyped-def]
    """Copy the sums of output channels o0..o1 to where they belong."""
    count = channels * s.taps
    for o in range(o0, o1):
        target = dw + ((group * s.outputs + o) * s.inputs + c0) * s.taps * s.item
        for t in range(0, count, s.width):
            source = at.sums + ((o - o0) // s.height * s.columns + t // s.width) * s.tile
            source += (o - o0) % s.height * s.width * s.item
            copy(target + t * s.item, source, min(s.width, count - t) * s.item)


@shared
def _correlate(sizes, calls, places, rooms, seat, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end."""
    s, at, state = Sizes(*sizes), Places(*moved(places, rooms, seat)), flush()
    task = begin
    while task < end:
        part, chunk, o = task // s.per_part, task % s.per_part // s.per_chunk, task % s.per_chunk
        group, c0 = chunk // s.chunks, chunk % s.chunks * s.deep
        count = min(s.most, end - task, s.per_chunk - o)
        o0, o1 = o * s.height, min(s.outputs, (o + count) * s.height)
        channels = min(s.deep, s.inputs - c0)
        clear_borders(at.xp, channels, s.plane_x, at.gaps, s.gaps)
        clear(at.gp + (o1 - o0) * s.plane_g, (count * s.height - o1 + o0) * s.plane_g)
        clear(at.sums, count * s.columns * s.tile)
        for block in range(s.blocks * part // s.parts, s.blocks * (part + 1) // s.parts):
            for r0 in range(0, s.rows, s.band):
                r1 = min(s.rows, r0 + s.band)
                _pack_band(s, at, calls[1:3], block, group, c0, channels, o0, o1, r0, r1)
                for i in range(count):
                    for t in range(-(-channels * s.taps // s.width)):
                        call(calls[0], (at.gp + i * s.height * s.plane_g, s.plane_g, at.xp,
                             at.offs + t * s.width * 8, at.places + r0 * s.wide * 8,
                             (r1 - r0) * s.wide, at.sums + (i * s.columns + t) * s.tile))  # fmt: skip
        _keep(s, at, at.dw + part * s.dw, group, c0, channels, o0, o1)
        task += count
    restore(state)


class Weight:
    """Tables of one adjoint in w."""

    def __init__(self, job: Correlation) -> None:
        images, groups, inputs, outputs, _, out, kernel, geo, dtype = job
        item, vector, taps = np.dtype(dtype).itemsize, registers.BYTES, math.prod(kernel)
        self.job = job
        phases = plan.forward_phases(kernel, out, geo)
        self.lane = lane = plan.choose_lanes(job, phases, vector // item)
        self.planes = planes = Planes(lane.size, lane.out, lane.phases, 1, vector)
        rows, wide = lane.out[0] * lane.out[1], lane.out[2]
        deep, most = min(inputs, INPUTS), min(outputs, OUTPUTS)
        band = _band(lane, planes, deep, most)
        height, width = choose_tile(outputs, deep * taps, TILES[registers.REGISTERS])
        most, columns = max(1, most // height), -(-deep * taps // width)
        tile = -(-height * width * item // vector) * vector
        plane_g = plan.odd_lines(band * wide * vector)
        names = ("dots", height, width), ("gather", 0, 0), ("gather_few", 0, 0)
        self.calls = integers([simd.address(*name, dtype) for name in names])
        chunks, per_chunk = -(-inputs // deep), -(-outputs // height)
        blocks, per_part = len(lane.starts_in) * item // vector, groups * chunks * per_chunk
        self.parts = parts = min(blocks, -(-plan.FEW // per_part)) if per_part < plan.FEW else 1
        self.sizes = integers(Sizes(
            inputs=inputs, outputs=outputs, pixels=math.prod(lane.size), item=item,
            lanes=vector // item, image_x=lane.plane_in, image_g=lane.plane_out,
            plane_x=planes.plane, plane_g=plane_g, gaps=len(planes.gaps), band=band, rows=rows,
            wide=wide, deep=deep, dead=lane.dead * item, taps=taps, height=height, width=width,
            columns=columns, tile=tile, blocks=blocks, most=most, chunks=chunks,
            per_chunk=per_chunk, per_part=per_part, parts=parts,
            dw=groups * outputs * inputs * taps * item,
        ))  # fmt: skip
        offs = np.arange(deep)[:, None] * planes.plane + np.array(planes.positions[0])
        self.offs = np.concatenate([offs.ravel(), np.zeros(width, np.int64)])
        self.outs = np.arange(band * wide, dtype=np.int64) * vector
        steps = np.arange(wide, dtype=np.int64) * planes.step_in
        self.places = (planes.rows[:, :1] + steps).ravel()
        self.buffers = {
            "input": deep * planes.plane,
            "output": most * height * plane_g,
            "sums": most * columns * tile,
        }
        self.tasks = parts * per_part
        self.cost = NANOSECONDS * images * math.prod(out) * groups * outputs * inputs * taps
        self.tables = addresses(
            lane.starts_in, lane.starts_out, planes.pixels, self.outs, planes.reads, self.offs,
            self.places, planes.gaps,
        )  # fmt: skip

    def __call__(self, x: Array, g: Array, shape: tuple[int, ...]) -> Array:
        """Run on x and g; answers dw of this shape."""
        lane, job = self.lane, self.job
        dw = scratch.empty(shape if self.parts == 1 else (self.parts, *shape), x.dtype)
        if lane.parts > 1:
            x = with_border(x, job.size, lane.before, lane.bordered)
            if lane.padded != job.out:
                g = with_border(g, job.out, (0, 0, 0), lane.padded)
        arrays = addresses(x, g, dw)
        seats = threads.seats(self.tasks, self.cost)
        rooms = scratch.rooms(self.buffers, seats)
        places = (*arrays, *rooms.places, *self.tables)
        steps = (*(0,) * len(arrays), *rooms.steps, *(0,) * len(self.tables))
        tables = self.sizes, self.calls, places, steps
        threads.share(_correlate, tables, self.tasks, self.cost, fine=1, most=seats)
        return dw if self.parts == 1 else np.add.reduce(dw)


def _band(lane: Lanes, planes: Planes, deep: int, most: int) -> int:
    """Rows of output per band, so that its pixels of g and what they read of x fit in the L2 cache."""
    rows, wide, stride = lane.out[0] * lane.out[1], lane.out[2], lane.phases[1][0].stride
    around = max(1, lane.size[1] - lane.out[1] * stride + 1)

    def fits(band: int) -> bool:
        read = deep * (band * stride + around) * planes.pitch
        return (read + most * band * wide) * registers.BYTES < plan.L2

    return plan.bands(rows, fits, wide, registers.BYTES // 4)

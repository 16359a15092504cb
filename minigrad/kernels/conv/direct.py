"""Convolution and its adjoint in x on image lanes by plain sums.

xp[channel][pixel with border][lane]                             see images.py
    |  simd.tile: R output channels x V pixels in registers, summed over all channels and
    |             taps; weights stream by as weights[k][R].  Taps of which a tile meets nothing but border
    |             are left out where that pays.
tmp[output channel][pixel of the band][lane]
"""

import math
from typing import Any

import numpy as np

from minigrad.kernels.conv import images, plan
from minigrad.kernels.conv.images import ImageSweep, clear_borders, pack_band, unpack
from minigrad.kernels.conv.plan import Lanes, Planes, Sweep
from minigrad.kernels.machine import registers, simd
from minigrad.kernels.machine.arguments import addresses, fields, integers
from minigrad.kernels.machine.denormals import flush, restore
from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.simd import call, clear, look
from minigrad.kernels.machine.team import moved, shared

Array = np.ndarray[Any, Any]
Sizes = fields(
    images.SIZES,
    "step_in step_out rows band bands columns tiles kinds depth vecs w_group",
)
Places = fields(
    images.PLACES, "starts_x starts_y pixels offs gaps lines reads kinds ends", images.RUNS
)
# Per phase: depth of its sums, where they begin, first pixel, pixels, rows of taps, taps in a row.
KIND = 6
TAPS = 192  # taps summed in one go: their inputs and weights stay in the L1 cache


@shared
def _order(interleave, sizes, tables, w, weights, seat, begin, end):  # type: ignore[no-untyped-def]
    """Blocks begin..end of weights, in the order of use: [group][phase][block of R][taps][R]."""
    s, (rows, all_taps, kinds) = Sizes(*sizes), tables
    for t in range(begin, end):
        group, o, taps = t // s.blocks, t % s.blocks, all_taps
        for kind in range(kinds, kinds + s.kinds * KIND * 8, KIND * 8):
            depth = look(kind, 0)
            out = ((group * s.depth + look(kind, 1)) * s.blocks + o * depth) * s.height * s.item
            if depth:  # the micro-kernel does one at least
                source = w + group * s.w_group, rows + o * s.height * 8
                call(interleave, (*source, taps, depth, weights + out))
            taps += depth * 8


@helper
def _multiply(s, tile, kind, ends, lo, hi, at, out, offs, weights, o0, o1):  # type: ignore[no-untyped-def]
    """One row of one phase of output, blocks of channels o0..o1, from rows of taps lo..hi.

    ends: for each tile of the row, between which taps of a row it meets input.
    """
    depth, first, number, taps = look(kind, 0), look(kind, 1), look(kind, 3), look(kind, 5)
    chunk = max(1, TAPS // max(1, taps) * taps)
    block, step = s.height * s.item, s.height * s.step_tmp
    for _ in range(0, number, s.vecs):
        left, right = look(ends, 0), look(ends, 1)
        rows = hi - lo if left < right else 0
        for o in range(o0 * s.height, 0 if rows else o1 * s.height):
            for i in range(s.vecs):
                clear(out + o * s.step_tmp + i * s.step_out, s.vector)
        # Rows of taps that follow each other.
        joined = max(1, rows) if left == 0 and right == taps else 1
        for row in range(lo, lo + rows, joined):
            start = (row * taps + left) * s.inputs
            stop = ((row + joined - 1) * taps + right) * s.inputs
            for k in range(start, stop, chunk):
                for o in range(o0, o1):
                    call(tile, (at, s.step_in, offs + (first + k) * 8, min(chunk, stop - k),
                         weights + (first * s.blocks + o * depth + k) * block, block,
                         out + o * step, s.step_tmp, s.step_out, row - lo + k - start))  # fmt: skip
        at += s.vecs * s.step_in
        out += s.vecs * s.step_out
        ends += 16


@shared
def _sweep(sizes, calls, places, rooms, seat, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end."""
    s, at, state = Sizes(*sizes), Places(*moved(places, rooms, seat)), flush()
    clear_borders(at.xp, s.inputs, s.plane, at.gaps, s.gaps)
    last, packed, task = -1, 0, begin
    while task < end:
        band, o0 = task // s.blocks, task % s.blocks
        o1 = min(s.blocks, o0 + end - task)
        task += o1 - o0
        unit, r0 = band // s.bands, band % s.bands * s.band
        r1 = min(s.rows, r0 + s.band)
        if unit != last:
            last, packed = unit, look(at.reads, 2 * r0)
        packed = pack_band(s, at, calls[1:3], unit, packed, look(at.reads, 2 * r1 - 1))
        weights = at.weights + unit % s.groups * s.depth * s.blocks * s.height * s.item
        for r in range(r0, r1):
            line = at.lines + r * 32
            for f in range(s.columns):
                kind = at.kinds + (look(line, 1) * s.columns + f) * KIND * 8
                out = at.tmp + ((r - r0) * s.wide + look(kind, 2)) * s.vector
                ends = at.ends + f * s.tiles * 16
                _multiply(s, calls[0], kind, ends, look(line, 2), look(line, 3), at.xp + look(line, 0),
                          out, at.offs, weights, o0, o1)  # fmt: skip
        unpack(s, at, calls[3:5], unit, at.tmp, o0, o1, r0, r1 - r0)
    restore(state)


class Direct(ImageSweep):
    """Tables of one sweep."""

    order, sweep = _order, _sweep

    def __init__(self, job: Sweep) -> None:
        super().__init__(job)
        lane, steps = self.lane, job.steps
        height, vecs = images.choose_tile(job.outputs, max(p.number for p in lane.phases[2]))
        names = "gather", "gather_few", "scatter", "scatter_few"
        tile = simd.address("tile", height, vecs, job.dtype)
        self.calls = integers([tile, *(simd.address(n, 0, 0, job.dtype) for n in names)])
        self.planes = planes = Planes(lane.size, lane.out, lane.phases, vecs, registers.BYTES)
        blocks = -(-job.outputs // height)
        step_out = lane.phases[2][0].step * registers.BYTES
        rows, wide = lane.out[0] * lane.out[1], lane.out[2]
        band = _band(lane, planes, job.inputs, blocks * height)
        bands = -(-rows // band)
        step_tmp = plan.odd_lines(band * wide * registers.BYTES + vecs * step_out)
        self.kinds, self.ends = _kinds(planes, job.inputs), planes.ends(vecs, job.inputs)
        self.offs, self.taps = planes.offsets(
            job.inputs, steps[2] * self.item, self.item, self.ends
        )
        self.sizes = integers(Sizes(
            **self.shared_sizes(planes, height, step_tmp), step_in=planes.step_in,
            step_out=step_out, rows=rows, band=band, bands=bands, columns=len(lane.phases[2]),
            tiles=self.ends.shape[1], kinds=len(self.kinds), depth=len(self.offs), vecs=vecs,
            w_group=steps[0] * self.item,
        ))  # fmt: skip
        self.tables = addresses(
            lane.starts_in, lane.starts_out, planes.pixels, self.offs, planes.gaps, planes.rows,
            planes.reads, self.kinds, self.ends, lane.runs_in, lane.runs_out,
        )  # fmt: skip
        # Rows that fill up the last block repeat the last: their sums are not used.
        self.rows = np.minimum(np.arange(blocks * height), job.outputs - 1) * (steps[1] * self.item)
        self.orders = (
            simd.address("interleave", height, 0, job.dtype), self.sizes,
            addresses(self.rows, self.taps, self.kinds),
        )  # fmt: skip
        self.weights = job.groups * blocks * height * len(self.offs) * self.item
        self.buffers = {"input": job.inputs * planes.plane, "output": blocks * height * step_tmp}
        self.blocks, self.tasks = job.groups * blocks, self.units * bands * blocks
        self.cost *= blocks * height * len(self.offs) / job.inputs


def _kinds(planes: Planes, inputs: int) -> Array:
    """The table of phases: see KIND."""
    table, begin = [], 0
    for lines, taps, first, pixels in planes.kinds:
        depth = lines * taps * inputs
        table.append((depth, begin, first, pixels, lines, taps))
        begin += depth
    return np.array(table, np.int64)


def _band(lane: Lanes, planes: Planes, inputs: int, outputs: int) -> int:
    """Rows of output per band, so that it and what it reads fit in the L2 cache."""
    _, high, wide = lane.out
    stride = lane.phases[1][0].stride / lane.phases[1][0].step
    around = max(1, lane.size[1] - math.ceil(high * stride) + 1)

    def fits(band: int) -> bool:
        read = inputs * (band * stride + around) * planes.pitch
        return bool((read + outputs * band * wide) * registers.BYTES < plan.L2)

    return plan.bands(lane.out[0] * high, fits, wide, registers.BYTES // 4)

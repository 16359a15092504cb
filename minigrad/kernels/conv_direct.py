"""Convolution and its adjoint in x on image lanes: pack, multiply in registers, unpack.

    x, NCHW  --gather-->  xp[channel][pixel with border][lane]        lanes: conv_plan.py
                               |  tile: R output channels x V pixels in registers, summed over
                               |        all channels and taps; weights stream by as wf[k][R]
                               v
    y, NCHW  <--scatter-- tmp[output channel][pixel of the band][lane]   (+ bias)

Work is cut into tasks: (block of lanes, group, band of output rows).  A band and what it reads
fit in the L2 cache; input rows are packed just before the first band that reads them.
Tasks write disjoint outputs, so the bits are the same for any number of threads.
"""

import math
from typing import Any

import numpy as np

from minigrad.kernels import conv_plan, scratch, simd, threads
from minigrad.kernels._jit import jit
from minigrad.kernels.conv_pack import (
    NANOSECONDS,
    choose_tile,
    clear_borders,
    pack,
    unpack,
    with_border,
)
from minigrad.kernels.conv_plan import Lanes, Planes, Sweep, addresses, integers
from minigrad.kernels.simd import call, clear, look

Array = np.ndarray[Any, Any]

TAPS = 192  # taps summed in one go: their inputs and weights stay in the L1 cache


@jit
def _order_weights(interleave, sizes, steps, tables, w, wf):  # type: ignore[no-untyped-def]
    """Weights in the order of use: wf[group][phase][block of R][row of taps][channel][tap][R]."""
    groups, inputs, outputs, item = sizes[0], sizes[1], sizes[2], sizes[4]
    height, kinds = sizes[16], sizes[18]
    rows, all_taps, table = tables
    for g in range(groups):
        taps = all_taps
        for f in range(kinds):
            lines, number = look(table, f * 6 + 4), look(table, f * 6 + 5)
            for o in range(0, outputs if number else 0, height):
                for line in range(lines):
                    for c in range(inputs):
                        at = w + g * steps[0] + c * steps[1]
                        call(interleave, (at, rows + o * 8, taps + line * number * 8, number, wf))
                        wf += number * height * item
            taps += lines * number * 8


@jit
def _multiply(sizes, tile, kind, lo, hi, at, out, offs, wf):  # type: ignore[no-untyped-def]
    """One row of one phase of output, all channels, from rows of taps lo..hi."""
    inputs, outputs, lanes, item = sizes[1], sizes[2], sizes[5], sizes[4]
    step_tmp, step_in, step_out, height, vecs = sizes[9], sizes[13], sizes[14], sizes[16], sizes[17]
    first, number, taps = look(kind, 1), look(kind, 3), look(kind, 5)
    depth = look(kind, 0)
    start, stop = lo * inputs * taps, hi * inputs * taps
    chunk = max(1, TAPS // max(1, taps)) * taps
    blocks = -(-outputs // height)
    for _ in range(0, number, vecs):
        for o in range(outputs if start == stop else 0):
            for i in range(vecs):
                clear(out + o * step_tmp + i * step_out, lanes * item)
        for k in range(start, stop, max(1, chunk)):
            for o in range(blocks):
                call(tile, (at, step_in, offs + (first + k) * 8, min(chunk, stop - k),
                     wf + (first * blocks + o * depth + k) * height * item, height * item,
                     out + o * height * step_tmp, step_tmp, step_out, k - start))  # fmt: skip
        at += vecs * step_in
        out += vecs * step_out


@jit
def _sweep(sizes, calls, addresses, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end of a convolution; see `Direct` for the tables."""
    groups, inputs, outputs, pixels_in, item, lanes, image_x, image_y = sizes[0:8]
    plane, step_tmp, band, count, wide, _, _, columns, height = sizes[8:17]
    number_rows, number_gaps, depth_all = sizes[19:22]
    x, wf, bias, y, xp, tmp, starts_x, starts_y, pixels, offs, gaps, rows, reads, kinds = addresses
    vector = lanes * item
    blocks = -(-outputs // height)
    clear_borders(xp, inputs, plane, gaps, number_gaps)
    last, packed = -1, 0
    for task in range(begin, end):
        block, group = task // count // groups, task // count % groups
        r0 = task % count * band
        r1 = min(number_rows, r0 + band)
        if task // count != last:
            last, packed = task // count, look(reads, 2 * r0)
        need = look(reads, 2 * r1 - 1)
        if need > packed:
            pack(calls[1:3], x + group * inputs * image_x, image_x, starts_x + block * lanes * 8,
                 inputs, packed, need, pixels_in, item, lanes, xp, plane, pixels)  # fmt: skip
            packed = need
        for r in range(r0, r1):
            for f in range(columns):
                kind = kinds + (look(rows, 4 * r + 1) * columns + f) * 48
                out = tmp + ((r - r0) * wide + look(kind, 2)) * vector
                lo, hi = look(rows, 4 * r + 2), look(rows, 4 * r + 3)
                _multiply(sizes, calls[0], kind, lo, hi, xp + look(rows, 4 * r), out, offs,
                          wf + group * depth_all * blocks * height * item)  # fmt: skip
        base = y + group * outputs * image_y + r0 * wide * item
        unpack(calls[3:5], tmp, step_tmp, outputs, (r1 - r0) * wide, item, lanes, base, image_y,
               starts_y + block * lanes * 8, bias + group * outputs * item)  # fmt: skip


class Direct:
    """Tables of one sweep."""

    def __init__(self, job: Sweep) -> None:
        images, groups, inputs, outputs, size, out, phases, steps, dtype = job
        item = np.dtype(dtype).itemsize
        lanes = simd.BYTES // item
        self.size, self.shape_y = size, (images, groups * outputs)
        self.lanes = lane = conv_plan.choose_lanes(job, phases, lanes)
        wide = lane.out[2]
        self.height, vecs = choose_tile(outputs, max(p.number for p in lane.phases[2]))
        names = "gather", "gather_few", "scatter", "scatter_few"
        tile = simd.address("tile", self.height, vecs, dtype)
        self.calls = integers([tile, *(simd.address(n, 0, 0, dtype) for n in names)])
        self.planes = planes = Planes(lane.size, lane.out, lane.phases, vecs, simd.BYTES)
        filled = -(-outputs // self.height) * self.height
        step_out = lane.phases[2][0].step * simd.BYTES
        rows = lane.out[0] * lane.out[1]
        band = _band(lane, planes, inputs, filled)
        count = -(-rows // band)
        step_tmp = conv_plan.odd_lines(band * wide * simd.BYTES + vecs * step_out)
        self.offs = planes.offsets(inputs)
        self.taps = np.array([t * item for taps in planes.taps for t in taps], np.int64)
        self.kinds = _kinds(planes, inputs)
        self.sizes = integers([
            groups, inputs, outputs, math.prod(lane.size), item, lanes, lane.plane_in,
            lane.plane_out, planes.plane, step_tmp, band, count, wide, planes.step_in, step_out,
            len(lane.phases[2]), self.height, vecs, len(self.kinds), rows, len(planes.gaps),
            len(self.offs),
        ])  # fmt: skip
        # Rows that fill up the last block repeat the last: their sums are not used.
        self.rows = np.minimum(np.arange(filled), outputs - 1) * (steps[1] * item)
        self.steps = integers((steps[0] * item, steps[2] * item))
        self.interleave = simd.address("interleave", self.height, 0, dtype)
        self.weights = groups * filled * len(self.offs)
        self.input_size, self.tmp_size = inputs * planes.plane, filled * step_tmp
        self.tasks = len(lane.starts_in) // lanes * groups * count
        self.cost = NANOSECONDS * images * math.prod(out) * self.weights
        self.tables = addresses(
            lane.starts_in, lane.starts_out, planes.pixels, self.offs, planes.gaps, planes.rows,
            planes.reads, self.kinds,
        )  # fmt: skip
        self.weight_tables = addresses(self.rows, self.taps, self.kinds)

    def __call__(self, x: Array, w: Array, b: Array | None) -> Array:
        """Run on x, w and b or None; answers y."""
        dtype, lane = x.dtype, self.lanes
        y = scratch.empty((*self.shape_y, *lane.padded), dtype)
        bias = conv_plan.no_bias(self.shape_y[1], dtype) if b is None else b
        if lane.parts > 1:
            x = with_border(x, self.size, lane.before, lane.bordered)
        wf = scratch.take("weights", self.weights, dtype)
        w_at, *arrays = addresses(w, x, wf, bias, y)
        _order_weights(self.interleave, self.sizes, self.steps, self.weight_tables, w_at, arrays[1])

        def work(begin: int, end: int) -> None:
            xp = scratch.take("input", self.input_size, np.uint8)
            tmp = scratch.take("output", self.tmp_size, np.uint8)
            places = (*arrays, *addresses(xp, tmp), *self.tables)
            _sweep(self.sizes, self.calls, places, begin, end)

        threads.run(work, self.tasks, self.cost)
        return y


def _kinds(planes: Planes, inputs: int) -> Array:
    """Per phase: depth of its sums, where they begin, first pixel, pixels, rows of taps, taps."""
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
        return bool((read + outputs * band * wide) * simd.BYTES < conv_plan.L2)

    lanes = simd.BYTES // 4
    return conv_plan.bands(lane.out[0] * high, fits, wide, lanes)

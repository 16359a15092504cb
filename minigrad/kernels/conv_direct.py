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
from minigrad.kernels.conv_plan import Phases, Planes, Size
from minigrad.kernels.simd import call, clear

Array = np.ndarray[Any, Any]

TAPS = 192  # taps summed in one go: their inputs and weights stay in the L1 cache


@jit
def _order_weights(interleave, sizes, steps, kinds, rows, taps, w, wf):  # type: ignore[no-untyped-def]
    """Weights in the order of use: wf[group][phase][block of R][channel][tap][R]."""
    groups, inputs, outputs, item, height = sizes[0], sizes[1], sizes[2], sizes[4], sizes[16]
    for g in range(groups):
        for f in range(kinds.shape[0]):
            number = kinds[f, 6] - kinds[f, 5]
            for o in range(0, outputs if number else 0, height):
                for c in range(inputs):
                    at = w + g * steps[0] + c * steps[1]
                    call(interleave, (at, rows + o * 8, taps + kinds[f, 5] * 8, number, wf))
                    wf += number * height * item


@jit
def _sweep(sizes, calls, addresses, gaps, rows, reads, kinds, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end of a convolution; see `Direct` for the tables."""
    groups, inputs, outputs, pixels_in, item, lanes, image_x, image_y = sizes[0:8]
    plane, step_tmp, band, count, wide, step_in, step_out, columns, height, vecs = sizes[8:18]
    x, wf, bias, y, xp, tmp, starts_x, starts_y, pixels, offs = addresses
    vector = lanes * item
    blocks = -(-outputs // height)
    depth_all = kinds[-1, 1] + kinds[-1, 0]
    clear_borders(xp, inputs, plane, gaps)
    last, packed = -1, 0
    for task in range(begin, end):
        block, group = task // count // groups, task // count % groups
        r0 = task % count * band
        r1 = min(rows.shape[0], r0 + band)
        if task // count != last:
            last, packed = task // count, reads[r0, 0]
        if reads[r1 - 1, 1] > packed:
            pack(calls[1:3], x + group * inputs * image_x, image_x, starts_x + block * lanes * 8,
                 inputs, packed, reads[r1 - 1, 1], pixels_in, item, lanes, xp, plane, pixels)  # fmt: skip
            packed = reads[r1 - 1, 1]
        for r in range(r0, r1):
            for f in range(rows[r, 1] * columns, (rows[r, 1] + 1) * columns):
                depth, first, start, number = kinds[f, 0], kinds[f, 1], kinds[f, 2], kinds[f, 3]
                chunk = kinds[f, 4]
                weights = wf + (group * depth_all + first) * blocks * height * item
                for v in range(0, number, vecs):
                    at = xp + rows[r, 0] + v * step_in
                    out = tmp + ((r - r0) * wide + start) * vector + v * step_out
                    for o in range(0, 0 if depth else outputs):
                        for i in range(vecs):
                            clear(out + o * step_tmp + i * step_out, vector)
                    for k in range(0, depth, chunk):
                        for o in range(blocks):
                            call(calls[0], (at, step_in, offs + (first + k) * 8,
                                 min(chunk, depth - k), weights + (o * depth + k) * height * item,
                                 height * item, out + o * height * step_tmp, step_tmp, step_out, k))  # fmt: skip
        made = (r1 - r0) * wide
        base = y + group * outputs * image_y + r0 * wide * item
        unpack(calls[3:5], tmp, step_tmp, outputs, made, item, lanes, base, image_y,
               starts_y + block * lanes * 8, bias + group * outputs * item)  # fmt: skip


class Direct:
    """Tables of one sweep: x (N, groups*inputs, *size) to y (N, groups*outputs, *out).

    steps: of w between groups, outputs and inputs, in numbers.
    """

    def __init__(
        self,
        images: int,
        groups: int,
        inputs: int,
        outputs: int,
        size: Size,
        out: Size,
        phases: Phases,
        steps: tuple[int, int, int],
        dtype: Any,
    ) -> None:
        item = np.dtype(dtype).itemsize
        lanes = simd.BYTES // item
        self.size, self.shape_y = size, (images, groups * outputs)
        self.lanes = lane = conv_plan.choose_lanes(
            images, groups * inputs, groups * outputs, size, out, phases, lanes, item
        )
        wide = lane.out[2]
        self.height, vecs = choose_tile(outputs, max(p.count for p in lane.phases[2]))
        names = "gather", "gather_few", "scatter", "scatter_few"
        tile = simd.address("tile", self.height, vecs, dtype)
        self.calls = np.array([tile, *(simd.address(n, 0, 0, dtype) for n in names)])
        planes = Planes(lane.size, lane.out, lane.phases, vecs, simd.BYTES)
        filled = -(-outputs // self.height) * self.height
        step_out = lane.phases[2][0].step * simd.BYTES
        rows = lane.out[0] * lane.out[1]
        stride = lane.phases[1][0].stride / lane.phases[1][0].step
        around = max(1, lane.size[1] - math.ceil(lane.out[1] * stride) + 1)

        def fits(band: int) -> bool:
            read = inputs * (band * stride + around) * planes.pitch
            return bool((read + filled * band * wide) * simd.BYTES < conv_plan.L2)

        band = conv_plan.bands(rows, fits, wide, lanes)
        count = -(-rows // band)
        step_tmp = conv_plan.odd_lines(band * wide * simd.BYTES + vecs * step_out)
        spatial = (size, out) if lane.parts == 1 else (lane.bordered, lane.padded)
        image_x, image_y = (math.prod(n) * item for n in spatial)
        self.sizes = np.array(
            [groups, inputs, outputs, math.prod(lane.size), item, lanes, image_x, image_y]
            + [planes.plane, step_tmp, band, count, wide, planes.step_in, step_out]
            + [len(lane.phases[2]), self.height, vecs],
            np.int64,
        )
        self.planes, self.offs = planes, planes.offsets(inputs)
        self.taps = np.array([t * item for taps in planes.taps for t in taps], np.int64)
        ends = np.cumsum([n for n, _, _ in planes.kinds]).tolist()
        self.kinds = np.array(
            [
                (n * inputs, (end - n) * inputs, first, count, max(1, TAPS // max(1, n)) * n or 1)
                + (end - n, end)
                for (n, first, count), end in zip(planes.kinds, ends)
            ],
            np.int64,
        )
        # Rows that fill up the last block repeat the last: their sums are not used.
        self.rows = np.minimum(np.arange(filled), outputs - 1) * (steps[1] * item)
        self.steps = (steps[0] * item, steps[2] * item)
        self.interleave = simd.address("interleave", self.height, 0, dtype)
        self.weights = groups * filled * len(self.offs)
        self.input_size, self.tmp_size = inputs * planes.plane, filled * step_tmp
        self.tasks = len(lane.starts_in) // lanes * groups * count
        self.cost = NANOSECONDS * images * math.prod(out) * self.weights
        tables = (lane.starts_in, lane.starts_out, planes.pixels, self.offs)
        self.tables = tuple(table.ctypes.data for table in tables)

    def __call__(self, x: Array, w: Array, b: Array | None) -> Array:
        dtype, lane, planes = x.dtype, self.lanes, self.planes
        y = scratch.empty((*self.shape_y, *lane.padded), dtype)
        bias = conv_plan.no_bias(self.shape_y[1], dtype) if b is None else b
        if lane.parts > 1:
            x = with_border(x, self.size, lane.before, lane.bordered)
        wf = scratch.take("weights", self.weights, dtype)
        arrays = tuple(a.ctypes.data for a in (x, wf, bias, y))
        _order_weights(self.interleave, self.sizes, self.steps, self.kinds, self.rows.ctypes.data,
                       self.taps.ctypes.data, w.ctypes.data, arrays[1])  # fmt: skip

        def work(begin: int, end: int) -> None:
            xp = scratch.take("input", self.input_size, np.uint8)
            tmp = scratch.take("output", self.tmp_size, np.uint8)
            addresses = (*arrays, xp.ctypes.data, tmp.ctypes.data, *self.tables)
            _sweep(self.sizes, self.calls, addresses, planes.gaps, planes.rows, planes.reads,
                   self.kinds, begin, end)  # fmt: skip

        threads.run(work, self.tasks, self.cost)
        return y

"""The adjoint of convolution in w on image lanes: products of g and x, summed in registers.

    g  --gather-->  gp[output channel][pixel of the band][lane]    -+
                                                                    dots: R channels x T taps,
    x  --gather-->  xp[input channel][pixel with border][lane]     -+     summed over pixels, lanes

    sums[task][block of T taps][R][T]   --copy-->   dw[output channel][input channel][tap]

A task is R output channels of a group and a chunk of input channels: all images, in a fixed
order.  No sum is shared between tasks, so the bits are the same for any number of threads;
the price is that every thread packs x for itself.
"""

import math
from typing import Any

import numpy as np

from minigrad.kernels import conv_plan, scratch, simd, threads
from minigrad.kernels._jit import jit
from minigrad.kernels.conv_pack import NANOSECONDS, clear_borders, pack, with_border
from minigrad.kernels.conv_plan import Correlation, Lanes, Planes, addresses, integers
from minigrad.kernels.simd import call, clear, copy, look

Array = np.ndarray[Any, Any]

# Register tiles (output channels, taps) and what a multiply-add costs, relative to the best.
TILES = {
    32: {(4, 6): 1.0, (6, 4): 1.0, (5, 5): 1.0, (3, 8): 1.15, (2, 9): 1.3, (1, 9): 1.5},
    16: {(4, 3): 1.0, (3, 3): 1.05, (2, 4): 1.1, (1, 9): 1.9},
}
PIXELS = 96  # wanted per band, so that starting and ending sums costs little


@jit
def _still(packed, count, channels, plane, pixels, dead):  # type: ignore[no-untyped-def]
    """Zero the first `dead` bytes of some pixels: lanes that repeat others."""
    for c in range(channels):
        for p in range(count):
            clear(packed + c * plane + look(pixels, p), dead)


@jit
def _band(sizes, calls, addresses, block, group, chunk, o0, o1, r0, r1):  # type: ignore[no-untyped-def]
    """Pack rows r0..r1 of g for one block of lanes, and what they read of x and earlier did not."""
    inputs, outputs, pixels_in, item, lanes, image_x, image_g = sizes[1:8]
    plane, plane_g, _, wide, deep, dead = sizes[8:14]
    blocks = sizes[17]
    x, g, xp, gp, starts_x, starts_g, pixels, outs, reads = addresses[:9]
    table = block * lanes * 8
    channels = min(deep, inputs - chunk * deep)
    last = look(reads, 2 * r1 - 1)
    first = look(reads, 2 * r0 - 1) if r0 else np.int64(0)
    if last > first:
        at = x + (group * inputs + chunk * deep) * image_x
        pack(calls[1:3], at, image_x, starts_x + table, channels, first, last, pixels_in, item,
             lanes, xp, plane, pixels)  # fmt: skip
        if dead and block == blocks - 1:
            start = max(np.int64(0), min(first, pixels_in - lanes))
            _still(xp, last - start, channels, plane, pixels + start * 8, dead * item)
    number = (r1 - r0) * wide
    at = g + (group * outputs + o0) * image_g + r0 * wide * item
    pack(calls[1:3], at, image_g, starts_g + table, o1 - o0, np.int64(0), number, number, item,
         lanes, gp, plane_g, outs)  # fmt: skip
    if dead and block == blocks - 1:
        _still(gp, number, o1 - o0, plane_g, outs, dead * item)


@jit
def _keep(sizes, sums, dw, o0, o1, group, chunk):  # type: ignore[no-untyped-def]
    """Copy the sums of output channels o0..o1 to where they belong."""
    inputs, outputs, item, deep, taps = sizes[1], sizes[2], sizes[4], sizes[12], sizes[14]
    height, width, tile = sizes[15], sizes[16], sizes[19]
    columns = -(-deep * taps // width)
    here = min(deep, inputs - chunk * deep) * taps
    for o in range(o0, o1):
        target = dw + ((group * outputs + o) * inputs + chunk * deep) * taps * item
        for t in range(0, here, width):
            source = sums + ((o - o0) // height * columns + t // width) * tile
            source += (o - o0) % height * width * item
            copy(target + t * item, source, min(width, here - t) * item)


@jit
def _correlate(sizes, calls, addresses, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end; see `Weight` for the tables."""
    inputs, outputs = sizes[1], sizes[2]
    plane, plane_g, band, wide, deep, _, taps, height, width, blocks, most = sizes[8:19]
    tile, rows, number_gaps = sizes[19:22]
    xp, gp = addresses[2:4]
    offs, places, gaps, sums, dw = addresses[9:14]
    per_group, chunks = -(-outputs // height), -(-inputs // deep)
    columns = -(-deep * taps // width)
    task = begin
    while task < end:
        group, chunk, o = task // per_group // chunks, task // per_group % chunks, task % per_group
        count = min(most, end - task, per_group - o)
        o0, o1 = o * height, min(outputs, (o + count) * height)
        channels = min(deep, inputs - chunk * deep)
        clear_borders(xp, channels, plane, gaps, number_gaps)
        clear(gp + (o1 - o0) * plane_g, (count * height - o1 + o0) * plane_g)
        clear(sums, count * columns * tile)
        for block in range(blocks):
            for r0 in range(0, rows, band):
                r1 = min(rows, r0 + band)
                _band(sizes, calls, addresses, block, group, chunk, o0, o1, r0, r1)
                for o in range(count):
                    for t in range(-(-channels * taps // width)):
                        call(calls[0], (gp + o * height * plane_g, plane_g, xp,
                             offs + t * width * 8, places + r0 * wide * 8, (r1 - r0) * wide,
                             sums + (o * columns + t) * tile))  # fmt: skip
        _keep(sizes, sums, dw, o0, o1, group, chunk)
        task += count


class Weight:
    """Tables of one adjoint in w."""

    def __init__(self, job: Correlation) -> None:
        images, groups, inputs, outputs, size, out, kernel, geo, dtype = job
        item = np.dtype(dtype).itemsize
        lanes = simd.BYTES // item
        phases = conv_plan.forward_phases(kernel, out, geo)
        self.size, self.out = size, out
        self.shape, self.taps = (groups * outputs, inputs, *kernel), math.prod(kernel)
        self.lanes = lane = conv_plan.choose_lanes(job, phases, lanes)
        self.planes = planes = Planes(lane.size, lane.out, lane.phases, 1, simd.BYTES)
        rows, wide = lane.out[0] * lane.out[1], lane.out[2]
        deep, most, band = _chunks(lane, planes, inputs, outputs)
        height, width = choose_tile(outputs, deep * self.taps)
        most = max(1, most // height)
        columns = -(-deep * self.taps // width)
        tile = -(-height * width // lanes) * simd.BYTES
        plane_g = conv_plan.odd_lines(band * wide * simd.BYTES)
        names = "gather", "gather_few"
        self.calls = integers(
            [simd.address("dots", height, width, dtype)]
            + [simd.address(name, 0, 0, dtype) for name in names]
        )
        blocks = len(lane.starts_in) // lanes
        self.sizes = integers([
            groups, inputs, outputs, math.prod(lane.size), item, lanes, lane.plane_in,
            lane.plane_out, planes.plane, plane_g, band, wide, deep, lane.dead, self.taps, height, width,
            blocks, most, tile, rows, len(planes.gaps),
        ])  # fmt: skip
        taps = np.arange(deep)[:, None] * planes.plane + np.array(planes.positions[0])
        self.offs = np.concatenate([taps.ravel(), np.zeros(width, np.int64)])
        self.outs = np.arange(band * wide, dtype=np.int64) * simd.BYTES
        steps = np.arange(wide, dtype=np.int64) * planes.step_in
        self.places = (planes.rows[:, :1] + steps).ravel()
        self.input_size, self.grad_size = deep * planes.plane, most * height * plane_g
        self.sums_size = most * columns * tile
        self.tasks = groups * -(-inputs // deep) * -(-outputs // height)
        self.cost = NANOSECONDS * images * math.prod(out) * groups * outputs * inputs * self.taps
        self.tables = addresses(
            lane.starts_in, lane.starts_out, planes.pixels, self.outs, planes.reads, self.offs,
            self.places, planes.gaps,
        )  # fmt: skip

    def __call__(self, x: Array, g: Array) -> Array:
        """Run on x and g; answers dw."""
        dtype, lane = x.dtype, self.lanes
        dw = scratch.empty(self.shape, dtype)
        if lane.parts > 1:
            x = with_border(x, self.size, lane.before, lane.bordered)
            if lane.padded != self.out:
                g = with_border(g, self.out, (0, 0, 0), lane.padded)
        x_at, g_at, dw_at = addresses(x, g, dw)

        def work(begin: int, end: int) -> None:
            xp = scratch.take("input", self.input_size, np.uint8)
            gp = scratch.take("output", self.grad_size, np.uint8)
            sums = scratch.take("sums", self.sums_size, np.uint8)
            xp_at, gp_at, sums_at = addresses(xp, gp, sums)
            places = (x_at, g_at, xp_at, gp_at, *self.tables, sums_at, dw_at)
            _correlate(self.sizes, self.calls, places, begin, end)

        threads.run(work, self.tasks, self.cost, fine=1)
        return dw


def _chunks(lane: Lanes, planes: Planes, inputs: int, outputs: int) -> tuple[int, int, int]:
    """Input and output channels at a time and rows of a band, to fit in the L2 cache."""
    rows, wide = lane.out[0] * lane.out[1], lane.out[2]
    stride = lane.phases[1][0].stride
    around = max(1, lane.size[1] - lane.out[1] * stride + 1)

    def fits(band: int, deep: int, most: int) -> bool:
        read = deep * (band * stride + around) * planes.pitch
        return (read + most * band * wide) * simd.BYTES < conv_plan.L2

    deep, most = inputs, outputs
    enough = min(rows, -(-PIXELS // wide))
    while max(deep, most) > 16 and not fits(enough, deep, most):
        deep, most = (-(-deep // 2), most) if deep > most else (deep, -(-most // 2))
    return deep, most, conv_plan.bands(rows, lambda n: fits(n, deep, most), wide, simd.BYTES // 4)


def choose_tile(outputs: int, taps: int) -> tuple[int, int]:
    """The register tile that wastes least on `outputs` channels and `taps` taps."""
    costs = {
        (r, t): -(-outputs // r) * r * -(-taps // t) * t * cost
        for (r, t), cost in TILES[simd.REGISTERS].items()
    }
    return min(costs, key=lambda tile: costs[tile])

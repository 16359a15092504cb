"""The adjoint of convolution in w with channels as lanes: a matrix product for every tap.

    dw[tap][output channel][input channel]  =  sum over images, pixels of
                                    g[pixel][output channel] * x[pixel's tap][input channel]

    xp[16 channels][image][pixel with border][lane]        gp[16 channels][image][pixel][lane]
        16 channels: as many as a vector has lanes

Against conv_weight.py, where images are lanes: no sums across lanes, any number of images, and one
image at a time to pack, so that little memory is touched; but channels should fill the vectors.

Tasks are (group, V vectors of input channels, R output channels), each sum in a fixed order.
"""

import math
from typing import Any

import numpy as np

from minigrad.kernels import conv_plan, scratch, simd, threads
from minigrad.kernels._jit import jit
from minigrad.kernels.conv_pack import NANOSECONDS, TILES, clear_borders, pack
from minigrad.kernels.conv_plan import Correlation, Planes, addresses, integers
from minigrad.kernels.simd import call, clear, look

Array = np.ndarray[Any, Any]

PIXELS = 128  # summed in one go: the inputs of a tile stay in the L1 cache


@jit
def _correlate(sizes, calls, addresses, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end of one group; see `ChannelWeight` for the tables."""
    images, batch, pixels_x, pixels_g, item, lanes, image_x, image_g = sizes[0:8]
    plane, plane_g, blocks_g, height, vecs, per_column, row, step_sums = sizes[8:16]
    blocks_x, taps, number_gaps = sizes[16:19]
    x, g, xp, gp, sums, starts_x, starts_g, at_x, at_g, offs, gaps, positions = addresses
    vector, zero = lanes * item, np.int64(0)
    first_x = begin // per_column * vecs
    last_x = min(blocks_x, -(-end // per_column) * vecs)
    wide = last_x - first_x
    clear_borders(xp, batch * wide, plane, gaps, number_gaps)
    for task in range(begin, end):
        for tap in range(taps):
            for r in range(task % per_column * height, (task % per_column + 1) * height):
                at = sums + tap * step_sums + r * row + task // per_column * vecs * vector
                clear(at, vecs * vector)
    for first in range(0, images, batch):
        count = min(batch, images - first)
        for n in range(count):
            for c in range(wide):
                starts = starts_x + (first_x + c) * lanes * 8
                pack(calls[1:3], x + (first + n) * image_x, zero, starts, zero + 1, zero, pixels_x, pixels_x,
                     item, lanes, xp + (c * batch + n) * plane, zero, at_x)  # fmt: skip
            for c in range(blocks_g):
                target = gp + c * plane_g + n * pixels_g * vector
                pack(calls[1:3], g + (first + n) * image_g, zero, starts_g + c * lanes * 8, zero + 1,
                     zero, pixels_g, pixels_g, item, lanes, target, zero, at_g)  # fmt: skip
        for k in range(0, count * pixels_g, PIXELS):
            depth = min(PIXELS, count * pixels_g - k)
            for task in range(begin, end):
                column, r = task // per_column * vecs, task % per_column * height
                source = gp + r // lanes * plane_g + r % lanes * item + k * vector
                planes = xp + (column - first_x) * batch * plane
                for tap in range(taps):
                    call(calls[0], (planes + look(positions, tap), batch * plane, offs + k * 8, depth,
                         source, vector, sums + tap * step_sums + r * row + column * vector,
                         row, vector, 1))  # fmt: skip


@jit
def _finish(sizes, calls, inputs, taps, sums, dw, begin, end):  # type: ignore[no-untyped-def]
    """Output channels begin..end of one group, from sums to dw."""
    item, lanes, row, step_sums, blocks_x = sizes[4], sizes[5], sizes[14], sizes[15], sizes[16]
    for o in range(begin, end):
        for c in range(blocks_x):
            call(calls[3 + (c == blocks_x - 1)], (sums + o * row + c * lanes * item, step_sums,
                 taps, dw + (o * inputs + c * lanes) * taps * item, taps * item))  # fmt: skip


class ChannelWeight:
    """Tables of one adjoint in w."""

    def __init__(self, job: Correlation) -> None:
        images, groups, inputs, outputs, size, out, kernel, geo, dtype = job
        item, vector = np.dtype(dtype).itemsize, simd.BYTES
        lanes = vector // item
        self.groups, self.inputs, self.outputs = groups, inputs, outputs
        self.shape, self.taps = (groups * outputs, inputs, *kernel), math.prod(kernel)
        phases = conv_plan.forward_phases(kernel, out, geo)
        blocks_x, blocks_g = -(-inputs // lanes), -(-outputs // lanes)
        height, vecs = choose_tile(outputs, blocks_x, lanes)
        self.planes = planes = Planes(size, out, phases, 1, vector)
        pixels_x, pixels_g = math.prod(size), math.prod(out)
        batch = max(1, min(images, PIXELS // pixels_g))
        per_column, columns = -(-outputs // height), -(-blocks_x // vecs)
        row = columns * vecs * vector
        step_sums = per_column * height * row
        plane_g = conv_plan.odd_lines(batch * pixels_g * vector)
        last = inputs - (blocks_x - 1) * lanes
        names = [("gather", 0), ("gather_few", 0), ("untangle", lanes), ("untangle", last)]
        self.calls = integers(
            [simd.address("tile", height, vecs, dtype)]
            + [simd.address(name, first, 0, dtype) for name, first in names]
        )
        image_x, image_g = (n * groups * item for n in (inputs * pixels_x, outputs * pixels_g))
        self.sizes = integers([
            images, batch, pixels_x, pixels_g, item, lanes, image_x, image_g, planes.plane,
            plane_g, blocks_g, height, vecs, per_column, row, step_sums, blocks_x, self.taps,
            len(planes.gaps),
        ])  # fmt: skip
        self.positions = np.array(planes.positions[0], np.int64)
        steps = np.arange(out[2], dtype=np.int64) * planes.step_in
        places = (planes.rows[:, :1] + steps).ravel()
        self.offs = (np.arange(batch)[:, None] * planes.plane + places).ravel()
        self.pixels_g = np.arange(pixels_g, dtype=np.int64) * vector
        # Lanes beyond the last channel repeat it: their sums are not used.
        self.starts = [
            np.minimum(np.arange(blocks * lanes), n - 1) * (pixels * item)
            for blocks, n, pixels in (
                (blocks_x, inputs, pixels_x),
                (-(-per_column * height // lanes), outputs, pixels_g),
            )
        ]
        self.tables = addresses(
            *self.starts, planes.pixels, self.pixels_g, self.offs, planes.gaps, self.positions
        )
        self.buffers = {
            "input": batch * columns * vecs * planes.plane,
            "output": -(-per_column * height // lanes) * plane_g,
        }
        self.sums_size, self.tasks = self.taps * step_sums, columns * per_column
        self.step_x, self.step_g = image_x // groups, image_g // groups
        self.step_dw = outputs * inputs * self.taps * item
        self.cost = NANOSECONDS * images * pixels_g * outputs * inputs * self.taps

    def __call__(self, x: Array, g: Array) -> Array:
        """Run on x and g; answers dw."""
        dw = scratch.empty(self.shape, x.dtype)
        total = scratch.take("weights", self.sums_size, np.uint8)
        sums, x_at, g_at, dw_at = addresses(total, x, g, dw)
        for group in range(self.groups):

            def work(begin: int, end: int, group: int = group) -> None:
                xp, gp = (scratch.take(name, n, np.uint8) for name, n in self.buffers.items())
                places = (x_at + group * self.step_x, g_at + group * self.step_g,
                          *addresses(xp, gp), sums, *self.tables)  # fmt: skip
                _correlate(self.sizes, self.calls, places, begin, end)

            def close(begin: int, end: int, group: int = group) -> None:
                _finish(self.sizes, self.calls, self.inputs, self.taps, sums,
                        dw_at + group * self.step_dw, begin, end)  # fmt: skip

            threads.run(work, self.tasks, self.cost, fine=1)
            threads.run(close, self.outputs, self.sums_size / 8)
        return dw


def choose_tile(outputs: int, blocks: int, lanes: int) -> tuple[int, int]:
    """The register tile that wastes least; its rows must not straddle two vectors of channels."""
    costs = {
        (r, v): -(-outputs // r) * r * -(-blocks // v) * v * cost
        for (r, v), cost in TILES[simd.REGISTERS].items()
        if lanes % r == 0
    }
    return min(costs, key=lambda tile: costs[tile])

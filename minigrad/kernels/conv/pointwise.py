"""1x1 convolution of stride 1, and its adjoint in x: pixels are the lanes, nothing is packed.

    x, NCHW     channel 0:  |p0 p1 .. |.. .. |         V vectors of pixels, read where they lie
                channel 1:  |p0 p1 .. |.. .. |
                   simd.tile: sum over channels of w[o][c] * x[c][pixels], plus the bias
    y, NCHW     R channels x V vectors, written where they belong

The last tile of an image is moved back so that it fits: it computes some pixels again.
Tasks are (image, group, chunk of pixels).
"""

import math
from typing import Any

import numpy as np

from minigrad.kernels.conv.images import NANOSECONDS, TILES, choose_tile
from minigrad.kernels.conv.plan import Sweep
from minigrad.kernels.machine import registers, scratch, simd, threads
from minigrad.kernels.machine.arguments import addresses, fields, integers
from minigrad.kernels.machine.denormals import flush, restore
from minigrad.kernels.machine.jit import jit
from minigrad.kernels.machine.simd import call
from minigrad.kernels.machine.team import shared

Array = np.ndarray[Any, Any]
Sizes = fields("groups inputs outputs item height wide pixels chunk chunks vector w_group")
Places = fields("x w weights bias y offs rows columns")
CHANNELS = 128  # summed in one go: the inputs of a tile stay in the L1 cache
PIXELS = 512  # per task, at least


@jit
def _order(interleave, sizes, places):  # type: ignore[no-untyped-def]
    """Weights in the order of use: [group][block of R][channel][R]."""
    s, at = Sizes(*sizes), Places(*places)
    for t in range(s.groups * s.outputs // s.height):
        group, o = t * s.height // s.outputs, t * s.height % s.outputs
        call(interleave, (at.w + group * s.w_group, at.rows + o * 8, at.columns, s.inputs,
             at.weights + t * s.inputs * s.height * s.item))  # fmt: skip


@shared
def _sweep(sizes, calls, places, seat, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end."""
    s, at, state = Sizes(*sizes), Places(*places), flush()
    plane = s.pixels * s.item
    for task in range(begin, end):
        unit, group, first = (
            task // s.chunks,
            task // s.chunks % s.groups,
            task % s.chunks * s.chunk,
        )
        for p0 in range(first, min(s.pixels, first + s.chunk), s.wide):
            p = min(p0, s.pixels - s.wide) * s.item
            source, target = at.x + unit * s.inputs * plane + p, at.y + unit * s.outputs * plane + p
            if at.bias:
                for o in range(0, s.outputs, s.height):
                    call(calls[1], (at.bias + (group * s.outputs + o) * s.item, target + o * plane,
                         plane, s.vector))  # fmt: skip
            for c in range(0, s.inputs, CHANNELS):
                for o in range(0, s.outputs, s.height):
                    w = at.weights + ((group * s.outputs + o) * s.inputs + c * s.height) * s.item
                    call(calls[0], (source, s.vector, at.offs + c * 8, min(CHANNELS, s.inputs - c),
                         w, s.height * s.item, target + o * plane, plane, s.vector, at.bias + c))  # fmt: skip
    restore(state)


class Pointwise:
    """Tables of one sweep."""

    def __init__(self, job: Sweep) -> None:
        images, groups, inputs, outputs, size, _, _, steps, dtype = job
        item, vector, pixels = np.dtype(dtype).itemsize, registers.BYTES, math.prod(size)
        self.shape = images, groups * outputs
        lanes, tiles = vector // item, TILES[registers.REGISTERS] | {(1, 1): 4.0}
        height, vecs = choose_tile(
            outputs,
            -(-pixels // lanes),
            tiles,
            lambda r, v: outputs % r == 0 and v * lanes <= pixels,
        )
        wide = vecs * lanes
        chunk = -(-min(pixels, PIXELS) // wide) * wide
        chunks = -(-pixels // chunk)
        self.calls = integers(
            [simd.address(name, height, vecs, dtype) for name in ("tile", "fill")]
        )
        self.interleave = simd.address("interleave", height, 0, dtype)
        self.sizes = integers(Sizes(
            groups=groups, inputs=inputs, outputs=outputs, item=item, height=height, wide=wide,
            pixels=pixels, chunk=chunk, chunks=chunks, vector=vector, w_group=steps[0] * item,
        ))  # fmt: skip
        self.rows = np.arange(outputs) * (steps[1] * item)
        self.columns = np.arange(inputs) * (steps[2] * item)
        self.offs = np.arange(inputs) * (pixels * item)
        self.tables = addresses(self.offs, self.rows, self.columns)
        self.weights, self.tasks = groups * outputs * inputs * item, images * groups * chunks
        self.cost = NANOSECONDS * images * pixels * groups * outputs * inputs

    def __call__(self, x: Array, w: Array, b: Array | None, size: tuple[int, ...]) -> Array:
        """Run on x, w and b or None; answers y (N, C, *size)."""
        y = scratch.empty((*self.shape, *size), x.dtype)
        weights = scratch.take("weights", self.weights)
        bias = 0 if b is None else addresses(b)[0]
        x_at, w_at, y_at = addresses(x, w, y)
        places = (x_at, w_at, weights.at, bias, y_at, *self.tables)
        _order(self.interleave, self.sizes, places)
        threads.share(_sweep, (self.sizes, self.calls, places), self.tasks, self.cost)
        return y


def fits(job: Sweep, lanes: int) -> bool:
    """Whether a sweep is a 1x1 convolution of stride 1 on enough pixels."""
    one = all(len(ps) == 1 and ps[0].reach == (0,) and ps[0].stride == 1 for ps in job.phases)
    return one and job.size == job.out and math.prod(job.size) >= lanes

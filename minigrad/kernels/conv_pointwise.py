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

from minigrad.kernels import scratch, simd, threads
from minigrad.kernels._jit import jit
from minigrad.kernels.conv_pack import NANOSECONDS, TILES
from minigrad.kernels.conv_plan import Sweep, addresses, integers
from minigrad.kernels.simd import call

Array = np.ndarray[Any, Any]

CHANNELS = 128  # summed in one go: the inputs of a tile stay in the L1 cache
PIXELS = 512  # per task, at least


@jit
def _order_weights(interleave, sizes, steps, rows, table, w, wf):  # type: ignore[no-untyped-def]
    """Weights in the order of use: wf[group][block of R][channel][R]."""
    groups, inputs, outputs, item, height = sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]
    for g in range(groups):
        for o in range(0, outputs, height):
            call(interleave, (w + g * steps[0], rows + o * 8, table, inputs, wf))
            wf += inputs * height * item


@jit
def _sweep(sizes, calls, addresses, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end of a convolution; see `Pointwise` for the tables."""
    groups, inputs, outputs, item, height, wide, pixels, chunk, chunks = sizes[0:9]
    x, wf, bias, y, offs = addresses
    plane = pixels * item
    vector = sizes[9]
    for task in range(begin, end):
        image, group, first = (
            task // chunks // groups,
            task // chunks % groups,
            task % chunks * chunk,
        )
        here = x + (image * groups + group) * inputs * plane
        there = y + (image * groups + group) * outputs * plane
        for p0 in range(first, min(pixels, first + chunk), wide):
            p = min(p0, pixels - wide)
            for o in range(0, outputs, height):
                if bias:
                    call(calls[1], (bias + (group * outputs + o) * item,
                         there + o * plane + p * item, plane, vector))  # fmt: skip
            for c in range(0, inputs, CHANNELS):
                for o in range(0, outputs, height):
                    w = wf + ((group * outputs + o) * inputs + c * height) * item
                    call(calls[0], (here + p * item, vector, offs + c * 8, min(CHANNELS, inputs - c),
                         w, height * item, there + o * plane + p * item, plane, vector, bias + c))  # fmt: skip


class Pointwise:
    """Tables of one sweep."""

    def __init__(self, job: Sweep) -> None:
        images, groups, inputs, outputs, size, out, _, steps, dtype = job
        item, vector = np.dtype(dtype).itemsize, simd.BYTES
        lanes, pixels = vector // item, math.prod(size)
        self.shape = (images, groups * outputs, *out)
        height, vecs = choose_tile(outputs, pixels, lanes)
        wide = vecs * lanes
        chunk = -(-min(pixels, PIXELS) // wide) * wide
        chunks = -(-pixels // chunk)
        self.calls = integers(
            [simd.address(name, height, vecs, dtype) for name in ("tile", "fill")]
        )
        self.interleave = simd.address("interleave", height, 0, dtype)
        self.sizes = integers([
            groups, inputs, outputs, item, height, wide, pixels, chunk, chunks, vector,
        ])  # fmt: skip
        self.steps = integers([steps[0] * item])
        self.rows = np.arange(outputs) * (steps[1] * item)
        self.columns = np.arange(inputs) * (steps[2] * item)
        self.offs = np.arange(inputs) * (pixels * item)
        self.weights = groups * outputs * inputs
        self.tasks = images * groups * chunks
        self.cost = NANOSECONDS * images * pixels * self.weights

    def __call__(self, x: Array, w: Array, b: Array | None) -> Array:
        """Run on x, w and b or None; answers y."""
        y = scratch.empty(self.shape, x.dtype)
        wf = scratch.take("weights", self.weights, x.dtype)
        bias = 0 if b is None else addresses(b)[0]
        w_at, x_at, wf_at, y_at, offs, rows, columns = addresses(
            w, x, wf, y, self.offs, self.rows, self.columns
        )
        _order_weights(self.interleave, self.sizes, self.steps, rows, columns, w_at, wf_at)
        places = (x_at, wf_at, bias, y_at, offs)

        def work(begin: int, end: int) -> None:
            _sweep(self.sizes, self.calls, places, begin, end)

        threads.run(work, self.tasks, self.cost)
        return y


def fits(job: Sweep, lanes: int) -> bool:
    """Whether a sweep is a 1x1 convolution of stride 1 on enough pixels."""
    one = all(len(ps) == 1 and ps[0].reach == (0,) and ps[0].stride == 1 for ps in job.phases)
    return one and job.size == job.out and math.prod(job.size) >= lanes


def choose_tile(outputs: int, pixels: int, lanes: int) -> tuple[int, int]:
    """The register tile that wastes least; it must not reach beyond the channels or pixels."""
    costs = {
        (r, v): -(-pixels // (v * lanes)) * v * cost
        for (r, v), cost in (TILES[simd.REGISTERS] | {(1, 1): 4.0}).items()
        if outputs % r == 0 and v * lanes <= pixels
    }
    return min(costs, key=lambda tile: costs[tile])

"""What sweeps on image lanes share: packing and unpacking, register tiles, the run over all tasks.

    x, NCHW  --pack-->  xp[channel][pixel with border][lane]              lanes: see plan.py
                              |  direct.py or winograd.py
    y, NCHW  <--unpack-- tmp[output channel][pixel of the band][lane]     (+ bias)

Tasks are (block of lanes, group, band of output rows, R output channels), in this order: a thread
packs what a band reads once for all of its output channels, and rows that the next band of the same
images reads too are still there.  A band and what it reads fit in the L2 cache.  Tasks write
disjoint outputs, so the bits are the same for any number of threads.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.kernels.conv import plan
from minigrad.kernels.conv.plan import Planes, Size, Sweep
from minigrad.kernels.machine import registers, scratch, threads
from minigrad.kernels.machine.arguments import addresses
from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.simd import call, clear, look

Array = np.ndarray[Any, Any]

# Register tiles (rows, vectors) and what a multiply-add costs in them, relative to the best.
TILES = {
    32: {
        (8, 2): 1.0,
        (4, 4): 1.0,
        (6, 2): 1.01,
        (6, 4): 1.02,
        (8, 1): 1.05,
        (2, 8): 1.1,
        (1, 8): 1.5,
    },
    16: {(6, 2): 1.0, (4, 3): 1.0, (5, 2): 1.03, (2, 4): 1.03, (1, 8): 1.4, (4, 1): 1.4},
}
NANOSECONDS = 0.02  # per multiply-add, to judge whether threads pay


@helper
def pack(gather, x, step, starts, channels, first, last, run, runs, item, lanes, xp, plane, pixels):  # type: ignore[no-untyped-def]
    """Pixels first..last of all channels of one block of lanes into their planes.

    gather: the addresses of simd.gather and gather_few.  starts, pixels: of tables.
    runs: where each run of `run` pixels begins; 0 if there is just one.
    """
    for c in range(channels):
        base = first // run * run
        while base < last:
            start, stop = max(first, base), min(last, base + run)
            origin, plane_c = x + c * step - base * item, xp + c * plane
            if runs:
                origin += look(runs, base // run)
            if run >= lanes:
                for p in range(start, stop, lanes):
                    q = min(p, base + run - lanes)
                    call(gather[0], (origin + q * item, starts, plane_c, pixels + q * 8))
            else:
                at = origin + start * item
                call(gather[1], (at, starts, plane_c, pixels + start * 8, stop - start))
            base += run


@helper
def clear_borders(xp, channels, plane, gaps, count):  # type: ignore[no-untyped-def]
    """Zero what lies between the pixels of all planes: `count` gaps, from and to."""
    for c in range(channels):
        for i in range(count):
            start = look(gaps, 2 * i)
            clear(xp + c * plane + start, look(gaps, 2 * i + 1) - start)


@helper
def pack_band(s, at, gather, unit, packed, need):  # type: ignore[no-untyped-def]
    """Pixels `packed` up to `need` of all channels of a unit: a block of lanes and a group."""
    block, group = unit // s.groups, unit % s.groups
    if need > packed:
        pack(gather, at.x + group * s.inputs * s.image_x, s.image_x, at.starts_x + block * s.lanes * 8,
             s.inputs, packed, need, s.run, at.runs_x, s.item, s.lanes, at.xp, s.plane, at.pixels)  # fmt: skip
    return max(packed, need)


@helper
def unpack(s, at, scatter, unit, tmp, o0, o1, row, rows):  # type: ignore[no-untyped-def]
    """Rows of output, which begin at tmp for channel 0, back to their images, plus bias.

    scatter: the addresses of simd.scatter and scatter_few.  o0, o1: from and to which R channels.
    """
    block, group = unit // s.groups, unit % s.groups
    starts = at.starts_y + block * s.lanes * 8
    for o in range(o0 * s.height, min(s.outputs, o1 * s.height)):
        source, channel = tmp + o * s.step_tmp, group * s.outputs + o
        bias, r = at.bias + channel * s.item, row
        while r < row + rows:
            inside = r % s.run_rows
            number = min(row + rows - r, s.run_rows - inside)
            count, target = (
                number * s.wide,
                at.y + channel * s.image_y + look(at.runs_y, r // s.run_rows),
            )
            target += inside * s.wide * s.item
            if count >= s.lanes:
                for p in range(0, count, s.lanes):
                    q = min(p, count - s.lanes)
                    call(scatter[0], (source + q * s.vector, bias, target + q * s.item, starts))
            else:
                call(scatter[1], (source, bias, target, starts, count))
            source += count * s.vector
            r += number


class ImageSweep:
    """A sweep's tables, as far as they do not depend on how its sums are made.

    Heirs say how weights are put in order and tasks are done, in `order` and `sweep`, and set
    `lane`, `sizes`, `calls`, `tables`, what `order` needs, the bytes of weights and buffers,
    and the numbers of blocks of weights and of tasks.
    """

    order: Any
    sweep: Any
    orders: tuple[Any, ...]
    calls: tuple[int, ...]
    tables: tuple[int, ...]
    buffers: dict[str, int]
    weights: int
    blocks: int
    tasks: int

    def __init__(self, job: Sweep, units: Size = (1, 1, 1)) -> None:
        self.job, self.item = job, np.dtype(job.dtype).itemsize
        self.lanes = registers.BYTES // self.item
        self.lane = plan.choose_lanes(job, job.phases, self.lanes, units)
        self.units = len(self.lane.starts_in) // self.lanes * job.groups
        self.cost = NANOSECONDS * job.images * math.prod(job.out) * job.groups * job.inputs
        self.bias = np.zeros(job.groups * job.outputs, job.dtype)

    def shared_sizes(self, planes: Planes, height: int, step_tmp: int) -> dict[str, int]:
        """The entries of `SIZES`."""
        job, lane = self.job, self.lane
        return {
            "groups": job.groups, "inputs": job.inputs, "outputs": job.outputs,
            "run": lane.run, "run_rows": lane.rows, "item": self.item, "lanes": self.lanes,
            "vector": registers.BYTES, "image_x": lane.plane_in, "image_y": lane.plane_out,
            "plane": planes.plane, "gaps": len(planes.gaps), "wide": lane.out[2],
            "height": height, "blocks": -(-job.outputs // height), "step_tmp": step_tmp,
        }  # fmt: skip

    def __call__(self, x: Array, w: Array, b: Array | None, size: tuple[int, ...]) -> Array:
        """Run on x, w and b or None; answers y (N, C, *size)."""
        job, lane = self.job, self.lane
        exact = lane.padded == job.out
        shape = job.images, job.groups * job.outputs, *(size if exact else lane.padded)
        y = scratch.empty(shape, job.dtype)
        if lane.parts > 1:
            x = with_border(x, job.size, lane.before, lane.bordered)
        weights = scratch.take("weights", self.weights)
        w_at, x_at, *others = addresses(w, x, self.bias if b is None else b, y)
        order = (*self.orders, w_at, weights.at)
        threads.share(self.order, order, self.blocks, self.weights * 0.5)
        seats = threads.seats(self.tasks, self.cost)
        rooms = scratch.rooms(self.buffers, seats)
        places = (x_at, weights.at, *others, *rooms.places, *self.tables)
        steps = (*(0,) * (2 + len(others)), *rooms.steps, *(0,) * len(self.tables))
        tables = self.sizes, self.calls, places, steps
        band = self.blocks // job.groups  # tasks that read the same rows: packed once
        threads.share(self.sweep, tables, self.tasks, self.cost, step=band, most=seats)
        return y if exact else cropped(y, size)

    sizes: tuple[int, ...]


# Names in the tuples that jitted code gets: of sizes, and of addresses.
SIZES = "groups inputs outputs run run_rows item lanes vector image_x image_y plane gaps wide height blocks step_tmp"
PLACES = "x weights bias y xp tmp"
RUNS = "runs_x runs_y"


def with_border(x: Array, size: Size, before: Size, bordered: Size) -> Array:
    """Images of x (N, C, *size) in the middle of zeros: (N, C, *bordered)."""
    wide = np.zeros((*x.shape[:2], *bordered), x.dtype)
    (d, h, w), (dd, hh, ww) = before, size
    wide[:, :, d : d + dd, h : h + hh, w : w + ww] = x.reshape(*x.shape[:2], *size)
    return wide


def cropped(y: Array, size: tuple[int, ...]) -> Array:
    """y (N, C, D, H, W) as (N, C, *size): the first pixels along each dimension."""
    out = scratch.empty((*y.shape[:2], *size), y.dtype)
    d, h, w = plan.three(size, 1)
    out.reshape(*y.shape[:2], d, h, w)[...] = y[:, :, :d, :h, :w]
    return out


def choose_tile(
    rows: int,
    vectors: int,
    tiles: dict[tuple[int, int], float] | None = None,
    fits: Callable[[int, int], bool] = lambda r, v: True,
) -> tuple[int, int]:
    """The register tile (R, V) that wastes least on so many rows and vectors."""
    costs = {
        (r, v): -(-rows // r) * r * -(-vectors // v) * v * cost
        for (r, v), cost in (tiles or TILES[registers.REGISTERS]).items()
        if fits(r, v)
    }
    return min(costs, key=lambda tile: costs[tile])

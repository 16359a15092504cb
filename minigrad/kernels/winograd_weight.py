"""The adjoint of 3x3 convolution in w by Winograd's algorithm: F(3 x 3, 4 x 4).

    dw = G' [ sum over patches and images of  (A g A') * (B' d B) ] G

with d a patch of 6 x 6 inputs and g the 4 x 4 gradients of the outputs computed from it; 36
products where the definition has 144.  The sum over patches is a matrix product for every
frequency, so the lanes of a vector are input (for g: output) channels of one image:

    xp[16 channels][pixel with border][lane]       gp, likewise, borders up to whole patches
        | enter_rows: two rows of B' d B               | spread_rows: two rows of A g A'
    xs[frequency][patch][input channel]            gs[frequency][patch][output channel]
        |__________________ simd.tile _________________|
    sums[frequency][output channel][input channel]      added to, batch of patches by batch
        | finish: G' . G
    dw[output channel][input channel][tap]

Tasks are (group, two rows of frequencies, R output channels), each sum in a fixed order.
"""

import math
from typing import Any

import numpy as np

from minigrad.kernels import conv_plan, scratch, simd, threads
from minigrad.kernels._jit import jit
from minigrad.kernels.conv_pack import NANOSECONDS, choose_tile, clear_borders, pack
from minigrad.kernels.conv_plan import Correlation, Phase, Planes, Size, addresses, integers
from minigrad.kernels.simd import Code, call, clear, look
from minigrad.kernels.winograd import both_ways, into, times

Array = np.ndarray[Any, Any]

ROWS = ((0, 5), (1, 2), (3, 4))  # frequencies made together: they share terms
PATCHES = 96  # about so many per batch


def spread(code: Code, g: list[Any]) -> list[Any]:
    """A g: a column of gradients."""
    add, sub = code.b.fadd, code.b.fsub
    even, odd = add(g[0], g[2]), add(g[1], g[3])
    even2 = times(code, 4, g[2], g[0])
    odd2 = times(code, 8, g[3], times(code, 2, g[1]))
    return [g[0], add(even, odd), sub(even, odd), add(even2, odd2), sub(even2, odd2), g[3]]


def back(code: Code, u: list[Any]) -> list[Any]:
    """G' u: a column of sums."""
    add, sub = code.b.fadd, code.b.fsub
    near, gap = add(u[1], u[2]), sub(u[2], u[1])
    far, gap2 = add(u[3], u[4]), sub(u[3], u[4])
    return [
        times(code, 1 / 4, u[0], times(code, -1 / 6, near, times(code, 1 / 24, far))),
        times(code, 1 / 6, gap, times(code, 1 / 12, gap2)),
        times(code, 1 / 6, sub(far, near), u[5]),
    ]


def _rows_of(transform: Any, size: int) -> Any:
    """A micro-kernel that stores two of the six rows of a transformed patch."""

    def rows(code: Code, pair: int, _: int, x: Any, down: Any, right: Any, out: Any, step: Any,
             *_more: Any) -> None:  # fmt: skip
        """out[(6*i + q)*step] = transform(patch)[ROWS[pair][i]][q]."""
        columns = [
            transform(
                code,
                [code.load(code.at(x, (down, i), (right, j))) for i in range(size)],
            )
            for j in range(size)
        ]
        for i, row in enumerate(ROWS[pair]):
            for q, vector in enumerate(transform(code, [column[row] for column in columns])):
                code.store(vector, code.at(out, (step, 6 * i + q)))

    return rows


def finish(code: Code, lanes: int, _1: int, sums: Any, step: Any, dw: Any, next_dw: Any,
           *_: Any) -> None:  # fmt: skip
    """dw[l*next_dw + tap] = (G' sums G)[tap][l] for l < lanes; the pairs of ROWS come first."""
    places = {row: 6 * i for i, row in enumerate(row for pair in ROWS for row in pair)}
    spectrum = [
        [code.load(code.at(sums, (step, places[i] + j))) for j in range(6)] for i in range(6)
    ]
    for tap, vector in enumerate(both_ways(lambda u: back(code, u), spectrum)):
        for lane in range(lanes):
            code.store_lane(vector, lane, code.at(dw, (next_dw, lane), tap * code.size))


simd.KERNELS |= {
    "enter_rows": _rows_of(into, 6),
    "spread_rows": _rows_of(spread, 4),
    "finish": finish,
}


@jit
def _pack_batch(sizes, calls, addresses, group, first, last):  # type: ignore[no-untyped-def]
    """Images first..last of one group into the planes of x and g."""
    pixels_x, pixels_g, item, lanes = sizes[3:7]
    image_x, image_g, plane_x, plane_g, blocks_x, blocks_g = sizes[7:13]
    groups = sizes[0]
    x, g, xp, gp, starts_x, starts_g, at_x, at_g = addresses[:8]
    zero = np.int64(0)
    for n in range(first, last):
        for c in range(blocks_x):
            pack(calls[7:9], x + (n * groups + group) * image_x, zero, starts_x + c * lanes * 8, zero + 1,
                 zero, pixels_x, pixels_x, item, lanes, xp, plane_x, at_x)  # fmt: skip
            xp += plane_x
        for c in range(blocks_g):
            pack(calls[7:9], g + (n * groups + group) * image_g, zero, starts_g + c * lanes * 8, zero + 1,
                 zero, pixels_g, pixels_g, item, lanes, gp, plane_g, at_g)  # fmt: skip
            gp += plane_g


@jit
def _multiply(sizes, calls, addresses, task, count, images, p0, p1):  # type: ignore[no-untyped-def]
    """Add the products of some patches of the packed images to the sums of `count` tasks."""
    item, lanes, plane_x, plane_g, blocks_x, blocks_g = (
        sizes[5],
        sizes[6],
        sizes[9],
        sizes[10],
        sizes[11],
        sizes[12],
    )
    height, vecs, per_pair, wide_x, wide_g, step_x, step_g = sizes[14:21]
    down_x, down_g, right, step_sums = sizes[21:25]
    xp, gp = addresses[2:4]
    offs, patches, xs, gs, sums = addresses[8:13]
    vector = lanes * item
    pair, o0 = task // per_pair, task % per_pair
    k = 0
    for n in range(images):
        for p in range(p0, p1):
            for c in range(blocks_x):
                call(calls[1 + pair], (xp + (n * blocks_x + c) * plane_x + look(patches, 2 * p), down_x,
                     right, xs + k * wide_x + c * vector, step_x))  # fmt: skip
            for c in range(blocks_g):
                call(calls[4 + pair], (gp + (n * blocks_g + c) * plane_g + look(patches, 2 * p + 1), down_g,
                     right, gs + k * wide_g + c * vector, step_g))  # fmt: skip
            k += 1
    for f in range(12):
        for c in range(0, blocks_x, vecs):
            for o in range(o0, o0 + count):
                at = sums + (pair * 12 + f) * step_sums + o * height * wide_x + c * vector
                call(calls[0], (xs + f * step_x + c * vector, vector, offs, k,
                     gs + f * step_g + o * height * item, wide_g, at, wide_x, vector, 1))  # fmt: skip


@jit
def _correlate(sizes, calls, addresses, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end of one group; see `WinogradWeight` for the tables."""
    images, batch, chunk, number, gaps_x, gaps_g = (
        sizes[13],
        sizes[25],
        sizes[26],
        sizes[27],
        sizes[28],
        sizes[29],
    )
    plane_x, plane_g, blocks_x, blocks_g = sizes[9:13]
    height, per_pair, wide_x, step_sums = sizes[14], sizes[16], sizes[17], sizes[24]
    sums, group, at_x, at_g = addresses[12:]
    clear_borders(addresses[2], batch * blocks_x, plane_x, at_x, gaps_x)
    clear_borders(addresses[3], batch * blocks_g, plane_g, at_g, gaps_g)
    for task in range(begin, end):
        for f in range(12):
            at = (task // per_pair * 12 + f) * step_sums + task % per_pair * height * wide_x
            clear(sums + at, height * wide_x)
    for first in range(0, images, batch):
        last = min(images, first + batch)
        _pack_batch(sizes, calls, addresses, group, first, last)
        for p0 in range(0, number, chunk):
            task = begin
            while task < end:
                count = min(end - task, per_pair - task % per_pair)
                _multiply(sizes, calls, addresses, task, count, last - first, p0,
                          min(number, p0 + chunk))  # fmt: skip
                task += count


@jit
def _finish(sizes, calls, sums, dw, begin, end):  # type: ignore[no-untyped-def]
    """Output channels begin..end of one group."""
    inputs, item, lanes, blocks_x = sizes[1], sizes[5], sizes[6], sizes[11]
    wide_x, step_sums = sizes[17], sizes[24]
    for o in range(begin, end):
        for c in range(blocks_x):
            call(calls[9 + (c == blocks_x - 1)], (sums + o * wide_x + c * lanes * item, step_sums,
                 dw + (o * inputs + c * lanes) * 9 * item, 9 * item))  # fmt: skip


class WinogradWeight:
    """Tables of one adjoint in w of 3x3 kernels of stride 1."""

    def __init__(self, job: Correlation) -> None:
        images, groups, inputs, outputs, size, out, kernel, geo, dtype = job
        item, vector = np.dtype(dtype).itemsize, simd.BYTES
        lanes, d = vector // item, geo.dilation[1:]
        self.shape, self.groups, self.outputs = (groups * outputs, inputs, *kernel), groups, outputs
        padded: Size = (1, *(-(-n // (4 * e)) * 4 * e for n, e in zip(out[1:], d)))
        identity = tuple((Phase(0, 1, n, 1, (0,), (0,)),) for n in padded)
        self.x = x = Planes(size, padded, conv_plan.forward_phases(kernel, padded, geo), 1, vector)
        self.g = g = Planes(out, padded, identity, 1, vector)
        self.patches = _patches(x, g, padded, d)
        blocks_x, blocks_g = -(-inputs // lanes), -(-outputs // lanes)
        height, vecs = choose_tile(outputs, blocks_x)
        per_pair = -(-outputs // height)
        wide_x = -(-blocks_x // vecs) * vecs * vector
        wide_g = max(blocks_g * vector, -(-per_pair * height * item // vector) * vector)
        batch = max(1, min(images, PATCHES // len(self.patches)))
        chunks = -(-batch * len(self.patches) // (2 * PATCHES)) if batch == 1 else 1
        chunk = -(-len(self.patches) // chunks)
        number = batch * chunk
        step_sums = per_pair * height * wide_x
        names = [("enter_rows", pair) for pair in range(3)] + [("spread_rows", p) for p in range(3)]
        names += [("gather", 0), ("gather_few", 0), ("finish", lanes)]
        names += [("finish", inputs - (blocks_x - 1) * lanes)]
        tile = simd.address("tile", height, vecs, dtype)
        self.calls = integers([tile, *(simd.address(n, a, 0, dtype) for n, a in names)])
        image_x, image_g = inputs * math.prod(size) * item, outputs * math.prod(out) * item
        self.sizes = integers([
            groups, inputs, outputs, math.prod(size), math.prod(out), item, lanes, image_x,
            image_g, x.plane, g.plane, blocks_x, blocks_g, images, height, vecs, per_pair,
            wide_x, wide_g, number * wide_x, number * wide_g, d[0] * x.pitch * vector,
            d[0] * g.pitch * vector, d[1] * vector, step_sums, batch, chunk, len(self.patches),
            len(x.gaps), len(g.gaps),
        ])  # fmt: skip
        self.starts_x, self.starts_g = (
            np.minimum(np.arange(blocks * lanes), n - 1) * (math.prod(pixels) * item)
            for blocks, n, pixels in ((blocks_x, inputs, size), (blocks_g, outputs, out))
        )
        self.offs = np.arange(number, dtype=np.int64) * wide_x
        self.tables = addresses(
            self.starts_x, self.starts_g, x.pixels, g.pixels, self.offs, self.patches
        )
        self.gaps = addresses(x.gaps, g.gaps)
        self.buffers = {
            "input": batch * blocks_x * x.plane,
            "output": batch * blocks_g * g.plane,
            "spectra": 12 * number * wide_x,
            "product": 12 * number * wide_g,
        }
        self.sums_size, self.tasks = 36 * step_sums, 3 * per_pair
        self.step_dw = outputs * inputs * 9 * item
        self.cost = NANOSECONDS * images * math.prod(out) * outputs * inputs * 9 / 2

    def __call__(self, x: Array, g: Array) -> Array:
        """Run on x and g; answers dw."""
        dw = scratch.empty(self.shape, x.dtype)
        total = scratch.take("weights", self.sums_size, np.uint8)
        sums, x_at, g_at, dw_at = addresses(total, x, g, dw)
        for group in range(self.groups):

            def work(begin: int, end: int, group: int = group) -> None:
                held = [scratch.take(name, n, np.uint8) for name, n in self.buffers.items()]
                xp, gp, xs, gs = addresses(*held)
                places = (x_at, g_at, xp, gp, *self.tables, xs, gs, sums, group, *self.gaps)
                _correlate(self.sizes, self.calls, places, begin, end)

            def close(begin: int, end: int, group: int = group) -> None:
                target = dw_at + group * self.step_dw
                _finish(self.sizes, self.calls, sums, target, begin, end)

            threads.run(work, self.tasks, self.cost, fine=1)
            threads.run(close, self.outputs, self.sums_size / 8)
        return dw


def _patches(x: Planes, g: Planes, padded: Size, dilation: tuple[int, ...]) -> Array:
    """Where each patch of x and of g is read."""
    corner = min(x.positions[0])
    lines, columns = (
        [a + d * 4 * i for i in range(n // (4 * d)) for a in range(d)]
        for n, d in zip(padded[1:], dilation)
    )
    return np.array(
        [
            (x.rows[h, 0] + w * simd.BYTES + corner, g.rows[h, 0] + w * simd.BYTES)
            for h in lines
            for w in columns
        ],
        np.int64,
    )

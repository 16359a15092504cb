"""3x3 convolution, and its adjoint in x, with fewer multiplications: Winograd's F(m x m, 3 x 3).

An output tile of m x m pixels is  A' [ sum over channels (G w G') * (B' d B) ] A , where d is its
patch of (m+2) x (m+2) inputs and * multiplies "frequency" by frequency: (m+2)^2 products where
the definition has 9 m^2.  The matrices are in winograd_transforms.py.

    xp[channel][pixel][lane]                     see images.py
        | enter: B' d B, patch by patch
    spectra[frequency][channel][patch][lane]     a chunk of patches: fits in the L2 cache
        | simd.tile: products with the weights' spectra, summed over channels
    product[frequency][R channels][patch][lane]
        | leave: A' . A
    tmp[output channel][pixel of the band][lane]

The last patch of a row or column is moved back so that it fits: it computes some outputs again.
Dilation d only moves neighbours d apart; a kernel of k x 3 x 3 has k times the channels.
"""

from typing import Any

import numpy as np

from minigrad.kernels.conv import images, plan, winograd_transforms
from minigrad.kernels.conv.images import ImageSweep, clear_borders, pack_band, unpack
from minigrad.kernels.conv.plan import Planes, Sweep
from minigrad.kernels.machine import registers, simd
from minigrad.kernels.machine.arguments import addresses, fields, integers
from minigrad.kernels.machine.denormals import flush, restore
from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.simd import call, look
from minigrad.kernels.machine.team import moved, shared

Array = np.ndarray[Any, Any]
Sizes = fields(
    images.SIZES,
    "row_patches down right down_out vecs many chunk bands deep w_group w_input",
)
Places = fields(
    images.PLACES,
    "spectra product starts_x starts_y pixels offs gaps bands patches depths",
    images.RUNS,
)
SPECTRA = 400_000  # bytes of spectra worked on at a time
DEPTH = 64  # channels summed in one go: rounding errors of longer sums would show in the answer

simd.KERNELS |= winograd_transforms.KERNELS


@shared
def _order(weigh, sizes, tables, w, spectra, seat, begin, end):  # type: ignore[no-untyped-def]
    """Spectra of the weights, in the order of use: [group][block of R][frequency][depth][R].

    Depth: the taps of the third dimension, and within each the input channels.
    """
    s, (rows, taps, slices) = Sizes(*sizes), tables
    step = s.deep * s.height * s.item
    for t in range(begin, end):
        for d in range(s.deep // s.inputs):
            call(weigh, (w + t // s.blocks * s.w_group + look(slices, d),
                 rows + t % s.blocks * s.height * 8, taps, s.inputs, s.w_input,
                 spectra + t * s.many * step + d * s.inputs * s.height * s.item, step))  # fmt: skip


@helper
def _multiply(s, at, calls, weights, o, p0, number, target):  # type: ignore[no-untyped-def]
    """One block of output channels of some patches from their spectra, into tmp."""
    step_in, step_out = s.deep * s.chunk * s.vector, s.height * s.chunk * s.vector
    block = s.height * s.item
    for f in range(s.many):
        for p in range(0, number, s.vecs):
            for k in range(0, s.deep, DEPTH):
                call(calls[0], (at.spectra + f * step_in + p * s.vector, s.vector, at.offs + k * 8,
                     min(DEPTH, s.deep - k), weights + (f * s.deep + k) * block, block,
                     at.product + f * step_out + p * s.vector, s.chunk * s.vector, s.vector, k))  # fmt: skip
    for r in range(min(s.height, s.outputs - o * s.height)):
        out = target + (o * s.height + r) * s.step_tmp
        for p in range(number):
            call(calls[6], (at.product + (r * s.chunk + p) * s.vector, step_out,
                 out + look(at.patches, 2 * (p0 + p) + 1), s.down_out, s.right))  # fmt: skip


@shared
def _sweep(sizes, calls, places, rooms, seat, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end."""
    s, at, state = Sizes(*sizes), Places(*moved(places, rooms, seat)), flush()
    clear_borders(at.xp, s.inputs, s.plane, at.gaps, s.gaps)
    last, packed, task = -1, 0, begin
    while task < end:
        o0, unit = task % s.blocks, task // s.blocks // s.bands
        o1 = min(s.blocks, o0 + end - task)
        band = at.bands + task // s.blocks % s.bands * 56
        first, stop, base = look(band, 0), look(band, 1), look(band, 2)
        row0, row1, top, need = look(band, 3), look(band, 4), look(band, 5), look(band, 6)
        task += o1 - o0
        if unit != last:
            last, packed = unit, top
        packed = pack_band(s, at, calls[1:3], unit, packed, need)
        for p0 in range(first * s.row_patches, stop * s.row_patches, s.chunk):
            number = min(s.chunk, stop * s.row_patches - p0)
            for c in range(s.deep):
                source = at.xp + look(at.depths, c)
                for p in range(number):
                    call(calls[5], (source + look(at.patches, 2 * (p0 + p)), s.down, s.right,
                         at.spectra + (c * s.chunk + p) * s.vector, s.deep * s.chunk * s.vector))  # fmt: skip
            for o in range(o0, o1):
                block = unit % s.groups * s.blocks + o
                weights = at.weights + block * s.many * s.deep * s.height * s.item
                _multiply(s, at, calls, weights, o, p0, number, at.tmp - base * s.wide * s.vector)
        unpack(s, at, calls[3:5], unit, at.tmp + (row0 - base) * s.wide * s.vector, o0, o1, row0,
               row1 - row0)  # fmt: skip
    restore(state)


class Winograd(ImageSweep):
    """Tables of one sweep with stride 1 and one phase per dimension; m: pixels of a tile."""

    order, sweep = _order, _sweep

    def __init__(self, job: Sweep, m: int) -> None:
        dilation = distance(job.phases[1][0]), distance(job.phases[2][0])
        super().__init__(job, (1, m * dilation[0], m * dilation[1]))
        lane, vector, steps = self.lane, registers.BYTES, job.steps
        self.planes = planes = Planes(lane.size, lane.out, lane.phases, 1, vector)
        high, wide = lane.out[1:]
        # Positions of the nine taps for each tap of the third dimension, in order of reach.
        nine = np.sort(np.array(planes.positions[0]).reshape(-1, 9).min(1))
        self.depths = (nine[:, None] - nine[0] + np.arange(job.inputs) * planes.plane).ravel()
        deep, many = len(self.depths), (m + 2) ** 2
        groups_of, columns = (_starts(n, d, m) for n, d in zip((high, wide), dilation))
        lines = [[d * high + h for h in line] for d in range(lane.out[0]) for line in groups_of]
        self.patches = _patches(lines, columns, planes, nine[0], wide)
        row_patches = dilation[0] * sum(map(len, columns))
        height, vecs = images.choose_tile(job.outputs, row_patches)
        chunk = max(1, min(3, SPECTRA // (many * deep * vector) // vecs)) * vecs
        blocks = -(-job.outputs // height)
        tall = max(1, min(len(groups_of), -(-chunk // row_patches)))
        bands = _bands(lines, len(groups_of), tall, high, m * dilation[0], planes.reads)
        self.bands = np.array(list(bands), np.int64)
        rows = int((self.bands[:, 4] - self.bands[:, 2]).max())
        step_tmp = plan.odd_lines(rows * wide * vector)
        names = [("tile", height, vecs), ("gather", 0, 0), ("gather_few", 0, 0), ("scatter", 0, 0)]
        names += [("scatter_few", 0, 0), ("enter", m, 0), ("leave", m, 0)]
        self.calls = integers([simd.address(*name, job.dtype) for name in names])
        self.sizes = integers(Sizes(
            **self.shared_sizes(planes, height, step_tmp), row_patches=row_patches,
            down=dilation[0] * planes.pitch * vector, right=dilation[1] * vector,
            down_out=dilation[0] * wide * vector, vecs=vecs, many=many, chunk=chunk,
            bands=len(self.bands), deep=deep, w_group=steps[0] * self.item,
            w_input=steps[2] * self.item,
        ))  # fmt: skip
        self.offs = np.arange(deep, dtype=np.int64) * chunk * vector
        self.tables = addresses(
            lane.starts_in, lane.starts_out, planes.pixels, self.offs, planes.gaps, self.bands,
            self.patches, self.depths, lane.runs_in, lane.runs_out,
        )  # fmt: skip
        order = [[tap for _, tap in sorted(zip(p.reach, p.taps))] for (p,) in job.phases]
        self.slices = np.array(order[0]) * (9 * self.item)
        self.taps = np.array([(3 * i + j) * self.item for i in order[1] for j in order[2]])
        self.rows = np.minimum(np.arange(blocks * height), job.outputs - 1) * (steps[1] * self.item)
        self.orders = (
            simd.address("weigh", m, height, job.dtype), self.sizes,
            addresses(self.rows, self.taps, self.slices),
        )  # fmt: skip
        self.weights = job.groups * blocks * height * deep * many * self.item
        self.buffers = {
            "input": job.inputs * planes.plane,
            "output": blocks * height * step_tmp,
            "spectra": many * deep * chunk * vector,
            "product": many * height * chunk * vector,
        }
        self.blocks, self.tasks = job.groups * blocks, self.units * len(self.bands) * blocks
        self.cost *= blocks * height * deep / job.inputs * 9 / 2


def distance(phase: plan.Phase) -> int:
    """The dilation of a phase of three taps."""
    return abs(phase.reach[1] - phase.reach[0])


def _starts(pixels: int, dilation: int, m: int) -> list[list[int]]:
    """Where patches start along a dimension: one list per group of m * dilation pixels."""
    groups = -(-pixels // (m * dilation))
    counts = [-(-(pixels - a) // dilation) for a in range(dilation)]
    return [[a + dilation * min(m * i, n - m) for a, n in enumerate(counts)] for i in range(groups)]


def _patches(
    lines: list[list[int]], columns: list[list[int]], planes: Planes, corner: int, wide: int
) -> Array:
    """Where each patch is read and its tile written: line after line, each with all its rows."""
    return np.array(
        [
            (planes.rows[h, 0] + w * registers.BYTES + corner, (h * wide + w) * registers.BYTES)
            for line in lines for h in line for column in columns for w in column
        ],
        np.int64,
    )  # fmt: skip


def _bands(
    lines: list[list[int]], per_slice: int, tall: int, high: int, rows: int, reads: Any
) -> Any:
    """Per band: first and last line of patches, row where tmp starts, rows to write, reads."""
    done = 0
    for begin in range(0, len(lines), per_slice):
        for first in range(begin, begin + per_slice, tall):
            stop = min(first + tall, begin + per_slice)
            top = begin // per_slice * high
            end = top + (high if stop == begin + per_slice else (stop - begin) * rows)
            base = min(h for line in lines[first:stop] for h in line)
            yield first, stop, base, done, end, reads[base, 0], reads[end - 1, 1]
            done = end

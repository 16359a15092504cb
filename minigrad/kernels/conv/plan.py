r"""Where everything lies when a convolution runs on image lanes: tables, worked out once per shape.

Every sweep below is: output pixel  first + step*t  reads input pixels  stride*t + reach[k],
for t < number, along each of three dimensions (missing ones have size 1).  A convolution is one
such phase per dimension; its adjoint with stride s is s of them, without inserted zeros:

    conv, stride 2         y0  y1            adjoint    x0 x1 x2 x3 x4
                          / |\/ |\                     phase 0: x0, x2, x4   from taps 0 and 2
                        x0 x1 x2 x3 x4                 phase 1: x1, x3       from tap 1

Planes are packed with a zero border.  The columns right of a row are also those left of the next:

    . . . . .        D, H, W = input size, pitch = W + the wider border
    . x x x          a pixel is one vector: L numbers, one per lane
    . x x x          one channel follows the other after `plane` bytes,
    . . . . .        an odd number of cache lines, so that channels do not collide in the cache

All positions in the tables are bytes.

Lanes are images.  Where there are too few, an image is cut into `parts`, and each part (with the
pixels around it) counts as an image: `Lanes`.
"""

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels.conv.geometry import Geometry

Table = np.ndarray[Any, np.dtype[np.int64]]
Size = tuple[int, ...]  # of three dimensions

WORTH_SKIPPING = 8  # taps, over all channels, that a tile leaves out of each row of them
FEW = 8  # tasks, below which work is cut finer than caches ask for, so that threads can share it
L2 = 600_000  # bytes of input and output that are worked on at a time


class Phase(NamedTuple):
    """Along one dimension: outputs first + step*t read inputs stride*t + reach[j] by taps[j]."""

    first: int
    step: int
    number: int
    stride: int
    taps: tuple[int, ...]
    reach: tuple[int, ...]


Phases = tuple[tuple[Phase, ...], ...]  # of the three dimensions


class Sweep(NamedTuple):
    """x (N, groups*inputs, *size) to y (N, groups*outputs, *out): a convolution or its adjoint in x.

    steps: of w between groups, outputs and inputs, in numbers.
    """

    images: int
    groups: int
    inputs: int
    outputs: int
    size: Size
    out: Size
    phases: Phases
    steps: tuple[int, int, int]
    dtype: Any


class Correlation(NamedTuple):
    """x (N, groups*inputs, *size) and g (N, groups*outputs, *out) to w: an adjoint in w."""

    images: int
    groups: int
    inputs: int
    outputs: int
    size: Size
    out: Size
    kernel: Size
    geo: Geometry
    dtype: Any


def forward_phases(kernel: Size, out: Size, geo: Geometry) -> Phases:
    """What y reads of x."""
    return tuple(
        (Phase(0, 1, n, s, tuple(range(k)), tuple(j * d - before for j in range(k))),)
        for k, n, s, (before, _), d in zip(kernel, out, geo.stride, geo.padding, geo.dilation)
    )


def adjoint_phases(kernel: Size, size: Size, geo: Geometry) -> Phases:
    """What x's gradient reads of y's: i = o*s + k*d - p solved for o."""
    dims = []
    for k, n, s, (p, _), d in zip(kernel, size, geo.stride, geo.padding, geo.dilation):
        phases = []
        for a in range(s):  # of which some may have no pixels, or no taps
            taps = tuple(j for j in range(k) if (a + p - j * d) % s == 0)
            reach = tuple((a + p - j * d) // s for j in taps)
            phases.append(Phase(a, s, max(0, -(-(n - a) // s)), 1, taps, reach))
        dims.append(tuple(phases))
    return tuple(dims)


def three(values: Any, fill: Any) -> Any:
    """Values per spatial dimension, filled up in front to three."""
    return (fill,) * (3 - len(values)) + tuple(values)


def in_three(geo: Geometry) -> Geometry:
    """The same movement of a window with dimensions filled up in front to three."""
    return Geometry(
        three(geo.stride, 1), three(geo.padding, (0, 0)), three(geo.dilation, 1), geo.groups
    )


def odd_lines(count: int) -> int:
    """`count` bytes rounded up to an odd number of cache lines."""
    return (-(-count // 64) | 1) * 64


def border(phases: tuple[Phase, ...], size: int) -> tuple[int, int]:
    """How far the phases read before and after a dimension's `size` pixels."""
    used = [p for p in phases if p.taps and p.number]
    low = min((min(p.reach) for p in used), default=0)
    high = max((max(p.reach) + (p.number - 1) * p.stride for p in used), default=0)
    return max(0, -low), max(0, high - size + 1)


class Lanes(NamedTuple):
    """Which pixels the lanes work on: whole images, or `parts` of each with a border copied in.

    starts_in and starts_out say where each lane's channel 0 begins; `dead` lanes at the start of
    the last block repeat others.  A lane's pixels lie in runs in memory: of `run` pixels in the input
    and `rows` rows in the output, which begin at the distances of runs_in and runs_out.
    """

    parts: int
    phases: Phases
    size: Size  # of a lane's input
    out: Size  # and output
    bordered: Size  # input that is copied with a border first, if parts > 1
    before: Size  # that border
    padded: Size  # output, longer than wanted if the parts do not fit
    plane_in: int  # bytes of one channel of a whole image
    plane_out: int
    starts_in: Table
    starts_out: Table
    dead: int
    run: int
    runs_in: Table
    rows: int
    runs_out: Table
    cost: float  # multiply-adds of vectors per channel of the input, roughly


class _Cut(NamedTuple):
    """How one dimension is cut: parts of `length` outputs that need so many inputs, `advance` apart."""

    parts: int
    length: int
    need: int
    advance: int
    low: int  # border before the first
    whole: int  # input with borders
    phases: tuple[Phase, ...]

    @classmethod
    def of(cls, phases: tuple[Phase, ...], size: int, out: int, length: int) -> "_Cut":
        """A dimension of `size` inputs and `out` outputs in parts of `length`."""
        if length >= out:
            return cls(1, out, size, 0, 0, size, phases)
        low, high = border(phases, size)
        step, parts = phases[0].step, -(-out // length)
        advance = length // step * phases[0].stride
        cut = tuple(
            p._replace(
                reach=tuple(r + low for r in p.reach),
                number=max(0, -(-(length - p.first) // step)),
            )
            for p in phases
        )
        need = max(1, sum(border(cut, 0)))
        whole = max(size + low + high, (parts - 1) * advance + need)
        return cls(parts, length, need, advance, low, whole, cut)


def _starts(images: int, image: int, parts: Table, lanes: int) -> tuple[Table, int]:
    """Start of each lane; the last block overlaps the one before, or repeats the first lane."""
    starts = (np.arange(images)[:, None] * image + parts).ravel().astype(np.int64)
    dead = -len(starts) % lanes
    whole = len(starts) - (lanes - dead) if dead else len(starts)
    fill = starts[:whole][-dead:] if whole >= dead else np.repeat(starts[:1], dead)
    return np.concatenate([starts[:whole], fill[:dead], starts[whole:]]), dead


def _lengths(out: int, unit: int, lanes: int) -> list[int]:
    """How many outputs long the parts of a dimension may be, the whole dimension first."""
    counts = range(2, min(out // unit, 4 * lanes) + 1)
    cut = {-(-out // (count * unit)) * unit for count in counts}
    return [out, *sorted(length for length in cut if length < out)]


# What it costs to move a pixel to its lane or back, in multiply-adds: in tiles, and one by one.
MOVE, MOVE_ONE = 12, 48
WORTH = 1.15  # parts cost a copy of the input


def _cost(cuts: tuple[_Cut, ...], job: Sweep | Correlation, taps: float, lanes: int) -> float:
    """What a way to cut costs, roughly, in multiply-adds of vectors for each channel of the input."""
    blocks = -(-job.images * math.prod(c.parts for c in cuts) // lanes)
    inputs, outputs = math.prod(c.need for c in cuts), math.prod(c.length for c in cuts)
    move_in = MOVE if _run([c.need for c in cuts], [c.whole for c in cuts]) >= lanes else MOVE_ONE
    run = _run([c.length for c in cuts], [c.length * c.parts for c in cuts])
    move_out = (MOVE if run >= lanes else MOVE_ONE) * job.outputs / job.inputs
    return blocks * (outputs * (job.outputs * taps + move_out) + inputs * move_in)


def _run(size: Any, whole: Any) -> int:
    """How many pixels of a part lie one after the other in the whole."""
    run = 1
    for n, w in zip(size[::-1], whole[::-1]):
        run *= n
        if n != w:
            break
    return int(run)


def _runs(size: Size, whole: Size, item: int) -> tuple[int, Table]:
    """Pixels of a run of a part of a whole, and where in the whole the runs begin, in bytes."""
    run = _run(size, whole)
    return run, _places([np.arange(n) for n in size], whole)[::run] * item


def _places(positions: Any, whole: Size) -> Table:
    """Where the pixels at these positions along each dimension lie in a whole, counted in pixels."""
    d, h, w = np.ix_(*positions)
    places: Table = ((d * whole[1] + h) * whole[2] + w).ravel().astype(np.int64)
    return places


def choose_lanes(
    job: Sweep | Correlation, phases: Phases, lanes: int, units: Size = (1, 1, 1)
) -> Lanes:
    """Whole images as lanes, or parts of them where that leaves fewer lanes idle.

    units: parts have multiples of so many pixels along a dimension that is cut.  Images of a
    correlation are cut along their first dimension only.
    """
    size, out, item = job.size, job.out, np.dtype(job.dtype).itemsize
    taps = math.prod(
        sum(len(p.taps) * p.number for p in ps) / max(1, n) for ps, n in zip(phases, out)
    )
    first = next((d for d in range(3) if max(out[d], size[d]) > 1 or any(border(phases[d], 1))), 2)
    options = []
    for d in range(3):
        free = d == first or isinstance(job, Sweep)
        lengths = _lengths(out[d], phases[d][0].step * units[d], lanes) if free else [out[d]]
        options.append([_Cut.of(phases[d], size[d], out[d], length) for length in lengths])
    ways = list(itertools.product(*options))
    best = min(ways[1:], key=lambda way: _cost(way, job, taps, lanes), default=ways[0])
    cost, whole = _cost(best, job, taps, lanes) * WORTH, _cost(ways[0], job, taps, lanes)
    if cost >= whole:
        best, cost = ways[0], whole
    channels, outputs = job.groups * job.inputs, job.groups * job.outputs
    bordered, padded = tuple(c.whole for c in best), tuple(c.parts * c.length for c in best)
    need, length = tuple(c.need for c in best), tuple(c.length for c in best)
    plane_in, plane_out = math.prod(bordered) * item, math.prod(padded) * item
    parts_in = _places([np.arange(c.parts) * c.advance for c in best], bordered) * item
    parts_out = _places([np.arange(c.parts) * c.length for c in best], padded) * item
    starts_in, dead = _starts(job.images, channels * plane_in, parts_in, lanes)
    starts_out, _ = _starts(job.images, outputs * plane_out, parts_out, lanes)
    run, runs_in = _runs(need, bordered, item)
    run_out, runs_out = _runs(length, padded, item)
    return Lanes(len(parts_in), tuple(c.phases for c in best), need, length, bordered,
                 tuple(c.low for c in best), padded, plane_in, plane_out, starts_in, starts_out,
                 dead, run, runs_in, run_out // length[2], runs_out, cost)  # fmt: skip


class Planes:
    """The packed planes of one block of lanes, and what each row of output reads in them.

    vecs: pixels of a register tile; vector: bytes of a pixel.
    """

    def __init__(self, size: Size, out: Size, phases: Phases, vecs: int, vector: int) -> None:
        (bd, _), (bh, ah), (bw, aw) = edges = [border(p, n) for p, n in zip(phases, size)]
        pitch_w = size[2] + max(bw, aw)
        pitch_h = size[1] + max(bh, ah)

        def index(d: Any, h: Any, w: Any) -> Any:
            return (((d + bd) * pitch_h + h + bh) * pitch_w + w + bw) * vector

        d, h, w = np.ix_(*(np.arange(n) for n in size))
        self.pixels = index(d, h, w).astype(np.int64).ravel()
        last = index(*(n - 1 + after for n, (_, after) in zip(size, edges)))
        self.step_in = phases[2][0].stride * vector
        # Tiles may read beyond the last pixel of a row; what they make of it is not kept.
        self.plane = odd_lines(last + vector + vecs * self.step_in)
        self.pitch, self.along, self.wide = pitch_w, phases[2], size[2]
        filled = np.stack([index(d, h, 0).ravel(), index(d, h, size[2]).ravel()], 1).ravel()
        edges_of_gaps = np.concatenate([[0], filled, [self.plane]]).reshape(-1, 2)
        gaps = edges_of_gaps[edges_of_gaps[:, 0] < edges_of_gaps[:, 1]]
        self.gaps = np.ascontiguousarray(gaps, np.int64)
        self._rows(size, out, phases, pitch_h * pitch_w * vector, pitch_w * vector)
        self._taps(phases, index)

    def _rows(self, size: Size, out: Size, phases: Phases, slab: int, pitch: int) -> None:
        """Per output row: where it reads, and first and last pixel that it and those beyond read.

        Where: position, kind (its phases in d and h), and which rows of taps, from and to, meet
        input at all.
        """
        self.rows = np.zeros((out[0] * out[1], 4), np.int64)
        self.reads = np.zeros((out[0] * out[1], 2), np.int64)
        deep, high, wide = size
        kinds = itertools.product(phases[0], phases[1])
        for kind, (pd, ph) in enumerate(kinds):
            for td, th in itertools.product(range(pd.number), range(ph.number)):
                row = (pd.first + pd.step * td) * out[1] + ph.first + ph.step * th
                d, h = td * pd.stride, th * ph.stride
                met = [
                    i
                    for i, (rd, rh) in enumerate(itertools.product(pd.reach, ph.reach))
                    if 0 <= d + rd < deep and 0 <= h + rh < high
                ]
                span = (met[0], met[-1] + 1) if met else (0, 0)
                self.rows[row] = d * slab + h * pitch, kind, *span
                if pd.taps and ph.taps:
                    top = max(0, d + min(pd.reach)) * high + max(0, h + min(ph.reach))
                    end = min(deep - 1, d + max(pd.reach)) * high
                    end += min(high - 1, h + max(ph.reach)) + 1
                    self.reads[row] = top * wide, max(0, end) * wide
                else:
                    self.reads[row] = deep * high * wide, 0
        self.reads[:, 0] = np.minimum.accumulate(self.reads[::-1, 0])[::-1]
        self.reads[:, 1] = np.maximum.accumulate(self.reads[:, 1])

    def _taps(self, phases: Phases, index: Any) -> None:
        """Per phase: positions of its taps in a plane, and which taps of the kernel they are.

        kinds: rows of taps, taps in a row, first pixel, pixels.
        """
        sizes = [sum(len(p.taps) for p in ps) for ps in phases]  # of the kernel
        self.kinds, positions, taps = [], [], []
        for pd, ph, pw in itertools.product(*phases):
            reach = itertools.product(pd.reach, ph.reach, pw.reach)
            positions.append([index(*r) for r in reach])
            taps.append(
                [
                    (kd * sizes[1] + kh) * sizes[2] + kw
                    for kd, kh, kw in itertools.product(pd.taps, ph.taps, pw.taps)
                ]
            )
            self.kinds.append((len(pd.taps) * len(ph.taps), len(pw.taps), pw.first, pw.number))
        self.positions, self.taps = positions, taps

    def ends(self, vecs: int, channels: int) -> Table:
        """Per phase in w and tile of `vecs` outputs: from which tap of a row to which the tile meets input.

        All taps, where leaving some out would not make up for going through the rows of taps one by one.
        """
        most = max(-(-p.number // vecs) for p in self.along)
        table = np.zeros((len(self.along), most, 2), np.int64)
        table[..., 1] = [[len(p.taps)] for p in self.along]
        for f, p in enumerate(self.along):
            for t in range(-(-p.number // vecs)):
                reads = p.stride * np.arange(t * vecs, min(p.number, (t + 1) * vecs))
                places = np.array(p.reach, np.int64)[:, None] + reads
                met = np.flatnonzero(((places >= 0) & (places < self.wide)).any(1))
                if met.size and (len(p.taps) - met[-1] + met[0] - 1) * channels >= WORTH_SKIPPING:
                    table[f, t] = met[0], met[-1] + 1
        return table

    def offsets(self, channels: int, w_input: int, item: int, ends: Table) -> tuple[Table, Table]:
        """Where all taps of `channels` channels lie in the planes, and in the weights of an output channel.

        By phase, row of taps, channel and tap; where tiles leave out taps by phase, row, tap and channel.
        """
        order = np.arange(channels, dtype=np.int64)[:, None]
        places, weights = [order[:0, 0]], [order[:0, 0]]
        for kind, (rows, taps, _, _) in enumerate(self.kinds):
            whole = (ends[kind % len(ends)] == (0, taps)).all()
            for found, at, steps in (
                (places, np.array(self.positions[kind], np.int64), order * self.plane),
                (weights, np.array(self.taps[kind], np.int64) * item, order * w_input),
            ):
                parts = at.reshape(rows, 1, taps) + steps
                found.append((parts if whole else parts.transpose(0, 2, 1)).ravel())
        return np.concatenate(places), np.concatenate(weights)


def bands(rows: int, fits: Any, wide: int, lanes: int) -> int:
    """Rows of output per band: as many as fit, of about equal size, a vector of pixels at least."""
    size = 1
    while size < rows and (fits(size + 1) or size * wide < lanes):
        size += 1
    return -(-rows // -(-rows // size))

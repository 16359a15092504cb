"""3x3 convolution, and its adjoint in x, with fewer multiplications: Winograd's F(m x m, 3 x 3).

An output tile of m x m pixels is  A' [ sum over channels (G w G') * (B' d B) ] A , where d is its
patch of (m+2) x (m+2) inputs and * multiplies "frequency" by frequency: (m+2)^2 products where
the definition has 9 m^2.  (Lavin & Gray, Fast Algorithms for Convolutional Neural Networks, 2015;
points 0, 1, -1 for m = 2, and 2, -2 besides for m = 4.)

    xp[channel][pixel][lane]                     packed as in conv_direct.py
        | enter: B' d B, patch by patch
    spectra[frequency][channel][patch][lane]     a chunk of patches: fits in the L2 cache
        | simd.tile: products with the weights' spectra, summed over channels
    product[frequency][R channels][patch][lane]
        | leave: A' . A
    tmp[output channel][pixel of the band][lane] unpacked as in conv_direct.py

The last patch of a row or column is moved back so that it fits: it computes some outputs again.
Dilation d only moves neighbours d apart; a kernel of k x 3 x 3 has k times the channels.
Rounding errors are about those of torch's convolution for m = 2; for m = 4 some twenty times that,
up to 6e-5 of the output's standard deviation (docs/kernels.md).
"""

import math
from typing import Any

import numpy as np

from minigrad.kernels import conv_plan, scratch, simd, threads
from minigrad.kernels._jit import jit
from minigrad.kernels.conv_pack import NANOSECONDS, TILES, clear_borders, pack, unpack, with_border
from minigrad.kernels.conv_plan import Planes, Sweep, addresses, integers
from minigrad.kernels.simd import Code, call, look

Array = np.ndarray[Any, Any]
Vectors = list[Any]

SPECTRA = 400_000  # bytes of spectra worked on at a time
DEPTH = 64  # channels summed in one go: rounding errors of longer sums would show in the answer


def times(code: Code, factor: float, x: Any, plus: Any = None) -> Any:
    """factor * x (+ plus)."""
    constant = code.constant(factor)
    return code.b.fmul(constant, x) if plus is None else code.fma(constant, x, plus)


def into(code: Code, d: Vectors) -> Vectors:
    """B' d: a column of the patch."""
    add, sub = code.b.fadd, code.b.fsub
    if len(d) == 4:
        return [sub(d[0], d[2]), add(d[1], d[2]), sub(d[2], d[1]), sub(d[1], d[3])]
    even, odd = times(code, -4, d[2], d[4]), times(code, -4, d[1], d[3])
    less, more = sub(d[4], d[2]), sub(d[3], d[1])
    return [
        times(code, 4, d[0], times(code, -5, d[2], d[4])),
        add(even, odd),
        sub(even, odd),
        times(code, 2, more, less),
        times(code, -2, more, less),
        times(code, 4, d[1], times(code, -5, d[3], d[5])),
    ]


def out_of(code: Code, f: Vectors) -> Vectors:
    """A' f: a column of the output tile."""
    add, sub = code.b.fadd, code.b.fsub
    total, gap = add(f[1], f[2]), sub(f[1], f[2])
    if len(f) == 4:
        return [add(f[0], total), sub(gap, f[3])]
    total2, gap2 = add(f[3], f[4]), sub(f[3], f[4])
    return [
        add(f[0], add(total, total2)),
        times(code, 2, gap2, gap),
        times(code, 4, total2, total),
        add(f[5], times(code, 8, gap2, gap)),
    ]


def of_weights(code: Code, w: Vectors, m: int) -> Vectors:
    """G w: a column of the kernel."""
    add, sub = code.b.fadd, code.b.fsub
    ends = add(w[0], w[2])
    if m == 2:
        return [w[0], *(times(code, 0.5, op(ends, w[1])) for op in (add, sub)), w[2]]
    near, far = times(code, -1 / 6, ends), times(code, 1 / 24, w[0], times(code, 1 / 6, w[2]))
    mid, side = times(code, -1 / 6, w[1]), times(code, 1 / 12, w[1])
    return [
        times(code, 0.25, w[0]),
        add(near, mid),
        sub(near, mid),
        add(far, side),
        sub(far, side),
        w[2],
    ]


def both_ways(transform: Any, patch: list[Vectors]) -> Vectors:
    """The transform of all columns, then of all rows, row after row."""
    columns = [transform(list(column)) for column in zip(*patch)]
    return [vector for row in zip(*columns) for vector in transform(list(row))]


def enter(code: Code, m: int, _: int, x: Any, down: Any, right: Any, out: Any, step: Any,
          *_more: Any) -> None:  # fmt: skip
    """out[f*step] = (B' d B)[f] for the patch d[i][j] = x[i*down + j*right]."""
    size = range(m + 2)
    patch = [[code.load(code.at(x, (down, i), (right, j))) for j in size] for i in size]
    for f, vector in enumerate(both_ways(lambda d: into(code, d), patch)):
        code.store(vector, code.at(out, (step, f)))


def leave(code: Code, m: int, _: int, x: Any, step: Any, out: Any, down: Any, right: Any,
          *_more: Any) -> None:  # fmt: skip
    """out[i*down + j*right] = (A' f A)[i][j] for the spectrum f = x[f*step]."""
    size = range(m + 2)
    spectrum = [[code.load(code.at(x, (step, i * (m + 2) + j))) for j in size] for i in size]
    for ij, vector in enumerate(both_ways(lambda f: out_of(code, f), spectrum)):
        code.store(vector, code.at(out, (down, ij // m), (right, ij % m)))


def weigh(code: Code, m: int, rows: int, w: Any, steps: Any, taps: Any, count: Any, next_w: Any,
          out: Any, step: Any, *_: Any) -> None:  # fmt: skip
    """out[f*step + i*R + r] = (G w G')[f] of the kernel at w + i*next_w + steps[r], for i < count."""
    code = Code(code.b, 8 * code.size, rows)  # vectors of R output channels
    i, _, close = code.loop(count, [])
    origin, target = code.at(w, (i, next_w)), code.at(out, (i, rows * code.size))
    origins = [code.at(origin, code.entry(steps, r)) for r in range(rows)]
    kernel = []
    for tap in range(9):
        vector = code.undefined
        for r in range(rows):
            number = code.scalar(code.at(origins[r], code.entry(taps, tap)))
            vector = code.insert(vector, number, r)
        kernel.append(vector)
    spectrum = both_ways(lambda k: of_weights(code, k, m), [kernel[0:3], kernel[3:6], kernel[6:9]])
    for f, vector in enumerate(spectrum):
        code.store(vector, code.at(target, (step, f)))
    close([])


simd.KERNELS |= {"enter": enter, "leave": leave, "weigh": weigh}


@jit
def _weigh(weigh, sizes, steps, tables, w, spectra, begin, end):  # type: ignore[no-untyped-def]
    """Spectra of the weights, in the order of use: [group][block of R][frequency][depth][R].

    Depth: the taps of the third dimension, and within each the input channels.
    """
    inputs, outputs, item, height, many, deep = (
        sizes[1],
        sizes[2],
        sizes[4],
        sizes[14],
        sizes[16],
        sizes[21],
    )
    rows, taps, slices = tables
    blocks = -(-outputs // height)
    step = deep * height * item
    for t in range(begin, end):
        for d in range(deep // inputs):
            at = w + t // blocks * steps[0] + look(slices, d)
            call(weigh, (at, rows + t % blocks * height * 8, taps, inputs, steps[1],
                 spectra + t * many * step + d * inputs * height * item, step))  # fmt: skip


@jit
def _sweep(sizes, calls, addresses, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end of a convolution; see `Winograd` for the tables."""
    groups, inputs, outputs, pixels_in, item, lanes, image_x, image_y = sizes[0:8]
    plane, step_tmp, wide, row_patches, down, right, height, vecs, many, chunk = sizes[8:18]
    down_out, count, number_gaps, deep = sizes[18:22]
    x, weights, bias, y, xp, tmp, spectra, product, starts_x, starts_y, pixels = addresses[:11]
    offs, gaps, bands, patches, depths = addresses[11:]
    vector = lanes * item
    blocks = -(-outputs // height)
    step_in, step_out = deep * chunk * vector, height * chunk * vector
    clear_borders(xp, inputs, plane, gaps, number_gaps)
    last, packed = -1, 0
    for task in range(begin, end):
        block, group = task // count // groups, task // count % groups
        band = bands + task % count * 56
        first, stop, base = look(band, 0), look(band, 1), look(band, 2)
        row0, row1, top, need = look(band, 3), look(band, 4), look(band, 5), look(band, 6)
        if task // count != last:
            last, packed = task // count, top
        if need > packed:
            pack(calls[5:7], x + group * inputs * image_x, image_x, starts_x + block * lanes * 8,
                 inputs, packed, need, pixels_in, item, lanes, xp, plane, pixels)  # fmt: skip
            packed = need
        for p0 in range(first * row_patches, stop * row_patches, chunk):
            number = min(chunk, stop * row_patches - p0)
            for c in range(deep):
                source = xp + look(depths, c)
                for p in range(number):
                    call(calls[1], (source + look(patches, 2 * (p0 + p)), down, right,
                         spectra + (c * chunk + p) * vector, step_in))  # fmt: skip
            for o in range(blocks):
                w = weights + (group * blocks + o) * many * deep * height * item
                for f in range(many):
                    for p in range(0, number, vecs):
                        for k in range(0, deep, DEPTH):
                            call(calls[0], (spectra + f * step_in + p * vector, vector,
                                 offs + k * 8, min(DEPTH, deep - k),
                                 w + (f * deep + k) * height * item, height * item,
                                 product + f * step_out + p * vector, chunk * vector, vector, k))  # fmt: skip
                for r in range(min(height, outputs - o * height)):
                    at = tmp + (o * height + r) * step_tmp - base * wide * vector
                    for p in range(number):
                        call(calls[2], (product + (r * chunk + p) * vector, step_out,
                             at + look(patches, 2 * (p0 + p) + 1), down_out, right))  # fmt: skip
        target = y + group * outputs * image_y + row0 * wide * item
        unpack(calls[3:5], tmp + (row0 - base) * wide * vector, step_tmp, outputs,
               (row1 - row0) * wide, item, lanes, target, image_y, starts_y + block * lanes * 8,
               bias + group * outputs * item)  # fmt: skip


class Winograd:
    """Tables of one sweep with stride 1 and one phase per dimension; m: pixels of a tile."""

    def __init__(self, job: Sweep, m: int) -> None:
        images, groups, inputs, outputs, size, out, phases, steps, dtype = job
        item, vector = np.dtype(dtype).itemsize, simd.BYTES
        lanes = vector // item
        dilation = distance(phases[1][0]), distance(phases[2][0])
        self.size, self.shape_y = size, (images, groups * outputs)
        self.lanes = lane = conv_plan.choose_lanes(
            job, phases, lanes, (1, m * dilation[0], m * dilation[1])
        )
        self.planes = planes = Planes(lane.size, lane.out, lane.phases, 1, vector)
        high, wide = lane.out[1:]
        down, right = (d * s for d, s in zip(dilation, (planes.pitch * vector, vector)))
        # Positions of the nine taps for each tap of the third dimension, in order of reach.
        nine = np.sort(np.array(planes.positions[0]).reshape(-1, 9).min(1))
        self.depths = (nine[:, None] - nine[0] + np.arange(inputs) * planes.plane).ravel()
        deep, many = len(self.depths), (m + 2) ** 2
        groups_of, columns = (_starts(n, d, m) for n, d in zip((high, wide), dilation))
        lines = [[d * high + h for h in line] for d in range(lane.out[0]) for line in groups_of]
        self.patches = _patches(lines, columns, planes, nine[0], wide)
        per_row = dilation[0] * sum(map(len, columns))
        height, vecs, chunk = choose_chunk(deep, outputs, per_row, many)
        filled = -(-outputs // height) * height
        tall = max(1, min(len(groups_of), -(-chunk // per_row)))
        bands = _bands(lines, len(groups_of), tall, high, m * dilation[0], planes.reads)
        self.bands = np.array(list(bands), np.int64)
        rows = int((self.bands[:, 4] - self.bands[:, 2]).max())
        step_tmp = conv_plan.odd_lines(rows * wide * vector)
        names = [("enter", m), ("leave", m), ("scatter", 0), ("scatter_few", 0)]
        names += [("gather", 0), ("gather_few", 0)]
        tile = simd.address("tile", height, vecs, dtype)
        self.calls = integers([tile, *(simd.address(n, k, 0, dtype) for n, k in names)])
        self.weigh = simd.address("weigh", m, height, dtype)
        self.sizes = integers([
            groups, inputs, outputs, math.prod(lane.size), item, lanes, lane.plane_in,
            lane.plane_out, planes.plane, step_tmp, wide, per_row, down, right, height, vecs, many, chunk,
            dilation[0] * wide * vector, len(self.bands), len(planes.gaps), deep,
        ])  # fmt: skip
        order = [[tap for _, tap in sorted(zip(p.reach, p.taps))] for (p,) in phases]
        self.slices = np.array(order[0]) * (9 * item)
        self.taps = np.array([(3 * i + j) * item for i in order[1] for j in order[2]])
        self.rows = np.minimum(np.arange(filled), outputs - 1) * (steps[1] * item)
        self.steps = integers((steps[0] * item, steps[2] * item))
        self.offs = np.arange(deep, dtype=np.int64) * chunk * vector
        self.blocks = groups * filled // height
        self.buffers = {
            "input": inputs * planes.plane,
            "output": filled * step_tmp,
            "spectra": many * deep * chunk * vector,
            "product": many * height * chunk * vector,
        }
        self.weights = groups * filled * deep * many * item
        self.tasks = len(lane.starts_in) // lanes * groups * len(self.bands)
        self.cost = NANOSECONDS * images * math.prod(out) * groups * filled * deep * 9 / 2
        self.tables = addresses(
            lane.starts_in, lane.starts_out, planes.pixels, self.offs, planes.gaps, self.bands,
            self.patches, self.depths,
        )  # fmt: skip
        self.weight_tables = addresses(self.rows, self.taps, self.slices)

    def __call__(self, x: Array, w: Array, b: Array | None) -> Array:
        """Run on x, w and b or None; answers y."""
        dtype, lane = x.dtype, self.lanes
        y = scratch.empty((*self.shape_y, *lane.padded), dtype)
        bias = conv_plan.no_bias(self.shape_y[1], dtype) if b is None else b
        if lane.parts > 1:
            x = with_border(x, self.size, lane.before, lane.bordered)
        spectra = scratch.take("weights", self.weights, np.uint8)
        w_at, *arrays = addresses(w, x, spectra, bias, y)

        def weigh(begin: int, end: int) -> None:
            _weigh(self.weigh, self.sizes, self.steps, self.weight_tables, w_at, arrays[1],
                   begin, end)  # fmt: skip

        def work(begin: int, end: int) -> None:
            held = [scratch.take(name, n, np.uint8) for name, n in self.buffers.items()]
            places = (*arrays, *addresses(*held), *self.tables)
            _sweep(self.sizes, self.calls, places, begin, end)

        threads.run(weigh, self.blocks, self.weights * 1.0)
        threads.run(work, self.tasks, self.cost)
        return y


def distance(phase: conv_plan.Phase) -> int:
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
            (planes.rows[h, 0] + w * simd.BYTES + corner, (h * wide + w) * simd.BYTES)
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


def choose_chunk(inputs: int, outputs: int, patches: int, many: int) -> tuple[int, int, int]:
    """Rows and vectors of the register tile, and how many patches to transform at a time."""
    best = (math.inf, 0, 0, 0)
    room = max(1, SPECTRA // (many * inputs * simd.BYTES))
    for (height, vecs), cost in TILES[simd.REGISTERS].items():
        chunk = max(vecs, room // vecs * vecs)
        used = -(-min(patches, chunk) // vecs) * vecs / min(patches, chunk)
        total = -(-outputs // height) * height * used * cost
        best = min(best, (total, height, vecs, chunk))
    return best[1:]

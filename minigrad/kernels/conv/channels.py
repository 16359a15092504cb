"""The adjoint of convolution in w with channels as lanes: a matrix product for every tap.

    dw[tap][output channel][input channel]  =  sum over images, pixels of
                                    g[pixel][output channel] * x[pixel's tap][input channel]

    xp[L channels][image][pixel with border][lane]       gp[L channels][image][pixel][lane]
        |                                                     |              L: lanes of a vector
        |___________________ simd.tile _______________________|
    sums[tap][output channel][input channel]     added to, a chunk of pixels after the other
        | untangle
    dw[output channel][input channel][tap]

For 3x3 kernels of stride 1, Winograd's algorithm (winograd_transforms.py) needs fewer products, of
"frequencies" instead of taps and patches instead of pixels.  Between the planes and the product:

    xp, gp  --enter, spread-->  xs, gs[frequency][patch][channel]     two of six rows of
    dw      <-----finish------  sums[frequency][output][input]        frequencies per pass

Against weight.py, where images are lanes: no sums across lanes, any number of images, and one
image at a time to pack, so that little memory is touched; but channels should fill the vectors.

Tasks are (group, pass, R output channels), each sum in a fixed order.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels.conv import plan
from minigrad.kernels.conv.images import NANOSECONDS, choose_tile, clear_borders, pack
from minigrad.kernels.conv.plan import Correlation, Phase, Planes, Size, Table
from minigrad.kernels.conv.winograd_transforms import PAIRS
from minigrad.kernels.machine import registers, scratch, simd, threads
from minigrad.kernels.machine.arguments import addresses, fields, integers
from minigrad.kernels.machine.denormals import flush, restore
from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.simd import call, clear, look
from minigrad.kernels.machine.team import moved, shared

Array = np.ndarray[Any, Any]
Sizes = fields(
    "groups inputs outputs taps item lanes vector images pixels_x pixels_g plane_x gaps_x gaps_g "
    "blocks_x blocks_g image_g block_g height vecs row step_sums per_pass passes features batch "
    "chunk per_image step_x step_g across_x across_g deep_g down_x down_g right",
)
Places = fields(
    "x g sums xp gp xs gs starts_x starts_g at_x at_g gaps_x gaps_g offs features patches",
)
PIXELS = 128  # summed in one go: the inputs of a tile stay in the L1 cache
PATCHES = 96  # likewise: their spectra stay in the L2 cache
_NONE = np.zeros((1, 2), np.int64)


@helper
def _pack(s, at, gather, group, first, count, g0, g1):  # type: ignore[no-untyped-def]
    """Images from `first` on of one group into their planes; of g only blocks g0..g1 of channels."""
    none, one = np.int64(0), np.int64(1)
    for n in range(count):
        image = (first + n) * s.groups + group
        for c in range(s.blocks_x):
            pack(gather, at.x + image * s.inputs * s.pixels_x * s.item, none,
                 at.starts_x + c * s.lanes * 8, one, none, s.pixels_x, s.pixels_x, none, s.item, s.lanes,
                 at.xp + (c * s.batch + n) * s.plane_x, none, at.at_x)  # fmt: skip
        for c in range(g0, g1):
            pack(gather, at.g + image * s.outputs * s.pixels_g * s.item, none,
                 at.starts_g + c * s.lanes * 8, one, none, s.pixels_g, s.pixels_g, none, s.item, s.lanes,
                 at.gp + c * s.block_g + n * s.image_g, none, at.at_g)  # fmt: skip


@helper
def _transform(s, at, calls, turn, k, depth, g0, g1):  # type: ignore[no-untyped-def]
    """Some rows of frequencies of `depth` patches from patch k of the batch on."""
    for i in range(depth):
        n, p = (k + i) // s.per_image, (k + i) % s.per_image
        source_x = at.xp + n * s.plane_x + look(at.patches, 2 * p)
        for c in range(s.blocks_x):
            call(calls[5 + turn], (source_x + c * s.batch * s.plane_x, s.down_x, s.right,
                 at.xs + i * s.row + c * s.vector, s.step_x))  # fmt: skip
        source_g = at.gp + n * s.image_g + look(at.patches, 2 * p + 1)
        for c in range(g0, g1):
            call(calls[5 + s.passes + turn], (source_g + c * s.block_g, s.down_g, s.right,
                 at.gs + i * s.deep_g + c * s.vector, s.step_g))  # fmt: skip


@helper
def _multiply(s, tile, x, g, offs, features, depth, sums, o0, o1):  # type: ignore[no-untyped-def]
    """Add products of a chunk to the sums of one pass, for blocks of output channels o0..o1."""
    for f in range(s.features):
        for c in range(0, s.blocks_x, s.vecs):
            source = x + look(features, f) + c * s.across_x
            for o in range(o0, o1):
                r = o * s.height
                w = g + f * s.step_g + r // s.lanes * s.across_g + r % s.lanes * s.item
                call(tile, (source, s.across_x, offs, depth, w, s.deep_g,
                     sums + f * s.step_sums + r * s.row + c * s.vector, s.row, s.vector, 1))  # fmt: skip


@shared
def _correlate(sizes, calls, places, rooms, seat, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end."""
    s, at, state = Sizes(*sizes), Places(*moved(places, rooms, seat)), flush()
    clear_borders(at.xp, s.batch * s.blocks_x, s.plane_x, at.gaps_x, s.gaps_x)
    clear_borders(at.gp, s.batch * s.blocks_g, s.image_g, at.gaps_g, s.gaps_g)
    tasks, per_pass = s.passes * s.per_pass, s.features * s.step_sums
    for group in range(begin // tasks, -(-end // tasks)):
        first, last = max(begin - group * tasks, 0), min(end - group * tasks, tasks)
        alone = first // s.per_pass == (last - 1) // s.per_pass  # only some output channels
        g0 = first % s.per_pass * s.height // s.lanes if alone else 0
        g1 = -(-((last - 1) % s.per_pass + 1) * s.height // s.lanes) if alone else s.blocks_g
        sums = at.sums + group * s.passes * per_pass
        for task in range(first, last):
            for f in range(s.features):
                clear(sums + task // s.per_pass * per_pass + f * s.step_sums
                      + task % s.per_pass * s.height * s.row, s.height * s.row)  # fmt: skip
        for n in range(0, s.images, s.batch):
            count = min(s.batch, s.images - n)
            _pack(s, at, calls[1:3], group, n, count, g0, g1)
            for k in range(0, count * s.per_image, s.chunk):
                depth, task = min(s.chunk, count * s.per_image - k), first
                while task < last:
                    turn, o0 = task // s.per_pass, task % s.per_pass
                    o1 = min(s.per_pass, o0 + last - task)
                    x, g, offs = at.xp, at.gp + k * s.vector, at.offs + k * 8
                    if s.passes > 1:
                        x, g, offs = at.xs, at.gs, at.offs
                        _transform(s, at, calls, turn, k, depth, g0, g1)
                    _multiply(s, calls[0], x, g, offs, at.features, depth, sums + turn * per_pass,
                              o0, o1)  # fmt: skip
                    task += o1 - o0
    restore(state)


@shared
def _finish(sizes, calls, sums, dw, seat, begin, end):  # type: ignore[no-untyped-def]
    """Output channels begin..end of all groups, from sums to dw."""
    s = Sizes(*sizes)
    per_group = s.passes * s.features * s.step_sums
    for o in range(begin, end):
        source = sums + o // s.outputs * per_group + o % s.outputs * s.row
        for c in range(s.blocks_x):
            call(calls[3 + (c == s.blocks_x - 1)], (source + c * s.vector, s.step_sums,
                 s.features, dw + (o * s.inputs + c * s.lanes) * s.taps * s.item, s.taps * s.item))  # fmt: skip


class Products(NamedTuple):
    """What is multiplied: pixels, or patches transformed by Winograd's algorithm.

    In a chunk of them entry k of x lies at features[f] + offs[k], and of g at f*step_g + k*deep_g;
    the next L channels lie `across` bytes further.  step_x: of spectra between frequencies.
    """

    per_image: int
    batch: int  # images that are packed at a time
    chunk: int
    passes: int
    features: Table  # taps or frequencies per pass
    offs: Table
    patches: Table
    image_g: int  # bytes of a packed image, and of a batch of them
    block_g: int
    step_x: int
    step_g: int
    across_x: int
    across_g: int
    deep_g: int


def _of_pixels(images: int, out: Size, x: Planes, vector: int) -> Products:
    """Every tap of every pixel, read where it was packed."""
    pixels = math.prod(out)
    batch = max(1, min(images, PIXELS // pixels))
    places = (x.rows[:, :1] + np.arange(out[2], dtype=np.int64) * x.step_in).ravel()
    offs = (np.arange(batch)[:, None] * x.plane + places).ravel()
    block = plan.odd_lines(batch * pixels * vector)
    return Products(pixels, batch, PIXELS, 1, np.array(x.positions[0], np.int64), offs, _NONE,
                    pixels * vector, block, 0, 0, batch * x.plane, block, vector)  # fmt: skip


def _of_patches(
    images: int, x: Planes, g: Planes, patches: Table, row: int, deep_g: int, vector: int
) -> Products:
    """Spectra of patches, which lie one after the other."""
    count = len(patches)
    batch = max(1, min(images, PATCHES // count))
    rounds = -(-count // (2 * PATCHES)) if batch == 1 else 1
    chunk = batch * -(-count // rounds)
    features = np.arange(12, dtype=np.int64) * (chunk * row)
    offs = np.arange(chunk, dtype=np.int64) * row
    return Products(count, batch, chunk, len(PAIRS), features, offs, patches, g.plane, batch * g.plane,
                    chunk * row, chunk * deep_g, vector, vector, deep_g)  # fmt: skip


class ChannelWeight:
    """Tables of one adjoint in w; `winograd`: of a 3x3 kernel of stride 1, by transforms."""

    def __init__(self, job: Correlation, winograd: bool) -> None:
        images, groups, inputs, outputs, size, out, kernel, geo, dtype = job
        item, vector = np.dtype(dtype).itemsize, registers.BYTES
        lanes, d, taps = vector // item, geo.dilation[1:], math.prod(kernel)
        self.outputs = groups * outputs
        padded = (1, *(-(-n // (4 * e)) * 4 * e for n, e in zip(out[1:], d))) if winograd else out
        identity = tuple((Phase(0, 1, n, 1, (0,), (0,)),) for n in padded)
        phases = plan.forward_phases(kernel, padded, geo)
        self.x = x = Planes(size, padded, phases, 1, vector)
        self.g = g = Planes(out, padded, identity, 1, vector)
        blocks_x, blocks_g = -(-inputs // lanes), -(-outputs // lanes)
        # Rows must not straddle two vectors of channels.
        height, vecs = choose_tile(outputs, blocks_x, fits=lambda r, v: lanes % r == 0)
        per_pass, row = -(-outputs // height), -(-blocks_x // vecs) * vecs * vector
        if winograd:
            patches = _patches(x, g, padded, d)
            p = _of_patches(images, x, g, patches, row, blocks_g * vector, vector)
        else:
            p = _of_pixels(images, out, x, vector)
        self.products, features, step_sums = p, len(p.features), per_pass * height * row
        end, last = "finish" if winograd else "untangle", inputs - (blocks_x - 1) * lanes
        names = [("tile", height, vecs), ("gather", 0, 0), ("gather_few", 0, 0), (end, lanes, 0)]
        names += [(end, last, 0)]
        if winograd:
            names += [(name, 4, pair) for name in ("enter", "spread") for pair in (1, 2, 3)]
        self.calls = integers([simd.address(*name, dtype) for name in names])
        self.sizes = integers(Sizes(
            groups=groups, inputs=inputs, outputs=outputs, taps=taps, item=item, lanes=lanes,
            vector=vector, images=images, pixels_x=math.prod(size), pixels_g=math.prod(out),
            plane_x=x.plane, gaps_x=len(x.gaps), gaps_g=len(g.gaps) if winograd else 0,
            blocks_x=blocks_x, blocks_g=blocks_g, image_g=p.image_g, block_g=p.block_g,
            height=height, vecs=vecs, row=row, step_sums=step_sums, per_pass=per_pass,
            passes=p.passes, features=features, batch=p.batch, chunk=p.chunk,
            per_image=p.per_image, step_x=p.step_x, step_g=p.step_g, across_x=p.across_x,
            across_g=p.across_g, deep_g=p.deep_g, down_x=d[0] * x.pitch * vector,
            down_g=d[0] * g.pitch * vector, right=d[1] * vector,
        ))  # fmt: skip
        self.starts = [_starts(inputs, size, lanes, item), _starts(outputs, out, lanes, item)]
        self.tables = addresses(*self.starts, x.pixels, g.pixels, x.gaps, g.gaps, p.offs,
                                p.features, p.patches)  # fmt: skip
        self.buffers = {
            "input": p.batch * row // vector * x.plane,
            "output": blocks_g * p.block_g,
            "spectra": features * p.step_x,
            "product": features * p.step_g,
        }
        self.sums_size = groups * p.passes * features * step_sums
        self.tasks = groups * p.passes * per_pass
        self.cost = NANOSECONDS * images * math.prod((*out, groups, outputs, inputs, taps))

    def __call__(self, x: Array, g: Array, shape: tuple[int, ...]) -> Array:
        """Run on x and g; answers dw of this shape."""
        dw = scratch.empty(shape, x.dtype)
        sums = scratch.take("weights", self.sums_size)
        x_at, g_at, dw_at = addresses(x, g, dw)
        seats = threads.seats(self.tasks, self.cost)
        rooms = scratch.rooms(self.buffers, seats)
        places = (x_at, g_at, sums.at, *rooms.places, *self.tables)
        steps = (0, 0, 0, *rooms.steps, *(0,) * len(self.tables))
        job = self.sizes, self.calls, places, steps
        threads.share(_correlate, job, self.tasks, self.cost, fine=1, most=seats)
        finish = self.sizes, self.calls, sums.at, dw_at
        threads.share(_finish, finish, self.outputs, self.sums_size / 8)
        return dw


def _starts(channels: int, size: Size, lanes: int, item: int) -> Table:
    """Where each lane's channel begins; lanes beyond the last repeat it: they are not used."""
    lane = np.arange(-(-channels // lanes) * lanes)
    return np.minimum(lane, channels - 1) * (math.prod(size) * item)


def _patches(x: Planes, g: Planes, padded: Size, dilation: tuple[int, ...]) -> Table:
    """Where each patch of x and of g is read."""
    corner = min(x.positions[0])
    lines, columns = (
        [a + d * 4 * i for i in range(n // (4 * d)) for a in range(d)]
        for n, d in zip(padded[1:], dilation)
    )
    return np.array(
        [
            (x.rows[h, 0] + w * registers.BYTES + corner, g.rows[h, 0] + w * registers.BYTES)
            for h in lines
            for w in columns
        ],
        np.int64,
    )

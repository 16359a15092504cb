"""Few images: lanes are output channels, so that one picture fills the vectors.

    x, NCHW  --prepare-->  xp[pixel with border][channel]            a pixel's channels lie together
    w        --prepare-->  weights[block of V vectors][tap, channel][lane]
                                |  simd.outer: R pixels x V vectors, summed over taps and channels,
                                |  each step a number of x for every lane times a vector of weights
    y, NCHW  <---sums----  tmp[vector][pixel of the band][lane]      + bias

Both transpositions are of L x L numbers in registers, of which one picture has few; image lanes
(images.py) would have to cut it into parts, each with a border of its own.  The numbers of the
weights are read once for all images, so this is the way as long as those are few.

With Winograd's algorithm (winograd.py says what it is) both are transformed as they are prepared:

    spectra[frequency][patch][channel]       weights[block of V vectors][frequency][channel][lane]

The weights are kept in the order of use until the next call.  Whether they still hold is asked of the
numbers themselves, by a digest: nobody need say that a weight has changed, whichever way that was done.

Tasks of the second part are (image, band of rows, block of outputs).  They write disjoint memory: the
bits are the same for any number of threads.  The first part is the caller's.
"""

from typing import Any

import numpy as np

from minigrad.kernels.conv.few_plan import COUNT, FewPlan, Table
from minigrad.kernels.machine import scratch, threads
from minigrad.kernels.machine.arguments import address
from minigrad.kernels.machine.denormals import flush, restore
from minigrad.kernels.machine.jit import helper, jit
from minigrad.kernels.machine.simd import DIGEST, call, clear, copy, look
from minigrad.kernels.machine.team import read, shared

Array = np.ndarray[Any, Any]
SHARED_ABOVE = 4e4  # nanoseconds


# ------------------------------------------------------------------------------ the first part
@helper
def _spread(plan, source, starts, count, target, places):  # type: ignore[no-untyped-def]
    """Number i < count of every lane from `source` on: a vector at places[i]."""
    s = Table(*read(plan, COUNT))
    if count >= s.lanes:
        for i in range(0, count, s.lanes):
            q = min(i, count - s.lanes)
            call(s.gather, (source + q * s.item, starts, target, places + q * 8))
    else:
        call(s.gather_few, (source, starts, target, places, count))


@helper
def _enter(plan, x, image, room):  # type: ignore[no-untyped-def]
    """One image into its pixels with a border, and these into spectra."""
    s = Table(*read(plan, COUNT))
    plane = room + image * s.plane
    for c in range(0, s.inputs, s.lanes):
        c = max(0, min(c, s.inputs - s.lanes))
        _spread(plan, x + (image * s.inputs + c) * s.plane_x, s.starts_x, s.pixels,
                plane + c * s.item, s.places_x)  # fmt: skip
    for i in range(s.gaps):
        start = look(s.gap_table, 2 * i)
        clear(plane + start, look(s.gap_table, 2 * i + 1) - start)
    for p in range(s.patches):
        source = plane + look(s.patch_table, 2 * p)
        target = room + s.spectra + (image * s.patches + p) * s.next_patch
        for c in range(0, s.inputs, s.lanes):
            c = max(0, min(c, s.inputs - s.lanes)) * s.item
            call(s.enter, (source + c, s.row, s.pixel, target + c, s.next_spectra))


@helper
def _weigh(plan, w, v, weights, raw):  # type: ignore[no-untyped-def]
    """The weights of one vector of outputs, in the order of use; raw: room for them unchanged."""
    s = Table(*read(plan, COUNT))
    starts, step = s.starts_w + v * s.lanes * 8, s.vecs * s.vector
    target = weights + v // s.vecs * s.block + v % s.vecs * s.vector
    for i in range(s.runs):
        _spread(plan, w + look(s.run_table, i), starts, s.run, raw if s.patches else target,
                s.places_w + i * s.run * 8)  # fmt: skip
    for c in range(s.inputs if s.patches else 0):
        call(s.lift, (raw + c * 9 * s.vector, 3 * s.vector, s.vector, target + c * step,
             s.inputs * step))  # fmt: skip


@helper
def _shift(plan, b, bias):  # type: ignore[no-untyped-def]
    """The bias of every lane; idle lanes repeat the last channel."""
    s = Table(*read(plan, COUNT))
    full = s.blocks * s.vecs * s.lanes
    clear(bias, full * s.item)
    if b:
        copy(bias, b, s.outputs * s.item)
        for i in range(s.outputs, full):
            copy(bias + i * s.item, b + (s.outputs - 1) * s.item, s.item)


@helper
def _is_new(plan, w, kept):  # type: ignore[no-untyped-def]
    """Whether weights are not those that `kept` was made of; their digest is left there."""
    s = Table(*read(plan, COUNT))
    if s.digests == 0:  # too few to be worth it
        return 1
    found = s.digests * 0
    place = kept + DIGEST
    call(s.digest, (w, s.digests, w + s.last_digest, place))
    for i in range(DIGEST // 8):
        if look(place, i) != look(kept, i):
            found = 1
    copy(kept, place, DIGEST)
    return found


@jit
def _prepare(plan, x, w, b, y, room, kept):  # type: ignore[no-untyped-def]
    """The images, the biases and, unless they are there already, the weights."""
    s, state = Table(*read(plan, COUNT)), flush()
    for image in range(s.images):
        _enter(plan, x, image, room)
    _shift(plan, b, room + s.bias)
    if _is_new(plan, w, kept):
        for v in range(s.blocks * s.vecs):
            _weigh(plan, w, v, kept + 2 * DIGEST, room + s.private)
    restore(state)


# ------------------------------------------------------------------------------ the second part
@helper
def _plain(plan, plane, weights, tmp, first, stop):  # type: ignore[no-untyped-def]
    """Rows first..stop of output, by plain sums."""
    s = Table(*read(plan, COUNT))
    step = s.vecs * s.vector
    for row in range(first, stop):
        at = plane + look(s.row_table, row * 4)
        for p in range(0, s.wide, s.high):
            q = min(p, s.wide - s.high)
            for k in range(0, s.depth, s.length):
                call(s.outer, (at + q * s.step_in, s.step_in, s.offs + k * 8,
                     min(s.length, s.depth - k), weights + k * step, step, tmp + q * s.vector,
                     s.vector, s.step_tmp, k))  # fmt: skip
        tmp += s.wide * s.vector


@helper
def _by_spectra(plan, spectra, weights, product, tmp, first, stop):  # type: ignore[no-untyped-def]
    """Patches first..stop of an image, whose spectra begin at `spectra`, into tmp."""
    s = Table(*read(plan, COUNT))
    step = s.vecs * s.vector
    next_product = s.chunk * step
    for f in range(s.many):
        for p in range(first, stop, s.high):
            q = max(first, min(p, stop - s.high))
            for k in range(0, s.depth, s.length):
                call(s.outer, (spectra + f * s.next_spectra + q * s.next_patch, s.next_patch,
                     s.offs + k * 8, min(s.length, s.depth - k), weights + (f * s.depth + k) * step,
                     step, product + f * next_product + (q - first) * step, step, s.vector, k))  # fmt: skip
    for p in range(first, stop):
        target = tmp + look(s.patch_table, 2 * p + 1)
        for v in range(s.vecs):
            call(s.leave, (product + (p - first) * step + v * s.vector, next_product,
                 target + v * s.step_tmp, s.step_out, s.vector))  # fmt: skip


@helper
def _unpack(plan, tmp, bias, y, v, pixels):  # type: ignore[no-untyped-def]
    """Pixels of one vector of outputs back to their planes."""
    s = Table(*read(plan, COUNT))
    starts = s.starts_y + v * s.lanes * 8
    if pixels >= s.lanes:
        for p in range(0, pixels, s.lanes):
            q = min(p, pixels - s.lanes)
            call(s.scatter, (tmp + q * s.vector, bias, y + q * s.item, starts))
    else:
        call(s.scatter_few, (tmp, bias, y, starts, pixels))


@shared
def _sums(plan, x, w, b, y, room, kept, seat, begin, end):  # type: ignore[no-untyped-def]
    """Tasks begin..end: (image, band, block of V vectors of outputs)."""
    s, state = Table(*read(plan, COUNT)), flush()
    own = room + s.private + seat * s.seat
    tmp = own + s.tmp
    for task in range(begin, end):
        block, image = task % s.blocks, task // s.blocks // s.bands
        band = s.band_table + task // s.blocks % s.bands * 40
        first, stop = look(band, 0), look(band, 1)
        start, pixels, skip = look(band, 2), look(band, 3), look(band, 4)
        weights = kept + 2 * DIGEST + block * s.block
        if s.patches:
            spectra = room + s.spectra + image * s.patches * s.next_patch
            _by_spectra(plan, spectra, weights, own, tmp - skip, first, stop)
        else:
            _plain(plan, room + image * s.plane, weights, tmp, first, stop)
        for v in range(s.vecs):
            lane = (block * s.vecs + v) * s.lanes
            _unpack(plan, tmp + v * s.step_tmp + start * s.vector - skip, room + s.bias + lane * s.item,
                    y + image * s.outputs * s.plane_y + start * s.item, block * s.vecs + v, pixels)  # fmt: skip
    restore(state)


class Few(FewPlan):
    """One sweep of few images."""

    def __call__(self, x: Array, w: Array, b: Array | None, size: tuple[int, ...]) -> Array:
        """Run on x, w and b or None; answers y (N, C, *size)."""
        y = scratch.empty((*self.shape, *size), x.dtype)
        # What another CPU has written must be fetched from its caches: little is not shared out.
        seats = threads.seats(self.tasks, self.cost) if self.cost > SHARED_ABOVE else 1
        room = scratch.take("input", self.sizes["private"] + seats * self.sizes["seat"])
        w_at = address(w)
        kept = scratch.kept((self, w_at), self.weights)
        bias = 0 if b is None else address(b)
        places = (self.place, address(x), w_at, bias, address(y), room.at, kept.at)
        _prepare(*places)
        threads.share(_sums, places, self.tasks, self.cost, most=seats)
        return y

"""Where pooling windows lie on their input, whatever made them.  Pure Python and NumPy.

A window is a box: along each dimension it spans the pixels start, start + step, .. below stop.

    regular: 3 wide, stride 2, padding 1      adaptive, 7 to 3           fractional
    . x0 x1 x2 x3 x4 x5 .                     x0 x1 x2 x3 x4 x5 x6       starts drawn anew
    [------]    [------]   span 0 is 0 .. 2   [------]    [------]       for every plane
          [------]         span 1 is 1 .. 4         [------]

Padding is never a pixel: spans end where the input does.  Dimensions that are missing are 1: a
line is (n, 1, 1) and a picture (n, 1, m), so that the first dimension always comes first, and the
pixels of the last one are neighbours in memory.
"""

import functools
import math
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
Sizes = tuple[int, ...]

BAND = 2048  # pixels of a plane, or outputs if these are more, that a kernel works on at a time
_PLACED = {1: (0,), 2: (0, 2), 3: (0, 1, 2)}  # dimensions among three


class Moves(NamedTuple):
    """Sizes of input and window and how it moves, one number per spatial dimension each."""

    size: Sizes
    kernel: Sizes
    stride: Sizes
    padding: Sizes  # of either side
    dilation: Sizes
    out: Sizes


class Layout(NamedTuple):
    """All windows of a plane written out."""

    places: (
        Array  # (1 or planes, outputs, taps): positions; the last pixel repeated in short windows
    )
    short: Array | None  # of the same shape: which are no pixels of the window; None: none
    apart: bool  # whether no two windows share a pixel


class Bands(NamedTuple):
    """Rows of an answer along its first dimension, each with the rows it is made from."""

    table: Array  # (n, 4): start and stop of either
    room: tuple[int, int]  # the longest of either


class Window:
    """The windows of planes of `size`: `out` of them, along each dimension.

    spans: (1 or planes, 3, most outputs, 2): start and stop along three dimensions.
    divisors: (3, most outputs): the factors of what a sum over a window is divided by.
    Not to be changed once made: what has been worked out about it stays with it.
    """

    def __init__(self, size: Sizes, out: Sizes, step: Sizes, spans: Array, divisors: Array) -> None:
        self.size, self.out, self.spans, self.divisors = size, out, spans, divisors
        self.three = _three(size), _three(out), _three(step)
        self.sizes = np.array(self.three)
        self.pixels, self.outputs = math.prod(size), math.prod(out)
        lengths = -((spans[..., 0] - spans[..., 1]) // self.sizes[2, :, None])
        self.sides = np.maximum(lengths, 1).max((0, 2))
        self.taps = int(self.sides.prod())
        self.void = bool((lengths < 1).any())  # whether a window has no pixel between its taps
        self.is_plane = self.outputs == 1 and self.taps == self.pixels  # a single one, with all
        self.by_rows = self.taps > 64  # whether rows are summed first, which keeps more digits
        self.tables: dict[Any, Any] = {}  # what kernels were told of it

    @functools.cached_property
    def bands(self) -> Bands:
        """Outputs o .. p of the first dimension read pixels i .. j of it."""
        return self._bands(self.spans[0, 0, : self.sizes[1, 0]], self.sizes[0, 0])

    @functools.cached_property
    def back_bands(self) -> Bands:
        """Pixels i .. j of the first dimension are read by outputs o .. p."""
        many, most = self.sizes[:2, 0]
        start, stop = self.spans[0, 0, :most].T
        pixel = np.arange(many)
        readers = [np.searchsorted(stop, pixel, "right"), np.searchsorted(start, pixel, "right")]
        return self._bands(np.stack(readers, 1), most)

    def _bands(self, spans: Array, end: int) -> Bands:
        """Rows of spans joined; a single band if windows differ by plane."""
        if len(self.spans) > 1:
            return Bands(np.array([[0, len(spans), 0, end]]), (len(spans), int(end)))
        rows = max(1, BAND // self.sizes[:2, 1:].prod(1).max())
        cuts = [spans[i : i + rows] for i in range(0, len(spans), rows)]
        bands = [
            (i * rows, i * rows + len(part), part[:, 0].min(), part[:, 1].max())
            for i, part in enumerate(cuts)
        ]
        table = np.clip(np.array(bands).reshape(-1, 4), 0, [len(spans), len(spans), end, end])
        lengths = (table[:, 1::2] - table[:, ::2]).max(0, initial=0)
        return Bands(table, (int(lengths[0]), int(lengths[1])))

    @functools.cached_property
    def area(self) -> Any:
        """The divisors multiplied: an int where it is the same for all outputs, else (outputs,)."""
        lines = [row[:many] for row, many in zip(self.divisors, self.sizes[1])]
        table = functools.reduce(np.multiply, np.ix_(*lines)).reshape(-1)
        return int(table[0]) if table.size and (table == table[0]).all() else table

    @functools.cached_property
    def layout(self) -> Layout:
        """The windows written out."""
        places, real = [], []
        for d in range(3):
            many, most, step = self.sizes[:, d]
            start, stop = np.moveaxis(self.spans[:, d, :most], -1, 0)[..., None]
            at = start + np.arange(self.sides[d]) * step
            last = np.maximum(start + (stop - start - 1) // step * step, start)
            axes = [len(at), *(1 if axis != d else n for n in at.shape[1:] for axis in range(3))]
            places.append(np.minimum(np.minimum(at, last), many - 1).reshape(axes))
            real.append((at < stop).reshape(axes))
        shape = (len(self.spans), self.outputs, self.taps)
        joined = (places[0] * self.sizes[0, 1] + places[1]) * self.sizes[0, 2] + places[2]
        short = ~(real[0] & real[1] & real[2]).reshape(shape)
        joined = joined.reshape(shape)
        if self.void:  # torch answers where the first tap would be
            lines = np.ix_(*(self.spans[0, d, : self.sizes[1, d], 0] for d in range(3)))
            first = (lines[0] * self.sizes[0, 1] + lines[1]) * self.sizes[0, 2] + lines[2]
            nowhere = np.minimum(first.reshape(-1, 1), self.pixels - 1)
            joined = np.where(short.all(-1, keepdims=True), nowhere, joined)
        ends = self.spans[:, :, :-1, 1] <= self.spans[:, :, 1:, 0]
        beyond = np.arange(1, self.spans.shape[2]) >= self.sizes[1, :, None]
        apart = bool((ends | beyond).all()) and not self.void
        return Layout(joined, short if short.any() else None, apart)

    @functools.cached_property
    def slices(self) -> list[list[tuple[slice, ...]]] | None:
        """Along each dimension, for each tap of a window, where it lies in all windows of (planes, *three[0]).

        None unless all windows are whole, of several pixels, and at regular distances.
        """
        if self.taps == 1:
            return None
        found: list[list[tuple[slice, ...]]] = []
        for d in range(3):
            most, step = self.sizes[1:, d].tolist()
            starts, stops = self.spans[0, d, :most].T
            apart, far = np.diff(starts), (self.sides[d] - 1) * step
            regular = len(self.spans) == 1 and most > 0 and (apart == apart[:1]).all()
            if not regular or (stops - starts <= far).any() or (apart < 1).any():
                return None
            first, last, stride = int(starts[0]), int(starts[-1]), int(apart[0]) if most > 1 else 1
            lead, taps = (slice(None),) * (d + 1), range(0, int(far) + 1, step)
            if self.sizes[0, d] > 1:
                found.append([(*lead, slice(first + t, last + t + 1, stride)) for t in taps])
        return found

    @functools.cached_property
    def starts(self) -> Array:
        """(1 or planes, outputs): where each window starts in the places of the layout."""
        shape = len(self.spans), self.outputs
        return np.arange(0, math.prod(shape) * self.taps, self.taps).reshape(shape)

    @functools.cached_property
    def turned(self) -> Array:
        """The places of the layout as (1 or planes, taps, outputs)."""
        return np.ascontiguousarray(self.layout.places.swapaxes(1, 2))


def _three(sizes: Sizes) -> tuple[int, int, int]:
    by_place = dict(zip(_PLACED[len(sizes)], sizes))
    return by_place.get(0, 1), by_place.get(1, 1), by_place.get(2, 1)


def _spans(lines: list[tuple[Array, Array]], planes: int = 1) -> Array:
    """The table of starts and stops (outputs,) or (planes, outputs) of each dimension."""
    most = max(1, *(start.shape[-1] for start, _ in lines))
    spans = np.zeros((planes, 3, most, 2), np.int64)
    spans[..., 1] = 1
    for d, (start, stop) in zip(_PLACED[len(lines)], lines):
        spans[:, d, : start.shape[-1], 0] = start
        spans[:, d, : start.shape[-1], 1] = stop
    return spans


def _divisors(lines: list[Array]) -> Array:
    table = np.ones((3, max(1, *map(len, lines))), np.int64)
    for d, line in zip(_PLACED[len(lines)], lines):
        table[d, : len(line)] = line
    return table


def regular(moves: Moves, include_pad: bool = True, override: int | None = None) -> Window:
    """Windows of one size at regular steps.

    Sums are divided by `override`, or by how many pixels a window has, those in the padding
    counted too if `include_pad`.
    """
    spans, counts = [], []
    for n, k, s, p, d, out in zip(*moves):
        first = np.arange(out) * s - p
        start = np.where(first < 0, first % d, first)
        stop = np.minimum(first + (k - 1) * d + 1, n)
        spans.append((start, stop))
        counts.append(np.minimum(first + k, n + p) - first if include_pad else stop - start)
    divisors = _divisors(counts)
    if override is not None:
        divisors[:] = 1
        divisors[0] = override
    return Window(moves.size, moves.out, moves.dilation, _spans(spans), divisors)


@functools.lru_cache(maxsize=256)
def adaptive(size: Sizes, out: Sizes) -> Window:
    """Windows that share the input evenly: number o of m from floor(o n / m) to ceil((o + 1) n / m)."""
    spans = []
    for n, many in zip(size, out):
        o = np.arange(many)
        spans.append((o * n // max(1, many), -(-(o + 1) * n // max(1, many))))
    divisors = _divisors([np.maximum(stop - start, 1) for start, stop in spans])
    return Window(size, out, (1,) * len(size), _spans(spans), divisors)


def fractional(size: Sizes, kernel: Sizes, starts: list[Array]) -> Window:
    """Windows of one size that start where they are told to, per dimension (planes, outputs)."""
    spans = [(start, start + k) for start, k in zip(starts, kernel)]
    planes, out = len(starts[0]), tuple(start.shape[1] for start in starts)
    ones = _divisors([np.ones(many) for many in out])
    return Window(size, out, (1,) * len(size), _spans(spans, planes), ones)

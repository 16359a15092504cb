"""How pooling windows lie on their input.  Pure Python and NumPy.

    window of 3, stride 2, padding 1, on 6 pixels (. is padding)      output 0 has taps 1 and 2 in
                                                                      the input, the others all
        . x0 x1 x2 x3 x4 x5 .       tap t of output o is
        [------]   [------]         x[o * stride + t * dilation - padding]
             [------]

A maximum remembers where it was by the number of its tap, its *code*: one byte where there are
fewer than 256 taps.
"""

import functools
import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]


class Tables(NamedTuple):
    """What can be worked out once about a window."""

    taps: int
    code: Any  # the dtype of codes; -1 in it stands for no tap at all
    border: tuple[int, ...]  # shape of a bordered plane that every window lies in
    inner: tuple[slice, ...] | None  # where the input lies there; None: the border is empty
    divisors: Array  # (3, outputs): how many taps each dimension has, those in the padding included
    inside: Array  # (3, outputs): those in the input only
    origin: Array  # (*out): where in the plane, counted along its rows, tap 0 would be
    steps: Array  # (taps,): how much further each tap is
    first: Array  # (*out): the first tap that lies in the input
    apart: bool  # whether no two windows share a pixel
    void: bool  # whether a window has no pixel at all, between its taps


class Window:
    """Sizes of input and window, and how it moves: one number per spatial dimension each.

    Not to be changed once made: what has been worked out about it stays with it.
    """

    def __init__(
        self,
        size: tuple[int, ...],
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[int, ...],
        dilation: tuple[int, ...],
        out: tuple[int, ...],
    ):
        self.size, self.kernel, self.stride = size, kernel, stride
        self.padding, self.dilation, self.out = padding, dilation, out  # padding: of either side
        self.work = math.prod(kernel) * math.prod(out)  # taps of all windows of a plane
        self.axes = len(size)
        # Where windows are far apart, kernels go by what each one spans, not by rows of outputs.
        self.by_span = stride[-1] > 2 and dilation == (1,) * len(size)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return iter((self.size, self.kernel, self.stride, self.padding, self.dilation, self.out))

    @functools.cached_property
    def tables(self) -> Tables:
        """What can be worked out once."""
        return _tables(self)

    @functools.cached_property
    def spans(self) -> Array:
        """(1, 3, outputs, 2): where windows start and stop in the input (if not dilated)."""
        return _spans(self)

    @functools.cached_property
    def area(self) -> dict[Any, Any]:
        """What sums over windows are divided by, for each way of counting asked for so far."""
        return {}


def code_dtype(taps: int) -> Any:
    """The dtype that numbers so many taps and has a -1 to spare."""
    return np.dtype(np.uint8 if taps < 256 else np.int32)


def _outer(op: Any, lines: list[Array]) -> Array:
    """An array over all dimensions from one line of numbers for each."""
    return functools.reduce(op, np.ix_(*lines))


def _rows_of_three(lines: list[Array]) -> Array:
    """Lines of up to three dimensions as rows of a table, ones for what is missing."""
    table = np.ones((3, max(map(len, lines))), np.int64)
    for row, line in zip(table[3 - len(lines) :], lines):
        row[: len(line)] = line
    return table


def _tables(window: Window) -> Tables:
    lines = list(zip(*window))
    starts = [np.arange(out) * s - p for _, _, s, p, _, out in lines]
    firsts, lasts, padded = [], [], []
    for start, (n, k, _, p, d, _) in zip(starts, lines):
        firsts.append(np.maximum(0, -(start // d)) if p else np.zeros(len(start), np.int64))
        lasts.append(np.minimum(k - 1, (n - 1 - start) // d))
        padded.append(np.minimum(start + k, n + p) - start)
    inside = [last - first + 1 for first, last in zip(firsts, lasts)]
    border = tuple(max(n + 2 * p, (out - 1) * s + (k - 1) * d + 1) for n, k, s, p, d, out in lines)
    pitch = [math.prod(window.size[i + 1 :]) for i in range(len(lines))]
    weight = [math.prod(window.kernel[i + 1 :]) for i in range(len(lines))]
    taps = math.prod(window.kernel)
    return Tables(
        taps=taps,
        code=code_dtype(taps),
        border=border,
        inner=None
        if border == window.size
        else tuple(slice(p, p + n) for n, _, _, p, _, _ in lines),
        divisors=_rows_of_three(padded),
        inside=_rows_of_three(inside),
        origin=_outer(np.add, [start * step for start, step in zip(starts, pitch)]),
        steps=_outer(
            np.add, [np.arange(k) * d * step for (_, k, _, _, d, _), step in zip(lines, pitch)]
        ).ravel(),
        first=_outer(np.add, [first * step for first, step in zip(firsts, weight)]),
        apart=all(s > (k - 1) * d for _, k, s, _, d, _ in lines),
        void=any((line < 1).any() for line in inside),
    )


def _spans(window: Window) -> Array:
    spans = np.zeros((1, 3, max(1, *window.out), 2), np.int64)
    spans[:, :, 0, 1] = 1  # dimensions that are missing are of size 1
    for d, (n, k, s, p, _, out) in enumerate(zip(*window), 3 - window.axes):
        start = np.arange(out) * s - p
        spans[0, d, :out, 0] = np.maximum(start, 0)
        spans[0, d, :out, 1] = np.minimum(start + k, n)
    return spans


def divisors(window: Window, include_pad: bool, override: int | None) -> Array:
    """(3, outputs): what sums over windows are divided by, as a factor of each dimension."""
    table = window.tables.divisors if include_pad else np.maximum(window.tables.inside, 1)
    if override is not None:
        table = np.ones_like(table)
        table[0] = override
    return table


def area(window: Window, include_pad: bool, override: int | None) -> Any:
    """`divisors` multiplied out: a number where it is the same for all outputs, else (*out)."""
    known = window.area.get((include_pad, override))
    if known is None:
        table = divisors(window, include_pad, override)
        known = window.area[include_pad, override] = _multiplied(window, table)
    return known


def _multiplied(window: Window, table: Array) -> Any:
    n = len(window.out)
    lines = [row[:out] for row, out in zip(table[3 - n :], window.out)]
    rest = int(table[: 3 - n, 0].prod())
    if all((line == line[0]).all() for line in lines):
        return rest * math.prod(int(line[0]) for line in lines)
    return _outer(np.multiply, lines) * rest


def every_tap(window: Window) -> "itertools.product[tuple[int, ...]]":
    """The taps of a window in the order of their numbers."""
    return itertools.product(*map(range, window.kernel))

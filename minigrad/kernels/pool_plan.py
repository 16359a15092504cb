"""How pooling windows lie on their input: sizes, and the tables that kernels run on.  Pure Python.

    window of 3, stride 2, padding 1, dilation 1, on 6 pixels (. is padding)

        . x0 x1 x2 x3 x4 x5 .          tap 0 reads x[2o - 1]
        [------]   [------]            tap 1 reads x[2o]
             [------]                  tap 2 reads x[2o + 1]

Input 2q + r is entry q of *phase* r, so that a tap reads one phase at a fixed shift (`low` is the
least of them), whatever the stride:

    tap t reads x[stride * o + t * dilation - padding] = phase[r][o + shift],
        r = (t * dilation - padding) mod stride,  shift = (t * dilation - padding) div stride
"""

import functools
import itertools
import math
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]


class Window(NamedTuple):
    """Kernel, stride, padding (of both sides) and dilation, and the sizes of input and output.

    One number per spatial dimension each.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    size: tuple[int, ...]
    out: tuple[int, ...]

    @property
    def taps(self) -> int:
        """The number of pixels of a window."""
        return math.prod(self.kernel)


def code_dtype(taps: int) -> Any:
    """The dtype that numbers the taps of a window, with one number to spare for "none"."""
    return np.uint8 if taps < 256 else np.int32


class Plan(NamedTuple):
    """The tables of one window, for three spatial dimensions (the first ones may be of size 1)."""

    dims: Array  # (3, 8): the columns N .. Q of pool_phases
    residues: Array  # (3, phases): which r a phase has
    phase_of: Array  # (3, stride): which phase an r has, or -1: no tap reads it
    taps: Array  # (taps, 5): phase, shifts less the least, number; by number
    by_phase: Array  # the same, by phase
    starts: Array  # (phases + 1): where the taps of each phase begin in by_phase
    first: Array  # (3, outputs): the first tap of each dimension that lies in the input


def _line(n: int, out: int, k: int, s: int, p: int, d: int, last: bool) -> dict[str, Any]:
    """The tables of one dimension."""
    at = [t * d - p for t in range(k)]
    used = sorted({a % s for a in at})
    if last and s == 2:  # columns are split in even and odd ones in one go
        used = [0, 1]
    shifts = [a // s for a in at]
    start = np.arange(out) * s - p
    return {
        "row": (n, out, s, min(shifts), max(shifts) - min(shifts), len(used), k, -(-n // s)),
        "used": used,
        "phase_of": [used.index(r) if r in used else -1 for r in range(s)],
        "taps": [(used.index(a % s), shift - min(shifts)) for a, shift in zip(at, shifts)],
        "first": np.maximum(0, -(start // d)) if p else np.zeros(out),
    }


def three(values: tuple[int, ...], other: int) -> tuple[int, ...]:
    """Values of up to three dimensions, with `other` for the missing ones in front."""
    return (other,) * (3 - len(values)) + values


def _table(rows: list[Any]) -> Array:
    """Rows of different lengths, padded with -1."""
    table = np.full((len(rows), max(1, *map(len, rows))), -1, np.int64)
    for row, values in zip(table, rows):
        row[: len(values)] = values
    return table


@functools.lru_cache(maxsize=1024)
def plan(window: Window) -> Plan:
    """The tables of a window."""
    defaults = zip(window, (1, 1, 0, 1, 1, 1))
    kernel, stride, padding, dilation, size, out = (three(v, one) for v, one in defaults)
    lines = [
        _line(*each, last=i == 2)
        for i, each in enumerate(zip(size, out, kernel, stride, padding, dilation))
    ]
    counts = [line["row"][5] for line in lines]
    taps = []
    for number, combined in enumerate(itertools.product(*(line["taps"] for line in lines))):
        (f0, a0), (f1, a1), (f2, a2) = combined
        taps.append(((f0 * counts[1] + f1) * counts[2] + f2, a0, a1, a2, number))
    table = np.array(taps, np.int64)
    by_phase = table[np.argsort(table[:, 0], kind="stable")]
    return Plan(
        dims=np.array([line["row"] for line in lines], np.int64),
        residues=_table([line["used"] for line in lines]),
        phase_of=_table([line["phase_of"] for line in lines]),
        taps=table,
        by_phase=np.ascontiguousarray(by_phase),
        starts=np.searchsorted(by_phase[:, 0], np.arange(math.prod(counts) + 1)),
        first=_table([line["first"] for line in lines]),
    )


@functools.lru_cache(maxsize=1024)
def divisors(window: Window, include_pad: bool, override: int | None) -> Array:
    """(3, outputs): what sums over windows are divided by, as factors of each dimension."""
    rows = []
    for n, out, k, s, p in zip(*(three(v, 1) for v in (window.size, window.out, window.kernel)),
                               three(window.stride, 1), three(window.padding, 0)):  # fmt: skip
        start = np.arange(out) * s - p
        stop = np.minimum(start + k, n + p)
        if not include_pad:
            start, stop = np.maximum(start, 0), np.minimum(stop, n)
        rows.append(stop - start)
    if override is not None:
        rows = [np.ones_like(row) for row in rows]
        rows[0] *= override
    return _table(rows).astype(np.float64)

"""What all sweeps on image lanes share: packing, unpacking, borders, the choice of register tiles.

x, NCHW  --pack-->  xp[channel][pixel with border][lane]       see conv_plan.py
tmp[channel][pixel][lane]  --unpack-->  y, NCHW                (+ bias)
"""

from typing import Any

import numpy as np

from minigrad.kernels import scratch, simd
from minigrad.kernels._jit import jit
from minigrad.kernels.conv_plan import Size
from minigrad.kernels.simd import call, clear, look

Array = np.ndarray[Any, Any]

# Register tiles (rows, vectors) and what a multiply-add costs in them, relative to the best.
TILES = {
    32: {(8, 3): 1.0, (6, 4): 1.0, (5, 5): 1.0, (4, 6): 1.0, (8, 2): 1.08, (8, 1): 1.2}
    | {(4, 3): 1.08, (2, 8): 1.1, (1, 8): 1.5},
    16: {(6, 2): 1.0, (4, 3): 1.0, (5, 2): 1.03, (2, 4): 1.03, (1, 8): 1.4, (4, 1): 1.4},
}
NANOSECONDS = 0.02  # per multiply-add, to judge whether threads pay


@jit
def pack(gather, x, step, starts, channels, first, last, total, item, lanes, xp, plane, pixels):  # type: ignore[no-untyped-def]
    """Pixels first..last (of total) of all channels of one block of lanes into their planes.

    gather: the addresses of simd.gather and gather_few.  starts, pixels: of tables.
    """
    for c in range(channels):
        if total >= lanes:
            for p in range(first, last, lanes):
                q = min(p, total - lanes)
                call(gather[0], (x + c * step + q * item, starts, xp + c * plane, pixels + q * 8))
        elif first < last:
            few = last - first
            at = x + c * step + first * item
            call(gather[1], (at, starts, xp + c * plane, pixels + first * 8, few))


@jit
def clear_borders(xp, channels, plane, gaps, count):  # type: ignore[no-untyped-def]
    """Zero what lies between the pixels of all planes: `count` gaps, from and to."""
    for c in range(channels):
        for i in range(count):
            start = look(gaps, 2 * i)
            clear(xp + c * plane + start, look(gaps, 2 * i + 1) - start)


@jit
def unpack(scatter, tmp, step, channels, pixels, item, lanes, y, step_y, starts, bias):  # type: ignore[no-untyped-def]
    """Pixels of all output channels of a band back to their images, plus bias."""
    for c in range(channels):
        source, target, shift = tmp + c * step, y + c * step_y, bias + c * item
        if pixels >= lanes:
            for p in range(0, pixels, lanes):
                q = min(p, pixels - lanes)
                call(scatter[0], (source + q * lanes * item, shift, target + q * item, starts))
        else:
            call(scatter[1], (source, shift, target, starts, pixels))


def with_border(x: Array, size: Size, before: Size, bordered: Size) -> Array:
    """Images of x (N, C, *size) in the middle of zeros: (N, C, *bordered)."""
    wide = np.zeros((*x.shape[:2], *bordered), x.dtype)
    (d, h, w), (dd, hh, ww) = before, size
    wide[:, :, d : d + dd, h : h + hh, w : w + ww] = x.reshape(*x.shape[:2], *size)
    return wide


def cropped(y: Array, size: tuple[int, ...]) -> Array:
    """y (N, C, D, H, W) as (N, C, *size): the first pixels along each dimension."""
    wide = (1,) * (3 - len(size)) + size
    if y.shape[2:] == wide:
        return y.reshape(*y.shape[:2], *size)
    out = scratch.empty((*y.shape[:2], *size), y.dtype)
    d, h, w = wide
    out.reshape(*y.shape[:2], *wide)[...] = y[:, :, :d, :h, :w]
    return out


def choose_tile(outputs: int, pixels: int) -> tuple[int, int]:
    """The register tile that wastes least on `outputs` channels and rows of `pixels`."""
    costs = {
        (r, v): -(-outputs // r) * r * -(-pixels // v) * v * cost
        for (r, v), cost in TILES[simd.REGISTERS].items()
    }
    return min(costs, key=lambda tile: costs[tile])

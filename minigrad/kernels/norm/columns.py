"""Batch normalisation of large arrays whose channels have few pixels: columns side by side.

x is a matrix, a row for each sample and a column for each pixel of each channel.  Sums go down the
columns, many at a time, and are then added up over the pixels of a channel; a channel's mean and
factors are spread over its columns, so that the loops along a row know nothing of channels:

    channel    0   0   0   0   1   1   1   1   2 ..
    sample 0   x   x   x   x   x   x   x   x   x
    sample 1   x   x   x   x   x   x   x   x   x

Threads take channels, and of these a block at a time, which stays in the cache.
"""

from typing import Any

import numpy as np

from minigrad.kernels.machine import threads
from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.team import shared

Array = np.ndarray[Any, Any]
WIDTH = 1024  # columns of a block


@helper
def _fold(columns: Any, c: int, pixels: int) -> Any:
    """The sum over a channel's columns."""
    total = 0.0
    for j in range(c * pixels, (c + 1) * pixels):
        total += columns[j]
    return total


@helper
def _spread(value: Any, columns: Any, c: int, pixels: int) -> None:
    """Write a value to all of a channel's columns."""
    for j in range(c * pixels, (c + 1) * pixels):
        columns[j] = value


@helper
def _add(x: Any, start: int, stop: int, sums: Any) -> None:
    sums[:] = 0
    for i in range(len(x)):
        row = x[i, start:stop]
        for j in range(len(row)):
            sums[j] += row[j]


@helper
def _add_squares(x: Any, start: int, stop: int, centre: Any, sums: Any) -> None:
    sums[:] = 0
    for i in range(len(x)):
        row = x[i, start:stop]
        for j in range(len(row)):
            away = np.float64(row[j] - centre[j])
            sums[j] += away * away


@helper
def _add_products(g: Any, x: Any, start: int, stop: int, centre: Any, sums: Any,
                  products: Any) -> None:  # fmt: skip
    sums[:] = 0
    products[:] = 0
    for i in range(len(x)):
        row, above = x[i, start:stop], g[i, start:stop]
        for j in range(len(row)):
            sums[j] += above[j]
            products[j] += np.float64(above[j]) * np.float64(row[j] - centre[j])


@shared
def _forward(x: Any, y: Any, weight: Any, bias: Any, mean: Any, var: Any, pixels: int, block: int,
             is_fixed: bool, eps: float, seat: int, c0: int, c1: int) -> None:  # fmt: skip
    size = len(x) * pixels
    sums = np.empty(block * pixels)
    spread = np.empty((3, block * pixels), x.dtype)
    centre, factor, shift = (
        spread[0],
        spread[1],
        spread[2],
    )  # unpacked, Numba takes them for strided
    for b in range(c0, c1, block):
        channels = min(block, c1 - b)
        start, stop = b * pixels, (b + channels) * pixels
        if not is_fixed:
            _add(x, start, stop, sums)
        for c in range(channels):
            if not is_fixed:
                mean[b + c] = _fold(sums, c, pixels) / size
            _spread(mean[b + c], centre, c, pixels)
        if not is_fixed:
            _add_squares(x, start, stop, centre, sums)
        for c in range(channels):
            gap = mean[b + c] - centre[c * pixels]
            if not is_fixed:
                var[b + c] = _fold(sums, c, pixels) / size - gap * gap
            scale = weight[b + c] / np.sqrt(var[b + c] + eps)
            _spread(scale, factor, c, pixels)
            _spread(bias[b + c] - scale * gap, shift, c, pixels)
        for i in range(len(x)):
            row, out = x[i, start:stop], y[i, start:stop]
            for j in range(len(row)):
                out[j] = (row[j] - centre[j]) * factor[j] + shift[j]


@shared
def _backward(g: Any, x: Any, dx: Any, weight: Any, mean: Any, var: Any, sums: Any, products: Any,
              pixels: int, block: int, is_fixed: bool, eps: float, seat: int, c0: int, c1: int) -> None:  # fmt: skip
    size = len(x) * pixels
    down, down_products = np.empty(block * pixels), np.empty(block * pixels)
    spread = np.empty((4, block * pixels), x.dtype)
    centre, factor, slope, shift = spread[0], spread[1], spread[2], spread[3]
    for b in range(c0, c1, block):
        channels = min(block, c1 - b)
        start, stop = b * pixels, (b + channels) * pixels
        for c in range(channels):
            _spread(mean[b + c], centre, c, pixels)
        _add_products(g, x, start, stop, centre, down, down_products)
        for c in range(channels):
            gap = mean[b + c] - centre[c * pixels]
            scale = 1 / np.sqrt(var[b + c] + eps)
            total = _fold(down, c, pixels)
            product = (_fold(down_products, c, pixels) - gap * total) * scale
            sums[b + c], products[b + c] = total, product
            steep = weight[b + c] * product * scale * scale / size
            level = weight[b + c] * total * scale / size
            if is_fixed:
                steep = level = 0.0
            _spread(scale * weight[b + c], factor, c, pixels)
            _spread(steep, slope, c, pixels)
            _spread(level - steep * gap, shift, c, pixels)
        for i in range(len(x)):
            row, above, out = x[i, start:stop], g[i, start:stop], dx[i, start:stop]
            for j in range(len(row)):
                out[j] = factor[j] * above[j] - (slope[j] * (row[j] - centre[j]) + shift[j])


def _rows(layout: Any, *arrays: Array) -> list[Array]:
    return [a.reshape(layout.batch, layout.groups * layout.pixels) for a in arrays]


def forward(x: Array, y: Array, weight: Array, bias: Array, mean: Array, var: Array, layout: Any,
            is_fixed: bool, eps: float) -> None:  # fmt: skip
    """Fill y, and unless they are fixed, mean and var."""
    parts, how = _rows(layout, x, y), (layout.pixels, max(1, WIDTH // layout.pixels), is_fixed, eps)
    threads.share(_forward, (*parts, weight, bias, mean, var, *how), layout.groups, x.size * 0.3)


def backward(g: Array, x: Array, dx: Array, weight: Array, mean: Array, var: Array, layout: Any,
             is_fixed: bool, eps: float) -> tuple[Array, Array]:  # fmt: skip
    """Fill dx; answer the sums of g and of g times the normalised x, for each channel."""
    parts, how = (
        _rows(layout, g, x, dx),
        (layout.pixels, max(1, WIDTH // layout.pixels), is_fixed, eps),
    )
    sums, products = np.empty((2, layout.groups))
    arguments = *parts, weight, mean, var, sums, products, *how
    threads.share(_backward, arguments, layout.groups, x.size * 0.4)
    return sums, products

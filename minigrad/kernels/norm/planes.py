"""Normalisation of large arrays whose channels have many pixels: each plane in loops of its own.

A plane is one channel of one sample.  Item i has the planes i * first + k * step, k < count:

    joint        first 1, step channels     plane 0 of item 0, plane 1 of item 1, ..., next sample
    not joint    first each, step 1         the planes of a group follow one another

Threads take items.  The planes of one are read twice or thrice in a row, and so mostly from the cache.
"""

from typing import Any

import numpy as np

from minigrad.kernels.machine import threads
from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.team import shared
from minigrad.kernels.norm.loops import products, squares, total

Array = np.ndarray[Any, Any]


@helper
def _moments(x: Any, i: int, place: Any, means: Any) -> Any:
    """The mean of an item and the mean square around it; means: work memory, one per plane."""
    first, step, count = place
    pixels = x.shape[1]
    mean, around = 0.0, 0.0
    for k in range(count):
        row = x[i * first + k * step]
        means[k] = total(row) / pixels
        mean += means[k] / count
        centre = x.dtype.type(means[k])
        around += squares(row, centre) - pixels * (means[k] - centre) ** 2
    for k in range(count):
        around += pixels * (means[k] - mean) ** 2
    return mean, around / (pixels * count)


@shared
def _forward(x: Any, y: Any, weight: Any, bias: Any, mean: Any, var: Any, place: Any,
             is_fixed: bool, eps: float, seat: int, i0: int, i1: int) -> None:  # fmt: skip
    first, step, count = place
    means, kind = np.empty(count), x.dtype.type
    for i in range(i0, i1):
        if not is_fixed:
            mean[i], var[i] = _moments(x, i, place, means)
        scale = 1 / np.sqrt(var[i] + eps)
        centre = kind(mean[i])
        for k in range(count):
            p = i * first + k * step
            c = p % len(weight)
            factor = kind(scale * weight[c])
            shift = kind(bias[c] - scale * weight[c] * (mean[i] - centre))
            row, out = x[p], y[p]
            for j in range(len(row)):
                out[j] = (row[j] - centre) * factor + shift


@shared
def _backward(g: Any, x: Any, dx: Any, weight: Any, mean: Any, var: Any, sums: Any, others: Any,
              place: Any, is_fixed: bool, eps: float, seat: int, i0: int, i1: int) -> None:  # fmt: skip
    first, step, count = place
    size, kind = x.shape[1] * count, x.dtype.type
    for i in range(i0, i1):
        scale = 1 / np.sqrt(var[i] + eps)
        centre = kind(mean[i])
        gap = mean[i] - centre
        steep, level = 0.0, 0.0
        for k in range(count):
            p = i * first + k * step
            sums[p], product = products(g[p], x[p], centre)
            others[p] = (product - gap * sums[p]) * scale
            c = p % len(weight)
            steep += weight[c] * others[p] * (scale * scale / size)
            level += weight[c] * sums[p] * (scale / size)
        if is_fixed:
            steep = level = 0.0
        slope, shift = kind(steep), kind(level - steep * gap)
        for k in range(count):
            p = i * first + k * step
            factor = kind(scale * weight[p % len(weight)])
            row, above, out = x[p], g[p], dx[p]
            for j in range(len(row)):
                out[j] = factor * above[j] - (slope * (row[j] - centre) + shift)


def _planes(layout: Any, *arrays: Array) -> list[Array]:
    return [a.reshape(-1, layout.pixels) for a in arrays]


def _place(layout: Any) -> tuple[int, int, int]:
    """(first, step, count) of the items' planes."""
    if layout.joint:
        return 1, layout.groups, layout.batch
    return layout.each, 1, layout.each


def forward(x: Array, y: Array, weight: Array, bias: Array, mean: Array, var: Array, layout: Any,
            is_fixed: bool, eps: float) -> None:  # fmt: skip
    """Fill y, and unless they are fixed, mean and var."""
    place, parts = _place(layout), _planes(layout, x, y)
    arguments = *parts, weight, bias, mean, var, place, is_fixed, eps
    threads.share(_forward, arguments, layout.items, x.size * 0.3)


def backward(g: Array, x: Array, dx: Array, weight: Array, mean: Array, var: Array, layout: Any,
             is_fixed: bool, eps: float) -> tuple[Array, Array]:  # fmt: skip
    """Fill dx; answer the sums of g and of g times the normalised x, for each plane."""
    place, parts = _place(layout), _planes(layout, g, x, dx)
    sums, others = np.empty((2, len(parts[0])))
    arguments = *parts, weight, mean, var, sums, others, place, is_fixed, eps
    threads.share(_backward, arguments, layout.items, x.size * 0.4)
    return sums, others

"""The loops of normalisation that others share, and those of layer normalisation: a row at a time."""

from typing import Any

import numpy as np

from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.team import shared


@helper(reassociate=True)
def total(row: Any) -> Any:
    """The sum of a row, in float64."""
    found = 0.0
    for i in range(len(row)):
        found += row[i]
    return found


@helper(reassociate=True)
def squares(row: Any, centre: Any) -> Any:
    """The sum of the squares of row - centre, in float64."""
    found = 0.0
    for i in range(len(row)):
        away = np.float64(row[i] - centre)
        found += away * away
    return found


@helper(reassociate=True)
def products(g: Any, row: Any, centre: Any) -> Any:
    """The sums of g and of g * (row - centre), in float64."""
    found, product = 0.0, 0.0
    for i in range(len(row)):
        found += g[i]
        product += np.float64(g[i]) * np.float64(row[i] - centre)
    return found, product


@shared
def forward(x: Any, y: Any, weight: Any, bias: Any, mean: Any, var: Any, eps: float,
            seat: int, r0: int, r1: int) -> None:  # fmt: skip
    """Rows r0 .. r1 of y, and their means and variances."""
    size, kind = x.shape[1], x.dtype.type
    for r in range(r0, r1):
        row, out = x[r], y[r]
        mean[r] = total(row) / size
        centre = kind(mean[r])
        gap = mean[r] - centre
        var[r] = squares(row, centre) / size - gap * gap
        wide = 1 / np.sqrt(var[r] + eps)
        scale, shift = kind(wide), kind(-wide * gap)
        for j in range(len(row)):
            out[j] = ((row[j] - centre) * scale + shift) * weight[j] + bias[j]


@shared
def backward(g: Any, x: Any, dx: Any, weight: Any, mean: Any, var: Any, sums: Any, eps: float,
             chunk: int, seat: int, c0: int, c1: int) -> None:  # fmt: skip
    """The rows of chunks c0 .. c1 of dx, and the chunks' shares of the gradients of weight and bias."""
    size, kind = x.shape[1], x.dtype.type
    weighted = np.empty(size, x.dtype)
    for c in range(c0, c1):
        dw, db = sums[0, c], sums[1, c]
        for r in range(c * chunk, min(len(x), (c + 1) * chunk)):
            row, above, out = x[r], g[r], dx[r]
            for j in range(len(row)):
                weighted[j] = above[j] * weight[j]
            centre = kind(mean[r])
            gap = mean[r] - centre
            scale = 1 / np.sqrt(var[r] + eps)
            level, product = products(weighted, row, centre)
            steep = (product - gap * level) * (scale * scale / size)
            factor, slope = kind(scale), kind(steep * scale)
            shift, off = kind(level * (scale / size) - steep * scale * gap), kind(gap)
            for j in range(len(row)):
                away = row[j] - centre
                out[j] = factor * weighted[j] - (slope * away + shift)
                dw[j] += above[j] * ((away - off) * factor)
                db[j] += above[j]

"""Normalisation with NumPy alone: for small arrays, where starting a compiled kernel is dear.

See `norm` for the layout and the formulas.  Everything is computed in float64, which for few numbers
takes no longer, and rounded at the end.
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_add_up: Any = np.add.reduce


def _shapes(layout: Any) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The shapes of all numbers, of what is one per item and of what is one per channel."""
    n, groups, each, pixels, joint = layout
    return (n, groups, each, pixels), (1 if joint else n, groups, 1, 1), (groups, each, 1)


def forward(x: Array, y: Array, weight: Array, bias: Array, mean: Array, var: Array, layout: Any,
            is_fixed: bool, eps: float) -> None:  # fmt: skip
    """Fill y, and unless they are fixed, mean and var."""
    whole, items, channels = _shapes(layout)
    axes = (0, 3) if layout.joint else (2, 3)
    x, m, v = x.reshape(whole), mean.reshape(items), var.reshape(items)
    if not is_fixed:
        np.divide(_add_up(x, axes, np.float64, None, True), layout.size, m)
    away = x - m
    if not is_fixed:
        np.divide(_add_up(away * away, axes, None, None, True), layout.size, v)
    away *= weight.reshape(channels) / np.sqrt(v + eps)
    np.add(away, bias.reshape(channels), y.reshape(whole), casting="same_kind")


def backward(g: Array, x: Array, dx: Array, weight: Array, mean: Array, var: Array, layout: Any,
             is_fixed: bool, eps: float) -> tuple[Array, Array]:  # fmt: skip
    """Fill dx; answer the sums of g and of g times the normalised x, for each channel."""
    whole, items, channels = _shapes(layout)
    axes = (0, 3) if layout.joint else (3,)
    g, w = g.reshape(whole), weight.reshape(channels)
    scale = 1 / np.sqrt(var.reshape(items) + eps)
    normal = (x.reshape(whole) - mean.reshape(items)) * scale
    sums = _add_up(g, axes, np.float64, None, True)
    products = _add_up(g * normal, axes, None, None, True)
    total = g * w
    if not is_fixed:
        level, steep = w * sums, w * products
        if layout.each > 1:
            level, steep = (_add_up(s, 2, None, None, True) for s in (level, steep))
        normal *= steep / layout.size
        total = total - level / layout.size - normal
    np.multiply(total, scale, dx.reshape(whole), casting="same_kind")
    return sums, products

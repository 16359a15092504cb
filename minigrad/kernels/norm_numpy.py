"""Normalisation with NumPy alone: for small arrays, where starting a compiled kernel is dear.

See `norm` for the layout and the formulas.  x, y (batch, groups, each, pixels) in any shape of
that many numbers.
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def _seen(layout: Any, *arrays: Array) -> list[Array]:
    return [a.reshape(layout[:4]) for a in arrays]


def _of_items(values: Array, layout: Any) -> Array:
    """One number per item, to be broadcast."""
    return values.reshape(1 if layout.joint else layout.batch, layout.groups, 1, 1)


def _sum(x: Array, axes: Any) -> Array:
    return np.add.reduce(x, axis=axes, dtype=np.float64, keepdims=True)


def forward(x: Array, y: Array, weight: Array, bias: Array, mean: Array, var: Array, layout: Any,
            is_fixed: bool, eps: float) -> None:  # fmt: skip
    """Fill y, and unless they are fixed, mean and var."""
    x, y = _seen(layout, x, y)
    axes = (0, 3) if layout.joint else (2, 3)
    if not is_fixed:
        np.divide(_sum(x, axes), layout.size, _of_items(mean, layout))
    centre = _of_items(mean, layout).astype(x.dtype)
    np.subtract(x, centre, y)
    gap = _of_items(mean, layout) - centre
    if not is_fixed:
        squares = _sum(y * y, axes) / layout.size
        var[:] = (squares - gap * gap).reshape(-1)
    scale = 1 / np.sqrt(_of_items(var, layout) + eps)
    factor = scale * weight.reshape(layout.groups, layout.each, 1)
    shift = bias.reshape(layout.groups, layout.each, 1) - gap * factor
    y *= factor.astype(x.dtype)
    y += shift.astype(x.dtype)


def backward(g: Array, x: Array, dx: Array, weight: Array, mean: Array, var: Array, layout: Any,
             is_fixed: bool, eps: float) -> tuple[Array, Array]:  # fmt: skip
    """Fill dx; answer the sums of g and of g times the normalised x, for each channel."""
    g, x, dx = _seen(layout, g, x, dx)
    weight = weight.reshape(layout.groups, layout.each, 1)
    centre = _of_items(mean, layout).astype(x.dtype)
    gap = _of_items(mean, layout) - centre
    scale = 1 / np.sqrt(_of_items(var, layout) + eps)
    axes = (0, 3) if layout.joint else (3,)
    away = x - centre
    sums = _sum(g, axes)
    products = _sum(g * away, axes)
    products = (products - gap * sums) * scale
    np.multiply(g, (scale * weight).astype(x.dtype), dx)
    if not is_fixed:
        steep = _sum(weight * products, 2) * (scale**2 / layout.size)
        level = _sum(weight * sums, 2) * (scale / layout.size)
        away *= steep.astype(x.dtype)
        dx -= away
        dx -= (level - steep * gap).astype(x.dtype)
    return sums, products

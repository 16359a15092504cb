"""Convolution in plain NumPy: small work without loading Numba, and every unusual dtype.

All windows of the zero-bordered input are one strided view; copying it gives a
matrix of columns, and one matrix product per image and group does the sums:

    x (1, 1, 3, 4)           columns of a 2x2 kernel         w (1, 1, 2, 2)
    a b c d                    a b c  e f g      top left        p q
    e f g h         ->         b c d  f g h      top right       r s
    i j k l                    e f g  i j k      bottom left
                               f g h  j k l      bottom right

    y = [p q r s] @ columns        grad w = grad y @ columns^T
    grad x: every row of  w^T @ grad y  is added back at its own place

What depends on shapes alone is worked out once and remembered (`_Plan`).
"""

import functools
import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels.geometry import Geometry, out_sizes

Array = np.ndarray[Any, Any]

COLUMNS = 1 << 22  # elements of columns made at a time


class _Plan(NamedTuple):
    """Shapes, strides and slices of one problem, C-contiguous throughout."""

    empty: bool  # nothing to sum
    images: int  # how many to handle at a time
    out: tuple[int, ...]  # shape of y
    inner: tuple[slice, ...] | None  # where x lies in its bordered copy; None: no border
    border: tuple[int, ...]  # shape of one bordered image
    windows: tuple[int, ...]  # (groups, channels, *kernel, *out) of one image
    strides: tuple[int, ...]  # of these, in bytes, the step between images first
    columns: tuple[int, ...]  # (-1, groups, channels * taps, pixels)
    taps: list[tuple[Any, ...]]  # index of each tap in (n, *windows)
    weight: tuple[int, ...]  # (groups, out channels, channels * taps)
    grad: tuple[int, ...]  # (-1, groups, out channels, pixels)
    bias: tuple[int, ...]  # (-1, 1, ...)


@functools.lru_cache(maxsize=1024)
def _plan(x: tuple[int, ...], w: tuple[int, ...], geo: Geometry, itemsize: int) -> _Plan:
    size, kernel, groups = x[2:], w[2:], geo.groups
    dims, channels = len(size), w[1]
    out = out_sizes(size, kernel, geo)
    bordered = tuple(n + before + after for n, (before, after) in zip(size, geo.padding))
    # Bytes between neighbours along each spatial dimension of the bordered image.
    steps = tuple(math.prod(bordered[d + 1 :]) * itemsize for d in range(dims))
    plane = math.prod(bordered) * itemsize
    pixels, taps = math.prod(out), math.prod(kernel)
    per_image = max(1, groups * channels * taps * pixels)
    ones = (slice(None),) * 3
    return _Plan(
        empty=0 in x or 0 in w or 0 in out,
        images=max(1, COLUMNS // per_image),
        out=(x[0], w[0], *out),
        inner=(slice(None), slice(None))
        + tuple(slice(before, before + n) for n, (before, _) in zip(size, geo.padding))
        if bordered != size
        else None,
        border=(x[1], *bordered),
        windows=(groups, channels, *kernel, *out),
        strides=(plane * x[1], plane * channels, plane)
        + tuple(s * d for s, d in zip(steps, geo.dilation))
        + tuple(s * d for s, d in zip(steps, geo.stride)),
        columns=(-1, groups, channels * taps, pixels),
        taps=[ones + tap for tap in itertools.product(*map(range, kernel))],
        weight=(groups, w[0] // groups, channels * taps),
        grad=(-1, groups, w[0] // groups, pixels),
        bias=(-1,) + (1,) * dims,
    )


def _columns(x: Array, plan: _Plan) -> Array:
    """(N, groups, channels * taps, pixels) of x."""
    if plan.inner is not None:
        bordered = np.zeros((x.shape[0], *plan.border), x.dtype)
        bordered[plan.inner] = x
        x = bordered
    elif not x.flags.c_contiguous:
        x = np.ascontiguousarray(x)
    # The constructor, not as_strided: that takes longer than everything else here.
    view = np.ndarray((x.shape[0], *plan.windows), x.dtype, x, 0, plan.strides)
    return view.reshape(plan.columns)


def conv(x: Array, w: Array, b: Array | None, geo: Geometry) -> Array:
    """Cross-correlation; see kernels.conv."""
    plan = _plan(x.shape, w.shape, geo, x.itemsize)
    if plan.empty:
        y = np.zeros(plan.out, x.dtype)
    else:
        matrix = w.reshape(plan.weight)
        with np.errstate(all="ignore"):  # infinities and NaN pass without a word
            if x.shape[0] <= plan.images:
                y = np.matmul(matrix, _columns(x, plan))
            else:
                parts = range(0, x.shape[0], plan.images)
                y = np.concatenate(
                    [np.matmul(matrix, _columns(x[i : i + plan.images], plan)) for i in parts]
                )
        y = y.reshape(plan.out)
    if b is not None:
        y += b.reshape(plan.bias)
    return y


def conv_input(
    g: Array, w: Array, b: Array | None, size: tuple[int, ...], geo: Geometry
) -> Array:
    """Adjoint of `conv` in x; see kernels.conv."""
    shape = (g.shape[0], w.shape[1] * geo.groups, *size)
    plan = _plan(shape, w.shape, geo, g.itemsize)
    bordered = np.zeros((shape[0], *plan.border), g.dtype)
    if not plan.empty:
        matrix = w.reshape(plan.weight).swapaxes(1, 2)
        g = g.reshape(plan.grad)
        for i in range(0, shape[0], plan.images):
            part = bordered[i : i + plan.images]
            windows = np.ndarray((part.shape[0], *plan.windows), g.dtype, part, 0, plan.strides)
            with np.errstate(all="ignore"):
                columns = np.matmul(matrix, g[i : i + plan.images]).reshape(windows.shape)
                for tap in plan.taps:
                    windows[tap] += columns[tap]
    x = bordered if plan.inner is None else np.ascontiguousarray(bordered[plan.inner])
    if b is not None:
        x += b.reshape(plan.bias)
    return x


def conv_weight(x: Array, g: Array, size: tuple[int, ...], geo: Geometry) -> Array:
    """Adjoint of `conv` in w; see kernels.conv."""
    shape = (g.shape[1], x.shape[1] // geo.groups, *size)
    plan = _plan(x.shape, shape, geo, x.itemsize)
    if plan.empty:
        return np.zeros(shape, x.dtype)
    g = g.reshape(plan.grad)
    total = None
    with np.errstate(all="ignore"):
        for i in range(0, x.shape[0], plan.images):
            columns = _columns(x[i : i + plan.images], plan)
            part = np.matmul(g[i : i + plan.images], columns.swapaxes(2, 3))
            part = part[0] if len(part) == 1 else part.sum(0)
            total = part if total is None else total + part
    return total.reshape(shape)

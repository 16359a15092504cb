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

What depends on shapes alone is worked out once: a `Plan`.  Callers see to it that NumPy does
not warn of infinities and NaN, which pass through.
"""

import functools
import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels.conv.geometry import Geometry, out_sizes

Array = np.ndarray[Any, Any]

COLUMNS = 1 << 22  # elements of columns made at a time
PLACES = (
    1 << 11
)  # so few elements of columns are fetched by their places: a quarter of a strided copy's time


class _Rows(NamedTuple):
    """How to copy the windows along rows first: the taps down a column then share one long run.

    a b c d   along rows: a b c  e f g  i j k     then down columns: a b c e f g   e f g i j k
    e f g h               b c d  f g h  j k l                        b c d f g h   f g h j k l
    i j k l
    """

    shape: tuple[int, ...]  # (channels, taps along a row, *bordered but the last, windows in a row)
    strides: tuple[int, ...]  # where that lies in the images
    windows: tuple[int, ...]  # the strides of all windows in the copy


def _rows(
    border: tuple[int, ...],
    channels: int,
    kernel: tuple[int, ...],
    out: tuple[int, ...],
    geo: Geometry,
    itemsize: int,
) -> _Rows | None:
    """The way by rows for images of (all channels, *bordered); None where no runs become longer."""
    if len(kernel) < 2 or kernel[-2] == 1 or geo.stride[-2] != 1:
        return None
    shape = (border[0], kernel[-1], *border[1:-1], out[-1])
    image, plane, *lines, step = _strides((1, *border), itemsize)
    strides = (image, plane, step * geo.dilation[-1], *lines, step * geo.stride[-1])
    image, plane, tap, *lines, step = _strides((1, *shape), itemsize)
    down = tuple(line * d for line, d in zip(lines, geo.dilation))
    along = tuple(line * s for line, s in zip(lines, geo.stride))
    return _Rows(shape, strides, (image, plane * channels, plane, *down, tap, *along, step))


def _strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Bytes between neighbours along each dimension of an array in C order."""
    return tuple(math.prod(shape[d + 1 :]) * itemsize for d in range(len(shape)))


class Plan:
    """Shapes, strides and slices of one problem, and its three ways to run."""

    def __init__(
        self, x: tuple[int, ...], w: tuple[int, ...], geo: Geometry, itemsize: int
    ) -> None:
        size, kernel, groups = x[2:], w[2:], geo.groups
        dims, channels = len(size), w[1]
        out = out_sizes(size, kernel, geo)
        bordered = tuple(n + before + after for n, (before, after) in zip(size, geo.padding))
        # Bytes between neighbours along each spatial dimension of the bordered image.
        steps = _strides(bordered, itemsize)
        plane = math.prod(bordered) * itemsize
        pixels, taps = math.prod(out), math.prod(kernel)
        inside = tuple(slice(before, before + n) for n, (before, _) in zip(size, geo.padding))
        every = (slice(None), slice(None))
        self.empty = 0 in x or 0 in w or 0 in out  # nothing to sum
        self.kernels, self.out = w, (x[0], w[0], *out)
        self.inside = (*every, *inside) if bordered != size else None  # None: no border
        self.border = (x[1], *bordered)
        # One image as (groups, channels, *kernel, *out): its windows, which overlap.
        self.windows = (groups, channels, *kernel, *out)
        self.strides: tuple[int, ...] = (
            plane * x[1],
            plane * channels,
            plane,
            *(step * d for step, d in zip(steps, geo.dilation)),
            *(step * s for step, s in zip(steps, geo.stride)),
        )
        self.rows = _rows(self.border, channels, kernel, out, geo, itemsize)
        self.columns: tuple[int, ...] = (-1, groups, channels * taps, pixels)
        # The same with all channels in a row, for adding to one tap of all windows.
        self.wide = (groups * channels, *kernel, *out)
        self.wide_strides: tuple[int, ...] = (self.strides[0], *self.strides[2:])
        self.taps: list[Any] = [(*every, *k) for k in itertools.product(*map(range, kernel))]
        self.weight: tuple[int, ...] = (groups, w[0] // groups, channels * taps)
        # With one channel per group, the product of w and g is a plain one, which is quicker.
        self.outer = np.multiply if w[0] == groups else np.matmul
        self.grad = (-1, groups, w[0] // groups, pixels)
        self.bias: tuple[int, ...] = (-1,) + (1,) * dims
        self.images = x[0]
        self.single = x[0] == groups == 1 and not self.empty
        if self.single:
            self.columns, self.flat_weight = self.columns[2:], self.weight[1:]
            self.flat_grad = (w[0], pixels)
        self.places: Array | None = None
        if self.single and channels * taps * pixels <= PLACES:
            image = np.arange(math.prod(self.border), dtype=np.intp)
            steps = tuple(s // itemsize * image.itemsize for s in self.strides[1:])
            windows = np.ndarray(self.windows, image.dtype, image, 0, steps)
            self.places = windows.reshape(self.columns)
        self.at_once = max(1, COLUMNS // max(1, groups * channels * taps * pixels))

    def parts(self) -> Iterator[slice]:
        """The images, so many at a time that their columns stay small."""
        return (slice(i, i + self.at_once) for i in range(0, self.images, self.at_once))

    def lay_out(self, x: Array) -> Array:
        """The columns of some images: (n, groups, channels * taps, pixels).

        Without the first two if there is one image and one group.
        """
        if self.inside is not None:
            bordered = np.zeros((len(x), *self.border), x.dtype)
            bordered[self.inside] = x
            x = bordered
        if self.places is not None:
            return x.take(self.places)
        if not x.flags.c_contiguous:
            x = np.ascontiguousarray(x)
        # The constructor, not as_strided: that takes longer than everything else here.
        strides = self.strides
        if self.rows is not None:
            shape = (len(x), *self.rows.shape)
            x = np.ndarray(shape, x.dtype, x, 0, self.rows.strides).copy()
            strides = self.rows.windows
        return np.ndarray((len(x), *self.windows), x.dtype, x, 0, strides).reshape(self.columns)

    def conv(self, x: Array, w: Array, b: Array | None) -> Array:
        """Cross-correlation; see kernels.conv."""
        if self.empty:
            y = np.zeros(self.out, x.dtype)
        elif self.single:  # two plain matrices: the method is quicker to call than np.matmul
            y = w.reshape(self.flat_weight).dot(self.lay_out(x)).reshape(self.out)
        else:
            matrix = w.reshape(self.weight)
            parts = [np.matmul(matrix, self.lay_out(x[part])) for part in self.parts()]
            y = (parts[0] if len(parts) == 1 else np.concatenate(parts)).reshape(self.out)
        if b is not None:
            y += b.reshape(self.bias)
        return y

    def conv_input(self, g: Array, w: Array, b: Array | None) -> Array:
        """Adjoint of `conv` in x; see kernels.conv."""
        bordered = np.zeros((self.images, *self.border), g.dtype)
        if self.single:
            matrix = w.reshape(self.flat_weight).T
            self.add_back(self.outer(matrix, g.reshape(self.flat_grad)), bordered)
        elif not self.empty:
            matrix = w.reshape(self.weight).swapaxes(1, 2)
            g = g.reshape(self.grad)
            for part in self.parts():
                self.add_back(self.outer(matrix, g[part]), bordered[part])
        x = bordered if self.inside is None else np.ascontiguousarray(bordered[self.inside])
        if b is not None:
            x += b.reshape(self.bias)
        return x

    def add_back(self, columns: Array, images: Array) -> None:
        """Add columns to the pixels they would be laid out from."""
        shape = (len(images), *self.wide)
        windows = np.ndarray(shape, images.dtype, images, 0, self.wide_strides)
        columns = columns.reshape(shape)
        for tap in self.taps:
            place = windows[tap]
            np.add(place, columns[tap], place)

    def conv_weight(self, x: Array, g: Array) -> Array:
        """Adjoint of `conv` in w; see kernels.conv."""
        if self.empty:
            return np.zeros(self.kernels, x.dtype)
        if self.single:
            return g.reshape(self.flat_grad).dot(self.lay_out(x).T).reshape(self.kernels)
        g = g.reshape(self.grad)
        parts = (
            np.add.reduce(np.matmul(g[part], self.lay_out(x[part]).swapaxes(2, 3)))
            for part in self.parts()
        )
        return functools.reduce(np.add, parts).reshape(self.kernels)

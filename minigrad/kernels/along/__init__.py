"""Work along one dimension of arrays of many numbers; few are left to NumPy.

scans.py    running sums, products and extremes; products of rows
places.py   what lies at places that an index names: taken, and added up

x, dim   ->   (outer, n, m): before the dimension, along it, behind it
"""

import functools
import math
from typing import Any

import numpy as np

from minigrad.kernels.machine import threads
from minigrad.kernels.machine.scratch import keep_memory

Array = np.ndarray[Any, Any]

MANY = 1 << 13  # numbers above which a compiled loop pays, and loading it too
BLOCK = 1 << 10  # numbers that are multiplied to one, where all are
WIDE = 64  # numbers of a slice from which on NumPy adds slices quicker than it finds numbers
WIDTH = 1 << 10  # columns in work at a time: their running sums stay in the first-level cache


def many(x: Any) -> bool:
    """Whether there are loops for it, and they pay: an array of float32 or float64."""
    return isinstance(x, np.ndarray) and x.size > MANY and x.dtype.char in "fd"


def cut(shape: tuple[int, ...], dim: int) -> tuple[int, int, int]:
    """How many numbers lie before a dimension, along it, and behind it."""
    return math.prod(shape[:dim]), shape[dim], math.prod(shape[dim + 1 :])


@functools.cache
def _scans() -> Any:
    from minigrad.kernels.along import scans  # the first need of Numba

    keep_memory()
    return scans


def running(name: str, x: Array, dim: int, back: bool = False) -> Array:
    """The running "sum" or "product" along a dimension, with `back` from its end on."""
    outer, n, m = cut(x.shape, dim)
    x = np.ascontiguousarray(x)
    out = np.empty(x.shape, x.dtype)
    if m == 1:
        flat = x.reshape(outer, n), back, out.reshape(outer, n)
        threads.share(getattr(_scans(), f"{name}_rows"), flat, outer, x.size * 0.6, step=4)
    else:
        width = min(m, WIDTH)
        rest = x.reshape(outer, n, m), back, out.reshape(outer, n, m), width
        total = outer * -(-m // width)
        threads.share(getattr(_scans(), f"{name}_columns"), rest, total, x.size * 0.5)
    return out


def running_extreme(x: Array, sign: int, dim: int) -> tuple[Array, Array]:
    """The running largest (sign 1) or smallest (-1) number along a dimension, and its last place; NaN beats all."""
    outer, n, m = cut(x.shape, dim)
    x = np.ascontiguousarray(x)
    values, indices = np.empty(x.shape, x.dtype), np.empty(x.shape, np.int64)
    if m == 1:
        rows = [a.reshape(outer, n) for a in (x, values, indices)]
        threads.share(_scans().extreme_rows, (rows[0], sign, *rows[1:]), outer, x.size)
    else:
        width = min(m, WIDTH)
        cubes = [a.reshape(outer, n, m) for a in (x, values, indices)]
        arguments = cubes[0], sign, *cubes[1:], width
        threads.share(_scans().extreme_columns, arguments, outer * -(-m // width), x.size)
    return values, indices


def product(x: Array, whole: bool, keepdims: bool) -> Any:
    """The products of rows, along the last dimension, or of all numbers."""
    if whole:
        flat = np.ascontiguousarray(x).reshape(-1)
        count = flat.size // BLOCK
        made = np.multiply.reduce(_products(flat[: count * BLOCK].reshape(count, BLOCK)))
        made *= np.multiply.reduce(flat[count * BLOCK :])
        return np.full((1,) * x.ndim, made) if keepdims else made
    n = x.shape[-1]
    made = _products(np.ascontiguousarray(x).reshape(-1, n))
    return made.reshape((*x.shape[:-1], *[1] * keepdims))


def _products(rows: Array) -> Array:
    out = np.empty(len(rows), rows.dtype)
    threads.share(_scans().products, (rows, out), len(rows), rows.size * 0.3, step=4)
    return out


# ------------------------------------------------------------------------------ places
def grid(index: Array, dim: int) -> tuple[Any, ...]:
    """The full index that ``index`` means along ``dim``: its own place in every other dimension."""
    places = list(_open_grid(index.shape))
    places[dim] = index
    return tuple(places)


@functools.lru_cache(64)
def _open_grid(shape: tuple[int, ...]) -> tuple[Array, ...]:
    return tuple(np.ogrid[tuple(slice(s) for s in shape)])


def in_range(index: Array, size: int) -> bool:
    """Whether all integers are from range(size); seen without a sign, those below 0 are the largest."""
    if not index.size:
        return True
    unsigned = index.view(_UNSIGNED[index.dtype.itemsize])
    return bool(np.maximum.reduce(unsigned, None) < size)


_UNSIGNED = {4: np.uint32, 8: np.uint64}


def picked(x: Array, index: Array, dim: int) -> Array:
    """`numpy.take_along_axis` for an index that does not broadcast, and none of it below 0, in less time."""
    found = taken(x, index, dim)
    return x[grid(index, dim)] if found is None else found


def reversed_rows(x: Array) -> Array:
    """A copy of a C-contiguous array, its last dimension turned round."""
    from minigrad.kernels.along import places

    keep_memory()
    out, n = np.empty(x.shape, x.dtype), x.shape[-1]
    threads.share(places.reverse, (x.reshape(-1, n), out.reshape(-1, n)), x.size // n, x.size * 0.2)
    return out


def _by_places(name: str, x: Array, index: Array, out: Array, dim: int) -> None:
    """A loop of `places` between two arrays, along a dimension."""
    from minigrad.kernels.along import places

    keep_memory()
    outer, _, m = cut(out.shape, dim)
    width = min(m, WIDTH)
    cubes = [a.reshape(outer, a.shape[dim], m) for a in (np.ascontiguousarray(x), out)]
    index = np.ascontiguousarray(index)
    index = index if index.ndim == 1 and name == "add_slices" else index.reshape(outer, -1, m)
    work = max(x.size, index.size)
    threads.share(
        getattr(places, name), (cubes[0], index, cubes[1], width), outer * -(-m // width), work
    )


def _fits(x: Array, index: Array, dim: int) -> bool:
    """Whether an index with places of its own for each number goes with x, and there are many."""
    beside = x.shape[:dim] + x.shape[dim + 1 :]
    return (
        index.size > MANY
        and x.dtype.char in "fd"
        and index.dtype.char in "il"
        and index.shape[:dim] + index.shape[dim + 1 :] == beside
    )


def taken(x: Array, index: Array, dim: int) -> Array | None:
    """The numbers that an index of x's shape, but along `dim`, names there; None where NumPy is to take them."""
    if not _fits(x, index, dim):
        return None
    out = np.empty(index.shape, x.dtype)
    _by_places("take", x, index, out, dim)
    return out


def put(name: str, out: Array, x: Any, index: Array, dim: int) -> bool:
    """Have x "write"-ed or "add"-ed in `out` at the places of an index of its shape; answers whether that was done."""
    if not (_fits(out, index, dim) and out.flags.c_contiguous):
        return False
    if np.shape(x) != index.shape or x.dtype is not out.dtype:
        x = np.broadcast_to(np.asarray(x, out.dtype), index.shape)
    _by_places(name, x, index, out, dim)
    return True


def add_slices(out: Array, x: Array, index: Array, dim: int) -> None:
    """Add slices of x along a dimension to those of `out`, C-contiguous, that an index, none of them below 0, names."""
    fit = x.dtype is out.dtype and x.dtype.char in "fd" and index.dtype.char in "il"
    if index.size * WIDE <= x.size <= MANY:
        into, parts = out.swapaxes(0, dim), x.swapaxes(0, dim)
        for part, i in zip(parts, index.tolist()):
            into[i] += part
    elif x.size > MANY and fit and out.flags.c_contiguous:
        _by_places("add_slices", x, index, out, dim)
    else:
        where: Any = (slice(None),) * dim + (index,)
        np.add.at(out, where, x)

"""Matrix products: `gemm` and `inner` for larger ones; else NumPy's BLAS, on our threads instead of its own.

OpenBLAS, which NumPy's wheels bring, has threads that wait for each other by spinning: when another
process has the second CPU, a product of 0.07 ms takes 16 ms.  So around larger products it is told to
use one thread (and afterwards as many as before, for the user's own NumPy), and the product is cut:

                  b  (k, n)                 cut where the answer is longer, into so many blocks as the
                +---+---+---+---+           shapes alone say: the same bits for every number of threads
                |   |   |   |   |
                +---+---+---+---+
    a  (m, k)   | 0 | 1 | 2 | 3 |  out (m, n)
                +---+---+---+---+

Matrices of a handful of rows or columns go that way; of others tiles are quicker, most of all where b is a
transpose, as the weights of a linear layer are.  One to three rows and a transpose are sums of products of rows
(`inner`).  With another BLAS, NumPy's product is taken as it is.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .machine import threads
from .machine.arguments import address, addressof, table

Array = np.ndarray[Any, Any]

# Multiply-adds up to which OpenBLAS uses one thread by itself: of matrices, and with a vector.
ALONE, ALONE_VECTOR = 1 << 18, 1 << 13
# From here on a product is cut in two, and in four; a block is a multiple of so many rows or columns.
CUT_IN_TWO, CUT_IN_FOUR, MULTIPLE = 1 << 19, 1 << 24, 16
MULTIPLY_ADDS_PER_NANOSECOND = 30


def matmul(a: Array, b: Array) -> Array:
    """``np.matmul(a, b)`` of matrices, vectors or stacks of matrices."""
    m = a.shape[-2] if a.ndim > 1 else 1
    n = b.shape[-1] if b.ndim > 1 else 1
    work = a.size * n
    plain, vector = a.ndim == b.ndim == 2 and a.dtype.char in "fd", m == 1 or n == 1
    if work <= (ALONE_VECTOR if vector else ALONE) or _openblas() is None:
        return a.dot(b) if plain else np.matmul(a, b)
    ours = plain and a.dtype is b.dtype and (work >= CUT_IN_TWO or not vector)
    if ours and (tiled := _tiled()) is not None:
        found = tiled(
            a.dtype, (a.shape, a.strides), (b.shape, b.strides), threads.get_num_threads()
        )
        if found is not None:
            return found(a, b)
    with _turn:
        if not plain:
            return np.matmul(a, b)
        if work < CUT_IN_TWO:
            return a.dot(b)  # half a microsecond sooner than np.matmul
        return _in_blocks(a, b, 4 if work >= CUT_IN_FOUR else 2)


@functools.cache
def _tiled() -> Callable[..., Any] | None:
    """What finds products by tiles; None where nothing is compiled."""
    from .machine import team

    if team.INTERPRETED:
        return None
    from . import gemm

    return gemm.product


def column_sums(a: Array) -> Array:
    """The sums of the columns of a matrix of float32 or float64 of not too many rows, in a third of NumPy's time."""
    return matmul(_ones(len(a), a.dtype), a)[0]


@functools.lru_cache(64)
def _ones(count: int, dtype: Any) -> Array:
    return np.ones((1, count), dtype)


def _in_blocks(a: Array, b: Array, count: int) -> Array:
    if a.dtype is b.dtype and "minigrad.kernels.machine.team" in sys.modules:
        found = _compiled(a.dtype, a.shape, a.strides, b.shape, b.strides, count)
        if found is not None:
            out = np.empty((len(a), b.shape[1]), a.dtype)
            job = table(*found.before, address(a), address(b), address(out), *found.after)
            told = found.entry, addressof(job)
            threads.share(found.by_address, told, found.pieces, found.cost, fine=1)
            return out
    out = np.empty((len(a), b.shape[1]), np.result_type(a, b))
    step, rows, pieces, cost = _cut(a.shape, b.shape, count)

    def block(start: int, stop: int) -> None:
        for i in range(start, stop):
            part = slice(i * step, (i + 1) * step)
            if rows:
                np.matmul(a[part], b, out=out[part])
            else:
                np.matmul(a, b[:, part], out=out[:, part])

    threads.run(block, pieces, cost, fine=1)
    return out


def _cut(a: tuple[int, ...], b: tuple[int, ...], count: int) -> tuple[int, bool, int, float]:
    """Rows or columns of a block of a product of these shapes, whether they are rows, the blocks, nanoseconds."""
    length = max(a[0], b[1])
    step = -(-length // (count * MULTIPLE)) * MULTIPLE
    cost = a[0] * a[1] * b[1] / MULTIPLY_ADDS_PER_NANOSECOND
    return step, a[0] >= b[1], -(-length // step), cost


class _Compiled(NamedTuple):
    """A product by compiled code: its address, its table before and after the arrays' addresses, how it is shared."""

    entry: int
    before: tuple[int, ...]
    after: tuple[int, ...]
    pieces: int
    cost: float
    by_address: Any


@functools.lru_cache(256)
def _compiled(
    dtype: Any,
    shape_a: tuple[int, ...],
    strides_a: tuple[int, ...],
    shape_b: tuple[int, ...],
    strides_b: tuple[int, ...],
    count: int,
) -> _Compiled | None:
    """How compiled code multiplies arrays that lie so; None if BLAS cannot be called from it, or not for them."""
    blas = _openblas()
    gemm = None if blas is None else blas.gemm.get(dtype.char)
    if gemm is None:
        return None
    from minigrad.kernels.machine import blas as compiled_blas
    from minigrad.kernels.machine import team

    if team.INTERPRETED:
        return None
    step, rows, pieces, cost = _cut(shape_a, shape_b, count)
    a, b = (shape_a, strides_a), (shape_b, strides_b)
    lie = compiled_blas.described(gemm, dtype.itemsize, a, b, step, rows)
    if lie is None:
        return None
    return _Compiled(compiled_blas.entry(dtype), *lie, pieces, cost, team.by_address)


class _OpenBLAS(NamedTuple):
    """How many threads it uses, asked and said; by dtype, the addresses of its products of matrices."""

    get: Callable[[], int]
    set: Callable[[int], None]
    gemm: dict[str, int]


@functools.cache
def _openblas() -> _OpenBLAS | None:
    """The OpenBLAS that NumPy's wheel has loaded; None where there is none."""
    import ctypes  # when the first larger product is made
    import glob

    package = os.path.dirname(np.__file__)
    for folder in (f"{package}.libs", os.path.join(package, ".dylibs")):
        for file in sorted(glob.glob(os.path.join(folder, "*openblas*"))):
            with contextlib.suppress(OSError, AttributeError):
                library = ctypes.PyDLL(file)  # PyDLL keeps the GIL, which is quicker
                prefix, suffix = ("scipy_", "64_") if "64_" in file else ("", "")
                return _OpenBLAS(
                    library[f"{prefix}openblas_get_num_threads{suffix}"],
                    library[f"{prefix}openblas_set_num_threads{suffix}"],
                    {
                        kind: ctypes.cast(library[name], ctypes.c_void_p).value or 0
                        for kind, name in (
                            ("f", f"{prefix}cblas_sgemm{suffix}"),
                            ("d", f"{prefix}cblas_dgemm{suffix}"),
                        )
                    }
                    if suffix
                    else {},
                )
    return None


class _Turn:
    """While inside, OpenBLAS uses one thread: how many products are, and what the user had set before the first."""

    def __init__(self) -> None:
        self.lock, self.products, self.before = threading.Lock(), 0, 1

    def __enter__(self) -> None:
        blas = _openblas()
        assert blas is not None
        with self.lock:
            if self.products == 0:
                self.before = blas.get()
                if self.before != 1:
                    blas.set(1)
            self.products += 1

    def __exit__(self, *error: object) -> None:
        blas = _openblas()
        assert blas is not None
        with self.lock:
            self.products -= 1
            if self.products == 0 and self.before != 1:
                blas.set(self.before)


def _start_afresh() -> None:
    """A forked child has none of its parent's threads, and none of their products."""
    global _turn
    if _turn.products:
        blas = _openblas()
        if blas is not None:
            blas.set(_turn.before)
    _turn = _Turn()


_turn = _Turn()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)

"""NumPy's BLAS called from compiled code, so that the workers of `team` can share out a product.

    out (m, n) = a (m, k) @ b (k, n), cut along its rows or its columns into blocks of `step`:

        +---+---+---+     rows: block i has rows i*step .. of a and of out
        | 0 | 1 | 2 |     else: columns i*step .. of b and of out
        +---+---+---+

Each of a and b lies in C order or is the transpose of what does; out lies in C order.
"""

import functools
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.machine.arguments import fields
from minigrad.kernels.machine.jit import compiled
from minigrad.kernels.machine.registers import INT, INT32
from minigrad.kernels.machine.team import read

Product = fields(
    "gemm m n k a b c flip_a flip_b row_a row_b row_c step by_rows next_a next_b next_c"
)
_COUNT = len(Product._fields)
_ROW_MAJOR, _AS_IT_IS = 101, 111  # of CBLAS; what is transposed is 112


def _gemm(typing: Any, like: Any, target: Any, sizes: Any, a: Any, b: Any, c: Any, flips: Any,
          rows: Any) -> Any:  # fmt: skip
    """Call a cblas_sgemm or cblas_dgemm of 64-bit integers at an address: c = a @ b."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        number = context.get_value_type(like)
        m, n, k = (builder.extract_value(values[2], i) for i in range(3))
        flip_a, flip_b = (builder.extract_value(values[6], i) for i in range(2))
        row_a, row_b, row_c = (builder.extract_value(values[7], i) for i in range(3))
        base = ir.Constant(INT, _AS_IT_IS)
        order = [ir.Constant(INT32, _ROW_MAJOR)]
        order += [builder.trunc(builder.add(base, flip), INT32) for flip in (flip_a, flip_b)]
        one, zero = ir.Constant(number, 1.0), ir.Constant(number, 0.0)
        given = [*order, m, n, k, one, values[3], row_a, values[4], row_b, zero, values[5], row_c]
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in given])
        builder.call(builder.inttoptr(values[1], kind.as_pointer()), given)
        return context.get_dummy_value()

    return types.void(like, target, sizes, a, b, c, flips, rows), emit


gemm: Any = intrinsic(_gemm)


@functools.cache
def entry(dtype: Any) -> int:
    """The address of the code that makes blocks begin..end of the product described at `place`."""
    like = np.dtype(dtype).type(0)
    count = _COUNT

    def blocks(_, __, place, seat, begin, end):  # type: ignore[no-untyped-def]
        p = Product(*read(place, count))
        for i in range(begin, end):
            m, n = p.m, p.n
            if p.by_rows:
                m = min(p.step, m - i * p.step)
            else:
                n = min(p.step, n - i * p.step)
            gemm(like, p.gemm, (m, n, p.k), p.a + i * p.next_a, p.b + i * p.next_b,
                 p.c + i * p.next_c, (p.flip_a, p.flip_b), (p.row_a, p.row_b, p.row_c))  # fmt: skip
        return np.int32(0)

    return compiled(types.int32(*[types.intp] * 6), blocks)


Laid = tuple[tuple[int, ...], tuple[int, ...]]  # shape and strides of an array


def laid(a: Laid, item: int) -> tuple[int, int] | None:
    """(whether it is a transpose, elements from row to row as BLAS has it); None if BLAS cannot read it."""
    (high, wide), (down, right) = a
    if right == item and down >= item * wide and down % item == 0:
        return 0, down // item
    if down == item and right >= item * high and right % item == 0:
        return 1, right // item
    return None


def described(
    gemm: int, item: int, a: Laid, b: Laid, step: int, by_rows: bool
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The table of a product, before and after the addresses; None if BLAS cannot read a or b, or they do not fit."""
    lies_a, lies_b = laid(a, item), laid(b, item)
    (m, k), (depth, n) = a[0], b[0]
    if lies_a is None or lies_b is None or k != depth:
        return None
    following = (a[1][0], 0, n * item) if by_rows else (0, b[1][1], item)
    flips, rows = (lies_a[0], lies_b[0]), (lies_a[1], lies_b[1], n)
    return (gemm, m, n, k), (*flips, *rows, step, by_rows, *[step * s for s in following])

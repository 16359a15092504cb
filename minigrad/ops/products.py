"""Products added to tensors, and the products of vectors: addmv, baddbmm, cross, inner, cdist and their kin."""

from __future__ import annotations

import itertools
import math
from typing import Any

from ._common import expect, one_dim
from ._public import named
from .matrix import _scaled, bmm, dot, matmul, mm, mv, outer
from .parts import cat, narrow
from .reduce import _norm, _sum
from .shape import expanded, reshape, transpose


def _added(name: str, input: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """``beta * input + alpha * product``; where beta is 0, NaN in ``input`` is not looked at."""
    expect(name, input=input)
    wide = expanded(input, product.array.shape)
    if input.array.dtype != product.array.dtype:
        raise RuntimeError(
            f"{name}: expected both tensors to have the same dtype, but got {input.dtype} and {product.dtype}"
        )
    out = _scaled(product, alpha)
    return out if beta == 0 else out + _scaled(wide, beta)


@named
def addmv(input, mat, vec, *, beta=1, alpha=1):
    """``beta * input + alpha * (mat @ vec)``; mat: (m, n), vec: (n,), input broadcasts to (m,)."""
    return _added("addmv", input, mv(mat, vec), beta, alpha)


@named
def addr(input, vec1, vec2, *, beta=1, alpha=1):
    """``beta * input + alpha * outer(vec1, vec2)``."""
    return _added("addr", input, outer(vec1, vec2), beta, alpha)


@named
def baddbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """``beta * input + alpha * (batch1 @ batch2)`` of stacks of matrices (b, m, n) and (b, n, p)."""
    return _added("baddbmm", input, bmm(batch1, batch2), beta, alpha)


@named
def addbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """``beta * input`` plus ``alpha`` times the sum of the products of two stacks of matrices."""
    return _added("addbmm", input, _sum(bmm(batch1, batch2), 0, False), beta, alpha)


@named
def chain_matmul(*matrices):
    """The product of several matrices."""
    return multi_dot(matrices)


def multi_dot(tensors):
    """The product of several matrices, of which the first and last may be vectors, in the cheapest order."""
    found = list(tensors)
    if len(found) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(found)}")
    while len(found) > 2:  # greedily the pair that makes the smallest work
        costs = [_cost(a, b) for a, b in itertools.pairwise(found)]
        i = costs.index(min(costs))
        found[i : i + 2] = [matmul(found[i], found[i + 1])]
    return matmul(*found)


def _cost(a: Any, b: Any) -> int:
    return int(math.prod(a.array.shape) * (b.array.shape[-1] if b.array.ndim > 1 else 1))


vdot = dot
ger = outer


@named
def inner(input, other):
    """The inner products over the last dimension of both; with a 0-d tensor, the product."""
    expect("inner", input=input, other=other)
    if not input.array.ndim or not other.array.ndim:
        return input * other
    a, b = input.array.shape, other.array.shape
    if a[-1] != b[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(a)} and {list(b)}"
        )
    rows = reshape(input, (math.prod(a[:-1]), a[-1]))
    columns = reshape(other, (math.prod(b[:-1]), b[-1]))
    return reshape(mm(rows, transpose(columns, 0, 1)), a[:-1] + b[:-1])


@named
def cross(input, other, dim=None):
    """The cross product of vectors of 3 elements along ``dim`` (default: the first dimension of size 3)."""
    expect("cross", input=input, other=other)
    if dim is None:
        threes = [i for i, s in enumerate(input.array.shape) if s == 3]
        if not threes:
            raise RuntimeError("no dimension of size 3 in input")
        dim = threes[0]
    return linalg_cross(input, other, dim)


def linalg_cross(input, other, dim=-1):
    """The cross product of vectors of 3 elements along ``dim``; other sizes broadcast."""
    if input.array.ndim != other.array.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    d = one_dim(dim, input.array.ndim)
    sizes = [x.array.shape[d] if x.array.ndim else 1 for x in (input, other)]
    if sizes != [3, 3]:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {sizes[0]} and {sizes[1]}"
        )

    def turned(x: Any, by: int) -> Any:
        return cat([narrow(x, d, by, 3 - by), narrow(x, d, 0, by)], d)

    return turned(input, 1) * turned(other, 2) - turned(input, 2) * turned(other, 1)


# ------------------------------------------------------------------------------ distances
def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """The p-norm distances of every row of ``x1`` (*, m, k) from every row of ``x2`` (*, n, k): (*, m, n)."""
    expect("cdist", x1=x1, x2=x2)
    for name, x in (("X1", x1), ("X2", x2)):
        if x.array.ndim < 2:
            raise RuntimeError(
                f"cdist only supports at least 2D tensors, {name} got: {x.array.ndim}D"
            )
    a, b = x1.array.shape, x2.array.shape
    if a[-1] != b[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {a[-1]} X2: {b[-1]}"
        )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if x1.array.dtype.kind != "f" or x1.array.dtype != x2.array.dtype:
        raise RuntimeError(f"cdist only supports floating-point dtypes, X1 got: {x1.dtype.title}")
    rows = reshape(x1, (*a[:-1], 1, a[-1]))
    columns = reshape(x2, (*b[:-2], 1, *b[-2:]))
    return _norm(rows - columns, float(p), -1, False)


def dist(input, other, p=2):
    """The p-norm of the difference of two tensors."""
    return _norm(input - other, float(p), None, False)

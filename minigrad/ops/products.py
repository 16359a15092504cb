"""Products added to tensors, and the products of vectors: addmv, baddbmm, cross, inner, cdist and their kin."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from .._tape import number_in
from .._warn import once
from ._common import expect, one_dim, titled
from ._public import named
from .elementwise import sub
from .gather import _take
from .lengths import _norm
from .matrix import _scaled, bmm, dot, matmul, mm, mv, outer
from .parts import cat, narrow
from .reduce import _sum
from .refusals import unlike
from .shape import expanded, permute, reshape, transpose


def _added(name: str, input: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """``beta * input + alpha * product``; where beta is 0, NaN in ``input`` is not looked at."""
    expect(name, input=input)
    beta, alpha = number_in(name, "beta", beta), number_in(name, "alpha", alpha)
    wide = expanded(input, product.array.shape)
    if input.array.dtype != product.array.dtype and name != "addr":  # that one promotes
        raise unlike("addmm", input.array, product.array)
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


@titled("BaddbmmBackward0")
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
    once(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot "
        "instead, which accepts a list of two or more tensors rather than multiple parameters.",
        3,
    )
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


@titled("LinalgCrossBackward0")
@named
def cross(input, other, dim=None):
    """The cross product of vectors of 3 elements along ``dim`` (default: the first dimension of size 3)."""
    expect("cross", input=input, other=other)
    if dim is None:
        once(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly "
            "or simply use torch.linalg.cross.\nThe default value of dim will change to agree with that of "
            "linalg.cross in a future release."
        )
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
@titled("CdistBackward0")
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


@titled("PdistBackward0")
def pdist(input, p=2.0):
    """The p-norm distances of every row of ``input`` (n, k) from every later one: (n * (n - 1) / 2,)."""
    expect("pdist", input=input)
    if input.array.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.array.ndim}D")
    if input.array.dtype.kind != "f":
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = np.triu_indices(len(input.array), 1)
    return _norm(_take(input, 0, first) - _take(input, 0, second), float(p), -1, False)


@titled("DistBackward0")
def dist(input, other, p=2):
    """The p-norm of the difference of two tensors."""
    return _norm(input - other, float(p), None, False)


def bilinear(input1, input2, weight, bias=None):
    """For each matrix A of ``weight`` the number ``input1 @ A @ input2``, plus ``bias``.

    input1: (*, m), input2: (*, n), weight: (out, m, n), bias: (out,) or None; answers (*, out).
    RuntimeError if the sizes or dtypes do not fit.
    """
    expect("bilinear", input1=input1, input2=input2, weight=weight)
    x, y, w = input1.array, input2.array, weight.array
    if x.ndim != y.ndim:
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {x.ndim} and {y.ndim}")
    for i in range(x.ndim - 1):
        if x.shape[i] != y.shape[i]:
            raise RuntimeError(
                f"bilinear(): input batch dimensions do not match at dim {i}: got {x.shape[i]} and {y.shape[i]}"
            )
    for name, size, wanted in (
        ("input1", x.shape[-1], w.shape[1]),
        ("input2", y.shape[-1], w.shape[-1]),
        ("bias", w.shape[0] if bias is None else bias.array.size, w.shape[0]),
    ):
        if size != wanted:
            raise RuntimeError(
                f"bilinear(): {name} size does not match weight size: got {size} but expected {wanted}"
            )
    if not x.dtype == y.dtype == w.dtype:
        raise RuntimeError(
            f"All tensors must have the same dtype, got input1: {x.dtype}, input2: {y.dtype}, weight: {w.dtype}"
        )
    out, m, n = w.shape
    rows = math.prod(x.shape[:-1])
    halves = matmul(reshape(input1, (rows, m)), reshape(permute(weight, 1, 0, 2), (m, out * n)))
    products = bmm(reshape(halves, (rows, out, n)), reshape(input2, (rows, n, 1)))
    answer = reshape(products, (*x.shape[:-1], out))
    return answer if bias is None else answer + bias


@titled("NormBackward1")
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The p-norms of ``x1 - x2 + eps`` over the last dimension; shapes broadcast, numbers are their own dimension."""
    expect("pairwise_distance", x1=x1, x2=x2)
    apart = sub(x1, x2) + eps
    return _norm(apart, float(p), max(0, apart.array.ndim - 1), keepdim)

"""Systems of linear equations beyond the square one: triangular, factored, in tensors, and checked by a code.

Also the exponential of matrices and the products of vectors along a dimension.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._tape import Array, primitive, wrap
from ._common import expect, one_dim, return_type, title
from .arrange import _tril, _triu
from .matrix import _mt, product
from .parts import cat, narrow
from .reduce import sum
from .shape import expand, movedim, reshape
from .solve import LinAlgError, _cholesky, _inv, _solve, matrices, square
from .spectral import _pinv


# ------------------------------------------------------------------------------ products of vectors
def vecdot(x, y, *, dim=-1):
    """The dot products of vectors along ``dim``; the other dimensions broadcast.

    RuntimeError if dtypes or lengths differ.
    """
    expect("linalg_vecdot", x=x, y=y)
    if x.array.dtype != y.array.dtype:
        raise RuntimeError(
            f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type {title(x)} and y of type "
            f"{title(y)} instead"
        )
    if x.array.dtype.kind != "f":
        raise RuntimeError(
            f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {title(x)}"
        )
    return sum(x * y, dim)


# ------------------------------------------------------------------------------ triangular systems
@primitive(title="LinalgSolveTriangularBackward0", quiet=True)
def _solve_triangular(A, B, /, upper, unitriangular):
    """Row after row by substitution; NumPy has no triangular solver."""
    n = A.shape[-1]
    lead = np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    out = np.array(np.broadcast_to(B, (*lead, *B.shape[-2:])))
    for i in range(n - 1, -1, -1) if upper else range(n):
        known = slice(i + 1, n) if upper else slice(0, i)
        row = out[..., i, :]
        row -= (A[..., i : i + 1, known] @ out[..., known, :])[..., 0, :]
        if not unitriangular:
            row /= A[..., i, i, None]
    return out


def _triangle(g: Any, upper: bool, unitriangular: bool) -> Any:
    return _triu(g, int(unitriangular)) if upper else _tril(g, -int(unitriangular))


def _triangular_matrix(g: Any, A: Any, out: Any, upper: bool, unitriangular: bool) -> Any:
    side = _solve_triangular(_mt(A), g, not upper, unitriangular)
    return _triangle(-product(side, _mt(out)), upper, unitriangular)


_solve_triangular.vjps(
    A=_triangular_matrix,
    B=lambda g, A, upper, unitriangular: _solve_triangular(_mt(A), g, not upper, unitriangular),
)


def solve_triangular(A, B, *, upper, left=True, unitriangular=False):
    """The X with ``A @ X = B`` (``X @ A = B`` if not ``left``) of triangular matrices, of which one triangle is read.

    A: (*, n, n), B: (*, n, k) or, if not left, (*, k, n).  unitriangular: the diagonal counts as ones.
    No error where A is singular: infinities.  RuntimeError where shapes or dtypes do not fit.
    """
    square("linalg.solve_triangular", A)
    expect("linalg_solve_triangular", A=A, B=B)
    if B.array.ndim < 2:
        raise RuntimeError(
            "linalg.solve_triangular: The input tensor B must have at least 2 dimensions."
        )
    if A.array.dtype != B.array.dtype:
        raise RuntimeError(
            f"linalg.solve_triangular: Expected A and B to have the same dtype, but found A of type {title(A)} and B "
            f"of type {title(B)} instead"
        )
    a, b = A.array.shape, B.array.shape
    if a[-1] != b[-2 if left else -1]:
        equation = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"linalg.solve_triangular: Incompatible shapes of A and B for the equation {equation} "
            f"({a[-2]}x{a[-1]} and {b[-2]}x{b[-1]})"
        )
    if left:
        return _solve_triangular(A, B, bool(upper), bool(unitriangular))
    return _mt(_solve_triangular(_mt(A), _mt(B), not upper, bool(unitriangular)))


def triangular_solve(input, A, upper=True, transpose=False, unitriangular=False):
    """(solution, A) of the triangular system ``A @ X = input``: torch's older form of ``solve_triangular``."""
    expect("triangular_solve", input=input, A=A)
    turned = _mt(A) if transpose else A
    found = solve_triangular(
        turned, input, upper=bool(upper) != bool(transpose), unitriangular=unitriangular
    )
    return return_type("triangular_solve", "solution", "cloned_coefficient")(found, A.clone())


# ------------------------------------------------------------------------------ factored systems
def _factor(name: str, L: Any, upper: bool) -> Any:
    """The lower triangular factor, its other triangle set to 0."""
    square(name, L)
    return _mt(_triu(L, 0)) if upper else _tril(L, 0)


def cholesky_solve(input, L, upper=False):
    """The X with ``L @ L.T @ X = input``, L a Cholesky factor (``L.T @ L`` if ``upper``).

    input: (*, n, k), L: (*, n, n).
    """
    expect("cholesky_solve", input=input, L=L)
    for name, x in (("b", input), ("u", L)):
        if x.array.ndim < 2:
            raise RuntimeError(
                f"{name} should have at least 2 dimensions, but has {x.array.ndim} dimensions instead"
            )
    b, a = input.array.shape, L.array.shape
    if a[-1] != b[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {a[-2]} by {a[-1]} but each b matrix is "
            f"{b[-2]} by {b[-1]}"
        )
    lower = _factor("cholesky_solve", L, upper)
    half = _solve_triangular(lower, input, False, False)
    return _solve_triangular(_mt(lower), half, True, False)


def cholesky_inverse(L, upper=False):
    """The inverse of ``L @ L.T`` (``L.T @ L`` if ``upper``), L (*, n, n) a Cholesky factor."""
    expect("cholesky_inverse", L=L)
    lower = _factor("cholesky_inverse", L, upper)
    eye = wrap(np.broadcast_to(np.eye(L.array.shape[-1], dtype=L.array.dtype), L.array.shape))
    half = _solve_triangular(lower, eye, False, False)
    return _solve_triangular(_mt(lower), half, True, False)


# ------------------------------------------------------------------------------ with a code instead of an error
def _failures(A: Array, step: Any) -> Array:
    """For each matrix 0, or the 1-based place of the first column where elimination stops, in int32."""
    flat = A.reshape(-1, *A.shape[-2:])
    return np.array([step(a.astype(np.float64)) for a in flat], np.int32).reshape(A.shape[:-2])


def _zero_pivot(a: Array) -> int:
    """Gaussian elimination with partial pivoting, in search of a pivot of 0."""
    first = 0
    for k in range(len(a)):
        p = k + int(np.argmax(np.abs(a[k:, k])))
        if a[p, k] == 0:
            first = first or k + 1
            continue
        a[[k, p]] = a[[p, k]]
        a[k + 1 :] -= np.outer(a[k + 1 :, k] / a[k, k], a[k])
    return first


def _negative_minor(a: Array) -> int:
    for k in range(len(a)):
        if not a[k, k] > 0:
            return k + 1
        a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k + 1 :, k]) / a[k, k]
    return 0


def inv_ex(A, *, check_errors=False):
    """(inverse, info): the inverses of matrices (*, n, n), and int32 codes, 0 where there is one.

    Where there is none, NaN, and the place of the first zero on the diagonal of its factor, counted from 1;
    LinAlgError instead with ``check_errors``.
    """
    square("linalg.inv_ex", A)
    made = return_type("linalg_inv_ex", "inverse", "info")
    try:
        return made(_inv(A), wrap(np.zeros(A.array.shape[:-2], np.int32)))
    except LinAlgError:
        info = _failures(A.array, _zero_pivot)
    if check_errors:
        raise LinAlgError(
            f"linalg.inv_ex: The diagonal element {info[info > 0].flat[0]} is zero, the inversion could not be "
            "completed because the input matrix is singular."
        )
    return made(_of_regular(_inv, A, info), wrap(info))


def cholesky_ex(A, *, upper=False, check_errors=False):
    """(L, info): see ``cholesky``, and int32 codes, 0 where the matrix is positive definite.

    Where it is not, NaN, and the order of the first leading minor that is not positive; LinAlgError instead with
    ``check_errors``.
    """
    square("linalg.cholesky_ex", A)
    made = return_type("linalg_cholesky_ex", "L", "info")
    try:
        factor, info = _cholesky(A), np.zeros(A.array.shape[:-2], np.int32)
    except LinAlgError:
        info = _failures(A.array, _negative_minor)
        if check_errors:
            raise LinAlgError(
                "linalg.cholesky_ex: The factorization could not be completed because the input is not "
                f"positive-definite (the leading minor of order {info[info > 0].flat[0]} is not positive-definite)."
            ) from None
        factor = _of_regular(_cholesky, A, info)
    return made(_mt(factor) if upper else factor, wrap(info))


def _of_regular(op: Any, A: Any, info: Array) -> Any:
    """What ``op`` makes of those matrices whose code is 0, and NaN for the others."""
    bad = (info != 0)[..., None, None]
    eye = np.eye(A.array.shape[-1], dtype=A.array.dtype)
    safe = A * (~bad).astype(A.array.dtype) + wrap(eye * bad)
    return op(safe) + wrap(np.where(bad, np.nan, 0).astype(A.array.dtype))


# ------------------------------------------------------------------------------ in tensors
def _flat_square(what: str, A: Any, split: int) -> tuple[int, int]:
    shape = A.array.shape
    rows, columns = math.prod(shape[:split]), math.prod(shape[split:])
    if rows != columns:
        raise RuntimeError(
            f"Expected self to satisfy the requirement prod(self.shape[{what}:]) == prod(self.shape[:{what}]), but "
            f"got {columns} != {rows}"
        )
    return rows, columns


def tensorinv(A, ind=2):
    """The B with ``tensordot(B, A, ind)`` the identity: the inverse of A, its first ``ind`` dimensions as rows."""
    expect("linalg_tensorinv", A=A)
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    n, _ = _flat_square("ind", A, ind)
    shape = A.array.shape
    inverse = _inv(square("linalg.tensorinv", reshape(A, (n, n))))
    return reshape(inverse, shape[ind:] + shape[:ind])


def tensorsolve(A, B, dims=None):
    """The X with ``tensordot(A, X, X.ndim) = B``; dims: of A, which are first moved to its end."""
    expect("linalg_tensorsolve", A=A, B=B)
    if dims is not None:
        given = [one_dim(d, A.array.ndim) for d in dims]
        A = movedim(A, given, [k - len(given) for k in range(len(given))])
    n, _ = _flat_square("other.ndim", A, B.array.ndim)
    found = _solve(square("linalg.tensorsolve", reshape(A, (n, n))), reshape(B, (n, 1)))
    return reshape(found, A.array.shape[B.array.ndim :])


# ------------------------------------------------------------------------------ the exponential
def _exponential(A: Array) -> Array:
    """By Taylor's series of a power-of-two part of A, squared as often: all digits, in float64.

    Source: Golub and Van Loan, Matrix Computations, section 9.3
    """
    wide = A.astype(np.float64)
    size = np.abs(wide).sum(-1).max(initial=0)
    times = max(0, math.ceil(math.log2(size)) + 2) if 0 < size < math.inf else 0
    small = wide / 2.0**times
    term = out = np.broadcast_to(np.eye(A.shape[-1]), A.shape)
    for k in range(1, 19):
        term = term @ small / k
        out = out + term
    for _ in range(times):
        out = out @ out
    return out.astype(A.dtype)


@primitive(title="LinalgMatrixExpBackward0", quiet=True)
def _matrix_exp(A, /):
    return _exponential(A)


def _matrix_exp_rule(g: Any, A: Any) -> Any:
    """The derivative stands in a corner of the exponential of a matrix twice as large.

    Source: Mathias, A Chain Rule for Matrix Functions and Applications, 1996, theorem 2.1
    """
    n = A.shape[-1]
    turned = _mt(A)
    if isinstance(g, np.ndarray):
        both = np.concatenate([np.concatenate([turned, g], -1),
                               np.concatenate([np.zeros_like(turned), turned], -1)], -2)  # fmt: skip
        return _exponential(both)[..., :n, n:]
    both = cat([cat([turned, expand(g, A.array.shape)], -1), cat([turned * 0.0, turned], -1)], -2)
    return narrow(narrow(_matrix_exp(both), -2, 0, n), -1, n, n)


_matrix_exp.vjps(A=_matrix_exp_rule)


def matrix_exp(A):
    """The sum of ``A ** k / k!`` over all k, of square matrices (*, n, n)."""
    return _matrix_exp(square("linalg.matrix_exp", A))


# ------------------------------------------------------------------------------ least squares
_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def lstsq(input, b, rcond=None, *, driver=None):
    """(solution, residuals, rank, singular_values): the X for which ``input @ X`` is nearest to ``b``.

    input: (*, m, n), b: (*, m, k), or (*, m); solution (*, n, k) or (*, n).  residuals: the sums of squares, if m > n,
    the rank is full and a driver other than 'gelsy' is given, else empty.  singular_values: for drivers 'gelsd' and
    'gelss', else empty.  rcond: below which share of the largest singular value others count as 0.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.lstsq.html
    """
    matrices("torch.linalg.lstsq", input)
    expect("linalg_lstsq", input=input, b=b)
    if driver is not None and driver not in _DRIVERS:
        raise RuntimeError(
            f"torch.linalg.lstsq: parameter `driver` should be one of ({', '.join(_DRIVERS)})"
        )
    a_shape, b_shape = input.array.shape, b.array.shape
    if not b_shape:
        raise RuntimeError("torch.linalg.lstsq: other must have at least 1 dimension")
    if input.array.dtype != b.array.dtype:
        raise RuntimeError(
            "torch.linalg.lstsq: Expected input and other to have the same dtype, but got input's dtype "
            f"{title(input)} and other's dtype {title(b)}"
        )
    vector = len(b_shape) == len(a_shape) - 1 and a_shape[:-1] == b_shape
    sides = reshape(b, (*b_shape, 1)) if vector else b
    m, n = a_shape[-2:]
    if sides.array.ndim < 2 or sides.array.shape[-2] != m:
        raise RuntimeError("torch.linalg.lstsq: input.size(-2) should match other.size(-2)")
    kind = input.array.dtype
    limit = max(m, n) * float(np.finfo(kind).eps) if rcond is None else float(rcond)
    found = product(_pinv(input, limit), sides)
    values = np.linalg.svd(input.array, compute_uv=False)
    rank = (values > limit * values[..., :1]).sum(-1).astype(np.int64)
    none = wrap(np.empty(0, kind))
    residuals = none
    if m > n and (rank == n).all() and driver not in (None, "gelsy"):
        gap = product(input, found) - sides
        residuals = sum(gap * gap, -2)
    return return_type("linalg_lstsq", "solution", "residuals", "rank", "singular_values")(
        reshape(found, found.array.shape[:-1]) if vector else found,
        residuals,
        wrap(np.asarray(rank)) if driver != "gels" else wrap(np.empty(0, np.int64)),
        wrap(values.astype(kind)) if driver in ("gelsd", "gelss") else none,
    )

"""Square systems through NumPy's LAPACK: det, inv, solve, cholesky and powers.

Rules are written with these ops and matrix products, so all have every order of derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import Array, primitive, wrap
from .._warn import once
from ._common import expect, return_type, titled, whole
from .arrange import _tril, diagonal
from .choosing import masked
from .functions import log
from .index import getitem
from .matrix import _mt, product
from .reduce import _sum
from .shape import clone, reshape
from .writing import assign


class LinAlgError(RuntimeError):
    """A matrix that cannot be inverted or factored."""


def square(name: str, A: Any) -> Any:
    """``A`` if it is (a stack of) square matrices of floats; RuntimeError otherwise."""
    matrices(name, A)
    m, n = A.array.shape[-2:]
    if m != n:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {m} by {n} matrices"
        )
    return A


def matrices(name: str, A: Any) -> Any:
    """``A`` if it is (a stack of) matrices of floats; RuntimeError otherwise."""
    expect(name, A=A)
    if A.array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if A.array.dtype not in (np.float32, np.float64):
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {A.dtype.title}"
        )
    return A


# ------------------------------------------------------------------------------ determinants
@primitive(title="LinalgDetBackward0", quiet=True)
def _det(A, /):
    return np.asarray(np.linalg.det(A), A.dtype)


def _det_rule(g: Any, A: Any, out: Any) -> Any:
    """g times the cofactors: det(A) inv(A).T where that exists, else determinants of the minors."""
    if not A.size if isinstance(A, np.ndarray) else not A.array.size:
        return A * 0.0
    lead = tuple(g.shape)
    if masked(out).all() and (np.abs(masked(out)) > 1e-6 * _scale(masked(A))).all():
        return reshape(g * out, (*lead, 1, 1)) * _mt(_inv(A))
    return reshape(g, (*lead, 1, 1)) * _cofactors(A)


def _scale(A: Array) -> Any:
    """What the determinant would be of the order of, were the rows orthogonal."""
    return np.prod(np.sqrt((A * A).sum(-1)), -1)


def _cofactors(A: Any) -> Any:
    n = A.shape[-1]
    lead = tuple(A.shape[:-2])
    rest = [[k for k in range(n) if k != i] for i in range(n)]
    rows, columns = np.array(rest).reshape(n, n - 1), np.array(rest).reshape(n, n - 1)
    index = (..., rows[:, None, :, None], columns[None, :, None, :])
    minors = A[index] if isinstance(A, np.ndarray) else getitem(A, index)
    signs = (-1.0) ** np.add.outer(np.arange(n), np.arange(n)).astype(masked(A).dtype)
    return reshape(_det(minors), (*lead, n, n)) * signs.astype(masked(A).dtype)


_det.vjps(A=_det_rule)


def det(A):
    """The determinants of square matrices (*, n, n).

    >>> import minigrad as mg
    >>> mg.linalg.det(mg.tensor([[1., 2.], [2., 8.]]))
    tensor(4.)
    """
    return _det(square("linalg.det", A))


@primitive(title="LinalgSlogdetBackward0", quiet=True)
def _logabsdet(A, /):
    return np.asarray(np.linalg.slogdet(A)[1], A.dtype)


@primitive(title="LinalgSlogdetBackward0", quiet=True)
def _detsign(A, /):
    return np.asarray(np.linalg.slogdet(A)[0], A.dtype)


_detsign.vjps(A=lambda g, A: A * 0.0)
_logabsdet.vjps(A=lambda g, A: reshape(g, (*tuple(g.shape), 1, 1)) * _mt(_inv(A)))


def slogdet(A):
    """The sign and the logarithm of the size of the determinants."""
    square("linalg.slogdet", A)
    return return_type("linalg_slogdet", "sign", "logabsdet")(_detsign(A), _logabsdet(A))


def logdet(input):
    """The logarithm of the determinants: NaN where they are negative."""
    return log(_det(square("linalg.det", input)))


# ------------------------------------------------------------------------------ inverses and solutions
def _factored(name: str, function: Any, *arrays: Array) -> Array:
    try:
        return np.asarray(function(*arrays), arrays[0].dtype)
    except np.linalg.LinAlgError:
        raise LinAlgError(_UNFIT[name]) from None


_UNFIT = {
    "inv": "linalg.inv: The inversion could not be completed because the input matrix is singular.",
    "solve": "torch.linalg.solve: The solver failed because the input matrix is singular.",
    "cholesky": "linalg.cholesky: The factorization could not be completed because the input is not positive-definite.",
}


@primitive(title="LinalgInvExBackward0", quiet=True)
def _inv(A, /):
    return _factored("inv", np.linalg.inv, A)


_inv.vjps(A=lambda g, out: -product(product(_mt(out), g), _mt(out)))


def inv(A):
    """The inverses of square matrices (*, n, n); LinAlgError, a RuntimeError, if one is singular."""
    return _inv(square("linalg.inv", A))


@primitive(title="LinalgSolveExBackward0", quiet=True)
def _solve(A, B, /):
    return _factored("solve", np.linalg.solve, A, B)


def _solve_matrix(g: Any, A: Any, out: Any) -> Any:
    return -product(_solve(_mt(A), g), _mt(out))


_solve.vjps(A=_solve_matrix, B=lambda g, A: _solve(_mt(A), g))


def solve(A, B, *, left=True):
    """The X with ``A @ X = B`` (or ``X @ A = B``); A: (*, n, n), B: (*, n, k) or (*, n).

    LinAlgError, a RuntimeError, if A is singular.
    """
    square("torch.linalg.solve", A)
    expect("linalg_solve", A=A, B=B)
    a, b = A.array.shape, B.array.shape
    if A.array.dtype != B.array.dtype:
        raise RuntimeError(
            f"linalg.solve: Expected A and B to have the same dtype, but found A of type {A.dtype.title} and B of type "
            f"{B.dtype.title} instead"
        )
    vector = len(b) == 1 or (len(a) - 1 == len(b) and a[:-1] == b)
    right = reshape(B, (*b, 1)) if vector else B
    if not left:
        if vector:
            raise RuntimeError(
                "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False"
            )
        return _mt(solve(_mt(A), _mt(B)))
    if right.array.ndim < 2 or right.array.shape[-2] != a[-1]:
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation AX = B ({a[-2]}x{a[-1]} and "
            f"{'x'.join(map(str, b))})"
        )
    out = _solve(A, right)
    return reshape(out, out.array.shape[:-1]) if vector else out


@primitive(title="LinalgCholeskyExBackward0", quiet=True)
def _cholesky(A, /):
    return _factored("cholesky", np.linalg.cholesky, A)


def _cholesky_rule(g: Any, out: Any) -> Any:
    """Source: Murray, Differentiation of the Cholesky decomposition, 2016, eq. 10."""
    inner = _tril(product(_mt(out), g), 0)
    half = 1 - 0.5 * np.eye(out.shape[-1], dtype=masked(out).dtype)
    inverse = _inv(out)
    whole_ = product(product(_mt(inverse), inner * half), inverse)
    return (whole_ + _mt(whole_)) * 0.5


_cholesky.vjps(A=_cholesky_rule)


def cholesky(A, *, upper=False):
    """The lower triangular L with ``L @ L.T = A`` of positive definite matrices (or, ``upper``, its transpose)."""
    L = _cholesky(square("linalg.cholesky", A))
    return _mt(L) if upper else L


def old_slogdet(A):
    """torch.slogdet: see ``linalg.slogdet``, whose answer has another type in torch."""
    return return_type("slogdet", "sign", "logabsdet")(*slogdet(A))


def old_cholesky(input, upper=False):
    """torch.cholesky: see ``linalg.cholesky``."""
    once(
        "torch.cholesky is deprecated in favor of torch.linalg.cholesky and will be removed in a future PyTorch "
        "release.\nL = torch.cholesky(A)\nshould be replaced with\nL = torch.linalg.cholesky(A)\nand\n"
        "U = torch.cholesky(A, upper=True)\nshould be replaced with\nU = torch.linalg.cholesky(A).mH\nThis transform "
        "will produce equivalent results for all valid (symmetric positive definite) inputs."
    )
    return cholesky(input, upper=upper)


def matrix_power(A, n):
    """``A @ A @ ...``, n factors; of the inverse for negative n, the identity for 0."""
    square("linalg.matrix_power", A)
    n = whole("matrix_power", "n", n)
    if n == 0:
        eye = np.eye(A.array.shape[-1], dtype=A.array.dtype)
        return assign(clone(A), eye)
    base = _inv(A) if n < 0 else A
    out, n = None, abs(n)
    while n:
        if n & 1:
            out = base if out is None else product(out, base)
        n >>= 1
        base = product(base, base) if n else base
    return clone(out) if out is A else out


@titled("TraceBackward0")
def trace(input):
    """The sum of the diagonal of a matrix."""
    expect("trace", input=input)
    if input.array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.array.ndim}")
    d = diagonal(input)
    if d.array.dtype.kind != "f":
        return wrap(np.asarray(d.array.sum(dtype=np.int64)))
    return _sum(d, None, False)

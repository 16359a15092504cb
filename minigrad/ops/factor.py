"""Factorisations through NumPy's LAPACK, and norms of matrices.

The full square Q, U and V of other matrices have no rules: of tensors that require grad they are refused,
not silently cut off.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _types
from .._tape import Traced, edge, wrap
from .._tape import mode as recording
from .._warn import once
from ._common import all_dims, expect, one_dim, return_type, titled
from ._public import named
from .arrange import tril
from .elementwise import abs
from .extreme import amax, amin
from .index import getitem
from .lengths import _norm, norm
from .matrix import _mt
from .reduce import _sum
from .shape import movedim, reshape
from .solve import LinAlgError, inv, matrices, square
from .spectral import (
    _eigh,
    _eigh_parts,
    _eigvalsh,
    _pinv,
    _svd,
    _svd_parts,
    _svdvals,
    reduced_qr,
)


def _plain(name: str, *tensors: Any) -> list[Any]:
    """The arrays of tensors through which no gradient is asked for; RuntimeError otherwise."""
    if recording.grad and any(edge(x) is not None for x in tensors):
        raise RuntimeError(
            f"{name}: no gradient is implemented for it. Call it on x.detach(), or under no_grad()."
        )
    return [x.array for x in tensors]


@titled("LinalgQrBackward0")
def qr(A, mode="reduced"):
    """``Q @ R = A`` with orthonormal columns of Q and triangular R; mode: 'reduced', 'complete' or 'r'."""
    matrices("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    made = return_type("linalg_qr", "Q", "R")
    if mode == "reduced" or (mode == "complete" and A.array.shape[-2] <= A.array.shape[-1]):
        return made(*reduced_qr(A))
    (a,) = _plain(f"linalg.qr with mode={mode!r}", A)
    if mode == "r":
        return made(wrap(np.empty(0, a.dtype)), wrap(np.linalg.qr(a, "r")))
    return made(*map(wrap, np.linalg.qr(a, "complete")))


@titled("LinalgSvdBackward0")
def svd(A, full_matrices=True, *, driver=None):
    """``U @ diag(S) @ Vh = A`` with orthonormal U and Vh, and S from large to small."""
    matrices("linalg.svd", A)
    made = return_type("linalg_svd", "U", "S", "Vh")
    m, n = A.array.shape[-2:]
    if m == n or not full_matrices:
        return made(*_svd_parts(_svd(A), m, n))
    (a,) = _plain("linalg.svd with full_matrices=True", A)
    return made(*map(wrap, np.linalg.svd(a)))


def old_svd(input, some=True, compute_uv=True):
    """``U @ diag(S) @ V.T = input``: torch.svd, which answers V itself."""
    u, s, vh = svd(input, full_matrices=not some)
    made = return_type("svd", "U", "S", "V")
    return made(u, s, _mt(vh))


def old_qr(input, some=True):
    """``Q @ R = input``: torch.qr; complete with ``some=False``."""
    once(
        "torch.qr is deprecated in favor of torch.linalg.qr and will be removed in a future PyTorch release.\n"
        "The boolean parameter 'some' has been replaced with a string parameter 'mode'.\nQ, R = torch.qr(A, some)\n"
        "should be replaced with\nQ, R = torch.linalg.qr(A, 'reduced' if some else 'complete')"
    )
    made = return_type("qr", "Q", "R")
    return made(*qr(input, "reduced" if some else "complete"))


def svdvals(A, *, driver=None):
    """The singular values, from large to small."""
    matrices("linalg.svdvals", A)
    return _svdvals(A)


@titled("LinalgEighBackward0")
def eigh(A, UPLO="L"):
    """The eigenvalues, rising, and eigenvectors of symmetric matrices, of which one triangle is read."""
    square("linalg.eigh", A)
    made = return_type("linalg_eigh", "eigenvalues", "eigenvectors")
    return made(*_eigh_parts(_eigh(A, UPLO), A.array.shape[-1]))


def eigvalsh(A, UPLO="L"):
    """The eigenvalues of symmetric matrices, rising."""
    return _eigvalsh(square("linalg.eigvalsh", A), UPLO)


# ------------------------------------------------------------------------------ what is small counts as 0
def _share(A: Any, atol: Any, rtol: Any) -> Any:
    """The share of the largest singular value up to which others count as 0: torch's default if none is given."""
    atol, rtol = (t.detach().array if isinstance(t, Traced) else t for t in (atol, rtol))
    if rtol is None:
        default = max(A.array.shape[-2:]) * np.finfo(A.array.dtype).eps
        rtol = default if atol is None else np.where(np.asarray(atol) > 0, 0.0, default)
    if atol is None:
        return rtol
    largest = np.linalg.norm(A.detach().array, 2, (-2, -1))
    return np.maximum(rtol, atol / np.where(largest == 0, 1, largest))


def _mirrored(A: Any) -> Any:
    """Symmetric matrices made of lower triangles, all that torch reads of what is called hermitian."""
    return tril(A) + _mt(tril(A, -1))


def pinverse(input, rcond=1e-15):
    """torch.pinverse: ``pinv`` with a given share of the largest singular value up to which others count as 0."""
    return pinv(input, rcond)


def pinv(A, rcond=None, hermitian=False, *, atol=None, rtol=None):
    """The pseudo-inverses of matrices (*, m, n): (*, n, m).

    atol, rtol: up to which bound, or which share of the largest one, singular values count as 0; rcond: older for rtol.
    """
    matrices("linalg.pinv", A)
    limit = _share(A, atol, rtol if rcond is None else rcond)
    return _pinv(_mirrored(A) if hermitian else A, limit)


def matrix_rank(A, tol=None, hermitian=False, *, atol=None, rtol=None):
    """The ranks of matrices: how many singular values are not small, as for ``pinv``.  tol: atol alone."""
    matrices("linalg.matrix_rank", A)
    if not A.array.size:
        return wrap(np.zeros(A.array.shape[:-2], np.int64))
    atol, rtol = (atol, rtol) if tol is None else (tol, 0.0)
    s = np.linalg.svd((_mirrored(A) if hermitian else A).detach().array, compute_uv=False)
    bound = np.asarray(_share(A, atol, rtol))[..., None] * s[..., :1]
    return wrap(np.asarray((s > bound).sum(-1), np.int64))


def cond(A, p=None):
    """The condition numbers: the norm of ``matrix_norm``'s order ``p`` (2 by default), times that of the inverse."""
    if p not in (None, 2, -2):
        square("linalg.cond", A)
        try:
            return matrix_norm(A, p) * matrix_norm(inv(A), p)
        except LinAlgError:  # infinite, of those that are singular
            return wrap(np.asarray(np.linalg.cond(A.detach().array, p), A.array.dtype))
    s = svdvals(A)
    first, last = (0, -1) if p != -2 else (-1, 0)
    return getitem(s, (..., first)) / getitem(s, (..., last))


# ------------------------------------------------------------------------------ norms
@named
def old_norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """torch.norm: the p-norm over ``dim``; p a number, inf, 'fro' (2), or 'nuc' (of matrices)."""
    if p == "nuc":
        return matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    return norm(input, p, dim, keepdim, dtype)


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """The ``ord``-norm over ``dim`` (of the flat tensor when None): ``sum(|x|**ord) ** (1/ord)``."""
    expect("linalg_vector_norm", x=x)
    if isinstance(ord, str):
        raise TypeError("linalg_vector_norm(): argument 'ord' must be Number, not str")
    return norm(x, ord, dim, keepdim, dtype)


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """The norm of matrices in two dimensions: 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2."""
    expect("linalg_matrix_norm", A=A)
    if A.array.dtype.kind != "f":
        raise RuntimeError(
            f"linalg.matrix_norm: Expected a floating point or complex tensor as input. Got {A.dtype.title}"
        )
    if A.array.ndim < 2:
        raise RuntimeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
        )
    if dtype is not None:
        A = A.to(_types.of(_types.as_numpy(dtype)))
    row, column = (one_dim(d, A.array.ndim) for d in dim)
    if row == column:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "fro":
        return _norm(A, 2.0, (row, column), keepdim)
    if ord in (1, -1, math.inf, -math.inf):
        along, across = (row, column) if ord in (1, -1) else (column, row)
        sums = _sum(abs(A), along, True)
        out = (amax if ord > 0 else amin)(sums, across, True)
        return out if keepdim else reshape(out, _without(A.array.shape, (row, column)))
    if ord not in ("nuc", 2, -2):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    s = svdvals(movedim(A, (row, column), (-2, -1)))
    # equal singular values share the gradient, as torch's
    found = _sum(s, -1, False) if ord == "nuc" else (amax if ord == 2 else amin)(s, -1)
    shape = tuple(1 if i in (row, column) else n for i, n in enumerate(A.array.shape))
    return reshape(found, shape if keepdim else _without(A.array.shape, (row, column)))


def _without(shape: tuple[int, ...], dims: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for i, n in enumerate(shape) if i not in dims)


def linalg_norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """torch.linalg.norm: of matrices where ``ord`` is given and there are two dimensions, else of vectors."""
    expect("linalg_norm", A=A)
    n = A.array.ndim
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None:
        if n not in (1, 2):
            raise RuntimeError(
                f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {n}D."
            )
        dim = tuple(range(n))
    if isinstance(dim, (tuple, list)) and len(dim) not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}"
        )
    dims = all_dims(dim, n)
    if len(dims) == 2:
        return matrix_norm(A, ord, dims, keepdim, dtype=dtype)
    return vector_norm(A, ord, dims, keepdim, dtype=dtype)

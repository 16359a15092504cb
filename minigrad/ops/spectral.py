"""Orthogonal factorisations through NumPy's LAPACK, with gradients: eigh, svd, qr, pinv.

A factorisation answers several matrices; as an op it answers them packed into one array, so that one rule sees the
gradients of all.  Rules use the answers only, and so have every order of derivative.  Where eigenvalues or singular
values are equal, the vectors are not differentiable and their gradients are infinite or NaN, as in torch.

Source of the rules: Giles, Collected matrix derivative results, 2008; Seeger et al., Auto-differentiating linear
algebra, 2017 (qr); Golub and Pereyra, Differentiation of pseudo-inverses, 1973.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._tape import primitive
from .arrange import _tril
from .choosing import masked
from .index import getitem
from .matrix import _mt, product
from .parts import cat
from .shape import reshape
from .solve import _inv


def _cut(packed: Any, start: int, shape: tuple[int, ...]) -> Any:
    """The matrix (*, m, n) that lies at ``start`` of the packed last dimension."""
    part = (..., slice(start, start + math.prod(shape)))
    found = packed[part] if isinstance(packed, np.ndarray) else getitem(packed, part)
    return reshape(found, (*tuple(packed.shape[:-1]), *shape))


def _packed(*arrays: Any) -> Any:
    """Arrays (*, m, n) or (*, n) laid one behind the other in the last dimension."""
    return np.concatenate([a.reshape(*arrays[0].shape[:-1], -1) for a in arrays], -1)


def _row(x: Any) -> Any:
    """(*, n) as (*, 1, n), which scales columns."""
    return reshape(x, (*tuple(x.shape[:-1]), 1, x.shape[-1]))


def _eye(x: Any) -> Any:
    return np.eye(x.shape[-1], dtype=masked(x).dtype)


# ------------------------------------------------------------------------------ symmetric matrices
@primitive(quiet=True, title="LinalgEighBackward0")
def _eigh(A, /, uplo):
    values, vectors = np.linalg.eigh(A, uplo)
    return _packed(values, vectors.reshape(*A.shape[:-2], -1))


def _eigh_parts(packed: Any, n: int) -> tuple[Any, Any]:
    return reshape(_cut(packed, 0, (1, n)), (*tuple(packed.shape[:-1]), n)), _cut(packed, n, (n, n))


def _eigh_rule(g: Any, out: Any, into: tuple[int, ...]) -> Any:
    """The gradient V (diag(g_w) + (V.T g_V) / (w_j - w_i)) V.T."""
    n = into[-1]
    values, vectors = _eigh_parts(out, n)
    g_values, g_vectors = _eigh_parts(g, n)
    gaps = _row(values) - _mt(_row(values)) + _eye(vectors)
    inner = product(_mt(vectors), g_vectors) / gaps * (1 - _eye(vectors)) + _row(g_values) * _eye(
        vectors
    )
    return product(product(vectors, inner), _mt(vectors))


_eigh.vjps(A=_eigh_rule)


@primitive(quiet=True, title="LinalgEighBackward0")
def _eigvalsh(A, /, uplo):
    return np.linalg.eigvalsh(A, uplo)


def _eigvalsh_rule(g: Any, A: Any, uplo: str) -> Any:
    _, vectors = _eigh_parts(_eigh(A, uplo), A.shape[-1])
    return product(vectors * _row(g), _mt(vectors))


_eigvalsh.vjps(A=_eigvalsh_rule)


# ------------------------------------------------------------------------------ singular values
@primitive(quiet=True, title="LinalgSvdBackward0")
def _svd(A, /):
    u, s, vh = np.linalg.svd(A, full_matrices=False)
    lead = A.shape[:-2]
    return _packed(s, u.reshape(*lead, -1), vh.reshape(*lead, -1))


def _svd_parts(packed: Any, m: int, n: int) -> tuple[Any, Any, Any]:
    k = min(m, n)
    s = reshape(_cut(packed, 0, (1, k)), (*tuple(packed.shape[:-1]), k))
    return _cut(packed, k, (m, k)), s, _cut(packed, k + m * k, (k, n))


def _svd_rule(g: Any, out: Any, into: tuple[int, ...]) -> Any:
    m, n = into[-2:]
    u, s, vh = _svd_parts(out, m, n)
    gu, gs, gvh = _svd_parts(g, m, n)
    columns, rows = _row(s), _mt(_row(s))
    eye = _eye(columns * rows)
    gaps = columns * columns - rows * rows + eye
    left, right = product(_mt(u), gu), product(gvh, _mt(vh))
    inner = (left - _mt(left)) / gaps * columns + rows * ((_mt(right) - right) / gaps)
    inner = inner + _row(gs) * eye
    whole = product(product(u, inner), vh)
    if m > n:
        whole = whole + product((gu - product(u, left)) / columns, vh)
    if n > m:
        whole = whole + product(u, (gvh - product(right, vh)) / rows)
    return whole


_svd.vjps(A=_svd_rule)


@primitive(quiet=True, title="LinalgSvdBackward0")
def _svdvals(A, /):
    return np.linalg.svd(A, compute_uv=False)


def _svdvals_rule(g: Any, A: Any) -> Any:
    u, _, vh = _svd_parts(_svd(A), *A.shape[-2:])
    return product(u * _row(g), vh)


_svdvals.vjps(A=_svdvals_rule)


# ------------------------------------------------------------------------------ qr of tall matrices
@primitive(quiet=True, title="LinalgQrBackward0")
def _qr(A, /):
    """Of (*, m, n) with m >= n: Q (m, n) and R (n, n), packed."""
    q, r = np.linalg.qr(A)
    lead = A.shape[:-2]
    return _packed(q.reshape(*lead, -1), r.reshape(*lead, -1))


def _qr_parts(packed: Any, m: int, n: int) -> tuple[Any, Any]:
    return _cut(packed, 0, (m, n)), _cut(packed, m * n, (n, n))


def _qr_rule(g: Any, out: Any, into: tuple[int, ...]) -> Any:
    """(g_Q + Q copyltu(M)) inv(R).T with M = R g_R.T - g_Q.T Q; copyltu makes the lower triangle symmetric."""
    q, r = _qr_parts(out, *into[-2:])
    gq, gr = _qr_parts(g, *into[-2:])
    mixed = product(r, _mt(gr)) - product(_mt(gq), q)
    whole = _tril(mixed, 0) + _mt(_tril(mixed, -1))
    return product(gq + product(q, whole), _mt(_inv(r)))


_qr.vjps(A=_qr_rule)


def reduced_qr(A: Any) -> tuple[Any, Any]:
    """Q and R of (*, m, n) tensors: of wide ones, Q of the first m columns, and what it makes of the rest."""
    m, n = A.array.shape[-2:]
    if m >= n:
        return _qr_parts(_qr(A), m, n)
    q, first = _qr_parts(_qr(getitem(A, (..., slice(0, m)))), m, m)
    return q, cat([first, product(_mt(q), getitem(A, (..., slice(m, n))))], -1)


# ------------------------------------------------------------------------------ the pseudo-inverse
@primitive(quiet=True, title="LinalgPinvBackward0")
def _pinv(A, /, rtol):
    return np.asarray(np.linalg.pinv(A, rtol), A.dtype)


def _pinv_rule(g: Any, A: Any, out: Any) -> Any:
    p, pt, gt = out, _mt(out), _mt(g)
    first = gt - product(A, product(p, gt))
    second = gt - product(product(gt, p), A)
    return (
        product(first, product(p, pt))
        + product(product(pt, p), second)
        - product(product(pt, g), pt)
    )


_pinv.vjps(A=_pinv_rule)

"""The maps that make orthogonal matrices of any matrices, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..._tape import wrap
from ...autograd import no_grad
from ...creation import eye, zeros
from ...linalg import solve
from ...ops.arrange import diagonal, tril
from ...ops.compare import allclose
from ...ops.matrix import matmul
from ...ops.parts import cat
from ...random import randn
from ...tensor import Tensor
from ..module import Module

MAPS = ("matrix_exp", "cayley", "householder")
_TERMS = 12  # of the exponential's series: for a norm of 1/2 at most, exact in float64


def matrix_exp(a: Tensor) -> Tensor:
    """The exponential of square matrices (*, n, n): the series of a / 2ˢ, squared s times."""
    size = np.abs(a.array).sum(-2).max(initial=0.0)
    halvings = max(0, math.ceil(math.log2(size)) + 1) if np.isfinite(size) and size > 0 else 0
    x = a / 2.0**halvings
    one = eye(a.shape[-1], dtype=a.dtype)
    total = one + x / float(_TERMS)
    for k in range(_TERMS - 1, 0, -1):
        total = one + matmul(x, total) / float(k)
    for _ in range(halvings):
        total = matmul(total, total)
    return total


def householder_product(vectors: Tensor, tau: Tensor) -> Any:
    """The first columns of the product of reflections 1 - tau vvᵀ: vectors (*, n, k), tau (*, k) -> (*, n, k).

    Vector i is 0 above its place i, where it is 1 whatever stands there.
    """
    n, k = vectors.shape[-2:]
    q: Any = eye(n, k, dtype=vectors.dtype).expand(vectors.shape)
    below, ones = tril(vectors, -1), eye(n, k, dtype=vectors.dtype)
    for i in range(k - 1, -1, -1):
        v = (below + ones)[..., i : i + 1]
        q = q - matmul(v * tau[..., i : i + 1].unsqueeze(-1), matmul(v.mT, q))
    return q


def reflections(q: Tensor) -> tuple[Tensor, Tensor]:
    """The QR factorisation as LAPACK stores it: R above and vectors below the diagonal (*, n, k), and tau (*, k)."""
    h, tau = np.linalg.qr(q.array, mode="raw")
    return wrap(np.ascontiguousarray(np.swapaxes(h, -1, -2))), wrap(tau)


def _signs(matrix: Any) -> Any:
    return diagonal(matrix, 0, -2, -1).sign()


class _Orthogonal(Module):
    """Makes matrices with orthonormal columns, or rows, of any matrices of that shape."""

    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True):
        super().__init__()
        if orthogonal_map not in MAPS:
            raise ValueError(
                'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: '
                f"{orthogonal_map}"
            )
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Any) -> Any:
        """(*, n, k) → (*, n, k)."""
        is_wide = x.shape[-2] < x.shape[-1]
        if is_wide:
            x = x.mT
        q = self._reflected(x) if self.orthogonal_map == "householder" else self._turned(x)
        if getattr(self, "base", None) is not None:
            q = matmul(self.base, q)
        return q.mT if is_wide else q

    def _turned(self, x: Any) -> Any:
        """The rotation that a skew-symmetric matrix stands for; its first columns."""
        n, k = x.shape[-2:]
        x = tril(x)
        if n != k:
            x = cat([x, zeros(*x.shape[:-1], n - k, dtype=x.dtype)], -1)
        skew = x - x.mT
        if self.orthogonal_map == "matrix_exp":
            q: Any = matrix_exp(skew)
        else:
            one = eye(n, dtype=x.dtype)
            q = solve(one - skew * 0.5, one + skew * 0.5)
        return q[..., :k]

    def _reflected(self, x: Any) -> Any:
        below = tril(x, -1)
        tau = 2.0 / (1.0 + (below * below).sum(-2))
        signs = wrap(np.trunc(diagonal(x, 0, -2, -1).array))
        return householder_product(below, tau) * signs.unsqueeze(-2)

    @no_grad()
    def right_inverse(self, q: Tensor) -> Any:
        """What ``forward`` makes q of, after q has become the base; ValueError for another shape."""
        if q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {q.shape}."
            )
        is_wide = q.shape[-2] < q.shape[-1]
        tall = q.mT if is_wide else q
        if "base" not in self._buffers:
            return self._reflections_of(tall, is_wide)
        n, k = tall.shape[-2:]
        if n != k:
            tall = cat([tall, randn(*tall.shape[:-2], n, n - k, dtype=q.dtype)], -1)
        self.base = _made_orthogonal(tall) if n != k or not _is_orthogonal(tall) else tall.clone()
        start = zeros(*q.shape, dtype=q.dtype)
        for i in range(min(q.shape[-2:])):
            start.array[..., i, i] = -1
        return start

    def _reflections_of(self, tall: Any, is_wide: bool) -> Any:
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                "use_trivialization=False."
            )
        vectors, tau = reflections(tall)
        k = tall.shape[-1]
        for i in range(k):
            entry = vectors.array[..., i, i]
            vectors.array[..., i, i] = np.sign(entry) * np.where(tau.array[..., i] == 0, -1, 1)
        return vectors.mT if is_wide else vectors


def _is_orthogonal(q: Any) -> bool:
    n, k = q.shape[-2:]
    tolerance = 10.0 * n * float(np.finfo(q.array.dtype).eps)
    return bool(allclose(matmul(q.mT, q), eye(k, dtype=q.dtype), atol=tolerance))


def _made_orthogonal(a: Any) -> Any:
    """The Q of a QR factorisation with a positive diagonal of R."""
    vectors, tau = reflections(a)
    return householder_product(vectors, tau) * _signs(vectors).unsqueeze(-2)

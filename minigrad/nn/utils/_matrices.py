"""Norms and power iteration of weights seen as matrices: what both forms of weight and spectral norm share."""

from __future__ import annotations

from typing import Any

from ...autograd import no_grad
from ...ops.products import vdot
from ...tensor import Tensor
from .. import functional as F


def norm_except_dim(v: Tensor, dim: int) -> Tensor:
    """The 2-norm over all dimensions but one, to be broadcast to v; over all of them, 0-d, for -1."""
    if dim == -1:
        return v.norm(2)
    kept = dim % v.dim()
    others = [d for d in range(v.dim()) if d != kept]
    return v.norm(2, others, keepdim=True) if others else v.abs()


def normalised(v: Tensor, g: Tensor, dim: int) -> Tensor:
    """v with its norms replaced by g."""
    return v * (g / norm_except_dim(v, dim))


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """(rows, columns): one dimension of a weight against all others."""
    if dim:
        weight = weight.permute(dim, *(d for d in range(weight.dim()) if d != dim))
    return weight.flatten(1)


def spread_out(weight: Tensor, count: int) -> Tensor:
    """A vector of ``count`` numbers from N(0, 1), in the weight's dtype."""
    return weight.new_empty(count).normal_(0, 1)


@no_grad()
def power_method(matrix: Tensor, u: Tensor, v: Tensor, rounds: int, eps: float, first: str) -> None:
    """Turn u and v, in place, towards the matrix's first singular vectors; first: which is made first."""
    steps: dict[str, tuple[Any, Tensor, Tensor]] = {"u": (matrix, v, u), "v": (matrix.mT, u, v)}
    order = [steps[first], steps["v" if first == "u" else "u"]]
    for _ in range(rounds):
        for by, source, target in order:
            F.normalize(by.mv(source), dim=0, eps=eps, out=target)


def first_singular_value(matrix: Tensor, u: Tensor, v: Tensor) -> Any:
    """u · matrix v."""
    return vdot(u, matrix.mv(v))


def dim_of(module: Any, dim: int | None) -> int:
    """The dimension of the outputs in a module's weight, unless one is given."""
    if dim is not None:
        return dim
    return 1 if getattr(module, "transposed", False) else 0

"""Layers that compare two tensors vector by vector."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from . import functional as F
from .module import Module


class PairwiseDistance(Module):
    """The p-norm of the difference of vectors, to which eps is added: (*, D), (*, D) → (*).

    ``keepdim``: answer (*, 1).  Same arguments as torch.nn.PairwiseDistance.

    >>> import minigrad as mg
    >>> mg.nn.PairwiseDistance(eps=0.0)(mg.tensor([[3.0, 4.0]]), mg.zeros(1, 2))
    tensor([5.])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False):
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """x1, x2: (*, D), shapes that broadcast → (*), or (*, 1)."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosine of the angle between vectors along ``dim``; norms count as ``eps`` at least.

    Same arguments as torch.nn.CosineSimilarity.
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8):
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Any:
        """x1, x2: shapes that broadcast → that shape without ``dim``."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)

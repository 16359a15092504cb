"""The softmax family and the gated linear unit: layers that work along one dimension."""

from __future__ import annotations

from collections.abc import Callable

from ..tensor import Tensor
from . import functional as F
from .module import Module


class _Along(Module):
    _function: Callable[..., Tensor]

    def __init__(self, dim: int | None = None):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape."""
        return self._function(input, self.dim)

    def extra_repr(self) -> str:
        """The dimension."""
        return f"dim={self.dim}"


class Softmax(_Along):
    """exp(x) over its sum along a dimension.

    >>> import minigrad as mg
    >>> mg.nn.Softmax(dim=1)(mg.zeros(1, 4))
    tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
    """

    _function = staticmethod(F.softmax)


class Softmin(_Along):
    """exp(-x) over its sum along a dimension."""

    _function = staticmethod(F.softmin)


class LogSoftmax(_Along):
    """The logarithm of softmax along a dimension."""

    _function = staticmethod(F.log_softmax)


class Softmax2d(Module):
    """Softmax over the channels of (N, C, H, W) or (C, H, W).

    ValueError for other numbers of dimensions.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape."""
        if input.dim() not in (3, 4):
            raise ValueError(
                f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead"
            )
        return F.softmax(input, -3)


class GLU(Module):
    """a · sigmoid(b), a and b the halves of the input along a dimension.

    Source: Dauphin et al., Language modeling with gated convolutional networks, 2016.
    """

    def __init__(self, dim: int = -1):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape, that dimension halved."""
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        """The dimension."""
        return f"dim={self.dim}"

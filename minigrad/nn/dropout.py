"""Dropout layers: in training they set what chance picks to zero; in evaluation they do nothing."""

from __future__ import annotations

from collections.abc import Callable

from ..tensor import Tensor
from . import functional as F
from .module import Module


class _DropoutNd(Module):
    _function: Callable[..., Tensor]  # of nn.functional

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape and dtype; the input itself in evaluation."""
        return self._function(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The probability, and whether the input is overwritten."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """Sets elements to zero with probability p and divides the others by 1 - p.

    Source: Hinton et al., Improving neural networks by preventing co-adaptation of feature
    detectors, 2012.

    >>> import minigrad as mg
    >>> mg.nn.Dropout(0.5).eval()(mg.ones(3))
    tensor([1., 1., 1.])
    """

    _function = staticmethod(F.dropout)


class Dropout1d(_DropoutNd):
    """Sets channels of (N, C, L) to zero with probability p, divides the others by 1 - p."""

    _function = staticmethod(F.dropout1d)


class Dropout2d(_DropoutNd):
    """Sets channels of (N, C, H, W) to zero with probability p, divides the others by 1 - p.

    Source: Tompson et al., Efficient object localization using convolutional networks, 2015.
    """

    _function = staticmethod(F.dropout2d)


class Dropout3d(_DropoutNd):
    """Sets channels of (N, C, D, H, W) to zero with probability p, divides the others by 1 - p."""

    _function = staticmethod(F.dropout3d)


class _AlphaDropout(_DropoutNd):
    def forward(self, input: Tensor) -> Tensor:
        """The input's shape and dtype; the input itself in evaluation, never written to, as in torch."""
        return self._function(input, self.p, self.training)


class AlphaDropout(_AlphaDropout):
    """Dropout that keeps mean and variance of self-normalizing networks (with SELU).

    Source: Klambauer et al., Self-normalizing neural networks, 2017.
    """

    _function = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(_AlphaDropout):
    """Alpha dropout of whole channels."""

    _function = staticmethod(F.feature_alpha_dropout)

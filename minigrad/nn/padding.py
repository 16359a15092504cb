"""Padding layers: borders of zeros, of a constant, mirrored, repeated or wrapped around.

``padding`` is one number for all sides, or one for each: before and after the last dimension, then
before and after the one before it, and so on.  Negative numbers crop.
"""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from . import functional as F
from .functional._conv_args import sizes
from .module import Module


class _PadNd(Module):
    _dims: int
    _mode: str

    def __init__(self, padding: Any):
        super().__init__()
        self.padding = sizes(padding, 2 * self._dims, "padding")

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, *size) or (C, *size), each size grown by its two paddings."""
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        """The paddings."""
        return f"{self.padding}"


class _ConstantPadNd(_PadNd):
    def __init__(self, padding: Any, value: float):
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, *size) or (C, *size), each size grown by its two paddings."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """The paddings and the value."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """Pads the last dimension with a value."""

    _dims = 1


class ConstantPad2d(_ConstantPadNd):
    """Pads the last two dimensions with a value.

    >>> import minigrad as mg
    >>> mg.nn.ConstantPad2d((1, 0, 0, 1), 3.5)(mg.zeros(1, 1, 2))
    tensor([[[3.5000, 0.0000, 0.0000],
             [3.5000, 3.5000, 3.5000]]])
    """

    _dims = 2


class ConstantPad3d(_ConstantPadNd):
    """Pads the last three dimensions with a value."""

    _dims = 3


class _ZeroPadNd(_ConstantPadNd):
    def __init__(self, padding: Any):
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """The paddings."""
        return f"{self.padding}"


class ZeroPad1d(_ZeroPadNd, ConstantPad1d):
    """Pads the last dimension with zeros."""


class ZeroPad2d(_ZeroPadNd, ConstantPad2d):
    """Pads the last two dimensions with zeros.

    >>> import minigrad as mg
    >>> mg.nn.ZeroPad2d(2)
    ZeroPad2d((2, 2, 2, 2))
    """


class ZeroPad3d(_ZeroPadNd, ConstantPad3d):
    """Pads the last three dimensions with zeros."""


class _ReflectionPadNd(_PadNd):
    _mode = "reflect"


class ReflectionPad1d(_ReflectionPadNd):
    """Pads the last dimension with its own mirror image, the border not repeated."""

    _dims = 1


class ReflectionPad2d(_ReflectionPadNd):
    """Pads the last two dimensions with their own mirror image, the border not repeated."""

    _dims = 2


class ReflectionPad3d(_ReflectionPadNd):
    """Pads the last three dimensions with their own mirror image, the border not repeated."""

    _dims = 3


class _ReplicationPadNd(_PadNd):
    _mode = "replicate"


class ReplicationPad1d(_ReplicationPadNd):
    """Pads the last dimension by repeating its border."""

    _dims = 1


class ReplicationPad2d(_ReplicationPadNd):
    """Pads the last two dimensions by repeating their border."""

    _dims = 2


class ReplicationPad3d(_ReplicationPadNd):
    """Pads the last three dimensions by repeating their border."""

    _dims = 3


class _CircularPadNd(_PadNd):
    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, *size) or (C, *size), each size grown by its two paddings."""
        n = self._dims
        if input.dim() not in (n + 1, n + 2):
            raise ValueError(f"expected {n + 1}D or {n + 2}D input (got {input.dim()}D input)")
        return super().forward(input)


class CircularPad1d(_CircularPadNd):
    """Pads the last dimension by wrapping it around."""

    _dims = 1


class CircularPad2d(_CircularPadNd):
    """Pads the last two dimensions by wrapping them around."""

    _dims = 2


class CircularPad3d(_CircularPadNd):
    """Pads the last three dimensions by wrapping them around."""

    _dims = 3

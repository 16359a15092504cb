"""Layers that reshape: many dimensions to one, one to many, patches to columns and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tensor import Tensor
from . import functional as F
from ._function_layer import FunctionLayer
from .module import Module


class Flatten(Module):
    """Makes one dimension of those from ``start_dim`` to ``end_dim``.

    >>> import minigrad as mg
    >>> mg.nn.Flatten()(mg.ones(32, 1, 5, 5)).shape
    minigrad.Size([32, 25])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """The input with these dimensions made one."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The first and the last dimension."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Makes several dimensions of one; one of the sizes may be -1.

    >>> import minigrad as mg
    >>> mg.nn.Unflatten(1, (2, 5, 5))(mg.ones(3, 50)).shape
    minigrad.Size([3, 2, 5, 5])
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]):
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError(
                "unflattened_size must be a tuple of ints, "
                f"but found type {type(unflattened_size).__name__}"
            )
        for i, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, "
                    f"but found element of type {type(size).__name__} at pos {i}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        """The input with that dimension made several."""
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """The dimension and the sizes made of it."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Unfold(FunctionLayer):
    """Makes a column of every one of L patches: (N, C, *size) → (N, C·∏kernel_size, L).

    Same arguments as torch.nn.Unfold.

    >>> import minigrad as mg
    >>> mg.nn.Unfold(kernel_size=(2, 3))(mg.ones(2, 5, 3, 4)).shape
    minigrad.Size([2, 30, 4])
    """

    _function = staticmethod(F.unfold)
    _passed = _shown = "kernel_size", "dilation", "padding", "stride"

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1):
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride


class Fold(FunctionLayer):
    """Adds columns up where their patches were: (N, C·∏kernel_size, L) → (N, C, *output_size).

    The adjoint of Unfold.  Same arguments as torch.nn.Fold.

    >>> import minigrad as mg
    >>> mg.nn.Fold((4, 5), kernel_size=(2, 2))(mg.ones(1, 12, 12)).shape
    minigrad.Size([1, 3, 4, 5])
    """

    _function = staticmethod(F.fold)
    _passed = _shown = "output_size", "kernel_size", "dilation", "padding", "stride"

    def __init__(
        self,
        output_size: Any,
        kernel_size: Any,
        dilation: Any = 1,
        padding: Any = 0,
        stride: Any = 1,
    ):
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

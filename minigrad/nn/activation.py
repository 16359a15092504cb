"""Activation layers: nonlinear functions of every element.

Each only keeps its arguments and calls the function of ``nn.functional`` of that name.
"""

from __future__ import annotations

from collections.abc import Callable

from ..tensor import Tensor
from . import functional as F
from .module import Module


class _Elementwise(Module):
    """A function of every element, without arguments."""

    _function: Callable[..., Tensor]  # of nn.functional

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape."""
        return self._function(input)


class _InPlace(Module):
    """A function of every element that can overwrite its input.

    ``_shown`` names the arguments that are given to it, and printed, before ``inplace``.
    """

    _function: Callable[..., Tensor]
    _shown: tuple[str, ...] = ()

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape; the input itself, overwritten, if ``inplace``."""
        arguments = [getattr(self, name) for name in self._shown]
        return self._function(input, *arguments, inplace=self.inplace)

    def extra_repr(self) -> str:
        """The arguments, and ``inplace`` if it is set."""
        parts = [f"{name}={getattr(self, name)}" for name in self._shown]
        return ", ".join(parts + ["inplace=True"] * self.inplace)


class Sigmoid(_Elementwise):
    """1 / (1 + exp(-x))."""

    _function = staticmethod(F.sigmoid)


class Tanh(_Elementwise):
    """tanh(x)."""

    _function = staticmethod(F.tanh)


class ReLU(_InPlace):
    """max(x, 0).

    >>> import minigrad as mg
    >>> mg.nn.ReLU()(mg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    _function = staticmethod(F.relu)

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape; the input itself, overwritten, if ``inplace``."""
        return F.relu(input, self.inplace)

"""The base of layers that only keep the arguments of a function of ``nn.functional``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from .module import Module


def _of_one(self: FunctionLayer, input: Tensor) -> Any:
    """What the function answers for the input and the layer's arguments."""
    return self._function(input, **self._arguments())


class FunctionLayer(Module):
    """Calls a function with the layer's attributes: a family says which these are, a layer which function it is.

    >>> import minigrad as mg
    >>> class Shift(FunctionLayer):
    ...     _function = staticmethod(mg.add)
    ...     _passed = _shown = ("alpha", "other")
    ...     alpha, other = 2, 3
    >>> Shift(), Shift()(mg.ones(2))
    (Shift(alpha=2, other=3), tensor([7., 7.]))
    """

    _function: Callable[..., Any]  # of nn.functional
    _passed: tuple[str, ...]  # attributes that are its arguments, after the tensors
    _shown: tuple[str, ...] = ()  # attributes that are printed

    def _arguments(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._passed}

    # Not a method: a family may take other tensors.
    forward: Callable[..., Any] = _of_one

    def extra_repr(self) -> str:
        """The arguments, by their names."""
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in self._shown)

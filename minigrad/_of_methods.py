"""Methods of tensors that torch also has as functions: ``torch.exp_(x)`` is ``x.exp_()``."""

from __future__ import annotations

from typing import Any

from .tensor import Tensor


def _function(name: str) -> Any:
    method = getattr(Tensor, name)

    def function(input: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(input, Tensor):
            given = type(input).__name__
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {given}")
        return method(input, *args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``Tensor.{name}`` of the first argument; TypeError if that is no tensor."
    return function


def __getattr__(name: str) -> Any:
    if not hasattr(Tensor, name):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _function(name)

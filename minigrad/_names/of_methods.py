"""Methods of tensors that torch also has as functions: ``torch.exp_(x)`` is ``x.exp_()``."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


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


def real(input: Any) -> Any:
    """The tensor itself, as it is real."""
    return input.real


def imag(input: Any) -> Any:
    """RuntimeError: the tensor is real."""
    return input.imag


def fill(input: Any, value: Any) -> Any:
    """A tensor of the shape and dtype of ``input`` with one value, a number or a 0-d tensor, everywhere."""
    return input.clone().fill_(value)


def typename(obj: Any) -> str:
    """The name of a tensor's type, as ``Tensor.type()`` has it, or of another object's."""
    if isinstance(obj, Tensor):
        return str(obj.type())
    kind = obj if isinstance(obj, type) or hasattr(obj, "__qualname__") else type(obj)
    module = getattr(kind, "__module__", None)
    prefix = f"{module}." if module not in (None, "builtins", "__builtin__") else ""
    return prefix + kind.__qualname__


def __getattr__(name: str) -> Any:
    if not hasattr(Tensor, name):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _function(name)

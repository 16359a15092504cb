"""``torch.overrides``: whether arguments have a ``__torch_function__``, and what it answers.

Source: https://docs.pytorch.org/docs/stable/notes/extending.html#extending-torch-python-api
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .tensor import Tensor, _overrides


def is_tensor_like(inp: Any) -> bool:
    """Whether something is a tensor, or has a ``__torch_function__``.

    >>> import minigrad as mg
    >>> mg.overrides.is_tensor_like(mg.ones(1)), mg.overrides.is_tensor_like(1.0)
    (True, False)
    """
    return isinstance(inp, Tensor) or hasattr(inp, "__torch_function__")


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether one of these is of a subclass of Tensor whose ``__torch_function__`` is asked."""
    return _overrides.state.asks and bool(_overrides._kinds(tuple(relevant_args), {}))


def has_torch_function_unary(obj: Any) -> bool:
    """`has_torch_function` of one argument."""
    return has_torch_function((obj,))


def has_torch_function_variadic(*objects: Any) -> bool:
    """`has_torch_function` of several arguments."""
    return has_torch_function(objects)


def handle_torch_function(
    public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any, **kwargs: Any
) -> Any:
    """What the ``__torch_function__`` of the relevant arguments answers for ``public_api(*args, **kwargs)``.

    TypeError if none of them knows the function.
    """
    kinds = _overrides._kinds(tuple(relevant_args), {})
    return _overrides.ask(public_api, kinds, args, kwargs)


__all__ = [
    "handle_torch_function",
    "has_torch_function",
    "has_torch_function_unary",
    "has_torch_function_variadic",
    "is_tensor_like",
]

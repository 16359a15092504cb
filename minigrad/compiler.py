"""``torch.compile`` and what goes with it: the function or the module stays as it is, and gives the same answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = "inductor",
    mode: str | None = None,
    options: Any = None,
    disable: bool = False,
) -> Any:
    """The model or function itself; without one, a decorator.  There is no compiler: kernels are compiled already.

    TypeError for what cannot be called, RuntimeError for both a mode and options.

    >>> import minigrad as mg
    >>> @mg.compile
    ... def double(x):
    ...     return x + x
    >>> double(mg.ones(2))
    tensor([2., 2.])
    """
    if mode is not None and options is not None:
        raise RuntimeError(
            "Either mode or options can be specified, but both can't be specified at the same time."
        )
    if model is None:
        return lambda function: compile(function)
    if not callable(model):
        raise TypeError(f"compile() wants a function or a module, not {type(model).__name__}")
    return model


def disable(fn: Any = None, recursive: bool = True) -> Any:
    """The function itself: nothing is compiled anyway."""
    return fn if fn is not None else _same


def _same(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def is_compiling() -> bool:
    """False."""
    return False


def reset() -> None:
    """Forget what was compiled: nothing was."""

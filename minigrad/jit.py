"""``torch.jit``: what it would compile stays Python, and gives the same answers.  Nothing is saved in its format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .nn.module import Module


def script(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """The function, class or module itself.

    >>> import minigrad as mg
    >>> @mg.jit.script
    ... def swish(x):
    ...     return x * mg.sigmoid(x)
    >>> swish(mg.zeros(2))
    tensor([0., 0.])
    """
    return obj


def trace(func: Any, example_inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
    """The function or module itself, which unlike a trace still follows its ``if``; it is called once, as by torch."""
    if example_inputs is not None:
        func(*example_inputs) if isinstance(example_inputs, tuple) else func(example_inputs)
    return func


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """Decorates a function that torch would not compile: it stays as it is."""
    return drop if callable(drop) else _same


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value, whose type a compiler would be told."""
    return the_value


def export(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a method that torch would compile too: it stays as it is."""
    return fn


unused = script_method = script_if_tracing = export


class ScriptModule(Module):
    """What torch's compiler makes of modules: here no module is one."""


class ScriptFunction:
    """What torch's compiler makes of functions: here no function is one."""


def _same(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def is_scripting() -> bool:
    """False."""
    return False


def is_tracing() -> bool:
    """False."""
    return False


__all__ = [
    "Final",
    "ScriptFunction",
    "ScriptModule",
    "annotate",
    "export",
    "ignore",
    "is_scripting",
    "is_tracing",
    "script",
    "script_if_tracing",
    "script_method",
    "trace",
    "unused",
]

"""The switches of recording: ``no_grad`` and its kin."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

from .. import _tape, _types
from .._tape import heed_inference, mode


class set_grad_enabled:  # noqa: N801  (torch's name)
    """Switch recording on or off, at once and, in a ``with`` or as a decorator, until its end.

    >>> import minigrad as mg
    >>> x = mg.ones(2, requires_grad=True)
    >>> with mg.set_grad_enabled(False):
    ...     (x * 2).requires_grad
    False
    """

    def __init__(self, mode: bool):
        self.wanted = bool(mode)
        self.before = _tape.mode.grad
        _tape.mode.grad = self.wanted

    def __enter__(self) -> Any:
        mode.grad = self.wanted
        return self

    def __exit__(self, *_: Any) -> None:
        mode.grad = self.before

    def __repr__(self) -> str:
        return f"{_types.package}.autograd.grad_mode.set_grad_enabled(mode={self.wanted})"

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, recording or not during its calls."""
        mode.grad = self.before  # as a decorator it acts during calls only
        return _decorated(function, lambda: _Switch(self.wanted))


class _Switch:
    """Recording on or off in a ``with`` or during the calls of a decorated function."""

    wanted = False

    def __init__(self, wanted: Any = None):
        if wanted is not None:
            self.wanted = wanted

    def __enter__(self) -> Any:
        self.before = mode.grad
        mode.grad = self.wanted
        return self

    def __exit__(self, *_: Any) -> None:
        mode.grad = self.before

    def __new__(cls, function: Any = None) -> Any:
        made = object.__new__(cls)
        if callable(function):  # @no_grad without parentheses
            return _decorated(function, cls)
        return made

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, recording or not during its calls."""
        return _decorated(function, type(self))


def _decorated(function: Callable[..., Any], switch: Callable[[], Any]) -> Callable[..., Any]:
    if inspect.isclass(function):
        warnings.warn(
            "Decorating classes is deprecated and will be disabled in future versions. You should only decorate "
            "functions or methods. To preserve the current behavior of class decoration, you can directly decorate the "
            "`__init__` method and nothing else.",
            FutureWarning,
            stacklevel=3,
        )
    if inspect.isgeneratorfunction(function):
        return _decorated_generator(function, switch)

    @functools.wraps(function)
    def inside(*args: Any, **kwargs: Any) -> Any:
        with switch():
            return function(*args, **kwargs)

    return inside


def _decorated_generator(
    function: Callable[..., Any], switch: Callable[[], Any]
) -> Callable[..., Any]:
    """The mode holds while the generator runs, not while its user does."""

    @functools.wraps(function)
    def inside(*args: Any, **kwargs: Any) -> Any:
        generator = function(*args, **kwargs)
        step, sent = generator.send, None
        while True:
            try:
                with switch():
                    value = step(sent)
            except StopIteration as end:
                return end.value
            try:
                step, sent = generator.send, (yield value)
            except GeneratorExit:
                with switch():
                    generator.close()
                raise
            except BaseException as error:
                step, sent = generator.throw, error

    return inside


class no_grad(_Switch):  # noqa: N801  (torch's name)
    """Record nothing, in a ``with`` or as a decorator.

    >>> import minigrad as mg
    >>> x = mg.ones(2, requires_grad=True)
    >>> with mg.no_grad():
    ...     (x * 2).requires_grad
    False
    """


class enable_grad(_Switch):  # noqa: N801  (torch's name)
    """Record, in a ``with`` or as a decorator, also inside ``no_grad``."""

    wanted = True


class inference_mode(_Switch):  # noqa: N801  (torch's name)
    """Record nothing, as ``no_grad``; what is made is marked: outside it can be neither written nor differentiated.

    ``inference_mode(False)`` switches it off inside.

    >>> import minigrad as mg
    >>> with mg.inference_mode():
    ...     x = mg.ones(2) * 2
    >>> x.is_inference()
    True
    """

    def __new__(cls, mode: Any = True) -> Any:  # noqa: D102
        return super().__new__(cls, mode if callable(mode) else None)

    def __init__(self, mode: bool = True):
        super().__init__(not mode)

    def __enter__(self) -> Any:
        heed_inference()
        self.outside = mode.inference
        mode.inference = not self.wanted
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        mode.inference = self.outside
        super().__exit__(*error)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, in inference mode or not during its calls."""
        return _decorated(function, lambda: type(self)(not self.wanted))


def is_inference_mode_enabled() -> bool:
    """Whether this thread is in inference mode."""
    return mode.inference


def is_grad_enabled() -> bool:
    """Whether ops are recorded in this thread."""
    return mode.grad

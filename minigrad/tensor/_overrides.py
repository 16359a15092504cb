"""Subclasses of Tensor with a ``__torch_function__``, which is asked whenever one of them is given to a function.

Plain tensors pay nothing for it: a subclass gets methods of its own that ask, when it is defined, and with the first
such subclass the package's functions are exchanged for ones that look for its instances among their arguments.

Source: https://docs.pytorch.org/docs/stable/notes/extending.html#extending-torch-python-api
"""

from __future__ import annotations

import functools
import importlib
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import _types
from .._tape import Traced
from ..ops._common import Number


class _State(threading.local):
    """Per thread: whether subclasses are asked."""

    asks = True


state = _State()


class DisableTorchFunctionSubclass:
    """In a ``with``: no ``__torch_function__`` is asked."""

    def __enter__(self) -> None:
        self.before, state.asks = state.asks, False

    def __exit__(self, *_: Any) -> None:
        state.asks = self.before


def disabled(func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """The ``__torch_function__`` of a class that is not asked, as parameters are not."""
    with DisableTorchFunctionSubclass():
        return func(*args, **(kwargs or {}))


# ------------------------------------------------------------------------------ asking
def asked(kind: type) -> bool:
    """Whether a class of tensors is to be asked."""
    return getattr(kind, "asks", False)


def _kinds(args: Any, kwargs: Any) -> list[type]:
    """The classes to ask among arguments and in lists of them, subclasses before what they are derived from."""
    found: list[type] = []
    for x in (*args, *kwargs.values()):
        for y in x if type(x) in (list, tuple) else (x,):
            kind = type(y)
            if isinstance(y, Traced) and asked(kind) and kind not in found:
                at = next((i for i, k in enumerate(found) if issubclass(kind, k)), len(found))
                found.insert(at, kind)
    return found


def ask(func: Any, kinds: list[type], args: Any, kwargs: Any) -> Any:
    """What the first class answers that knows ``func``; TypeError if none does."""
    for kind in kinds:
        answer = kind.__torch_function__(func, kinds, args, kwargs)  # type: ignore[attr-defined]
        if answer is not NotImplemented:
            return answer
    raise TypeError(
        f"no implementation found for '{getattr(func, '__name__', func)}' on types that implement __torch_function__: "
        f"{kinds}"
    )


def usual(cls: Any, func: Any, kinds: Any, args: Any, kwargs: Any) -> Any:
    """What ``Tensor.__torch_function__`` does: the call, its answer made an instance of the class."""
    if not all(issubclass(cls, kind) for kind in kinds):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        return _of_class(func(*args, **(kwargs or {})), cls)


def _of_class(answer: Any, cls: Any) -> Any:
    if isinstance(answer, Traced):
        return answer if isinstance(answer, cls) else answer.as_subclass(cls)  # type: ignore[attr-defined]
    if isinstance(answer, (tuple, list)):
        parts = (_of_class(x, cls) for x in answer)
        named = hasattr(answer, "_fields")
        return type(answer)(*parts) if named else type(answer)(parts)
    return answer


# ------------------------------------------------------------------------------ methods
# What Python asks of a class or an object apart from what it computes.
_UNASKED = {
    "__init__", "__new__", "__init_subclass__", "__torch_function__", "__hash__", "__array__", "__array_ufunc__",
    "__reduce_ex__", "__copy__", "__deepcopy__", "__dlpack__", "__dlpack_device__", "_make_subclass",
    "as_subclass", "__iter__",
}  # fmt: skip
_ASKED_PROPERTIES = ("T", "mT", "H", "mH", "data", "real")
# Operators that are asked for as the methods that torch has for them.
_OPERATORS = {
    **{f"__{n}__": n for n in ("add", "sub", "mul", "pow", "matmul", "ne", "lt", "le", "gt", "ge")},
    **{f"__i{n}__": f"{n}_" for n in ("add", "sub", "mul", "pow")},
    "__radd__": "add", "__rmul__": "mul", "__truediv__": "div", "__mod__": "remainder",
    "__itruediv__": "div_", "__ifloordiv__": "floor_divide_",
}  # fmt: skip


def take_over(cls: Any, base: Any) -> None:
    """Give a subclass methods that ask it, in place of those it has from the tensors' class ``base``."""
    cls.asks = True
    _name_methods(base)
    for name, plain in _methods(base):
        if getattr(cls, name, None) is plain or isinstance(plain, property):
            setattr(cls, name, _asking(plain, getattr(base, _OPERATORS.get(name, ""), None)))
    _look_in_functions()


@functools.cache
def _name_methods(base: Any) -> None:
    """Methods are called after the ops that they are; who is asked for them knows them by the names they have here."""
    for name, plain in _methods(base):
        if (
            isinstance(plain, types.FunctionType)
            and getattr(base, plain.__name__, None) is not plain
        ):
            plain.__name__, plain.__qualname__ = name, f"{base.__name__}.{name}"


def _methods(base: Any) -> Iterator[tuple[str, Any]]:
    for name in dir(base):
        found = getattr(base, name)
        kind = property if name in _ASKED_PROPERTIES else types.FunctionType
        if isinstance(found, kind) and name not in _UNASKED:
            yield name, found


def _asking(plain: Any, known_as: Any = None) -> Any:
    """A method that asks; an operator does so as the method it is ``known_as``, beside what that takes."""
    if isinstance(plain, property):
        return property(_asking(plain.fget), plain.fset)

    @functools.wraps(plain)
    def method(*args: Any, **kwargs: Any) -> Any:
        if state.asks and (kinds := _kinds(args, kwargs)):
            named = known_as is not None and isinstance(args[1], (Traced, np.ndarray, *Number))
            return ask(known_as if named else plain, kinds, args, kwargs)
        return plain(*args, **kwargs)

    return method


# ------------------------------------------------------------------------------ functions
_looking: list[str] = []


def _look_in_functions() -> None:
    """Have the package's functions look for instances of subclasses, from the first subclass on."""
    if _looking:
        return
    _looking.extend(["", ".nn.functional", ".linalg", ".special"])
    plain = {"tensor", "as_tensor", "asarray", "is_tensor", "save", "typename"}
    exchanged = {}
    for place in _looking:
        module = importlib.import_module(_types.package + place)
        for name, found in [*vars(module).items()]:
            if isinstance(found, types.FunctionType) and not (name[0] == "_" or name in plain):
                exchanged[found] = _looking_in(found)
                setattr(module, name, exchanged[found])
    for layer in vars(importlib.import_module(f"{_types.package}.nn")).values():
        held = vars(layer).get("_function") if isinstance(layer, type) else None
        if held is not None:
            layer._function = staticmethod(exchanged[held.__func__])


def _looking_in(plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def function(*args: Any, **kwargs: Any) -> Any:
        if state.asks and (kinds := _kinds(args, kwargs)):
            return ask(function, kinds, args, kwargs)
        return plain(*args, **kwargs)

    return function

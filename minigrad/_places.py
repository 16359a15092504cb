"""Classes under the modules where torch has them: what ``type(layer)`` prints and pickle writes."""

from __future__ import annotations

import sys
from collections.abc import Container, Mapping
from types import FunctionType
from typing import Any


def own_classes(source: str) -> dict[str, Any]:
    """The classes that a module defines, by their names."""
    return {
        name: value
        for name, value in vars(sys.modules[source]).items()
        if isinstance(value, type) and value.__module__ == source
    }


def own_constructor(kind: Any, shared: Container[str]) -> None:
    """Give a class the inherited constructor as its own: Python's errors, of missing arguments, then name the class.

    shared: the classes whose constructors torch's classes inherit too.
    """
    start = kind.__init__
    owner, name = start.__qualname__.removesuffix(".__init__"), kind.__name__
    if owner in shared or not owner.startswith("_") or (name[0] == "_" and name not in shared):
        return
    kind.__init__ = _copied(start, "__init__", name)


def own_forward(kind: Any, shared: Container[str]) -> None:
    """Give a layer the ``forward`` of a private base, or of none, as its own: Python's errors then name the layer."""
    start = getattr(kind, "forward", None)
    if not isinstance(start, FunctionType) or kind.__name__.startswith("_"):
        return
    owner = start.__qualname__.removesuffix(".forward")
    if owner.startswith("_") and owner not in shared:
        kind.forward = _copied(start, "forward", kind.__name__)


def _copied(start: FunctionType, method: str, name: str) -> FunctionType:
    """A copy of a function, as a method of the class of that name."""
    own = FunctionType(
        start.__code__, start.__globals__, method, start.__defaults__, start.__closure__
    )
    own.__qualname__ = f"{name}.{method}"
    for part in ("__annotations__", "__doc__", "__kwdefaults__"):
        setattr(own, part, getattr(start, part))
    return own


def place(
    source: str,
    under: str,
    apart: Mapping[str, str] | None = None,
    shared: Container[str] = (),
    called: Container[str] = (),
) -> None:
    """Let the classes that a module defines say that they are from another, which must have them too.

    apart: by the names of some classes, the modules they are to be from instead. What was pickled before under the
    module's own name is still found there.  shared: see ``own_constructor``; called: the same of ``own_forward``.
    """
    own = own_classes(source)
    vars(sys.modules[source])["__test__"] = own  # doctest would take them for imported ones
    for name, kind in own.items():
        kind.__module__ = (apart or {}).get(name, under)
        own_constructor(kind, shared)
        own_forward(kind, called)

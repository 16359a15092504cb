"""Classes under the modules where torch has them: what ``type(layer)`` prints and pickle writes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


def own_classes(source: str) -> dict[str, Any]:
    """The classes that a module defines, by their names."""
    return {
        name: value
        for name, value in vars(sys.modules[source]).items()
        if isinstance(value, type) and value.__module__ == source
    }


def place(source: str, under: str, apart: Mapping[str, str] | None = None) -> None:
    """Let the classes that a module defines say that they are from another, which must have them too.

    apart: by the names of some classes, the modules they are to be from instead. What was pickled before under the
    module's own name is still found there.
    """
    own = own_classes(source)
    vars(sys.modules[source])["__test__"] = own  # doctest would take them for imported ones
    for name, kind in own.items():
        kind.__module__ = (apart or {}).get(name, under)

"""Settings that are kept and have no effect."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any


def context(module: str, **defaults: Any) -> Callable[..., AbstractContextManager[None]]:
    """A function whose `with` block sets attributes of a module, afterwards as they were before."""

    @contextmanager
    def flags(**settings: Any) -> Iterator[None]:
        """Set this module's settings inside the `with` block; those not given, to their defaults."""
        if unknown := settings.keys() - defaults.keys():
            raise TypeError(f"flags() got an unexpected keyword argument {min(unknown)!r}")
        this = vars(sys.modules[module])
        before = {name: this[name] for name in defaults}
        this.update(defaults | settings)
        try:
            yield
        finally:
            this.update(before)

    return flags

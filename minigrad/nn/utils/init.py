"""Modules whose first parameters are not drawn."""

from __future__ import annotations

import inspect
from typing import Any

from ...random import fork_rng
from ..module import Module


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """A module whose parameters are still to be set: to make it takes no random numbers from the generator.

    RuntimeError for a class that is no module, or takes no ``device``.

    >>> import minigrad as mg
    >>> mg.nn.utils.skip_init(mg.nn.Linear, 5, 1)
    Linear(in_features=5, out_features=1, bias=True)
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with fork_rng():
        return module_cls(*args, **kwargs).to_empty(device=kwargs.get("device", "cpu"))

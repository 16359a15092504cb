"""``torch.accelerator``: asked which GPU there is, it says none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def is_available() -> bool:
    """False: minigrad computes on the CPU.

    >>> import minigrad as mg
    >>> mg.accelerator.current_accelerator().type if mg.accelerator.is_available() else "cpu"
    'cpu'
    """
    return False


def device_count() -> int:
    """0: minigrad computes on the CPU."""
    return 0


def current_accelerator(check_available: bool = False) -> None:
    """None: there is none."""


def empty_cache() -> None:
    """Free an accelerator's memory that is not used: there is none."""


def _refused(name: str) -> Callable[..., Any]:
    def refused(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("Cannot access accelerator device when none is available.")

    refused.__name__ = refused.__qualname__ = name
    refused.__doc__ = "RuntimeError: there is no accelerator."
    return refused


current_device_index = _refused("current_device_index")
current_stream = _refused("current_stream")
set_device_index = _refused("set_device_index")
synchronize = _refused("synchronize")

"""Warnings that torch gives once in a process, unless ``set_warn_always`` asks for all."""

from __future__ import annotations

import warnings


class _Said:
    """What was said, and whether it is said again."""

    always = False

    def __init__(self) -> None:
        self.messages: set[str] = set()


said = _Said()


def once(message: str, stacklevel: int = 2) -> None:
    """Warn, unless this was said before.

    stacklevel: of the line to be shown, as seen from the caller.
    """
    if said.always or message not in said.messages:
        said.messages.add(message)
        warnings.warn(message, UserWarning, stacklevel=stacklevel + 1)

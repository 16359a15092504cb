"""What registering a hook answers, where torch has it."""

from .._tape import RemovableHandle

__all__ = ["RemovableHandle"]

"""Hooks: where they hang, in what order they are called, and how they are taken off again."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any

_next_id = itertools.count().__next__


class RemovableHandle:
    """Removes a hook: by ``remove()``, or at the end of ``with handle:``.

    Args:
        hooks_dict: the table the hook stands in, under ``handle.id``.
        extra_dict: a table, or a list of tables, that say more of the same hook by the same id.
    """

    __module__ = "minigrad.utils.hooks"  # where torch has it, and prints it
    id: int

    def __init__(self, hooks_dict: Any, *, extra_dict: Any = None):
        # A table that was unpickled has ids that this process did not give.
        self.id = next(id for id in iter(_next_id, None) if id not in hooks_dict)
        extras = extra_dict if isinstance(extra_dict, (list, tuple)) else [extra_dict]
        tables = [hooks_dict, *(d for d in extras if d is not None)]
        # Weakly: a handle that is kept does not keep the module alive.
        self._tables = [weakref.ref(table) for table in tables]

    def remove(self) -> None:
        """Take the hook out of its table; a second time does nothing."""
        for reference in self._tables:
            table = reference()
            if table is not None:
                table.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def __getstate__(self) -> dict[str, Any]:
        return {"id": self.id, "tables": [reference() for reference in self._tables]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.id = state["id"]
        self._tables = [weakref.ref(table) for table in state["tables"] if table is not None]


class Handle(RemovableHandle):
    """Takes a hook off a tensor or a node again, where hooks are lists."""

    __module__, __qualname__ = RemovableHandle.__module__, RemovableHandle.__qualname__

    def __init__(self, owner: Any, field: str, hook: Any):
        self.owner, self.field, self.hook = owner, field, hook
        self.id = _next_id()

    def remove(self) -> None:
        """Take the hook off; a second time is harmless."""
        hooks = [h for h in getattr(self.owner, self.field) or () if h is not self.hook]
        setattr(self.owner, self.field, hooks or None)


class Before:
    """A hook on a node among those on its tensor: it is given, and may answer, a tuple of gradients."""

    def __init__(self, hook: Callable[[Any], Any]):
        self.hook = hook

    def __call__(self, g: Any) -> Any:
        answer = self.hook((g,))
        return answer[0] if isinstance(answer, tuple) else answer


_ever: list[None] = []


def hung() -> bool:
    """Whether there has been a hook that may tell when leaves are given their gradients."""
    return bool(_ever)


def noted() -> None:
    """There is such a hook now."""
    _ever[:] = [None]


def hang(owner: Any, field: str, hook: Any) -> Handle:
    """Add a hook to those of a tensor or node; hooks on nodes come after those on tensors."""
    noted()
    hooks = list(getattr(owner, field) or ())
    nodes = [i for i, h in enumerate(hooks) if isinstance(h, Before)]
    hooks.insert(nodes[0] if nodes and not isinstance(hook, Before) else len(hooks), hook)
    setattr(owner, field, hooks)
    return Handle(owner, field, hook)


def replaced(hook: Any, found: tuple[Any, ...], given: tuple[Any, ...]) -> tuple[Any, ...]:
    """The gradients of inputs after a hook has seen them; RuntimeError if it answers another number of them."""
    answer = hook(found, given)
    if answer is None:
        return found
    answer = answer if isinstance(answer, tuple) else (answer,)
    if len(answer) != len(found):
        raise RuntimeError(
            f"hook '{getattr(hook, '__name__', hook)}' has returned an incorrect number of values (got "
            f"{len(answer)}, but expected {len(found)})"
        )
    return answer

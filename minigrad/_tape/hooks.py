"""Hooks: where they hang, in what order they are called, and how they are taken off again."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

_next_id = itertools.count().__next__


class Handle:
    """Takes a hook off again."""

    def __init__(self, owner: Any, field: str, hook: Any):
        self.owner, self.field, self.hook = owner, field, hook
        self.id = _next_id()

    def remove(self) -> None:
        """Take the hook off; a second time is harmless."""
        hooks = [h for h in getattr(self.owner, self.field) or () if h is not self.hook]
        setattr(self.owner, self.field, hooks or None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: Any) -> None:
        self.remove()


class Before:
    """A hook on a node among those on its tensor: it is given, and may answer, a tuple of gradients."""

    def __init__(self, hook: Callable[[Any], Any]):
        self.hook = hook

    def __call__(self, g: Any) -> Any:
        answer = self.hook((g,))
        return answer[0] if isinstance(answer, tuple) else answer


def hang(owner: Any, field: str, hook: Any) -> Handle:
    """Add a hook to those of a tensor or node; hooks on nodes come after those on tensors."""
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

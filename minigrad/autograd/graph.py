"""The graph as users see it, in ``torch.autograd.graph``'s names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from .._tape import Node, RemovableHandle, cell, edge, engine, heed, mode
from ..tensor import Tensor


class saved_tensors_hooks:  # noqa: N801  (torch's name)
    """In a ``with``: nodes keep what ``pack_hook(tensor)`` answers, and ``unpack_hook`` makes it a tensor again.

    The innermost pair counts. Neither is recorded, and a write to what was packed is not noticed.
    Source: https://docs.pytorch.org/docs/stable/autograd.html#hooks-for-saved-tensors

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> with mg.autograd.graph.saved_tensors_hooks(lambda t: t.half(), lambda t: t.float()):
    ...     y = x * x
    >>> y.sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]):
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook
        self._before: list[Any] = []

    def __enter__(self) -> None:
        if mode.hooks_refused is not None:
            raise RuntimeError(mode.hooks_refused)
        heed("packing")
        self._before.append(mode.packing)
        mode.packing = (self.pack_hook, self.unpack_hook)

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        mode.packing = self._before.pop()


class save_on_cpu(saved_tensors_hooks):  # noqa: N801  (torch's name)
    """In a ``with``: nodes keep tensors in the CPU's memory, where they are anyway; ``pin_memory`` has no effect."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        super().__init__(lambda t: t, lambda t: t)


class disable_saved_tensors_hooks:  # noqa: N801  (torch's name)
    """In a ``with``: to enter ``saved_tensors_hooks`` is a RuntimeError with this message."""

    def __init__(self, error_message: str):
        self.error_message = error_message
        self._before: list[Any] = []

    def __enter__(self) -> None:
        self._before.append(mode.hooks_refused)
        if mode.packing is not None:
            raise RuntimeError(self.error_message)
        mode.hooks_refused = self.error_message

    def __exit__(self, *_: Any) -> None:
        mode.hooks_refused = self._before.pop()


def increment_version(tensor: Any) -> None:
    """Count the version of a tensor, or of several, up, as a write in place would."""
    for t in (tensor,) if isinstance(tensor, Tensor) else tensor:
        cell(t if t.base is None else t.base)[0] += 1


class _MultiHandle(RemovableHandle):
    """Removes several hooks at once."""

    def __init__(self, handles: Sequence[RemovableHandle]):
        self.handles = tuple(handles)

    def remove(self) -> None:
        """Take the hooks off; a second time is harmless."""
        for handle in self.handles:
            handle.remove()


def register_multi_grad_hook(
    tensors: Sequence[Any], fn: Callable[..., Any], *, mode: str = "all"
) -> RemovableHandle:
    """Call ``fn`` once in each backward pass that reaches any of ``tensors``.

    mode: 'all': with the list of their gradients, None for those not reached, when the last has come; 'any': with the
    first gradient that comes.  ValueError for another mode.

    >>> import minigrad as mg
    >>> x, y = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True)
    >>> handle = mg.autograd.graph.register_multi_grad_hook((x, y), print)
    >>> (x * 2).sum().backward()
    [tensor([2., 2.]), None]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of {('all', 'any')} but got {mode}")
    if mode == "any":
        wanting = [t for t in tensors if t.requires_grad]
        hook = _OfAny(fn)
        return _MultiHandle([t.register_hook(hook) for t in wanting])
    together = _OfAll(tensors, fn)
    hooks = [functools.partial(together.taken, i) for i in range(len(tensors))]
    return _MultiHandle([t.register_hook(hook) for t, hook in zip(tensors, hooks)])


class _OfAny:
    """Hands on the first gradient of each backward pass."""

    def __init__(self, fn: Callable[[Any], Any]):
        self.fn = fn
        self.run: Any = None

    def __call__(self, grad: Any) -> None:
        run, self.run = self.run, mode.run
        if run is not mode.run:
            self.fn(grad)


class _OfAll:
    """Gathers the gradients of a backward pass until all have come that will."""

    def __init__(self, tensors: Sequence[Any], fn: Callable[[list[Any]], Any]):
        self.edges = [edge(t) for t in tensors]
        self.fn = fn
        self.run: Any = None
        self.found: list[Any] = []
        self.left = 0

    def taken(self, i: int, grad: Any) -> None:
        """The gradient of the i-th tensor has come."""
        if self.run is not mode.run:
            self.run, self.found = mode.run, [None] * len(self.edges)
            self.left = _to_be_reached(self.edges)
        self.found[i] = grad
        self.left -= 1
        if not self.left:
            found, self.run, self.found = self.found, None, []
            self.fn(found)


def _to_be_reached(edges: list[Any]) -> int:
    """How many of these the backward pass that is going on sends gradients to."""
    roots, wanted = mode.run
    seen = {e for e, _ in roots}
    for node in engine.leading_to(set(edges), list(seen)):
        seen.update(node.edges)
    if wanted is not None and hasattr(wanted, "way"):
        seen &= wanted.way
    return sum(e in seen for e in edges)


__all__ = [
    "Node",
    "disable_saved_tensors_hooks",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]

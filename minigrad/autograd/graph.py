"""The graph as users see it, in ``torch.autograd.graph``'s names."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from .._tape import Node, cell, heed, mode
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


__all__ = [
    "Node",
    "disable_saved_tensors_hooks",
    "increment_version",
    "save_on_cpu",
    "saved_tensors_hooks",
]

"""What nodes keep, as users may look at it and have it kept another way.

``y.grad_fn._saved_self`` is the input that y's node keeps. Inside of ``saved_tensors_hooks`` a node keeps, instead of
an array, what ``pack`` makes of it; ``unpack`` makes it a tensor again when a rule asks for it. Ops look whether there
are hooks only once some have been used (``heed`` in ``primitive``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .graph import Node, Traced, mode, shown, spoilt, wrap


class Packed:
    """What ``pack`` made of an array that a node keeps."""

    __slots__ = ("made", "unpack")

    def __init__(self, array: Any, hooks: tuple[Callable[[Any], Any], Callable[[Any], Any]]):
        pack, self.unpack = hooks
        self.made = _apart(pack, wrap(array))

    def opened(self) -> Any:
        """The array; TypeError if ``unpack`` answers no tensor."""
        found = _apart(self.unpack, self.made)
        if not isinstance(found, Traced):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(found).__name__}"
            )
        return found.array


def _apart(hook: Callable[[Any], Any], given: Any) -> Any:
    """A hook's answer; what it computes is neither recorded nor packed."""
    before = mode.grad, mode.packing
    mode.grad, mode.packing = False, None
    try:
        return hook(given)
    finally:
        mode.grad, mode.packing = before


def opened(kept: Any) -> Any:
    """Something kept, unpacked if it was packed."""
    return kept.opened() if type(kept) is Packed else kept


def pack(node: Node) -> None:
    """Have the hooks of now pack the arrays that a node keeps."""
    kept = list(node.kept or ())
    for i in range(0, len(kept), 3):
        if isinstance(kept[i], np.ndarray):
            _pack_one(node, kept, i, mode.packing)


def _pack_one(node: Node, kept: list[Any], i: int, hooks: Any) -> None:
    kept[i : i + 3] = Packed(kept[i], hooks), None, 0
    node.kept = tuple(kept)
    if not isinstance(node.pull, _Unpacking):
        node.pull = _Unpacking(node.pull)


class _Unpacking:
    """In the place of a node's ``pull``: it is given a node that keeps arrays."""

    def __init__(self, pull: Any):
        self.pull = pull

    def __call__(self, node: Node, g: Any, owned: bool) -> Any:
        if node.kept is None:
            spoilt(node)
        again = Node()
        again.op, again.edges, again.shapes = node.op, node.edges, node.shapes
        again.attrs, again.kept = node.attrs, tuple(map(opened, node.kept or ()))
        return self.pull(again, g, owned)


# ------------------------------------------------------------------------------ looked at
def _names(node: Node) -> Iterator[tuple[str, str, int]]:
    """(torch's name, whether of a tensor, place) of what a node keeps: arrays in ``kept``, numbers in ``attrs``."""
    torchs = {"out": "result"}
    if not node.name().startswith(("Convolution", "Native")):
        torchs["input"] = "self"
    for i, name in enumerate(node.op.kept):
        yield torchs.get(name, name), "kept", 3 * i
    for i, name in enumerate(getattr(node.op, "attrs", ())):
        if isinstance(node.attrs[i], (bool, int, float, str)):
            yield name, "attrs", i


def look(node: Node, name: str) -> Any:
    """``node._saved_...`` and ``node._raw_saved_...``; AttributeError for what it does not keep."""
    raw = name.startswith("_raw_saved_")
    if raw or name.startswith("_saved_"):
        wanted = name.partition("saved_")[2]
        for found, where, i in _names(node):
            if found == wanted:
                if where == "attrs":
                    return node.attrs[i]
                return SavedTensor(node, i) if raw else _tensor(node, i)
    raise AttributeError(f"'{type(node).__name__}' object has no attribute '{name}'")


def looks(node: Node) -> list[str]:
    """The names by which a node may be asked for what it keeps."""
    found = []
    for name, where, _ in _names(node):
        found += [f"_saved_{name}"] + ([f"_raw_saved_{name}"] if where == "kept" else [])
    return found


def _tensor(node: Node, i: int) -> Any:
    spoilt(node)
    array, memory = (node.kept or ())[i : i + 2]
    if array is None:
        return None
    if not isinstance(array, (np.ndarray, Packed)):
        return array  # a number
    name, inputs = node.op.kept[i // 3], node.op.inputs
    e: Any = node if name == "out" else node.edges[inputs.index(name)] if name in inputs else None
    return reopened(array, e) if type(array) is Packed else placed(array, e, memory)


def reopened(packed: Packed, e: Any) -> Any:
    """What was packed, as a tensor in its place in the graph; in a leaf's place a leaf, with the unpacked numbers."""
    t = wrap(packed.opened())
    t.node, t.leaf = (None, True) if isinstance(e, Traced) else (e, False)
    return t


def placed(array: Any, e: Any, memory: Any) -> Any:
    """An array that was kept, as a tensor in its place in the graph: ``e``."""
    if isinstance(e, Traced):
        return e
    t = wrap(array)
    t.node, t.memory = e, memory
    return t


class SavedTensor:
    """A tensor as a node keeps it."""

    def __init__(self, node: Node, place: int):
        self._node, self._place = node, place

    def register_hooks(
        self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]
    ) -> None:
        """Have it packed now, and unpacked when it is asked for; RuntimeError if it was freed or has hooks."""
        spoilt(self._node)
        kept = list(self._node.kept or ())
        if type(kept[self._place]) is Packed:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set"
            )
        if not isinstance(kept[self._place], np.ndarray):
            raise RuntimeError(
                "Calling register_hooks on a saved tensor with value None is forbidden"
            )
        _pack_one(self._node, kept, self._place, (pack_hook, unpack_hook))


def _dir(node: Node) -> list[str]:
    return [*object.__dir__(node), *looks(node)]


shown.update(__getattr__=look, __dir__=_dir)

"""Nests of tuples, lists and dicts as lists of their leaves and back, by the names that scripts take from torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..func._trees import filled, leaves, mapped

tree_leaves = leaves


class TreeSpec:
    """How a nest is built: the nest without its leaves."""

    def __init__(self, tree: Any):
        self.tree = mapped(lambda _: _LEAF, tree)

    @property
    def num_leaves(self) -> int:
        """How many leaves the nest has."""
        return len(leaves(self.tree))

    def unflatten(self, values: Iterable[Any]) -> Any:
        """The nest of these leaves; ValueError if there are more or fewer."""
        given = list(values)
        if len(given) != self.num_leaves:
            raise ValueError(
                f"treespec.unflatten(leaves): `leaves` has length {len(given)} but the spec refers to a pytree "
                f"that holds {self.num_leaves} items"
            )
        return filled(self.tree, iter(given))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TreeSpec) and self.tree == other.tree

    def __hash__(self) -> int:
        return hash(self.num_leaves)

    def __repr__(self) -> str:
        return f"TreeSpec({self.tree})"


class _Leaf:
    def __repr__(self) -> str:
        return "*"


_LEAF = _Leaf()


def tree_flatten(tree: Any) -> tuple[list[Any], TreeSpec]:
    """The leaves of a nest, and how to build it again.

    >>> from minigrad.utils._pytree import tree_flatten, tree_unflatten
    >>> found, spec = tree_flatten({"a": [1, (2, 3)]})
    >>> found
    [1, 2, 3]
    >>> tree_unflatten([x * 10 for x in found], spec)
    {'a': [10, (20, 30)]}
    """
    return leaves(tree), TreeSpec(tree)


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> Any:
    """The nest that ``treespec`` describes, of these leaves."""
    return treespec.unflatten(leaves)


def tree_structure(tree: Any) -> TreeSpec:
    """How a nest is built."""
    return TreeSpec(tree)


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any) -> Any:
    """The nest with ``func`` of each leaf, and of those of the other nests at its place, in its place.

    >>> from minigrad.utils._pytree import tree_map
    >>> tree_map(lambda x, y: x + y, {"a": [1, 2]}, {"a": [3, 4]})
    {'a': [4, 6]}
    """
    others = [iter(leaves(rest)) for rest in rests]
    return mapped(lambda x: func(x, *map(next, others)), tree)


def tree_map_only(kind: Any, func: Callable[[Any], Any], tree: Any) -> Any:
    """The nest with ``func`` of each leaf that is of a type, or one of several, in its place."""
    return mapped(lambda x: func(x) if isinstance(x, kind) else x, tree)


def tree_all(pred: Callable[[Any], bool], tree: Any) -> bool:
    """Whether all leaves fulfil a condition."""
    return all(map(pred, leaves(tree)))


def tree_any(pred: Callable[[Any], bool], tree: Any) -> bool:
    """Whether a leaf fulfils a condition."""
    return any(map(pred, leaves(tree)))

"""Nests of tuples, lists and dicts: their leaves in order, and the same nest of other leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """What stands in a nest that is no tuple, list or dict."""
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves(value)]
    if isinstance(tree, (tuple, list)):
        return [leaf for value in tree for leaf in leaves(value)]
    return [tree]


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The nest with ``function`` of each leaf in its place."""
    if isinstance(tree, dict):
        made = {key: mapped(function, value) for key, value in tree.items()}
        return made if type(tree) is dict else type(tree)(made)
    if isinstance(tree, (tuple, list)):
        parts = [mapped(function, value) for value in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return function(tree)


def filled(tree: Any, values: Iterator[Any]) -> Any:
    """The nest with the next of ``values`` in the place of each leaf."""
    return mapped(lambda _: next(values), tree)

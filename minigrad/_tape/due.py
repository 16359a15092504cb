"""When the gradients of leaves are complete, in a graph that hooks look at.

Usually leaves are given their gradients when the backward loop is done. Hooks can tell when: as in torch a leaf has
its gradient, and its own hooks are called, as soon as the last part of it has come. So a module's hook finds the
gradients of the module's parameters, and an optimizer that steps in such hooks frees each at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from .fitting import fitted
from .graph import Node


class Due:
    """The parts of the leaves' gradients that are still to come, and the sums of those that have.

    deliver: called with a leaf and its gradient, which others may hold too.
    """

    def __init__(self, roots: list[tuple[Any, Any]], deliver: Callable[[Any, Any], None]):
        self._deliver = deliver
        self._left: Counter[Any] = Counter()
        self._sums: dict[Any, Any] = {}
        waiting = [e for e, _ in roots if isinstance(e, Node)]
        seen = set(waiting)
        while waiting:
            for e in waiting.pop().edges:
                if not isinstance(e, Node):
                    self._left[e] += 1
                elif e not in seen:
                    seen.add(e)
                    waiting.append(e)
        for e, _ in roots:  # a leaf among them is given all at the end
            self._left.pop(e, None)

    def taken(self, node: Node, made: Any) -> list[Any]:
        """The gradients that a node's rules made, less those for leaves, which are kept here."""
        rest = list(made)
        for i, (e, r, shape) in enumerate(zip(node.edges, made, node.shapes)):
            if e is None or isinstance(e, Node) or e not in self._left:
                continue
            rest[i] = None
            if r is not None:
                r = r if r.shape == shape else fitted(r, shape)
                self._sums[e] = self._sums[e] + r if e in self._sums else r
            self._left[e] -= 1
            if not self._left[e] and e in self._sums:
                self._deliver(e, self._sums.pop(e))
        return rest

    def rest(self) -> None:
        """Deliver what waited for parts that never came."""
        while self._sums:
            leaf = next(iter(self._sums))
            self._deliver(leaf, self._sums.pop(leaf))

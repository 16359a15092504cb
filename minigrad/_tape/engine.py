"""The backward loop: a heap of nodes by creation number, newest first, and no recursion.

Gradients are arrays in first order and tensors under ``create_graph``; the nodes' rules serve both.  A gradient
that arrives is at first borrowed (it may be the very array another input was given); the second to arrive makes
a sum that is owned, and further ones are added to it in place.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from heapq import heappop, heappush, heapreplace
from typing import Any

import numpy as np

from .due import Due
from .fitting import fitted, stays_one
from .graph import Node, Traced, cell, edge, errors, mode, silent, spoilt, stacks, wrap
from .hooks import hung
from .primitive import primitive
from .saved import opened, placed

ndarray = np.ndarray


class _Copying:
    """How a gradient becomes one that nobody shares; ops put a function here that is quicker for many numbers."""

    copied: Any = staticmethod(np.array)


copying = _Copying()


@primitive
def same(input: Any, /) -> Any:
    """``input`` itself, as a new point of the graph: where gradients for it can be caught."""
    return input


same.vjps(input=lambda g: g)


def run(
    roots: list[tuple[Any, Any]],
    *,
    retain_graph: bool = False,
    create_graph: bool = False,
    capture: list[Any] | None = None,
    into: Any = None,
) -> dict[Any, Any]:
    """Send gradients from the roots' edges down the tape.

    roots: (edge, gradient) pairs; gradients are arrays, or tensors under ``create_graph``.
    capture: the edges at which gradients are wanted; only the way to them is gone.  None: all leaves.
    into: a function that is given each leaf and its gradient, which nobody else holds.
    Answers {edge: gradient} for the leaves, or for the captured edges that were reached.
    RuntimeError if the graph was freed, or something it kept was written in place.
    """
    found: dict[Any, Any] = {}

    def deliver(leaf: Any, g: Any, owned: bool = False) -> None:
        if leaf.hooks is not None:
            g, owned = hooked(leaf.hooks, g, create_graph), False
        g = g if owned or create_graph else copying.copied(g)
        if into is None:
            found[leaf] = g
        else:
            into(leaf, g)

    wanted: _Wanted | Due | None = None
    if capture is not None:
        wanted = _Wanted(capture, roots)
    elif into is not None and hung():
        wanted = Due(roots, deliver)
    before, mode.grad = mode.grad, create_graph
    outer, mode.run = mode.run, [roots, wanted]
    token = errors.set(silent)  # torch never warns of an overflow
    try:
        leaves = _loop(roots, retain_graph, create_graph, wanted)
        if isinstance(wanted, Due):
            wanted.rest()
        elif wanted is not None:
            found.update(wanted.found)
            leaves = {leaf: slot for leaf, slot in leaves.items() if leaf in wanted.edges}
        for leaf, (g, owned) in leaves.items():
            deliver(leaf, g, owned)
    finally:
        errors.reset(token)
        mode.run.clear()  # hooks that know this pass again by its list keep nothing alive
        mode.grad, mode.run = before, outer
    return found


class _Wanted:
    """The edges at which gradients are wanted: those, all that lie on the way to them, and what was found."""

    def __init__(self, capture: list[Any], roots: list[tuple[Any, Any]]):
        self.edges = set(capture)
        self.way = self.edges | leading_to(self.edges, [e for e, _ in roots])
        self.found: dict[Any, Any] = {}


def _loop(
    roots: list[tuple[Any, Any]], retain_graph: bool, create_graph: bool, wanted: Any
) -> dict[Any, list[Any]]:
    """The nodes, newest first; answers the leaves' gradients, as {leaf: [gradient, whether owned]}.

    ``pending`` has what waits, under the numbers in ``heap``; one node is at hand as ``node``, with ``g`` and
    whether that is ``owned``: a chain of nodes never comes to lie in them.
    """
    pending: dict[int, tuple[Any, bool, Node]] = {}  # seq: (gradient, whether owned, node)
    leaves: dict[Any, list[Any]] = {}
    heap: list[int] = []
    _give(roots, pending, leaves, heap)
    usual = wanted is None and not create_graph and not stacks
    node = None
    while True:
        if node is None:
            if not heap:
                return leaves
            g, owned, node = pending.pop(heappop(heap))
        elif heap and heap[0] < node.seq:
            pending[node.seq] = (g, owned, node)
            g, owned, node = pending.pop(heapreplace(heap, node.seq))
        if node.hooks is not None:
            g, owned = hooked(node.hooks, g, create_graph), False
        made = node.pull(node, g, owned) if usual else _pulled(node, g, create_graph, wanted)
        gift = type(made) is list
        spent, sent, node = node, g, None
        if not retain_graph and spent.kept and made:
            spent.kept = None
        if len(made) == 1:  # most often, and it goes straight on to another node
            (e,), (r,), (shape,) = spent.edges, made, spent.shapes
            if isinstance(e, Node) and r is not None and e.seq not in pending:
                if r.shape != shape and not (usual and stays_one(r, shape, e)):
                    r = fitted(r, shape)
                node, g, owned = e, r, gift and r.base is None
                continue
        for e, r, shape in zip(spent.edges, made, spent.shapes):
            if r is None or e is None:
                continue
            inner = isinstance(e, Node)
            if r.shape != shape and not (inner and usual and stays_one(r, shape, e)):
                r = fitted(r, shape)
            if not inner:
                slot = leaves.get(e)
                if slot is None:
                    # what a rule made anew is a leaf's; g itself or a view may be shared
                    leaves[e] = [r, r is not sent and not create_graph and r.base is None]
                elif slot[1]:
                    slot[0] += r
                else:
                    slot[0], slot[1] = slot[0] + r, not create_graph
            elif e is node:
                g, owned = g + r, not create_graph
            elif e.seq in pending:
                pending[e.seq] = (*_added(pending[e.seq], r, create_graph), e)
            elif node is None:
                node, g, owned = e, r, gift and r.base is None
            else:
                pending[e.seq] = (r, gift and r.base is None, e)
                heappush(heap, e.seq)


def _added(waiting: tuple[Any, bool, Node], r: Any, create_graph: bool) -> tuple[Any, bool]:
    """The sum of a gradient that waits and another, and whether it is owned."""
    total, owned, _ = waiting
    if owned:
        total += r
        return total, True
    return total + r, not create_graph


def _pulled(node: Node, g: Any, create_graph: bool, wanted: _Wanted | Due | None) -> Any:
    """The node's gradients, none where they are not wanted; its own is noted if that is wanted."""
    if isinstance(wanted, _Wanted):
        if node in wanted.edges:
            wanted.found[node] = g
        if not _leads(node, wanted.way):
            return ()
    if stacks:
        made = _watched(node, g, create_graph)
    else:
        made = _differentiated(node, g) if create_graph else node.pull(node, g, False)
    if isinstance(wanted, Due):
        return wanted.taken(node, made)
    if wanted is None:
        return tuple(made)
    return tuple(r if e in wanted.way else None for e, r in zip(node.edges, made))


def _watched(node: Node, g: Any, create_graph: bool) -> Any:
    """The node's gradients; an error, or a NaN among them, is told with the stack of the node's making."""
    try:
        found = _differentiated(node, g) if create_graph else node.pull(node, g, False)
        for i, r in enumerate(found):
            if r is not None and np.isnan(r.array if create_graph else r).any():
                raise RuntimeError(
                    f"Function '{node.name()}' returned nan values in its {i}th output."
                )
    except Exception:
        made = stacks.get(node.seq, "It was made before anomaly detection was on.")
        warnings.warn(
            f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{made}",
            stacklevel=2,
        )
        raise
    return found


def _give(roots: list[tuple[Any, Any]], pending: Any, leaves: Any, heap: list[int]) -> None:
    """Put the roots' gradients where the loop finds them."""
    for e, g in roots:
        if not isinstance(e, Node):
            leaves[e] = [leaves[e][0] + g if e in leaves else g, False]
        elif e.seq in pending:
            pending[e.seq] = (pending[e.seq][0] + g, False, e)
        else:
            pending[e.seq] = (g, False, e)
            heappush(heap, e.seq)


def _leads(node: Node, needed: Any) -> bool:
    """Whether gradients wanted elsewhere go through a node."""
    return any(e in needed for e in node.edges if e is not None)


def leading_to(wanted: set[Any], roots: list[Any]) -> set[Any]:
    """The nodes from which a wanted edge can be reached."""
    nodes, stack = set(), [e for e in roots if isinstance(e, Node)]
    while stack:
        node = stack.pop()
        if node not in nodes:
            nodes.add(node)
            stack.extend(e for e in node.edges if isinstance(e, Node))
    needed: set[Any] = set()
    for node in sorted(nodes, key=lambda n: -n.seq):  # inputs before outputs
        if any(e in wanted or e in needed for e in node.edges if e is not None):
            needed.add(node)
    return needed


def hooked(hooks: list[Any], g: Any, create_graph: bool) -> Any:
    """``g`` after a tensor's hooks have seen, and perhaps replaced, it."""
    for hook in list(hooks):
        answer = hook(g if create_graph else wrap(g))
        if answer is not None:
            if not isinstance(answer, Traced):
                raise TypeError(f"a hook must answer a Tensor or None, not {type(answer).__name__}")
            if answer.array.shape != np.shape(g.array if create_graph else g):
                raise RuntimeError("hook has changed the size of value")
            g = answer if create_graph else answer.array
    return g


def _differentiated(node: Node, g: Any) -> Any:
    """The node's gradients as tensors that record: what it kept is given back its place in the graph."""
    if node.op.composite is not None:
        return _by_composite(node, g)
    if node.op.kept and node.kept:
        again = Node()
        again.op, again.pull, again.edges, again.shapes = (
            node.op,
            node.pull,
            node.edges,
            node.shapes,
        )
        again.attrs, again.kept = node.attrs, tuple(_placed_again(node))
        node = again
    return node.pull(node, g, False)


def _placed_again(node: Node) -> Iterator[Any]:
    """What a node kept, the arrays as tensors in the graph."""
    inputs = node.op.inputs
    kept = iter(node.kept or ())
    for k, array, memory, version in zip(node.op.kept, kept, kept, kept):
        array = opened(array)
        if isinstance(array, ndarray):
            if k == "out":
                e: Any = node
            else:
                e = node.edges[inputs.index(k)] if k in inputs else None
            array = placed(array, e, memory)
        yield from (array, memory, version)


def _by_composite(node: Node, g: Any) -> list[Any]:
    """Gradients of a fused op, by differentiating what it is composed of."""
    spoilt(node)
    kept = dict(zip(node.op.kept, map(opened, (node.kept or ())[::3])))
    inputs = []
    for name, e, shape in zip(node.op.inputs, node.edges, node.shapes):
        array = kept.get(name)
        if array is None and e is not None:  # no gradient depends on it, or it would be kept
            array = np.zeros(shape, g.array.dtype)
        if isinstance(array, ndarray):
            array = same(placed(array, e, None))
        inputs.append(array)
    out = node.op.composite(*inputs, *node.attrs)
    points = [getattr(x, "node", None) for x in inputs]
    capture = [p for p in points if p is not None]
    found = run([(out.node, g)], retain_graph=True, create_graph=True, capture=capture)
    return [found.get(p) for p in points]


def seeds(tensors: list[Any], gradients: list[Any], create_graph: bool) -> list[tuple[Any, Any]]:
    """(edge, gradient) of each root: ones for a root of one element; RuntimeError, in torch's words, if unfit."""
    if len(tensors) != len(gradients):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(gradients)} gradients")
    roots = []
    for t, g in zip(tensors, gradients):
        e = edge(t)
        if e is None:
            raise RuntimeError(
                "element 0 of tensors does not require grad and does not have a grad_fn"
            )
        array = t.array
        if g is None:
            if array.size != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            one = np.ones(array.shape, array.dtype) if array.ndim else _one(array.dtype)
            roots.append((e, wrap(one) if create_graph else one))
            continue
        if not isinstance(g, Traced):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
        given: Any = g
        if given.array.shape != array.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[0] has a shape of {given.shape} and output[0] has a shape of "
                f"{t.shape}."
            )
        roots.append((e, g if create_graph else g.array))
    return roots


@functools.cache
def _one(dtype: Any) -> Any:
    """The gradient of a loss by itself: a 0-d array that nobody writes to, as it is never owned."""
    return np.ones((), dtype)


def backward(
    tensors: list[Any],
    gradients: list[Any],
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: list[Any] | None = None,
) -> None:
    """Add the gradients of the roots to ``.grad`` of the leaves (or of ``inputs`` only)."""
    capture = None
    if inputs is not None:
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        capture = [edge(x) for x in inputs]
        if None in capture:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    found = run(
        seeds(tensors, gradients, create_graph),
        retain_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        capture=capture,
        into=accumulate if inputs is None else None,
    )
    for x, e in zip(inputs or (), capture or ()):
        if e in found:
            accumulate(x, found[e])


def _laid_out(g: Any, like: Any) -> Any:
    """``g`` with its elements in memory in the order of ``like``'s, as torch promises of a leaf's gradient."""
    out = np.empty(like.shape, g.dtype) if 0 in like.strides else np.empty_like(like, subok=False)
    if out.strides == g.strides:
        return g
    np.copyto(out, g)
    return out


def accumulate(t: Any, g: Any) -> None:
    """Add ``g`` (an array nobody else holds, or a tensor under ``create_graph``) to ``t.grad``."""
    if isinstance(g, Traced):
        t.gradient = g if t.gradient is None else t.gradient + g
        return
    if g.dtype is not t.array.dtype or type(g) is not ndarray:
        g = np.asarray(g, t.array.dtype)
    if t.gradient is None:
        t.gradient = wrap(g if g.strides == t.array.strides else _laid_out(g, t.array))
    else:
        old = t.gradient
        if old.array.shape == g.shape and old.node is None:
            old.array += g
            cell(old)[0] += 1
        else:
            t.gradient = wrap(old.array + g)
    if t.after_accumulate is not None:
        for hook in list(t.after_accumulate):
            hook(t)

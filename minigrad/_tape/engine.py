"""The backward loop: a heap of nodes by creation number, newest first, and no recursion.

Gradients are arrays in first order and tensors under ``create_graph``; the nodes' rules serve both.  A gradient
that arrives is at first borrowed (it may be the very array another input was given); the second to arrive makes
a sum that is owned, and further ones are added to it in place.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from heapq import heappop, heappush, heappushpop
from typing import Any

import numpy as np

from .graph import Node, Traced, cell, edge, errors, mode, new, silent, spoilt, stacks, sum_to, wrap
from .primitive import primitive

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
) -> dict[Any, Any]:
    """Send gradients from the roots' edges down the tape.

    roots: (edge, gradient) pairs; gradients are arrays, or tensors under ``create_graph``.
    capture: the edges at which gradients are wanted; only the way to them is gone.  None: all leaves.
    Answers {edge: gradient} for the leaves, or for the captured edges that were reached.
    RuntimeError if the graph was freed, or something it kept was written in place.
    """
    wanted = needed = None
    if capture is not None:
        wanted = set(capture)
        needed = wanted | _leading_to(wanted, [e for e, _ in roots])
    found: dict[Any, Any] = {}
    before, mode.grad = mode.grad, create_graph
    token = errors.set(silent)  # torch never warns of an overflow
    try:
        leaves = _loop(roots, retain_graph, create_graph, wanted, needed, found)
        for g, owned, leaf in leaves.values():
            if wanted is not None and leaf not in wanted:
                continue
            if leaf.hooks is not None:
                g = hooked(leaf.hooks, g, create_graph)
                owned = False
            found[leaf] = g if owned or create_graph else copying.copied(g)
    finally:
        errors.reset(token)
        mode.grad = before
    return found


def _loop(
    roots: list[tuple[Any, Any]],
    retain_graph: bool,
    create_graph: bool,
    wanted: Any,
    needed: Any,
    found: dict[Any, Any],
) -> dict[int, list[Any]]:
    """The nodes, newest first; answers the leaves' gradients, as {id: [gradient, whether owned, leaf]}."""
    pending: dict[int, list[Any]] = {}  # seq: [gradient, whether owned, node]
    leaves: dict[int, list[Any]] = {}
    heap: list[int] = []
    following = _give(roots, pending, leaves, heap)
    usual = wanted is None and not create_graph and not stacks
    while following is not None:
        g, owned, node = pending.pop(following)
        following = None
        if node.hooks is not None:
            g, owned = hooked(node.hooks, g, create_graph), False
        if usual:
            gradients = node.pull(node, g, owned)
            gift = type(gradients) is list
        else:
            gradients, gift = _pulled(node, g, create_graph, wanted, needed, found), False
        for e, r, shape in zip(node.edges, gradients, node.shapes):
            if e is None or r is None or (needed is not None and e not in needed):
                continue
            if r.shape != shape:
                r = sum_to(r, shape)
            inner = isinstance(e, Node)
            home, key = (pending, e.seq) if inner else (leaves, id(e))
            slot = home.get(key)
            if slot is None:
                # what a rule made anew is a leaf's; g itself or a view may be shared
                home[key] = [
                    r,
                    (gift if inner else r is not g and not create_graph) and r.base is None,
                    e,
                ]
                if inner:
                    if following is None:
                        following = key
                    else:
                        heappush(heap, key)
            elif slot[1]:
                slot[0] += r
            else:
                slot[0] = slot[0] + r
                slot[1] = not create_graph
        if not retain_graph and node.kept and gradients:
            node.kept = None
        if following is not None:
            following = heappushpop(heap, following)
        elif heap:
            following = heappop(heap)
    return leaves


def _pulled(
    node: Node, g: Any, create_graph: bool, wanted: Any, needed: Any, found: dict[Any, Any]
) -> Any:
    """The node's gradients, none if they are wanted nowhere; its own is noted if that is wanted."""
    if wanted is not None:
        if node in wanted:
            found[node] = g
        if not _leads(node, needed):
            return ()
    if stacks:
        return _watched(node, g, create_graph)
    return _differentiated(node, g) if create_graph else node.pull(node, g, False)


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


def _give(roots: list[tuple[Any, Any]], pending: Any, leaves: Any, heap: list[int]) -> int | None:
    """Put the roots' gradients where the loop finds them; answers the number of the newest node."""
    if len(roots) == 1 and isinstance(roots[0][0], Node):
        e, g = roots[0]
        pending[e.seq] = [g, False, e]
        return int(e.seq)
    for e, g in roots:
        home, key = (pending, e.seq) if isinstance(e, Node) else (leaves, id(e))
        if key in home:
            home[key][0] = home[key][0] + g
        else:
            home[key] = [g, False, e]
            if isinstance(e, Node):
                heappush(heap, key)
    return heappop(heap) if heap else None


def _leads(node: Node, needed: Any) -> bool:
    """Whether gradients wanted elsewhere go through a node."""
    return any(e in needed for e in node.edges if e is not None)


def _leading_to(wanted: set[Any], roots: list[Any]) -> set[Any]:
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
        again = new(Node)
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
        if isinstance(array, ndarray):
            if k == "out":
                e: Any = node
            else:
                e = node.edges[inputs.index(k)] if k in inputs else None
            array = _placed(array, e, memory)
        yield from (array, memory, version)


def _placed(array: Any, e: Any, memory: Any) -> Any:
    if isinstance(e, Traced):
        return e
    t = wrap(array)
    t.node, t.memory = e, memory
    return t


def _by_composite(node: Node, g: Any) -> list[Any]:
    """Gradients of a fused op, by differentiating what it is composed of."""
    spoilt(node)
    kept = dict(zip(node.op.kept, (node.kept or ())[::3]))
    inputs = []
    for name, e, shape in zip(node.op.inputs, node.edges, node.shapes):
        array = kept.get(name)
        if array is None and e is not None:  # no gradient depends on it, or it would be kept
            array = np.zeros(shape, g.array.dtype)
        if isinstance(array, ndarray):
            array = same(_placed(array, e, None))
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
    )
    if inputs is not None:
        for x, e in zip(inputs, capture or ()):
            if e in found:
                accumulate(x, found[e])
    else:
        for leaf, g in found.items():
            accumulate(leaf, g)


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

"""The graph: nodes, what the tape needs of a tensor, version cells and views.

    Tensor ──node──> Node ──edges──> Node or leaf Tensor or None
       │               └─kept──> (array, memory, version) for each array a rule will read
       └─memory─> [version]   one cell shared by an owner and all its views

Everything points backwards, so that a graph dies with its last tensor, without the garbage collector.
"""

from __future__ import annotations

import contextvars
import functools
import itertools
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .fitting import fitted
from .hooks import Before, Handle, hang, replaced

Array = np.ndarray[Any, Any]
new = object.__new__


class _Mode(threading.local):
    """Per thread: whether ops are recorded, and how to call arithmetic without NumPy's warnings."""

    grad = True
    inference = False
    packing: Any = None  # (pack, unpack) for what nodes keep
    hooks_refused: str | None = None  # why there must be no such hooks
    run: Any = (
        None  # of the backward pass going on: its roots' edges, and what it was told to reach
    )

    def __init__(self) -> None:
        # Torch never warns of an overflow.  A context of our own, entered for one call of a ufunc, leaves the
        # user's np.errstate alone at a tenth of the cost of entering np.errstate.
        context = contextvars.Context()
        context.run(np.seterr, all="ignore")
        self.quiet = context.run


mode = _Mode()


def _error_state() -> tuple[contextvars.ContextVar[Any], Any]:
    """NumPy's variable for its error state, and the value in which it never warns."""
    context = contextvars.Context()
    context.run(np.seterr, all="ignore")
    ((variable, silent),) = context.items()
    return variable, silent


errors, silent = _error_state()
next_seq = itertools.count(0, -1).__next__


class _Numbering:
    """How nodes get their numbers: plainly, or under anomaly detection with their stacks."""

    next_seq = staticmethod(next_seq)


numbering = _Numbering()


class Node:
    """One recorded application of an op: how a gradient goes from its output to its inputs.

    Attributes: ``op``; ``pull``, the function that does it; ``seq``, minus the number of its creation, so that the
    newest of some is their minimum; ``edges`` and ``shapes``, one per input; ``attrs``;
    ``kept``, for each name in ``op.kept`` three entries in a row: the array that rules read, the cell of its
    memory and the version that had (None, None, 0 where no rule will ask); None once it was freed; ``hooks``.
    Few have ``title``, a name instead of the op's, and ``noted``, their metadata.
    """

    __slots__ = (
        "__weakref__",
        "attrs",
        "edges",
        "hooks",
        "kept",
        "noted",
        "op",
        "pull",
        "seq",
        "shapes",
        "title",
    )

    op: Any
    pull: Any
    seq: int
    edges: tuple[Any, ...]
    shapes: tuple[Any, ...]
    attrs: tuple[Any, ...]
    kept: tuple[Any, ...] | None
    hooks: list[Any] | None
    noted: dict[str, Any]
    title: str | None

    def keep_out(self, array: Array, memory: list[int]) -> None:
        """Keep the answer, if it is kept at all, as ``array`` whose memory has the version of now."""
        if self.kept is not None and "out" in self.op.kept:
            i = 3 * self.op.kept.index("out")
            if isinstance(self.kept[i], np.ndarray):
                self.kept = (*self.kept[:i], array, memory, memory[0], *self.kept[i + 3 :])

    def _parted(self) -> Node:
        """The node, of one application: the last, if it stands for several (its op has ``parted`` then)."""
        parted = getattr(self.op, "parted", None)
        if parted is not None:
            parted(self)
        return self

    def name(self) -> str:
        """The name torch prints for this node, e.g. ``MulBackward0``."""
        title = getattr(self, "title", None) or self.op.title
        return str(title(self) if callable(title) else title)

    def shown(self) -> Node:
        """This node, as users see it: its type has its name.  Recording makes nodes of one type only."""
        if type(self) is Node:
            self.__class__ = _of_name(self.name(), getattr(self.op, "_place", "builtins"))
        return self

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes this one sends gradients to, in the order of its inputs, as (node, 0)."""
        return tuple(
            (e if e is None else e.shown() if isinstance(e, Node) else AccumulateGrad.of(e), 0)
            for e in self._parted().edges
        )

    @property
    def metadata(self) -> dict[str, Any]:
        """A dict for whatever one wants to note."""
        if not hasattr(self, "noted"):
            self._parted().noted = {}
        return self.noted

    def register_prehook(self, hook: Callable[[Any], Any]) -> Handle:
        """Call ``hook(grad_outputs)`` before the gradients of inputs are computed; a tuple it answers replaces them."""
        return hang(self, "hooks", Before(hook))

    def register_hook(self, hook: Callable[[Any, Any], Any]) -> Handle:
        """Call ``hook(grad_inputs, grad_outputs)`` afterwards; a tuple it answers replaces the gradients of inputs."""
        if not isinstance(self.pull, _Shown):
            self.pull = _Shown(self._parted().pull)
        return hang(self.pull, "hooks", hook)

    def __repr__(self) -> str:
        place = getattr(self.op, "_place", "")
        return f"<{place}{place and '.'}{self.name()} object at {id(self):#x}>"


shown: dict[str, Any] = {"__slots__": ()}
"""What nodes have once users see them: a ``__getattr__`` would make every attribute of the others slower."""


@functools.cache
def _of_name(name: str, place: str) -> type[Node]:
    """The type of the nodes of that name, from the module ``place``."""
    return type(name, (Node,), {**shown, "__module__": place})


class _Shown:
    """In the place of a node's ``pull``: its gradients after hooks have seen, and perhaps replaced, them."""

    def __init__(self, pull: Any):
        self.pull = pull
        self.hooks: list[Any] | None = None

    def __call__(self, node: Node, g: Any, owned: bool) -> tuple[Any, ...]:
        tensors = isinstance(g, Traced)
        found = tuple(
            r if r is None else fitted(r, s) if r.shape != s else r
            for r, s in zip(self.pull(node, g, False), node.shapes)
        )
        shown = found if tensors else tuple(r if r is None else wrap(r) for r in found)
        for hook in list(self.hooks or ()):
            shown = replaced(hook, shown, (g if tensors else wrap(g),))
        return shown if tensors else tuple(r if r is None else r.array[...] for r in shown)


class AccumulateGrad:
    """What stands for a leaf tensor in ``next_functions``: the place where its gradient is added up."""

    next_functions: tuple[Any, ...] = ()

    def __init__(self, variable: Any):
        self.variable = variable
        self.metadata: dict[str, Any] = {}

    @classmethod
    def of(cls, variable: Any) -> AccumulateGrad:
        """The one that stands for ``variable``."""
        known = variable.__dict__.get("accumulator")
        found = known() if known is not None else None
        if found is None:
            found = cls(variable)
            variable.__dict__["accumulator"] = weakref.ref(found)
        return found

    def name(self) -> str:
        """The name torch has for the node of a leaf."""
        return "torch::autograd::AccumulateGrad"

    def register_prehook(self, hook: Callable[[Any], Any]) -> Handle:
        """Call ``hook(grad_outputs)`` before the leaf's gradient is added up; a tuple it answers replaces it."""
        return hang(self.variable, "hooks", Before(hook))

    def register_hook(self, hook: Callable[[Any, Any], Any]) -> Handle:
        """Call ``hook((), grad_outputs)`` after the leaf's gradient has been added up."""
        seen: list[Any] = []
        hang(self.variable, "hooks", Before(lambda given: seen.append(given)))
        return hang(self.variable, "after_accumulate", lambda leaf: hook((), seen.pop()))

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"


class Traced:
    """What the tape needs of a tensor.

    What every op reads lies in slots, which are quick; what few tensors have, in the class as a default.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "array",
        "base",
        "leaf",
        "memory",
        "node",
        "path",
        "seen",
    )

    array: Array
    node: Node | None  # what made it, if recorded
    leaf: bool  # a leaf that requires grad
    memory: list[int] | None  # [version], made when first needed
    base: Traced | None  # of a view: the owner of the memory
    path: tuple[Any, ...]  # of a view, and of nothing else: its steps (op, attrs) from the owner
    seen: int  # of a view, and of nothing else: the version its node belongs to

    gradient: Any = None  # .grad
    hooks: list[Any] | None = None  # of a leaf; those of other tensors are their node's
    after_accumulate: list[Any] | None = None


class Frozen(list[int]):
    """The version cell of a tensor made in inference mode: outside of it, it is neither written nor kept."""


def unsaved() -> None:
    """Raise torch's error for an inference tensor that backward would need."""
    raise RuntimeError(
        "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
        "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use "
        "it in autograd, or use `minigrad.no_grad()` instead of `minigrad.inference_mode()`."
    )


def cell(t: Traced) -> list[int]:
    """The version cell of a tensor's memory."""
    if t.memory is None:
        t.memory = [0]
    return t.memory


def follow(x: Any, path: Sequence[Any]) -> Any:
    """The view of ``x`` (array or tensor) at the end of a path of view steps."""
    for op, attrs in path:
        x = op(x, *attrs)
    return x


def refresh(view: Traced) -> None:
    """Give a view whose owner was written since the node that its steps from the owner now have."""
    owner = view.base
    assert owner is not None
    while owner.base is not None:  # it was itself reshaped in place
        view.base = owner = owner.base
    assert owner.memory is not None
    view.seen = owner.memory[0]
    if owner.node is None and not owner.leaf:
        view.node = None
        return
    before, mode.grad = mode.grad, True
    try:
        view.node = follow(owner, view.path).node
    finally:
        mode.grad = before


def edge(t: Any) -> Any:
    """Where gradients for ``t`` go: a Node, ``t`` itself if it is a leaf that requires grad, or None."""
    if t.base is not None and t.seen != t.memory[0]:
        refresh(t)
    return t.node if t.node is not None else (t if t.leaf else None)


def alias(out: Traced, x: Traced, op: Any, attrs: tuple[Any, ...]) -> None:
    """Note that ``out`` is a view of ``x``, one step further on x's path from the owner of the memory."""
    a, b = out.array, x.array
    if a.base is not b and (a.base is None or a.base is not b.base) and a is not b:
        return
    if x.base is None:
        out.base, out.path = x, ((op, attrs),)
    else:
        out.base, out.path = x.base, (*x.path, (op, attrs))
    memory = x.memory
    if memory is None:
        memory = x.memory = [0]
    out.memory = memory
    out.seen = memory[0]


stacks: dict[int, str] = {}
"""Under anomaly detection: by a node's number, the stack of the call that made it."""


def watched_seq() -> int:
    """The number of the next node, whose making's stack is noted."""
    import traceback  # only under anomaly detection: importing it takes a millisecond

    n = next_seq()
    stacks[n] = "".join(traceback.format_stack()[:-2])
    return n


class _Public:
    """The class of the tensors that ops answer, set once it is defined."""

    tensor: type = Traced


public = _Public()


def wrap(array: Any) -> Any:
    """A tensor on an array, sharing its memory; not recorded."""
    return settled(new(public.tensor), array)


def settled(t: Any, array: Any) -> Any:
    """A tensor just made, given its array and an empty place on the tape."""
    t.array = array if type(array) is np.ndarray else np.asarray(array)
    t.node = t.memory = t.base = None
    t.leaf = False
    return t


def node_of(
    op: Any, edges: tuple[Any, ...], shapes: tuple[Any, ...], attrs: tuple[Any, ...]
) -> Node:
    """A node for an application of ``op`` that was carried out elsewhere and keeps nothing."""
    node = Node()
    node.op, node.pull, node.seq = op, op.pull, numbering.next_seq()
    node.edges, node.shapes = edges, shapes
    node.attrs, node.kept, node.hooks = attrs, (), None
    return node


def spoilt(node: Node) -> None:
    """Raise torch's error for a node whose kept arrays are gone or were written over."""
    if node.kept is None:
        raise RuntimeError(
            "Trying to backward through the graph a second time (or directly access saved tensors after they "
            "have already been freed). Saved intermediate values of the graph are freed when you call "
            ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
            "graph a second time or if you need to access saved tensors after calling backward."
        )
    kept = iter(node.kept)
    for k, array, memory, version in zip(node.op.kept, kept, kept, kept):
        if memory is not None and memory[0] != version:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace "
                f"operation: [{array.dtype} {list(array.shape)}], the "
                f"{'output' if k == 'out' else f'input {k!r}'} of {node.name()}, is at version {memory[0]}; "
                f"expected version {version} instead. Hint: enable anomaly detection to find the "
                "operation that failed to compute its gradient, with "
                "minigrad.autograd.set_detect_anomaly(True)."
            )

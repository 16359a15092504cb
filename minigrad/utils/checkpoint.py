"""Memory for time: what a part of a model keeps for backward is thrown away, and computed again when it is needed.

The part is run once, recorded; from that record is learnt to which tensors outside of it gradients go. The record
is then let go of, and one node stands in its place that leads to those tensors. When a gradient comes to it, it runs
the part again and goes back through the new record. So it does not matter how the part came by its tensors, by
arguments or as a model's parameters, nor what it answers.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import random
from .._tape import Node, edge, engine, mode, wrap
from .._tape.graph import numbering
from ..autograd import Function
from ..tensor import Tensor

_UNSAID = (
    "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, calling "
    "checkpoint without use_reentrant will raise an exception. use_reentrant=False is recommended, but if you need to "
    "preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more details on the "
    "differences between the two variants."
)


class CheckpointError(RuntimeError):
    """What was computed again is not what was computed before."""


def noop_context_fn() -> tuple[Any, Any]:
    """Contexts that do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, computed again in backward instead of being remembered.

    function: answers tensors, or tuples, lists and dicts with tensors in them; must do the same each time.
    preserve_rng_state: whether it is to draw the same random numbers the second time.
    use_reentrant: True takes no keyword arguments for the function and answers what requires no grad unless a tensor
    among the arguments does; both as torch.  context_fn: makes two contexts, for the first run and the second.
    CheckpointError (in backward) if the second run answers other shapes or dtypes, unless determinism_check is 'none'.
    ``debug`` and ``early_stop`` have no effect.
    Source: https://docs.pytorch.org/docs/stable/checkpoint.html

    >>> import minigrad as mg
    >>> from minigrad.utils.checkpoint import checkpoint
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> y = checkpoint(lambda x: (x * x).exp(), x, use_reentrant=False)
    >>> y.sum().backward()
    >>> x.grad
    tensor([  5.4366, 218.3926])
    """
    if use_reentrant is None:
        warnings.warn(_UNSAID, UserWarning, stacklevel=2)
        use_reentrant = True
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug is not False:
            raise ValueError(
                "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
            )
        if mode.grad and not any(isinstance(a, Tensor) and a.requires_grad for a in args):
            warnings.warn(
                "None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2
            )
            before, mode.grad = mode.grad, False
            try:
                return function(*args)
            finally:
                mode.grad = before
    run = _Run(function, args, kwargs, context_fn, preserve_rng_state, determinism_check)
    return run.first("CheckpointFunctionBackward" if use_reentrant else None)


class _Run:
    """A function with its arguments, and how to run it once more."""

    def __init__(
        self, function: Any, args: Any, kwargs: Any, context_fn: Any, keep_random: bool, check: str
    ):
        self.function, self.args, self.kwargs, self.check = function, args, kwargs, check
        self.contexts = context_fn()
        self.state = random.get_rng_state() if keep_random else None

    def first(self, title: str | None) -> Any:
        """Run it, forget the record, and answer what it answers, made by one node."""
        start = numbering.next_seq()
        with self.contexts[0]:
            out = self.function(*self.args, **self.kwargs)
        inner = [t for t in _tensors(out) if _is_after(edge(t), start)]
        if not inner or not mode.grad:
            return out
        self.what = [(t.array.shape, t.array.dtype) for t in inner]
        shapes = _outside([t.node for t in inner], start)
        self.ends = list(shapes)
        answers = _Checkpointed.apply(self, inner, *map(_standing_for, self.ends, shapes.values()))
        for old, new in zip(inner, answers):
            new.node.title = title or old.node.name()
        fresh = dict(zip(map(id, inner), answers))
        return _with_tensors(out, lambda t: fresh.get(id(t), t))

    def gradients(self, given: tuple[Any, ...]) -> list[Any]:
        """Run it again and take the gradients of its answers to what is outside."""
        with contextlib.ExitStack() as stack:
            if self.state is not None:
                stack.enter_context(random.fork_rng())
                random.set_rng_state(self.state)
            start, create_graph = numbering.next_seq(), mode.grad
            before, mode.grad = mode.grad, True
            try:
                with self.contexts[1]:
                    out = self.function(*self.args, **self.kwargs)
            finally:
                mode.grad = before
        inner = [t for t in _tensors(out) if _is_after(edge(t), start)]
        if self.check != "none" and [(t.array.shape, t.array.dtype) for t in inner] != self.what:
            raise CheckpointError(
                "utils.checkpoint: what was computed again has other shapes or dtypes: "
                f"{[t.shape for t in inner]} instead of {[list(s) for s, _ in self.what]}."
            )
        roots = [
            (t.node, g if create_graph else g.array) for t, g in zip(inner, given) if g is not None
        ]
        with _unhooked(self.ends):  # hooks wait for the gradient that comes out of here
            found = engine.run(
                roots, retain_graph=create_graph, create_graph=create_graph, capture=self.ends
            )
        gradients = (found.get(e) for e in self.ends)
        return [g if g is None or isinstance(g, Tensor) else wrap(g) for g in gradients]


class _Checkpointed(Function):
    """The node that stands for a part of a model."""

    @staticmethod
    def forward(ctx: Any, run: _Run, inner: list[Any], *ends: Any) -> Any:
        ctx.run = run
        return tuple(t.detach() for t in inner)

    @staticmethod
    def backward(ctx: Any, *given: Any) -> Any:
        return None, None, *ctx.run.gradients(given)


def _is_after(e: Any, start: int) -> bool:
    """Whether an edge is a node made after a certain number was given out."""
    return isinstance(e, Node) and e.seq < start


def _outside(nodes: list[Any], start: int) -> dict[Any, Any]:
    """Where gradients leave the nodes made since ``start``: {edge: the shape of the gradient}."""
    found: dict[Any, Any] = {}
    seen, stack = set(), list(nodes)
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        for e, shape in zip(node.edges, node.shapes):
            if _is_after(e, start):
                stack.append(e)
            elif e is not None:
                found.setdefault(e, shape)
    return found


def _standing_for(e: Any, shape: Any) -> Any:
    """A tensor at an edge of the graph, without memory of its own."""
    if isinstance(e, Tensor):
        return e
    t = wrap(np.broadcast_to(np.float32(0), shape))
    t.node = e
    return t


@contextlib.contextmanager
def _unhooked(ends: list[Any]) -> Iterator[None]:
    hooks = [e.hooks for e in ends]
    try:
        for e in ends:
            e.hooks = None
        yield
    finally:
        for e, h in zip(ends, hooks):
            e.hooks = h


def _tensors(x: Any) -> list[Any]:
    """The tensors in what a function answers, in order, each once."""
    found: dict[int, Any] = {}

    def note(t: Any) -> Any:
        found.setdefault(id(t), t)
        return t

    _with_tensors(x, note)
    return list(found.values())


def _with_tensors(x: Any, change: Callable[[Any], Any]) -> Any:
    """What a function answers, with its tensors changed."""
    if isinstance(x, Tensor):
        return change(x)
    if isinstance(x, (tuple, list)):
        parts = [_with_tensors(v, change) for v in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    if isinstance(x, dict):
        return type(x)((k, _with_tensors(v, change)) for k, v in x.items())
    return x


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """``functions``, a Sequential or a list, one after the other in ``segments`` parts, all but the last checkpointed.

    ``preserve_rng_state`` may be given; ValueError for other keyword arguments.
    """
    if use_reentrant is None:
        warnings.warn(_UNSAID, UserWarning, stacklevel=2)
        use_reentrant = True
    keep = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    layers = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(layers) // segments

    def part(first: int, last: int) -> Callable[[Any], Any]:
        def forward(x: Any) -> Any:
            for layer in layers[first:last]:
                x = layer(x)
            return x

        return forward

    end = 0
    for end in range(size, size * (segments - 1) + 1, size):
        input = checkpoint(
            part(end - size, end), input, use_reentrant=use_reentrant, preserve_rng_state=keep
        )
    return part(end, len(layers))(input)

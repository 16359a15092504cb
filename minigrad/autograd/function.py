"""Functions with gradients of one's own: ``class Exp(Function)`` with ``forward`` and ``backward``.

A call of ``apply`` is one node.  Where ``forward`` answers several tensors, each has a small node that hands its
gradient, in a bundle, to the one node of the call:

    inputs  <──  call  <──  output 0
                       <──  output 1
"""

from __future__ import annotations

import functools
import inspect
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from .._tape import Node, cell, edge, mode, node_of, spoilt, wrap
from .._tape.saved import Packed, reopened
from ..tensor import Tensor


class _Bundle:
    """The gradients of a call's several outputs, as they come in."""

    shape = None
    base = None

    def __init__(self, parts: dict[int, Any]):
        self.parts = parts

    def __add__(self, other: _Bundle) -> _Bundle:
        parts = dict(self.parts)
        for i, g in other.parts.items():
            parts[i] = parts[i] + g if i in parts else g
        return _Bundle(parts)


class _Output:
    """The op of one of several outputs: its gradient goes into the bundle."""

    kept, inputs, composite = (), (), None

    def __init__(self, index: int, title: str):
        self.index, self.title, self._place = index, title, __name__

    def pull(self, node: Node, g: Any, owned: bool) -> tuple[Any, ...]:
        return (_Bundle({self.index: g}),)


class _Saved(list[Any]):
    """What ``save_for_backward`` was given.  Its node alone holds it, and lets go after ``backward``."""


class Context:
    """What a call of a Function remembers for its ``backward``: torch's ``ctx``."""

    def __init__(self) -> None:
        self.needs_input_grad: tuple[bool, ...] = ()
        self.materialize_grads = True
        self._saved: Callable[[], _Saved | None] = _Saved
        self._plain: set[int] = set()
        self._dirty: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for ``backward``; a write to one in between is noticed."""
        self._to_save = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say through which outputs no gradient passes."""
        self._plain = {id(t) for t in tensors}

    def mark_dirty(self, *tensors: Any) -> None:
        """Say which inputs ``forward`` wrote in place."""
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether an output that was not used has a gradient of zeros (the default) rather than None."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What ``save_for_backward`` kept; RuntimeError if it was freed, or written in place since."""
        saved = self._saved()
        if saved is None:
            spoilt(_FREED)
        found: list[Any] = []
        for t, memory, version, is_output in saved or ():
            if t is None:
                found.append(None)
                continue
            if type(t) is Packed:
                e = is_output()
                again = isinstance(e, Tensor) and mode.grad  # a leaf, under create_graph
                found.append(e if again else reopened(t, e))
                continue
            if memory[0] != version:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace "
                    f"operation: [{t.dtype} {list(t.shape)}] is at version {memory[0]}; expected version {version} "
                    "instead."
                )
            if (
                is_output is not None
            ):  # placed in the graph again; kept itself, it would be in a cycle
                again = wrap(t.array)
                again.node, again.memory = is_output(), memory
                t = again
            found.append(t)
        return tuple(found)

    saved_variables = saved_tensors

    def _keep(self, outputs: list[Any], call: Node | None) -> None:
        """Settle what is saved, in the call's node if it has one, once the outputs have their nodes."""
        saved = _Saved()
        for t in getattr(self, "_to_save", ()):
            if t is None:
                saved.append((None, None, 0, None))
                continue
            memory = cell(t)
            node = weakref.ref(t.node) if any(t is o for o in outputs) and t.node else None
            if mode.packing is not None:
                e = edge(t)
                saved.append((Packed(t.array, mode.packing), None, 0, node or (lambda e=e: e)))
                continue
            kept = wrap(t.array) if node is not None else t
            saved.append((kept, memory, memory[0], node))
        self.__dict__.pop("_to_save", None)
        if call is None:
            self._saved = lambda: saved
        else:
            call.kept, self._saved = (saved,), weakref.ref(saved)


FunctionCtx = BackwardCFunction = Context

_FREED = Node()
_FREED.kept = None


class Function:
    """Base of functions with a gradient of their own: static ``forward(ctx, ...)`` and ``backward(ctx, *grads)``.

    ``backward`` answers one gradient per input of ``forward``, None where there is none.
    Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.Function

    >>> import minigrad as torch
    >>> class Square(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 2 * x
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> Square.apply(x).backward()
    >>> x.grad
    tensor(6.)
    """

    kept, inputs, composite = (), (), None
    title: str
    _place = __name__  # from where their nodes say that they are

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.title = f"{cls.__name__}Backward"

    def __init__(self, *_: Any, **__: Any):
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should "
            "invoke them on the class itself. Instantiating an autograd function will raise an error in a future "
            "version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *_: Any, **__: Any) -> Any:
        """RuntimeError: the way to call a Function is its ``apply``."""
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; ``ctx`` comes first unless ``setup_context`` is defined."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Fill ``ctx`` after a ``forward`` that takes none."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Answer the gradients of forward's inputs from those of its outputs."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it "
            "with backward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call ``forward`` and record it; gradients go to tensors given by position or by name."""
        apart = cls.setup_context is not Function.setup_context
        if kwargs or apart:
            args, kwargs = cls._by_position(args, kwargs, () if apart else (None,))
        ctx = Context()
        edges = tuple(edge(a) if isinstance(a, Tensor) else None for a in args)
        ctx.needs_input_grad = tuple(e is not None for e in edges)
        live = mode.grad and any(ctx.needs_input_grad)
        before, mode.grad = mode.grad, False
        try:
            if apart:
                out = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, out)
            else:
                out = cls.forward(ctx, *args, **kwargs)
        finally:
            mode.grad = before
        outputs = list(out) if isinstance(out, tuple) else [out]
        outputs = [_fresh(o, args, ctx) for o in outputs]
        call = cls._recorded(ctx, args, edges, outputs) if live else None
        ctx._keep(outputs, call)
        return tuple(outputs) if isinstance(out, tuple) else outputs[0]

    @classmethod
    def _by_position(
        cls, args: tuple[Any, ...], kwargs: dict[str, Any], first: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of ``forward`` after ``first``, in order, with defaults; what only has a name keeps it."""
        bound = inspect.signature(cls.forward).bind(*first, *args, **kwargs)
        bound.apply_defaults()
        return bound.args[len(first) :], bound.kwargs

    @classmethod
    def _recorded(cls, ctx: Context, args: Any, edges: Any, outputs: list[Any]) -> Node:
        shapes = tuple(a.array.shape if isinstance(a, Tensor) else None for a in args)
        kinds = [(o.array.shape, o.array.dtype) for o in outputs if isinstance(o, Tensor)]
        call = node_of(cls, edges, shapes, (ctx, kinds))
        traced = [o for o in outputs if isinstance(o, Tensor)]
        for i, o in enumerate(traced):
            if id(o) in ctx._plain or o.array.dtype.kind != "f":
                continue
            if len(traced) == 1:
                o.node = call
            else:
                o.node = node_of(_Output(i, cls.title), (call,), (None,), ())
            o.leaf = False
        return call

    @classmethod
    def pull(cls, node: Any, g: Any, owned: bool) -> tuple[Any, ...]:
        """The gradients of a recorded call's inputs."""
        gradients = []
        ctx, kinds = node.attrs
        for i, (shape, dtype) in enumerate(kinds):
            part = g.parts.get(i) if isinstance(g, _Bundle) else g
            if part is None and ctx.materialize_grads:
                part = np.zeros(shape, dtype)
            gradients.append(part if part is None or isinstance(part, Tensor) else wrap(part))
        found = cls.backward(ctx, *gradients)
        found = found if isinstance(found, tuple) else (found,)
        if len(found) < len(node.edges) or any(f is not None for f in found[len(node.edges) :]):
            raise RuntimeError(
                f"function {cls.title} returned an incorrect number of gradients (expected {len(node.edges)}, got "
                f"{len(found)})"
            )
        for i, (f, shape) in enumerate(zip(found, node.shapes)):
            if f is not None and not isinstance(f, Tensor):
                raise RuntimeError(
                    f"Function {cls.title} returned an invalid gradient at index {i}: expected Variable or None (got "
                    f"{type(f).__name__})"
                )
            if isinstance(f, Tensor) and shape is not None and not _fits(f.array.shape, shape):
                raise RuntimeError(
                    f"Function {cls.title} returned an invalid gradient at index {i} - got {list(f.shape)} but "
                    f"expected shape compatible with {list(shape)}"
                )
        if mode.grad:
            return found
        # As views, which the backward loop takes for borrowed: one array may stand for several inputs.
        return tuple(f.array.view() if isinstance(f, Tensor) else f for f in found)


def _fits(got: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether a gradient of shape ``got`` can be summed to ``shape``."""
    if len(got) < len(shape):
        return False
    return all(s in (1, g) for g, s in zip(got[len(got) - len(shape) :], shape))


def _fresh(out: Any, args: Any, ctx: Context) -> Any:
    """An output; an input that is answered unchanged becomes a tensor of its own."""
    if isinstance(out, Tensor) and any(out is a for a in args):
        if any(out is d for d in ctx._dirty):
            if mode.grad and out.leaf:
                raise RuntimeError(
                    "a leaf Variable that requires grad has been used in an in-place operation."
                )
            cell(out)[0] += 1
            return out
        return out.detach()
    return out


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a ``backward`` that cannot be differentiated again: RuntimeError where that is tried."""

    @functools.wraps(function)
    def once(ctx: Any, *grads: Any) -> Any:
        before, mode.grad = mode.grad, False
        try:
            found = function(ctx, *grads)
        finally:
            mode.grad = before
        if not before or not any(isinstance(g, Tensor) and edge(g) is not None for g in grads):
            return found
        return tuple(
            _Refused.apply(f, *grads) if isinstance(f, Tensor) else f
            for f in (found if isinstance(found, tuple) else (found,))
        )

    return once


class _Refused(Function):
    """Stands for a gradient that has no gradient."""

    @staticmethod
    def forward(ctx: Any, gradient: Any, *sources: Any) -> Any:
        return gradient.detach()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )

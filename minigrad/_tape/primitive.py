"""What an op is: a function on arrays with one rule per input.

    @primitive
    def mul(input, other, /):            # before the slash: tensors; after it: attributes
        return input * other

    mul.vjps(input=lambda g, other: g * other,
             other=lambda g, input: g * input)

A rule answers the gradient of its input from ``g``, the gradient of the output, and from whatever else its
parameters name: an input, ``out`` (the answer), ``into`` (the input's shape), an extra output, an attribute, or
``owned`` (whether it may write into ``g``).  What no rule names is not kept alive.  Called with arrays only, an op
just computes; called with a tensor it records.  So the same rules serve arrays (first order) and tensors
(``create_graph``, every order).

The functions that do so are generated from the op's signature and rules (``unroll``) when it is first called.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .fitting import level as levels
from .fitting import unmatched
from .graph import (
    Frozen,
    Node,
    Traced,
    alias,
    cell,
    edge,
    mode,
    new,
    node_of,
    numbering,
    public,
    refresh,
    settled,
    spoilt,
    stacks,
    unsaved,
    watched_seq,
    wrap,
)
from .graph import next_seq as plain_seq
from .saved import pack
from .unroll import Form, code, deferred

primitives: dict[str, Any] = {}
"""Every op by name: the op table of the tests is checked against it."""


def number_in(name: str, argument: str, value: Any) -> Any:
    """The number that a 0-d tensor holds, what is no tensor as it is; TypeError for other tensors."""
    if not isinstance(value, Traced):
        return value
    if value.array.ndim:
        raise TypeError(f"{name}(): argument '{argument}' must be Number, not Tensor")
    return value.array.item()


def primitive(
    forward: Callable[..., Any] | None = None,
    *,
    title: Any = None,
    view: bool = False,
    aux: tuple[str, ...] = (),
    promote: Callable[..., Any] | None = None,
    quiet: bool = False,
    by: Callable[..., Any] | None = None,
    large: Callable[[Any], Any] | None = None,
    level: bool = False,
) -> Any:
    """Make an op of a function on arrays.

    title: the name torch prints for its node, or a function of the node that answers it.
    view: whether the answer may share the input's memory (then it is tracked as a view).
    aux: names of further outputs, not differentiable: ``forward`` answers (out, *aux).
    promote: called with the inputs when their dtypes differ; answers them with one dtype, or None if they may stay.
    quiet: whether ``forward`` is arithmetic, in which NumPy would warn of overflow and NaN.
    by: a function of C that computes the answer in place of ``forward``, which then is only a signature.
    large: makes of an array of more than ``MANY`` elements what ``forward`` and the rules are given in its place.
    level: whether it is elementwise and its rules are formulas that broadcast, so that ``g`` may be one number.
    """
    if forward is None:
        return lambda f: primitive(
            f,
            title=title,
            view=view,
            aux=aux,
            promote=promote,
            quiet=quiet,
            by=by,
            large=large,
            level=level,
        )
    op = _Op(forward, view, aux, promote, quiet, by, large).function
    if level:
        levels.add(op.pull)
    op.title = title or f"{''.join(w.title() for w in forward.__name__.split('_'))}Backward0"
    if forward.__name__ in primitives:
        raise TypeError(f"there are two ops {forward.__name__!r}")
    primitives[forward.__name__] = op
    return op


def bind(tensor_class: type) -> None:
    """Make ops answer ``tensor_class``: called once, when it is defined."""
    public.tensor = tensor_class
    for op in primitives.values():
        op.__globals__["Tensor"] = tensor_class


heeded: set[str] = set()
"""Of "inference" mode and of the "packing" of what is kept, those ever used: until then ops do not look for them."""


def heed_inference() -> None:
    """Have ops mark what they make in inference mode, and refuse to keep it for backward."""
    heed("inference")


def heed(what: str) -> None:
    """Have ops look from now on for one of the two that ``heeded`` names."""
    if what not in heeded:
        heeded.add(what)
        for op in primitives.values():
            maker = getattr(getattr(op, "vjps", None), "__self__", None)
            if maker is not None and maker.generated:
                maker._generate()


def watch(on: bool) -> None:
    """Have nodes remember the stack of their making, or no longer; costs nothing while off."""
    numbering.next_seq = watched_seq if on else plain_seq
    for op in primitives.values():
        op.__globals__["next_seq"] = numbering.next_seq
    if not on:
        stacks.clear()


def _unpulled(node: Node, g: Any, owned: bool) -> Any:
    return first_pull(node, g, owned)  # type: ignore[name-defined]  # noqa: F821


class _Op:
    """The making of one op: its function, and its rules as they are given."""

    def __init__(
        self,
        forward: Any,
        view: bool,
        aux: tuple[str, ...],
        promote: Any,
        quiet: bool,
        by: Any,
        large: Any,
    ):
        made = forward.__code__
        names = made.co_varnames[: made.co_argcount + made.co_kwonlyargcount]
        self.forward, self.view, self.aux = forward, view, aux
        self.promote, self.quiet, self.large = promote, quiet, large
        self.inputs = names[: made.co_posonlyargcount]
        self.attrs = names[made.co_posonlyargcount :]
        if taken := {"out", "into", "owned", "g"} & {*names, *aux}:
            raise TypeError(
                f"{forward.__name__}: rules need the name {taken.pop()!r} for other things"
            )
        self.takes: dict[str, tuple[str, ...]] = {}
        self.is_joint = False
        self.space: dict[str, Any] = {
            "forward": by or forward,
            "promote": promote,
            "large": large,
            "first_call": self.first_call,
            "first_pull": self.first_pull,
            "Traced": Traced,
            "number_in": number_in,
            "Node": Node,
            "Tensor": public.tensor,
            "mode": mode,
            "new": new,
            "ndarray": np.ndarray,
            "asarray": np.asarray,
            "refresh": refresh,
            "alias": alias,
            "wrap": wrap,
            "spoilt": spoilt,
            "pack": pack,
            "unmatched": unmatched,
            "Frozen": Frozen,
            "unsaved": unsaved,
            "next_seq": numbering.next_seq,
        }
        function: Any = deferred(forward, self.space)
        function.inputs, function.rules, function.kept = self.inputs, {}, ()
        function.attrs = self.attrs
        function.vjps, function.joint = self.vjps, self.joint
        function.composite = None
        function.pull = self.space["pull"] = types.FunctionType(_unpulled.__code__, self.space)
        self.function = self.space["op"] = function

    def first_call(self, args: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        """Generate the op's code, then make the call."""
        self._generate()
        return self.function(*args, **attrs)

    def first_pull(self, node: Node, g: Any, owned: bool) -> Any:
        """Generate the op's code for a node made by ``node_of``, then pull ``g`` through it."""
        self._generate()
        return self.function.pull(node, g, owned)

    generated = False

    def _generate(self) -> None:
        self.generated = True
        made = code(self._form())
        op = self.function
        op.__defaults__, op.__kwdefaults__ = self.forward.__defaults__, self.forward.__kwdefaults__
        op.__code__ = made["apply"]
        if "pull" in made:
            op.pull.__code__ = made["pull"]

    def _form(self) -> Form:
        return Form(
            inputs=self.inputs,
            attrs=self.attrs,
            keyword_only=self.forward.__code__.co_kwonlyargcount,
            view=self.view,
            aux=self.aux,
            promotes=self.promote is not None,
            quiet=self.quiet,
            large=self.large is not None,
            inference="inference" in heeded,
            packing="packing" in heeded,
            takes=tuple((x, self.takes[x]) for x in self.inputs if x in self.takes),
            joint=self.is_joint,
        )

    def _names(self, rule: Callable[..., Any], skip: int) -> tuple[str, ...]:
        """What a rule asks for, by its parameters' names; TypeError for what no op can give."""
        made: Any = rule.__code__
        names: tuple[str, ...] = made.co_varnames[skip : made.co_argcount]
        for n in names:
            if not (
                n in self.inputs
                or n in self.attrs
                or n in self.aux
                or n in ("out", "into", "owned")
            ):
                raise TypeError(f"{self.forward.__name__}: a rule asks for unknown {n!r}")
        return names

    def vjps(self, **rules: Callable[..., Any]) -> None:
        """Give the rules of some inputs, by the inputs' names."""
        for name, rule in rules.items():
            if name not in self.inputs:
                raise TypeError(f"{self.forward.__name__}: a rule for unknown input {name!r}")
            self.takes[name] = self._names(rule, 1)
            self.space[f"rule_{name}"] = rule
        self.function.rules.update(rules)
        self.function.kept = tuple(self._form().keeps())

    def joint(self, rule: Callable[..., Any]) -> None:
        """Give one rule for all inputs: rule(g, needed, ...) answers a tuple of gradients, one per input.

        Answering a list, it says that those which are no views are held by nobody else, and may be written to.
        """
        self.takes = dict.fromkeys(self.inputs, self._names(rule, 2))
        self.is_joint = True
        self.space["rule_all"] = rule
        self.function.rules = dict.fromkeys(self.inputs, rule)
        self.function.kept = tuple(self._form().keeps())


def variadic(title: str) -> Any:
    """Make an op of a function on a list of arrays; its rule answers all gradients at once.

    @variadic("CatBackward0")
    def cat(tensors, dim): ...

    cat.rule(lambda g, shapes, dim: ...)       # shapes: one per tensor
    """

    def make(forward: Callable[..., Any]) -> Any:
        def op(tensors: Sequence[Any], *attrs: Any) -> Any:
            traced = [x for x in tensors if isinstance(x, Traced)]
            if not traced:
                return forward(list(tensors), *attrs)
            if len(traced) == len(tensors):
                arrays = [x.array for x in traced]
            else:
                arrays = [x.array if isinstance(x, Traced) else x for x in tensors]
            out = wrap(forward(arrays, *attrs))
            live = [x for x in traced if x.node is not None or x.leaf or x.base is not None]
            if live and mode.grad:
                edges = [edge(x) if isinstance(x, Traced) else None for x in tensors]
                if any(e is not None for e in edges):
                    shapes = tuple([np.shape(a) for a in arrays])
                    out.node = node_of(op, tuple(edges), shapes, attrs)
            return out

        def rule(r: Callable[..., Any]) -> None:
            def pull(node: Node, g: Any, owned: bool) -> Any:
                return tuple(r(g, node.shapes, *node.attrs))

            made.pull = pull

        made: Any = op
        made.__name__, made.__doc__ = forward.__name__, forward.__doc__
        made.title, made.rule, made.kept = title, rule, ()
        made.composite = None
        made.inputs, made.rules = (), {}
        primitives[forward.__name__] = op
        return op

    return make


def aliases(x: Any, arrays: list[Any], op: Any, attrs: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """``alias`` of many parts of the array of x, which owns its memory; none is recorded."""
    memory, made = cell(x), []
    for array, given in zip(arrays, attrs):
        out: Any = settled(new(public.tensor), array)
        out.base, out.path = x, ((op, given),)
        out.memory, out.seen = memory, memory[0]
        made.append(out)
    return tuple(made)

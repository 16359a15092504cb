"""The tape: what an op is, what is recorded when one is applied, and what becomes of tensors written in place.

It knows no op, no method of Tensor and no maths: an op is a function on arrays with one rule per input.

    @primitive
    def mul(input, other, /):            # before the slash: tensors; after it: attributes
        return input * other

    mul.vjps(input=lambda g, other: g * other,
             other=lambda g, input: g * input)

A rule answers the gradient of its input from ``g``, the gradient of the output, and from whatever else its
parameters name: an input, ``out`` (the answer), ``into`` (the input's shape), an extra output or an attribute.
What no rule names is not kept alive.  Called with arrays only, an op just computes; called with a tensor it
records.  So the same rules serve arrays (first order) and tensors (``create_graph``, every order).

What is recorded points backwards only:

    Tensor ──node──> Node ──edges──> Node or leaf Tensor or None
       │               └─kept──> arrays, each with the version its memory had
       └─memory─> [version]   one cell shared by an owner and all its views

The function that applies and records an op is generated from the op's signature and rules (``_unrolled``),
as dataclasses generate ``__init__``: unrolled it takes half the time of a loop over the arguments.
"""

from __future__ import annotations

import contextvars
import inspect
import itertools
import re
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
new = object.__new__


class _Mode(threading.local):
    """Per thread: whether ops are recorded, and how to call arithmetic without NumPy's warnings."""

    grad = True
    inference = False

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
_next_seq = _number = itertools.count().__next__


class Node:
    """One recorded application of an op: how a gradient goes from its output to its inputs.

    Attributes: ``op``; ``seq``, the number of its creation; ``edges`` and ``shapes``, one per input; ``attrs``;
    ``k_<name>`` the kept arrays, with ``m_<name>``, ``v_<name>`` the memory cell and the version each had.
    """

    op: Any
    seq: int
    edges: tuple[Any, ...]
    shapes: tuple[Any, ...]
    attrs: tuple[Any, ...] = ()
    hooks: list[Any] | None = None
    freed = False

    def name(self) -> str:
        """The name torch prints for this node, e.g. ``MulBackward0``."""
        title = self.op.title
        return str(title(self) if callable(title) else title)

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes this one sends gradients to, in the order of its inputs, as (node, 0)."""
        return tuple((e if isinstance(e, Node) or e is None else Leaf(e), 0) for e in self.edges)

    def register_hook(self, hook: Callable[..., Any]) -> Any:
        """Call ``hook(grad_inputs, grad_outputs)`` when this node has run; answers a removable handle."""
        raise RuntimeError("hooks on nodes are not supported: register one on the tensor instead")

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class Leaf:
    """What stands for a leaf tensor in ``next_functions``."""

    def __init__(self, variable: Any):
        self.variable = variable
        self.next_functions: tuple[Any, ...] = ()

    def name(self) -> str:
        """The name torch prints for the node of a leaf."""
        return "AccumulateGrad"

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"


class Traced:
    """What the tape needs of a tensor.

    What every op reads lies in slots, which are quick; what few tensors have, in the class as a default.
    """

    __slots__ = ("__dict__", "__weakref__", "array", "base", "leaf", "memory", "node")

    array: Array
    node: Node | None  # what made it, if recorded
    leaf: bool  # a leaf that requires grad
    memory: list[int] | None  # [version], made when first needed
    base: Traced | None  # of a view: the owner of the memory

    path: tuple[Any, ...] = ()  # of a view: its steps (op, attrs) from the owner
    seen = 0  # of a view: the version its node belongs to
    gradient: Any = None  # .grad
    hooks: list[Any] | None = None  # of a leaf; those of other tensors are their node's
    after_accumulate: list[Any] | None = None


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
    assert owner.memory is not None
    before, mode.grad = mode.grad, True
    try:
        view.node = follow(owner, view.path).node
    finally:
        mode.grad = before
    view.seen = owner.memory[0]


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
    out.base = x if x.base is None else x.base
    out.memory = memory = cell(x)
    out.path = (*x.path, (op, attrs))
    out.seen = memory[0]


stacks: dict[int, str] = {}
"""Under anomaly detection: by a node's number, the stack of the call that made it."""


def _watched_seq() -> int:
    n = _next_seq()
    stacks[n] = "".join(traceback.format_stack()[:-2])
    return n


def watch(on: bool) -> None:
    """Have nodes remember the stack of their making, or no longer; costs nothing while off."""
    global _number
    _number = _watched_seq if on else _next_seq
    for op in primitives.values():
        op.__globals__["next_seq"] = _number
    if not on:
        stacks.clear()


primitives: dict[str, Any] = {}
"""Every op by name: the op table of the tests is checked against it."""

_public: dict[str, Any] = {"Tensor": Traced}


def bind(tensor_class: type) -> None:
    """Make ops answer ``tensor_class``: called once, when it is defined."""
    _public["Tensor"] = tensor_class
    for op in primitives.values():
        op.__globals__["Tensor"] = tensor_class


def wrap(array: Any) -> Any:
    """A tensor on an array, sharing its memory; not recorded."""
    return settled(new(_public["Tensor"]), array)


def settled(t: Any, array: Any) -> Any:
    """A tensor just made, given its array and an empty place on the tape."""
    t.array = array if type(array) is np.ndarray else np.asarray(array)
    t.node = t.memory = t.base = None
    t.leaf = False
    return t


def primitive(
    forward: Callable[..., Any] | None = None,
    *,
    title: Any = None,
    view: bool = False,
    aux: tuple[str, ...] = (),
    promote: Callable[..., Any] | None = None,
    quiet: bool = False,
) -> Any:
    """Make an op of a function on arrays.

    title: the name torch prints for its node, or a function of the node that answers it.
    view: whether the answer may share the input's memory (then it is tracked as a view).
    aux: names of further outputs, not differentiable: ``forward`` answers (out, *aux).
    promote: called with the inputs when their dtypes differ; answers them with one dtype, or None if they may stay.
    quiet: whether ``forward`` is arithmetic, in which NumPy would warn of overflow and NaN.
    """
    if forward is None:
        return lambda f: primitive(f, title=title, view=view, aux=aux, promote=promote, quiet=quiet)
    name = forward.__name__
    parameters = list(inspect.signature(forward).parameters.values())
    op = _Op(forward, parameters, view, aux, promote, quiet)
    op.function.title = title or f"{''.join(w.title() for w in name.split('_'))}Backward0"
    primitives[name] = op.function
    return op.function


def variadic(title: str) -> Any:
    """Make an op of a function on a list of arrays; its rule answers all gradients at once.

    @variadic("CatBackward0")
    def cat(tensors, dim): ...

    cat.rule(lambda g, shapes, dim: ...)       # shapes: one per tensor
    """

    def make(forward: Callable[..., Any]) -> Any:
        def op(tensors: Sequence[Any], *attrs: Any) -> Any:
            arrays = [x.array if isinstance(x, Traced) else x for x in tensors]
            array = forward(arrays, *attrs)
            edges = tuple(edge(x) if isinstance(x, Traced) else None for x in tensors)
            if not any(isinstance(x, Traced) for x in tensors):
                return array
            out = wrap(array)
            if mode.grad and any(e is not None for e in edges):
                out.node = node_of(op, edges, tuple(np.shape(a) for a in arrays), attrs)
            return out

        def rule(r: Callable[..., Any]) -> None:
            def pull(node: Node, g: Any) -> Any:
                return r(g, node.shapes, *node.attrs)

            op.pull = pull  # type: ignore[attr-defined]

        made: Any = op
        made.__name__, made.__doc__ = forward.__name__, forward.__doc__
        made.title, made.rule, made.kept = title, rule, ()
        made.composite = made.free = None
        made.inputs = made.rules = ()
        primitives[forward.__name__] = op
        return op

    return make


def node_of(
    op: Any, edges: tuple[Any, ...], shapes: tuple[Any, ...], attrs: tuple[Any, ...]
) -> Node:
    """A node for an application of ``op`` that was carried out elsewhere and keeps nothing."""
    node = new(Node)
    node.op, node.seq, node.edges, node.shapes = op, _number(), edges, shapes
    node.attrs = attrs
    return node


class _Op:
    """The making of one op: its generated function, and its rules as they are given."""

    def __init__(
        self,
        forward: Any,
        parameters: list[inspect.Parameter],
        view: bool,
        aux: tuple[str, ...],
        promote: Any,
        quiet: bool,
    ):
        self.forward, self.view, self.aux = forward, view, aux
        self.promote, self.quiet = promote, quiet
        tensors = [p for p in parameters if p.kind is p.POSITIONAL_ONLY]
        self.attrs = [p for p in parameters if p.kind is not p.POSITIONAL_ONLY]
        self.inputs = [p.name for p in tensors]
        self.parameters = parameters
        self.takes: dict[str, list[str]] = {}
        self.space: dict[str, Any] = {
            "forward": forward,
            "promote": promote,
            "Traced": Traced,
            "Node": Node,
            "Tensor": _public["Tensor"],
            "mode": mode,
            "new": new,
            "ndarray": np.ndarray,
            "asarray": np.asarray,
            "refresh": refresh,
            "alias": alias,
            "wrap": wrap,
            "spoilt": spoilt,
            "next_seq": _number,
        }
        for p in parameters:
            if p.default is not p.empty:
                self.space[f"default_{p.name}"] = p.default
        self.function = function = self._compiled(_unrolled(self), forward.__name__)
        function.__doc__, function.__module__ = forward.__doc__, forward.__module__
        function.__qualname__ = forward.__qualname__
        function.__wrapped__ = forward
        function.inputs, function.rules = tuple(self.inputs), {}
        function.vjps, function.joint = self.vjps, self.joint
        function.composite = function.free = None
        self.space["op"] = function

    def _compiled(self, source: str, name: str) -> Any:
        exec(compile(source, f"<op {name}>", "exec"), self.space)
        return self.space[name]

    def _names(self, rule: Callable[..., Any], skip: int) -> list[str]:
        names = list(inspect.signature(rule).parameters)[skip:]
        known = {*self.inputs, *(p.name for p in self.attrs), *self.aux, "out", "into"}
        if unknown := set(names) - known:
            raise TypeError(f"{self.forward.__name__}: a rule asks for unknown {sorted(unknown)}")
        return names

    def vjps(self, **rules: Callable[..., Any]) -> None:
        """Give the rules of some inputs, by the inputs' names."""
        for name, rule in rules.items():
            if name not in self.inputs:
                raise TypeError(f"{self.forward.__name__}: a rule for unknown input {name!r}")
            self.takes[name] = self._names(rule, 1)
            self.function.rules[name] = rule
            self.space[f"rule_{name}"] = rule
        self._finish(_pulled(self))

    def joint(self, rule: Callable[..., Any]) -> None:
        """Give one rule for all inputs: rule(g, needed, ...) answers a tuple of gradients, one per input."""
        names = self._names(rule, 2)
        self.takes = dict.fromkeys(self.inputs, names)
        self.function.rules = dict.fromkeys(self.inputs, rule)
        self.space["joint_rule"] = rule
        self._finish(_pulled_jointly(self, names))

    def _finish(self, pull: str) -> None:
        """Generate the op again, now that it is known what its rules keep."""
        made = self._compiled(_unrolled(self), self.forward.__name__)
        self.function.__code__ = made.__code__
        self.space[self.forward.__name__] = self.function
        self.function.pull = self._compiled(pull, "pull")
        self.function.kept = tuple(self.keeps())
        if self.function.kept:
            self.function.free = self._compiled(_freeing(self.function.kept), "free")

    def keeps(self) -> dict[str, list[str]]:
        """What is kept, and for which inputs' rules."""
        found: dict[str, list[str]] = {}
        for name, names in self.takes.items():
            for k in names:
                if k in self.inputs or k in self.aux or k == "out":
                    found.setdefault(k, []).append(name)
        return found


def _signature(op: _Op) -> str:
    parts, starred = [], False
    for p in op.parameters:
        if p.kind is p.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        parts.append(p.name if p.default is p.empty else f"{p.name}=default_{p.name}")
    return ", ".join(parts)


def _call(op: _Op, prefix: str) -> str:
    """The arguments of a call of ``forward``, inputs under their ``prefix``."""
    parts = [f"{prefix}{n}" for n in op.inputs]
    parts += [f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else p.name for p in op.attrs]
    return ", ".join(parts)


_GATHER = """
    if isinstance({x}, Traced):
        traced = True
        if {x}.base is not None and {x}.seen != {x}.memory[0]:
            refresh({x})
        a_{x} = {x}.array
        e_{x} = {x}.node
        if e_{x} is None and {x}.leaf:
            e_{x} = {x}
    else:
        a_{x} = {x}
        e_{x} = None"""

_PROMOTE = """
    if not ({agree}):
        fixed = promote({inputs})
        if fixed is not None:
            return op(*fixed{attrs})"""

_ANSWER = """
    if type(array) is not ndarray:
        array = asarray(array)
    out = new(Tensor)
    out.array = array
    out.leaf = False
    out.node = out.memory = out.base = None"""

_RECORD = """
    if ({live}) and mode.grad:
        out.node = node = new(Node)
        node.op = op
        node.seq = next_seq()
        node.edges = ({edges})
        node.shapes = ({shapes})"""

_KEEP_INPUT = """
        if {needed}:
            node.k_{x} = a_{x}
            if isinstance({x}, Traced) and a_{x} is {x}.array:
                m = {x}.memory
                if m is None:
                    m = {x}.memory = [0]
                node.m_{x} = m
                node.v_{x} = m[0]
            else:
                node.m_{x} = None
        else:
            node.k_{x} = node.m_{x} = None"""

_KEEP_OUT = """
        if {needed}:
            node.k_out = array
            node.m_out = out.memory = [0]
            node.v_out = 0
        else:
            node.k_out = node.m_out = None"""


def _unrolled(op: _Op) -> str:
    """The source of the function that applies and records ``op``."""
    attrs = "".join(f"{p.name}, " for p in op.attrs)
    text = [f"def {op.forward.__name__}({_signature(op)}):", "    traced = False"]
    text += [_GATHER.format(x=x) for x in op.inputs]
    text.append(f"    if not traced:\n        return forward({_call(op, '')})")
    if op.promote is not None:
        text.append(_promotion(op))
    outputs = ", ".join(["array", *(f"x_{n}" for n in op.aux)])
    apply = "mode.quiet(forward, " if op.quiet else "forward("
    text.append(f"    {outputs} = {apply}{_call(op, 'a_')})")
    text.append(_ANSWER)
    if op.takes:
        text.append(_recorded(op, attrs))
    if op.view:
        text.append(f"    alias(out, {op.inputs[0]}, op, ({attrs}))")
    text.append("    return out" + "".join(f", wrap(x_{n})" for n in op.aux))
    return re.sub(r"\n+", "\n", "\n".join(text)) + "\n"


def _promotion(op: _Op) -> str:
    first, *others = op.inputs
    agree = f"type(a_{first}) is ndarray" + "".join(
        f" and type(a_{x}) is ndarray and a_{x}.dtype is a_{first}.dtype" for x in others
    )
    if len(others) == 1:  # a number beside a floating-point tensor is weak for NumPy too
        x = others[0]
        agree += (
            f" or (type(a_{x}) is float or type(a_{x}) is int)"
            f" and type(a_{first}) is ndarray and a_{first}.dtype.kind == 'f'"
        )
    attrs = "".join(f", {p.name}={p.name}" for p in op.attrs)
    return _PROMOTE.format(agree=agree, inputs=", ".join(op.inputs), attrs=attrs)


def _recorded(op: _Op, attrs: str) -> str:
    ruled = [x for x in op.inputs if x in op.takes]
    text = _RECORD.format(
        live=" or ".join(f"e_{x} is not None" for x in ruled),
        edges="".join(f"e_{x}, " for x in op.inputs),
        shapes="".join(f"a_{x}.shape if e_{x} is not None else None, " for x in op.inputs)
        if len(op.inputs) > 1
        else f"a_{op.inputs[0]}.shape, ",
    )
    if op.attrs:
        text += f"\n        node.attrs = ({attrs})"
    for k, users in op.keeps().items():
        needed = " or ".join(f"e_{x} is not None" for x in users)
        if k in op.aux:
            text += f"\n        node.k_{k} = x_{k}\n        node.m_{k} = None"
        else:
            text += (_KEEP_OUT if k == "out" else _KEEP_INPUT).format(x=k, needed=needed)
    return text


def _fetched(op: _Op, names: list[str], i: int) -> str:
    attrs = [p.name for p in op.attrs]
    where = {"into": f"node.shapes[{i}]", **{a: f"node.attrs[{j}]" for j, a in enumerate(attrs)}}
    return "".join(f", {where.get(n) or f'node.k_{n}'}" for n in names)


def _checked(op: _Op) -> str:
    """The head of ``pull``: refuse what was freed or has been written over since."""
    text = "def pull(node, g):\n"
    keeps = list(op.keeps())
    if keeps:
        text += "    if node.freed:\n        spoilt(node)\n"
    for k in keeps:
        if k not in op.aux:
            text += f"    if node.m_{k} is not None and node.m_{k}[0] != node.v_{k}:\n        spoilt(node)\n"
    return text


def _pulled(op: _Op) -> str:
    """The source of ``pull(node, g)``: the gradients of the inputs, None where none is wanted."""
    parts = []
    for i, x in enumerate(op.inputs):
        if x not in op.takes:
            parts.append("None, ")
        else:
            call = f"rule_{x}(g{_fetched(op, op.takes[x], i)})"
            only = len(op.inputs) == 1
            parts.append(
                f"{call}, " if only else f"{call} if node.edges[{i}] is not None else None, "
            )
    return f"{_checked(op)}    return ({''.join(parts)})\n"


def _pulled_jointly(op: _Op, names: list[str]) -> str:
    needed = "".join(f"node.edges[{i}] is not None, " for i in range(len(op.inputs)))
    return f"{_checked(op)}    return joint_rule(g, ({needed}){_fetched(op, names, 0)})\n"


def _freeing(kept: tuple[str, ...]) -> str:
    """The source of ``free(node)``: lets go of what it kept."""
    fields = " = ".join(f"node.k_{k} = node.m_{k}" for k in kept)
    return f"def free(node):\n    node.freed = True\n    {fields} = None\n"


def spoilt(node: Node) -> None:
    """Raise torch's error for a node whose kept arrays are gone or were written over."""
    if node.freed:
        raise RuntimeError(
            "Trying to backward through the graph a second time (or directly access saved tensors after they "
            "have already been freed). Saved intermediate values of the graph are freed when you call "
            ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
            "graph a second time or if you need to access saved tensors after calling backward."
        )
    for k in node.op.kept:
        memory = getattr(node, f"m_{k}", None)
        if memory is not None and memory[0] != getattr(node, f"v_{k}"):
            array = getattr(node, f"k_{k}")
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace "
                f"operation: [{array.dtype} {list(array.shape)}], the "
                f"{'output' if k == 'out' else f'input {k!r}'} of {node.name()}, is at version {memory[0]}; "
                f"expected version {getattr(node, f'v_{k}')} instead. Hint: enable anomaly detection to find the "
                "operation that failed to compute its gradient, with "
                "torch.autograd.set_detect_anomaly(True)."
            )

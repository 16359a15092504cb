"""The source of the functions generated for an op: applying and recording it, and pulling gradients back.

Unrolled over the op's inputs they take half the time of loops over the arguments.  For ``mul`` they begin

    def apply(input, other):
        traced = False
        if isinstance(input, Traced):
            traced = True
            ...
        if not traced:
            return forward(input, other)

    def pull(node, g, owned):
        ...
        return (rule_input(g, k_other) if node.edges[0] is not None else None, rule_other(...), )

Ops of one form share one source: its compiled code is remembered (``code``).
"""

from __future__ import annotations

import functools
import types
from typing import Any, NamedTuple

MANY = 1 << 13  # elements above which an op may take arrays another way


class Form(NamedTuple):
    """All that the source depends on: the names of an op's parameters, its flags, and what each rule takes."""

    inputs: tuple[str, ...]
    attrs: tuple[str, ...]
    keyword_only: int  # how many of the attrs, at the end, are keyword-only
    view: bool
    aux: tuple[str, ...]
    promotes: bool
    quiet: bool
    large: bool
    inference: (
        bool  # whether inference mode has been used, and what is made in it is to be told apart
    )
    packing: bool  # whether hooks for what is kept have been used
    takes: tuple[tuple[str, tuple[str, ...]], ...]  # per input with a rule: the names it asks for
    joint: bool

    def keeps(self) -> dict[str, list[str]]:
        """What is kept, and for which inputs' rules."""
        found: dict[str, list[str]] = {}
        for name, names in self.takes:
            for k in names:
                if k in self.inputs or k in self.aux or k == "out":
                    found.setdefault(k, []).append(name)
        return found


@functools.cache
def code(form: Form) -> dict[str, types.CodeType]:
    """The compiled functions of a form: ``apply``, and where there are rules ``pull``."""
    sources = [_apply(form)]
    if form.takes:
        sources.append(_pull(form))
    made: dict[str, Any] = {}
    exec(compile("\n".join(sources), "<op>", "exec"), made)
    return {n: made[n].__code__ for n in ("apply", "pull") if n in made}


def _unmade(*args: Any, **options: Any) -> Any:
    return first_call(args, options)  # type: ignore[name-defined]  # noqa: F821


def deferred(function: Any, space: dict[str, Any]) -> Any:
    """A function to stand before another, whose code is still to be made: with the names of ``space`` as globals.

    Its first call is one of ``first_call(args, options)`` in the space, which must give it its code.
    """
    made: Any = types.FunctionType(_unmade.__code__, space, function.__name__)
    return functools.update_wrapper(made, function)


def _lines(*parts: str) -> str:
    return "\n".join(p.strip("\n") for p in parts if p)


def _call(form: Form, prefix: str) -> str:
    """The arguments of a call of ``forward``, inputs under their ``prefix``."""
    first = len(form.attrs) - form.keyword_only
    parts = [f"{prefix}{n}" for n in form.inputs]
    parts += [n if i < first else f"{n}={n}" for i, n in enumerate(form.attrs)]
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
        e_{x} = None
"""

# Those of the attributes that are keyword-only are numbers, which torch also takes out of tensors without dimensions.
_NUMBER = """
    if isinstance({n}, Traced):
        {n} = number_in(op.__name__, "{n}", {n})
"""

_PROMOTE = """
    if not ({agree}):
        fixed = promote({inputs})
        if fixed is not None:
            return op(*fixed{attrs})
"""

_LARGE = """
    if a_{first}.size > {many}:
        {arrays} = {made}
"""

_ANSWER = """
    if type(array) is not ndarray:
        array = asarray(array)
    out = new(Tensor)
    out.array = array
    out.leaf = False
    out.node = out.memory = out.base = None
"""

_MARK = """
    if mode.inference:
        out.memory = Frozen((0,))
"""

_GUARD = """
                elif type(m_{x}) is Frozen:
                    unsaved()"""

_RECORD = """
    if ({live}) and mode.grad:
        out.node = node = Node()
        node.op = op
        node.pull = pull
        node.seq = next_seq()
        node.edges = ({edges})
        node.shapes = ({shapes})
"""

_KEEP_INPUT = """
        if {needed}:
            k_{x} = a_{x}
            if isinstance({x}, Traced):
                m_{x} = {x}.memory
                if m_{x} is None:
                    m_{x} = {x}.memory = [0]{guard}
                v_{x} = m_{x}[0]
            else:
                m_{x} = None
                v_{x} = 0
        else:
            k_{x} = m_{x} = None
            v_{x} = 0
"""

_KEEP_OUT = """
        if {needed}:
            k_out = array
            m_out = out.memory = [0]
        else:
            k_out = m_out = None
        v_out = 0
"""


def _apply(form: Form) -> str:
    """The source of the function that applies and records an op."""
    first = len(form.attrs) - form.keyword_only
    signature = [*form.inputs, *form.attrs[:first]]
    if form.keyword_only:
        signature += ["*", *form.attrs[first:]]
    outputs = ", ".join(["array", *(f"x_{n}" for n in form.aux)])
    apply = "mode.quiet(forward, " if form.quiet else "forward("
    attrs = "".join(f"{n}, " for n in form.attrs)
    return _lines(
        f"def apply({', '.join(signature)}):",
        "    traced = False",
        *(_GATHER.format(x=x) for x in form.inputs),
        *(_NUMBER.format(n=n) for n in form.attrs[first:]),
        f"    if not traced:\n        return forward({_call(form, '')})",
        _promotion(form) if form.promotes else "",
        _enlarged(form) if form.large else "",
        _computed(form, f"{outputs} = {apply}{_call(form, 'a_')})"),
        _ANSWER,
        _MARK if form.inference else "",
        _recorded(form, attrs) if form.takes else "",
        f"    alias(out, {form.inputs[0]}, op, ({attrs}))" if form.view else "",
        "    return out" + "".join(f", wrap(x_{n})" for n in form.aux),
    )


def _enlarged(form: Form) -> str:
    arrays = [f"a_{x}" for x in form.inputs]
    made = ", ".join(f"large({a})" for a in arrays)
    return _LARGE.format(first=form.inputs[0], many=MANY, arrays=", ".join(arrays), made=made)


def _computed(form: Form, line: str) -> str:
    """The call of ``forward``; where shapes broadcast, with torch's error if they do not."""
    if not form.promotes:
        return f"    {line}"
    arrays = ", ".join(f"a_{x}" for x in form.inputs)
    return (
        f"    try:\n        {line}\n    except ValueError as error:\n"
        f"        raise unmatched(error, {arrays}) from None"
    )


def _promotion(form: Form) -> str:
    first, *others = form.inputs
    agree = f"type(a_{first}) is ndarray" + "".join(
        f" and type(a_{x}) is ndarray and a_{x}.dtype is a_{first}.dtype" for x in others
    )
    if len(others) == 1:  # a number beside a floating-point tensor is weak for NumPy too
        x = others[0]
        agree += (
            f" or (type(a_{x}) is float or type(a_{x}) is int)"
            f" and type(a_{first}) is ndarray and a_{first}.dtype.kind == 'f'"
        )
    attrs = "".join(f", {n}={n}" for n in form.attrs)
    return _PROMOTE.format(agree=agree, inputs=", ".join(form.inputs), attrs=attrs)


def _recorded(form: Form, attrs: str) -> str:
    ruled = [x for x, _ in form.takes]
    one = len(form.inputs) == 1
    parts = [
        _RECORD.format(
            live=" or ".join(f"e_{x} is not None" for x in ruled),
            edges="".join(f"e_{x}, " for x in form.inputs),
            shapes="".join(
                f"a_{x}.shape, " if one else f"a_{x}.shape if e_{x} is not None else None, "
                for x in form.inputs
            ),
        ),
        f"        node.attrs = ({attrs})",
        "        node.hooks = None",
    ]
    kept = ""
    for k, users in form.keeps().items():
        if k in form.aux:
            kept += f"x_{k}, None, 0, "
            continue
        kept += f"k_{k}, m_{k}, v_{k}, "
        needed = " or ".join(f"e_{x} is not None" for x in users)
        guard = _GUARD.format(x=k) if form.inference else ""
        keep = _KEEP_OUT if k == "out" else _KEEP_INPUT
        parts.append(keep.format(x=k, needed=needed, guard=guard))
    parts.append(f"        node.kept = ({kept})")
    if form.packing and kept:
        parts.append("        if mode.packing is not None:\n            pack(node)")
    return _lines(*parts)


def _pull(form: Form) -> str:
    """The source of ``pull(node, g, owned)``: the gradients of the inputs, None where none is wanted.

    First it refuses what was freed, or has been written over since.
    """
    keeps = form.keeps()
    fields = "".join(f"k_{k}, m_{k}, v_{k}, " for k in keeps)
    return _lines(
        "def pull(node, g, owned):",
        f"    if node.kept is None:\n        spoilt(node)\n    {fields}= node.kept"
        if keeps
        else "",
        *(
            f"    if m_{k} is not None and m_{k}[0] != v_{k}:\n        spoilt(node)"
            for k in keeps
            if k not in form.aux
        ),
        f"    if type(g) is ndarray and g.size > {MANY}:\n        g = large(g)"
        if form.large
        else "",
        f"    {''.join(f'e_{x}, ' for x in form.inputs)}= node.edges"
        if form.joint or len(form.inputs) > 1
        else "",
        f"    return {_joint(form) if form.joint else _each(form)}\n",
    )


def _fetched(form: Form, names: tuple[str, ...], i: int) -> str:
    where = {"into": f"node.shapes[{i}]", "owned": "owned"}
    where.update((a, f"node.attrs[{j}]") for j, a in enumerate(form.attrs))
    return "".join(f", {where.get(n) or f'k_{n}'}" for n in names)


def _each(form: Form) -> str:
    takes = dict(form.takes)
    parts = []
    for i, x in enumerate(form.inputs):
        if x not in takes:
            parts.append("None, ")
            continue
        call = f"rule_{x}(g{_fetched(form, takes[x], i)})"
        one = len(form.inputs) == 1
        parts.append(f"{call}, " if one else f"{call} if e_{x} is not None else None, ")
    return f"({''.join(parts)})"


def _joint(form: Form) -> str:
    needed = "".join(f"e_{x} is not None, " for x in form.inputs)
    return f"rule_all(g, ({needed}){_fetched(form, form.takes[0][1], 0)})"

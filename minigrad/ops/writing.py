"""Writing in place: the one family through which tensors change.

``write`` replaces the part of a tensor at the end of a path of view steps; its rules use itself and the path, so it
has every order of derivative:

    owner ──step──> view ──step──> view          t[i] = v  writes at the end of t's path plus one getitem step
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from sys import getrefcount
from typing import Any

import numpy as np

from .._tape import (
    Array,
    Frozen,
    Node,
    Traced,
    cell,
    edge,
    follow,
    mode,
    node_of,
    numbering,
    primitive,
    stacks,
)
from ..kernels.elementwise import MANY, put
from ._common import Number, cast, number_as
from .index import basic, explained, getitem, split_index
from .refusals import refuse_between, unspread, writable

ndarray = np.ndarray


@primitive(title="CopySlices")
def write(input, value, /, path):
    """``input`` with the part at the end of ``path`` replaced by ``value`` (which broadcasts)."""
    out = input.copy() if type(input) is ndarray else np.array(input)
    _write(out, value, path)
    return out


def _write_rule(
    g: Any, needed: tuple[bool, bool], owned: bool, path: tuple[Any, ...]
) -> Sequence[Any]:
    if isinstance(g, Traced):
        return (
            write(g, 0.0, path) if needed[0] else None,
            follow(g, path) if needed[1] else None,
        )
    if not needed[0]:
        return (None, follow(g, path))
    # of a loop that writes element by element, each node zeroes its part of one and the same gradient
    rest = g if owned and type(g) is ndarray else np.array(g)
    array, at = _place(rest, path)
    part = array[at].copy() if needed[1] else None
    array[at] = 0.0
    return [rest, part]


def _without_ones(value: Any, shape: tuple[int, ...]) -> Any:
    """``value`` without those sizes of 1 in front that ``shape`` has no room for, as torch and NumPy write it."""
    lead = len(value.shape) - len(shape)
    if lead > 0 and value.shape[:lead] == (1,) * lead:
        return getitem(value, (0,) * lead + (...,))
    return value


write.joint(_write_rule)


def _place(array: Array, path: tuple[Any, ...]) -> tuple[Array, Any]:
    """The last array on a path from ``array`` that shares its memory, and the index in it at which the path ends."""
    if path and path[-1][0] is getitem:
        return array if len(path) == 1 else follow(array, path[:-1]), path[-1][1][0]
    return follow(array, path), ...


def _write(array: Array, value: Any, path: tuple[Any, ...]) -> None:
    """Write into the array's own memory."""
    array, at = _place(array, path)
    if array.size > MANY and (part := _part(array, at)).size > MANY:
        put(part, value)
    else:
        array[at] = value


def _part(array: Array, at: Any) -> Array:
    """What NumPy answers as a view; of what it would copy, as for indices that are arrays or bools, nothing."""
    plain = all(type(i) in _OF_VIEWS for i in (at if type(at) is tuple else (at,)))
    return array[at] if plain else array[:0]


_OF_VIEWS = {int, slice, type(None), type(...)}


def assign(t: Any, value: Any, steps: tuple[Any, ...] = ()) -> Any:
    """Write ``value`` (tensor, array or number) into the part of ``t`` at the end of ``steps``; answers ``t``.

    The write is recorded on the owner of t's memory and done in its memory; its version goes up by one.
    """
    writable(t, steps)
    owner, path = (t, steps) if t.base is None else (t.base, t.path + steps)
    v, f = value, None
    if isinstance(value, Traced):
        if value.memory is not None and value.memory is t.memory:
            refuse_between(follow(t.array, steps), value.array)
        if value.array.dtype is not t.array.dtype:
            value = cast(value, t.array.dtype)
        v, f = value.array, edge(value)
        if f is not None and v.ndim:
            fitting = _without_ones(value, follow(t.array, steps).shape)
            v, f = fitting.array, edge(fitting)
    elif not isinstance(value, ndarray):
        v = number_as(value, t.array.dtype)
    _write(owner.array, v, path)
    memory = owner.memory
    if memory is None:
        owner.memory = [1]
    else:
        memory[0] += 1
    if mode.grad:
        e = owner.node  # owners are no views, and those that are leaves were refused
        if e is not None or f is not None:
            owner.node = node_of(write, (e, f), (owner.array.shape, v.shape), (path,))
    return t


def _spreads(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    """Whether ``shape`` broadcasts to ``into``."""
    return len(shape) <= len(into) and all(a in (1, b) for a, b in zip(shape[::-1], into[::-1]))


def _is_part(value: Any, t: Any, steps: tuple[Any, ...]) -> bool:
    """Whether ``value`` is the very part of ``t`` at the end of ``steps``, up to date."""
    owner = t if t.base is None else t.base
    if value.base is not owner or value.seen != owner.memory[0]:
        return False
    return bool(value.path == (t.path + steps if t.base is not None else steps))


class Elements:
    """The op of the numbers that a loop writes into a tensor, one by one: a single node for what are many writes.

    Its edges are those of the tensor as it was and of the numbers, by their places; no place is written twice:

        Y[0, 0] = a;  Y[0, 1] = b           places: {None: Y before, (0, 0): a, (0, 1): b}
    """

    title = "CopySlices"
    kept = inputs = ()
    composite = None

    @staticmethod
    def node(shape: tuple[int, ...], before: Any, place: tuple[int, ...], value: Any) -> Node:
        """A node for the first of them."""
        places: Any = {None: before, place: value}
        shapes: Any = [shape, ()]
        return node_of(Elements, places.values(), shapes, (places,))

    @staticmethod
    def pull(node: Node, g: Any, owned: bool) -> Any:
        """The gradients of the tensor as it was, zero where numbers were written, and of those."""
        (places,) = node.attrs
        before, *written = places
        parts = [g[place + _DOTS] for place in written]
        if places[before] is None:
            return (None, *parts)
        rest: Any = g
        if isinstance(g, Traced):
            for place in written:
                rest = write(rest, 0.0, _to(place))
            return (rest, *parts)
        if owned and type(g) is ndarray:
            parts = [part.copy() for part in parts]
        else:
            rest = np.array(g)
        for place in written:
            rest[place] = 0.0
        return [rest, *parts]

    @staticmethod
    def parted(node: Any) -> None:
        """Make the node a chain of one ``write`` for each number: what torch has, and shows."""
        (places,) = node.attrs
        (_, e), *written = places.items()
        shape, last = node.shapes[0], node.seq
        for left, (place, value) in zip(range(len(written) - 1, -1, -1), written):
            at: Any = Node() if left else node
            # fractions are numbers of nodes between the last write and all that was made before it
            at.op, at.pull, at.seq = write, write.pull, last + left / len(written)
            at.edges, at.shapes, at.attrs = (e, value), (shape, ()), (_to(place),)
            if left:
                at.kept, at.hooks = (), None
            e = at


_DOTS = (...,)


def _to(place: tuple[int, ...]) -> tuple[Any, ...]:
    """The path to an element."""
    return ((getitem, (place + _DOTS,)),)


def _holders(t: Any) -> int:
    node = t.node
    return getrefcount(node)


def _alone() -> int:
    """What ``getrefcount`` says of a node that nobody holds but a tensor and who asks."""
    t = Traced()
    t.node = Node()
    return _holders(t)


_ALONE = (
    _alone()
)  # more hold a node that somebody looks at, or that something else was computed from


_ASSIGNABLE = (Traced, ndarray, *Number)


def set_item(t: Any, index: Any, value: Any) -> None:
    """``Tensor.__setitem__``: every form of index, values broadcast and take the tensor's dtype.

    Itself it does what loops over elements do: it writes one number into a tensor that owns its memory.
    """
    if not isinstance(value, Traced):
        return _set_part(t, index, value)
    array, v, memory = t.array, value.array, t.memory
    place = index if type(index) is tuple else (index,)
    if (
        v.ndim
        or v.dtype is not array.dtype
        or len(place) != (array.ndim or -1)  # the whole of a 0-d tensor is no element
        or t.base is not None
        or t.leaf
        or type(memory) is Frozen
        or (value.base is not None and value.memory is memory)
        or 0 in array.strides
    ):
        return _set_part(t, index, value)
    from_end = False
    for i in place:
        if type(i) is not int:
            return _set_part(t, index, value)
        if i < 0:
            from_end = True
    try:
        array[index] = v
    except IndexError:
        return _set_part(t, index, value)
    if memory is None:
        t.memory = [1]
    else:
        memory[0] += 1
    if not mode.grad:
        return None
    if from_end:
        place = tuple(i % n for i, n in zip(place, array.shape))
    node, f = t.node, value.node if value.base is None else edge(value)
    if f is None and value.leaf:
        f = value
    if (
        node is not None
        and node.op is Elements
        and getrefcount(node) == _ALONE
        and node.hooks is None
        and not stacks
        and node.attrs[0].setdefault(place, f) is f
    ):
        node.seq = numbering.next_seq()
        node.shapes.append(())
    elif node is not None or f is not None:
        t.node = Elements.node(array.shape, node, place, f)
    return None


def warn_of_expanded(name: str) -> None:
    """Torch's warning for a write to some elements of a tensor of which several lie in one place."""
    what = "indices] = tensor" if name == "index_put_" else "mask] = scalar"
    warnings.warn(
        f"Use of {name} on expanded tensors is deprecated. Please clone() the tensor before performing this "
        f"operation. This also applies to advanced indexing e.g. tensor[{what}",
        UserWarning,
        stacklevel=3,
    )


def _title(t: Any, value: Any, steps: tuple[Any, ...], basic: bool) -> str | None:
    """The name that torch has for the node of a write to a part that is the whole; None for that to a smaller part."""
    if not basic:
        return "IndexPutBackward0" if len(steps) == 1 else None
    if follow(t.array, steps).shape != t.array.shape:
        return None
    return "FillBackward3" if t.array.ndim and not getattr(value, "ndim", 0) else "CopyBackwards"


def _set_part(t: Any, index: Any, value: Any) -> None:
    """Write a value of any form."""
    key = basic(index)
    if key is not None:
        steps: tuple[Any, ...] = ((getitem, (key,)),)
    else:
        if 0 in t.array.strides:
            warn_of_expanded("index_put_")
        steps = tuple((getitem, (k,)) for k in split_index(index, t.array.shape))
    if not isinstance(value, _ASSIGNABLE):
        raise TypeError(f"can't assign a {type(value).__name__} to a {type(t).__name__}")
    if key is not None and isinstance(value, Traced) and _is_part(value, t, steps):
        writable(t, steps)  # t[i] op= v has written the part already
        cell(t)[0] += 1
        value.seen += 1
        return
    try:
        assign(t, value, steps)
        if t.base is None and t.node is not None and t.node.op is write:
            t.node.title = _title(t, value, steps, key is not None)
    except IndexError as error:
        raise explained(error, steps[-1][1][0], t.array.shape) from None
    except ValueError as error:
        if not t.array.flags.writeable:
            raise
        got = tuple(value.shape) if hasattr(value, "shape") else ()
        want = follow(t.array, steps).shape
        while len(got) > len(want) and got[0] == 1:  # leading ones may be dropped, as in torch
            got = got[1:]
            if _spreads(got, want) and isinstance(value, (Traced, ndarray)):
                assign(t, value.reshape(got), steps)
                return
        raise unspread(got, want, key is not None) from error

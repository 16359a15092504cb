"""Indexing, and writing in place: the one family through which tensors change.

``getitem`` and ``put`` are each other's adjoints.  ``write`` replaces the part of a tensor at the end of a path of
view steps; its rules use itself and the path, so it has every order of derivative:

    owner ──step──> view ──step──> view          t[i] = v  writes at the end of t's path plus one getitem step
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._tape import Array, Frozen, Traced, cell, edge, follow, mode, node_of, primitive
from .._tape.graph import new, public
from ._common import Number, cast, number_as
from .refusals import refuse_between, unspread, writable

ndarray = np.ndarray


def _getitem_title(node: Any) -> str:
    last = "AliasBackward0"
    for i in node.attrs[0]:
        if isinstance(i, ndarray):
            return "IndexBackward0"
        if i is None:
            last = "UnsqueezeBackward0"
        elif isinstance(i, slice):
            last = last if i == slice(None) else "SliceBackward0"
        elif i is not Ellipsis:
            last = "SelectBackward0"
    return last


@primitive(view=True, title=_getitem_title, by=operator.getitem)
def getitem(input, /, index):
    """The part of ``input`` that ``index``, a tuple made by ``basic`` or ``split_index``, selects."""


@primitive(title="IndexPutBackward0")
def put(input, /, shape, index):
    """Zeros of ``shape`` to which ``input`` is added at the places that ``getitem`` takes for ``index``."""
    out = np.zeros(shape, input.dtype)
    if any(type(i) is ndarray for i in index):
        np.add.at(out, index, input)
    else:
        out[index] = input
    return out


getitem.vjps(input=lambda g, into, index: put(g, into, index))
put.vjps(input=lambda g, index: getitem(g, index))


def basic(index: Any) -> tuple[Any, ...] | None:
    """An index of ints, slices, None and Ellipsis as a tuple with an Ellipsis; None if it holds anything else."""
    if type(index) is not tuple:
        index = (index,)
    dots = False
    for i in index:
        kind = type(i)
        if kind is int or i is None:
            pass
        elif kind is slice:
            if i.step is not None and i.step <= 0:
                raise ValueError("step must be greater than zero")
        elif i is Ellipsis:
            if dots:
                return None
            dots = True
        else:
            return None
    return index if dots else (*index, Ellipsis)


def split_index(index: Any, shape: tuple[int, ...]) -> list[tuple[Any, ...]]:
    """Any index torch takes, as steps: what is basic (ints, slices, None), then what gathers (arrays).

    IndexError, TypeError or ValueError, in torch's words, for what cannot index a tensor of ``shape``.
    """
    if isinstance(index, list) and any(isinstance(i, (slice, type(None), list)) for i in index):
        index = tuple(index)  # as NumPy once did, torch takes such a list as a tuple
    items = [_item(i) for i in (index if isinstance(index, tuple) else (index,))]
    taken = sum(_takes(i) for i in items)
    if taken > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
    items.append(Ellipsis)
    at = next(k for k, i in enumerate(items) if i is Ellipsis)
    items[at + 1 :] = [
        i for i in items[at + 1 :] if i is not Ellipsis
    ]  # further ones stand for nothing
    items[at : at + 1] = [slice(None)] * (len(shape) - taken)
    first: list[Any] = []
    then: list[Any] = []
    d = 0
    for i in items:
        if isinstance(i, ndarray) and i.ndim + (i.dtype != bool):
            _check_array(i, shape, d)
            k = i.ndim if i.dtype == bool else 1
            first += [slice(None)] * k
            then.append(i)
            d += k
        elif isinstance(i, (ndarray, bool)):  # a 0-d mask: a new dimension of size 0 or 1
            first.append(None)
            then.append(np.asarray(i).reshape(1))
        else:
            first.append(i)
            d += i is not None
            if not isinstance(i, int):
                then.append(slice(None))
    steps = (
        []
        if all(i == slice(None) for i in first if i is not None) and None not in first
        else [(*first, ...)]
    )
    if any(isinstance(i, ndarray) for i in then):
        steps.append(tuple(then))
    return steps or [(Ellipsis,)]


def _item(i: Any) -> Any:
    """One item of an index, with tensors and lists as arrays and 0-d integers as ints."""
    if isinstance(i, Traced):
        i = i.array
    if isinstance(i, (list, range, tuple)):
        i = np.asarray([x.array if isinstance(x, Traced) else x for x in i])
        if i.size == 0:
            i = i.astype(np.int64)
    if isinstance(i, (ndarray, np.generic)):
        i = np.asarray(i)
        if i.dtype == np.uint8:
            i = i != 0
        if i.dtype.kind == "f":
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return int(i) if i.ndim == 0 and i.dtype != bool else i
    if isinstance(i, slice):
        if i.step is not None and i.step <= 0:
            raise ValueError("step must be greater than zero")
        return i
    if i is None or i is Ellipsis or isinstance(i, (bool, int)):
        return i
    if hasattr(i, "__index__"):
        return i.__index__()
    raise (TypeError if isinstance(i, str) else IndexError)(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
        f"{type(i).__name__})"
    )


def _takes(i: Any) -> int:
    """How many dimensions an item of an index uses up."""
    if isinstance(i, ndarray):
        return i.ndim if i.dtype == bool else 1
    return 0 if i is None or i is Ellipsis or isinstance(i, bool) else 1


def _check_array(i: Array, shape: tuple[int, ...], d: int) -> None:
    if i.dtype == bool:
        for k, (have, want) in enumerate(zip(i.shape, shape[d:])):
            if have != want:
                raise IndexError(
                    f"The shape of the mask {list(i.shape)} at index {k} does not match the shape of the indexed "
                    f"tensor {list(shape)} at index {d + k}"
                )
    elif i.size and (i.min() < -shape[d] or i.max() >= shape[d]):
        bad = i.min() if i.min() < -shape[d] else i.max()
        raise IndexError(f"index {bad} is out of bounds for dimension {d} with size {shape[d]}")


def indexed(input: Any, index: Any) -> Any:
    """``Tensor.__getitem__``: a view for ints, slices, None and Ellipsis; a copy where a tensor or list gathers."""
    key = basic(index)
    if key is not None:
        try:
            if input.node is None and input.base is None and not input.leaf:
                return _seen_through(input, key)
            return getitem(input, key)
        except IndexError as error:
            raise _explained(error, key, input.array.shape) from None
    for key in split_index(index, input.array.shape):
        try:
            input = getitem(input, key)
        except IndexError as error:
            raise _explained(error, key, input.array.shape) from None
    return input


def _seen_through(owner: Any, key: tuple[Any, ...]) -> Any:
    """What ``getitem`` does with a basic index, where nothing is to be recorded: at half the cost."""
    out = new(public.tensor)
    out.array, out.node, out.leaf = owner.array[key], None, False
    out.base, out.path = owner, ((getitem, (key,)),)
    out.memory = memory = cell(owner)
    out.seen = memory[0]
    return out


def _explained(error: IndexError, key: tuple[Any, ...], shape: tuple[int, ...]) -> IndexError:
    """NumPy's complaint about an index in torch's words."""
    if sum(_takes(i) for i in key) > len(shape):
        if not shape:
            return IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
                "convert a 0-dim tensor to a number"
            )
        return IndexError(f"too many indices for tensor of dimension {len(shape)}")
    text = str(error).replace(" axis ", " dimension ")
    if "broadcast" in text:
        text = "shape mismatch: indexing tensors could not be broadcast together: " + text
    return IndexError(text)


# ------------------------------------------------------------------------------ writing in place
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
    array[at] = value


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


def _is_quickly_set(t: Any, key: tuple[Any, ...], value: Any) -> bool:
    """Do what loops over elements do: write one number into a tensor that owns its memory, as ``assign`` would."""
    array, v = t.array, value.array
    if (
        v.ndim
        or v.dtype is not array.dtype
        or t.leaf
        or t.base is not None
        or value.base is not None
        or type(t.memory) is Frozen
    ):
        return False
    if 0 in array.strides:
        return False
    try:
        array[key] = v
    except IndexError:
        return False
    memory = t.memory
    if memory is None:
        t.memory = [1]
    else:
        memory[0] += 1
    if mode.grad:
        e, f = t.node, value.node
        if f is None and value.leaf:
            f = value
        if e is not None or f is not None:
            t.node = node_of(write, (e, f), (array.shape, ()), (((getitem, (key,)),),))
    return True


_ASSIGNABLE = (Traced, ndarray, *Number)


def set_item(t: Any, index: Any, value: Any) -> None:
    """``Tensor.__setitem__``: every form of index, values broadcast and take the tensor's dtype."""
    key = basic(index)
    if (
        key is not None
        and isinstance(value, Traced)
        and value.base is None
        and _is_quickly_set(t, key, value)
    ):
        return
    if key is not None:
        steps: tuple[Any, ...] = ((getitem, (key,)),)
    else:
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
    except IndexError as error:
        raise _explained(error, steps[-1][1][0], t.array.shape) from None
    except ValueError as error:
        got = tuple(value.shape) if hasattr(value, "shape") else ()
        want = follow(t.array, steps).shape
        while len(got) > len(want) and got[0] == 1:  # leading ones may be dropped, as in torch
            got = got[1:]
            if _spreads(got, want) and isinstance(value, (Traced, ndarray)):
                assign(t, value.reshape(got), steps)
                return
        raise unspread(got, want, key is not None) from error

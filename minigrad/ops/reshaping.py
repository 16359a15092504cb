"""``x.t_()`` and its kin: views taken in place, so that the tensor itself has the new shape.

    before    x ───────────────┐          v.base = x
              ^── v  (a view)  │
    after     a hidden owner <─┴─ x       x has become a view, one step from what it was;
              ^── v                       v finds the hidden owner through x when it next looks

Memory stays where it is, and so do the tensors that look at it.
"""

from __future__ import annotations

import math
import weakref
from typing import Any

import numpy as np

from .._tape import Traced, cell, edge, mode, settled
from ._common import shape_of
from .refusals import writable_with_one_value


class _Hidden(Traced):
    """Owns the memory of a tensor that was reshaped in place, and stands behind it."""

    visible: Any  # a weak reference to that tensor


def viewed_in_place(view: Any, t: Any, *args: Any, **attrs: Any) -> Any:
    """Give ``t`` the shape of ``view(t, ...)``; answers ``t``.  RuntimeError for a leaf that requires grad."""
    writable_with_one_value(t)  # nothing is written into the elements
    if t.leaf:
        with_grad, t.leaf = t.leaf, False
        try:
            t.array = view(t, *args, **attrs).array
        finally:
            t.leaf = with_grad
        return t
    memory = cell(t)
    before, mode.grad = mode.grad, True
    try:
        if t.base is None:
            owner = settled(_Hidden(), t.array)
            owner.node, owner.memory, owner.visible = t.node, memory, weakref.ref(t)
            t.base, t.path, t.seen = owner, (), memory[0]
        out = view(t, *args, **attrs)
    finally:
        mode.grad = before
    t.array, t.node = out.array, out.node
    if out is not t:
        t.path = out.path
        if t.node is not None:
            t.node.title = _TITLES.get(t.node.name())
    memory[0] += 1
    t.seen = memory[0]
    return t


# What torch prints for views taken in place.
_TITLES = {
    "TBackward0": "TBackward1",
    "TransposeBackward0": "TransposeBackward1",
    "UnsqueezeBackward0": "UnsqueezeBackward1",
    "SqueezeBackward0": "SqueezeBackward3",
    "SqueezeBackward1": "SqueezeBackward4",
    "SqueezeBackward2": "SqueezeBackward5",
}


def owner_of(t: Any) -> Any:
    """The owner of a view's memory as users know it: None for what is no view, or was made one in place."""
    owner = t.base.visible() if isinstance(t.base, _Hidden) else t.base
    return None if owner is t else owner


def method(view: Any, name: str) -> Any:
    """The method that takes a view in place."""

    def in_place(self: Any, *args: Any, **attrs: Any) -> Any:
        return viewed_in_place(view, self, *args, **attrs)

    in_place.__name__ = name
    in_place.__doc__ = f"``{name[:-1]}``, with the tensor itself in the new shape."
    return in_place


def resize_(t: Any, *sizes: Any, memory_format: Any = None) -> Any:
    """Give ``t`` another size: its first elements in memory, and uninitialised ones if there are not enough.

    RuntimeError if t requires grad, or a size is negative.
    """
    if edge(t) is not None:
        raise RuntimeError("cannot resize variables that require grad")
    shape = shape_of(sizes)
    if any(s < 0 for s in shape):
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}"
        )
    storage, start = _storage(t.array)
    wanted = math.prod(shape)
    if start + wanted > storage.size:
        fresh = np.empty(wanted, storage.dtype)
        have = storage[start:]
        fresh[: have.size] = have
        storage, start = fresh, 0
        t.base, t.memory = None, [cell(t)[0]]
    t.array = storage[start : start + wanted].reshape(shape)
    cell(t)[0] += 1
    return t


def _storage(array: Any) -> tuple[Any, int]:
    """All of the memory that an array looks at, flat, and where in it the array begins."""
    whole = array
    while isinstance(whole.base, np.ndarray) and whole.base.dtype == array.dtype:
        whole = whole.base
    flat = whole.reshape(-1) if whole.flags.c_contiguous else whole.T.reshape(-1)
    if not np.may_share_memory(
        flat, array
    ):  # neither in C's nor in Fortran's order: what there is, in a copy
        return array.reshape(-1), 0
    places = array.__array_interface__["data"][0] - flat.__array_interface__["data"][0]
    return flat, places // array.itemsize


def resize_as_(t: Any, the_template: Any, memory_format: Any = None) -> Any:
    """``resize_`` to the size of another tensor."""
    return resize_(t, the_template.array.shape)


def set_(t: Any, source: Any = None) -> Any:
    """Let ``t`` look at the memory of ``source``, of its dtype (at nothing when None), with its sizes and strides."""
    writable_with_one_value(t)  # nothing is written into the elements
    if source is None:
        t.array, t.memory = np.empty(0, t.array.dtype), [cell(t)[0] + 1]
    else:
        if not isinstance(source, Traced):
            raise TypeError(
                f"set_(): argument 'source' (position 1) must be Tensor, not {type(source).__name__}"
            )
        if source.array.dtype is not t.array.dtype:
            raise RuntimeError("Could not set tensor of another dtype: convert it first")
        t.array, t.memory = source.array, cell(source)
    t.node = t.base = None
    return t

"""``x.op_()``: an op whose answer is written back into its first input's memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._convert import in_dtype
from .._tape import Frozen, Traced, cell, edge, mode, node_of, wrap
from .._tape.fitting import unmatched
from ..kernels.elementwise import MANY, large, over, put
from . import activations, activations_smooth, elementwise, functions
from ._common import Number, entitled, number_as
from .choosing import clamp
from .masks import index_put
from .refusals import refuse_between, shares, writable, writable_with_one_value
from .writing import assign, set_item, warn_of_expanded, write

_EXACT = 1 << 11  # integers below are numbers of every floating-point dtype
_INT64 = _types.int64.np
_SAME_KIND = {"b": 0, "i": 1, "u": 1, "f": 2}


def inplace(op: Any, t: Any, *args: Any, **attrs: Any) -> Any:
    """Write ``op(t, *args)`` into ``t``; recorded if gradients pass.

    RuntimeError, in torch's words, if t may not be written, or the answer has another shape or a higher category
    of dtype than t.  Nothing is changed then.
    """
    writable(t)
    for x in args:
        if isinstance(x, Traced) and shares(t, x):
            refuse_between(t.array, x.array)
    if not mode.grad or not _live(t, args):
        return _overwritten(op, t, args, attrs)
    src = t
    inputs = getattr(op, "inputs", None)
    if inputs is None or inputs[0] in op.kept:  # what rules read must survive the write
        src = wrap(t.array.copy())
        src.node = edge(t)
    elif t.base is None:
        src = _source(op, t)
    out = op(src, *args, **attrs)
    _fits(t.array, out.array)
    if t.base is not None or out.array.dtype is not t.array.dtype:
        return assign(t, out)
    # the whole of an owner: the op's own node becomes its node, as in torch
    if out.array is not t.array:
        put(t.array, out.array)
    t.node = node = out.node
    memory = cell(t)
    memory[0] += 1
    if node is not None:
        node.keep_out(t.array, memory)
    return t


def augmented(op: Any) -> Any:
    """The method of an operator such as ``+=``: ``inplace``, past its checks in the commonest case.

    That is a NumPy function of two arrays of one floating-point dtype, through which no gradient passes.
    """
    ufunc: Any = _IN_ONE_PASS.get(op)

    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, Traced):
            if type(other) is np.ndarray:  # as in torch, ``x += array`` is ``x = x + array``
                return NotImplemented
            return inplace(op, self, other)
        if ufunc is None:
            return inplace(op, self, other)
        a, b = self.array, other.array
        if a.dtype is not b.dtype or a.dtype.kind != "f" or a.size > MANY or 0 in a.strides:
            return inplace(op, self, other)
        if mode.grad and (edge(self) is not None or edge(other) is not None):
            return inplace(op, self, other)
        memory = self.memory
        if memory is not None and (memory is other.memory or type(memory) is Frozen):
            return inplace(op, self, other)
        try:
            mode.quiet(ufunc, a, b, a)
        except ValueError:  # the shapes do not fit: with torch's words
            return inplace(op, self, other)
        if memory is None:
            self.memory = [1]
        else:
            memory[0] += 1
            if self.base is not None and self.seen == memory[0] - 1:  # up to date, as before
                self.seen = memory[0]
        return self

    method.__doc__ = f"``{op.__name__}``, written into the tensor itself."
    return method


def _source(op: Any, t: Any) -> Any:
    """What an op is given in t's place: t, or a tensor on its memory over which the op writes its answer."""
    if op not in IN_ONE_GO or t.array.size <= MANY:
        return t
    src = wrap(t.array)
    src.array, src.node = over(t.array), edge(t)
    return src


def _is_plain(t: Any) -> bool:
    """Whether a tensor owns its memory, and no gradient passes through it: it may be written without a record."""
    if t.base is not None or t.node is not None or t.leaf or type(t.memory) is Frozen:
        return False
    return 0 not in t.array.strides


def _live(t: Any, args: tuple[Any, ...]) -> bool:
    """Whether a gradient passes through an op on these."""
    if edge(t) is not None:
        return True
    return any(isinstance(a, Traced) and edge(a) is not None for a in args)


def _overwritten(op: Any, t: Any, args: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
    """The write without a record: by NumPy in one pass where the op is one of its functions."""
    array = t.array
    ufunc: Any = (
        _IN_ONE_PASS.get(op) if len(args) == 1 and not attrs and array.dtype.kind == "f" else None
    )
    if array.dtype is _INT64 and op is elementwise.add and not attrs and type(args[0]) is int:
        ufunc = np.add if -(2**31) < args[0] < 2**31 else None  # as counters of batches and steps
    other: Any = args[0] if ufunc is not None else None
    if isinstance(other, Traced):
        other = other.array if other.array.dtype is array.dtype else None
    elif array.dtype is not _INT64 and not (
        type(other) is float or (type(other) is int and abs(other) < _EXACT)
    ):
        other = None
    if other is None:
        out = op(_source(op, t), *args, **attrs).array
        if out is not array:
            _fits(array, out)
            put(array, out)
    else:
        try:
            mode.quiet(ufunc, array if array.size <= MANY else large(array), other, array)
        except ValueError as error:
            refusal = unmatched(error, array, other)
            if refusal is error and array.flags.writeable:
                _fits(array, np.empty(np.broadcast_shapes(array.shape, other.shape), array.dtype))
            raise refusal from None
    memory = t.memory
    if memory is None:
        t.memory = [1]
    else:
        memory[0] += 1
    return t


_IN_ONE_PASS = {
    elementwise.add: np.add,
    elementwise.sub: np.subtract,
    elementwise.mul: np.multiply,
    elementwise.true_div: np.true_divide,
}

# Each number of their answer is computed in one go: of large arrays it takes the input's place at once.
IN_ONE_GO = {
    *_IN_ONE_PASS,
    clamp, functions.relu, functions.sigmoid, functions.tanh, functions.exp, functions.sqrt, elementwise.neg,
    activations.leaky_relu, activations.leaky_relu_, activations.hardtanh, activations_smooth.elu,
    activations_smooth.elu_,
}  # fmt: skip


def _fits(old: Any, new: Any) -> None:
    if new.shape != old.shape:
        raise RuntimeError(
            f"output with shape {list(old.shape)} doesn't match the broadcast shape {list(new.shape)}"
        )
    if _SAME_KIND[new.dtype.kind] > _SAME_KIND[old.dtype.kind]:
        raise RuntimeError(
            f"result type {_types.of(new.dtype).title} can't be cast to the desired output type "
            f"{_types.of(old.dtype).title}"
        )


def copy_(t: Any, other: Any, non_blocking: bool = False) -> Any:
    """Write ``other``, broadcast and converted to t's dtype, into ``t``."""
    if _is_plain(t) and isinstance(other, Traced) and other.array.shape == t.array.shape:
        e = mode.grad and edge(other) is not None
        if not e and other.array.dtype is t.array.dtype and not shares(t, other):
            put(t.array, other.array)
            cell(t)[0] += 1
            return t
    if isinstance(other, Number):
        writable(t)
        number = np.array(other, np.float64 if t.array.dtype.kind == "f" else None)
        return _of_owner(assign(t, in_dtype(number, t.array.dtype)), "CopyBackwards")
    if other is t and not (mode.grad and _live(t, ())):
        writable_with_one_value(t)
        cell(t)[0] += 1
        return t
    if not isinstance(other, Traced):
        raise TypeError(f"copy_(): argument 'other' must be Tensor, not {type(other).__name__}")
    try:
        shape = np.broadcast_shapes(other.array.shape, t.array.shape)
    except ValueError as error:
        raise unmatched(error, t.array, other.array) from None
    if shape != t.array.shape:
        raise RuntimeError(
            f"output with shape {list(t.array.shape)} doesn't match the broadcast shape {list(shape)}"
        )
    return _of_owner(assign(t, other), "CopyBackwards")


def _of_owner(t: Any, title: str) -> Any:
    """A tensor that was written as a whole, its node under torch's name; writes to views have another."""
    return entitled(t, title) if t.base is None and mode.grad else t


def fill_(t: Any, value: Any) -> Any:
    """Write one value, a number or a 0-d tensor, everywhere into ``t``."""
    if isinstance(value, Traced) and value.array.ndim:
        raise RuntimeError(
            "fill_ only supports 0-dimension value tensor but got tensor with "
            f"{value.array.ndim} dimensions."
        )
    if not isinstance(value, Traced):
        if 0 in t.array.strides and not (mode.grad and _live(t, ())):
            return _filled_over(t, value)
        value = number_as(value, t.array.dtype)
        return _of_owner(assign(t, value), "FillBackward2")
    return _of_owner(assign(t, value), "FillBackward3")


def _filled_over(t: Any, value: Any) -> Any:
    """``t``, of which several elements lie in one place, with a number written everywhere: torch allows that."""
    writable_with_one_value(t)
    t.array.fill(number_as(value, t.array.dtype))
    cell(t if t.base is None else t.base)[0] += 1
    return t


def also_over(op: Any, name: str | None = None) -> Any:
    """The method that writes an op's answer into a tensor, also where several elements lie in one place.

    For ops that change some elements only, all alike: torch allows those, with a warning for a ``name``.
    """

    def method(self: Any, *args: Any, **attrs: Any) -> Any:
        if 0 not in self.array.strides or (mode.grad and _live(self, args)):
            return inplace(op, self, *args, **attrs)
        writable_with_one_value(self)
        array, new = self.array, op(self, *args, **attrs).array
        if name is not None:
            warn_of_expanded(name)
        changed = new != array
        array[changed] = new[changed]
        cell(self)[0] += 1
        return self

    method.__doc__ = f"``{op.__name__}``, written into the tensor itself."
    method.__name__ = f"{op.__name__}_"
    return method


def index_put_(t: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """``index_put``, written into the tensor itself: also where several elements lie in one place."""
    if 0 not in t.array.strides or (mode.grad and _live(t, (values,))):
        return inplace(index_put, t, indices, values, accumulate)
    writable_with_one_value(t)
    if not accumulate:
        set_item(t, tuple(indices), values)
        return t
    index_put(t, indices, values)  # for its checks
    warn_of_expanded("index_put_")
    key = tuple(i.array if isinstance(i, Traced) else i for i in indices)
    np.add.at(t.array, key, values.array)
    cell(t)[0] += 1
    return t


def zero_(t: Any) -> Any:
    """Write zeros into ``t``."""
    if _is_plain(t):
        put(t.array, 0)
        cell(t)[0] += 1
        return t
    if 0 in t.array.strides and not (mode.grad and _live(t, ())):
        return _filled_over(t, 0)
    return _of_owner(assign(t, 0), "ZeroBackward0")


def refill(t: Any, fill: Any, *args: Any) -> Any:
    """Let ``fill(array, *args)`` write new values into ``t``, through which no gradient passes."""
    writable(t)
    owner = t if t.base is None else t.base
    e = edge(owner) if mode.grad else None
    fill(t.array, *args)
    if e is not None:
        path = () if t.base is None else t.path
        owner.node = node_of(write, (e, None), (owner.array.shape, None), (path,))
    cell(owner)[0] += 1
    return t

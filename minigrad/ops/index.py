"""Indexing: every form of index that torch takes, as steps of ``getitem``.

``getitem`` and ``put`` are each other's adjoints.
"""

from __future__ import annotations

import operator
import warnings
from typing import Any

import numpy as np

from .. import _types
from .._tape import Array, Traced, primitive
from .._tape.graph import new, public
from ..kernels import along

ndarray = np.ndarray
_INT64 = _types.int64.np


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
    arrays = [d for d, i in enumerate(index) if type(i) is ndarray]
    if len(arrays) == 1 and _names_slices(index, arrays[0]):
        dim = arrays[0]
        along.add_slices(out, input, index[dim] % max(shape[dim], 1), dim)
    elif arrays:
        np.add.at(out, index, input)
    else:
        out[index] = input
    return out


def _names_slices(index: tuple[Any, ...], dim: int) -> bool:
    """Whether an index takes whole slices of one dimension: it has integers there, and nothing elsewhere."""
    rest = index[:dim] + index[dim + 1 :]
    return (
        index[dim].ndim == 1
        and index[dim].dtype.kind in "iu"
        and all(type(i) is slice and i == slice(None) for i in rest)
    )


getitem.vjps(input=lambda g, into, index: put(g, into, index))
put.vjps(input=lambda g, index: getitem(g, index))


def basic(index: Any) -> tuple[Any, ...] | None:
    """An index of ints, slices, None and Ellipsis as a tuple by which NumPy answers a view; None for any other."""
    if type(index) is not tuple:
        index = (index,)
    dots = ranges = False
    for i in index:
        kind = type(i)
        if kind is slice:
            ranges = True
            if i.step is not None and i.step <= 0:
                raise ValueError("step must be greater than zero")
        elif kind is int or i is None:
            pass
        elif i is Ellipsis:
            if dots:
                return None
            dots = True
        else:
            return None
    return index if ranges or dots else (*index, Ellipsis)


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
            warnings.warn(
                f"indexing with dtype {_types.package}.uint8 is now deprecated, please use a dtype "
                f"{_types.package}.bool instead.",
                UserWarning,
                stacklevel=5,
            )
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
    if key is None:
        return _gathered(input, index)
    try:
        if input.node is not None or input.base is not None or input.leaf:
            return getitem(input, key)
        # what ``getitem`` does where nothing is to be recorded, at half the cost
        out = new(public.tensor)
        out.array, out.node, out.leaf = input.array[key], None, False
        out.base, out.path = input, ((getitem, (key,)),)
        memory = input.memory
        if memory is None:
            memory = input.memory = [0]
        out.memory, out.seen = memory, memory[0]
        return out
    except IndexError as error:
        raise explained(error, key, input.array.shape) from None


def _gathered(input: Any, index: Any) -> Any:
    if isinstance(index, Traced) and index.array.dtype is _INT64 and index.array.ndim:
        try:
            return getitem(input, (index.array, *[slice(None)] * (input.array.ndim - 1)))
        except IndexError:
            pass  # what is wrong is said below
    for key in split_index(index, input.array.shape):
        source = input.array
        try:
            input = getitem(input, key)
        except IndexError as error:
            raise explained(error, key, source.shape) from None
        if any(type(i) is ndarray for i in key):
            input.array = _laid_out(input.array, source, key)
    return input


def _laid_out(out: Array, source: Array, key: tuple[Any, ...]) -> Array:
    """What ``source[key]`` gathered, in memory as torch has it; NumPy puts the dimensions that gather outside.

    The order is that of at::TensorIterator: dimensions stay where they are, but for those that are taken whole, which
    among themselves lie as in the source.
    """
    if source.flags.c_contiguous:
        return np.ascontiguousarray(out)
    whole = [(d, i) for d, i in zip(_dims_of(key), key) if type(i) is slice]
    arrays = [k for k, i in enumerate(key) if type(i) is ndarray]
    apart = arrays[-1] - arrays[0] >= len(arrays)
    before = 0 if apart else arrays[0]  # whole dimensions that stand before those that gather
    steps: list[int | None] = [source.strides[d] for d, _ in whole]
    steps[before:before] = [None] * (out.ndim - len(whole))
    order = list(range(out.ndim))[::-1]  # from the innermost
    for i in range(1, out.ndim):
        at = i
        for j in range(i - 1, -1, -1):
            inner, outer = steps[order[j]], steps[order[at]]
            if inner and outer and inner < outer:
                break
            if inner and outer and inner > outer:
                order[j], order[at], at = order[at], order[j], j
    places = order[::-1]
    back = sorted(range(out.ndim), key=places.__getitem__)
    return np.ascontiguousarray(out.transpose(places)).transpose(back)


def _dims_of(key: tuple[Any, ...]) -> list[int]:
    """The first dimension of the source that each item of an index takes."""
    dims, d = [], 0
    for i in key:
        dims.append(d)
        d += _takes(i)
    return dims


def explained(error: IndexError, key: tuple[Any, ...], shape: tuple[int, ...]) -> IndexError:
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

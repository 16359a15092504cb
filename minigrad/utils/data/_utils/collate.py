"""From elements to a batch: `default_collate`, and `default_convert` where there are no batches."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ...._tape import edge, mode, wrap
from ...._types import float64
from ....creation import as_tensor, tensor
from ....ops.parts import stack
from ....tensor import Tensor

Rules = dict[Any, Callable[..., Any]]

_NO_NUMBERS = "SUO"  # kinds of NumPy dtypes that hold text or objects


def default_convert(data: Any) -> Any:
    """An element whose NumPy arrays and numbers are tensors, containers rebuilt around them.

    Tuples become lists, as in torch; text, and whatever else there is, is left as it is.

    >>> import numpy as np
    >>> from minigrad.utils.data import default_convert
    >>> default_convert({"image": np.zeros(2), "label": 3, "name": "a"})
    {'image': tensor([0., 0.], dtype=minigrad.float64), 'label': 3, 'name': 'a'}
    """
    if isinstance(data, (np.ndarray, np.generic)):
        return data if data.dtype.kind in _NO_NUMBERS else as_tensor(data)
    if isinstance(data, Mapping):
        return _mapping_like(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _sequence_like(data, [default_convert(element) for element in data])
    return data


def collate(batch: Sequence[Any], *, collate_fn_map: Rules | None = None) -> Any:
    """Elements of one structure as one element of that structure, whose leaves are batches.

    collate_fn_map: from types of leaves (or tuples of types) to functions that are called as
    `function(leaves, collate_fn_map=collate_fn_map)`; an element's own type goes before those it
    is an instance of.  TypeError for a leaf of no such type, RuntimeError for sequences of
    different lengths.
    """
    first = batch[0]
    rules = collate_fn_map or {}
    rule = rules.get(type(first))
    if rule is None:
        rule = next((rules[kind] for kind in rules if isinstance(first, kind)), None)
    if rule is not None:
        return rule(batch, collate_fn_map=collate_fn_map)
    join = functools.partial(collate, collate_fn_map=collate_fn_map)
    if isinstance(first, Mapping):
        return _mapping_like(first, {key: join([each[key] for each in batch]) for key in first})
    if isinstance(first, Sequence):
        named = hasattr(first, "_fields")
        if not named and any(len(each) != len(first) for each in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return _sequence_like(first, [join(leaves) for leaves in zip(*batch)])
    raise _not_batchable(type(first))


def _not_batchable(kind: Any) -> TypeError:
    return TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"found {kind}"
    )


def _mapping_like(container: Any, values: dict[Any, Any]) -> Any:
    """A mapping of container's type, and with its other attributes, that holds values."""
    try:
        if isinstance(container, MutableMapping):
            clone = copy.copy(container)
            clone.update(values)
            return clone
        return type(container)(values)
    except TypeError:  # a type that is not made or filled in the usual way
        return values


def _sequence_like(container: Any, values: list[Any]) -> Any:
    """A sequence of container's type, and with its other attributes, that holds values.

    A list instead of a tuple: what torch does, and code relies on.
    """
    if isinstance(container, tuple):
        return type(container)(*values) if hasattr(container, "_fields") else values
    try:
        if isinstance(container, MutableSequence):
            clone = copy.copy(container)
            for i, value in enumerate(values):
                clone[i] = value
            return clone
        return type(container)(values)
    except TypeError:  # such as a range
        return values


# ------------------------------------------------------------------------------ the rules of leaves


def collate_tensor_fn(batch: Sequence[Any], *, collate_fn_map: Rules | None = None) -> Any:
    """Tensors of one shape, stacked."""
    arrays = [t.array for t in batch]
    alike = len({a.shape for a in arrays}) == len({a.dtype for a in arrays}) == 1
    if not alike or (mode.grad and any(edge(t) is not None for t in batch)):
        return stack(tuple(batch), 0)
    return wrap(np.array(arrays))  # in a fraction of the time


def collate_numpy_array_fn(batch: Sequence[Any], *, collate_fn_map: Rules | None = None) -> Any:
    """Arrays of one shape, stacked."""
    if batch[0].dtype.kind in _NO_NUMBERS:
        raise _not_batchable(batch[0].dtype)
    return collate([as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch: Sequence[Any], *, collate_fn_map: Rules | None = None) -> Any:
    """NumPy's numbers as a tensor of their dtype."""
    return as_tensor(batch)


def collate_float_fn(batch: Sequence[Any], *, collate_fn_map: Rules | None = None) -> Any:
    """Floats as a float64 tensor."""
    return tensor(batch, dtype=float64)


def collate_int_fn(batch: Sequence[Any], *, collate_fn_map: Rules | None = None) -> Any:
    """Ints as an int64 tensor, bools as a bool one."""
    return tensor(batch)


def collate_str_fn(batch: Sequence[Any], *, collate_fn_map: Rules | None = None) -> Any:
    """Text as it is."""
    return batch


default_collate_fn_map: Rules = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}


def default_collate(batch: Sequence[Any]) -> Any:
    """Elements as a batch: their tensors, arrays and numbers stacked along a new first dimension.

    Elements may be nested: dicts, named tuples, tuples (they become lists) and lists keep their
    structure; text stays a list of texts.  More types: `_utils.collate.default_collate_fn_map`.

    TypeError for elements of other types, RuntimeError for shapes or lengths that differ.

    >>> from minigrad.utils.data import default_collate
    >>> default_collate([(0, "a"), (1, "b")])
    [tensor([0, 1]), ('a', 'b')]
    >>> default_collate([{"x": 0.5}, {"x": 1.5}])
    {'x': tensor([0.5000, 1.5000], dtype=minigrad.float64)}
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)

"""Tensors stacked side by side, split unevenly, and spread out as grids: made of cat, narrow and expand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .._tape import Traced
from .._warn import once
from ._common import expect, one_dim, whole
from .parts import _narrow, cat, stack
from .shape import expand, reshape


def _several(tensors: Any) -> tuple[Any, ...]:
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        return tuple(tensors[0])
    return tuple(tensors)


def _lifted(tensors: Any, lift: Any) -> Any:
    """``lift`` of one tensor, or the tuple of it of several."""
    if len(tensors) == 1 and isinstance(tensors[0], Traced):
        return lift(tensors[0])
    return tuple(lift(x) for x in _several(tensors))


def atleast_1d(*tensors):
    """The tensors, those of 0 dimensions with one."""
    return _lifted(tensors, lambda x: x if x.array.ndim else reshape(x, (1,)))


def _at_least_2d(x: Any) -> Any:
    return x if x.array.ndim > 1 else reshape(x, (1, x.array.size))


def atleast_2d(*tensors):
    """The tensors, vectors as rows of a matrix."""
    return _lifted(tensors, _at_least_2d)


def _at_least_3d(x: Any) -> Any:
    if x.array.ndim > 2:
        return x
    return reshape(x, (1, x.array.size, 1) if x.array.ndim < 2 else (*x.array.shape, 1))


def atleast_3d(*tensors):
    """The tensors with at least three dimensions: (n,) as (1, n, 1), (m, n) as (m, n, 1)."""
    return _lifted(tensors, _at_least_3d)


def _given(name: str, tensors: Any) -> list[Any]:
    found = list(tensors)
    if not found:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    for i, x in enumerate(found):
        if not isinstance(x, Traced):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}"
            )
    return found


def hstack(tensors):
    """Tensors side by side: joined along the second dimension, vectors along the first."""
    found = [atleast_1d(x) for x in _given("hstack", tensors)]
    return cat(found, 0 if found[0].array.ndim == 1 else 1)


def vstack(tensors):
    """Tensors one below the other: joined along the first dimension, vectors as rows."""
    return cat([_at_least_2d(x) for x in _given("vstack", tensors)], 0)


def dstack(tensors):
    """Tensors one behind the other: joined along the third dimension."""
    return cat([_at_least_3d(x) for x in _given("dstack", tensors)], 2)


def column_stack(tensors):
    """Tensors side by side, vectors as columns."""
    found = _given("column_stack", tensors)
    return hstack([x if x.array.ndim > 1 else reshape(x, (x.array.size, 1)) for x in found])


# ------------------------------------------------------------------------------ split
def tensor_split(input, indices_or_sections, dim=0):
    """A number of parts as equal as can be, the larger first; or the parts between given indices, as views."""
    expect("tensor_split", input=input)
    shape = input.array.shape
    if not shape:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    d = one_dim(dim, len(shape))
    n, given = shape[d], indices_or_sections
    if isinstance(given, Traced):
        given = given.array.tolist()
    if isinstance(given, (tuple, list)):
        ends = [slice(None, i).indices(n)[1] for i in given]
        starts, stops = [0, *ends], [*ends, n]
    else:
        parts = whole("tensor_split", "sections", given)
        if parts <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {parts}")
        sizes = [n // parts + (i < n % parts) for i in range(parts)]
        stops = np.cumsum(sizes).tolist()
        starts = [0, *stops[:-1]]
    return tuple(_narrow(input, d, a, max(0, b - a)) for a, b in zip(starts, stops))


_TOO_FEW = (
    "torch.{} requires a tensor with at least {} dimension, but got a tensor with {} dimensions!"
)


def _split_evenly(name: str, input: Any, given: Any, dim: int) -> Any:
    if isinstance(given, int):
        n = input.array.shape[dim]
        if given <= 0 or n % given:
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {n} is not "
                f"divisible by the split_size {given}!"
            )
    return tensor_split(input, given, dim)


def hsplit(input, indices_or_sections):
    """Parts side by side, all equal or between indices: along the second dimension, or of a vector."""
    if input.array.ndim < 1:
        raise RuntimeError(_TOO_FEW.format("hsplit", 1, 0))
    return _split_evenly("hsplit", input, indices_or_sections, min(1, input.array.ndim - 1))


def vsplit(input, indices_or_sections):
    """Parts one below the other, all equal or between indices: along the first dimension."""
    if input.array.ndim < 2:
        raise RuntimeError(_TOO_FEW.format("vsplit", 2, input.array.ndim))
    return _split_evenly("vsplit", input, indices_or_sections, 0)


def dsplit(input, indices_or_sections):
    """Parts one behind the other, all equal or between indices: along the third dimension."""
    if input.array.ndim < 3:
        raise RuntimeError(_TOO_FEW.format("dsplit", 3, input.array.ndim))
    return _split_evenly("dsplit", input, indices_or_sections, 2)


# ------------------------------------------------------------------------------ grids
def meshgrid(*tensors, indexing=None):
    """Vectors spread out to the grid of all their combinations, one tensor each; 'xy' exchanges the first two.

    >>> import minigrad as mg
    >>> mg.meshgrid(mg.tensor([1, 2]), mg.tensor([3, 4]), indexing="ij")[0]
    tensor([[1, 1],
            [2, 2]])
    """
    found = list(_several(tensors))
    if not found:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing is None:
        once(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument."
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError(
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
    for x in found:
        if x.array.ndim > 1:
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {list(x.array.shape)}"
            )
        if x.array.dtype != found[0].array.dtype:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    swapped = indexing == "xy" and len(found) > 1
    if swapped:
        found[:2] = found[1::-1]
    shape = tuple(x.array.size for x in found)
    grids = [
        expand(reshape(x, tuple(s if j == i else 1 for j, s in enumerate(shape))), shape)
        for i, x in enumerate(found)
    ]
    if swapped:
        grids[:2] = grids[1::-1]
    return tuple(grids)


def cartesian_prod(*tensors):
    """All combinations of the elements of vectors, one per row; of one vector, itself."""
    found = _several(tensors)
    for x in found:
        if x.array.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(x.array.shape)}")
    if len(found) == 1:
        return found[0]
    grids = meshgrid(*found, indexing="ij")
    return stack([reshape(x, (x.array.size,)) for x in grids], 1)


def combinations(input, r=2, with_replacement=False):
    """All ways to choose ``r`` elements of a vector, in order, one per row."""
    if input.array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.array.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(input.array.size), r)), np.int64).reshape(-1, max(r, 1))
    return input[places] if r else input[:0]

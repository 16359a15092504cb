"""Bags of embeddings, added up or averaged, in torch's signature."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _types
from ..._tape import wrap
from ...kernels import along
from ...ops import embedding as ops
from ...ops._common import entitled, expect
from ...ops.choosing import masked_fill
from ...ops.gather import _gather
from ...ops.shape import reshape
from ...tensor import Tensor
from ._embedding import cut, padding_of, refuse_sparse

Array = np.ndarray[Any, Any]


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Of each bag of rows of ``weight`` (V, D) their 'sum', 'mean' or 'max': (B, D); zeros for an empty bag.

    input: (B, n) for bags of n, or all bags in one row (N,), with ``offsets`` (B,) where each begins; with
    ``include_last_offset`` also where the last one ends.  per_sample_weights: factors like input, for sums only.
    padding_idx: a row that counts for nothing.  The rest as in ``embedding``.
    ValueError, RuntimeError or NotImplementedError for what does not fit.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html

    >>> import minigrad as mg
    >>> table = mg.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    >>> mg.nn.functional.embedding_bag(mg.tensor([0, 1, 2]), table, mg.tensor([0, 2]), mode="sum")
    tensor([[2., 4.],
            [4., 5.]])
    """
    expect("embedding_bag", weight=weight, indices=input)
    refuse_sparse(sparse)
    _check(input, weight, per_sample_weights, scale_grad_by_freq, mode)
    index, factors = input.array, per_sample_weights
    if index.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                f"sequences. However, found offsets of type {type(offsets)}"
            )
        bags = np.repeat(np.arange(len(index)), index.shape[1])
        count = len(index)
        index = index.reshape(-1)
        if factors is not None:
            factors = reshape(factors, (-1,))
    else:
        count, bags = _bags(index, offsets, include_last_offset)
    if max_norm is not None:
        cut(weight, index, max_norm, norm_type)
    if padding_idx is not None:
        padding = padding_of(padding_idx, len(weight.array))
        kept = np.flatnonzero(index != padding)
        index, bags = index[kept], bags[kept]
        if factors is not None:
            factors = _gather(factors, 0, kept)
    rows = ops.embedding(weight, index, None, scale_grad_by_freq)
    if factors is not None:
        rows = rows * reshape(factors, (-1, 1))
    return entitled(_reduced(rows, bags, count, mode), "EmbeddingBagBackward0")


def _reduced(rows: Any, bags: Array, count: int, mode: str) -> Any:
    """The rows (N, D) of each bag in one: (count, D)."""
    if mode == "max":
        return _highest(rows, bags, count)
    total = ops.added_rows(rows, bags, count, None, False)
    if mode == "sum":
        return total
    sizes = np.maximum(np.bincount(bags, minlength=count), 1).astype(rows.array.dtype)
    return total / wrap(sizes[:, None])


def _highest(rows: Any, bags: Array, count: int) -> Any:
    """The largest of each column in each bag, the first of equals; 0 in empty bags."""
    array = rows.array
    places = np.zeros((count, array.shape[1]), np.int64)
    sizes = np.bincount(bags, minlength=count)
    for bag, end in zip(np.flatnonzero(sizes), np.cumsum(sizes[sizes > 0])):
        begin = end - sizes[bag]
        places[bag] = begin + array[begin:end].argmax(0)
    if not len(array):
        return ops.added_rows(rows, bags, count, None, False)
    return masked_fill(_gather(rows, 0, places), wrap((sizes == 0)[:, None]), 0.0)


def _bags(index: Array, offsets: Any, last: bool) -> tuple[int, Array]:
    """(the number of bags, the bag of each index); ValueError or RuntimeError for offsets that cannot be."""
    if index.ndim != 1:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {index.ndim}"
        )
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    starts = offsets.array
    if starts.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    if starts.dtype.kind != "i":
        raise RuntimeError(
            f"expected 'offsets' to be of type Long or Int, but got {_types.of(starts.dtype).title}"
        )
    if last and not len(starts):
        raise RuntimeError("include_last_offset: number of offset should be at least 1")
    if len(starts) and starts[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
            f"However, got {starts[0]}"
        )
    if len(starts) and starts[-1] > len(index):
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length({len(index)}) but got offsets[-1] of {starts[-1]}"
        )
    count = len(starts) - last
    ends = np.append(starts, len(index))[1 : count + 1]
    return count, np.repeat(np.arange(count), ends - starts[:count])


def _check(input: Any, weight: Any, factors: Any, by_count: bool, mode: str) -> None:
    """ValueError, RuntimeError or NotImplementedError, in torch's words, for arguments that do not fit."""
    if input.array.dtype.kind != "i" or input.array.dtype.itemsize < 4:
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"{_types.package}.{_types.of(input.array.dtype).title}Tensor instead (while checking arguments for "
            "embedding_bag)"
        )
    if factors is not None and factors.array.shape != input.array.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({list(factors.shape)}) is not None, then it must have the same "
            f"shape as the input ({list(input.shape)})"
        )
    if weight.array.ndim != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.ndim}")
    index = input.array
    if not along.in_range(index, len(weight.array)):
        raise RuntimeError(
            "embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be "
            f"{index.min() if index.min() < 0 else index.max()}"
        )
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and by_count:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if factors is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
            f"mode='{mode}'). Please open a feature request on GitHub."
        )

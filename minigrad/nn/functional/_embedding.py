"""Embedding in torch's signature."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _types
from ..._tape import Array, cell
from ...kernels import along
from ...ops import embedding as ops
from ...ops._common import expect
from ...tensor import Tensor


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of ``weight`` that ``input`` names: input (*) of int64 or int32, weight (V, D) -> (*, D).

    padding_idx: a row that gets no gradient.  max_norm: rows that are longer, by ``norm_type``, are first cut
    to this length in ``weight`` itself.  scale_grad_by_freq: a row's gradient is divided by how often it is named.
    IndexError for a row that is not there.

    >>> import minigrad as mg
    >>> table = mg.tensor([[0.0, 0.0], [1.0, 2.0]])
    >>> mg.nn.functional.embedding(mg.tensor([1, 0, 1]), table)
    tensor([[1., 2.],
            [0., 0.],
            [1., 2.]])
    """
    expect("embedding", weight=weight, indices=input)
    refuse_sparse(sparse)
    index, table = input.array, weight.array
    if padding_idx is not None:
        padding_idx = padding_of(padding_idx, len(table))
    if index.dtype not in (np.int64, np.int32):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"{_types.package}.{_types.of(index.dtype).title}Tensor instead (while checking arguments for embedding)"
        )
    if table.ndim != 2:
        raise RuntimeError(f"'weight' must be 2-D, but got weight of size {list(table.shape)}")
    if not along.in_range(index, len(table)):
        bad = index.min() if index.min() < 0 else index.max()
        raise IndexError(f"index out of range in self: {bad}, of {len(table)} rows")
    if max_norm is not None:
        cut(weight, index, max_norm, norm_type)
    return ops.embedding(weight, index, padding_idx, scale_grad_by_freq)


def padding_of(padding_idx: int, rows: int) -> int:
    """The number of the padding row counted from the front; AssertionError if there is no such row."""
    if not -rows <= padding_idx < max(rows, 1):
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx + rows if padding_idx < 0 else padding_idx


def refuse_sparse(sparse: bool) -> None:
    """NotImplementedError if gradients are to be sparse."""
    if sparse:
        raise NotImplementedError(
            "sparse=True: there are no sparse tensors; leave it out, gradients are then dense"
        )


def cut(weight: Any, index: Array, max_norm: float, norm_type: float) -> None:
    """Scale the rows named that are longer than ``max_norm`` down to it, in place."""
    rows = np.unique(index)
    lengths = np.linalg.norm(weight.array[rows], norm_type, axis=1)
    long = lengths > max_norm
    scale = max_norm / (lengths[long].astype(np.float64) + 1e-7)
    weight.array[rows[long]] *= scale[:, None].astype(weight.array.dtype)
    cell(weight)[0] += 1


__all__ = ["cut", "embedding", "padding_of", "refuse_sparse"]

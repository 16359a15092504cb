"""Sequences of different lengths as one padded tensor, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...ops.parts import stack
from ...tensor import Tensor
from .. import functional as F


def pad_sequence(
    sequences: Any,
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences of shapes (length, *) padded to the longest: (longest, count, *), or (count, longest, *).

    The answer has the dtype of the first.  RuntimeError if there is none, or for an unknown ``padding_side``.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html

    >>> import minigrad as mg
    >>> mg.nn.utils.rnn.pad_sequence([mg.ones(3), mg.ones(1)], batch_first=True)
    tensor([[1., 1., 1.],
            [1., 0., 0.]])
    """
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    rows = list(sequences)
    if not rows:
        raise RuntimeError("received an empty list of sequences")
    for i, row in enumerate(rows):
        if not isinstance(row, Tensor):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(row).__name__}"
            )
        if not row.dim():
            raise RuntimeError(f"pad_sequence: element {i} has no dimensions")
    first, longest = rows[0], max(len(row) for row in rows)
    value = first.new_full((), padding_value).item()
    padded = []
    for row in rows:
        row = row.to(first.dtype).expand(len(row), *first.shape[1:])
        ends = [0, longest - len(row)]
        ends = ends[::-1] if padding_side == "left" else ends
        padded.append(F.pad(row, [0] * (2 * row.dim() - 2) + ends, value=value))
    return stack(padded, 0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """The sequences of a tensor padded on the right, without their padding.

    >>> import minigrad as mg
    >>> mg.nn.utils.rnn.unpad_sequence(mg.ones(2, 3), mg.tensor([2, 1]), batch_first=True)
    [tensor([1., 1.]), tensor([1.])]
    """
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[: int(length)] for row, length in zip(rows, lengths)]

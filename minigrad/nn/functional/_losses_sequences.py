"""The loss of sequences of class scores against shorter sequences of labels, in torch's signature."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._tape import wrap
from ...autograd import Function
from ...ops._common import converted, expect, title
from ...ops.choosing import where
from ...ops.reduce import mean, sum
from ...ops.shape import reshape
from ...tensor import Tensor
from . import _ctc
from ._losses import reduction_of

Array = np.ndarray[Any, Any]
_WHILE = " (while checking arguments for ctc_loss_allocate_outputs)"


class _Slopes(Function):
    """The gradient of the losses, of which torch has no derivative either."""

    @staticmethod
    def forward(ctx: Any, g: Any, logs: Any, words: Any, alpha: Array, loss: Array) -> Any:
        slopes = _ctc.slopes(logs.array, words, alpha, loss)
        return wrap(slopes * g.array[None, :, None])

    @staticmethod
    def backward(ctx: Any, *_: Any) -> Any:
        raise RuntimeError("derivative for aten::_ctc_loss_backward is not implemented")


class _Losses(Function):
    """One loss for each sequence; with ``finite``, nothing comes back from those that are infinite."""

    @staticmethod
    def forward(ctx: Any, logs: Any, words: Any, finite: bool) -> Any:
        loss, ctx.alpha = _ctc.losses(logs.array, words)
        ctx.words, ctx.loss, ctx.finite = words, loss, finite
        ctx.save_for_backward(logs)
        return wrap(loss)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (logs,) = ctx.saved_tensors
        found = _Slopes.apply(g, logs, ctx.words, ctx.alpha, ctx.loss)
        if ctx.finite:
            found = where(wrap(np.isinf(ctx.loss)[None, :, None]), 0.0, found)
        return found, None, None


_Losses.title = "CtcLossBackward0"


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """The connectionist temporal classification loss: minus the log-likelihood of the labels, over all alignments.

    log_probs: (T, N, C) or (T, C), from log_softmax.  targets: (N, S), of which the first ``target_lengths`` count, or
    those of all in one row; without blanks.  input_lengths, target_lengths: tuples or tensors, N ints each.
    zero_infinity: whether the loss of labels that do not fit into their steps, and its gradient, is 0.
    The mean is that of the losses by label.  The gradients are those of what went into the log_softmax, as in torch,
    and have no derivatives.  RuntimeError for lengths and sizes that do not fit.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html

    >>> import minigrad as mg
    >>> scores = mg.zeros(4, 1, 3).log_softmax(2)
    >>> mg.nn.functional.ctc_loss(scores, mg.tensor([[1, 2]]), (4,), (2,))
    tensor(0.8432)
    """
    expect("ctc_loss", log_probs=log_probs, targets=targets)
    reduction = reduction_of(None, None, reduction)
    batched = log_probs.array.ndim == 3
    logs = (
        log_probs
        if log_probs.array.ndim != 2
        else reshape(log_probs, (len(log_probs.array), 1, -1))
    )
    if logs.array.ndim != 3:
        raise RuntimeError(
            f"Expected 3-dimensional tensor, but got {logs.array.ndim}-dimensional tensor for argument #1 'log_probs'"
            f"{_WHILE}"
        )
    if logs.array.dtype.kind != "f" or logs.array.itemsize == 2:
        raise NotImplementedError(f"\"ctc_loss_cpu\" not implemented for '{title(logs)}'")
    if not logs.array.size:
        raise RuntimeError("log_probs tensor must not be empty")
    steps, n, classes = logs.array.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    taken = _lengths("input_lengths", input_lengths, n, steps)
    counts = _lengths("target_lengths", target_lengths, n, None)
    rows = _rows(targets.array, counts, classes, blank)
    losses = _Losses.apply(logs, _ctc.spelt(rows, counts, taken, blank), bool(zero_infinity))
    if zero_infinity:
        losses = where(wrap(np.isinf(losses.array)), 0.0, losses)
    if reduction == "mean":
        return mean(losses / converted(np.maximum(counts, 1), losses.array.dtype))
    if reduction == "sum":
        return sum(losses)
    return losses if batched else reshape(losses, ())


def _lengths(name: str, given: Any, n: int, most: int | None) -> Array:
    """Lengths as an array (N,); RuntimeError or TypeError for what they cannot be."""
    if isinstance(given, Tensor):
        if given.array.dtype.kind not in "iu":
            raise RuntimeError(f"{name} must be integral")
        found = given.array.reshape(-1).astype(np.int64)
    else:
        if not (isinstance(given, (tuple, list)) and all(hasattr(x, "__index__") for x in given)):
            raise TypeError(f"ctc_loss(): argument '{name}' must be tuple of ints")
        found = np.array([x.__index__() for x in given], np.int64)
    if len(found) != n:
        raise RuntimeError(f"{name} must be of size batch_size")
    if found.min() < 0:
        raise RuntimeError(
            f"Expected {name} to have value at least 0, but got value {found.min()}{_WHILE}"
        )
    if most is not None and found.max() > most:
        raise RuntimeError(
            f"Expected {name} to have value at most {most}, but got value {found.max()}{_WHILE}"
        )
    return found


def _rows(targets: Array, counts: Array, classes: int, blank: int) -> Array:
    """The labels, one row per sequence, blanks behind; RuntimeError if there are too few, or none such."""
    targets = targets.astype(np.int64)
    rows = np.full((len(counts), int(counts.max())), blank, np.int64)
    inside = np.arange(rows.shape[1]) < counts[:, None]
    if targets.ndim == 1:
        if len(targets) != counts.sum():
            raise RuntimeError(
                f"Expected tensor to have size {counts.sum()} at dimension 0, but got size {len(targets)} for argument "
                f"#2 'targets'{_WHILE}"
            )
        rows[inside] = targets
    else:
        if targets.ndim != 2 or len(targets) != len(counts):
            raise RuntimeError(
                f"Expected targets of {len(counts)} rows, but got a tensor of size {list(targets.shape)}"
            )
        if targets.shape[1] < rows.shape[1]:
            raise RuntimeError(
                f"Expected tensor to have size at least {rows.shape[1]} at dimension 1, but got size "
                f"{targets.shape[1]} for argument #2 'targets'{_WHILE}"
            )
        rows[inside] = targets[:, : rows.shape[1]][inside]
    if rows.size and (rows.min() < 0 or rows.max() >= classes):
        raise RuntimeError(f"targets must be class numbers from 0 to {classes - 1}")
    return rows

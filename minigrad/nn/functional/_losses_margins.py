"""Losses that ask for a margin between scores or distances, in torch's signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..._tape.fitting import unmatched
from ...ops import loss as pointwise
from ...ops import loss_margins as ops
from ...ops import reduce as reductions
from ...ops._common import converted, expect, one_dim, title
from ...ops.activations_smooth import logsigmoid
from ...ops.choosing import choose, minimum
from ...ops.elementwise import sub
from ...ops.functions import sqrt
from ...ops.loss import reduced
from ...ops.loss_labels import places
from ...ops.products import pairwise_distance
from ...ops.shape import reshape
from ...tensor import Tensor
from ._losses import REDUCTIONS, reduction_of

Distance = Callable[[Tensor, Tensor], Tensor]


def _where(mask: Any, x: Any) -> Any:
    """x where the mask holds, else 0; RuntimeError if their shapes do not fit."""
    try:
        np.broadcast_shapes(mask.shape, x.array.shape)
    except ValueError as error:
        raise unmatched(error, mask, x.array) from None
    return choose(x, 0.0, mask)


# ------------------------------------------------------------------------------ signs
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Distances where the target is 1, and what they lack to ``margin`` where it is -1: mean, sum or ('none') each."""
    expect("hinge_embedding_loss", input=input, target=target)
    reduction = reduction_of(size_average, reduce, reduction)
    signs = target.array
    far = _where(signs != 1, ops.hinge(margin - input))
    return reduced(far + _where(signs != -1, input), reduction)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``log(1 + exp(-target * input))`` for targets of 1 and -1: mean, sum or ('none') each."""
    expect("soft_margin_loss", input=input, target=target)
    reduction = reduction_of(size_average, reduce, reduction)
    if input.array.dtype.kind != "f" and target.array.dtype.kind != "f":
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {title(input)}"
        )
    return pointwise.soft_margin_loss(input, converted(target, input.array.dtype), reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, margin - target * (input1 - input2))`` for targets of 1 and -1: mean, sum or ('none') each.

    RuntimeError for different numbers of dimensions.
    """
    expect("margin_ranking_loss", input1=input1, input2=input2, target=target)
    reduction = reduction_of(size_average, reduce, reduction)
    if not input1.array.ndim == input2.array.ndim == target.array.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: "
            f"{input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return reduced(ops.hinge(-target * sub(input1, input2) + margin), reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos`` of the angle between vectors where the target is 1, ``max(0, cos - margin)`` where it is -1.

    input1, input2: (N, D) and target (N,), or (D,) and ().  Answers the mean, the sum, or ('none') each.
    RuntimeError for other numbers of dimensions.
    """
    expect("cosine_embedding_loss", input1=input1, input2=input2, target=target)
    reduction = reduction_of(size_average, reduce, reduction)
    ndim = target.array.ndim
    if ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if not input1.array.ndim == input2.array.ndim == ndim + 1:
        raise RuntimeError(
            f"{ndim}D target tensor expects {ndim + 1}D input tensors, but found inputs with sizes "
            f"{list(input1.array.shape)} and {list(input2.array.shape)}."
        )
    tiny = 1e-12
    products = reductions.sum(input1 * input2, ndim)
    squares = (reductions.sum(x * x, ndim) + tiny for x in (input1, input2))
    cosine = products / sqrt(next(squares) * next(squares))
    signs = target.array
    near, far = _where(signs == 1, 1 - cosine), _where(signs == -1, ops.hinge(cosine - margin))
    return reduced(near + far, reduction)


# ------------------------------------------------------------------------------ triplets
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, margin + |anchor - positive| - |anchor - negative|)``, in the p-norm of the last dimension.

    eps: added to differences.  swap: take the distance of negative from positive if that is less.  Answers the mean,
    the sum, or ('none') each.  ValueError unless the margin is positive.
    Source: Balntas et al., Learning shallow convolutional feature descriptors with triplet losses, 2016.
    """
    reduction = reduction_of(size_average, reduce, reduction)

    def distance(x: Any, y: Any) -> Any:
        return pairwise_distance(x, y, p, eps)

    expect("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    return _triplet(anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Distance | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """``triplet_margin_loss`` with a distance of one's own; None: the Euclidean one."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    distance = distance_function or pairwise_distance
    expect("triplet_margin_with_distance_loss", anchor=anchor, positive=positive, negative=negative)
    return _triplet(anchor, positive, negative, distance, margin, swap, reduction)


def _triplet(
    anchor: Any, positive: Any, negative: Any, distance: Distance, margin: float, swap: bool, reduction: str
) -> Any:  # fmt: skip
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    dims = anchor.array.ndim, positive.array.ndim, negative.array.ndim
    if len(set(dims)) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            "anchor {}D, positive {}D, and negative {}D inputs".format(*dims)
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced(ops.hinge(margin + near - far), reduction)


# ------------------------------------------------------------------------------ classes
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of ``max(0, margin - score of the target + score)`` to the power p, 1 or 2.

    input: (N, C) or (C,); target: class numbers (int64) of shape (N,), or () or (1,); weight: (C,), factors of the
    targets' losses.  Answers the mean over the batch, the sum, or ('none') one for each target.
    RuntimeError for other shapes, dtypes or classes, ValueError for another p.
    """
    expect("multi_margin_loss", input=input, target=target)
    reduction = reduction_of(size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    rows, labels = _as_rows(input), target.array
    n, classes = rows.array.shape
    if labels.size != n or labels.ndim > 1:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch "
            f"size). Expected target size [{n}], but got {list(labels.shape)}. Input has shape "
            f"{list(input.array.shape)}."
        )
    _expect_long(labels, target)
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise RuntimeError("target out of range")
    weights = None
    if weight is not None:
        expect("multi_margin_loss", weight=weight)
        weights = weight.array
        if weights.shape != (classes,):
            raise RuntimeError(
                f"inconsistent weight size, expected {classes} but got {list(weights.shape)}"
            )
        if weights.dtype is not input.array.dtype:
            raise RuntimeError(f"expected scalar type {title(input)} but found {title(weight)}")
    where, factors = places(labels.reshape(n), (n, classes), weights, -1, input.array.dtype)
    losses = ops.multi_margin_loss(rows, where, factors, p, margin, _divisor(reduction, n))
    return reshape(losses, labels.shape) if reduction == "none" else losses


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The sum over a row's classes and all others of ``max(0, 1 - score + other's score)``, over the number of classes.

    input: (N, C) or (C,); target: that shape, int64, each row's class numbers up to the first -1.
    Answers the mean over the batch, the sum, or ('none') one for each row.  RuntimeError for other shapes or classes.
    """
    expect("multilabel_margin_loss", input=input, target=target)
    reduction = reduction_of(size_average, reduce, reduction)
    rows, labels = _as_rows(input), target.array
    if labels.shape != input.array.shape:
        raise RuntimeError(
            f"inconsistent target size: {list(labels.shape)} for input of size: {list(input.array.shape)}"
        )
    _expect_long(labels, target)
    n, classes = rows.array.shape
    if labels.size and not (labels.min() >= -1 and labels.max() < classes):
        raise RuntimeError("argument #2 'target' is out of range")
    wanted = labels.reshape(n, classes)
    losses = ops.multilabel_margin_loss(rows, wanted, _divisor(reduction, n))
    return losses if reduction != "none" or input.array.ndim > 1 else reshape(losses, ())


def _as_rows(input: Any) -> Any:
    """(N, C) as it is, (C,) or a number as one row; RuntimeError for other shapes."""
    x = input.array
    if x.ndim > 2 or (x.ndim == 2 and not x.shape[1]):
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(x.shape)}"
        )
    return input if x.ndim == 2 else reshape(input, (1, x.size))


def _expect_long(labels: Any, target: Any) -> None:
    if labels.dtype != np.int64:
        raise RuntimeError(f"expected scalar type Long but found {title(target)}")


def _divisor(reduction: str, n: int) -> int | None:
    return {"none": None, "sum": 1, "mean": n}[reduction]


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over the last dimension of the cross entropies of sigmoid(input) against 0 and 1.

    weight: broadcasts, factors of the classes.  Answers the mean, the sum, or ('none') one for each row.
    """
    expect("multilabel_soft_margin_loss", input=input, target=target)
    if size_average is not None or reduce is not None:
        reduction = reduction_of(size_average, reduce, reduction)
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        losses = losses * weight
    if not input.array.ndim:
        raise IndexError("Dimension specified as -1 but tensor has no dimensions")
    dim = one_dim(-1, input.array.ndim)
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not valid")
    return reduced(reductions.sum(losses, dim) / input.array.shape[dim], reduction)

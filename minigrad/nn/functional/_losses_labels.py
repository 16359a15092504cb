"""Losses of class scores against class numbers or probabilities, in torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _types
from ...ops import loss_labels as ops
from ...ops import reduce as reductions
from ...ops._common import entitled, expect, title
from ...ops.choosing import choose
from ...ops.shape import reshape
from ...ops.softmax import log_softmax
from ...tensor import Tensor
from ._losses import reduction_of

Array = np.ndarray[Any, Any]


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log likelihood: minus the target's element of each row of log-probabilities.

    input: (C,), (N, C) or (N, C, *S); target: class numbers (int64 or uint8) of shape (), (N,) or (N, *S).
    weight: (C,), what each class's losses are multiplied by.  Targets that are ``ignore_index`` count for nothing.
    Answers the mean over the targets' weights, the sum, or ('none') one loss for each target.
    IndexError for a target that is no class, ValueError for other batch sizes, RuntimeError for other shapes or dtypes.

    >>> import minigrad as mg
    >>> scores = mg.tensor([[-0.1, -2.3], [-1.6, -0.2]])
    >>> mg.nn.functional.nll_loss(scores, mg.tensor([0, 1]))
    tensor(0.1500)
    """
    expect("nll_loss_nd", input=input, target=target)
    reduction = reduction_of(size_average, reduce, reduction)
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f"\"nll_loss_out_frame\" not implemented for '{title(input)}'")
    return ops.nll_loss(input, *_placed(input, target, weight, ignore_index, reduction))


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of softmax(input) over the classes against class numbers or probabilities.

    input: (C,), (N, C) or (N, C, *S); target: class numbers as for ``nll_loss``, or probabilities of input's shape.
    label_smoothing: how much of each target, 0 to 1, is spread evenly over all classes.
    The other arguments, the answer and the errors are those of ``nll_loss``.

    >>> import minigrad as mg
    >>> mg.nn.functional.cross_entropy(mg.tensor([[0.5, 2.0]]), mg.tensor([1]))
    tensor(0.2014)
    """
    expect("cross_entropy_loss", input=input, target=target)
    reduction = reduction_of(size_average, reduce, reduction)
    if label_smoothing > 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.array.shape == target.array.shape:
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _expected(input, target, weight, reduction, label_smoothing)
    if label_smoothing > 0:
        logs = log_softmax(input, _class_dim(input))
        return _smoothed(logs, target, weight, ignore_index, reduction, label_smoothing)
    if input.array.dtype.kind != "f":
        log_softmax(input, _class_dim(input))  # says so
    return ops.cross_entropy(input, *_placed(input, target, weight, ignore_index, reduction))[0]


def _class_dim(input: Any) -> int:
    return 0 if input.array.ndim == 1 else 1


def _placed(
    input: Any, target: Any, weight: Any, ignore_index: int, reduction: str
) -> tuple[Array, Array | None, Any]:
    """The places of the targets' scores, the factors of their losses, and what their sum is divided by.

    The last is None for 'none'.  Raises what ``nll_loss`` says.
    """
    scores, classes = input.array, target.array
    _check_labels(scores, classes, weight)
    if classes.dtype is not _LABELS[0]:
        classes = classes.astype(np.int64)
    classes = classes.reshape(scores.shape[:1] + scores.shape[2:] if scores.ndim > 1 else ())
    weights = None if weight is None else weight.array
    places, factors = ops.places(classes, scores.shape, weights, ignore_index, scores.dtype)
    if reduction != "mean":
        return places, factors, None if reduction == "none" else 1
    return places, factors, classes.size if factors is None else np.add.reduce(factors, None)


_LABELS = np.dtype(np.int64), np.dtype(np.uint8)


def _check_labels(scores: Array, labels: Array, weight: Any) -> None:
    """Shapes and dtypes that fit, or torch's error."""
    if not scores.ndim:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if scores.ndim > 1 and labels.ndim and len(scores) != len(labels):
        raise ValueError(
            f"Expected input batch_size ({len(scores)}) to match target batch_size ({len(labels)})."
        )
    wanted = scores.shape[:1] + scores.shape[2:] if scores.ndim > 1 else ()
    if labels.shape != wanted and not (scores.ndim == 1 and labels.shape == (1,)):
        if scores.ndim == 1 and labels.ndim == 1:
            raise ValueError(
                f"For 1D input, 1D target must have size 1, but got target size: {labels.shape[0]}"
            )
        if scores.ndim < 3 and labels.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if scores.ndim == 4:  # pictures, which torch has a kernel of their own for
            if labels.ndim != 3:
                raise RuntimeError(
                    "only batches of spatial targets supported (3D tensors) but got targets of dimension: "
                    f"{labels.ndim}"
                )
            raise RuntimeError(
                f"size mismatch (got input: {list(scores.shape)} , target: {list(labels.shape)}"
            )
        raise RuntimeError(f"Expected target size {list(wanted)}, got {list(labels.shape)}")
    if labels.dtype not in _LABELS:
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {_types.of(labels.dtype).title}"
        )
    if weight is not None:
        classes = scores.shape[min(1, scores.ndim - 1)]
        expect("nll_loss_nd", weight=weight)
        if weight.array.shape != (classes,):
            raise RuntimeError(
                f"weight tensor should be defined either for all {classes} classes or no classes but got weight "
                f"tensor of shape: {list(weight.array.shape)}"
            )
        if weight.array.dtype != scores.dtype:
            raise RuntimeError(
                f"expected scalar type {_types.of(scores.dtype).title} but found {title(weight)}"
            )


def _smoothed(
    logs: Any, target: Any, weight: Any, ignore_index: int, reduction: str, smoothing: float
) -> Any:
    """The cross entropy of log-probabilities, a part of each target spread evenly over all classes."""
    dim = _class_dim(logs)
    places, factors, by = _placed(logs, target, weight, ignore_index, reduction)
    plain = ops.nll_loss(logs, places, factors, by)
    even = -reductions.sum(_weighted(logs, weight, dim), dim)
    ignored = target.array.reshape(even.array.shape) == ignore_index
    if ignored.any():
        even = choose(0.0, even, ignored)
    if by is not None:
        even = reductions.sum(even) / by
    return plain * (1 - smoothing) + even * (smoothing / logs.array.shape[dim])


def _expected(input: Any, target: Any, weight: Any, reduction: str, smoothing: float) -> Any:
    """The cross entropy against probabilities of the classes."""
    dim = _class_dim(input)
    if target.array.dtype.kind != "f":
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {title(target)}"
        )
    logs = log_softmax(input, dim)
    classes = input.array.shape[dim]
    if weight is not None and weight.array.shape != (classes,):
        raise RuntimeError(
            f"cross_entropy: weight tensor should be defined either for all {classes} classes or no classes but got "
            f"weight tensor of shape: {list(weight.array.shape)}"
        )
    if smoothing > 0:
        target = target * (1 - smoothing) + smoothing / classes
    products = _weighted(logs * target, weight, dim)
    if reduction == "none":
        return -reductions.sum(products, dim)
    total = -reductions.sum(products)
    if reduction == "sum":
        return total
    mean = total / (input.array.size // classes if classes else 0)
    return entitled(mean, "DivBackward1")  # torch divides by a number of C++


def _weighted(x: Any, weight: Any, dim: int) -> Any:
    """``x`` times the weights of the classes, which lie along ``dim``."""
    if weight is None:
        return x
    return x * reshape(weight, (-1,) + (1,) * (x.array.ndim - 1 - dim))

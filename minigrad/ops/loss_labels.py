"""Losses of class scores against class numbers: the negative log likelihood, alone and fused with log-softmax.

Both read and write scores at ``places``: for each element of the target, the flat index of its class's score.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .._tape import Array, primitive
from ..kernels.elementwise import large
from ..kernels.reduce import down, labels, some
from .softmax import _log_softmax


def places(
    target: Array, shape: tuple[int, ...], weight: Array | None, ignore_index: int, dtype: Any
) -> tuple[Array, Array | None]:
    """Where in scores of ``shape`` the targets' scores lie, and what each target's loss is to be multiplied by.

    target: (N, *S) int64, or () beside scores (C,).  The factors, of ``dtype``, are None where all are 1, and 0 for
    targets that are ``ignore_index``.  IndexError for a target that is neither that nor a class.
    """
    axis = min(1, len(shape) - 1)
    classes = shape[axis]
    factors = None
    known = target.size == 0 or np.maximum.reduce(target.view(np.uint64), None) < classes
    if not known or 0 <= ignore_index < classes:  # seen as unsigned, negative numbers are large
        ignored = target == ignore_index
        wrong = ((target < 0) | (target >= classes)) & ~ignored
        if wrong.any():
            raise IndexError(f"Target {target[wrong][0]} is out of bounds.")
        if ignored.any():
            target = np.where(ignored, 0, target)
            factors = (~ignored).astype(dtype)
    if weight is not None:
        factors = weight[target] if factors is None else weight[target] * factors
    if len(shape) < 3:
        return target + _rows(target.size, classes).reshape(target.shape), factors
    pixels = int(np.prod(shape[2:]))
    rows = np.arange(shape[0])[:, None] * (classes * pixels) + np.arange(pixels)
    return rows.reshape(target.shape) + target * pixels, factors


@functools.lru_cache(16)
def _rows(count: int, classes: int) -> Array:
    """Where the rows of scores begin."""
    return np.arange(0, count * classes, classes)


def _times(x: Array, factors: Array | None) -> Array:
    """``x * factors``, and 0 where the factor is, were x infinite."""
    if factors is None:
        return x
    return np.multiply(x, factors, out=np.zeros_like(x), where=factors != 0)


def _reduced(losses: Array, factors: Array | None, by: Any) -> Array:
    """The losses times their factors; their sum divided by ``by`` unless it is None."""
    losses = _times(losses, factors)
    return losses if by is None else np.add.reduce(losses, None) / losses.dtype.type(by)


def _share(g: Array, factors: Array | None, by: Any, shape: tuple[int, ...]) -> Array:
    """The gradient of each loss from the gradient of what they were reduced to."""
    if by is None:
        return _times(g, factors)
    g = g / g.dtype.type(by)
    return g if factors is None else _times(np.broadcast_to(g, shape), factors)


def _title(node: Any) -> str:
    return "NllLossBackward0" if len(node.shapes[0]) < 3 else "NllLoss2DBackward0"


@primitive(quiet=True, title=_title)
def nll_loss(input, places, factors, /, by):
    """Minus the scores at ``places``, times their factors; summed and divided by ``by`` unless it is None."""
    return _reduced(-input.reshape(-1)[places], factors, by)


@primitive(quiet=True, title="NllLossBackwardBackward0")
def _nll_backward(input, places, factors, /, by, shape):
    """nll_loss's adjoint: scores of ``shape``, 0 but at ``places``."""
    out = np.zeros(shape, input.dtype)
    out.reshape(-1)[places] = -_share(input, factors, by, places.shape)
    return out


nll_loss.vjps(
    input=lambda g, places, factors, into, by: _nll_backward(g, places, factors, by, into)
)
_nll_backward.vjps(input=lambda g, places, factors, by: nll_loss(g, places, factors, by))


def _in_rows(scores: Array) -> bool:
    """Whether there are loops for it, and they pay: rows of many scores."""
    return scores.ndim == 2 and some(scores)


@primitive(quiet=True, title=_title, aux=("top", "total"), large=large)
def cross_entropy(input, places, factors, /, by):
    """``nll_loss`` of the logarithm of softmax over the classes, in one node."""
    if _in_rows(input):
        losses, top, total = labels.forward(np.asarray(input), places)
        return _reduced(losses, factors, by), top, total
    if input.ndim > 2 and some(input):
        cube = np.asarray(input).reshape(*input.shape[:2], -1)
        top, total = np.empty((2, len(cube), cube.shape[2]), input.dtype)
        down("exp_sums", cube, top, total)
        losses = np.log(total) - (cube.reshape(-1)[places].reshape(top.shape) - top)
        return _reduced(losses.reshape(places.shape), factors, by), top, total
    if input.ndim == 2 and len(input) >= input.shape[1]:
        # NumPy goes along columns with vectors, along short rows number by number.
        top = np.maximum.reduce(columns := input.copy("F"), 1)
        scores = input.reshape(-1)[places] - top
        np.subtract(columns, top := top[:, None], out=columns)
        total = np.add.reduce(np.exp(columns, out=columns), 1)
        return _reduced(np.log(total) - scores, factors, by), top, total
    axis = min(1, input.ndim - 1)
    top = np.maximum.reduce(input, axis, None, None, True)
    x = large(input - top)
    scores = np.asarray(x).reshape(-1)[places]
    total = np.add.reduce(np.exp(x, out=x), axis=axis)
    return _reduced(np.log(total) - scores, factors, by), top, total


def _softmax_less_one_hot(g, input, places, factors, top, total, by):
    """``(softmax(input) - one_hot(target)) * g``, g each loss's own."""
    share = _share(g, factors, by, places.shape)
    if _in_rows(input):
        own = np.ascontiguousarray(np.broadcast_to(share, places.shape), input.dtype)
        return labels.backward(np.asarray(input), places, top, total, own)
    if input.ndim > 2 and some(input):
        out = np.empty(input.shape, input.dtype)
        cube = np.asarray(input).reshape(*input.shape[:2], -1)
        scale = np.broadcast_to(share, places.shape).reshape(total.shape) / total
        down("exp_times", cube, top, scale, out.reshape(cube.shape))
        out.reshape(-1)[places] -= share
        return out
    out = large(np.subtract(large(input), top, out=np.empty(input.shape, input.dtype)))
    np.exp(out, out=out)
    np.multiply(out, (share / total).reshape(top.shape), out=out)
    out = np.asarray(out)
    out.reshape(-1)[places] -= share
    return out


cross_entropy.vjps(input=_softmax_less_one_hot)
cross_entropy.composite = lambda input, places, factors, by: nll_loss(
    _log_softmax(input, min(1, len(input.array.shape) - 1)), places, factors, by
)

"""Losses that ask for a margin between scores, with their rules."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import Array
from ._common import unary
from .activations import real
from .choosing import choose, masked
from .loss_labels import _nll_backward, _reduced, nll_loss
from .reduce import _sum
from .shape import reshape


@unary(title="ClampMinBackward0")
def hinge(input, /):
    """``max(input, 0)``, whose slope at 0 is 1."""
    return np.maximum(input, 0)


hinge.vjps(input=lambda g, input: choose(g, 0.0, masked(input) >= 0))


def _column(g: Any, factors: Any, by: Any) -> Any:
    """The gradient of each row's loss, as a column, from the gradient of what the losses were reduced to."""
    if by is not None:
        g = g * (1 / by if by else 1.0)
    if factors is not None:
        g = g * factors
    return reshape(g, (-1, 1)) if len(g.shape) else g


# ------------------------------------------------------------------------------ one class
@unary(title="MultiMarginLossBackward0")
def multi_margin_loss(input, places, factors, /, p, margin, by):
    """How much each other score of a row exceeds that at ``places`` less ``margin``, to the power p; its mean.

    The rows' losses are then multiplied by ``factors``, summed and divided by ``by``, as in ``nll_loss``.
    """
    real("multi_margin_loss_cpu_kernel", input)
    z = input + (input.dtype.type(margin) - input.reshape(-1)[places])[:, None]
    z = np.where(z > 0, z, input.dtype.type(0))
    z.flat[places] = 0
    losses = np.add.reduce(z if p == 1 else z * z, 1) / input.dtype.type(input.shape[1])
    return _reduced(losses, factors, by)


def _multi_margin_rule(
    g: Any, input: Any, places: Any, factors: Any, into: Any, p: int, margin: float, by: Any
) -> Any:
    where = masked(places)
    z = input + reshape(nll_loss(input, where, None, None), (-1, 1)) + margin
    active = masked(z) > 0
    active.flat[where] = False
    slope = choose(1.0 / into[1] if p == 1 else z * (2.0 / into[1]), 0.0 * input, active)
    slope = slope * _column(g, factors, by)
    return slope + _nll_backward(_sum(slope, 1, False), where, None, None, into)


multi_margin_loss.vjps(input=_multi_margin_rule)


# ------------------------------------------------------------------------------ several classes
@unary(title="MultilabelMarginLossBackward0")
def multilabel_margin_loss(input, target, /, by):
    """How much each score that is not of a row's classes exceeds each that is, less 1; summed, over the row's size.

    target: (N, C) int64, each row's classes up to the first -1.  ``by`` as in ``nll_loss``.
    """
    real("multilabel_margin_loss_forward_out_frame", input)
    active, z = _active(input, target)
    losses = np.add.reduce(np.where(active, z, input.dtype.type(0)), (1, 2))
    return _reduced(losses / input.dtype.type(max(1, input.shape[1])), None, by)


def _active(input: Array, target: Array) -> tuple[Array, Array]:
    """Which pairs of a class of the row's and one that is not count, and by how much they miss the margin.

    Both (N, C, C): the row's k-th class, and the other one.
    """
    listed = np.logical_and.accumulate(target >= 0, 1)
    rows, _ = np.nonzero(listed)
    own = np.zeros(input.shape, bool)
    own[rows, target[listed]] = True
    theirs = np.take_along_axis(input, np.where(listed, target, 0), 1)
    z = 1 - theirs[:, :, None] + input[:, None, :]
    return (z > 0) & listed[:, :, None] & ~own[:, None, :], z


def _multilabel_rule(g: Any, input: Any, target: Any, into: Any, by: Any) -> Any:
    x, classes = masked(input), masked(target)
    active, _ = _active(x, classes)
    slope = np.add.reduce(active, 1, x.dtype)
    rows = np.broadcast_to(np.arange(into[0])[:, None], into)
    np.subtract.at(slope, (rows, np.maximum(classes, 0)), np.add.reduce(active, 2, x.dtype))
    return _column(g, None, by) * (slope / x.dtype.type(max(1, into[1])))


multilabel_margin_loss.vjps(input=_multilabel_rule)

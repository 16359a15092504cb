"""Losses that torch has as one op, with their rules."""

from __future__ import annotations

from typing import Any

from .. import _types
from .._tape import primitive
from ._common import common
from .reduce import mean, sum


@primitive(promote=common, quiet=True, title="MseLossBackward0")
def mse_loss(input, target, /, reduction):
    """The squared differences of two of one shape: their mean, their sum, or ('none') each."""
    if input.dtype.kind != "f":
        title = _types.of(input.dtype).title
        raise NotImplementedError(f"\"mse_cpu\" not implemented for '{title}'")
    apart = input - target
    squares = apart * apart
    if reduction == "none":
        return squares
    return mean(squares) if reduction == "mean" else sum(squares)


def _slope(g: Any, input: Any, target: Any, reduction: str) -> Any:
    n = input.shape.numel() if hasattr(input.shape, "numel") else input.size
    return (input - target) * (2.0 / n if reduction == "mean" and n else 2.0) * g


mse_loss.vjps(
    input=lambda g, input, target, reduction: _slope(g, input, target, reduction),
    target=lambda g, input, target, reduction: -_slope(g, input, target, reduction),
)

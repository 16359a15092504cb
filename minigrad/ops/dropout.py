"""Dropout: what chance picks is set to zero, and the rest scaled so that the mean stays.

The numbers are drawn as torch draws them, so a seed gives torch's masks: one for each element in its order in
memory, or in feature dropout one for each channel of (N, C, *).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _sampling, _types
from .._tape import Array
from ._common import expect
from .elementwise import add, mul
from .inplace import inplace as written

# What units of self-normalising networks saturate at: minus the product of SELU's two constants.
_SATURATION = 1.7580993408473766


def _noise(input: Array, p: float, feature: bool) -> Array:
    """1 with probability 1 - p, else 0: for each element, or each channel."""
    if feature:
        if input.ndim < 2:
            raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
        noise = np.empty(input.shape[:2] + (1,) * (input.ndim - 2), input.dtype)
    else:
        noise = np.empty_like(input)
    _sampling.default.bernoulli_(noise, 1 - p)
    return noise


def _dropped(name: str, input: Any, p: float, train: bool, feature: bool, inplace: bool) -> Any:
    expect(name, input=input)
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p}")
    if p == 0 or not train or not input.array.size:
        return input
    times: Any = 0.0
    if p < 1:
        _only_floats(input.array)
        times = _noise(input.array, p, feature)
        times /= 1 - p
    elif input.array.dtype.kind != "f":
        times = 0
    return written(mul, input, times) if inplace else mul(input, times)


def _only_floats(x: Array) -> None:
    if x.dtype.kind != "f":
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {_types.of(x.dtype).title}"
        )


def _dropped_alpha(
    name: str, input: Any, p: float, train: bool, feature: bool, inplace: bool
) -> Any:
    """Dropout to the saturation, then scaled and shifted so that mean and variance stay."""
    if p == 1 or p == 0 or not train or not 0 <= p <= 1:
        return _dropped(name, input, p, train, feature, inplace)
    expect(name, input=input)
    if not input.array.size:
        return input
    _only_floats(input.array)
    noise = _noise(input.array, p, feature)
    scale = 1 / math.sqrt((_SATURATION * _SATURATION * p + 1) * (1 - p))
    shift = (noise - 1) * (_SATURATION * scale) + _SATURATION * scale * p
    noise *= scale
    if inplace:
        return written(add, written(mul, input, noise), shift)
    return add(mul(input, noise), shift)


def _function(name: str, dropped: Any, feature: bool, inplace: bool, doc: str) -> Any:
    def function(input: Any, p: float, train: bool) -> Any:
        return dropped(name, input, p, train, feature, inplace)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"{doc}{', written into it' * inplace}.  RuntimeError unless p is from 0 to 1."
    )
    return function


_ELEMENTS = "``input`` with elements set to 0 with probability p and the rest divided by 1 - p"
_CHANNELS = "``input`` with channels set to 0 with probability p and the rest divided by 1 - p"
_ALPHA = "Dropout that keeps mean and variance of self-normalising networks"
_ALPHAS = "Dropout of channels that keeps mean and variance of self-normalising networks"
dropout = _function("dropout", _dropped, False, False, _ELEMENTS)
dropout_ = _function("dropout_", _dropped, False, True, _ELEMENTS)
feature_dropout = _function("feature_dropout", _dropped, True, False, _CHANNELS)
feature_dropout_ = _function("feature_dropout_", _dropped, True, True, _CHANNELS)
alpha_dropout = _function("alpha_dropout", _dropped_alpha, False, False, _ALPHA)
alpha_dropout_ = _function("alpha_dropout_", _dropped_alpha, False, True, _ALPHA)
feature_alpha_dropout = _function("feature_alpha_dropout", _dropped_alpha, True, False, _ALPHAS)
feature_alpha_dropout_ = _function("feature_alpha_dropout_", _dropped_alpha, True, True, _ALPHAS)

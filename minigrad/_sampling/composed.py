"""Draws made of other draws: samples of a discrete distribution, and a truncated normal one.

They call an `Engine` in torch's order, so that it ends in torch's state, too.
"""

import math
from typing import Any

import numpy as np

from minigrad._sampling import checks
from minigrad._sampling.engine import Engine

Array = np.ndarray[Any, Any]


def multinomial(engine: Engine, p: Array, count: int, replacement: bool = False) -> Array:
    """Indices drawn with probabilities in the ratio of p's last dimension.

    p: (n,) or (rows, n) of a floating dtype, none negative.
    Answers (count,) or (rows, count) int64.
    """
    checks.multinomial(p, count, replacement)
    shape = (*p.shape[:-1], count)
    if not p.shape[0]:
        return np.empty(shape, np.int64)
    if replacement and count > 1:
        return _with_replacement(engine, p.reshape(-1, p.shape[-1]), count).reshape(shape)
    # The largest of p / Exp(1) is p-distributed (the Gumbel-max trick, exponentiated); the next
    # largest are the samples that follow without replacement.
    checks.weights(p)
    waiting = engine.exponential_(np.empty_like(p))
    with np.errstate(divide="ignore", over="ignore"):
        score: Array = np.divide(p, waiting)
    if count == 1:
        order = np.argmax(score, -1, keepdims=True)
    else:
        order = np.argsort(-score, -1, kind="stable")[..., :count].copy()
    return np.asarray(order)


def _with_replacement(engine: Engine, p: Array, count: int) -> Array:
    """Rows of count indices, by bisection in each row's cumulative sum."""
    wide = p.astype(np.float32) if p.dtype == np.float16 else p
    chosen = np.empty((len(p), count), np.int64)
    checks.rows_of_weights(wide)
    for row, weights in enumerate(wide):
        cumulative = np.cumsum(weights)
        cumulative /= cumulative[-1]
        cumulative[-1] = 1
        u = engine.rand((count,), np.float64)
        chosen[row] = np.searchsorted(cumulative.astype(np.float64), u)
    return chosen


def trunc_normal_(
    engine: Engine,
    array: Array,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
) -> Array:
    """Fill with normal numbers between a and b; what falls outside is drawn again.

    Where the interval holds less than 0.3 of the distribution, uniform numbers in it are accepted
    with a probability in the ratio of the density to its peak instead.
    """
    inside = _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std)
    if inside > 0.3:
        low, high = array.dtype.type(a), array.dtype.type(b)
        result = engine.normal_(array, mean, std)
        while (outside := (result < low) | (result > high)).any():
            again = engine.normal_(np.empty_like(result), mean, std)
            result = np.where(outside, again, result)
        if result is not array:
            array[...] = result
        return array
    mode = max(a, min(mean, b))
    log_peak = -0.5 * ((mode - mean) / std) ** 2

    def rejected(candidates: Array) -> Array:
        log_density = ((candidates - mean) / std) ** 2 * -0.5 - log_peak
        with np.errstate(divide="ignore"):  # the logarithm of 0
            return np.log(engine.uniform_(np.empty_like(candidates))) > log_density

    engine.uniform_(array, a, b)
    pending = rejected(array)
    while pending.any():
        candidates = engine.uniform_(np.empty_like(array), a, b)
        array[pending] = candidates[pending]
        pending &= rejected(candidates)
    return array


def poisson(engine: Engine, rates: Array) -> Array:
    """How many events of a rate occur, for each of the rates (none negative): whole numbers, in the rates' dtype.

    Source: sample_poisson of PyTorch's ATen/native/Distributions.cpp
    """
    units = _Units(engine, rates.size)
    counts = [_events(float(rate), units) for rate in rates.reshape(-1)]
    units.leave()
    return np.array(counts, np.float64).astype(rates.dtype).reshape(rates.shape)


class _Units:
    """Uniform numbers in [0, 1) one by one: made by the row, of which the engine in the end has given those used."""

    def __init__(self, engine: Engine, count: int):
        self.engine, self.count, self.used = engine, max(count, 1), 0
        self.before = engine.get_state()
        self.row: list[float] = []
        self.made = 0

    def __call__(self) -> float:
        if self.used == self.made:
            words = self.engine.long_words(self.count)
            self.row = ((words & np.uint64((1 << 53) - 1)) * 2.0**-53).tolist()[::-1]
            self.made += self.count
        self.used += 1
        return self.row.pop()

    def leave(self) -> None:
        self.engine.set_state(self.before)
        self.engine.words(2 * self.used)


def _events(rate: float, unit: _Units) -> float:
    if rate == 0:
        return 0.0
    if rate < 10:  # as many as there are factors before the product falls to exp(-rate)
        count, product, least = 0, unit(), math.exp(-rate)
        while product > least:
            count, product = count + 1, product * unit()
        return float(count)
    # by transformed rejection (Hoermann, 1993)
    root = math.sqrt(rate)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    inverse = 1.1239 + 1.1328 / (b - 3.4)
    bound = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = unit() - 0.5, unit()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43) if us else -1
        if us >= 0.07 and v <= bound:
            return float(k)
        if k < 0 or (us < 0.013 and v > us):
            continue
        accepted = math.log(v) + math.log(inverse) - math.log(a / (us * us) + b) if v else -math.inf
        if accepted <= k * math.log(rate) - rate - math.lgamma(k + 1):
            return float(k)


def _normal_cdf(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0

"""Compiled loops of the cross entropy of rows against class numbers; see `rows`."""

from typing import Any

import numpy as np

from minigrad.kernels.elementwise.loops import exp
from minigrad.kernels.machine.team import shared
from minigrad.kernels.reduce.rows import total as sum_of

Array = np.ndarray[Any, Any]


@shared
def largest(scores: Array, top: Array, seat: int, start: int, stop: int) -> None:
    """The largest number of each row; where there is a NaN, the sum that follows is NaN whatever is taken off."""
    for i in range(start, stop):
        row = scores[i]
        best = row[0]
        for j in range(1, row.size):
            best = row[j] if row[j] > best else best
        top[i] = best


@shared
def cross_entropy(
    scores: Array,
    places: Array,
    losses: Array,
    top: Array,
    total: Array,
    step: int,
    seat: int,
    start: int,
    stop: int,
) -> None:
    """log(sum(e ** (row - top))) less the score at its place and top, by rows; `step` rows at a time."""
    m = scores.shape[1]
    work = np.empty((step, m), scores.dtype)
    for first in range(start, stop, step):
        count = min(stop - first, step)
        for i in range(count):
            row, to, best = scores[first + i], work[i], top[first + i]
            for j in range(m):
                to[j] = row[j] - best
        flat = work[:count].reshape(-1)
        for j in range(flat.size):
            flat[j] = exp(flat[j])
        for i in range(count):
            k = first + i
            total[k] = sum_of(work[i])
            losses[k] = np.log(total[k]) - (scores[k, places[k] - k * m] - top[k])


@shared
def cross_entropy_backward(
    scores: Array,
    places: Array,
    top: Array,
    total: Array,
    share: Array,
    out: Array,
    step: int,
    seat: int,
    start: int,
    stop: int,
) -> None:
    """share * (e ** (row - top) / total), less share at the row's place; `step` rows at a time."""
    m = scores.shape[1]
    for first in range(start, stop, step):
        last = min(stop, first + step)
        for i in range(first, last):
            row, to = scores[i], out[i]
            for j in range(m):
                to[j] = row[j] - top[i]
        flat = out[first:last].reshape(-1)
        for j in range(flat.size):
            flat[j] = exp(flat[j])
        for i in range(first, last):
            to, scale = out[i], share[i] / total[i]
            for j in range(m):
                to[j] *= scale
            to[places[i] - i * m] -= share[i]

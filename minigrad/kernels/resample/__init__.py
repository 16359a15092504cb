"""Resampling along the last dimensions: every number of the answer is a weighted sum of a few, its taps.

A dimension is resampled by `Taps`, whatever the method:

    y[j] = sum over t of  weight[t, j] * x[index[t, j]]

The adjoint is resampling too, by the taps transposed, so one kernel serves gradients of every order.
Small work and unusual dtypes are NumPy's.  Answers are new arrays, and the same bits for every number of threads.
"""

import functools
import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.kernels.machine import threads

Array = np.ndarray[Any, Any]
SHORT, JOINT = 32, 1 << 14  # rows so short, and planes of so many taps, are resampled in one go
SMALL = 1 << 14  # numbers, of input and answer, up to which NumPy does the work
_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


class Taps:
    """Which numbers of a dimension of ``size`` make each number of the answer, and how much of each.

    index, weight: (taps, answers).  Where there are fewer taps the rest have weight 0.
    """

    def __init__(self, index: Array, weight: Array, size: int):
        self.index, self.weight, self.size = index, weight, size
        self.only_copies = len(index) == 1 and bool((weight == 1).all())
        self._adjoint: Taps | None = None

    @property
    def answers(self) -> int:
        """The size of the answer."""
        return self.index.shape[1]

    @property
    def adjoint(self) -> "Taps":
        """The taps of the transposed matrix."""
        if self._adjoint is None:
            self._adjoint = self._transposed()
            self._adjoint._adjoint = self
        return self._adjoint

    def _transposed(self) -> "Taps":
        taps, answers = np.nonzero(self.weight)
        sources = self.index[taps, answers]
        order = np.lexsort((answers, sources))
        sources, answers, taps = sources[order], answers[order], taps[order]
        counts = np.bincount(sources, minlength=self.size)
        ranks = np.arange(len(sources)) - np.repeat(np.cumsum(counts) - counts, counts)
        shape = (max(1, counts.max(initial=0)), self.size)
        index, weight = np.zeros(shape, self.index.dtype), np.zeros(shape, self.weight.dtype)
        index[ranks, sources] = answers
        weight[ranks, sources] = self.weight[taps, answers]
        # Taps without weight look where another does, so that no strange infinity gets in.
        index = np.where(weight == 0, index[:1], index)
        return Taps(index, weight, self.answers)


def apply(x: Array, taps: Sequence[Taps | None]) -> Array:
    """x with its last dimensions resampled, one by each of the taps; None leaves one as it is."""
    out = [n if t is None else t.answers for n, t in zip(x.shape[-len(taps) :], taps)]
    shape = x.shape[: x.ndim - len(taps)] + tuple(out)
    if x.size + math.prod(shape) <= SMALL or x.dtype.char not in "fd" or _INTERPRETED:
        return _by_numpy(x, taps)
    y = np.empty(shape, x.dtype)
    full = [None] * (3 - len(taps)) + list(taps)
    sizes = [1] * (3 - len(taps)) + list(x.shape[-len(taps) :])
    tables = [_identity(n, x.dtype) if t is None else t for n, t in zip(sizes, full)]
    planes = math.prod(shape[: x.ndim - len(taps)])
    source = np.ascontiguousarray(x).reshape(planes, *sizes)
    answer = y.reshape(planes, *(t.answers for t in tables))
    if tables[2].answers < SHORT and math.prod(len(t.index) * t.answers for t in tables) <= JOINT:
        whole = _joint(tuple(tables))
        source, answer = (a.reshape(planes, 1, 1, -1) for a in (source, answer))
        tables = [_identity(1, x.dtype), _identity(1, x.dtype), whole]
    _by_loops(source, answer, tables)
    return y


@functools.lru_cache(64)
def _joint(taps: tuple[Taps, ...]) -> Taps:
    """The taps of a whole plane: its dimensions as one."""
    index: Array = np.zeros((1, 1), np.int64)
    weight: Array = np.ones((1, 1), taps[0].weight.dtype)
    for t in taps:
        shape = len(index) * len(t.index), index.shape[1] * t.answers
        index = (index[:, None, :, None] * t.size + t.index[:, None, :]).reshape(shape)
        weight = (weight[:, None, :, None] * t.weight[:, None, :]).reshape(shape)
    index = np.where(weight == 0, index[:1], index)
    return Taps(index, weight, math.prod(t.size for t in taps))


@functools.lru_cache(64)
def _identity(size: int, dtype: Any) -> Taps:
    return Taps(np.arange(size)[None], np.ones((1, size), dtype), size)


def _by_numpy(x: Array, taps: Sequence[Taps | None]) -> Array:
    for axis, t in enumerate(taps, x.ndim - len(taps)):
        if t is None:
            continue
        if t.only_copies:
            x = np.take(x, t.index[0], axis)
            continue
        behind = (slice(None),) + (None,) * (x.ndim - axis - 1)
        total = np.take(x, t.index[0], axis) * t.weight[0][behind]
        for index, weight in zip(t.index[1:], t.weight[1:]):
            total += np.take(x, index, axis) * weight[behind]
        x = total
    return x if any(t is not None for t in taps) else x.copy()


def _by_loops(x: Array, y: Array, taps: Sequence[Taps]) -> None:
    from minigrad.kernels.resample import loops

    tables = [part for t in taps for part in (t.index.astype(np.int32), t.weight)]
    above = len(taps[0].index) * len(taps[1].index)
    row = x.shape[3] * above + 2 * y.shape[3] * len(taps[2].index)
    lines = math.prod(y.shape[:3])
    threads.share(loops.resample, (x, y, *tables), lines, lines * row / 4)

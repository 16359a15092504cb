"""The connectionist temporal classification loss, on arrays: the sum over all alignments, forward and back.

A target of L labels is spelt with blanks around every label, 2 L + 1 states. ``alpha[t, s]`` is the logarithm of the
probability of all ways to be in state s after step t, ``beta[t, s]`` of all ways on from there. A step stays, goes to
the next state, or jumps over a blank between two unlike labels.

Source: Graves et al., Connectionist Temporal Classification (2006), and torch's LossCTC.cpp.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]


class Spelling(NamedTuple):
    """Targets spelt with blanks, each array with one row per sample."""

    labels: Array  # (N, S) the class of each state
    jumps: Array  # (N, S) whether a state may be reached from the one before the last
    steps: Array  # (N,) the number of steps
    ends: Array  # (N,) the last state


def spelt(targets: Array, lengths: Array, steps: Array, blank: int) -> Spelling:
    """Targets (N, L), of which the first ``lengths`` labels count, with blanks between."""
    n, most = targets.shape
    labels = np.full((n, 2 * most + 1), blank, np.int64)
    labels[:, 1::2] = targets
    jumps = np.zeros(labels.shape, bool)
    jumps[:, 3::2] = targets[:, 1:] != targets[:, :-1]
    return Spelling(labels, jumps, steps, 2 * lengths)


def _moved(x: Array, by: int) -> Array:
    """``x`` with its states moved on (back, for negative ``by``), nothing in their place."""
    out = np.full_like(x, -np.inf)
    if by > 0:
        out[:, by:] = x[:, :-by]
    else:
        out[:, :by] = x[:, -by:]
    return out


def _joined(a: Array, b: Array, c: Array) -> Array:
    return np.logaddexp(np.logaddexp(a, b), c)


def _scores(logs: Array, words: Spelling) -> Array:
    """The log-probabilities (T, N, S) of the states' classes."""
    return np.take_along_axis(logs, words.labels[None].repeat(len(logs), 0), 2)


def losses(logs: Array, words: Spelling) -> tuple[Array, Array]:
    """Minus the log-likelihoods (N,), and alpha (T, N, S)."""
    scores = _scores(logs, words)
    alpha = np.full_like(scores, -np.inf)
    rows = np.arange(scores.shape[1])
    with np.errstate(all="ignore"):
        for t in range(len(scores)):
            if t == 0:
                alpha[0, :, 0] = scores[0, :, 0]
                some = words.ends > 0
                alpha[0, some, 1:2] = scores[0, some, 1:2]
                continue
            last = alpha[t - 1]
            jumped = np.where(words.jumps, _moved(last, 2), -np.inf)
            alpha[t] = _joined(last, _moved(last, 1), jumped) + scores[t]
        # of no steps, only the empty target is possible
        final = alpha[np.maximum(words.steps, 1) - 1, rows] if len(alpha) else None
        if final is None:
            return np.where(words.ends == 0, 0.0, np.inf).astype(logs.dtype), alpha
        ended = final[rows, words.ends]
        before = np.where(words.ends > 0, final[rows, np.maximum(words.ends, 1) - 1], -np.inf)
        total = -np.logaddexp(ended, before)
    empty = words.steps == 0
    total[empty] = np.where(words.ends[empty] == 0, 0.0, np.inf)
    return total.astype(logs.dtype), alpha


def slopes(logs: Array, words: Spelling, alpha: Array, loss: Array) -> Array:
    """The gradients (T, N, C) of the losses, as torch has them: of what goes into the softmax that made ``logs``."""
    scores = _scores(logs, words)
    steps, n, _ = logs.shape
    rows = np.arange(n)
    back_jumps = np.zeros_like(words.jumps)
    back_jumps[:, :-2] = words.jumps[:, 2:]
    inside = np.arange(words.labels.shape[1]) <= words.ends[:, None]
    out = np.zeros_like(logs)
    beta = np.full(words.labels.shape, -np.inf, logs.dtype)
    with np.errstate(all="ignore"):
        for t in range(steps - 1, -1, -1):
            jumped = np.where(back_jumps, _moved(beta, -2), -np.inf)
            beta = _joined(beta, _moved(beta, -1), jumped) + scores[t]
            first = words.steps - 1 == t
            if first.any():
                beta[first] = -np.inf
                beta[rows[first], words.ends[first]] = scores[t, rows[first], words.ends[first]]
                some = first & (words.ends > 0)
                beta[rows[some], words.ends[some] - 1] = scores[t, rows[some], words.ends[some] - 1]
            beta[~inside | (words.steps - 1 < t)[:, None]] = -np.inf
            ways = _by_class(alpha[t] + beta, words.labels, logs.shape[2])
            slope = np.exp(logs[t]) - np.exp(ways + loss[:, None] - logs[t])
            out[t] = np.where((t < words.steps)[:, None], slope, 0)
    return out


def _by_class(ways: Array, labels: Array, classes: int) -> Array:
    """The logarithms of sums over the states of each class: (N, S) -> (N, C)."""
    highest = ways.max(1, keepdims=True)
    highest = np.where(np.isfinite(highest), highest, 0)
    out = np.zeros((len(ways), classes), ways.dtype)
    np.add.at(out, (np.arange(len(ways))[:, None], labels), np.exp(ways - highest))
    return np.log(out) + highest

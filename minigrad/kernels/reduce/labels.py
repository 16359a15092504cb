"""Cross entropy of rows of many scores against class numbers; few are left to NumPy's formulas."""

from typing import Any

import numpy as np

from minigrad.kernels.machine import threads
from minigrad.kernels.machine.scratch import keep_memory

Array = np.ndarray[Any, Any]

PIECE = 1 << 12  # numbers in work at a time: they stay in the first-level cache
LONG = 64  # rows from here on are NumPy's: it finds extremes with vectors


def forward(scores: Array, places: Array) -> tuple[Array, Array, Array]:
    """Minus the logarithm of softmax at flat places, one in each row; each row's largest score; its sum of e ** less.

    scores: (n, m), places: (n,) int64; answers three arrays (n,).
    """
    from minigrad.kernels.reduce import rows_labels  # the first need of Numba

    n, m = scores.shape
    losses, top, total = (np.empty(n, scores.dtype) for _ in range(3))
    step = max(1, PIECE // m)
    if m < LONG:
        threads.share(rows_labels.largest, (scores, top), n, scores.size)
    else:
        np.maximum.reduce(scores, 1, out=top)
    arrays = scores, places, losses, top, total
    threads.share(rows_labels.cross_entropy, (*arrays, step), n, scores.size)
    return losses, top, total


def backward(scores: Array, places: Array, top: Array, total: Array, share: Array) -> Array:
    """Each row's share times softmax, less the share at the row's place."""
    from minigrad.kernels.reduce import rows_labels

    keep_memory()
    out = np.empty_like(scores)
    step = max(1, PIECE // scores.shape[1])
    arrays = scores, places, top, total, share, out
    threads.share(rows_labels.cross_entropy_backward, (*arrays, step), len(scores), scores.size)
    return out

"""How a gradient comes to have its input's shape: summed over what was broadcast, or spread out.

A rule may answer one number, 0-d, for a gradient that is the same everywhere, as that of a sum is:

    (x * k).sum()     sum ──g, 0-d──> mul ──g * x──> k

It is spread out where an array is needed.  To a node of a ``level`` op it goes on as it is (``stays_one``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

ndarray = np.ndarray

level: set[Any] = set()
"""The pulls of elementwise ops whose rules broadcast: they compute as well with one number for ``g``."""

_FEW = 2000  # elements that are quicker to compute with if they are filled in


def fitted(g: Any, shape: tuple[int, ...]) -> Any:
    """A gradient, an array or a tensor of another shape, in ``shape``."""
    if not isinstance(g, (ndarray, np.generic)):
        return g.sum_to_size(shape) if g.ndim else g.expand(shape)
    n = math.prod(shape)
    if g.ndim == 0:
        return _spread(g, shape, n)
    if n == 0:
        return np.zeros(shape, g.dtype)
    if g.size == n:
        return g.reshape(shape)
    if 0 < g.size < n:  # of a rule that was given one number
        return np.broadcast_to(g, shape)
    axes: Any = None
    if n > 1:
        lead = g.ndim - len(shape)
        ones = (lead + i for i, s in enumerate(shape) if s == 1 and g.shape[lead + i] != 1)
        axes = (*range(lead), *ones)
    # NumPy adds one by one but along the last dimension: in float32 the errors of many would show
    wider = np.float64 if g.dtype.kind == "f" and g.size > 1 << 12 else None
    total = np.add.reduce(g, axis=axes, dtype=wider, keepdims=True).reshape(shape)
    return total.astype(g.dtype, copy=False)


def _spread(g: Any, shape: tuple[int, ...], n: int) -> Any:
    if n > _FEW:
        return np.ndarray(shape, g.dtype, np.asarray(g), 0, (0,) * len(shape))
    filled = np.empty(shape, g.dtype)
    filled.fill(g)
    return filled


def stays_one(g: Any, shape: tuple[int, ...], node: Any) -> bool:
    """Whether ``g``, to be fitted to ``shape``, may go to ``node`` as one number: its inputs are not broadcast."""
    if g.ndim or node.pull not in level or node.hooks is not None:
        return False
    for s in node.shapes:  # noqa: SIM110  (a generator takes three times as long)
        if s is not None and s != shape:
            return False
    return True


def unmatched(error: ValueError, *arrays: Any) -> Exception:
    """NumPy's error, or torch's if the shapes of what an elementwise op was given do not broadcast."""
    shapes = [np.shape(a) for a in arrays]
    for i, a in enumerate(shapes):
        for b in shapes[i + 1 :]:
            for k in range(1, min(len(a), len(b)) + 1):
                if a[-k] != b[-k] and 1 not in (a[-k], b[-k]):
                    return RuntimeError(
                        f"The size of tensor a ({a[-k]}) must match the size of tensor b ({b[-k]}) at "
                        f"non-singleton dimension {max(len(a), len(b)) - k}"
                    )
    return error

"""``gradient``: slopes of sampled values, from differences of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._tape import Array, Traced, wrap
from ._common import Number, all_dims, expect, floating
from ._public import named
from .parts import cat, narrow


@named
def gradient(
    input: Any, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1
) -> tuple[Any, ...]:
    """The slopes of ``input`` along each dimension, in tensors of its shape: central differences, exact for parabolas.

    spacing: the distance of neighbours, one of them for each dimension, or one tensor of coordinates for each.
    edge_order: 1 or 2, of the one-sided differences at both ends.  RuntimeError for other orders, too few elements, or
    a spacing of another length.

    >>> import minigrad as mg
    >>> mg.gradient(mg.tensor([1.0, 4.0, 9.0, 16.0]))
    (tensor([3., 4., 6., 7.]),)
    """
    expect("gradient", input=input)
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    if input.array.dtype == np.uint8:
        raise RuntimeError("torch.gradient does not support uint8 input.")
    ndim = input.array.ndim
    dims = all_dims(dim, ndim)
    if input.array.dtype == bool:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    for d in dims:
        if input.array.shape[d] < edge_order + 1:
            raise RuntimeError(
                "torch.gradient expected each dimension size to be at least edge_order+1"
            )
    return tuple(
        _along(input, d, s, edge_order) for d, s in zip(dims, _spacings(spacing, dims, dim, ndim))
    )


def _spacings(spacing: Any, dims: tuple[int, ...], asked: Any, ndim: int) -> list[Any]:
    """A number or an array of coordinates for each dimension."""
    if isinstance(spacing, Number):
        return [spacing] * len(dims)
    if not isinstance(spacing, (tuple, list)):
        raise TypeError(
            "gradient(): argument 'spacing' must be a number or a list of numbers or tensors, not "
            f"{type(spacing).__name__}"
        )
    if len(spacing) != len(dims):
        wanted = f"'self.dim() = {ndim}', since dim argument was not given"
        if asked is not None:
            wanted = f"'dim' = {len(dims)}"
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to "
            f"{wanted}, but got a list of length {len(spacing)}"
        )
    return [s.array if isinstance(s, Traced) else s for s in spacing]


def _along(input: Any, d: int, spacing: Any, edge_order: int) -> Any:
    """The slopes along one dimension."""
    n = input.array.shape[d]
    if edge_order == 1 and isinstance(
        spacing, Number
    ):  # what lies between two neighbours has no part in it
        ends = (
            narrow(input, d, 1, 1) - narrow(input, d, 0, 1),
            narrow(input, d, n - 1, 1) - narrow(input, d, n - 2, 1),
        )
        inner = narrow(input, d, 2, n - 2) - narrow(input, d, 0, n - 2)
        return cat([ends[0] / spacing, inner / spacing / 2, ends[1] / spacing], d)
    steps = np.diff(spacing) if isinstance(spacing, np.ndarray) else np.full(n - 1, float(spacing))
    if len(steps) != n - 1:
        raise RuntimeError(
            f"torch.gradient expected {n} coordinates for dimension {d}, but got {len(steps) + 1}"
        )

    def weighed(first: int, size: int, weights: list[Any]) -> Any:
        """Neighbours from ``first`` on, times their weights."""
        terms = [
            narrow(input, d, first + i, size) * _column(w, input, d) for i, w in enumerate(weights)
        ]
        return terms[0] + terms[1] if len(terms) == 2 else terms[0] + terms[1] + terms[2]

    a, b = steps[:-1], steps[1:]
    inner = weighed(0, n - 2, [-b / (a * (a + b)), (b - a) / (a * b), a / (b * (a + b))])
    if edge_order == 1:
        left = weighed(0, 1, [-1 / steps[:1], 1 / steps[:1]])
        right = weighed(n - 2, 1, [-1 / steps[-1:], 1 / steps[-1:]])
    else:
        a, b = steps[:1], steps[1:2]
        left = weighed(0, 1, [-(2 * a + b) / (a * (a + b)), (a + b) / (a * b), -a / (b * (a + b))])
        a, b = steps[-2:-1], steps[-1:]
        right = weighed(
            n - 3, 1, [b / (a * (a + b)), -(a + b) / (a * b), (a + 2 * b) / (b * (a + b))]
        )
    return cat([left, inner, right], d)


def _column(weights: Array, input: Any, d: int) -> Any:
    """Weights along dimension ``d``, in a floating-point dtype that goes with the input's."""
    kind = floating(np.empty(0, input.array.dtype)).dtype
    shape = [-1 if i == d else 1 for i in range(input.array.ndim)]
    return wrap(weights.astype(_types.of(kind).np).reshape(shape))

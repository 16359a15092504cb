"""How alike two tensors are, vector by vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from ._common import common, expect, one_dim, unary
from ._public import named
from .lengths import _norm
from .reduce import _sum
from .shape import broadcast_tensors


@unary
def _raised(input, /, low):
    """``input``, but at least ``low``; as torch has it here, gradients do not notice."""
    return np.maximum(input, input.dtype.type(low))


_raised.vjps(input=lambda g: g)


@named
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between the vectors along ``dim``; norms count as ``eps`` at least.

    x1, x2: shapes that broadcast; answers their joint shape without ``dim``.
    RuntimeError unless they promote to a floating-point dtype.

    >>> import minigrad as mg
    >>> mg.cosine_similarity(mg.tensor([[1.0, 0.0]]), mg.tensor([[3.0, 4.0]]))
    tensor([0.6000])
    """
    expect("cosine_similarity", x1=x1, x2=x2)
    dtype = _types.result_dtype([x1.array, x2.array])
    if dtype.kind != "f":
        raise RuntimeError(
            "expected common dtype to be floating point, yet common dtype is "
            f"{_types.of(dtype).title}"
        )
    x1, x2 = common(x1, x2) or (x1, x2)
    if x1.array.shape != x2.array.shape:
        x1, x2 = broadcast_tensors(x1, x2)
    d = one_dim(dim, x1.array.ndim)
    return _sum(_unit(x1, d, eps) * _unit(x2, d, eps), d, False)


def _unit(x: Any, dim: int, eps: float) -> Any:
    return x / _raised(_norm(x, 2.0, dim, True), eps)

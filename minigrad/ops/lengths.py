"""Vector norms over dimensions, with their rule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _types
from ..kernels.reduce import add_up, all_added, many
from ._common import by_rows, cast, unary
from ._public import named
from .choosing import choose, masked
from .elementwise import abs, sign
from .reduce import _axis, _sum, spread


@unary(title="LinalgVectorNormBackward0")
def _norm(input, /, p, dim, keepdim):
    return by_rows(_normed(input, p, dim, keepdim))


def _normed(input: Any, p: Any, dim: Any, keepdim: Any) -> Any:
    if input.dtype == np.float16:
        return _normed(input.astype(np.float32), p, dim, keepdim).astype(np.float16)
    axis = _axis(dim, input.ndim)
    if p == math.inf:
        return np.maximum.reduce(np.abs(input), axis=axis, keepdims=keepdim)
    if p == -math.inf:
        return np.minimum.reduce(np.abs(input), axis=axis, keepdims=keepdim)
    if p == 0:
        return np.add.reduce(input != 0, axis=axis, keepdims=keepdim).astype(input.dtype)
    if p == 1:
        return np.add.reduce(np.abs(input), axis=axis, keepdims=keepdim)
    if p == 2 and dim is None and many(input):
        total = np.sqrt(all_added(input, square=True))
        return total.reshape((1,) * input.ndim) if keepdim else total
    if p == 2 and many(input):
        return np.sqrt(add_up(np.asarray(input * input), axis, keepdim))
    if p == 2:
        return np.sqrt(np.add.reduce(input * input, axis=axis, keepdims=keepdim))
    power = input.dtype.type(p)
    return np.add.reduce(np.abs(input) ** power, axis=axis, keepdims=keepdim) ** (1 / power)


def _norm_rule(g: Any, input: Any, out: Any, into: tuple[int, ...], p: Any, dim: Any) -> Any:
    if p == 0:
        return input * 0.0
    if p == 2:  # where the norm is 0 the slope is 0, and input is 0 too
        gone = masked(out == 0.0)
        whole = spread(choose(1.0, out, gone), into, dim)
        return spread(choose(0.0, g, gone), into, dim) * (input / whole)
    size, whole = spread(g, into, dim), spread(out, into, dim)
    if p in (math.inf, -math.inf):
        hits = masked(abs(input) == whole)
        share = (hits / _sum(hits.astype(np.float64), dim, True)).astype(masked(input).dtype)
        return size * (sign(input) * share)
    if p == 1:
        return size * sign(input)
    zero = masked(whole == 0.0)
    zero = zero | (masked(input) == 0) if p < 2 else zero
    ratio = choose(1.0, abs(input), zero) / choose(1.0, whole, zero)
    return size * choose(0.0, sign(input) * ratio ** (p - 1.0), zero)


_norm.vjps(input=_norm_rule)


@named
def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """The p-norm over ``dim``: ``sum(|x|**p) ** (1/p)``; p a number, inf, -inf or 'fro' (2).

    RuntimeError for integers.
    """
    if dtype is not None:
        input = cast(input, _types.as_numpy(dtype))
    if input.array.dtype.kind != "f":
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{_types.of(input.array.dtype).title}"
        )
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"linalg.matrix_norm: Order {p} not supported.")
    return _norm(input, 2.0 if p in ("fro", None) else float(p), dim, keepdim)

"""Cases for views of any strides, differences, statistics and the rarer functions of tensors."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from . import strategies as our
from .cases import Case


# ---------------------------------------------------------------------- strides
def strided(draw, fill):
    """Places within a contiguous tensor, some of them more than once."""
    size = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(0, 3)))]
    stride = [draw(st.integers(0, 4)) for _ in size]
    offset = draw(st.integers(0, 3))
    needed = offset + 1 + sum((n - 1) * s for n, s in zip(size, stride))
    x = np.ascontiguousarray(fill((needed + draw(st.integers(0, 2)),)))
    return Case(x, size, stride, offset)


def select_replaced(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)))
    rest = list(shape)
    n = rest.pop(dim)
    return Case(fill(shape), fill(tuple(rest)), dim, draw(st.integers(-n, n - 1)))


def slice_replaced(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)))
    start, stop = draw(st.integers(-5, 5)), draw(st.integers(-5, 5))
    step = draw(st.integers(1, 3))
    rest = list(shape)
    rest[dim] = len(range(shape[dim])[start:stop:step])
    return Case(fill(shape), fill(tuple(rest)), dim, start, stop, step)


def diagonal_replaced(draw, fill):
    shape = draw(our.shapes(min_dims=2, max_dims=3, min_side=1))
    offset = draw(st.integers(-2, 2))
    part = np.diagonal(np.empty(shape), offset).shape
    return Case(fill(shape), fill(part), offset)


def filled_diagonal(draw, fill):
    n = draw(st.integers(1, 4))
    shape = draw(st.sampled_from([(n, n, n), (n, 3), (7, 2), (3, n)]))
    return Case(fill(shape), draw(st.sampled_from([2, -1, 3])), draw(st.booleans()))

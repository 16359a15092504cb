"""What hypothesis draws for tensors: shapes, strided arrays, dims, every form of index.

Numbers come from a seed that hypothesis draws, not one by one from hypothesis: an array is drawn
in microseconds and shrinks to a small shape, which is what one wants to see.
"""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

FLOATS = ("float32", "float64")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
DTYPES = ("float16", *FLOATS, *INTEGERS, "bool")

dtypes = st.sampled_from(DTYPES)
float_dtypes = st.sampled_from(FLOATS)
seeds = st.integers(0, 2**32 - 1)


def shapes(min_dims=0, max_dims=4, min_side=0, max_side=4):
    """Shapes, 0-d and empty ones among them unless excluded."""
    return hnp.array_shapes(
        min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side
    )


def broadcastable(count=2, max_dims=3, min_side=0, max_side=4):
    """Tuples of shapes that broadcast against one another."""
    drawn = hnp.mutually_broadcastable_shapes(
        num_shapes=count, max_dims=max_dims, min_side=min_side, max_side=max_side
    )
    return drawn.map(lambda found: found.input_shapes)


def numbers(shape, dtype, seed, low=-3.0, high=3.0):
    """Numbers from [low, high], some of them whole and so likely to tie; for bool, coin tosses."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    drawn = rng.uniform(low, high, shape)
    if dtype.kind == "u":
        drawn = abs(drawn)
    if dtype.kind in "iu":
        return np.rint(drawn).astype(dtype)
    whole = np.clip(np.rint(drawn), low, high)
    return np.where(rng.random(shape) < 0.3, whole, drawn).astype(dtype)


def apart(shape, dtype, seed, low=-3.0, high=3.0):
    """Numbers from (low, high) that all differ by a margin: a permutation of an even grid.

    The grid is shifted at random, so that neither 0 nor another round number is often on it.
    """
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    steps = (np.arange(size) + rng.uniform(0.2, 0.8)) / max(size, 1)
    return (low + (high - low) * rng.permutation(steps)).reshape(shape).astype(dtype)


@st.composite
def restrided(draw, array):
    """The same numbers, laid out in memory with other strides and an offset.

    Made as a permuted, stepped window of a larger buffer, so it is not contiguous in general;
    strides are never negative, which torch does not have.
    """
    order = draw(st.permutations(range(array.ndim)))
    steps = [draw(st.integers(1, 2)) for _ in order]
    offsets = [draw(st.integers(0, 1)) for _ in order]
    sizes = [array.shape[axis] for axis in order]
    buffer = np.zeros(
        [size * step + off for size, step, off in zip(sizes, steps, offsets, strict=True)],
        array.dtype,
    )
    # The Ellipsis keeps a 0-d array an array.
    window = buffer[
        (..., *(slice(off, None, step) for off, step in zip(offsets, steps, strict=True)))
    ]
    window = window[(..., *map(slice, sizes))]
    view = window.transpose(np.argsort(order).tolist())
    view[...] = array
    return view


def dims(ndim):
    """A dim of a tensor, counted from either end; one without dimensions has 0 and -1."""
    size = max(ndim, 1)
    return st.integers(-size, size - 1)


@st.composite
def dim_sets(draw, ndim, min_size=0):
    """A tuple of different dims, each counted from either end."""
    if ndim == 0:
        return ()
    chosen = draw(st.lists(st.integers(0, ndim - 1), min_size=min_size, unique=True))
    return tuple(dim - ndim if draw(st.booleans()) else dim for dim in chosen)


@st.composite
def slices(draw, size):
    """A slice with torch's positive steps, its ends given or left out, in or out of range."""
    end = st.none() | st.integers(-size - 1, size + 1)
    return slice(draw(end), draw(end), draw(st.none() | st.integers(1, 3)))


@st.composite
def basic_indices(draw, shape):
    """Ints, slices, None and one Ellipsis: the indices that answer a view."""
    items = []
    skipped = draw(st.booleans())
    used = draw(st.integers(0, len(shape)))
    gap = draw(st.integers(0, used)) if skipped else None
    rest = len(shape) - used
    for place in range(used + 1):
        if place == gap:
            items.append(...)
        if draw(st.integers(0, 5)) == 0:
            items.append(None)
        if place == used:
            break
        axis = place if gap is None or place < gap else place + rest
        size = shape[axis]
        if size and draw(st.booleans()):
            items.append(draw(st.integers(-size, size - 1)))
        else:
            items.append(draw(slices(size)))
    return items[0] if len(items) == 1 and draw(st.booleans()) else tuple(items)


@st.composite
def indices(draw, shape):
    """Every form of index torch takes: basic ones, int arrays and lists, masks, mixtures."""
    kind = draw(st.sampled_from(["basic", "advanced", "mask", "advanced"]))
    if kind == "basic" or not shape or 0 in shape:
        return draw(basic_indices(shape))
    rng = np.random.default_rng(draw(seeds))
    if kind == "mask":
        first = draw(st.integers(0, len(shape) - 1))
        covered = draw(st.integers(1, len(shape) - first))
        mask = rng.random(shape[first : first + covered]) < 0.5
        return mask if first == 0 and draw(st.booleans()) else (*[slice(None)] * first, mask)
    found = draw(broadcastable(count=len(shape), max_dims=2, min_side=1, max_side=3))
    items = []
    for size, index_shape in zip(shape, found, strict=True):
        form = draw(st.sampled_from(["array", "array", "list", "int", "slice"]))
        chosen = rng.integers(-size, size, index_shape)
        if form == "array" or (form == "list" and not index_shape):
            items.append(chosen)
        elif form == "list":
            items.append(chosen.tolist())
        elif form == "int":
            items.append(int(rng.integers(-size, size)))
        else:
            items.append(draw(slices(size)))
    items = items[: draw(st.integers(1, len(items)))]
    if draw(st.integers(0, 4)) == 0:
        items.insert(draw(st.integers(0, len(items))), None)
    # A bare list of lists is deprecated in torch: it may be meant as a tuple.
    bare = len(items) == 1 and np.ndim(items[0]) < 2
    return items[0] if bare and items[0] is not None else tuple(items)

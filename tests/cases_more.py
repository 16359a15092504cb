"""Cases for the wider vocabulary: order, scans, counting, stacks, square systems."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from . import strategies as our
from .cases import Case, Constant, sides


# ---------------------------------------------------------------------- elementwise
def interpolated(draw, fill):
    start, end, weight = draw(our.broadcastable(3))
    weight = 0.25 if draw(st.booleans()) else fill(weight)
    return Case(fill(start), fill(end), weight)


def three_with_value(draw, fill):
    x, first, second = draw(our.broadcastable(3))
    second = fill(second, domain=(0.4, 3.0))
    if second.dtype.kind != "f":
        second[second == 0] = 1
    value = draw(st.sampled_from([1, 2, -1] if second.dtype.kind != "f" else [1, 0.5, -2]))
    return Case(fill(x), fill(first), second, value=value)


def cleaned(draw, fill):
    x = fill(draw(our.shapes(max_dims=3)))
    if not fill.smooth and x.dtype.kind == "f":
        rng = np.random.default_rng(draw(our.seeds))
        x[rng.random(x.shape) < 0.5] = draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    number = st.none() | st.sampled_from([0.0, 2.5])
    return Case(x, draw(number), draw(number), draw(number))


def clipped_logit(draw, fill):
    return Case(fill(draw(our.shapes(max_dims=3))), draw(st.sampled_from([None, 0.1, 1e-6])))


def shifted_bits(draw, fill):
    first, second = draw(our.broadcastable(2))
    return Case(fill(first), np.abs(fill(second)))


def close(draw, fill):
    x, y = draw(our.broadcastable(2))
    return Case(fill(x), fill(y), rtol=draw(st.sampled_from([1e-5, 0.5])), atol=0.1)


# ---------------------------------------------------------------------- arranging
def at_least_2d(draw, fill):
    return Case(fill(draw(our.shapes(min_dims=2, max_dims=3))))


def turned(draw, fill):
    shape = draw(our.shapes(min_dims=2, max_dims=3))
    dims = draw(st.permutations(range(len(shape))))[:2]
    return Case(fill(shape), draw(st.integers(-5, 5)), dims)


def made_diagonal(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=2))
    return Case(fill(shape), draw(st.integers(-2, 2)))


def several(draw, fill):
    """Tensors of one shape."""
    shape = draw(our.shapes(max_dims=3, min_side=1))
    return Case([fill(shape) for _ in range(draw(st.integers(1, 3)))])


def lines(draw, fill):
    """Vectors of any length, 0-d tensors among them."""
    shapes = draw(st.lists(our.shapes(max_dims=1, min_side=1), min_size=1, max_size=3))
    return Case(*map(fill, shapes))


def proper_lines(draw, fill):
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))
    return Case(*(fill((size,)) for size in sizes))


def split_anywhere(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)))
    where = draw(st.integers(1, 5) | st.lists(st.integers(-2, 5), max_size=3).map(tuple))
    return Case(fill(shape), where, dim)


# ---------------------------------------------------------------------- order and counting
def ordered(draw, fill):
    shape = draw(our.shapes(max_dims=3))
    dim = draw(our.dims(len(shape)))
    return Case(fill(shape), dim=dim, descending=draw(st.booleans()), stable=True)


def topmost(draw, fill):
    """All different: which of equal elements comes first is not promised."""
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)))
    x = fill(shape, apart=True)
    return Case(x, draw(st.integers(1, shape[dim])), dim, draw(st.booleans()))


def kth(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)))
    x = fill(shape, apart=True)
    return Case(x, draw(st.integers(1, shape[dim])), dim, draw(st.booleans()))


def middle(draw, fill):
    shape = draw(our.shapes(max_dims=3, min_side=1))
    dim = draw(st.none() | our.dims(len(shape)))
    options = {} if dim is None else {"dim": dim, "keepdim": draw(st.booleans())}
    return Case(fill(shape, apart=True), **options)


def quantiles(draw, fill):
    shape = draw(our.shapes(max_dims=3, min_side=1))
    q = draw(st.sampled_from([0.0, 0.3, 0.5, 1.0]))
    if draw(st.booleans()):
        q = Constant(np.array([0.1, q, 0.9], fill.main))
    kinds = ["linear", "lower", "higher", "midpoint", "nearest"]
    return Case(
        fill(shape, apart=True),
        q,
        draw(st.none() | our.dims(len(shape))),
        draw(st.booleans()),
        interpolation=draw(st.sampled_from(kinds)),
    )


def sorted_values(draw, fill):
    n = draw(st.integers(0, 5))
    edges = np.sort(fill((n,)))
    return Case(fill(draw(our.shapes(max_dims=2))), edges, right=draw(st.booleans()))


def classes(draw, fill):
    """Small counts, and perhaps a weight for each."""
    n = draw(st.integers(0, 6))
    rng = np.random.default_rng(draw(our.seeds))
    weights = rng.random(n) if draw(st.booleans()) else None
    return Case(rng.integers(0, 5, n), weights, draw(st.sampled_from([0, 3, 7])))


def binned(draw, fill):
    shape = draw(our.shapes(max_dims=2))
    return Case(fill(shape), draw(st.integers(1, 5)), min=-2, max=draw(st.sampled_from([2, 3])))


def told_apart(draw, fill):
    shape = draw(our.shapes(max_dims=2))
    inverse, counts = draw(st.booleans()), draw(st.booleans())
    return Case(fill(shape), return_inverse=inverse, return_counts=counts)


def counted_along(draw, fill):
    shape = draw(our.shapes(max_dims=3))
    dim = draw(st.none() | our.dims(len(shape)))
    return Case(fill(shape), *([] if dim is None else [dim]))


def some_nan(draw, fill):
    shape = draw(our.shapes(max_dims=3))
    x = fill(shape)
    rng = np.random.default_rng(draw(our.seeds))
    x[rng.random(shape) < 0.3] = np.nan
    dim = draw(st.none() | our.dims(len(shape)) | our.dim_sets(len(shape)))
    return Case(x, dim, draw(st.booleans()))


# ---------------------------------------------------------------------- indices
def _along(draw):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)))
    rng = np.random.default_rng(draw(our.seeds))
    return shape, dim, rng


def _gathering(draw, fill):
    shape, dim, rng = _along(draw)
    sizes = [draw(st.integers(0, s)) for s in shape]
    sizes[dim] = draw(st.integers(0, 5))
    return fill(shape), dim, rng.integers(0, shape[dim], sizes), fill(tuple(sizes))


def combined_scatter(draw, fill):
    return Case(*_gathering(draw, fill), reduce=draw(st.sampled_from(["add", "multiply"])))


def reduced_scatter(draw, fill):
    kind = draw(st.sampled_from(["sum", "prod", "mean", "amax", "amin"]))
    return Case(*_gathering(draw, fill), kind, include_self=draw(st.booleans()))


def valued_scatter(draw, fill):
    shape, dim, rng = _along(draw)
    sizes = [draw(st.integers(0, s)) for s in shape]
    return Case(fill(shape), dim, rng.integers(0, shape[dim], sizes), value=2)


def added_along(draw, fill):
    shape, dim, rng = _along(draw)
    n = draw(st.integers(0, 4))
    source = list(shape)
    source[dim] = n
    return Case(fill(shape), dim, rng.integers(0, shape[dim], n), fill(tuple(source)))


def reduced_along(draw, fill):
    kind = draw(st.sampled_from(["prod", "mean", "amax", "amin"]))
    return Case(*added_along(draw, fill).args, kind, include_self=draw(st.booleans()))


def copied_along(draw, fill):
    shape, dim, rng = _along(draw)
    n = draw(st.integers(0, shape[dim]))
    source = list(shape)
    source[dim] = n
    return Case(fill(shape), dim, rng.permutation(shape[dim])[:n], fill(tuple(source)))


def filled_along(draw, fill):
    shape, dim, rng = _along(draw)
    return Case(fill(shape), dim, rng.integers(0, shape[dim], draw(st.integers(0, 3))), 2)


def taken_along(draw, fill):
    shape, dim, rng = _along(draw)
    sizes = list(shape)
    sizes[dim] = draw(st.integers(1, 4))
    return Case(fill(shape), rng.integers(0, shape[dim], sizes), dim)


def taken(draw, fill):
    shape = draw(our.shapes(max_dims=3, min_side=1))
    rng = np.random.default_rng(draw(our.seeds))
    size = int(np.prod(shape))
    return Case(fill(shape), rng.integers(-size, size, draw(our.shapes(max_dims=2))))


def scattered_by_mask(draw, fill):
    shape, mask = draw(our.broadcastable(2))
    shape = np.broadcast_shapes(shape, mask)
    return Case(fill(shape), fill(mask, dtype="bool"), fill((int(np.prod(shape)),)))


def put_at_indices(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    rng = np.random.default_rng(draw(our.seeds))
    n = draw(st.integers(1, shape[0]))
    accumulate = draw(st.booleans())
    rows = rng.integers(0, shape[0], n) if accumulate else rng.permutation(shape[0])[:n]
    return Case(fill(shape), (rows,), fill((n, *shape[1:])), accumulate)


# ---------------------------------------------------------------------- products
def _factors(draw):
    factors = st.sampled_from([1, 2, 0.5])
    return {"beta": draw(factors), "alpha": draw(factors)}


def added_matrix_vector(draw, fill):
    n, k = sides(draw, 2, low=1)
    return Case(fill((n,)), fill((n, k)), fill((k,)), **_factors(draw))


def added_outer(draw, fill):
    n, m = sides(draw, 2, low=1)
    return Case(fill((n, m)), fill((n,)), fill((m,)), **_factors(draw))


def added_batches(draw, fill):
    b, n, k, m = sides(draw, 4, low=1)
    return Case(fill((b, n, m)), fill((b, n, k)), fill((b, k, m)), **_factors(draw))


def added_sum_of_batches(draw, fill):
    b, n, k, m = sides(draw, 4, low=1)
    return Case(fill((n, m)), fill((b, n, k)), fill((b, k, m)), **_factors(draw))


def chain(draw, fill):
    n = list(sides(draw, 4, low=1))
    return Case([fill((n[0], n[1])), fill((n[1], n[2])), fill((n[2], n[3]))])


def inner_products(draw, fill):
    (k,) = sides(draw, 1, low=1)
    first, second = draw(our.shapes(max_dims=2)), draw(our.shapes(max_dims=1))
    return Case(fill((*first, k)), fill((*second, k)))


def crossed(draw, fill):
    shape = draw(our.shapes(max_dims=2, min_side=1))
    dim = draw(st.integers(0, len(shape)))
    shape = (*shape[:dim], 3, *shape[dim:])
    return Case(fill(shape), fill(shape), dim=dim)


def points(draw, fill):
    n, m, k = sides(draw, 3, low=1)
    p = draw(st.sampled_from([2.0, 1.0, 3.0]))
    return Case(fill((n, k), apart=True), fill((m, k), apart=True), p=p)


def contracted(draw, fill):
    sizes = list(sides(draw, 4, low=1))
    n = draw(st.integers(0, 2))
    shared = sizes[:n]
    return Case(fill((sizes[2], *shared)), fill((*shared, sizes[3])), dims=n)


def kronecker(draw, fill):
    """Contiguous, for torch refuses other strides here."""
    shapes = our.shapes(max_dims=2, max_side=3)
    return Case(*(np.copy(fill(draw(shapes)), order="C") for _ in range(2)))


# ---------------------------------------------------------------------- square systems
def _well_posed(fill, n, batch=()):
    """A matrix far from singular."""
    x = fill((*batch, n, n))
    return np.asarray(x / 8 + np.eye(n), x.dtype)


def system(draw, fill):
    (n,) = sides(draw, 1, low=1)
    batch = draw(our.shapes(max_dims=1, min_side=1, max_side=2))
    return Case(_well_posed(fill, n, batch))


def system_with_sides(draw, fill):
    n, m = sides(draw, 2, low=1)
    return Case(_well_posed(fill, n), fill((n, m)))


def positive_definite(draw, fill):
    (n,) = sides(draw, 1, low=1)
    x = fill((n, n)) / 8
    return Case(np.asarray(x @ x.T + np.eye(n), x.dtype))


def powered(draw, fill):
    (n,) = sides(draw, 1, low=1)
    return Case(_well_posed(fill, n), draw(st.sampled_from([-2, -1, 1, 2, 3, 5])))


def tall(draw, fill):
    n, m = sides(draw, 2, low=1)
    x = fill((max(n, m), min(n, m)), apart=True) / 8
    x += np.eye(*x.shape) * np.arange(1, x.shape[1] + 1)
    return Case(np.asarray(x, fill.main))


def frobenius_norms(draw, fill):
    n, m = sides(draw, 2, low=1)
    x = fill((n, m), apart=True)
    if not x.any():  # there the norm has no second derivative: torch has NaN
        x = x + x.dtype.type(1)
    return Case(x, "fro", keepdim=draw(st.booleans()))


def matrix_norms(draw, fill):
    n, m = sides(draw, 2, low=1)
    order = draw(st.sampled_from([1, -1, np.inf, "nuc", 2, -2]))
    return Case(fill((n, m), apart=True), order, keepdim=draw(st.booleans()))

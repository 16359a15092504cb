"""Cases for views of any strides, differences, statistics and the rarer functions of tensors."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from . import strategies as our
from .cases import Case, Constant


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


# ---------------------------------------------------------------------- sequences and samples
def differences(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)))
    joined = {}
    for name in ("prepend", "append"):
        if draw(st.booleans()):
            size = list(shape)
            size[dim] = draw(st.integers(0, 2))
            joined[name] = fill(tuple(size))
    return Case(fill(shape), draw(st.integers(0, 3)), dim, **joined)


def samples(draw, fill):
    """Of a curve: evenly spaced, or at places of their own."""
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)))
    spacing = draw(st.sampled_from(["", "dx", "line", "full"]))
    if spacing == "dx":
        return Case(fill(shape), dim=dim, dx=draw(st.sampled_from([2, 0.5])))
    if not spacing:
        return Case(fill(shape), dim=dim)
    return Case(fill(shape), fill((shape[dim],) if spacing == "line" else shape), dim=dim)


def sloping(draw, fill):
    """Values on a grid: all along, or along one dimension, evenly spaced or at places of their own."""
    order = draw(st.sampled_from([1, 2]))
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=order + 1))
    dim = draw(st.none() | our.dims(len(shape)))
    spacing = draw(st.sampled_from([1, 2, 0.5]))
    if dim is not None and draw(st.booleans()):
        spacing = [draw(st.sampled_from([1.0, 0.25]))]
    options = {} if dim is None else {"dim": dim}
    return Case(fill(shape), spacing=spacing, edge_order=order, **options)


def in_bins(draw, fill):
    shape = draw(our.shapes(max_dims=2, min_side=1))
    density = draw(st.booleans())
    low, high = draw(st.sampled_from([(-3.0, 3.5), (-0.75, 1.5)]))
    return Case(fill(shape), draw(st.integers(1, 5)), range=(low, high), density=density)


def listed_powers(draw, fill):
    count = draw(st.none() | st.integers(0, 4))
    return Case(fill((draw(st.integers(0, 4)),)), count, draw(st.booleans()))


def batched_powers(draw, fill):
    return Case(fill(draw(our.shapes(min_dims=1, max_dims=3))), N=draw(st.integers(2, 4)))


def observed(draw, fill):
    """Variables and, perhaps, weights of their observations; always more than are corrected for."""
    n = draw(st.integers(3, 5))
    x = fill((draw(st.integers(1, 3)), n), apart=True)
    rng, weights = np.random.default_rng(draw(our.seeds)), {}
    if draw(st.booleans()):
        weights["fweights"] = Constant(rng.integers(1, 4, n))
    if draw(st.booleans()):
        kind = x.dtype if x.dtype.kind == "f" else np.float32
        weights["aweights"] = Constant((rng.random(n) + 0.5).astype(kind))
    return Case(x, correction=draw(st.integers(0, 1)), **weights)


def correlated(draw, fill):
    return Case(fill((draw(st.integers(1, 3)), draw(st.integers(3, 5))), apart=True))


def blocks(draw, fill):
    shapes = [draw(our.shapes(max_dims=2, min_side=1)) for _ in range(draw(st.integers(1, 3)))]
    return Case(*(fill(s) for s in shapes))


def membership(draw, fill):
    """The second flat: torch fails where one of more dimensions is not contiguous."""
    return Case(fill(draw(our.shapes(max_dims=2))), fill((draw(st.integers(0, 4)),)))


# ---------------------------------------------------------------------- rarer functions
def derivative_order(draw, fill):
    """Not the first, of which torch has half the digits."""
    return Case(draw(st.sampled_from([2, 3])), fill(draw(our.shapes(max_dims=2))))


def positive(draw, fill):
    return Case(np.abs(fill(draw(our.shapes(max_dims=2)))) + np.array(0.5, fill.main))


def dimension(draw, fill):
    return Case(fill(draw(our.shapes(max_dims=2))), draw(st.integers(1, 3)))


def limited_norms(draw, fill):
    shape = draw(our.shapes(min_dims=2, max_dims=3, min_side=1))
    p = draw(st.sampled_from([1, 2, 3, 2.5]))
    return Case(fill(shape, apart=True), p, draw(our.dims(len(shape))), 1.5)


# ---------------------------------------------------------------------- systems of equations
def _regular(draw, fill, n):
    """A matrix far from singular, in whichever triangle it is read."""
    a = fill((n, n), apart=True)
    a += (np.sign(np.diag(a)) * 4 * np.eye(n)).astype(a.dtype)
    return a


def triangular(draw, fill):
    n, left = draw(st.integers(1, 3)), draw(st.booleans())
    a = _regular(draw, fill, n)
    sides = fill((n, 2) if left else (2, n))
    return Case(a, sides, upper=draw(st.booleans()), left=left, unitriangular=draw(st.booleans()))


def older_triangular(draw, fill):
    n = draw(st.integers(1, 3))
    a = _regular(draw, fill, n)
    return Case(fill((n, 2)), a, draw(st.booleans()), draw(st.booleans()), draw(st.booleans()))


def factored(draw, fill):
    n = draw(st.integers(1, 3))
    a = _regular(draw, fill, n)
    return Case(fill((n, draw(st.integers(1, 2)))), a, draw(st.booleans()))


def factor(draw, fill):
    return Case(_regular(draw, fill, draw(st.integers(1, 3))), draw(st.booleans()))


def square_tensor(draw, fill):
    return Case(_regular(draw, fill, 6).reshape(2, 3, 6))


def square_tensor_with_sides(draw, fill):
    return Case(_regular(draw, fill, 6).reshape(2, 3, 6), fill((2, 3)))


def tall_with_sides(draw, fill):
    m, n = draw(st.integers(3, 5)), draw(st.integers(1, 3))
    a = fill((m, n), apart=True)
    a[:n] += (4 * np.eye(n)).astype(a.dtype)
    return Case(a, fill((m, draw(st.integers(1, 2)))))


# ---------------------------------------------------------------------- pictures at points
def sampled_pictures(draw, fill):
    n, c = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    dims = draw(st.integers(2, 3))
    size = [draw(st.integers(2, 4)) for _ in range(dims)]
    out = [draw(st.integers(1, 3)) for _ in range(dims)]
    modes = ["bilinear", "nearest"] + ["bicubic"] * (dims == 2)
    return Case(
        fill((n, c, *size)),
        fill((n, *out, dims), domain=(-0.37, 0.41), apart=True),
        mode=draw(st.sampled_from(modes)),
        padding_mode=draw(st.sampled_from(["zeros", "border", "reflection"])),
        align_corners=draw(st.booleans()),
    )


def affine_maps(draw, fill):
    n, dims = draw(st.integers(1, 2)), draw(st.integers(2, 3))
    size = [n, 1, *(draw(st.integers(2, 3)) for _ in range(dims))]
    return Case(fill((n, dims, dims + 1)), size, align_corners=draw(st.booleans()))


def put_somewhere(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    n = int(np.prod(shape))
    rng = np.random.default_rng(draw(our.seeds))
    places = rng.permutation(n)[: draw(st.integers(0, n))]
    accumulate = draw(st.booleans()) and fill.main != np.bool_
    return Case(fill(shape), Constant(places), fill(places.shape), accumulate)


def distinct_rows(draw, fill):
    """Two or more: of fewer, or of rows without numbers, torch crashes."""
    return Case(fill((draw(st.integers(2, 4)), draw(st.integers(1, 3))), apart=True))

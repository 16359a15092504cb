"""Cases: what the ops of `optable` are called with.

A case is a function of (draw, fill) that answers the arguments of one call. ``fill(shape)`` makes
an input; what it is filled with, its dtype and its strides are the test's choice: any numbers, ties
and edges included, to compare with torch; numbers well apart and where the op is smooth to compare
with finite differences.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from . import strategies as our


class Case:
    """The arguments of one call. Float arrays among them may require grad."""

    def __init__(self, *args: Any, **kwargs: Any):
        self.args, self.kwargs = args, kwargs

    def __repr__(self) -> str:
        parts = [*map(repr, self.args), *(f"{k}={v!r}" for k, v in self.kwargs.items())]
        return f"({', '.join(parts)})"


class Constant:
    """An array that never requires grad."""

    def __init__(self, array):
        self.array = array

    def __repr__(self):
        return repr(self.array)


class Fill:
    """Makes the arrays of one example."""

    def __init__(self, draw, row, dtypes, smooth):
        self.draw, self.row, self.dtypes, self.smooth = draw, row, dtypes, smooth
        self.count = 0
        self.main = draw(st.sampled_from(dtypes))

    def __call__(self, shape, domain=None, dtype=None, apart=False):
        """An array of floats that are smooth in `domain`, or the row's; `apart` forbids ties."""
        self.count += 1  # two inputs with one seed would tie everywhere
        seed = [self.draw(our.seeds), self.count]
        dtype = dtype or self.main
        if (self.smooth or apart) and np.dtype(dtype).kind == "f":
            values = our.apart(shape, dtype, seed, *(domain or self.row.domain))
        else:
            values = our.numbers(shape, dtype, seed)
        return self.draw(our.restrided(values))

    def other_dtype(self):
        """A dtype for a second input: mostly that of the first, where dtypes may mix."""
        return self.draw(st.sampled_from([self.main, self.main, *self.dtypes]))


# ---------------------------------------------------------------------- elementwise
def unary(draw, fill):
    return Case(fill(draw(our.shapes(max_dims=3))))


def binary(draw, fill):
    first, second = draw(our.broadcastable(2))
    return Case(fill(first), fill(second, dtype=fill.other_dtype()))


def alike(draw, fill):
    """Two tensors of one shape."""
    shape = draw(our.shapes(max_dims=3))
    return Case(fill(shape), fill(shape))


def mismatched(draw, fill):
    """Shapes that do not broadcast: what is wanted is torch's refusal."""
    shape, other = draw(our.broadcastable(2, max_dims=2))
    return Case(fill((*shape, 2)), fill((*other, 3)))


def with_number(draw, fill):
    number = draw(st.sampled_from([2, -1, 3, 0.5, -1.5, 2.0]))
    return Case(fill(draw(our.shapes(max_dims=3))), number)


def with_alpha(draw, fill):
    case = binary(draw, fill)
    kinds = {array.dtype.kind for array in case.args}
    case.kwargs["alpha"] = draw(st.sampled_from([2, -1, 0.5] if "f" in kinds else [2, 3]))
    return case


def powers(draw, fill):
    first, second = draw(our.broadcastable(2))
    return Case(
        fill(first, domain=(0.3, 2.0)), fill(second, domain=(-2.0, 2.0), dtype=fill.other_dtype())
    )


def powers_of_number(draw, fill):
    return Case(draw(st.sampled_from([2, 0.5, 3.0])), fill(draw(our.shapes(max_dims=3))))


def number_powers(draw, fill):
    number = draw(st.sampled_from([0, 1, 2, 3, -1, 0.5, -0.5, 2.0, 1.5]))
    return Case(fill(draw(our.shapes(max_dims=3)), domain=(0.3, 2.0)), number)


def nonzero_binary(draw, fill):
    """The second input is away from 0; integers are never 0, which torch refuses."""
    first, second = draw(our.broadcastable(2))
    x, y = fill(first), fill(second, domain=(0.6, 2.9), dtype=fill.other_dtype())
    if y.dtype.kind != "f":
        y[y == 0] = 1
    return Case(x, y)


def rounded_division(draw, fill):
    case = nonzero_binary(draw, fill)
    case.kwargs["rounding_mode"] = draw(st.sampled_from([None, "floor", "trunc"]))
    return case


def bounded(draw, fill):
    bounds = st.none() | st.sampled_from([-1, 0, 1, -0.5, 1.5, 2])
    low, high = draw(bounds), draw(bounds)
    if low is None and high is None:
        low = -1
    return Case(fill(draw(our.shapes(max_dims=3))), low, high)


def tensor_bounded(draw, fill):
    """Bounds that broadcast to x; torch cannot differentiate the other way round."""
    x, low, high = draw(our.broadcastable(3))
    x = np.broadcast_shapes(x, low, high)
    sides = draw(st.sampled_from(["both", "low", "high"]))
    return Case(
        fill(x, domain=(-6.0, 6.0)),
        None if sides == "high" else fill(low, domain=(-3.0, -0.5)),
        None if sides == "low" else fill(high, domain=(0.5, 3.0)),
    )


def chosen(draw, fill):
    condition, first, second = draw(our.broadcastable(3))
    number = draw(st.integers(0, 3)) == 0
    other = 1.5 if number else fill(second, dtype=fill.other_dtype())
    return Case(fill(condition, dtype="bool"), fill(first), other)


def filled(draw, fill):
    shape, mask = draw(our.broadcastable(2))
    return Case(fill(shape), fill(mask, dtype="bool"), draw(st.sampled_from([0, 1, 2])))


# ---------------------------------------------------------------------- reductions
def whole(draw, fill):
    return Case(fill(draw(our.shapes(max_dims=3))))


def over_dims(draw, fill):
    shape = draw(our.shapes(max_dims=4))
    dim = draw(our.dims(len(shape)) | our.dim_sets(len(shape)) | st.none())
    return Case(fill(shape), dim, draw(st.booleans()))


def over_some_dims(draw, fill):
    shape = draw(our.shapes(max_dims=4))
    dim = draw(our.dims(len(shape)) | our.dim_sets(len(shape), min_size=min(1, len(shape))))
    return Case(fill(shape), dim, draw(st.booleans()))


def over_dim(draw, fill):
    shape = draw(our.shapes(max_dims=4))
    return Case(fill(shape), draw(our.dims(len(shape))), draw(st.booleans()))


def along(draw, fill):
    shape = draw(our.shapes(max_dims=4))
    return Case(fill(shape), draw(our.dims(len(shape))))


def with_correction(draw, fill):
    """Never dim=(): torch takes it for all dimensions, and the gradient for none."""
    low = int(fill.smooth)  # the deviation of one number has no slope
    shape = draw(our.shapes(min_dims=low, max_dims=3, min_side=1 + low))
    dim = draw(
        our.dims(len(shape)) | our.dim_sets(len(shape), min_size=min(1, len(shape))) | st.none()
    )
    dim = None if dim == () else dim
    count = np.prod(shape if shape == () or dim is None else np.take(shape, dim))
    correction = draw(st.integers(0, max(0, int(count) - 1)))
    return Case(fill(shape), dim=dim, correction=correction, keepdim=draw(st.booleans()))


# ---------------------------------------------------------------------- shapes
@st.composite
def other_shape(draw, size):
    """A shape that holds `size` elements, perhaps with a -1."""
    if size == 0:
        return tuple(draw(st.permutations([0, draw(st.integers(1, 3))])))
    shape, rest = [], size
    while rest > 1:
        factor = draw(st.sampled_from([n for n in range(1, rest + 1) if rest % n == 0]))
        shape.append(factor)
        rest //= factor
    shape += [1] * draw(st.integers(0, 1))
    if shape and draw(st.booleans()):
        shape[draw(st.integers(0, len(shape) - 1))] = -1
    return tuple(shape)


def reshaped(draw, fill):
    shape = draw(our.shapes(max_dims=4))
    return Case(fill(shape), draw(other_shape(int(np.prod(shape)))))


def dim_range(draw, fill):
    shape = draw(our.shapes(max_dims=4))
    return Case(fill(shape), draw(our.dims(len(shape))), draw(our.dims(len(shape))))


def permuted(draw, fill):
    shape = draw(our.shapes(max_dims=4))
    order = draw(st.permutations(range(len(shape))))
    return Case(fill(shape), tuple(d - len(shape) if draw(st.booleans()) else d for d in order))


def moved(draw, fill):
    shape = draw(our.shapes(max_dims=4))
    count = draw(st.integers(0, len(shape)))
    source, target = (draw(st.permutations(range(len(shape))))[:count] for _ in range(2))
    return Case(fill(shape), tuple(source), tuple(target))


def squeezed(draw, fill):
    shape = draw(our.shapes(max_dims=4, max_side=2))
    dim = draw(st.none() | our.dims(len(shape)) | our.dim_sets(len(shape)))
    return Case(fill(shape), *([] if dim is None else [dim]))


def unsqueezed(draw, fill):
    shape = draw(our.shapes(max_dims=3))
    return Case(fill(shape), draw(st.integers(-len(shape) - 1, len(shape))))


def expanded(draw, fill):
    shape = draw(our.shapes(max_dims=3, max_side=2))
    sizes = [draw(st.integers(0, 3)) if s == 1 else draw(st.sampled_from([s, -1])) for s in shape]
    return Case(fill(shape), (*draw(our.shapes(max_dims=2, max_side=3)), *sizes))


def summed_to(draw, fill):
    big, small = draw(our.broadcastable(2))
    joint = np.broadcast_shapes(big, small)
    return Case(fill(joint), small)


def joined(draw, fill):
    """Several tensors that differ in one dimension's size."""
    shape = list(draw(our.shapes(min_dims=1, max_dims=3)))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        shape[dim] = draw(st.integers(0, 3))
        parts.append(fill(tuple(shape), dtype=fill.other_dtype()))
    return Case(parts, dim)


def stacked(draw, fill):
    shape = draw(our.shapes(max_dims=3))
    dim = draw(st.integers(-len(shape) - 1, len(shape)))
    return Case([fill(shape) for _ in range(draw(st.integers(1, 4)))], dim)


def split_evenly(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    return Case(fill(shape), draw(st.integers(1, 5)), draw(our.dims(len(shape))))


def split_by_sizes(draw, fill):
    shape = list(draw(our.shapes(min_dims=1, max_dims=3)))
    dim = draw(our.dims(len(shape)))
    sizes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    shape[dim] = sum(sizes)
    return Case(fill(tuple(shape)), sizes, dim)


def unbound(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    return Case(fill(shape), draw(our.dims(len(shape))))


def flipped(draw, fill):
    shape = draw(our.shapes(max_dims=3))
    return Case(fill(shape), draw(our.dim_sets(len(shape))))


def rolled(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3))
    dims = draw(our.dim_sets(len(shape), min_size=1))
    return Case(fill(shape), tuple(draw(st.integers(-4, 4)) for _ in dims), dims)


def repeated(draw, fill):
    shape = draw(our.shapes(max_dims=3, max_side=3))
    more = draw(st.integers(0, 1))
    return Case(fill(shape), tuple(draw(st.integers(0, 2)) for _ in range(len(shape) + more)))


def interleaved(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, max_side=3))
    return Case(fill(shape), draw(st.integers(0, 3)), draw(our.dims(len(shape)) | st.none()))


def triangle(draw, fill):
    return Case(fill(draw(our.shapes(min_dims=2, max_dims=3))), draw(st.integers(-3, 3)))


def diagonals(draw, fill):
    shape = draw(our.shapes(min_dims=2, max_dims=4))
    first, second = draw(st.permutations(range(len(shape))))[:2]
    return Case(fill(shape), draw(st.integers(-2, 2)), first, second - len(shape))


def narrowed(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3))
    dim = draw(our.dims(len(shape)))
    start = draw(st.integers(0, shape[dim]))
    return Case(fill(shape), dim, start, draw(st.integers(0, shape[dim] - start)))


def selected(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)))
    return Case(fill(shape), dim, draw(st.integers(-shape[dim], shape[dim] - 1)))


def windows(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1, max_side=6))
    dim = draw(our.dims(len(shape)))
    return Case(fill(shape), dim, draw(st.integers(1, shape[dim])), draw(st.integers(1, 3)))


# ---------------------------------------------------------------------- indices
def indexed(draw, fill):
    shape = draw(our.shapes(max_dims=4))
    return Case(fill(shape), draw(our.indices(shape)))


def written(draw, fill):
    """A copy of x with x[index] replaced by a value that broadcasts to the place."""
    shape = draw(our.shapes(max_dims=3))
    index = draw(our.basic_indices(shape))
    place = np.empty(shape)[index].shape
    keep = draw(st.integers(0, len(place)))
    value = tuple(1 if draw(st.integers(0, 3)) == 0 else s for s in place[keep:])
    return Case(fill(shape), index, fill(value))


def index_along(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)))
    rng = np.random.default_rng(draw(our.seeds))
    return Case(fill(shape), dim, rng.integers(0, shape[dim], draw(st.integers(0, 4))))


def gathered(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)))
    rng = np.random.default_rng(draw(our.seeds))
    sizes = [draw(st.integers(0, s)) for s in shape]
    sizes[dim] = draw(st.integers(0, 5))
    return Case(fill(shape), dim, rng.integers(0, shape[dim], sizes))


def scattered(draw, fill):
    """No place is written twice: what wins there is nobody's promise."""
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)))
    rng = np.random.default_rng(draw(our.seeds))
    index = rng.permuted(
        np.broadcast_to(
            np.moveaxis(np.arange(shape[dim]).reshape(-1, *[1] * (len(shape) - 1)), 0, dim), shape
        ),
        axis=dim,
    )
    index = np.ascontiguousarray(index[tuple(slice(draw(st.integers(0, s))) for s in shape)])
    return Case(fill(shape), dim, index, fill(index.shape))


def scatter_added(draw, fill):
    case = gathered(draw, fill)
    x, dim, index = case.args
    return Case(x, dim, index, fill(index.shape))


def masked(draw, fill):
    shape, mask = draw(our.broadcastable(2))
    return Case(fill(shape), fill(mask, dtype="bool"))


# ---------------------------------------------------------------------- matrices
def one_matrix(draw, fill):
    return Case(fill(draw(our.shapes(max_dims=2))))


def sides(draw, count, low=0):
    return (draw(st.integers(low, 4)) for _ in range(count))


def matrices(draw, fill):
    n, k, m = sides(draw, 3)
    return Case(fill((n, k)), fill((k, m)))


def batches(draw, fill):
    b, n, k, m = sides(draw, 4)
    return Case(fill((b, n, k)), fill((b, k, m)))


def matrix_vector(draw, fill):
    n, k = sides(draw, 2)
    return Case(fill((n, k)), fill((k,)))


def vectors(draw, fill):
    (n,) = sides(draw, 1)
    return Case(fill((n,)), fill((n,)))


def two_vectors(draw, fill):
    n, m = sides(draw, 2)
    return Case(fill((n,)), fill((m,)))


def products(draw, fill):
    """Whatever matmul takes: vectors, matrices, batches that broadcast."""
    n, k, m = sides(draw, 3)
    first, second = draw(our.broadcastable(2, max_dims=2, max_side=3))
    x = draw(st.sampled_from([(k,), (n, k), (*first, n, k)]))
    y = draw(st.sampled_from([(k,), (k, m), (*second, k, m)]))
    return Case(fill(x), fill(y))


def added_product(draw, fill):
    n, k, m = sides(draw, 3, low=1)
    shape = draw(st.sampled_from([(m,), (n, m), (1, m), (n, 1), ()]))
    factors = st.sampled_from([1, 2, 0.5, -1])
    return Case(fill(shape), fill((n, k)), fill((k, m)), beta=draw(factors), alpha=draw(factors))


EQUATIONS = """
    ij,jk->ik  ij,kj  i,i->  i,j->ij  bij,bjk->bik  ij->ji  ij->  ii->i  ij,ij->i  ii  ij,j->i
    ...ij,...jk->...ik  abc,cd,be->ade  bi,bj,ij->b
"""


def sums_of_products(draw, fill):
    equation = draw(st.sampled_from(EQUATIONS.split()))
    size = {letter: (draw(st.integers(1, 3)),) for letter in "abcdeijk"}
    size["."] = ()
    inputs = equation.replace("...", draw(st.sampled_from([".", "b", "bc"]))).split("->")[0]
    shapes = [sum((size[letter] for letter in names), ()) for names in inputs.split(",")]
    return Case(equation, *map(fill, shapes))


def affine(draw, fill):
    n, k = sides(draw, 2)
    lead = draw(our.shapes(max_dims=2, max_side=3))
    bias = [fill((n,))] if draw(st.booleans()) else []
    return Case(fill((*lead, k)), fill((n, k)), *bias)


def vector_norms(draw, fill):
    shape = draw(our.shapes(max_dims=3, min_side=1))
    dim = draw(our.dims(len(shape)) | our.dim_sets(len(shape), min_size=1)) if shape else None
    order = draw(st.sampled_from([2, 1, 3, 0.5, np.inf, -np.inf]))
    return Case(fill(shape, domain=(0.2, 3.0)), p=order, dim=dim, keepdim=draw(st.booleans()))

"""Cases for the losses of `nn.functional` that are not classification by labels."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from . import strategies as our
from .cases import Case, Constant
from .cases_nn import labels, reductions


def signs(draw, shape, dtype="float32"):
    rng = np.random.default_rng(draw(our.seeds))
    return rng.choice([-1, 1], shape).astype(dtype)


def weighted_distances(draw, fill):
    """Each difference with a weight of its own."""
    shape = draw(our.shapes(max_dims=3))
    rng = np.random.default_rng(draw(our.seeds))
    weight = rng.uniform(0.5, 2, shape).astype(fill.main)
    return Case(fill(shape), fill(shape), reduction=draw(reductions), weight=Constant(weight))


def counts(draw, fill):
    """Rates, or their logarithms, and what was counted."""
    shape = draw(our.shapes(max_dims=3))
    rng = np.random.default_rng(draw(our.seeds))
    options = {"log_input": draw(st.booleans()), "full": draw(st.booleans())}
    rates = fill(shape) if options["log_input"] else fill(shape, domain=(0.5, 3.0))
    target = Constant(rng.integers(0, 6, shape).astype(fill.main))
    return Case(rates, target, reduction=draw(reductions), **options)


def variances(draw, fill):
    """Means, targets and variances; one variance for all of a row, or one for each element."""
    shape = draw(our.shapes(min_dims=1, max_dims=3))
    own = draw(st.sampled_from([shape, shape[:-1], (*shape[:-1], 1)]))
    case = Case(fill(shape), fill(shape), fill(own, domain=(0.5, 2.0)))
    # of the others, torch takes squares that are negative for variances
    case.args[2][...] = np.abs(case.args[2]) + case.args[2].dtype.type(0.25)
    case.kwargs.update(full=draw(st.booleans()), eps=1e-3, reduction=draw(reductions))
    return case


def hinged(draw, fill):
    """Distances, and whether they should be small."""
    shape = draw(our.shapes(max_dims=3))
    margin = draw(st.sampled_from([1.0, 0.3]))
    return Case(fill(shape), signs(draw, shape, "int64"), margin, reduction=draw(reductions))


def signed(draw, fill):
    shape = draw(our.shapes(max_dims=3))
    return Case(fill(shape), Constant(signs(draw, shape, fill.main)), reduction=draw(reductions))


def ranked(draw, fill):
    shape = draw(our.shapes(max_dims=3))
    margin = draw(st.sampled_from([0.0, 0.4]))
    order = Constant(signs(draw, shape, fill.main))
    return Case(fill(shape), fill(shape), order, margin, reduction=draw(reductions))


def triplets(draw, fill):
    """Anchors, what is like them and what is not."""
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    options = {
        "margin": draw(st.sampled_from([1.0, 0.3])),
        "p": draw(st.sampled_from([2.0, 1.0, 3.0])),
    }
    options.update(swap=draw(st.booleans()), reduction=draw(reductions))
    vectors = fill(shape), fill(shape), fill(shape)
    # Sums of differences would often be equal, or apart by the margin: at the bend of min or max.
    unlike = np.sqrt(np.arange(1, shape[-1] + 1))
    for vector in vectors:
        vector *= unlike.astype(vector.dtype)
    return Case(*vectors, **options)


def angles(draw, fill):
    """Pairs of vectors, and whether they should be alike."""
    size = draw(st.integers(1, 4))
    batch = draw(st.sampled_from([(), (1,), (3,)]))
    target = signs(draw, batch, "int64")
    margin = draw(st.sampled_from([0.0, 0.4]))
    return Case(
        fill((*batch, size)), fill((*batch, size)), target, margin, reduction=draw(reductions)
    )


def one_class(draw, fill):
    """Scores, and a class for each row."""
    classes = draw(st.integers(1, 4))
    n = draw(st.sampled_from([3, 1, None]))
    shape = (classes,) if n is None else (n, classes)
    options = {"p": draw(st.sampled_from([1, 2])), "margin": draw(st.sampled_from([1.0, 0.3]))}
    if draw(st.booleans()):
        rng = np.random.default_rng(draw(our.seeds))
        options["weight"] = Constant(rng.uniform(0.5, 2, classes).astype(fill.main))
    target = labels(draw, () if n is None else (n,), classes)
    return Case(fill(shape), target, reduction=draw(reductions), **options)


def several_classes(draw, fill):
    """Scores, and for each row a list of classes that ends at the first -1."""
    classes = draw(st.integers(1, 4))
    shape = draw(st.sampled_from([(3, classes), (1, classes), (classes,)]))
    rng = np.random.default_rng(draw(our.seeds))
    return Case(fill(shape), rng.integers(-1, classes, shape), reduction=draw(reductions))


def many_coins(draw, fill):
    """Rows of scores, and which of the classes hold."""
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    rng = np.random.default_rng(draw(our.seeds))
    options = {"reduction": draw(reductions)}
    if draw(st.booleans()):
        options["weight"] = Constant(rng.uniform(0.5, 2, shape[-1]).astype(fill.main))
    return Case(fill(shape), Constant(rng.integers(0, 2, shape).astype(fill.main)), **options)


# ---------------------------------------------------------------------------------- vectors
def paired_vectors(draw, fill):
    first, second = draw(our.broadcastable(2, min_side=1))
    options = {"p": draw(st.sampled_from([2.0, 1.0, 3.0])), "keepdim": draw(st.booleans())}
    return Case(fill(first), fill(second), **options)


def two_sided(draw, fill):
    """Vectors to the left and the right of matrices, and what is added."""
    m, n, out = (draw(st.integers(1, 3)) for _ in range(3))
    batch = draw(our.shapes(max_dims=2))
    bias = fill((out,)) if draw(st.booleans()) else None
    return Case(fill((*batch, m)), fill((*batch, n)), fill((out, m, n)), bias)

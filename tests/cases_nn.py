"""Cases for `nn.functional`: windows that slide over images, normalisation, activations, losses."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import strategies as st

from . import strategies as our
from .cases import Case, Constant


def per_dim(draw, n, low, high):
    """One number for all dimensions, or one for each."""
    numbers = st.integers(low, high)
    return draw(numbers | st.tuples(*[numbers] * n))


def spread_out(value, n):
    return (value,) * n if isinstance(value, int) else value


def lead(draw, channels, batched=False):
    """The dimensions before the image: channels, and mostly a batch, which may be empty."""
    batch = draw(st.sampled_from([2, 1, 3, 0] if batched else [2, 1, 3, 0, None]))
    return (channels,) if batch is None else (batch, channels)


def _convolution(n, transposed):
    """A case of an n-dimensional convolution with strides, padding, dilation, groups and bias."""

    def case(draw, fill):
        groups = draw(st.sampled_from([1, 1, 2]))
        into, out = (groups * draw(st.integers(1, 2)) for _ in range(2))
        kernel = tuple(draw(st.integers(1, 3)) for _ in range(n))
        stride, dilation = per_dim(draw, n, 1, 3), per_dim(draw, n, 1, 2)
        padding = per_dim(draw, n, 0, 2)
        room = zip(kernel, spread_out(dilation, n), spread_out(padding, n), strict=True)
        most = 6 if n < 3 else 3
        if transposed:  # with any stride, the answer has a side of 1 at least
            least = [max(1, 1 + 2 * pad - span * (k - 1)) for k, span, pad in room]
        else:
            least = [max(1, span * (k - 1) + 1 - 2 * pad) for k, span, pad in room]
        size = tuple(low + draw(st.integers(0, most)) for low in least)
        shape = (into, out // groups, *kernel) if transposed else (out, into // groups, *kernel)
        x = fill((*lead(draw, into), *size))
        weight = fill(shape)
        bias = fill((out,)) if draw(st.booleans()) else None
        options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        if transposed:
            limits = zip(spread_out(stride, n), spread_out(dilation, n), strict=True)
            options["output_padding"] = tuple(
                draw(st.integers(0, max(limit) - 1)) for limit in limits
            )
        elif draw(st.integers(0, 5)) == 0:
            options["padding"] = draw(st.sampled_from(["same", "valid"]))
            if options["padding"] == "same":
                options["stride"] = 1
        return Case(x, weight, bias, **options)

    case.__name__ = f"{'transposed' if transposed else 'plain'}_{n}d"
    return case


convolution = {n: _convolution(n, transposed=False) for n in (1, 2, 3)}
transposed = {n: _convolution(n, transposed=True) for n in (1, 2, 3)}


def _pooling(n, average):
    def case(draw, fill):
        kernel = per_dim(draw, n, 1, 3)
        sizes = spread_out(kernel, n)
        padding = tuple(draw(st.integers(0, size // 2)) for size in sizes)
        options = {"stride": draw(st.none() | st.just(per_dim(draw, n, 1, 3))), "padding": padding}
        options["ceil_mode"] = draw(st.booleans())
        dilation = (1,) * n
        if average:
            options["count_include_pad"] = draw(st.booleans())
            if n > 1:
                options["divisor_override"] = draw(st.none() | st.integers(1, 5))
        else:
            options["dilation"] = per_dim(draw, n, 1, 2)
            dilation = spread_out(options["dilation"], n)
            options["return_indices"] = draw(st.booleans())
        least = [span * (k - 1) + 1 for k, span in zip(sizes, dilation, strict=True)]
        size = tuple(low + draw(st.integers(0, 5 if n < 3 else 2)) for low in least)
        # torch refuses some strides of a volume without a batch
        front = lead(draw, draw(st.integers(1, 2)), batched=n == 3)
        return Case(fill((*front, *size)), kernel, **options)

    case.__name__ = f"{'average' if average else 'largest'}_{n}d"
    return case


averaging = {n: _pooling(n, average=True) for n in (1, 2, 3)}
pooling = {n: _pooling(n, average=False) for n in (1, 2, 3)}


def _unpooling(n):
    def case(draw, fill):
        """Values, and where in a larger image each of them shall stand: all at places of their own."""
        kernel = per_dim(draw, n, 1, 3)
        small = tuple(draw(st.integers(1, 3)) for _ in range(n))
        size = [side * k for side, k in zip(small, spread_out(kernel, n), strict=True)]
        shape = (*lead(draw, draw(st.integers(1, 2)), batched=True), *small)
        rng = np.random.default_rng(draw(our.seeds))
        places = [
            rng.permutation(np.prod(size))[: np.prod(small)] for _ in range(np.prod(shape[:2]))
        ]
        return Case(fill(shape), np.reshape(places, shape).astype("int64"), kernel)

    case.__name__ = f"unpooled_{n}d"
    return case


unpooling = {n: _unpooling(n) for n in (1, 2, 3)}


def _adaptive(n):
    def case(draw, fill):
        size = tuple(draw(st.integers(1, 7 if n < 3 else 4)) for _ in range(n))
        into = draw(st.integers(1, 4) | st.tuples(*[st.integers(1, 4)] * n))
        return Case(fill((*lead(draw, draw(st.integers(1, 2))), *size)), into)

    case.__name__ = f"adaptive_{n}d"
    return case


adaptive = {n: _adaptive(n) for n in (1, 2, 3)}


def blocks(draw, fill):
    kernel, dilation = per_dim(draw, 2, 1, 3), per_dim(draw, 2, 1, 2)
    spans = zip(spread_out(kernel, 2), spread_out(dilation, 2), strict=True)
    size = tuple(span * (k - 1) + 1 + draw(st.integers(0, 4)) for k, span in spans)
    x = fill((*lead(draw, draw(st.integers(1, 2))), *size))
    return Case(x, kernel, dilation, per_dim(draw, 2, 0, 2), per_dim(draw, 2, 1, 3))


def folded(draw, fill):
    """Columns for `fold`: as many as there are places for the blocks."""
    n = 2
    kernel, dilation = per_dim(draw, n, 1, 3), per_dim(draw, n, 1, 2)
    padding, stride = per_dim(draw, n, 0, 2), per_dim(draw, n, 1, 3)
    options = [spread_out(value, n) for value in (kernel, dilation, padding, stride)]
    size, places = [], 1
    for k, span, pad, step in zip(*options, strict=True):
        size.append(max(1, span * (k - 1) + 1 - 2 * pad) + draw(st.integers(0, 4)))
        places *= (size[-1] + 2 * pad - span * (k - 1) - 1) // step + 1
    channels = draw(st.integers(1, 2)) * int(np.prod(spread_out(kernel, n)))
    batch = draw(st.sampled_from([(), (1,), (2,)]))
    x = fill((*batch, channels, places))
    return Case(x, tuple(size), kernel, dilation, padding, stride)


def padded(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=4, min_side=1))
    count = draw(st.integers(1, len(shape)))
    pads = [draw(st.integers(-1, 2)) for _ in range(2 * count)]
    return Case(fill(shape), pads, "constant", draw(st.sampled_from([0, 1, -0.5])))


def padded_by_image(draw, fill):
    n = draw(st.integers(1, 3))
    size = tuple(draw(st.integers(2, 4)) for _ in range(n))
    pads = [draw(st.integers(0, min(2, side - 1))) for side in reversed(size) for _ in range(2)]
    x = fill((*lead(draw, draw(st.integers(1, 2))), *size))
    return Case(x, pads, draw(st.sampled_from(["reflect", "replicate", "circular"])))


# ---------------------------------------------------------------------- normalisation
def batch_statistics(draw, fill):
    """Training, with running statistics or without them."""
    channels = draw(st.integers(1, 3))
    size = draw(our.shapes(max_dims=2, min_side=1, max_side=4))
    x = fill((draw(st.integers(2, 4)), channels, *size))
    weight, bias = (fill((channels,)), fill((channels,))) if draw(st.booleans()) else (None, None)
    return Case(x, None, None, weight, bias, training=True, eps=draw(eps))


def running_statistics(draw, fill):
    channels = draw(st.integers(1, 3))
    size = draw(our.shapes(max_dims=2, max_side=4))
    x = fill((draw(st.integers(0, 4)), channels, *size))
    rng = np.random.default_rng(draw(our.seeds))
    mean, var = (rng.uniform(0.5, 2, channels).astype(x.dtype) for _ in range(2))
    weight, bias = (fill((channels,)), fill((channels,))) if draw(st.booleans()) else (None, None)
    return Case(x, Constant(mean), Constant(var), weight, bias, training=False, eps=draw(eps))


eps = st.sampled_from([1e-5, 1e-3])


def layer_statistics(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    normalised = shape[draw(st.integers(0, len(shape) - 1)) :]
    weight = fill(normalised) if draw(st.booleans()) else None
    bias = fill(normalised) if draw(st.booleans()) else None
    return Case(fill(shape), normalised, weight, bias, draw(eps))


def root_statistics(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    normalised = shape[draw(st.integers(0, len(shape) - 1)) :]
    weight = fill(normalised) if draw(st.booleans()) else None
    return Case(fill(shape), normalised, weight, draw(st.none() | eps))


def neighbouring(draw, fill):
    """Channels, as many on the two sides as there are, or more than there are."""
    shape = draw(our.shapes(min_dims=3, max_dims=5, max_side=3))
    size, alpha = draw(st.integers(1, 4)), draw(st.sampled_from([1e-4, 1.0]))
    return Case(fill(shape), size, alpha, draw(st.sampled_from([0.75, 2.0])), k=2.0)


def group_statistics(draw, fill):
    groups, each = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    size = draw(our.shapes(max_dims=2, min_side=2, max_side=4))
    # torch cannot differentiate a bias without a weight
    weight = fill((groups * each,)) if draw(st.booleans()) else None
    bias = fill((groups * each,)) if weight is not None and draw(st.booleans()) else None
    x = fill((draw(st.integers(1, 3)), groups * each, *size))
    return Case(x, groups, weight, bias, draw(eps))


def instance_statistics(draw, fill):
    channels = draw(st.integers(1, 3))
    size = draw(our.shapes(min_dims=1, max_dims=2, min_side=2, max_side=4))
    weight, bias = (fill((channels,)), fill((channels,))) if draw(st.booleans()) else (None, None)
    return Case(fill((draw(st.integers(1, 3)), channels, *size)), weight=weight, bias=bias)


def lrn_of_contiguous(x, *args, **kwargs):
    """Torch's local_response_norm, which fails on some strides."""
    return torch.nn.functional.local_response_norm(x.contiguous(), *args, **kwargs)


# ---------------------------------------------------------------------- activations
def sloped(draw, fill):
    return Case(fill(draw(our.shapes(max_dims=3))), draw(st.sampled_from([0.01, 0.2, 1.0])))


def softened(draw, fill):
    return Case(fill(draw(our.shapes(max_dims=3))), draw(st.sampled_from([1.0, 0.5, 2.0])))


def two_numbers(draw, fill):
    return Case(fill(draw(our.shapes(max_dims=3))), 0.2, draw(st.sampled_from([0.3, 0.2])))


def approximated(draw, fill):
    kind = draw(st.sampled_from(["none", "tanh"]))
    return Case(fill(draw(our.shapes(max_dims=3))), approximate=kind)


def limited(draw, fill):
    return Case(fill(draw(our.shapes(max_dims=3))), draw(st.sampled_from([-1.0, -0.5])), 1.5)


def parametric(draw, fill):
    shape = draw(our.shapes(min_dims=2, max_dims=4, min_side=1))
    return Case(fill(shape), fill((draw(st.sampled_from([1, shape[1]])),)))


def halved(draw, fill):
    shape = list(draw(our.shapes(min_dims=1, max_dims=3, min_side=1)))
    dim = draw(our.dims(len(shape)))
    shape[dim] *= 2
    return Case(fill(tuple(shape)), dim)


# ---------------------------------------------------------------------- losses and lookups
reductions = st.sampled_from(["mean", "sum", "none"])


def distances(draw, fill):
    shape = draw(our.shapes(max_dims=3))
    return Case(fill(shape), fill(shape), reduction=draw(reductions))


def distances_with_beta(draw, fill):
    case = distances(draw, fill)
    case.kwargs["beta"] = draw(st.sampled_from([1.0, 0.5]))
    return case


def distances_with_delta(draw, fill):
    case = distances(draw, fill)
    case.kwargs["delta"] = draw(st.sampled_from([1.0, 0.5]))
    return case


def labels(draw, shape, classes):
    rng = np.random.default_rng(draw(our.seeds))
    return rng.integers(0, classes, shape)


def classified(draw, fill):
    """Scores and class labels, some of them to be ignored, classes with weights."""
    classes = draw(st.integers(1, 4))
    batch = draw(st.sampled_from([3, 1, 2, None]))
    size = () if batch is None else draw(our.shapes(max_dims=2, min_side=1, max_side=3))
    shape = (classes,) if batch is None else (batch, classes, *size)
    target = labels(draw, () if batch is None else (batch, *size), classes)
    options = {"reduction": draw(reductions)}
    if draw(st.booleans()):
        rng = np.random.default_rng(draw(our.seeds))
        options["weight"] = Constant(rng.uniform(0.5, 2, classes).astype(fill.main))
    if draw(st.booleans()):
        ignored = draw(st.integers(0, classes - 1))
        if not fill.smooth or (target != ignored).any():  # the mean of nothing is NaN
            options["ignore_index"] = ignored
    return Case(fill(shape), target, **options)


def smoothed(draw, fill):
    case = classified(draw, fill)
    case.kwargs["label_smoothing"] = draw(st.sampled_from([0.0, 0.1, 0.5]))
    return case


def probable(draw, fill):
    """Scores and a probability for each class."""
    n, classes = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(our.seeds))
    target = Constant(rng.dirichlet(np.ones(classes), n).astype(fill.main))
    smoothing = draw(st.sampled_from([0.0, 0.1]))
    scores = fill((n, classes))
    return Case(scores, target, reduction=draw(reductions), label_smoothing=smoothing)


def coins(draw, fill):
    """Scores and the probabilities that they should have."""
    shape = draw(our.shapes(max_dims=3))
    rng = np.random.default_rng(draw(our.seeds))
    target = Constant(np.asarray(rng.choice([0, 1, 0.3], shape), fill.main))
    options = {"reduction": draw(reductions)}
    if draw(st.booleans()):
        weight = rng.uniform(0.5, 2, shape)
        options["weight"] = Constant(np.asarray(weight, fill.main))
    return Case(fill(shape), target, **options)


def weighted_coins(draw, fill):
    case = coins(draw, fill)
    if draw(st.booleans()):
        case.kwargs["pos_weight"] = Constant(np.array(2.5, fill.main))
    return case


def probabilities(draw, fill):
    """Probabilities between 0 and 1, both among them, and the ones they should be."""
    shape = draw(our.shapes(max_dims=3))
    rng = np.random.default_rng(draw(our.seeds))
    given = rng.uniform(0.05, 0.95, shape)
    if not fill.smooth:
        given = np.where(rng.random(shape) < 0.2, rng.choice([0.0, 1.0], shape), given)
    target = Constant(np.asarray(rng.choice([0, 1, 0.3], shape), fill.main))
    return Case(np.asarray(given, fill.main), target, reduction=draw(reductions))


def divergences(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=2, min_side=1))
    rng = np.random.default_rng(draw(our.seeds))
    target = np.asarray(rng.dirichlet(np.ones(shape[-1]), shape[:-1]), fill.main)
    options = {"reduction": draw(st.sampled_from(["batchmean", "sum", "none"]))}
    if draw(st.booleans()):
        options["log_target"] = True
        target = np.log(target)
    return Case(fill(shape), Constant(target), **options)


def alike(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    return Case(fill(shape), fill(shape), draw(our.dims(len(shape))))


def scaled(draw, fill):
    shape = draw(our.shapes(min_dims=1, max_dims=3, min_side=1))
    return Case(fill(shape), draw(st.sampled_from([2.0, 1.0])), draw(our.dims(len(shape))))


def looked_up(draw, fill):
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    index = labels(draw, draw(our.shapes(max_dims=2)), rows)
    return Case(index, fill((rows, columns)))


def counted(draw, fill):
    index = labels(draw, draw(our.shapes(max_dims=2, min_side=1)), 4)
    return Case(index, draw(st.sampled_from([4, 5, -1])))

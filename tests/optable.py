"""The table of ops: how to call each one, what to call it with, and its twin in torch.

A row says what is special about an op and nothing else; everything that holds for every op is said
once, in `test_ops.py`. To add an op, add a row: its name in torch's namespace (``"exp"``,
``"nn.functional.relu"``), a case, and what to call where the name alone will not do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

import minigrad

from . import cases, cases_losses, cases_more, cases_nn, cases_resample, cases_tensors
from .cases import Case


@dataclass(frozen=True, repr=False)
class Row:
    """One op, or one way to call it.

    Where torch merely lacks a kernel for bool, `kinds` leaves bool out: answering is no fault.
    """

    name: str  # a path, the same in both packages
    case: Callable[..., Case]
    call: Callable[..., Any] | None = None  # what to call instead, on tensors of either package
    twin: Callable[..., Any] | None = None  # torch's side, where it differs
    kinds: str = "fiub"  # kinds of dtype to try; gradients need "f"
    domain: tuple[float, float] = (-2.9, 3.1)  # where it is smooth
    smooth: bool = True  # whether it has a gradient
    views: bool = True  # whether it answers a view just where torch does
    ties: bool = True  # whether torch's gradient at ties and edges is to be met
    slack: float = 1.0  # how many times the usual rounding error is right

    @property
    def id(self) -> str:
        return f"{self.name.removeprefix('nn.functional.')}-{self.case.__name__}"

    def __repr__(self) -> str:
        return f"<row {self.id}>"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))  # hypothesis would spell out a dataclass


def _rows(names: str, case: Callable[..., Case], **options: Any) -> list[Row]:
    """Rows that differ by their names only."""
    return [Row(name, case, **options) for name in names.split()]


def _method(name: str) -> Callable[..., Any]:
    def call(x, *args, **kwargs):
        return getattr(x, name)(*args, **kwargs)

    return call


def _set(x, index, value):
    out = x.clone()
    out[index] = value
    return out


def _namespace(x):
    """The package that a tensor is of."""
    return sys.modules[type(x).__module__.split(".")[0]]


def _of_symmetric(x):
    """Only of a symmetric matrix is the derivative what differences along any direction say."""
    return _namespace(x).linalg.cholesky((x + x.mT) / 2)


def _values_of_symmetric(x):
    return _namespace(x).linalg.eigvalsh((x + x.mT) / 2)


def _on_copy(name):
    """A function that writes into its input, which is given a copy."""

    def call(x, *args):
        return getattr(_namespace(x).nn.functional, name)(x.clone(), *args)

    return call


def _hardsigmoid(x):
    """Torch's gradient of float64 has a sixth in float32."""
    return torch.nn.functional.relu6(x + 3) / 6


def _nll_of_contiguous(x, *args, **kwargs):
    """Torch's gradient of images fails on some strides."""
    return torch.nn.functional.nll_loss(x.contiguous(), *args, **kwargs)


def _kron_of_contiguous(x, y):
    """Torch's kron fails on some strides."""
    return _namespace(x).kron(x.contiguous(), y.contiguous())


ELEMENTWISE = [
    *_rows("add sub mul maximum minimum", cases.binary),
    *_rows("add mul div pow maximum eq lt", cases.mismatched, kinds="f", smooth=False),
    *_rows("add sub", cases.with_alpha),
    *_rows("add sub mul", cases.with_number),
    Row("plus", cases.binary, lambda x, y: x + y),
    Row("minus", cases.binary, lambda x, y: x - y),
    Row("plus", cases.with_number, lambda x, number: x + number),
    Row("minus", cases.with_number, lambda x, number: x - number),
    Row("rsub", cases.with_number, lambda x, number: number - x),
    Row("rdiv", cases.with_number, lambda x, number: number / x, domain=(0.5, 3.0)),
    Row("rfloordiv", cases.with_number, lambda x, number: number // x, kinds="f", smooth=False),
    *_rows("div true_divide", cases.nonzero_binary),
    Row("div", cases.with_number),
    Row("div", cases.rounded_division, kinds="fiu", smooth=False),
    Row("floor_divide", cases.nonzero_binary, kinds="fiu", smooth=False),
    *_rows("remainder fmod", cases.nonzero_binary, kinds="fiu", domain=(0.1, 2.9), ties=False),
    *_rows("remainder fmod", cases.with_number, kinds="fiu"),
    Row("pow", cases.powers, kinds="f", slack=4),
    Row("pow", cases.number_powers, slack=4),
    Row("pow", cases.powers_of_number, slack=4),
    Row("where", cases.chosen),
    Row("masked_fill", cases.filled),
    Row("clamp", cases.bounded),
    Row("clamp", cases.tensor_bounded, kinds="fi"),
    *_rows("neg square sign relu positive clone", cases.unary),
    Row("abs", cases.unary, kinds="fiu"),
    *_rows("sqrt rsqrt log log2 log10 log1p reciprocal", cases.unary, domain=(0.2, 3.0)),
    *_rows("exp exp2 expm1 sin cos tanh sigmoid", cases.unary),
    Row("tan", cases.unary, domain=(-1.3, 1.3), slack=16),
    *_rows("floor ceil round trunc", cases.unary, kinds="fiu", smooth=False),
    Row("frac", cases.unary, kinds="f"),
    *_rows("eq ne lt le gt ge", cases.binary, smooth=False),
    # beside uint8, torch takes a negative number round to 255
    *_rows("eq lt ge", cases.with_number, kinds="fib", smooth=False),
    *_rows("logical_and logical_or logical_xor", cases.binary, smooth=False),
    *_rows("bitwise_and bitwise_or bitwise_xor", cases.binary, smooth=False, kinds="iub"),
    Row("bitwise_not", cases.unary, smooth=False, kinds="iub"),
    *_rows("logical_not isnan isinf isfinite", cases.unary, smooth=False),
]

REDUCTIONS = [
    *_rows("sum mean amax amin", cases.over_dims),
    *_rows("sum mean max min prod", cases.whole),
    *_rows("prod max min", cases.over_dim),
    *_rows("argmax argmin", cases.over_dim, smooth=False),
    *_rows("argmax argmin", cases.whole, smooth=False),
    *_rows("all any", cases.over_dims, smooth=False),
    *_rows("var std var_mean", cases.with_correction, kinds="f", slack=4),
    Row("logsumexp", cases.over_some_dims),
    *_rows("softmax log_softmax cumsum", cases.along),
]

SHAPES = [
    Row("reshape", cases.reshaped),
    Row("view", cases.reshaped, _method("view")),
    Row("flatten", cases.dim_range),
    Row("permute", cases.permuted),
    Row("transpose", cases.dim_range),
    Row("t", cases.one_matrix),
    Row("movedim", cases.moved),
    Row("squeeze", cases.squeezed),
    Row("unsqueeze", cases.unsqueezed),
    Row("expand", cases.expanded, _method("expand")),
    Row("sum_to_size", cases.summed_to, _method("sum_to_size"), views=False),
    Row("cat", cases.joined),
    Row("stack", cases.stacked),
    *_rows("split chunk", cases.split_evenly),
    Row("split", cases.split_by_sizes),
    Row("unbind", cases.unbound),
    Row("flip", cases.flipped),
    Row("roll", cases.rolled),
    Row("repeat", cases.repeated, _method("repeat")),
    Row("tile", cases.repeated),
    Row("repeat_interleave", cases.interleaved),
    *_rows("tril triu", cases.triangle),
    Row("diagonal", cases.diagonals),
    Row("narrow", cases.narrowed),
    Row("select", cases.selected),
    Row("unfold", cases.windows, _method("unfold")),
]

INDEXING = [
    Row("getitem", cases.indexed, lambda x, index: x[index]),
    Row("setitem", cases.written, _set),
    Row("index_select", cases.index_along),
    Row("gather", cases.gathered),
    Row("scatter", cases.scattered),
    Row("scatter_add", cases.scatter_added),
    Row("masked_select", cases.masked),
]

MATRICES = [
    Row("mm", cases.matrices, kinds="f"),
    Row("bmm", cases.batches, kinds="f"),
    Row("mv", cases.matrix_vector, kinds="f"),
    Row("dot", cases.vectors, kinds="f"),
    Row("outer", cases.two_vectors, kinds="f"),
    Row("matmul", cases.products, kinds="f"),
    Row("addmm", cases.added_product, kinds="f"),
    Row("einsum", cases.sums_of_products, kinds="f"),
    Row("norm", cases.vector_norms, kinds="f"),
    Row("nn.functional.linear", cases.affine, kinds="f"),
]


def _functional(names: str, case: Callable[..., Case], **options: Any) -> list[Row]:
    """Rows of functions of `nn.functional`."""
    return [Row(f"nn.functional.{name}", case, kinds="f", **options) for name in names.split()]


WINDOWS = [
    row
    for n in (1, 2, 3)
    for row in (
        *_functional(f"conv{n}d", cases_nn.convolution[n], slack=16),
        *_functional(f"conv_transpose{n}d", cases_nn.transposed[n], slack=16),
        *_functional(f"max_pool{n}d", cases_nn.pooling[n]),
        *_functional(f"max_unpool{n}d", cases_nn.unpooling[n]),
        *_functional(f"avg_pool{n}d", cases_nn.averaging[n], slack=4),
        *_functional(f"adaptive_max_pool{n}d", cases_nn.adaptive[n]),
        *_functional(f"adaptive_avg_pool{n}d", cases_nn.adaptive[n], slack=4),
    )
] + [
    *_functional("unfold", cases_nn.blocks),
    *_functional("fold", cases_nn.folded),
    *_functional("interpolate", cases_resample.copied, slack=4),
    *_functional("interpolate", cases_resample.interpolated, slack=32),
    *_functional("interpolate", cases_resample.antialiased, slack=32),
    Row("pixel_shuffle", cases_resample.shuffled),
    Row("pixel_unshuffle", cases_resample.unshuffled),
    Row("channel_shuffle", cases_resample.dealt),
    *_functional("pad", cases_nn.padded),
    *_functional("pad", cases_nn.padded_by_image),
]

NORMS = [
    *_functional("batch_norm", cases_nn.batch_statistics, slack=64),
    *_functional("batch_norm", cases_nn.running_statistics, slack=16),
    *_functional("layer_norm", cases_nn.layer_statistics, slack=256),
    *_functional("group_norm", cases_nn.group_statistics, slack=64),
    *_functional("instance_norm", cases_nn.instance_statistics, slack=64),
    *_functional("rms_norm", cases_nn.root_statistics, slack=16),
    *_functional("local_response_norm", cases_nn.neighbouring, twin=cases_nn.lrn_of_contiguous),
    *_functional("normalize", cases_nn.scaled, slack=4),
]

ACTIVATIONS = [
    *_functional("relu relu6 sigmoid tanh elu selu celu silu mish softplus", cases.unary, slack=4),
    *_functional("softsign hardtanh hardswish logsigmoid", cases.unary, slack=4),
    *_functional("hardsigmoid", cases.unary, twin=_hardsigmoid, slack=4),
    *_functional("tanhshrink softshrink hardshrink", cases.unary, slack=4),
    *_functional("leaky_relu", cases_nn.sloped),
    *_functional("leaky_relu_", cases_nn.sloped, call=_on_copy("leaky_relu_")),
    *_functional("rrelu threshold", cases_nn.two_numbers),
    *_functional("elu celu softplus softshrink hardshrink", cases_nn.softened, slack=4),
    *_functional("elu_", cases_nn.softened, call=_on_copy("elu_"), slack=4),
    *_functional("celu_", cases_nn.softened, call=_on_copy("celu_"), slack=4),
    *_functional("selu_", cases.unary, call=_on_copy("selu_"), slack=4),
    *_functional("gelu", cases_nn.approximated, slack=4),
    *_functional("hardtanh", cases_nn.limited),
    *_functional("prelu", cases_nn.parametric),
    *_functional("glu", cases_nn.halved, slack=4),
    *_functional("softmax log_softmax softmin", cases.along, slack=4),
]

LOSSES = [
    *_functional("mse_loss l1_loss", cases_nn.distances),
    *_functional("smooth_l1_loss", cases_nn.distances_with_beta),
    *_functional("huber_loss", cases_nn.distances_with_delta),
    *_functional("nll_loss", cases_nn.classified, twin=_nll_of_contiguous),
    *_functional("cross_entropy", cases_nn.smoothed, slack=4),
    *_functional("cross_entropy", cases_nn.probable, slack=4),
    *_functional("binary_cross_entropy", cases_nn.probabilities, slack=4, ties=False),
    *_functional("binary_cross_entropy_with_logits", cases_nn.weighted_coins, slack=4),
    *_functional("kl_div", cases_nn.divergences, slack=4),
    *_functional("mse_loss l1_loss huber_loss", cases_losses.weighted_distances, slack=4),
    *_functional("poisson_nll_loss", cases_losses.counts, slack=4),
    *_functional("gaussian_nll_loss", cases_losses.variances, slack=16),
    *_functional("hinge_embedding_loss", cases_losses.hinged),
    *_functional("soft_margin_loss", cases_losses.signed, slack=4),
    *_functional("margin_ranking_loss", cases_losses.ranked),
    *_functional("triplet_margin_loss", cases_losses.triplets, slack=16),
    *_functional("cosine_embedding_loss", cases_losses.angles, slack=16, ties=False),
    *_functional("multi_margin_loss", cases_losses.one_class, domain=(-2.71, 3.14), slack=4),
    *_functional(
        "multilabel_margin_loss", cases_losses.several_classes, domain=(-2.71, 3.14), slack=4
    ),
    *_functional("pairwise_distance", cases_losses.paired_vectors, slack=16),
    *_functional("bilinear", cases_losses.two_sided, slack=16),
    *_functional("multilabel_soft_margin_loss", cases_losses.many_coins, slack=4),
    *_functional("cosine_similarity", cases_nn.alike, slack=16),
    *_functional("embedding", cases_nn.looked_up),
    Row("nn.functional.one_hot", cases_nn.counted, smooth=False),
]

WIDER_ELEMENTWISE = [
    *_rows("sinh cosh erf erfc sinc asinh atan deg2rad rad2deg", cases.unary, slack=4),
    *_rows("asin acos atanh", cases.unary, domain=(-0.9, 0.9), slack=4),
    Row("acosh", cases.unary, domain=(1.2, 3.0), slack=4),
    *_rows("i0 special.i0e special.i1 special.i1e", cases.unary, slack=8),
    Row("logit", cases_more.clipped_logit, domain=(0.15, 0.85), slack=4),
    *_rows("atan2 hypot logaddexp logaddexp2 fmax fmin", cases.binary, kinds="f", slack=4),
    Row("copysign", cases.binary, kinds="f"),
    Row("xlogy", cases.nonzero_binary, kinds="f", slack=4),
    *_rows("gcd lcm", cases.binary, kinds="i", smooth=False),
    *_rows(
        "bitwise_left_shift bitwise_right_shift", cases_more.shifted_bits, kinds="i", smooth=False
    ),
    *_rows("signbit isposinf isneginf", cases.unary, smooth=False),
    Row("heaviside", cases.alike, kinds="f", smooth=False),
    Row("lerp", cases_more.interpolated, kinds="f"),
    *_rows("addcmul addcdiv", cases_more.three_with_value, kinds="f", slack=4),
    Row("nan_to_num", cases_more.cleaned),
    Row("isclose", cases_more.close, kinds="f", smooth=False),
    Row("contiguous", cases.unary, _method("contiguous")),
    *_rows("clamp_min clamp_max", cases.with_number, kinds="fi"),
    *_rows("clamp_min clamp_max", cases.alike, kinds="f"),
]

WIDER_SHAPES = [
    *_rows("fliplr flipud", cases_more.at_least_2d),
    Row("rot90", cases_more.turned),
    *_rows("diag diagflat diag_embed", cases_more.made_diagonal),
    *_rows("hstack vstack dstack column_stack", cases_more.several),
    *_rows("atleast_1d atleast_2d atleast_3d", cases.unary),
    Row("meshgrid", cases_more.lines),
    Row("cartesian_prod", cases_more.proper_lines),
    Row("tensor_split", cases_more.split_anywhere),
]

ORDER = [
    *_rows("sort argsort", cases_more.ordered),
    *_rows("topk", cases_more.topmost, kinds="f"),
    Row("kthvalue", cases_more.kth, kinds="f"),
    *_rows("median nanmedian", cases_more.middle, kinds="f"),
    *_rows("quantile nanquantile", cases_more.quantiles, kinds="f", ties=False, slack=4),
    *_rows("cumprod cummax cummin logcumsumexp", cases.along, kinds="f", slack=4),
    *_rows("nansum nanmean", cases_more.some_nan, kinds="f", smooth=False),
    *_rows("nansum nanmean", cases.over_dims, kinds="f"),
    Row("count_nonzero", cases_more.counted_along, smooth=False),
    Row("bincount", cases_more.classes, smooth=False),
    Row("histc", cases_more.binned, kinds="f", smooth=False),
    *_rows("unique unique_consecutive", cases_more.told_apart, smooth=False),
    *_rows("nonzero argwhere", cases.unary, smooth=False),
    Row("bucketize", cases_more.sorted_values, kinds="f", smooth=False),
]

WIDER_INDEXING = [
    Row("scatter", cases_more.valued_scatter),
    Row("scatter", cases_more.combined_scatter, kinds="fi", smooth=False),
    Row("scatter_reduce", cases_more.reduced_scatter, kinds="f", slack=4),
    Row("index_add", cases_more.added_along),
    Row("index_reduce", cases_more.reduced_along, kinds="f", slack=4),
    Row("index_copy", cases_more.copied_along),
    Row("index_fill", cases_more.filled_along),
    Row("take_along_dim", cases_more.taken_along),
    Row("take", cases_more.taken),
    Row("masked_scatter", cases_more.scattered_by_mask),
    Row("index_put", cases_more.put_at_indices),
]

# Their gradients are refused, which says so.
_no_gradient: dict[str, Any] = {"kinds": "f", "slack": 256, "smooth": False}


def _linalg(x):
    return (torch if isinstance(x, torch.Tensor) else minigrad).linalg


def _cholesky(x):
    """Of a matrix made symmetric, for only one triangle is looked at."""
    return _linalg(x).cholesky((x + x.mT) / 2)


def _from_svd(x):
    """The matrix put together again: the signs of the parts are free."""
    left, sizes, right = _linalg(x).svd(x, full_matrices=False)
    return (left * sizes) @ right


def _from_eigh(x):
    sizes, vectors = _linalg(x).eigh(x)
    return (vectors * sizes) @ vectors.mT


WIDER_MATRICES = [
    Row("addmv", cases_more.added_matrix_vector, kinds="f", slack=4),
    Row("addr", cases_more.added_outer, kinds="f", slack=4),
    Row("baddbmm", cases_more.added_batches, kinds="f", slack=4),
    Row("addbmm", cases_more.added_sum_of_batches, kinds="f", slack=4),
    Row("linalg.multi_dot", cases_more.chain, kinds="f", slack=16),
    Row("inner", cases_more.inner_products, kinds="f", slack=4),
    *_rows("cross linalg.cross", cases_more.crossed, kinds="f", slack=4),
    Row("cdist", cases_more.points, kinds="f", slack=256),
    Row("tensordot", cases_more.contracted, kinds="f", slack=4),
    Row("kron", cases_more.kronecker, kinds="f", twin=_kron_of_contiguous),
    *_rows("det linalg.det linalg.inv linalg.slogdet", cases_more.system, kinds="f", slack=64),
    Row("linalg.solve", cases_more.system_with_sides, kinds="f", slack=64),
    Row("linalg.cholesky", cases_more.positive_definite, _cholesky, kinds="f", slack=64),
    Row("linalg.matrix_power", cases_more.powered, kinds="f", slack=64),
    *_rows("linalg.svdvals linalg.qr linalg.pinv", cases_more.tall, **_no_gradient),
    Row("linalg.eigvalsh", cases_more.positive_definite, **_no_gradient),
    Row("linalg.svd", cases_more.tall, _from_svd, **_no_gradient),
    Row("linalg.eigh", cases_more.positive_definite, _from_eigh, **_no_gradient),
    Row("linalg.matrix_norm", cases_more.frobenius_norms, kinds="f", slack=64),
    Row("linalg.matrix_norm", cases_more.matrix_norms, **_no_gradient),
    Row("trace", cases.matrices, lambda x, _: x.trace(), kinds="f"),
]


def _strided(x, *args):
    """Of a contiguous tensor: strides are those of the memory."""
    return _namespace(x).as_strided(x.contiguous(), *args)


def _fill_diagonal(x, *args):
    """Of a contiguous tensor: on other strides torch wraps into what is not there."""
    return x.contiguous().clone().fill_diagonal_(*args)


STRIDES = [
    Row("as_strided", cases_tensors.strided, _strided),
    Row("select_scatter", cases_tensors.select_replaced),
    Row("slice_scatter", cases_tensors.slice_replaced),
    Row("diagonal_scatter", cases_tensors.diagonal_replaced),
    Row("fill_diagonal_", cases_tensors.filled_diagonal, _fill_diagonal),
    Row("narrow_copy", cases.narrowed),
    Row("split_with_sizes", cases.split_by_sizes),
]


def _digamma(x):
    """By recurrence from far off: near 0 the derivative that torch has is good to 9 digits only."""
    return torch.digamma(x + 60) - sum(1 / (x + k) for k in range(60))


SERIES = [
    Row("diff", cases_tensors.differences),
    *_rows("trapezoid trapz cumulative_trapezoid", cases_tensors.samples, kinds="fiu", slack=4),
    Row("gradient", cases_tensors.sloping, kinds="fi", slack=8),
    Row("angle", cases.unary, domain=(0.2, 3.0)),
    Row("histogram", cases_tensors.in_bins, kinds="f", smooth=False, slack=4),
    Row("vander", cases_tensors.listed_powers, slack=4, smooth=False),  # torch's backward fails
    Row("linalg.vander", cases_tensors.batched_powers, slack=4),
    Row("cov", cases_tensors.observed, kinds="fi", slack=16),
    Row("corrcoef", cases_tensors.correlated, kinds="f", slack=64),
    Row("block_diag", cases_tensors.blocks, kinds="fi"),
    Row("isin", cases_tensors.membership, smooth=False),
    Row("lgamma", cases.unary, domain=(0.2, 4.0), slack=64),
    Row("digamma", cases.unary, kinds="fi", smooth=False, slack=64),
    Row("digamma", cases_tensors.positive, twin=_digamma, kinds="f", slack=64),
    Row("erfinv", cases.unary, domain=(-0.95, 0.95), slack=64),
    Row("polygamma", cases_tensors.derivative_order, kinds="f", domain=(0.3, 4.0), slack=256),
    Row("mvlgamma", cases_tensors.dimension, kinds="f", domain=(2.0, 4.0), slack=256),
    Row("float_power", cases.powers, slack=4),
    Row("ldexp", cases.alike, kinds="f", slack=4),
    *_rows("nextafter", cases.alike, kinds="f", smooth=False),
    Row("frexp", cases.unary, kinds="f"),
    Row("renorm", cases_tensors.limited_norms, kinds="f", slack=64),
]


def _exponential(x):
    return _linalg(x).matrix_exp(x * 0.5)


def _least_squares(x, y):
    return _linalg(x).lstsq(x, y).solution


SYSTEMS = [
    Row("linalg.vecdot", cases.alike, kinds="fi", slack=4),
    Row("linalg.solve_triangular", cases_tensors.triangular, kinds="f", slack=64),
    Row("triangular_solve", cases_tensors.older_triangular, kinds="f", slack=64),
    # torch's gradients of the factor fill both triangles, though one is read
    Row("cholesky_solve", cases_tensors.factored, **_no_gradient),
    Row("cholesky_inverse", cases_tensors.factor, **_no_gradient),
    *_rows("linalg.inv_ex", cases_more.system, kinds="f", slack=64),
    Row("linalg.tensorinv", cases_tensors.square_tensor, kinds="f", slack=64),
    Row("linalg.tensorsolve", cases_tensors.square_tensor_with_sides, kinds="f", slack=64),
    Row("linalg.matrix_exp", cases_more.system, _exponential, kinds="f", slack=64),
    Row("linalg.lstsq", cases_tensors.tall_with_sides, _least_squares, kinds="f", slack=256),
]

GRIDS = [
    Row("pdist", cases_tensors.distinct_rows, kinds="f", slack=64, ties=False),
    Row("put", cases_tensors.put_somewhere),
    *_functional("grid_sample", cases_tensors.sampled_pictures, slack=64, ties=False),
    *_functional("affine_grid", cases_tensors.affine_maps, slack=4),
]

TABLE = [
    *ELEMENTWISE,
    *REDUCTIONS,
    *SHAPES,
    *INDEXING,
    *MATRICES,
    *WINDOWS,
    *NORMS,
    *ACTIVATIONS,
    *LOSSES,
    *WIDER_ELEMENTWISE,
    *WIDER_SHAPES,
    *ORDER,
    *WIDER_INDEXING,
    *WIDER_MATRICES,
    *STRIDES,
    *SERIES,
    *SYSTEMS,
    *GRIDS,
]

"""Ops as functions: with ``out=``, with torch's names for arguments, refusing what is no tensor."""

from __future__ import annotations

from ..ops import (
    bessel,
    choosing,
    combine,
    compare,
    elementwise,
    factor,
    functions,
    gamma,
    matrix,
    solve,
    special,
)
from ..ops._public import named, public
from ..ops.activations_named import (
    celu,
    celu_,
    hardshrink,
    prelu,
    relu_,
    rrelu,
    rrelu_,
    selu,
    selu_,
    sigmoid_,
    tanh_,
    threshold,
    threshold_,
)
from ..ops.arrange import (
    diag,
    diag_embed,
    diagflat,
    diagonal,
    fliplr,
    flipud,
    repeat_interleave,
    roll,
    rot90,
    tile,
    tril,
    triu,
)
from ..ops.choosing import where
from ..ops.compare import allclose, equal
from ..ops.counting import (
    bincount,
    count_nonzero,
    histc,
    histogram,
    unique,
    unique_consecutive,
)
from ..ops.dropout import (
    alpha_dropout,
    alpha_dropout_,
    dropout,
    dropout_,
    feature_alpha_dropout,
    feature_alpha_dropout_,
    feature_dropout,
    feature_dropout_,
)
from ..ops.einsum import einsum, kron, tensordot
from ..ops.extreme import all, amax, amin, aminmax, any, argmax, argmin, max, min
from ..ops.factor import old_norm as norm
from ..ops.factor import old_qr as qr
from ..ops.factor import old_svd as svd
from ..ops.gather import (
    gather,
    index_add,
    index_copy,
    index_fill,
    index_select,
    scatter,
    scatter_add,
    take_along_dim,
)
from ..ops.masks import (
    argwhere,
    bucketize,
    index_put,
    masked_scatter,
    masked_select,
    nonzero,
    nonzero_static,
    put,
    searchsorted,
    take,
)
from ..ops.order import (
    argsort,
    kthvalue,
    median,
    mode,
    msort,
    nanmedian,
    nanquantile,
    quantile,
    sort,
    topk,
)
from ..ops.parts import cat, chunk, narrow, select, split, split_with_sizes, stack, unbind
from ..ops.parts import flip_along as flip
from ..ops.products import (
    addbmm,
    addmv,
    addr,
    baddbmm,
    bilinear,
    cdist,
    chain_matmul,
    cross,
    dist,
    ger,
    inner,
    pairwise_distance,
    pdist,
    vdot,
)
from ..ops.reduce import mean, prod, std, std_mean, sum, var, var_mean
from ..ops.scans import cummax, cummin, cumprod, logcumsumexp, nanmean, nansum
from ..ops.scattering import index_reduce, scatter_reduce
from ..ops.series import (
    block_diag,
    corrcoef,
    cov,
    cumulative_trapezoid,
    diff,
    isin,
    trapezoid,
    unravel_index,
    vander,
)
from ..ops.shape import (
    broadcast_shapes,
    broadcast_tensors,
    broadcast_to,
    flatten,
    movedim,
    permute,
    squeeze,
    t,
    transpose,
    unflatten,
    unsqueeze,
)
from ..ops.shape import cloned as clone
from ..ops.shape import reshaped as reshape
from ..ops.shuffle import channel_shuffle, pixel_shuffle, pixel_unshuffle
from ..ops.similarity import cosine_similarity
from ..ops.slopes import gradient
from ..ops.softmax import cumsum, log_softmax, logsumexp, softmax
from ..ops.solve import logdet, trace
from ..ops.solve import old_cholesky as cholesky
from ..ops.stacks import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    cartesian_prod,
    column_stack,
    combinations,
    dsplit,
    dstack,
    hsplit,
    hstack,
    meshgrid,
    tensor_split,
    vsplit,
    vstack,
)
from ..ops.strided import (
    as_strided,
    as_strided_scatter,
    diagonal_scatter,
    narrow_copy,
    select_scatter,
    slice_scatter,
)
from ..ops.systems import cholesky_inverse, cholesky_solve, matrix_exp, triangular_solve

# ------------------------------------------------------------------------------ arithmetic
add, sub = public(elementwise.add, True), public(elementwise.sub, True)
mul, neg = public(elementwise.mul, True), public(elementwise.neg)
remainder, fmod = public(elementwise.remainder, True), public(elementwise.fmod)
rsub = public(elementwise.rsub)
pow, square = public(elementwise.pow, True), public(elementwise.square)
abs, sign = public(elementwise.abs), public(elementwise.sign)
reciprocal, true_divide = public(elementwise.reciprocal), public(elementwise.true_div, True)
floor_divide, positive = public(elementwise.floor_divide, True), public(elementwise.positive, True)
maximum, minimum = public(choosing.maximum, None), public(choosing.minimum, None)
div, clamp = public(elementwise.div, True), public(choosing.clamp)
clamp_min, clamp_max = public(choosing.clamp_min), public(choosing.clamp_max)
masked_fill = public(choosing.masked_fill)
fmax, fmin = public(combine.fmax, None), public(combine.fmin, None)
lerp, addcmul = public(combine.lerp), public(combine.addcmul)
addcdiv, nan_to_num = public(combine.addcdiv), public(combine.nan_to_num)
copysign, heaviside = public(combine.copysign), public(combine.heaviside, None)
gcd, lcm = public(combine.gcd, None), public(combine.lcm, None)
signbit, isposinf = public(combine.signbit), public(combine.isposinf)
isneginf, bitwise_left_shift = public(combine.isneginf), public(combine.bitwise_left_shift, True)
bitwise_right_shift = public(combine.bitwise_right_shift, True)

# ------------------------------------------------------------------------------ functions
sqrt, rsqrt = public(functions.sqrt), public(functions.rsqrt)
exp, exp2 = public(functions.exp), public(functions.exp2)
expm1, log = public(functions.expm1), public(functions.log)
log2, log10 = public(functions.log2), public(functions.log10)
log1p, sin = public(functions.log1p), public(functions.sin)
cos, tan = public(functions.cos), public(functions.tan)
asin, acos = public(functions.asin), public(functions.acos)
atan, sinh = public(functions.atan), public(functions.sinh)
cosh, tanh = public(functions.cosh), public(functions.tanh)
asinh, acosh = public(functions.asinh), public(functions.acosh)
atanh, relu = public(functions.atanh), public(functions.relu)
sigmoid, floor = public(functions.sigmoid), public(functions.floor)
ceil, trunc = public(functions.ceil), public(functions.trunc)
frac, round = public(functions.frac), public(functions.round)
erf, erfc = public(special.erf), public(special.erfc)
i0 = public(bessel.i0)
logit, sinc = public(special.logit), public(special.sinc)
angle = public(special.angle)
deg2rad, rad2deg = public(special.deg2rad), public(special.rad2deg)
atan2, hypot = public(special.atan2, None), public(special.hypot, None)
logaddexp, logaddexp2 = public(special.logaddexp, None), public(special.logaddexp2, None)
xlogy = public(special.xlogy, True)
erfinv, lgamma = public(gamma.erfinv), public(gamma.lgamma)
digamma, mvlgamma = public(gamma.digamma), public(gamma.mvlgamma)
polygamma, float_power = public(gamma.polygamma, True), public(gamma.float_power, True)
ldexp, nextafter = public(gamma.ldexp, None), public(gamma.nextafter, None)
frexp, renorm = public(gamma.frexp), public(gamma.renorm)

# ------------------------------------------------------------------------------ comparison, logic, bits
eq, ne, lt, le = public(compare.eq), public(compare.ne), public(compare.lt), public(compare.le)
gt, ge = public(compare.gt), public(compare.ge)
logical_and, logical_or = public(compare.logical_and, None), public(compare.logical_or, None)
logical_xor, logical_not = public(compare.logical_xor, None), public(compare.logical_not)
bitwise_and, bitwise_or = public(compare.bitwise_and, True), public(compare.bitwise_or, True)
bitwise_xor, bitwise_not = public(compare.bitwise_xor, True), public(compare.bitwise_not)
isnan, isinf = public(compare.isnan), public(compare.isinf)
isfinite, isclose = public(compare.isfinite), public(compare.isclose)

# ------------------------------------------------------------------------------ products
matmul, mm = public(matrix.matmul), public(matrix.mm)
bmm, mv = public(matrix.bmm), public(matrix.mv)
dot, outer, addmm = public(matrix.dot), public(matrix.outer), public(matrix.addmm)
# linalg's, whose first argument has another name there
det, slogdet, inverse = named(solve.det), named(solve.old_slogdet), named(solve.inv)
matrix_power, pinverse = named(solve.matrix_power), named(factor.pinverse)
subtract, multiply, divide, negative = sub, mul, div, neg
absolute, clip, sgn, fix = abs, clamp, sign, trunc
arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
arcsinh, arccosh, arctanh = asinh, acosh, atanh
not_equal, less, less_equal, greater, greater_equal = ne, lt, le, gt, ge

swapaxes = swapdims = transpose
moveaxis, ravel = movedim, flatten
concat = concatenate = cat
row_stack = vstack
trapz = trapezoid
unsafe_chunk, unsafe_split, unsafe_split_with_sizes = chunk, split, split_with_sizes

# fmt: off
__all__ = [  # noqa: RUF022
    "abs", "absolute", "acos", "acosh", "add", "addbmm", "addcdiv", "addcmul", "addmm", "addmv",
    "addr", "all", "allclose", "alpha_dropout", "alpha_dropout_", "amax", "amin", "aminmax", "any",
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "argmin",
    "argsort", "argwhere", "asin", "asinh", "atan", "atan2", "atanh", "atleast_1d", "atleast_2d",
    "atleast_3d", "baddbmm", "bilinear", "bincount", "bitwise_and", "bitwise_left_shift",
    "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "bmm", "broadcast_shapes",
    "broadcast_tensors", "broadcast_to", "bucketize", "cartesian_prod", "cat", "cdist", "ceil",
    "celu", "celu_", "chain_matmul", "channel_shuffle", "cholesky", "chunk", "clamp", "clamp_max",
    "clamp_min", "clip", "clone", "column_stack", "combinations", "concat", "concatenate",
    "copysign", "cos", "cosh", "cosine_similarity", "count_nonzero", "cross", "cummax", "cummin",
    "cumprod", "cumsum", "deg2rad", "det", "diag", "diag_embed", "diagflat", "diagonal", "dist",
    "div", "divide", "dot", "dropout", "dropout_", "dsplit", "dstack", "einsum", "eq", "equal",
    "erf", "erfc", "exp", "exp2", "expm1", "feature_alpha_dropout", "feature_alpha_dropout_",
    "feature_dropout", "feature_dropout_", "fix", "flatten", "flip", "fliplr", "flipud", "floor",
    "floor_divide", "fmax", "fmin", "fmod", "frac", "gather", "gcd", "ge", "ger", "greater",
    "greater_equal", "gt", "hardshrink", "heaviside", "histc", "hsplit", "hstack", "hypot",
    "i0", "index_add", "index_copy", "index_fill", "index_put", "index_reduce", "index_select", "inner", "inverse",
    "isclose", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "kron", "kthvalue", "lcm",
    "le", "lerp", "less", "less_equal", "log", "log10", "log1p", "log2", "log_softmax", "logaddexp",
    "logaddexp2", "logcumsumexp", "logdet", "logical_and", "logical_not", "logical_or",
    "logical_xor", "logit", "logsumexp", "lt", "masked_fill", "masked_scatter", "masked_select",
    "matmul", "matrix_power", "max", "maximum", "mean", "median", "meshgrid", "min", "minimum",
    "mm", "mode", "moveaxis", "movedim", "msort", "mul", "multiply", "mv", "nan_to_num", "nanmean",
    "nanmedian", "nanquantile", "nansum", "narrow", "ne", "neg", "negative", "nonzero", "norm",
    "not_equal", "outer", "pairwise_distance", "permute", "pinverse", "pixel_shuffle",
    "pixel_unshuffle", "positive", "pow", "prelu", "prod", "qr", "quantile", "rad2deg", "ravel",
    "reciprocal", "relu", "relu_", "remainder", "repeat_interleave", "reshape", "roll", "rot90",
    "round", "row_stack", "rrelu", "rrelu_", "rsqrt", "rsub", "scatter", "scatter_add",
    "scatter_reduce", "searchsorted", "select", "selu", "selu_", "sgn", "sigmoid", "sigmoid_",
    "sign", "signbit", "sin", "sinc", "sinh", "slogdet", "softmax", "sort", "split", "sqrt",
    "square", "squeeze", "stack", "std", "std_mean", "sub", "subtract", "sum", "svd", "swapaxes",
    "swapdims", "t", "take", "take_along_dim", "tan", "tanh", "tanh_", "tensor_split", "tensordot",
    "threshold", "threshold_", "tile", "topk", "trace", "transpose", "tril", "triu", "true_divide",
    "trunc", "unbind", "unflatten", "unique", "unique_consecutive", "unsqueeze", "var", "var_mean",
    "vdot", "vsplit", "vstack", "where", "xlogy",
    "angle", "gradient", "histogram",
    "nonzero_static", "pdist", "put", "cholesky_inverse", "cholesky_solve", "matrix_exp", "triangular_solve",
    "block_diag", "corrcoef", "cov", "cumulative_trapezoid", "diff", "digamma", "erfinv",
    "float_power", "frexp", "isin", "ldexp", "lgamma", "mvlgamma", "nextafter", "polygamma",
    "renorm", "trapezoid", "trapz", "unravel_index", "vander",
    "as_strided", "as_strided_scatter", "diagonal_scatter", "narrow_copy", "select_scatter",
    "slice_scatter", "split_with_sizes", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes",
]
# fmt: on

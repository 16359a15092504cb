"""The methods of tensors that are ops, by family: the one list.  Their documentation is on the ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._arguments import negative_size
from .._tape import wrap
from ..ops import (
    _common,
    activations_named,
    arrange,
    bessel,
    choosing,
    combine,
    compare,
    counting,
    elementwise,
    extreme,
    factor,
    functions,
    gamma,
    masks,
    matrix,
    order,
    parts,
    products,
    reduce,
    scans,
    scattering,
    series,
    shape,
    special,
    stacks,
    strided,
    systems,
)
from ..ops import einsum as einsums
from ..ops import gather as gathering
from ..ops import softmax as softmaxes
from ..ops import solve as solving
from . import _legacy
from ._data import from_data
from ._facts import Facts


class Methods(Facts):
    """What a tensor can compute."""

    # -------------------------------------------------------------------- new tensors like it
    def _made(self, array: Any, requires_grad: bool) -> Any:
        out = wrap(array)
        return out.requires_grad_() if requires_grad else out

    def _new(self, size: Any, value: Any, dtype: Any, requires_grad: bool) -> Any:
        kind = self.array.dtype if dtype is None else _types.as_numpy(dtype)
        sizes = _common.shape_of(size)
        if sizes and min(sizes) < 0:
            raise negative_size(sizes)
        return self._made(np.full(sizes, _common.number_as(value, kind), kind), requires_grad)

    def new_tensor(
        self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Any:
        """A tensor with a copy of ``data`` in this tensor's dtype."""
        kind = _types.of(self.array.dtype) if dtype is None else dtype
        return self._made(from_data(data, kind, "tensor.new_tensor"), requires_grad)

    def new_zeros(
        self,
        *sizes: Any,
        size: Any = None,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
    ) -> Any:
        """Zeros of the given size in this tensor's dtype."""
        return self._new(sizes if size is None else (size,), 0, dtype, requires_grad)

    def new_ones(
        self,
        *sizes: Any,
        size: Any = None,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
    ) -> Any:
        """Ones of the given size in this tensor's dtype."""
        return self._new(sizes if size is None else (size,), 1, dtype, requires_grad)

    new_empty = new_zeros

    def new(self, *data: Any, size: Any = None, device: Any = None) -> Any:
        """A tensor of this one's dtype: of sizes, or of the numbers of a sequence; torch's older ``new_tensor``."""
        return wrap(_legacy.made(self.array.dtype, data, size))

    def new_full(
        self,
        size: Any,
        fill_value: Any,
        *,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
    ) -> Any:
        """``fill_value`` in the given size and this tensor's dtype."""
        return self._new((size,), fill_value, dtype, requires_grad)

    def nelement(self) -> int:
        """The number of elements."""
        return self.array.size

    def ndimension(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    def storage_offset(self) -> int:
        """How many elements of the owner's memory lie before the first."""
        owner = self if self.base is None else self.base
        return (self.array.ctypes.data - owner.array.ctypes.data) // self.array.itemsize

    # -------------------------------------------------------------------- elementwise: arithmetic
    add, sub, mul, div = elementwise.add, elementwise.sub, elementwise.mul, elementwise.div
    neg, remainder = elementwise.neg, elementwise.remainder
    fmod, pow = elementwise.fmod, elementwise.pow
    square, abs = elementwise.square, elementwise.abs
    sign, reciprocal = elementwise.sign, elementwise.reciprocal
    true_divide, floor_divide = elementwise.true_div, elementwise.floor_divide
    positive, maximum = elementwise.positive, choosing.maximum
    minimum, clamp = choosing.minimum, choosing.clamp
    clamp_min, clamp_max = choosing.clamp_min, choosing.clamp_max
    masked_fill = choosing.masked_fill
    lerp, addcmul, addcdiv, fmax = combine.lerp, combine.addcmul, combine.addcdiv, combine.fmax
    fmin, nan_to_num = combine.fmin, combine.nan_to_num
    copysign, heaviside = combine.copysign, combine.heaviside
    gcd, lcm, signbit, isposinf = combine.gcd, combine.lcm, combine.signbit, combine.isposinf
    isneginf = combine.isneginf
    subtract, multiply, divide, negative = sub, mul, div, neg
    absolute, clip, sgn = abs, clamp, sign

    # -------------------------------------------------------------------- elementwise: functions
    sqrt, rsqrt, exp, exp2 = functions.sqrt, functions.rsqrt, functions.exp, functions.exp2
    expm1, log, log2, log10 = functions.expm1, functions.log, functions.log2, functions.log10
    log1p, sin, cos, tan = functions.log1p, functions.sin, functions.cos, functions.tan
    asin, acos, atan, sinh = functions.asin, functions.acos, functions.atan, functions.sinh
    cosh, tanh, asinh, acosh = functions.cosh, functions.tanh, functions.asinh, functions.acosh
    atanh, relu = functions.atanh, functions.relu
    sigmoid, floor = functions.sigmoid, functions.floor
    ceil, trunc, frac, round = functions.ceil, functions.trunc, functions.frac, functions.round
    prelu, hardshrink = activations_named.prelu, activations_named.hardshrink
    i0 = bessel.i0
    erf, erfc, logit, sinc = special.erf, special.erfc, special.logit, special.sinc
    deg2rad, rad2deg, atan2, hypot = special.deg2rad, special.rad2deg, special.atan2, special.hypot
    logaddexp, logaddexp2, xlogy = special.logaddexp, special.logaddexp2, special.xlogy
    erfinv, lgamma, digamma = gamma.erfinv, gamma.lgamma, gamma.digamma
    polygamma, mvlgamma = gamma.polygamma_of, gamma.mvlgamma
    float_power, ldexp = gamma.float_power, gamma.ldexp
    nextafter, frexp, renorm = gamma.nextafter, gamma.frexp, gamma.renorm
    arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
    arcsinh, arccosh, arctanh, fix = asinh, acosh, atanh, trunc

    # -------------------------------------------------------------------- comparison, logic, bits
    eq, ne, lt, le = compare.eq, compare.ne, compare.lt, compare.le
    gt, ge = compare.gt, compare.ge
    logical_and, logical_or = compare.logical_and, compare.logical_or
    logical_xor, logical_not = compare.logical_xor, compare.logical_not
    bitwise_and, bitwise_or = compare.bitwise_and, compare.bitwise_or
    bitwise_xor, bitwise_not = compare.bitwise_xor, compare.bitwise_not
    isnan, isinf = compare.isnan, compare.isinf
    isfinite, isclose = compare.isfinite, compare.isclose
    allclose, equal = compare.allclose, compare.equal
    bitwise_left_shift = combine.bitwise_left_shift
    bitwise_right_shift = combine.bitwise_right_shift
    not_equal, less, less_equal, greater, greater_equal = ne, lt, le, gt, ge

    # -------------------------------------------------------------------- reductions and scans
    sum, mean, prod, var = reduce.total, reduce.average, reduce.prod, reduce.var
    std, norm, sum_to_size = reduce.std, factor.old_norm, reduce.summed_to
    max, min, amax, amin = extreme.max, extreme.min, extreme.amax, extreme.amin
    argmax, argmin, all, any = extreme.argmax, extreme.argmin, extreme.all, extreme.any
    aminmax = extreme.aminmax
    softmax, log_softmax = softmaxes.softmax, softmaxes.log_softmax
    logsumexp, cumsum = softmaxes.logsumexp, softmaxes.cumsum
    cumprod, cummax = scans.cumprod, scans.cummax
    cummin, logcumsumexp = scans.cummin, scans.logcumsumexp
    nansum, nanmean = scans.nansum, scans.nanmean
    median, nanmedian = order.median, order.nanmedian
    quantile, nanquantile = order.quantile, order.nanquantile
    mode, sort, argsort, msort = order.mode, order.sort, order.argsort, order.msort
    topk, kthvalue = order.topk, order.kthvalue
    count_nonzero, unique = counting.count_nonzero, counting.unique
    unique_consecutive, bincount = counting.unique_consecutive, counting.bincount
    histc, histogram, angle = counting.histc, counting.histogram, special.angle
    diff, cov, corrcoef = series.diff, series.cov, series.corrcoef

    # -------------------------------------------------------------------- shape
    reshape, view, flatten, unflatten = shape.reshaped, shape.viewed, shape.flatten, shape.unflatten
    permute, transpose, t, movedim = shape.permute, shape.transpose, shape.t, shape.movedim
    squeeze, unsqueeze = shape.squeeze, shape.unsqueeze
    expand, expand_as = shape.expanded, shape.expand_as
    broadcast_to, repeat = shape.expanded, shape.repeat
    clone, contiguous = shape.cloned, shape.contiguous
    narrow, select, unbind, split = parts.narrow, parts.select, parts.unbind, parts.split
    chunk, flip = parts.chunk, parts.flip
    tensor_split, hsplit = stacks.tensor_split, stacks.hsplit
    vsplit, dsplit = stacks.vsplit, stacks.dsplit
    roll, tile = arrange.roll, arrange.tile
    repeat_interleave, fliplr = arrange.repeat_interleave, arrange.fliplr
    flipud, rot90, tril, triu = arrange.flipud, arrange.rot90, arrange.tril, arrange.triu
    diagonal, diag = arrange.diagonal, arrange.diag
    diag_embed, diagflat = arrange.diag_embed, arrange.diagflat
    unfold = arrange.unfold
    as_strided, narrow_copy = strided.as_strided, strided.narrow_copy
    select_scatter, slice_scatter = strided.select_scatter, strided.slice_scatter
    diagonal_scatter = strided.diagonal_scatter
    as_strided_scatter = strided.as_strided_scatter
    split_with_sizes = unsafe_split_with_sizes = parts.split_with_sizes
    unsafe_chunk, unsafe_split = chunk, split
    swapaxes = swapdims = transpose
    moveaxis = movedim

    # -------------------------------------------------------------------- indexing
    gather, scatter = gathering.gather, gathering.scatter
    scatter_add, take_along_dim = gathering.scatter_add, gathering.take_along_dim
    index_select, index_add = gathering.index_select, gathering.index_add
    index_copy, index_fill = gathering.index_copy, gathering.index_fill
    scatter_reduce, index_reduce = scattering.scatter_reduce, scattering.index_reduce
    masked_select, masked_scatter = masks.masked_select, masks.masked_scatter
    take, nonzero = masks.take, masks.nonzero
    argwhere = masks.argwhere
    index_put = masks.index_put
    put, nonzero_static = masks.put, masks.nonzero_static

    # -------------------------------------------------------------------- products and square systems
    matmul, mm, bmm, mv = matrix.matmul, matrix.mm, matrix.bmm, matrix.mv
    dot, outer, addmm = matrix.dot, matrix.outer, matrix.addmm
    addmv, addr, addbmm, baddbmm = products.addmv, products.addr, products.addbmm, products.baddbmm
    inner, cross, vdot, ger = products.inner, products.cross, products.vdot, products.ger
    dist = products.dist
    kron = einsums.kron
    det, logdet, inverse = solving.det, solving.logdet, solving.inv
    slogdet = solving.old_slogdet
    cholesky, matrix_power, trace = solving.old_cholesky, solving.matrix_power, solving.trace
    svd, qr, pinverse = factor.old_svd, factor.old_qr, factor.pinverse
    cholesky_solve, cholesky_inverse = systems.cholesky_solve, systems.cholesky_inverse
    matrix_exp, triangular_solve = systems.matrix_exp, systems.triangular_solve

"""The methods that write an op's answer into the tensor itself: ``x.op_()`` wherever torch has it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _sampling
from .._tape import wrap
from .._warn import once
from ..ops import reshaping
from ..ops._common import whole
from ..ops.gamma import float_power_
from ..ops.inplace import also_over, copy_, fill_, index_put_, inplace, refill, zero_
from ..ops.masks import put_
from ..ops.strided import fill_diagonal_
from ._methods import Methods


def in_place(op: Any) -> Any:
    """The method that writes an op's answer into the tensor's own memory."""

    def method(self: Any, *args: Any, **attrs: Any) -> Any:
        return inplace(op, self, *args, **attrs)

    method.__doc__ = f"``{op.__name__}``, written into the tensor itself."
    method.__name__ = f"{op.__name__}_"
    return method


def _with_old_form(op: Any, count: int, factor: str, usual: str) -> Any:
    """`in_place`, which also takes torch's old order: the factor first, then ``count`` tensors."""
    name = f"{op.__name__}_"
    old = (
        f"This overload of {name} is deprecated:\n\t{name}(Number {factor}, {usual})\nConsider using one of the "
        f"following signatures instead:\n\t{name}({usual}, *, Number {factor} = 1)"
    )

    def method(self: Any, *args: Any, **attrs: Any) -> Any:
        if len(args) > count:
            once(old)
            attrs[factor], *args = args  # type: ignore[assignment]
        return inplace(op, self, *args, **attrs)

    method.__doc__ = f"``{op.__name__}``, written into the tensor itself."
    method.__name__ = name
    return method


def _filled(name: str) -> Any:
    """The method that fills a tensor with random numbers, drawn as torch draws them."""

    def method(self: Any, *args: Any, generator: Any = None, **attrs: Any) -> Any:
        engine = _sampling.default if generator is None else generator.engine
        return refill(self, lambda array: _sampling.fill(engine, name, array, *args, **attrs))

    return method


class InPlace(Methods):
    """What can be done to a tensor in its own memory, and what is drawn by it."""

    def bernoulli(self, p: Any = None, *, generator: Any = None) -> Any:
        """A new tensor with 1 where a draw falls below the probability in this one, or ``p``, else 0."""
        out = wrap(np.empty(self.array.shape, self.array.dtype))
        return out.bernoulli_(self if p is None else p, generator=generator)

    def multinomial(
        self, num_samples: int, replacement: bool = False, *, generator: Any = None
    ) -> Any:
        """Indices drawn with probabilities in the ratio of the last dimension; see ``random.multinomial``."""
        engine = _sampling.default if generator is None else generator.engine
        count = whole("multinomial", "num_samples", num_samples)
        return wrap(_sampling.multinomial(engine, self.array, count, bool(replacement)))

    copy_, fill_, zero_, put_ = copy_, fill_, zero_, put_
    fill_diagonal_ = fill_diagonal_
    abs_, absolute_ = in_place(Methods.abs), in_place(Methods.absolute)
    acos_, acosh_ = in_place(Methods.acos), in_place(Methods.acosh)
    add_ = _with_old_form(Methods.add, 1, "alpha", "Tensor other")
    addbmm_ = in_place(Methods.addbmm)
    addcdiv_ = _with_old_form(Methods.addcdiv, 2, "value", "Tensor tensor1, Tensor tensor2")
    addcmul_ = _with_old_form(Methods.addcmul, 2, "value", "Tensor tensor1, Tensor tensor2")
    addmm_, addmv_ = in_place(Methods.addmm), in_place(Methods.addmv)
    addr_, arccos_ = in_place(Methods.addr), in_place(Methods.arccos)
    arccosh_, arcsin_ = in_place(Methods.arccosh), in_place(Methods.arcsin)
    arcsinh_, arctan_ = in_place(Methods.arcsinh), in_place(Methods.arctan)
    arctan2_, arctanh_ = in_place(Methods.arctan2), in_place(Methods.arctanh)
    asin_, asinh_ = in_place(Methods.asin), in_place(Methods.asinh)
    atan_, atan2_ = in_place(Methods.atan), in_place(Methods.atan2)
    atanh_, baddbmm_ = in_place(Methods.atanh), in_place(Methods.baddbmm)
    bitwise_and_ = in_place(Methods.bitwise_and)
    bitwise_left_shift_ = in_place(Methods.bitwise_left_shift)
    bitwise_not_, bitwise_or_ = in_place(Methods.bitwise_not), in_place(Methods.bitwise_or)
    bitwise_right_shift_ = in_place(Methods.bitwise_right_shift)
    bitwise_xor_ = in_place(Methods.bitwise_xor)
    ceil_, clamp_ = in_place(Methods.ceil), in_place(Methods.clamp)
    clamp_max_, clamp_min_ = in_place(Methods.clamp_max), in_place(Methods.clamp_min)
    clip_, copysign_ = in_place(Methods.clip), in_place(Methods.copysign)
    cos_, cosh_ = in_place(Methods.cos), in_place(Methods.cosh)
    cumprod_, cumsum_ = in_place(Methods.cumprod), in_place(Methods.cumsum)
    deg2rad_, div_ = in_place(Methods.deg2rad), in_place(Methods.div)
    divide_, eq_ = in_place(Methods.divide), in_place(Methods.eq)
    erf_, erfc_ = in_place(Methods.erf), in_place(Methods.erfc)
    exp_, exp2_ = in_place(Methods.exp), in_place(Methods.exp2)
    expm1_, fix_ = in_place(Methods.expm1), in_place(Methods.fix)
    floor_, floor_divide_ = in_place(Methods.floor), in_place(Methods.floor_divide)
    fmod_, frac_ = in_place(Methods.fmod), in_place(Methods.frac)
    gcd_, ge_ = in_place(Methods.gcd), in_place(Methods.ge)
    greater_, greater_equal_ = in_place(Methods.greater), in_place(Methods.greater_equal)
    gt_, heaviside_ = in_place(Methods.gt), in_place(Methods.heaviside)
    hypot_, index_add_ = in_place(Methods.hypot), in_place(Methods.index_add)
    index_copy_, lcm_ = in_place(Methods.index_copy), in_place(Methods.lcm)
    index_reduce_, i0_ = in_place(Methods.index_reduce), in_place(Methods.i0)
    index_fill_, index_put_ = also_over(Methods.index_fill, "index_fill_"), index_put_
    le_, lerp_ = in_place(Methods.le), in_place(Methods.lerp)
    less_, less_equal_ = in_place(Methods.less), in_place(Methods.less_equal)
    log_, log10_ = in_place(Methods.log), in_place(Methods.log10)
    log1p_, log2_ = in_place(Methods.log1p), in_place(Methods.log2)
    logical_and_, logical_not_ = in_place(Methods.logical_and), in_place(Methods.logical_not)
    logical_or_, logical_xor_ = in_place(Methods.logical_or), in_place(Methods.logical_xor)
    logit_, lt_ = in_place(Methods.logit), in_place(Methods.lt)
    masked_fill_ = also_over(Methods.masked_fill, "masked_fill_")
    masked_scatter_ = in_place(Methods.masked_scatter)
    mul_, multiply_ = in_place(Methods.mul), in_place(Methods.multiply)
    nan_to_num_, ne_ = in_place(Methods.nan_to_num), in_place(Methods.ne)
    neg_, negative_ = in_place(Methods.neg), in_place(Methods.negative)
    not_equal_, pow_ = in_place(Methods.not_equal), in_place(Methods.pow)
    rad2deg_, reciprocal_ = in_place(Methods.rad2deg), in_place(Methods.reciprocal)
    relu_, remainder_ = in_place(Methods.relu), in_place(Methods.remainder)
    round_, rsqrt_ = in_place(Methods.round), in_place(Methods.rsqrt)
    scatter_, scatter_add_ = in_place(Methods.scatter), in_place(Methods.scatter_add)
    scatter_reduce_, sgn_ = in_place(Methods.scatter_reduce), in_place(Methods.sgn)
    sigmoid_, sign_ = in_place(Methods.sigmoid), in_place(Methods.sign)
    sin_, sinc_ = in_place(Methods.sin), in_place(Methods.sinc)
    sinh_, sqrt_ = in_place(Methods.sinh), in_place(Methods.sqrt)
    square_ = in_place(Methods.square)
    sub_ = _with_old_form(Methods.sub, 1, "alpha", "Tensor other")
    subtract_ = _with_old_form(Methods.subtract, 1, "alpha", "Tensor other")
    tan_ = in_place(Methods.tan)
    tanh_, true_divide_ = in_place(Methods.tanh), in_place(Methods.true_divide)
    tril_, triu_ = also_over(Methods.tril), also_over(Methods.triu)
    trunc_, xlogy_ = in_place(Methods.trunc), in_place(Methods.xlogy)
    erfinv_, lgamma_ = in_place(Methods.erfinv), in_place(Methods.lgamma)
    digamma_, polygamma_ = in_place(Methods.digamma), in_place(Methods.polygamma)
    mvlgamma_, ldexp_ = in_place(Methods.mvlgamma), in_place(Methods.ldexp)
    float_power_ = float_power_
    nextafter_, renorm_ = in_place(Methods.nextafter), in_place(Methods.renorm)

    # -------------------------------------------------------------------- shape
    t_, transpose_ = (
        reshaping.method(Methods.t, "t_"),
        reshaping.method(Methods.transpose, "transpose_"),
    )
    swapaxes_ = swapdims_ = transpose_
    squeeze_ = reshaping.method(Methods.squeeze, "squeeze_")
    unsqueeze_ = reshaping.method(Methods.unsqueeze, "unsqueeze_")
    as_strided_ = reshaping.method(Methods.as_strided, "as_strided_")
    resize_, resize_as_, set_ = reshaping.resize_, reshaping.resize_as_, reshaping.set_

    # -------------------------------------------------------------------- random numbers
    uniform_, normal_, random_ = _filled("uniform_"), _filled("normal_"), _filled("random_")
    bernoulli_, exponential_ = _filled("bernoulli_"), _filled("exponential_")
    geometric_, cauchy_, log_normal_ = (
        _filled("geometric_"),
        _filled("cauchy_"),
        _filled("log_normal_"),
    )

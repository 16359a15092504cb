"""NumPy's functions on tensors, in the dtypes in which NumPy computes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _types
from .._tape import Traced, wrap
from ..ops import _common, choosing, combine, compare, elementwise, functions, matrix, special

UFUNCS = {
    np.add: elementwise.add,
    np.subtract: elementwise.sub,
    np.multiply: elementwise.mul,
    np.true_divide: elementwise.true_div,
    np.floor_divide: elementwise.floor_divide,
    np.remainder: elementwise.remainder,
    np.power: elementwise.pow,
    np.negative: elementwise.neg,
    np.absolute: elementwise.abs,
    np.sign: elementwise.sign,
    np.square: elementwise.square,
    np.sqrt: functions.sqrt,
    np.exp: functions.exp,
    np.exp2: functions.exp2,
    np.expm1: functions.expm1,
    np.log: functions.log,
    np.log2: functions.log2,
    np.log10: functions.log10,
    np.log1p: functions.log1p,
    np.sin: functions.sin,
    np.cos: functions.cos,
    np.tan: functions.tan,
    np.tanh: functions.tanh,
    np.positive: elementwise.positive,
    np.reciprocal: elementwise.reciprocal,
    np.fmod: elementwise.fmod,
    np.arcsin: functions.asin,
    np.arccos: functions.acos,
    np.arctan: functions.atan,
    np.sinh: functions.sinh,
    np.cosh: functions.cosh,
    np.arcsinh: functions.asinh,
    np.arccosh: functions.acosh,
    np.arctanh: functions.atanh,
    np.floor: functions.floor,
    np.ceil: functions.ceil,
    np.trunc: functions.trunc,
    np.rint: functions.round,
    np.deg2rad: special.deg2rad,
    np.rad2deg: special.rad2deg,
    np.arctan2: special.atan2,
    np.hypot: special.hypot,
    np.logaddexp: special.logaddexp,
    np.logaddexp2: special.logaddexp2,
    np.fmax: combine.fmax,
    np.fmin: combine.fmin,
    np.copysign: combine.copysign,
    np.signbit: combine.signbit,
    np.heaviside: combine.heaviside,
    np.gcd: combine.gcd,
    np.lcm: combine.lcm,
    np.left_shift: combine.bitwise_left_shift,
    np.right_shift: combine.bitwise_right_shift,
    np.bitwise_and: compare.bitwise_and,
    np.bitwise_or: compare.bitwise_or,
    np.bitwise_xor: compare.bitwise_xor,
    np.invert: compare.bitwise_not,
    np.logical_and: compare.logical_and,
    np.logical_or: compare.logical_or,
    np.logical_xor: compare.logical_xor,
    np.logical_not: compare.logical_not,
    np.maximum: choosing.maximum,
    np.minimum: choosing.minimum,
    np.matmul: matrix.matmul,
    np.equal: compare.eq,
    np.not_equal: compare.ne,
    np.less: compare.lt,
    np.less_equal: compare.le,
    np.greater: compare.gt,
    np.greater_equal: compare.ge,
    np.isnan: compare.isnan,
    np.isinf: compare.isinf,
    np.isfinite: compare.isfinite,
}


def applied(ufunc: Any, method: str, inputs: Any, options: Any) -> Any:
    """The answer of the op that a ufunc is here; TypeError if it is none, or called in another way."""
    op = UFUNCS.get(ufunc)
    if method != "__call__" or op is None or options:
        raise TypeError(
            f"np.{ufunc.__name__} cannot be applied to a Tensor: use minigrad's own function, or convert with "
            ".numpy() first"
        )
    if ufunc is np.true_divide and isinstance(inputs[0], np.ndarray):
        return elementwise.rdiv(inputs[1], inputs[0])  # the operator, as torch has it
    return op(*_as_numpy_takes_them(ufunc, inputs))


def _as_numpy_takes_them(ufunc: Any, inputs: Any) -> list[Any]:
    """What a ufunc was given: the arrays and tensors as tensors of the dtypes in which NumPy computes it.

    Beside a number they stay as they are: that is an operator, which torch does not leave to NumPy.
    """
    tensors = [wrap(x) if isinstance(x, np.ndarray) else x for x in inputs]
    if not all(isinstance(x, Traced) for x in tensors):
        return tensors
    taken = ufunc.resolve_dtypes((*(x.array.dtype for x in tensors), *[None] * ufunc.nout))
    return [_common.converted(x, _types.of(dtype).np) for x, dtype in zip(tensors, taken)]

"""Normalisation by means and variances that are given: each plane times a factor, plus a shift.

    factor = 1 / sqrt(var + eps) * weight      shift = bias - mean * factor       of each channel

In the dtype of the numbers, operation by operation as NumPy would do it: the same bits.
"""

import functools
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils

from minigrad.kernels.machine import simd, threads
from minigrad.kernels.machine.arguments import address, addresses
from minigrad.kernels.machine.registers import BYTES, INT, Code
from minigrad.kernels.machine.simd import call
from minigrad.kernels.machine.team import shared

Array = np.ndarray[Any, Any]
NANOSECONDS = 0.1  # per number


def affine(code: Code, _1: int, _2: int, x: Any, y: Any, whole: Any, last: Any, mean: Any, var: Any,
           weight: Any, bias: Any, eps: Any, *_: Any) -> None:  # fmt: skip
    """y = x * factor + shift for `whole` vectors one after the other, and one that begins `last` bytes on."""
    name = f"llvm.sqrt.v{code.lanes}f{8 * code.size}"
    kind = ir.FunctionType(code.vector, [code.vector])
    root = cgutils.get_or_insert_function(code.b.module, kind, name)
    spread = [code.splat(code.scalar(place)) for place in (mean, var, weight, bias, eps)]
    mean, var, weight, bias, eps = spread
    slope = code.b.fdiv(code.constant(1), code.b.call(root, [code.b.fadd(var, eps)]))
    factor = code.b.fmul(slope, weight)
    shift = code.b.fadd(code.b.fmul(mean, code.b.fsub(code.constant(-0.0), factor)), bias)

    def move(place: Any) -> None:
        vector = code.b.fmul(code.load(code.at(x, place)), factor)
        code.store(code.b.fadd(vector, shift), code.at(y, place))

    i, _none, close = code.loop(whole, [])
    move(code.b.mul(i, ir.Constant(INT, code.size * code.lanes)))
    close([])
    move(last)


simd.KERNELS["affine"] = affine


@shared
def _planes(kernel, sizes, places, seat, begin, end):  # type: ignore[no-untyped-def]
    """Planes begin..end."""
    channels, plane, whole, last, item = sizes
    x, y, weight, bias, mean, var, eps = places
    for p in range(begin, end):
        c = p % channels * item
        call(kernel, (x + p * plane, y + p * plane, whole, last, mean + c, var + c,
             weight + c, bias + c, eps))  # fmt: skip


class _Plan:
    """What calls with arrays of one shape and dtype have in common; `keeps` owns what addresses point at."""

    def __init__(self, dtype: Any, channels: int, pixels: int, eps: float) -> None:
        item = dtype.itemsize
        lanes = BYTES // item
        self.kernel = simd.address("affine", 0, 0, dtype)
        self.sizes = channels, pixels * item, pixels // lanes, (pixels - lanes) * item, item
        self.keeps = [np.full(channels, number, dtype) for number in (1.0, -0.0, eps)]
        self.one, self.none, self.eps = addresses(*self.keeps)  # a sum with -0.0 is the other term


_plan = functools.lru_cache(256)(_Plan)


def scaled(x: Array, weight: Array | None, bias: Array | None, mean: Array, var: Array,
           channels: int, pixels: int, eps: float) -> Array:  # fmt: skip
    """y; all arrays contiguous and of one dtype, planes of a vector of pixels at least."""
    plan, y = _plan(x.dtype, channels, pixels, eps), np.empty_like(x)
    by = plan.one if weight is None else address(weight)
    plus = plan.none if bias is None else address(bias)
    places = address(x), address(y), by, plus, address(mean), address(var), plan.eps
    total = x.size // pixels
    threads.share(_planes, (plan.kernel, plan.sizes, places), total, NANOSECONDS * x.size)
    return y

"""Compiled loops between float32 and float16; see `half`."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.elementwise.loops import nearest, same_bits
from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.registers import FEATURES
from minigrad.kernels.machine.team import INTERPRETED, shared

Array = np.ndarray[Any, Any]
f32, i32 = np.float32, np.int32
SMALLEST = i32(0x38800000)  # 2 ** -14, the smallest normal float16
TOO_LARGE = i32(0x47800000)  # 2 ** 16
INFINITE = i32(0x7F800000)
MOVED = i32(112 << 23)  # between the two exponents' beginnings


def _narrowed(x: Any) -> Any:
    """The bits of the float16 nearest to x."""
    bits = i32(same_bits(x))
    size = i32(bits & i32(0x7FFFFFFF))
    odd = i32((size >> i32(13)) & i32(1))
    normal = i32(i32(size - MOVED + i32(0xFFF) + odd) >> i32(13))
    small = i32(nearest(abs(x) * f32(1 << 24)) if size < SMALLEST else f32(0))
    digits = i32((size & i32(0x7FFFFF)) >> i32(13))
    digits = i32(1) if (size > INFINITE) & (digits == 0) else digits
    beyond = i32(0x7C00) | (digits if size > INFINITE else i32(0))
    made = small if size < SMALLEST else normal
    made = beyond if size >= TOO_LARGE else made
    return np.uint16(made | ((bits >> i32(16)) & i32(0x8000)))


def _widened(x: Any) -> Any:
    """The float32 of float16's bits."""
    bits = i32(x)
    size = i32(bits & i32(0x7FFF))
    moved = i32(i32(size << i32(13)) + MOVED)
    moved = i32(moved + MOVED) if size >= i32(0x7C00) else moved
    normal: Any = same_bits(moved)
    small = f32(size) * f32(2.0**-24)
    value = small if size < i32(0x400) else normal
    return -value if bits >= i32(0x8000) else value


def _in_hardware(stub: Any, made: Any, generate: Any) -> Any:
    """The processor's own conversion, as an intrinsic."""

    def typed(typing: Any, x: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return generate(builder, values[0])

        return made(x), emit

    typed.__doc__ = stub.__doc__
    return intrinsic(typed)


if "f16c" in FEATURES and not INTERPRETED:
    half, single, bits = ir.HalfType(), ir.FloatType(), ir.IntType(16)
    narrowed: Any = _in_hardware(
        _narrowed, types.uint16, lambda b, x: b.bitcast(b.fptrunc(x, half), bits)
    )
    widened: Any = _in_hardware(
        _widened, types.float32, lambda b, x: b.fpext(b.bitcast(x, half), single)
    )
else:
    narrowed, widened = helper(_narrowed), helper(_widened)


@shared
def narrow(x: Array, out: Array, seat: int, start: int, stop: int) -> None:
    """out: the bits of float16."""
    x, out = x[start:stop], out[start:stop]
    for i in range(x.size):
        out[i] = narrowed(x[i])


@shared
def widen(x: Array, out: Array, seat: int, start: int, stop: int) -> None:
    """x: the bits of float16."""
    x, out = x[start:stop], out[start:stop]
    for i in range(x.size):
        out[i] = widened(x[i])


@shared
def both(kind: int, x: Array, y: Array, out: Array, seat: int, start: int, stop: int) -> None:
    """What `half.KINDS` numbers, of x and y; bits all."""
    x, y, out = x[start:stop], y[start:stop], out[start:stop]
    if kind == 0:
        for i in range(x.size):
            out[i] = narrowed(widened(x[i]) + widened(y[i]))
    elif kind == 1:
        for i in range(x.size):
            out[i] = narrowed(widened(x[i]) - widened(y[i]))
    elif kind == 2:
        for i in range(x.size):
            out[i] = narrowed(widened(x[i]) * widened(y[i]))
    elif kind == 3:
        for i in range(x.size):
            out[i] = narrowed(widened(x[i]) / widened(y[i]))
    else:  # the larger or the smaller; NaN before both
        for i in range(x.size):
            a, b = widened(x[i]), widened(y[i])
            larger, smaller = (a if a >= b else b), (a if a <= b else b)
            best = larger if kind == 4 else smaller
            out[i] = narrowed(a if a != a else best)

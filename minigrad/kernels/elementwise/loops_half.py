"""Compiled loops between float32 and float16; see `half`."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.elementwise.loops import nearest, same_bits
from minigrad.kernels.machine.team import shared

Array = np.ndarray[Any, Any]
f32, i32 = np.float32, np.int32
SMALLEST = i32(0x38800000)  # 2 ** -14, the smallest normal float16
TOO_LARGE = i32(0x47800000)  # 2 ** 16
INFINITE = i32(0x7F800000)
MOVED = i32(112 << 23)  # between the two exponents' beginnings


@shared
def narrow(x: Array, bits: Array, out: Array, seat: int, start: int, stop: int) -> None:
    """out: the bits of float16.  bits: x's own."""
    x, bits, out = x[start:stop], bits[start:stop], out[start:stop]
    for i in range(x.size):
        size = i32(bits[i] & i32(0x7FFFFFFF))
        odd = i32((size >> i32(13)) & i32(1))
        normal = i32(i32(size - MOVED + i32(0xFFF) + odd) >> i32(13))
        small = i32(nearest(abs(x[i]) * f32(1 << 24)) if size < SMALLEST else f32(0))
        digits = i32((size & i32(0x7FFFFF)) >> i32(13))
        digits = i32(1) if (size > INFINITE) & (digits == 0) else digits
        beyond = i32(0x7C00) | (digits if size > INFINITE else i32(0))
        made = small if size < SMALLEST else normal
        made = beyond if size >= TOO_LARGE else made
        out[i] = np.uint16(made | ((bits[i] >> i32(16)) & i32(0x8000)))


@shared
def widen(x: Array, out: Array, seat: int, start: int, stop: int) -> None:
    """x: the bits of float16."""
    x, out = x[start:stop], out[start:stop]
    for i in range(x.size):
        bits = i32(x[i])
        size = i32(bits & i32(0x7FFF))
        moved = i32(i32(size << i32(13)) + MOVED)
        moved = i32(moved + MOVED) if size >= i32(0x7C00) else moved
        normal: Any = same_bits(moved)
        small = f32(size) * f32(2.0**-24)
        value = small if size < i32(0x400) else normal
        out[i] = -value if bits >= i32(0x8000) else value

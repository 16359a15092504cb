"""Torch's random numbers in Numba: the Mersenne Twister's words and what is made of them.

    key    | used up |   to come   |        624 words, uint32; when none is left all are made anew
                    pos
    piece  | w0 w1 w2 w3 ..  w4095 |        words on their way, in the first-level cache
    out    | x0 x1 ..                       float32: a word each, float64: two, the high one first

    normal numbers, blocks of 16:   u0 .. u7 | u8 .. u15   ->   r cos a .. | r sin a ..
    u[j] makes the radius and u[j + 8] the angle of x[j] and x[j + 8]

Every function that draws takes the generator's state (`key`, and `pos`: how many of its words are
used up) and fills `out`, flat and C-contiguous.  It advances `key` in place and answers the new
`pos`.  The loops over a piece are written so that LLVM vectorises them.

A fused multiply-add is one rounding where a product and a sum would be two.  Torch's kernels for
AVX2 and AVX512 fuse; so does this file, by LLVM's own instruction, on every machine.
"""

import math
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.machine.jit import helper, jit

Array = np.ndarray[Any, Any]
f32 = np.float32
u32 = np.uint32

N, M = 624, 397  # the twister's length and stride
PIECE = 4096  # words made at a time


def _fma(context: Any, x: Any, y: Any, z: Any) -> Any:
    """x * y + z in one rounding; all three float32 or all three float64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    if not (x == y == z and x in (types.float32, types.float64)):
        return None
    return x(x, x, x), generate


def _interpreted_fma(x: Any, y: Any, z: Any) -> Any:
    return x * y + z


fma: Any = _interpreted_fma if numba.config.DISABLE_JIT else intrinsic(_fma)  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------------- the twister


@helper
def _twist(key: Array) -> None:
    """The next 624 words of the state, in place."""
    for i in range(N - M):
        y = (key[i] & u32(0x80000000)) | (key[i + 1] & u32(0x7FFFFFFF))
        key[i] = key[i + M] ^ (y >> u32(1)) ^ ((y & u32(1)) * u32(0x9908B0DF))
    for i in range(N - M, N - 1):
        y = (key[i] & u32(0x80000000)) | (key[i + 1] & u32(0x7FFFFFFF))
        key[i] = key[i + M - N] ^ (y >> u32(1)) ^ ((y & u32(1)) * u32(0x9908B0DF))
    y = (key[N - 1] & u32(0x80000000)) | (key[0] & u32(0x7FFFFFFF))
    key[N - 1] = key[M - 1] ^ (y >> u32(1)) ^ ((y & u32(1)) * u32(0x9908B0DF))


@jit
def words(key: Array, pos: int, out: Array, count: int) -> int:
    """The first `count` of out (uint32): the generator's next words."""
    done = 0
    while done < count:
        if pos == N:
            _twist(key)
            pos = 0
        step = min(count - done, N - pos)
        old, new = key[pos : pos + step], out[done : done + step]
        for j in range(step):
            y = old[j]
            y = y ^ (y >> u32(11))
            y = y ^ ((y << u32(7)) & u32(0x9D2C5680))
            y = y ^ ((y << u32(15)) & u32(0xEFC60000))
            new[j] = y ^ (y >> u32(18))
        pos += step
        done += step
    return pos


# ------------------------------------------------------------------------------- uniform and whole


@jit
def uniform32(key: Array, pos: int, out: Array, low: Any, span: Any, high: Any) -> int:
    """out (float32): low + span * u, u from 24 bits of a word; never `high`."""
    piece = np.empty(PIECE, np.uint32)
    for start in range(0, out.size, PIECE):
        count = min(PIECE, out.size - start)
        pos = words(key, pos, piece, count)
        for i in range(count):
            u = f32(np.int32(piece[i] & u32(0xFFFFFF))) * f32(2.0**-24)
            value: float = fma(u, span, low)
            out[start + i] = low if value == high else value
    return pos


@jit
def uniform64(key: Array, pos: int, out: Array, low: float, span: float, high: float) -> int:
    """out (float64): low + span * u, u from 53 bits of two words, high one first; never `high`."""
    piece = np.empty(PIECE, np.uint32)
    for start in range(0, out.size, PIECE // 2):
        count = min(PIECE // 2, out.size - start)
        pos = words(key, pos, piece, 2 * count)
        for i in range(count):
            upper = np.float64(np.int32(piece[2 * i] & u32(0x1FFFFF)))
            u = (upper * 2.0**32 + np.float64(piece[2 * i + 1])) * 2.0**-53  # exact
            value: float = fma(u, span, low)
            out[start + i] = low if value == high else value
    return pos


@jit
def below(key: Array, pos: int, out: Array, threshold: int) -> int:
    """out (bool): whether the integer of 53 bits of two words is less than threshold <= 2**53."""
    piece = np.empty(PIECE, np.uint32)
    for start in range(0, out.size, PIECE // 2):
        count = min(PIECE // 2, out.size - start)
        pos = words(key, pos, piece, 2 * count)
        for i in range(count):
            upper = np.int64(piece[2 * i] & u32(0x1FFFFF))
            out[start + i] = ((upper << 32) | np.int64(piece[2 * i + 1])) < threshold
    return pos


@jit
def integers(key: Array, pos: int, out: Array, span: int, low: int) -> int:
    """out (int64): low + word % span, span < 2**32."""
    piece = np.empty(PIECE, np.uint32)
    divisor = u32(span)
    for start in range(0, out.size, PIECE):
        count = min(PIECE, out.size - start)
        pos = words(key, pos, piece, count)
        for i in range(count):
            out[start + i] = np.int64(piece[i] % divisor) + low
    return pos


@jit
def permutation(key: Array, pos: int, out: Array) -> int:
    """out (int64, 0 to n - 1 on entry): shuffled from the front, a word for all but the last."""
    n = out.size
    piece = np.empty(PIECE, np.uint32)
    for start in range(0, n - 1, PIECE):
        count = min(PIECE, n - 1 - start)
        pos = words(key, pos, piece, count)
        for i in range(start, start + count):
            j = i + np.int64(piece[i - start] % u32(n - i))
            out[i], out[j] = out[j], out[i]
    return pos


@jit
def long_permutation(key: Array, pos: int, out: Array) -> int:
    """out (int64): 0 to n - 1 put in one by one at random places, two words for each."""
    piece = np.empty(PIECE, np.uint32)
    for start in range(0, out.size, PIECE // 2):
        count = min(PIECE // 2, out.size - start)
        pos = words(key, pos, piece, 2 * count)
        for i in range(start, start + count):
            at = 2 * (i - start)
            word = np.uint64(piece[at]) << np.uint64(32) | np.uint64(piece[at + 1])
            j = np.int64(word % np.uint64(i + 1))
            out[i] = out[j]
            out[j] = i
    return pos


# ------------------------------------------------------------------------------------------ normal


@helper
def _log(u: Any) -> Any:
    """Cephes' logf of a positive float32, as torch's AVX2 code evaluates it."""
    bits = f32(u).view(np.int32)
    exponent = f32(np.int32((bits >> np.int32(23)) - np.int32(126)))
    m = np.int32((bits & np.int32(0x007FFFFF)) | np.int32(0x3F000000)).view(f32)  # in [1/2, 1)
    small = m < f32(0.707106781186547524)
    exponent = exponent - (f32(1.0) if small else f32(0.0))
    x = (m - f32(1.0)) + (m if small else f32(0.0))
    z = x * x
    y: float = fma(f32(7.0376836292e-2), x, f32(-1.1514610310e-1))
    y = fma(y, x, f32(1.1676998740e-1))
    y = fma(y, x, f32(-1.2420140846e-1))
    y = fma(y, x, f32(1.4249322787e-1))
    y = fma(y, x, f32(-1.6668057665e-1))
    y = fma(y, x, f32(2.0000714765e-1))
    y = fma(y, x, f32(-2.4999993993e-1))
    y = fma(y, x, f32(3.3333331174e-1)) * x
    y = fma(y, z, exponent * f32(-2.12194440e-4))
    y = fma(z, f32(-0.5), y)
    return fma(exponent, f32(0.693359375), x + y)


@helper
def _sincos(x: Any) -> Any:
    """Cephes' sinf and cosf of a float32 in [0, 2 pi], as torch's AVX2 code evaluates them."""
    octant = np.int32((np.int32(x * f32(1.27323954473516)) + np.int32(1)) & np.int32(-2))
    y = f32(octant)
    x = fma(y, f32(-0.78515625), x)
    x = fma(y, f32(-2.4187564849853515625e-4), x)
    x = fma(y, f32(-3.77489497744594108e-8), x)
    z = x * x
    c = fma(f32(2.443315711809948e-5), z, f32(-1.388731625493765e-3))
    c = fma(c, z, f32(4.166664568298827e-2))
    c = fma(c * z, z, -(z * f32(0.5))) + f32(1.0)
    s = fma(f32(-1.9515295891e-4), z, f32(8.3321608736e-3))
    s = fma(s, z, f32(-1.6666654611e-1))
    s = fma(s * z, x, x)
    straight = (octant & np.int32(2)) == np.int32(0)
    sine = s if straight else c
    cosine = c if straight else s
    sine = -sine if (octant & np.int32(4)) != np.int32(0) else sine
    cosine = -cosine if ((octant - np.int32(2)) & np.int32(4)) == np.int32(0) else cosine
    return sine, cosine


@jit
def box_muller32(out: Array, mean: Any, std: Any) -> None:
    """out (float32, blocks of 16 uniforms in [0, 1)): normal numbers, j paired with j + 8."""
    half = PIECE // 2
    first, second = np.empty(half, f32), np.empty(half, f32)
    for start in range(0, out.size, PIECE):
        count = min(PIECE, out.size - start) // 2
        for i in range(count):  # apart, so that the loop with the arithmetic has no strides
            at = start + 2 * i - (i & 7)
            first[i] = out[at]
            second[i] = out[at + 8]
        for i in range(count):
            radius = np.sqrt(f32(-2.0) * _log(f32(1.0) - first[i]))
            sine, cosine = _sincos(f32(2 * math.pi) * second[i])
            first[i] = fma(radius * cosine, std, mean)
            second[i] = fma(radius * sine, std, mean)
        for i in range(count):
            at = start + 2 * i - (i & 7)
            out[at] = first[i]
            out[at + 8] = second[i]


# ------------------------------------------------------------ float64 functions, element by element

# Intel's vector library, where Numba finds it, takes the C library's place with other last bits.
PLAIN_LIBM = not getattr(numba.config, "USING_SVML", False)
LIBM = ("log", "log1p", "exp", "sin", "cos", "tan")


@jit
def libm(which: int, x: Array) -> None:
    """x (float64) <- f(x), f = LIBM[which] of the C library; NumPy's own may differ from it."""
    if which == 0:
        for i in range(x.size):
            x[i] = math.log(x[i]) if x[i] > 0.0 else -np.inf
    elif which == 1:
        for i in range(x.size):
            x[i] = math.log1p(x[i])
    elif which == 2:
        for i in range(x.size):
            x[i] = math.exp(x[i]) if x[i] <= 709.782712893384 else np.inf
    elif which == 3:
        for i in range(x.size):
            x[i] = math.sin(x[i])
    elif which == 4:
        for i in range(x.size):
            x[i] = math.cos(x[i])
    else:
        for i in range(x.size):
            x[i] = math.tan(x[i])


@jit
def affine(x: Array, scale: float, shift: float) -> None:
    """x (float64) <- scale * x + shift, rounded once, in place."""
    for i in range(x.size):
        x[i] = fma(x[i], scale, shift)

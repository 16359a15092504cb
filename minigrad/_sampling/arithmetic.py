"""The arithmetic of `minigrad.kernels.random` in plain NumPy, bit for bit: for draws too small for Numba.

Torch's kernels evaluate x * y + z as a fused multiply-add, which rounds once.  NumPy has none, so
it is built here from operations that are exact.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
f32, f64 = np.float32, np.float64

# -------------------------------------------------------------------------- fused multiply-add


def affine32(x: Array, scale: float, shift: float) -> Array:
    """x * scale + shift rounded once, in float32: x (...), scale, shift float32, answer (...).

    The product of two float32 is exact in float64.  The sum may be rounded there, and again to
    float32; making an inexact sum odd keeps that second rounding from seeing a tie that is none.
    """
    if shift == 0 or scale == 1:  # nothing to fuse: one of the two steps is exact
        return np.asarray(f32(scale) * x.astype(f32) + f32(shift))
    product = x * f64(scale)
    total = product + f64(shift)
    # Beyond this bound no answer is subnormal, and all ties of float32 have these last bits.
    if abs(shift) > 2.0**-60 and not (total.view(np.int64) & 0x1FFFFFFF == 0x10000000).any():
        return np.asarray(total, f32)
    return np.asarray(_to_odd(*_two_sum(product, f64(shift))), f32)


def affine64(x: Array, scale: float, shift: float) -> Array:
    """x * scale + shift rounded once, in float64: x (...), answer (...).

    Source: Boldo and Melquiond, Emulation of FMA and correctly rounded sums: proved algorithms
    using rounding to odd (2008).
    """
    if shift == 0 or scale == 1 or not (math.isfinite(scale) and math.isfinite(shift)):
        return np.asarray(x * scale + shift)
    sizes = [abs(math.frexp(v)[1]) for v in (scale, shift) if v]
    if max(sizes, default=0) > 400:  # the error terms could leave float64's range
        flat = [exact_fma(v, scale, shift) for v in x.ravel().tolist()]
        return np.reshape(np.array(flat, f64), x.shape)
    product, rest = _two_product(x, scale)
    high, low = _two_sum(rest, f64(shift))
    upper, lower = _two_sum(product, high)
    total, error = _two_sum(low, lower)
    return np.asarray(upper + _to_odd(total, error))


def exact_fma(x: Any, y: Any, z: Any) -> Any:
    """x * y + z rounded once, of any three floats, or of three np.float32: by fractions, slowly."""
    from fractions import Fraction  # rarely needed; importing it takes two milliseconds

    exact = Fraction(0)
    if math.isfinite(x) and math.isfinite(y) and math.isfinite(z):
        exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
    if not exact:  # infinity, not a number, or a zero whose sign is to be found
        return x * y + z
    try:
        near = exact.numerator / exact.denominator
    except OverflowError:
        return math.inf if exact > 0 else -math.inf
    return _nearest32(exact, f32(near)) if isinstance(x, f32) else near


def _nearest32(exact: Any, near: Any) -> Any:
    """The float32 nearest to a fraction, ties to even; near: at most one step away from it."""
    from fractions import Fraction

    if math.isinf(near):
        return near
    around = [np.nextafter(near, f32(-np.inf)), near, np.nextafter(near, f32(np.inf))]
    finite = [v for v in around if math.isfinite(v)]
    return min(finite, key=lambda v: (abs(Fraction(float(v)) - exact), int(v.view(np.uint32)) & 1))


def _two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """a + b rounded, and what rounding dropped (Knuth)."""
    total = a + b
    t = total - a
    return total, (a - (total - t)) + (b - t)


def _two_product(a: Any, b: Any) -> tuple[Any, Any]:
    """a * b rounded, and what rounding dropped (Dekker)."""
    product = a * b
    (ah, al), (bh, bl) = _halves(a), _halves(b)
    return product, ((ah * bh - product) + ah * bl + al * bh) + al * bl


def _halves(a: Any) -> tuple[Any, Any]:
    """a as a sum of two numbers of 26 bits."""
    t = 134217729.0 * a
    high = t - (t - a)
    return high, a - high


def _to_odd(total: Array, error: Array) -> Array:
    """A sum rounded to odd: if error is not 0, the neighbour with an odd last bit on its side."""
    bits = total.view(np.int64)
    fix = (np.abs(error) > 0) & (bits & 1 == 0)
    if fix.any():
        bits = bits + np.where(fix, np.where((error > 0) == (total > 0), 1, -1), 0)
    return bits.view(f64)


# -------------------------------------------------------------------- normal numbers in float32


def box_muller32(u: Array, mean: float, std: float) -> Array:
    """Normal numbers of uniform ones: u (..., 16) in [0, 1), answer (..., 16), both float32.

    Number j < 8 (a cosine) and number j + 8 (a sine) come from the pair u[j], u[j + 8].
    """
    radius = np.sqrt(f32(-2) * _log(f32(1) - u[..., :8]))
    sine, cosine = _sincos(f32(2 * math.pi) * u[..., 8:])
    return affine32(np.concatenate((radius * cosine, radius * sine), -1), std, mean)


def _fma(x: Array, y: Any, z: Any) -> Array:
    """x * y + z in float64, rounded to float32, kept as float64.

    Rounds twice, which in general may differ from once; for all 2**24 arguments that `_log` and
    `_sincos` can get it does not (a test tries every one).
    """
    return _round(x * y + z)


_LOG = tuple(
    f64(f32(c))
    for c in (
        *(7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1),
        *(-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1),
    )
)
_LOG_LOW, _LOG_HIGH = f64(f32(-2.12194440e-4)), f64(f32(0.693359375))
_PI = tuple(f64(f32(c)) for c in (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8))
_COS = tuple(
    f64(f32(c)) for c in (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
)
_SIN = tuple(f64(f32(c)) for c in (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1))


def _round(x: Array) -> Array:
    return x.astype(f32).astype(f64)


def _log(u: Array) -> Array:
    """Cephes' logf of positive float32, as torch's AVX2 code evaluates it."""
    bits = u.view(np.int32)
    exponent = (bits >> 23) - 126
    m = ((bits & 0x007FFFFF) | 0x3F000000).view(f32).astype(f64)  # in [1/2, 1)
    small = m < f32(0.707106781186547524)
    exponent = (exponent - small).astype(f64)
    x = np.where(small, m + m, m) - 1  # exact
    z = _round(x * x)
    y = _LOG[0]
    for c in _LOG[1:]:
        y = _fma(x, y, c)
    y = _fma(_round(y * x), z, _round(exponent * _LOG_LOW))
    y = _fma(z, -0.5, y)
    return _fma(exponent, _LOG_HIGH, _round(x + y)).astype(f32)


def _sincos(angle: Array) -> tuple[Array, Array]:
    """Cephes' sinf and cosf of float32 in [0, 2 pi], as torch's AVX2 code evaluates them."""
    octant = ((angle * f32(1.27323954473516)).astype(np.int32) + 1) & ~1
    y = octant.astype(f64)
    x = angle.astype(f64)
    for c in _PI:
        x = _fma(y, c, x)
    z = _round(x * x)
    cosine = _fma(_fma(_COS[0], z, _COS[1]), z, _COS[2])
    cosine = _round(_fma(_round(cosine * z), z, -(z * 0.5)) + 1)
    sine = _fma(_fma(_SIN[0], z, _SIN[1]), z, _SIN[2])
    sine = _fma(_round(sine * z), x, x)
    straight = octant & 2 == 0
    s, c = np.where(straight, sine, cosine), np.where(straight, cosine, sine)
    s = np.where(octant & 4 != 0, -s, s)
    c = np.where((octant - 2) & 4 == 0, -c, c)
    return s.astype(f32), c.astype(f32)


# ----------------------------------------------------------------------------- float64 functions


def _log64(x: float) -> float:
    return math.log(x) if x > 0.0 else -math.inf


def _exp64(x: float) -> float:
    return math.exp(x) if x <= 709.782712893384 else math.inf


LIBM: dict[str, Callable[[float], float]] = {
    "log": _log64,
    "log1p": math.log1p,
    "exp": _exp64,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
}


def libm(name: str, x: Array) -> Array:
    """A function of the C library, element by element: x (...) float64, answer (...) float64.

    NumPy's own vectorised functions differ from it in the last bit.
    """
    return np.reshape(np.array([*map(LIBM[name], x.ravel().tolist())], f64), x.shape)

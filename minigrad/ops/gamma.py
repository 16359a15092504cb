"""The gamma function's logarithm and its derivatives, the inverse of erf, and the parts of floating-point numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._tape import Array, Traced, primitive, wrap
from ..kernels.elementwise.activations import many, more
from ._common import (
    cast,
    elementwise,
    expect,
    floating,
    one_dim,
    return_type,
    tensors_only,
    title,
    titled,
    unary,
    whole,
)
from .choosing import choose, masked
from .elementwise import mul, pow
from .functions import exp
from .inplace import inplace
from .lengths import _norm
from .special import _each, _refused


# ------------------------------------------------------------------------------ the gamma function
@unary
def lgamma(input, /):
    """The logarithm of the size of the gamma function; infinite at 0, -1, -2 ...

    >>> import minigrad as mg
    >>> mg.lgamma(mg.tensor([1., 5.])).exp()
    tensor([ 1., 24.])
    """
    x = floating(input)
    pole = (x <= 0) & (x == np.floor(x)) | (np.abs(x) > 2.5e305)
    return np.where(pole, x.dtype.type(np.inf), _each("lgamma", np.where(pole, 1, x)))


# B(2j) / (2j)!, of Bernoulli's numbers
_BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510]
_FAR = 10  # from where Euler's and Maclaurin's formula has all digits


def _digamma_positive(x: Array) -> Array:
    """For x > 0, by the recurrence psi(x) = psi(x + 1) - 1/x and the asymptotic series."""
    out = np.zeros_like(x)
    for _ in range(_FAR):
        near = x < _FAR
        out -= np.where(near, 1 / x, 0)
        x = np.where(near, x + 1, x)
    series = np.zeros_like(x)
    for j in range(len(_BERNOULLI), 0, -1):
        series = (series + _BERNOULLI[j - 1] / (2 * j)) / (x * x)
    return out + np.log(x) - 0.5 / x - series


@unary
def digamma(input, /):
    """The derivative of ``lgamma``: minus infinity at 0, NaN at -1, -2 ...

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 6.3.5, 6.3.7 and 6.3.18.
    """
    x = floating(input)
    wide = x.astype(np.float64)
    below = wide <= 0
    whole_ = below & (wide == np.floor(wide))
    safe = np.where(whole_, 0.5, wide)
    out = _digamma_positive(np.where(below, 1 - safe, safe))
    out = out - np.where(below, np.pi / np.tan(np.pi * np.fmod(np.where(below, safe, 0.5), 1)), 0)
    out = np.where(whole_, np.where(wide == 0, -np.copysign(np.inf, wide), np.nan), out)
    return np.where(wide == np.inf, np.inf, out).astype(x.dtype)


def _zeta(s: int, x: Array) -> Array:
    """Hurwitz' zeta function, the sum of ``(x + k) ** -s`` for k = 0, 1, ..; x of float64.

    Source: https://dlmf.nist.gov/25.11.E28
    """
    pole = (x <= 0) & (x == np.floor(x))
    x = np.where(pole, 1, x)
    out = np.where(pole, np.inf, 0)
    least = np.nanmin(x, initial=0, where=np.isfinite(x))
    for _ in range(int(min(1000, math.ceil(_FAR - least)))):
        near = x < _FAR
        out += np.where(near, x ** float(-s), 0)
        x = np.where(near, x + 1, x)
    out = out + x ** (1.0 - s) / (s - 1) + 0.5 * x ** float(-s)
    factor = s * x ** (-s - 1.0)
    for j, b in enumerate(_BERNOULLI, 1):
        out = out + b / math.factorial(2 * j) * factor
        factor = factor * ((s + 2 * j - 1) * (s + 2 * j)) / (x * x)
    return np.where(x < _FAR, np.nan, out)


@unary
def _polygamma(input, /, n):
    x = floating(input)
    sign = 1.0 if n % 2 else -1.0
    return (sign * math.factorial(n) * _zeta(n + 1, x.astype(np.float64))).astype(x.dtype)


_polygamma.vjps(input=lambda g, input, n: g * _polygamma(input, n + 1))
digamma.vjps(input=lambda g, input: g * _polygamma(input, 1))
lgamma.vjps(input=lambda g, input: g * digamma(input))


def polygamma(n, input):
    """The ``n``-th derivative of ``digamma``, n >= 0; below -1000 NaN for n > 0."""
    n = whole("polygamma", "n", n)
    expect("polygamma", input=input)
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return _polygamma(input, n) if n else digamma(input)


def polygamma_of(input, n):
    """``Tensor.polygamma``: see ``polygamma``."""
    return polygamma(n, input)


def mvlgamma(input, p):
    """The logarithm of the multivariate gamma function of dimension ``p``; RuntimeError for p < 1.

    Source: https://docs.pytorch.org/docs/stable/special.html#torch.special.multigammaln
    """
    expect("mvlgamma", input=input)
    p = whole("mvlgamma", "p", p)
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    out: Any = p * (p - 1) / 4 * math.log(math.pi)
    for j in range(p):
        out = out + lgamma(input + -j / 2)  # of -0.0 the 0.0, as in torch
    return out


# ------------------------------------------------------------------------------ the inverse of erf
@unary
def erfinv(input, /):
    """The y with ``erf(y) = input``; infinite at -1 and 1, NaN outside of them.

    Winitzki's approximation, then Halley's iteration (https://en.wikipedia.org/wiki/Error_function#Inverse_functions).
    """
    x = floating(input)
    if many(x) and x.dtype == np.float32:
        return more("erfinv", x)
    a = np.abs(x.astype(np.float64))
    inside = a < 1
    size = np.where(inside, a, 0.5)
    log, k = np.log1p(-size * size), 0.147
    half = 2 / (np.pi * k) + log / 2
    y = np.sqrt(np.sqrt(half * half - log / k) - half)
    for _ in range(3):
        # by erfc where erf has lost its digits
        gap = np.where(size < 0.5, _each("erf", y) - size, (1 - size) - _each("erfc", y))
        step = gap * (math.sqrt(math.pi) / 2) * np.exp(y * y)
        y = y - step / (1 + y * step)
    y = np.where(inside, y, np.where(a == 1, np.inf, np.nan))
    return np.copysign(y, x).astype(x.dtype)


erfinv.vjps(input=lambda g, out: g * (math.sqrt(math.pi) / 2 * exp(out * out)))


# ------------------------------------------------------------------------------ powers and parts of floats
def float_power(input, exponent):
    """``input ** exponent`` in float64, whatever the dtypes."""
    wide = np.dtype(np.float64)
    base, top = (cast(x, wide) if isinstance(x, Traced) else x for x in (input, exponent))
    return pow(base, top)


def float_power_(input, exponent):
    """``float_power``, written into ``input``, which must be of float64: RuntimeError otherwise."""
    if input.array.dtype != np.float64:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {title(input)} but the operation's result requires dtype Double"
        )
    return inplace(float_power, input, exponent)


@titled("LdexpBackward0")
def ldexp(input, other):
    """``input * 2 ** other``; of integers in the default floating-point dtype."""
    expect("ldexp", input=input, other=other)
    if input.array.dtype.kind == "f" and other.array.dtype.kind != "f":
        other = cast(other, input.array.dtype)
    return mul(input, pow(2.0, other))


@elementwise(promote=tensors_only("nextafter"))
def nextafter(input, other, /):
    """The floating-point number next to ``input`` in the direction of ``other``."""
    _refused("nextafter", input)
    return np.nextafter(input, other)


@primitive(title="FrexpBackward0")
def _mantissa(input, /, exponent):
    return np.frexp(input)[0]


_mantissa.vjps(input=lambda g, exponent: g * np.exp2(-exponent).astype(masked(g).dtype))


def frexp(input):
    """(mantissa, exponent) with ``input = mantissa * 2 ** exponent`` and mantissa's size in [0.5, 1); exponent int32.

    >>> import minigrad as mg
    >>> mantissa, exponent = mg.frexp(mg.tensor([3., 8.]))
    >>> mantissa, exponent.tolist()
    (tensor([0.7500, 0.5000]), [2, 4])
    """
    expect("frexp", input=input)
    if input.array.dtype.kind != "f":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    exponent = np.frexp(input.array)[1].astype(np.int32)
    made = return_type("frexp", "mantissa", "exponent")
    return made(_mantissa(input, exponent), wrap(exponent))


# ------------------------------------------------------------------------------ limited norms
@titled("RenormBackward0")
def renorm(input, p, dim, maxnorm):
    """``input`` with every part along ``dim`` whose p-norm is above ``maxnorm`` scaled down to it.

    >>> import minigrad as mg
    >>> mg.renorm(mg.tensor([[3., 4.], [0., 1.]]), 2, 0, 1.)
    tensor([[0.6000, 0.8000],
            [0.0000, 1.0000]])
    """
    expect("renorm", input=input)
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    n = input.array.ndim
    if n < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {n} dimensions")
    d = one_dim(dim, n)
    if input.array.dtype.kind != "f":
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {title(input)}"
        )
    norms = _norm(input, float(p), tuple(k for k in range(n) if k != d), True)
    scale = choose(maxnorm / (norms + 1e-7), 1.0, norms.array > maxnorm)
    return input * scale

"""``torch.special``: functions of statistics and of numbers, most of them under the names that SciPy has for them."""

from __future__ import annotations

from typing import Any

from ._names.functions import (
    digamma,
    erf,
    erfc,
    erfinv,
    exp2,
    expm1,
    i0,
    lgamma,
    log1p,
    log_softmax,
    logit,
    logsumexp,
    mvlgamma,
    polygamma,
    round,
    sigmoid,
    sinc,
    softmax,
    where,
    xlogy,
)
from .ops import bessel
from .ops._public import public

i0e, i1, i1e = public(bessel.i0e), public(bessel.i1), public(bessel.i1e)
psi, gammaln, multigammaln, expit = digamma, lgamma, mvlgamma, sigmoid


def entr(input: Any) -> Any:
    """``-x log x``, elementwise: 0 at 0, -inf below.

    >>> import minigrad as mg
    >>> mg.special.entr(mg.tensor([-1.0, 0.0, 0.5, 1.0]))
    tensor([  -inf, 0.0000, 0.3466, 0.0000])
    """
    x = where(input < 0, 1.0, input)
    return where(input < 0, -float("inf"), 0.0 - xlogy(x, x))


def ndtr(input: Any) -> Any:
    """The probability of a standard normal number below ``input``, elementwise.

    >>> import minigrad as mg
    >>> mg.special.ndtr(mg.tensor([-1.0, 0.0, 1.0]))
    tensor([0.1587, 0.5000, 0.8413])
    """
    return erfc(input * -(0.5**0.5)) * 0.5


def xlog1py(input: Any, other: Any) -> Any:
    """``input * log1p(other)``, elementwise: 0 where ``input`` is 0."""
    return xlogy(input, 1 + other)


__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "log1p",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "polygamma",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlog1py",
    "xlogy",
]

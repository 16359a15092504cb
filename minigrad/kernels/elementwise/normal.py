"""The normal distribution's function, as a series that NumPy and compiled loops compute alike.

For x up to 0 it is e ** (-x * x / 2) * t * series(t), t = 1 / (1 + pace * |x|): the scaled complementary error
function, interpolated at Chebyshev points of t, to 3 units in the last place.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels.elementwise.selection import number, select

Array = np.ndarray[Any, Any]


class Series(NamedTuple):
    """How t goes with x, and the coefficients of t's powers from the lowest."""

    pace: float
    coefficients: tuple[float, ...]


# For |x| up to 14, below which a float32 is 0.
SINGLE = Series(
    0.3 / math.sqrt(2),
    (
        0.0845863906,
        0.085477885711,
        0.073368774611,
        0.11040096789,
        -0.053831996305,
        0.28278641919,
        -0.26356399357,
        0.24621319743,
        -0.065437656323,
    ),
)
# For |x| up to 38, below which a float64 is 0.
DOUBLE = Series(
    0.25 / math.sqrt(2),
    (
        0.0705236979868056,
        0.07052369545947677,
        0.06831989792592677,
        0.06391104329265895,
        0.05751882607622224,
        0.04942373042731384,
        0.04110670819081419,
        0.028553773224774235,
        0.032259720267428994,
        -0.013869814500600975,
        0.07238504675345665,
        -0.1079294094910897,
        0.1462079036500458,
        -0.13039711741212268,
        0.05570393032062987,
        0.03263893842770799,
        -0.08088538493168566,
        0.06865307411259165,
        -0.031728601182947645,
        0.00792482603795767,
        -0.0008444846353645977,
    ),
)
DENSITY = 1 / math.sqrt(2 * math.pi)  # at 0
TANH, CUBE = (
    math.sqrt(2 / math.pi),
    0.044715,
)  # tanh(TANH * (x + CUBE * x ** 3)): nearly 2 * function - 1


def function(x: Array) -> Array:
    """The probability of numbers below x, in x's floating dtype."""
    pace, coefficients = DOUBLE if x.dtype == np.float64 else SINGLE
    one, half, zero = (number(v, x.dtype) for v in (1, -0.5, 0))
    t = one / (one + np.abs(x) * number(pace, x.dtype))
    total = np.asarray(t * number(coefficients[-1], x.dtype))
    for c in coefficients[-2:0:-1]:
        np.add(total, number(c, x.dtype), total)
        np.multiply(total, t, total)
    tail = (total + number(coefficients[0], x.dtype)) * t * np.exp(x * x * half)
    return select(x > zero, one - tail, tail)

"""What a call given as text does in a package: for calls that must do the same here and in torch."""

from __future__ import annotations

import math
import warnings

import numpy as np


def outcome(package, call):
    """What a call answers, as text, or the type of what it raises; and the categories it warns in."""
    names = {
        "t": package,
        "F": package.nn.functional,
        "nn": package.nn,
        "np": np,
        "ones": package.ones,
        "zeros": package.zeros,
        "nan": math.nan,
        "inf": math.inf,
        "a": package.arange(6.0).reshape(2, 3),
        "seeded": lambda call: (package.manual_seed(3), call())[1],
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer = repr(eval(call, names))
        except Exception as error:
            answer = type(error)
    return answer, [w.category for w in caught]

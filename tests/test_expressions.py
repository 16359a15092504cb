"""Small calls in both packages: whatever torch answers, or refuses, is answered or refused alike.

Each line of expressions.txt is an expression in ``torch``, ``T`` (torch.tensor), ``F`` (nn.functional), ``np``,
``nan`` and ``inf``. It is evaluated with minigrad and with torch in the place of ``torch``: the printed answers must be
equal, or the exceptions of one type. Most of them are wrong calls.
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import minigrad

EXPRESSIONS = (Path(__file__).parent / "expressions.txt").read_text(encoding="utf-8")


def evaluated(expression, package):
    """The text of the answer, or the type and the text of the exception that is Python's own."""
    names = {"torch": package, "T": package.tensor, "F": package.nn.functional, "np": np}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            answer = eval(expression, {**names, "nan": math.nan, "inf": math.inf})
        except Exception as error:
            kind = next(k for k in type(error).__mro__ if k.__module__ == "builtins")
            return kind, str(error)
    return None, repr(answer)


@pytest.mark.usefixtures("torch_name")
@pytest.mark.parametrize("expression", EXPRESSIONS.splitlines())
def test_alike(expression):
    refusal, theirs = evaluated(expression, torch)
    kind, ours = evaluated(expression, minigrad)
    if refusal is None:
        assert kind is None, f"refused: {ours}"
        assert ours == theirs
    else:
        assert kind is refusal, f"torch says {theirs!r}; here: {ours!r}"
        assert len(ours) > 3, "an error without a text"

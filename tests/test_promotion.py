"""Type promotion: every pair of dtypes, with dimensions, without, and as Python numbers, as torch has it."""

from __future__ import annotations

import itertools

import pytest
import torch

import minigrad

DTYPES = ["float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool"]
NUMBERS = [True, 2, 2.5]
OPS = """
    add sub mul true_divide floor_divide remainder fmod pow maximum fmax atan2 bitwise_and bitwise_left_shift eq lt
    logical_and where copysign xlogy
"""


def made(package, operand):
    if not isinstance(operand, tuple):
        return operand
    name, dims = operand
    return package.tensor([1, 1] if dims else 1, dtype=getattr(package, name))


def answer(package, op, first, second):
    """The dtype of the answer, or the exception's type."""
    x, y = made(package, first), made(package, second)
    try:
        before = [package.tensor([True, False])] if op == "where" else []
        out = getattr(package, op)(*before, x, y)
    except Exception as error:
        return next(k for k in type(error).__mro__ if k.__module__ == "builtins")
    return str(out.dtype).split(".")[-1]


@pytest.fixture(params=["float32", "float64"])
def default_dtype(request):
    before = torch.get_default_dtype(), minigrad.get_default_dtype()
    torch.set_default_dtype(getattr(torch, request.param))
    minigrad.set_default_dtype(getattr(minigrad, request.param))
    yield
    torch.set_default_dtype(before[0])
    minigrad.set_default_dtype(before[1])


@pytest.mark.usefixtures("default_dtype")
@pytest.mark.parametrize("op", OPS.split())
def test_every_pair(op):
    tensors = list(itertools.product(DTYPES, (0, 1)))
    pairs = [*itertools.product(tensors, tensors + NUMBERS), *itertools.product(NUMBERS, tensors)]
    for first, second in pairs:
        theirs, ours = answer(torch, op, first, second), answer(minigrad, op, first, second)
        assert ours == theirs, f"{op}({first}, {second})"

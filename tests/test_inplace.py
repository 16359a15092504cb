"""Every ``x.op_()``: the values, gradients and versions torch's has, and the tensor itself as the answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minigrad
from minigrad.tensor._inplace import InPlace

A = np.array([[0.1, 0.7, 0.3], [0.9, 0.25, 0.6], [0.45, 0.8, 0.15]])
B = A.T[::-1] + 0.05
X = 0.9 * B
HALF = A > 0.5
ROW = np.array([[0, 1, 2]])
COUNTS = np.array([[5, 12], [7, 9]]), np.array([[1, 2], [3, 1]])

BINARY = """
    add sub mul div true_divide divide multiply subtract floor_divide remainder fmod pow atan2 arctan2 copysign hypot
    xlogy eq ne lt le gt ge greater greater_equal less less_equal not_equal heaviside
    logical_and logical_or logical_xor
"""
INTEGERS = "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift gcd lcm"
ARGUMENTS = {
    **dict.fromkeys(BINARY.split(), (A,)),
    **dict.fromkeys(INTEGERS.split(), COUNTS[1:]),
    "addbmm": (np.ones((2, 3, 2)), np.ones((2, 2, 3))),
    "addcdiv": (A, B),
    "addcmul": (A, B),
    "addmm": (np.ones((3, 2)), np.ones((2, 3))),
    "addr": (np.ones(3), np.ones(3)),
    "as_strided": ((3, 3), (1, 3)),
    "clamp": (0.1, 0.5),
    "clip": (0.1, 0.5),
    "clamp_max": (0.5,),
    "clamp_min": (0.5,),
    "cumprod": (0,),
    "cumsum": (1,),
    "fill_diagonal": (0.5,),
    "float_power": (2.0,),
    "index_add": (0, np.array([0, 2]), A[:2]),
    "index_copy": (0, np.array([0, 2]), A[:2]),
    "index_fill": (0, np.array([0]), 2.0),
    "index_reduce": (0, np.array([0, 2]), A[:2], "amin"),
    "index_put": ((np.array([0, 1]),), A[:2]),
    "ldexp": (A,),
    "lerp": (A, 0.3),
    "masked_fill": (HALF, 1.0),
    "masked_scatter": (HALF, B),
    "mvlgamma": (1,),
    "nextafter": (A,),
    "polygamma": (1,),
    "renorm": (2, 0, 1.0),
    "scatter": (0, ROW, A[:1]),
    "scatter_add": (0, ROW, A[:1]),
    "scatter_reduce": (0, ROW, A[:1], "amax"),
}
# Tested by name elsewhere, or of other shapes than these.
OTHERS = """
    copy fill zero put addmv baddbmm uniform normal random bernoulli exponential geometric cauchy log_normal
    apply map requires_grad detach resize resize_as set swapaxes swapdims transpose unsqueeze
"""
# Torch lacks their derivatives in place, or leaves the graph of what was overwritten.
ODD = """
    acosh arccosh asinh arcsinh atanh arctanh sgn logical_and logical_or logical_xor logical_not
    floor_divide heaviside nextafter
"""
NAMES = sorted(
    name[:-1]
    for base in InPlace.__mro__
    for name in vars(base)
    if name.endswith("_") and not name.startswith("_") and hasattr(torch.Tensor, name)
)


def converted(package, given):
    if isinstance(given, np.ndarray):
        return package.tensor(given)
    return tuple(converted(package, g) for g in given) if isinstance(given, tuple) else given


def written(package, name):
    """What is in the tensor, its version, and the gradient that passes through."""
    arguments = converted(package, ARGUMENTS.get(name, ()))
    if name in INTEGERS.split() or name == "bitwise_not":
        x = package.tensor(COUNTS[0])
        assert getattr(x, f"{name}_")(*arguments) is x
        return x.numpy(), x._version, None
    leaf = package.tensor(X + ("cosh" in name[:6]), requires_grad=True)
    x = leaf * 1
    assert getattr(x, f"{name}_")(*arguments) is x
    if name not in ODD.split() and x.requires_grad:
        (x * package.tensor(B)).sum().backward()
    gradient = None if leaf.grad is None else leaf.grad.numpy()
    return x.detach().numpy(), x._version, gradient


@pytest.mark.parametrize("name", [n for n in NAMES if n not in OTHERS.split()])
def test_written_as_torch_writes(name):
    theirs, ours = written(torch, name), written(minigrad, name)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-9, atol=1e-12)
    assert ours[1] == theirs[1], "the version"
    assert (ours[2] is None) == (theirs[2] is None)
    if theirs[2] is not None:
        np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-7, atol=1e-9)


def test_there_are_many():
    assert len(NAMES) > 110


@pytest.mark.parametrize("T", [minigrad, torch], ids=["minigrad", "torch"])
def test_a_stale_view_written_without_gradients_still_follows_its_owner(T):
    k = T.tensor([2.0], requires_grad=True)
    y = k * 3.0
    part = y[:1]
    y *= k  # recorded: part's place in the graph is older now
    with T.no_grad():
        part += T.ones(1)
        y[:1] -= T.ones(1)
    part.sum().backward()
    assert k.grad.tolist() == [12.0]


@pytest.mark.parametrize("name", ["exp_", "zero_", "detach", "is_complex", "is_signed", "conj"])
def test_methods_are_functions_too(name):
    told = []
    for package in (minigrad, torch):
        answer = getattr(package, name)(package.tensor([1.0, -2.0]))
        told.append(answer if isinstance(answer, bool) else answer.tolist())
        with pytest.raises(TypeError, match="must be Tensor"):
            getattr(package, name)([1.0])
    assert told[0] == pytest.approx(told[1])

"""NumPy's functions on tensors, and memory shared through DLPack."""

from __future__ import annotations

import operator
import warnings

import numpy as np
import pytest
import torch

import minigrad
from minigrad.tensor._ufuncs import UFUNCS

X = np.array([[0.5, -0.25, 0.75], [0.1, 0.9, -0.6]])
Y = np.array([[0.2, 0.4, -0.3], [1.5, -0.8, 0.7]])


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda ufunc: ufunc.__name__)
def test_ufuncs_answer_tensors(ufunc):
    """In the kind of numbers that the ufunc takes, tensors give what arrays give."""
    x, y = X, Y
    if not any(kind.startswith("d") for kind in ufunc.types):
        x, y = np.array([3, 12, 5]), np.array([1, 2, 4])
    if ufunc is np.arccosh:
        x = x + 2
    if ufunc is np.matmul:
        y = Y.T
    arrays = [x, y][: ufunc.nin]
    with np.errstate(all="ignore"):
        expected = ufunc(*arrays)
    for given in (arrays, [arrays[0], *arrays[1:]]):
        out = ufunc(*map(minigrad.from_numpy, given))
        assert type(out) is minigrad.Tensor
        np.testing.assert_allclose(out.numpy(), expected, rtol=1e-12)


def test_ufuncs_record():
    x = minigrad.tensor([1.0, 2.0], requires_grad=True)
    (np.array([3.0, 4.0]) * np.exp(x)).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [3 * np.e, 4 * np.e**2], rtol=1e-6)


ARITHMETIC = "add sub mul truediv floordiv mod pow matmul"
KINDS = ["float16", "float32", "float64", "int32", "int64", "uint8"]


def mixed(package, op, kind, array):
    """What an operator makes of a tensor and an array, or the type of its error."""
    x = package.tensor([3, 2], dtype=getattr(package, kind))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's use of NumPy is deprecated
        try:
            out = getattr(operator, op)(x, array)
        except Exception as error:
            return type(error)
    return str(out.dtype).split(".")[-1], out.tolist(), out is x


@pytest.mark.parametrize("op", [*ARITHMETIC.split(), "iadd", "imul", "ifloordiv", "ipow", "imod"])
@pytest.mark.parametrize("kind", KINDS)
def test_operators_with_an_array_answer_in_numpys_dtype(op, kind):
    """Also those in place: as torch has it, they make a new tensor."""
    arrays = [np.array([2, 1], k) for k in KINDS] + [np.array(2), np.array(2.5)]
    for array in arrays:
        if op == "truediv" and array.dtype.kind != "f" and "float" not in kind:
            continue  # the quotient of integers has the default dtype
        if op == "matmul" and not array.ndim:
            continue
        theirs, ours = mixed(torch, op, kind, array), mixed(minigrad, op, kind, array)
        assert ours == theirs, f"{kind} {op} {array.dtype}"


def test_gradients_pass_a_product_with_an_array():
    x = minigrad.tensor([1.0, 2.0], requires_grad=True)
    y = x @ np.array([3, 4]) + (x * np.array([1, 2])).sum()
    y.backward()
    assert y.dtype == minigrad.float64
    assert x.grad.dtype == minigrad.float32
    assert x.grad.tolist() == [4, 6]


@pytest.mark.filterwarnings("ignore:__array_wrap__")
def test_numpys_functions_of_integers_answer_float64():
    for package in (minigrad, torch):
        out = np.exp(package.tensor([1, 2]))
        assert str(out.dtype).endswith("float64")
        np.testing.assert_array_equal(out.numpy(), np.exp([1, 2]))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.spacing(x),
        lambda x: np.add.reduce(x),
        lambda x: np.add(x, x, out=np.zeros(2)),
        lambda x: np.add(x, x, where=np.array([True, False])),
    ],
    ids=["unknown", "reduce", "out", "where"],
)
def test_other_uses_are_refused(call):
    with pytest.raises(TypeError, match="cannot be applied to a Tensor"):
        call(minigrad.ones(2))


def test_dlpack_shares_memory():
    ours = minigrad.zeros(3)
    np.from_dlpack(ours)[0] = 1
    torch.from_dlpack(ours)[1] = 2
    assert ours.tolist() == [1, 2, 0]
    theirs = torch.zeros(2)
    minigrad.from_dlpack(theirs)[0] = 3
    assert theirs.tolist() == [3, 0]


def test_dlpack_of_what_requires_grad_is_refused():
    with pytest.raises(BufferError, match="require gradient"):
        np.from_dlpack(minigrad.ones(2, requires_grad=True))


def test_dlpack_of_read_only_memory_is_copied():
    array = np.arange(3)
    array.flags.writeable = False
    copy = minigrad.from_dlpack(array)
    copy[0] = 5
    assert array.tolist() == [0, 1, 2]


TAKES_TENSORS = (
    "exp abs relu neg sigmoid square sum mean prod max argmin squeeze flatten diag tril amax"
)


@pytest.mark.parametrize("name", TAKES_TENSORS.split())
def test_functions_refuse_arrays(name):
    for package in (minigrad, torch):
        with pytest.raises(TypeError, match=r"argument 'input' \(position 1\) must be Tensor"):
            getattr(package, name)(np.ones(2))


@pytest.mark.parametrize("name", ["any", "all", "var", "std", "argmax"])
def test_reductions_refuse_arrays(name):
    for package in (minigrad, torch):
        with pytest.raises(TypeError):
            getattr(package, name)(np.ones(2))

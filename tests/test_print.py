"""`tensor_text` against torch's repr, byte for byte."""

from __future__ import annotations

import contextlib

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

import minigrad
from minigrad import _print, _types

pytestmark = pytest.mark.usefixtures("torch_name")

INTEGERS = ["uint8", "int8", "int16", "int32", "int64", "bool"]
FLOATS = ["float16", "float32", "float64"]
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, -1.0, 0.5, 999.5, 1000.0, 1e4, 1e8, 1e-4, 1e-5]


@contextlib.contextmanager
def both(**options):
    """Give torch and minigrad the same print options for a while."""
    before = torch._tensor_str.get_printoptions()
    try:
        with _print.printoptions(**options):
            torch.set_printoptions(**options)
            yield
    finally:
        torch.set_printoptions(**before)


def check(array, **suffixes):
    assert _print.tensor_text(array, **suffixes) == repr(torch.from_numpy(array.copy()))


shapes = st.one_of(
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    st.sampled_from([(1001,), (40, 26), (7, 150), (150, 7), (11, 2, 50), (3, 8, 7, 7), (1200, 1)]),
)
print_options = st.fixed_dictionaries(
    {},
    optional={
        "profile": st.sampled_from(["default", "short", "full"]),
        "precision": st.integers(0, 8),
        "threshold": st.integers(0, 100),
        "edgeitems": st.integers(0, 5),
        "linewidth": st.integers(1, 140),
        "sci_mode": st.sampled_from([None, True, False]),
    },
)


@st.composite
def floats(draw):
    """Arrays of one magnitude, of mixed ones or of whole numbers, sprinkled with special values."""
    dtype = np.dtype(draw(st.sampled_from(FLOATS)))
    shape = draw(shapes)
    kind = draw(st.sampled_from(["one magnitude", "mixed", "whole", "special"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = rng.standard_normal(shape)
    if kind == "one magnitude":
        values = values * 10.0 ** draw(st.integers(-12, 12))
    elif kind == "mixed":
        values = values * 10.0 ** rng.uniform(-6, draw(st.integers(-5, 9)), shape)
    elif kind == "whole":
        values = np.round(values * 10.0 ** draw(st.integers(0, 9)))
    share = 1.0 if kind == "special" else draw(st.sampled_from([0.0, 0.0, 0.2]))
    special = rng.choice(draw(st.lists(st.sampled_from(SPECIAL), min_size=1)), shape)
    with np.errstate(over="ignore"):
        return np.where(rng.random(shape) < share, special, values).astype(dtype)


@given(floats())
def test_floats(array):
    check(array)


@given(hnp.arrays(st.sampled_from(FLOATS), hnp.array_shapes(min_dims=0, max_dims=2, min_side=0)))
@example(np.array([1000.0, 1.5]))
@example(np.array([10000.0, 1.5]))
@example(np.array([0.0, -0.0]))
@example(np.array([np.nan, np.inf]))
@example(np.array([5e-324, 1.7e308]))
def test_every_float(array):
    check(array)


@given(hnp.arrays(st.sampled_from(INTEGERS), shapes))
def test_integers_and_bools(array):
    check(array)


@given(floats() | hnp.arrays(st.sampled_from(INTEGERS), shapes), print_options)
def test_options(array, options):
    with both(**options):
        check(array)


@given(st.lists(print_options, max_size=4))
def test_options_accumulate_as_in_torch(calls):
    with both():
        for options in calls:
            torch.set_printoptions(**options)
            _print.set_printoptions(**options)
        assert _print.get_printoptions() == torch._tensor_str.get_printoptions()


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
@pytest.mark.parametrize("default", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (2,), (0, 3), (2, 0, 1)])
def test_only_an_unusual_dtype_is_told(dtype, default, shape):
    before = _types.get_default_dtype()
    torch.set_default_dtype(getattr(torch, default))
    _types.set_default_dtype(getattr(_types, default))
    try:
        check(np.ones(shape, dtype))
    finally:
        torch.set_default_dtype(torch.float32)
        _types.set_default_dtype(before)


@given(st.integers(0, 30), st.integers(1, 120), st.sampled_from(["float32", "float64"]))
def test_suffixes_break_the_line_where_torch_does(size, linewidth, dtype):
    array = np.linspace(0, 1, size, dtype=dtype)
    leaf = torch.from_numpy(array.copy()).requires_grad_()
    sum_ = leaf + 1
    with both(linewidth=linewidth):
        assert _print.tensor_text(array, requires_grad=True) == repr(leaf)
        made = sum_.detach().numpy()
        assert _print.tensor_text(made, requires_grad=True, grad_fn="AddBackward0") == repr(sum_)


def test_a_subclass_prints_its_name():
    class Picture(torch.Tensor):
        pass

    array = np.random.default_rng(0).random((3, 11))
    theirs = repr(torch.from_numpy(array).as_subclass(Picture))
    assert _print.tensor_text(array, name="Picture") == theirs


@given(
    hnp.arrays("float32", (3, 4, 5), elements=st.floats(-5, 5, width=32)), st.permutations(range(3))
)
def test_strided_and_expanded_arrays(array, order):
    check(array.transpose(order)[::2, :, 1:])
    check(np.broadcast_to(array[:, :1], (3, 40, 5)))


def test_unknown_profile_is_refused_and_changes_nothing():
    before = _print.get_printoptions()
    with pytest.raises(ValueError, match="short"):
        _print.set_printoptions(profile="shrot", precision=1)
    assert _print.get_printoptions() == before


def test_printoptions_are_put_back_after_an_error():
    before = _print.get_printoptions()
    with pytest.raises(ZeroDivisionError), _print.printoptions(precision=1, sci_mode=True):
        raise ZeroDivisionError
    assert _print.get_printoptions() == before


# ---------------------------------------------------------------------- through Tensor
def twins(array, requires_grad=False):
    return [package.tensor(array, requires_grad=requires_grad) for package in (minigrad, torch)]


@given(floats() | hnp.arrays(st.sampled_from(INTEGERS), shapes), print_options)
def test_tensors(array, options):
    mine, twin = twins(array)
    with both(**options):
        assert repr(mine) == repr(twin)
        assert str(mine) == str(twin)


@given(
    hnp.arrays("float32", shapes, elements=st.integers(-5, 5)),
    st.sampled_from(["neg", "sum", "relu", "clone", "detach", "flatten", "abs", "square"]),
)
def test_gradients_are_told(array, name):
    mine, twin = twins(array, requires_grad=True)
    assert repr(mine) == repr(twin)
    assert repr(getattr(mine, name)()) == repr(getattr(twin, name)())


def test_arithmetic_is_told():
    mine, twin = twins(np.ones(3), requires_grad=True)
    for operate in (lambda x: x + 1, lambda x: x * x, lambda x: x[0], lambda x: x.view(3, 1)):
        assert repr(operate(mine)) == repr(operate(twin))


def test_parameters():
    array = np.arange(6.0, dtype="float32").reshape(2, 3)
    mine = minigrad.nn.Parameter(minigrad.tensor(array))
    twin = torch.nn.Parameter(torch.tensor(array))
    assert repr(mine) == repr(twin)
    frozen = [package.nn.Parameter(package.ones(2), False) for package in (minigrad, torch)]
    assert repr(frozen[0]) == repr(frozen[1])


def test_lists_and_shapes():
    mine, twin = twins(np.ones((2, 3)))
    assert repr([mine, mine.shape, mine.dtype]) == repr([twin, twin.shape, twin.dtype])
    assert repr(mine.max(dim=1)) == repr(twin.max(dim=1))

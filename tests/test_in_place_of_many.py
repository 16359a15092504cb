"""Methods that write large tensors in place: the answers and gradients of the functions, in the same memory."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.kernels.elementwise import MANY, loop
from minigrad.ops import activations, activations_smooth, choosing, elementwise, functions
from minigrad.ops.inplace import IN_ONE_GO, inplace

SHAPE = (3, MANY // 2)
OTHER = np.random.default_rng(1).standard_normal(SHAPE).astype(np.float32)
nan = float("nan")

# Every op that may write over its input, with arguments that lead through each of its branches.
CALLS = [
    (elementwise.add, (mg.tensor(OTHER),), {}),
    (elementwise.add, (mg.tensor(OTHER),), {"alpha": -0.3}),
    (elementwise.add, (mg.tensor(OTHER[0]),), {"alpha": 2}),
    (elementwise.add, (2,), {"alpha": 3}),
    (elementwise.add, (1 << 20,), {}),
    (elementwise.sub, (mg.tensor(OTHER).double(),), {}),
    (elementwise.sub, (mg.tensor(OTHER),), {"alpha": 0.7}),
    (elementwise.sub, (mg.tensor(3),), {"alpha": 2}),
    (elementwise.mul, (7,), {}),
    (elementwise.mul, (0.1,), {}),
    (elementwise.mul, (mg.tensor(OTHER[:, :1]),), {}),
    (elementwise.true_div, (mg.tensor(OTHER),), {}),
    (elementwise.true_div, (3,), {}),
    (elementwise.neg, (), {}),
    (choosing.clamp, (-0.5, 0.5), {}),
    (choosing.clamp, (None, 0.5), {}),
    (choosing.clamp, (0,), {}),
    (choosing.clamp, (nan, 0.5), {}),
    (choosing.clamp, (-0.5, nan), {}),
    (choosing.clamp, (nan,), {}),
    (choosing.clamp, (None, nan), {}),
    (choosing.clamp, (mg.tensor(-OTHER), mg.tensor(OTHER)), {}),
    (choosing.clamp, (mg.tensor(OTHER),), {}),
    (choosing.clamp, (None, mg.tensor(OTHER)), {}),
    (functions.relu, (), {}),
    (functions.sigmoid, (), {}),
    (functions.tanh, (), {}),
    (functions.exp, (), {}),
    (functions.sqrt, (), {}),
    (activations.leaky_relu, (-0.2,), {}),
    (activations.leaky_relu, (0.2,), {}),
    (activations.leaky_relu_, (0.2,), {}),
    (activations.hardtanh, (-0.5, 0.25), {}),
    (activations_smooth.elu, (-1.5,), {}),
    (activations_smooth.elu_, (1.5, 1.2), {}),
]


def numbers():
    x = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    x.reshape(-1)[:6] = [nan, np.inf, -np.inf, 0.0, -0.0, 1e-42]
    return mg.tensor(x)


@pytest.fixture(autouse=True)
def _compiled():
    loop("same", np.zeros(2, np.float32))  # from now on large arrays are left to compiled code


def test_every_op_that_may_is_called():
    assert {op for op, _, _ in CALLS} == set(IN_ONE_GO)


@pytest.mark.parametrize(("op", "args", "options"), CALLS)
@pytest.mark.parametrize("view", [False, True])
def test_the_answer_in_the_same_memory(op, args, options, view):
    x = numbers()
    want = op(x, *args, **options)
    whole = mg.cat([mg.zeros(1, SHAPE[1]), x]) if view else x
    target = whole[1:] if view else whole
    place, version = target.data_ptr(), target._version
    assert inplace(op, target, *args, **options) is target
    assert target.data_ptr() == place
    assert target._version > version
    np.testing.assert_array_equal(target.numpy(), want.numpy().astype(np.float32))


@pytest.mark.parametrize(("op", "args", "options"), CALLS)
def test_gradients_pass_through_what_was_written(op, args, options):
    grads = []
    for written in (False, True):
        x = numbers().requires_grad_()
        y = x * 1
        y = inplace(op, y, *args, **options) if written else op(y, *args, **options)
        (y.float() * mg.tensor(OTHER)).sum().backward()
        grads.append(x.grad.numpy())
    np.testing.assert_array_equal(*grads)


def test_a_rule_that_reads_what_was_overwritten_refuses():
    x = mg.randn(*SHAPE, requires_grad=True)
    y = x * 1
    z = y * y
    y.relu_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "hardtanh", "relu6", "selu"])
def test_activations_in_place(name):
    function = getattr(F, name)
    assert "inplace" in inspect.signature(function).parameters
    x = numbers()
    want, place = function(x).numpy(), x.data_ptr()
    made = function(x, inplace=True)
    assert made is x
    assert x.data_ptr() == place
    np.testing.assert_array_equal(x.numpy(), want)


PARTS = {
    "slice": lambda p, x, v: x.__setitem__(slice(1, 3), v[1:3]),
    "steps": lambda p, x, v: x.__setitem__((..., slice(1, None, 2)), 5),
    "row": lambda p, x, v: x.__setitem__(0, 5),
    "column": lambda p, x, v: x.__setitem__((slice(None), 7), v[:, 7]),
    "new dimension": lambda p, x, v: x.__setitem__((None, slice(None)), v),
    "mask": lambda p, x, v: x.__setitem__(x > -3, 5),
    "mask of rows": lambda p, x, v: x.__setitem__(p.tensor([True, False, True]), 5),
    "numbers of rows": lambda p, x, v: x.__setitem__(p.tensor([2, 0]), v[:2]),
    "a list": lambda p, x, v: x.__setitem__([0, 2], 5),
    "bool": lambda p, x, v: x.__setitem__(True, v),
    "mixture": lambda p, x, v: x.__setitem__((p.tensor([0, 1]), slice(2, None)), v[:2, 2:]),
    "pairs": lambda p, x, v: x.__setitem__((p.tensor([0, 1]), p.tensor([5, 6])), 5),
    "masked_fill_": lambda p, x, v: x.masked_fill_(x > -3, 5),
    "part of a part": lambda p, x, v: x[1:][:, 3:].mul_(2),
    "mask of a part": lambda p, x, v: x[1:].__setitem__(x[1:] > -3, 5),
    "transposed": lambda p, x, v: x.t().copy_(v.t()),
    "all, broadcast": lambda p, x, v: x.copy_(v[0]),
    "narrowed": lambda p, x, v: x.narrow(1, 4, 160_000).fill_(5),
    "index_fill_": lambda p, x, v: x.index_fill_(0, p.tensor([1]), 5),
    "index_copy_": lambda p, x, v: x.index_copy_(0, p.tensor([2, 1]), v[:2]),
    "scatter_": lambda p, x, v: x.scatter_(1, p.tensor([[0], [1], [2]]), 5),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("recorded", [False, True])
def test_parts_of_many(part, recorded):
    whole = np.tile(np.round(OTHER * 4), (1, 3))  # of which parts are large, too
    found = []
    for package in (mg, torch):
        x = package.from_numpy(whole.copy()).requires_grad_(recorded)
        y = x * 1
        PARTS[part](package, y, package.from_numpy(whole[::-1].copy()))
        found.append([y.detach().numpy()])
        if recorded:
            (y * package.from_numpy(whole)).sum().backward()
            found[-1].append(x.grad.numpy())
    for ours, theirs in zip(*found):
        np.testing.assert_array_equal(ours, theirs)


def test_nothing_is_changed_where_the_answer_has_another_shape():
    x = numbers()
    want = x.numpy().copy()
    wider = mg.ones(2, *SHAPE)
    for write in (
        lambda: x.clamp_(mg.zeros(*SHAPE), wider),
        lambda: x.clamp_(min=mg.zeros(*SHAPE), max=wider),
        lambda: x.add_(wider, alpha=2),
        lambda: x.mul_(wider),
    ):
        with pytest.raises(RuntimeError, match="output with shape"):
            write()
        np.testing.assert_array_equal(x.numpy(), want)


WRITES = {
    "relu_": lambda t, x: t.relu_(),
    "zero_": lambda t, x: t.zero_(),
    "fill_": lambda t, x: t.fill_(2.0),
    "copy_": lambda t, x: t.copy_(x),
    "add_": lambda t, x: t.add_(x),
    "add_ scaled": lambda t, x: t.add_(x, alpha=2),
    "+=": lambda t, x: t.__iadd__(x),
    "mul_": lambda t, x: t.mul_(2),
    "clamp_": lambda t, x: t.clamp_(0, 1),
    "exp_": lambda t, x: t.exp_(),
    "t[:] = 1": lambda t, x: t.__setitem__(slice(None), 1.0),
    "t[1:] = x": lambda t, x: t.__setitem__(slice(1, None), x[1:]),
    "out=": lambda t, x: mg.add(x, 1, out=t),
    "uniform_": lambda t, x: t.uniform_(),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
def test_a_file_that_is_read_only_is_not_written(write, tmp_path):
    np.save(tmp_path / "numbers.npy", OTHER)
    held = np.load(tmp_path / "numbers.npy", mmap_mode="r")  # writing there would end the process
    with pytest.raises(ValueError, match="read-only"):
        WRITES[write](mg.from_numpy(held), mg.tensor(OTHER))
    np.testing.assert_array_equal(held, OTHER)

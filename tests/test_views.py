"""A machine that makes views, writes in place and asks for gradients, in torch and here at once.

Hypothesis chooses the order of the steps. After each, and at the end, the same tensors hold the
same values, require grad alike and are leaves alike; what torch refuses is refused with the same
type of exception; gradients are equal. No list of cases would think of the orders it tries.
"""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

import minigrad

from . import strategies as our

LARGE = 1e3  # beyond this a tensor is left alone, so that no gradient overflows


@dataclass(eq=False)
class Pair:
    """A tensor of ours and its twin in torch."""

    mine: Any
    twin: Any
    story: str

    def __repr__(self) -> str:
        return self.story

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.twin.shape)

    @property
    def expanded(self) -> bool:
        """Whether elements share memory. Filling such a tensor is deprecated in torch."""
        steps = zip(self.twin.shape, self.twin.stride(), strict=True)
        return any(size > 1 and stride == 0 for size, stride in steps)

    @property
    def calm(self) -> bool:
        return self.twin.numel() == 0 or float(self.twin.detach().abs().max()) < LARGE


def both(function, *args):
    """Call a function with our tensors and with torch's.

    Answers the pair of answers, or None if torch refuses and we do so too. We need not refuse what
    torch can no longer differentiate because an answer it kept was written over: a write through
    a view leaves ours alone.
    """

    def side(name):
        return [getattr(arg, name) if isinstance(arg, Pair) else arg for arg in args]

    for twin in side("twin"):
        if isinstance(twin, torch.Tensor):
            _ = twin.grad_fn  # only asked for, a view in torch learns that its owner was written
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            twin = function(torch, *side("twin"))
    except Exception as error:
        if "modified by an inplace operation" in str(error) and "output" in str(error):
            with contextlib.suppress(RuntimeError):
                function(minigrad, *side("mine"))
            return None
        kind = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
        with pytest.raises(kind):
            function(minigrad, *side("mine"))
        return None
    return function(minigrad, *side("mine")), twin


def same(pair):
    """The twins agree in all that can be seen from outside."""
    mine, twin = pair.mine, pair.twin
    assert tuple(mine.shape) == tuple(twin.shape)
    np.testing.assert_allclose(
        mine.detach().numpy(), twin.detach().numpy(), rtol=1e-9, atol=1e-9, err_msg=pair.story
    )
    assert mine.requires_grad == twin.requires_grad, f"requires_grad of {pair.story}"
    assert mine.is_leaf == twin.is_leaf, f"is_leaf of {pair.story}"
    assert (mine.grad_fn is None) == (twin.grad_fn is None), f"grad_fn of {pair.story}"


@st.composite
def view_steps(draw, shape):
    """A view of a tensor of this shape: what to write after it, and a function that makes it."""
    n = len(shape)
    kind = draw(st.sampled_from(VIEWS_OF_ALL + (VIEWS_OF_SIZED if n else [])))
    if kind == "getitem":
        index = draw(our.basic_indices(shape))
        return f"[{index}]", lambda _, x: x[index]
    if kind == "expand":
        sizes = (draw(st.integers(1, 3)), *(2 if s == 1 else -1 for s in shape))
        args = (sizes,)
    elif kind == "unsqueeze":
        args = (draw(st.integers(-n - 1, n)),)
    elif kind in ("transpose", "flatten"):
        args = (draw(our.dims(n)), draw(our.dims(n)))
    elif kind == "permute":
        args = (draw(st.permutations(range(n))),)
    elif kind == "view":
        args = (draw(st.sampled_from([(-1,), (*shape, 1), (1, -1), shape[::-1]])),)
    elif kind == "diagonal":
        args = (draw(st.integers(-1, 1)), *draw(st.permutations(range(n)))[:2])
    elif kind in ("select", "narrow"):
        dim = draw(our.dims(n))
        start = draw(st.integers(0, max(0, shape[dim] - 1)))
        rest = draw(st.integers(0, shape[dim] - start))
        args = (dim, start) if kind == "select" else (dim, start, rest)
    else:
        args = ()
    return f".{kind}{args}", lambda _, x: getattr(x, kind)(*args)


VIEWS_OF_ALL = ["getitem", "expand", "unsqueeze", "squeeze", "view", "transpose", "flatten"]
VIEWS_OF_SIZED = ["select", "narrow", "permute", "diagonal", "getitem"]

UNARY_WRITES = ["zero_", "neg_", "tanh_", "sigmoid_", "relu_", "abs_", "exp_"]
NUMBER_WRITES = ["add_", "sub_", "mul_", "div_", "fill_", "clamp_"]
TENSOR_WRITES = ["add_", "sub_", "mul_", "copy_"]
NUMBERS = [2, -1, 0.5, 1.5]


class Machine(RuleBasedStateMachine):
    """Tensors in two packages, and what one can do to them."""

    tensors = Bundle("tensors")

    def __init__(self):
        super().__init__()
        self.pairs = []

    def keep(self, found, story):
        """Take a pair of answers among the tensors; nothing if the call was refused."""
        if found is None:
            return multiple()
        pair = Pair(*found, story)
        self.pairs.append(pair)
        return pair

    def fresh(self, shape, seed, requires_grad=False):
        values = our.numbers(shape, "float64", seed, -1.0, 1.0)
        return both(
            lambda package, array: package.tensor(array, requires_grad=requires_grad), values
        )

    @initialize(target=tensors, seed=our.seeds)
    def begin(self, seed):
        """Two leaves that require grad, one that does not, and computed tensors to write to."""
        made = [
            self.keep(self.fresh((2, 3), seed, True), "a"),
            self.keep(self.fresh((3,), seed + 1, True), "b"),
            self.keep(self.fresh((2, 3), seed + 2), "c"),
        ]
        for leaf in made[:2]:
            made.append(self.keep(both(lambda _, x: x * 2, leaf), f"({leaf} * 2)"))
        return multiple(*made)

    # ------------------------------------------------------------------ new tensors
    @rule(target=tensors, pair=tensors, data=st.data())
    def view(self, pair, data):
        text, step = data.draw(view_steps(pair.shape))
        return self.keep(both(step, pair), f"{pair}{text}")

    @rule(target=tensors, pair=tensors, name=st.sampled_from(["detach", "data", "clone"]))
    def share(self, pair, name):
        def step(_, x):
            return x.data if name == "data" else getattr(x, name)()

        return self.keep(both(step, pair), f"{pair}.{name}")

    @rule(target=tensors, first=tensors, second=tensors, name=st.sampled_from(["add", "mul"]))
    def compute(self, first, second, name):
        if not (first.calm and second.calm):
            return multiple()
        found = both(lambda package, x, y: getattr(package, name)(x, y), first, second)
        return self.keep(found, f"{name}({first}, {second})")

    @rule(target=tensors, pair=tensors, name=st.sampled_from(["sin", "tanh", "exp", "square"]))
    def apply(self, pair, name):
        if not pair.calm or float(pair.twin.detach().abs().sum()) > 20:
            return multiple()
        return self.keep(both(lambda _, x: getattr(x, name)(), pair), f"{pair}.{name}()")

    # ------------------------------------------------------------------ writing in place
    @rule(pair=tensors, name=st.sampled_from(UNARY_WRITES))
    def write(self, pair, name):
        if float(pair.twin.detach().abs().sum()) < 20 and not pair.expanded:
            both(lambda _, x: getattr(x, name)(), pair)

    @rule(
        pair=tensors,
        name=st.sampled_from(NUMBER_WRITES),
        number=st.sampled_from(NUMBERS),
        grad=st.booleans(),
    )
    def write_number(self, pair, name, number, grad):
        def step(package, x):
            with package.set_grad_enabled(grad):
                getattr(x, name)(number)

        if pair.calm and not (pair.expanded and name == "fill_"):
            both(step, pair)

    @rule(pair=tensors, value=tensors, name=st.sampled_from(TENSOR_WRITES), grad=st.booleans())
    def write_tensor(self, pair, value, name, grad):
        def step(package, x, y):
            with package.set_grad_enabled(grad):
                getattr(x, name)(y)

        if may_meet(pair, value):
            both(step, pair, value)

    @rule(pair=tensors, data=st.data(), number=st.sampled_from(NUMBERS))
    def set_number(self, pair, data, number):
        index = data.draw(our.basic_indices(pair.shape) | our.indices(pair.shape))
        if not pair.expanded:
            both(lambda package, x: set_item(package, x, index, number), pair)

    @rule(pair=tensors, value=tensors, data=st.data())
    def set_tensor(self, pair, value, data):
        if may_meet(pair, value):
            index = data.draw(our.basic_indices(pair.shape))
            both(lambda package, x, y: set_item(package, x, index, y), pair, value)

    @rule(pair=tensors, value=tensors, name=st.sampled_from(["__iadd__", "__imul__"]))
    def operate(self, pair, value, name):
        if may_meet(pair, value):
            both(lambda _, x, y: getattr(x, name)(y), pair, value)

    # ------------------------------------------------------------------ looking
    @rule(pair=tensors)
    def look(self, pair):
        same(pair)

    @rule(pair=tensors, seed=our.seeds)
    def backward(self, pair, seed):
        """Gradients of the leaves, by backward."""
        weight = Pair(*self.fresh(pair.shape, seed), "weight")

        def step(_, x, w):
            (x * w).sum().backward(retain_graph=True)

        refused = both(step, pair, weight) is None
        for each in self.pairs:
            if each.twin.is_leaf:
                if not refused:
                    same_gradient(each.mine.grad, each.twin.grad, f"{each} of {pair}")
                each.mine.grad = each.twin.grad = None

    @rule(pair=tensors, source=tensors, seed=our.seeds)
    def gradient(self, pair, source, seed):
        """The gradient of any tensor with respect to any other, views and written ones too."""
        weight = Pair(*self.fresh(pair.shape, seed), "weight")

        def step(package, x, y, w):
            return package.autograd.grad((x * w).sum(), [y], retain_graph=True, allow_unused=True)[
                0
            ]

        found = both(step, pair, source, weight)
        if found is not None:
            same_gradient(*found, f"d {pair} / d {source}")

    def teardown(self):
        for pair in self.pairs:
            same(pair)


def set_item(package, x, index, value):
    def converted(item):
        return package.tensor(item) if isinstance(item, np.ndarray) else item

    x[tuple(map(converted, index)) if isinstance(index, tuple) else converted(index)] = value


def may_meet(pair, value):
    """Whether torch says what happens when a value is written to a tensor.

    It does not if they share some of their memory but not all of it in the same order.
    """
    x, y = pair.twin.detach().numpy(), value.twin.detach().numpy()
    identical = x.ctypes.data == y.ctypes.data and x.shape == y.shape and x.strides == y.strides
    apart = not np.shares_memory(x, y)
    return pair.calm and value.calm and (apart or (identical and not pair.expanded))


def same_gradient(mine, twin, what):
    assert (mine is None) == (twin is None), what
    if twin is not None:
        np.testing.assert_allclose(
            mine.detach().numpy(), twin.detach().numpy(), rtol=1e-8, atol=1e-8, err_msg=what
        )


def test_views_and_writes_are_torchs():
    run_state_machine_as_test(
        Machine, settings=settings(stateful_step_count=25, max_examples=4 * settings().max_examples)
    )

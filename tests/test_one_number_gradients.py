"""Gradients that are the same everywhere, as a sum's are: one number on its way, an array wherever one is looked at."""

from __future__ import annotations

import itertools
import operator

import numpy as np
import pytest

from tests.stories import check

SHAPES = [(3, 2), (2,), (3, 1), (1, 2), (1, 1), (), (4, 3, 2), (0, 2)]
PAIRS = [
    (a, b)
    for a, b in itertools.product(SHAPES, SHAPES)
    if all(m == n or 1 in (m, n) for m, n in zip(a[::-1], b[::-1]))
]
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv]
ROUND = {
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.mean(),
    "sum, kept": lambda x: (x.sum(-1, keepdim=True) if x.ndim else x).sum(),
    "sum of sums": lambda x: x.sum(-1).sum() if x.ndim else x.sum(),
    "negative": lambda x: (-x).sum(),
    "square": lambda x: (x**2).sum(),
    "to the power of 0": lambda x: (x**0).sum(),
    "chain": lambda x: ((-x + 1.0 - x) * 2.0 / 4.0).sum(),
    "meeting": lambda x: x.sum() * 2 + (x * x).sum() + x.mean() + (x + x).sum(),
}


def of_shape(T, shape, start=1.0):
    values = np.arange(start, start + int(np.prod(shape)), dtype=np.float32).reshape(shape)
    return T.tensor(values, requires_grad=True)


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("pair", PAIRS, ids=str)
@pytest.mark.parametrize("live", [(True, True), (True, False), (False, True)], ids=str)
def test_operators_that_broadcast(op, pair, live):
    def story(T):
        inputs = [of_shape(T, shape, start) for shape, start in zip(pair, (1.0, 3.0))]
        for x, on in zip(inputs, live):
            x.requires_grad_(on)
        op(inputs[0] * 1, inputs[1] * 1).sum().backward()
        op(*inputs).sum().backward()
        return [x.grad for x in inputs]

    check(story)


@pytest.mark.parametrize("name", ROUND)
@pytest.mark.parametrize("shape", [(3, 2), (), (1,), (0, 2), (50, 60)], ids=str)
def test_sums_and_what_is_summed(name, shape):
    def story(T):
        x = of_shape(T, shape, 0.0 if "power" in name else 1.0)
        ROUND[name](x * 1).backward()
        first = x.grad.clone()
        ROUND[name](x).backward()
        return first, x.grad

    check(story)


def test_hooks_see_arrays():
    def story(T):
        seen, x = [], of_shape(T, (3, 2))
        y = x * x
        y.register_hook(lambda g: seen.append(g * 1))
        z = y * 2
        z.grad_fn.register_prehook(lambda outer: seen.append(outer[0] * 1))
        w = z * 3
        w.grad_fn.register_hook(lambda inner, outer: seen.append((inner[0] * 1, outer[0] * 1)))
        w.retain_grad()
        w.sum().backward()
        return seen, x.grad, w.grad * 1

    check(story)


def test_a_handle_taken_off_again():
    def story(T):
        seen, x = [], of_shape(T, (3, 2))
        y = x * x
        y.grad_fn.register_hook(lambda inner, outer: seen.append(outer[0] * 1))
        y.grad_fn.register_prehook(lambda outer: None).remove()
        y.sum().backward()
        return seen, x.grad

    check(story)


def test_captured_gradients_are_arrays():
    def story(T):
        x = of_shape(T, (3, 2))
        y = x * x
        z = y + 1
        loss = z.sum()
        found = T.autograd.grad(loss, (y, z, x), retain_graph=True)
        return [g * 1 for g in found], T.autograd.grad(loss, z)[0] * 1

    check(story)


def test_second_order():
    def story(T):
        x = of_shape(T, (3, 2))
        (g,) = T.autograd.grad((x * x * x).mean(), x, create_graph=True)
        (h,) = T.autograd.grad((g * x).sum(), x, create_graph=True)
        h.sum().backward()
        return g, h, x.grad

    check(story)


def test_gradients_are_nobodys_else():
    def story(T):
        x, y = of_shape(T, (3, 2)), of_shape(T, (3, 2))
        (x + y).sum().backward()
        x.grad += 5
        x.grad[0, 0] = 7
        return x.grad, y.grad

    check(story)

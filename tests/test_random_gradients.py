"""Numbers drawn by the values of tensors: on the tape as torch has them, with gradients of 0."""

from __future__ import annotations

import pytest
import torch

import minigrad as mg

DRAWS = {
    "bernoulli": lambda lib, p, q: lib.bernoulli(p),
    "normal of a mean": lambda lib, p, q: lib.normal(p, 2.0),
    "normal of a deviation": lambda lib, p, q: lib.normal(1.0, p),
    "normal of both": lambda lib, p, q: lib.normal(p, q),
    "normal of one that is traced": lambda lib, p, q: lib.normal(p, q.detach()),
}


def leaves(lib):
    return lib.full((2, 3), 0.5, requires_grad=True), lib.full((2, 3), 0.25, requires_grad=True)


@pytest.mark.parametrize("name", DRAWS)
def test_gradients_are_zero(name):
    found = []
    for lib in (mg, torch):
        p, q = leaves(lib)
        drawn = DRAWS[name](lib, p, q)
        node = drawn.grad_fn
        below = [next_ and next_.name() for next_, _ in node.next_functions]
        (first,) = lib.autograd.grad(drawn.sum(), p, retain_graph=True, create_graph=True)
        (drawn * drawn).sum().backward()
        grads = [x.grad if x.grad is None else x.grad.tolist() for x in (p, q)]
        found.append((node.name(), below, first.tolist(), grads))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", DRAWS)
def test_nothing_is_recorded_without_need(name):
    p, q = leaves(mg)
    with mg.no_grad():
        assert DRAWS[name](mg, p, q).grad_fn is None
    assert DRAWS[name](mg, p.detach(), q.detach()).grad_fn is None


@pytest.mark.parametrize("fill", ["normal_", "uniform_", "bernoulli_", "exponential_"])
def test_what_was_filled_passes_no_gradient_back(fill):
    for view in (False, True):
        p, _ = leaves(mg)
        x = p * 3
        getattr(x[0] if view else x, fill)()
        x.sum().backward()
        assert p.grad.tolist() == [[0.0] * 3, [3.0 if view else 0.0] * 3]

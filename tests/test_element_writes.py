"""Loops that write a tensor element by element: one node here, a chain of them in torch, and nobody can tell.

Every story is told by both packages: values, gradients of every order, what hooks see, and the graph that is shown.
"""

from __future__ import annotations

import gc
import inspect
import sys
from types import FunctionType

import pytest

import minigrad
from tests.stories import check


def leaf(T, *numbers):
    return T.tensor(numbers or (0.5, -1.5, 2.0, 3.0), requires_grad=True)


def filled(T, x, n=4):
    """x[0]², x[1]² ... in a tensor of their own."""
    Y = T.zeros(n)
    for i in range(n):
        Y[i] = x[i] * x[i]
    return Y


def names(node, depth=12):
    """The graph above a node, as torch shows it."""
    if node is None or not depth:
        return None
    name = node.name().removeprefix("torch::autograd::")
    return [name, *((names(n, depth - 1), i) for n, i in node.next_functions)]


def values_and_gradients(T):
    x = leaf(T)
    Y = filled(T, x)
    (Y * T.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    return Y, x.grad, Y._version


def in_two_dimensions(T):
    X, K = T.arange(12.0).reshape(3, 4), leaf(T, 0.3, -0.2)
    Y = T.zeros(3, 3)
    for i in range(3):
        for j in range(3):
            Y[i, j] = (X[i, j : j + 2] * K).sum()
    ((Y - 1) ** 2).sum().backward()
    return Y, K.grad


def chain_as_shown(T):
    return names(filled(T, leaf(T)).grad_fn)


def chain_onto_a_graph(T):
    x = leaf(T)
    Y = x * 2
    Y[1] = x[0]
    Y[2] = 5.0
    Y[3] = x[3] * 3
    shown = names(Y.grad_fn)
    (Y * Y).sum().backward()
    return shown, x.grad, Y


def rest_is_kept(T):
    x, w = leaf(T), leaf(T, 7.0)
    Y = x * 2
    for i in (0, 2):
        Y[i] = w[0] * (i + 1)
    (Y * T.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    return x.grad, w.grad


def leaves_and_constants(T):
    a, b = T.tensor(2.0, requires_grad=True), T.tensor(3.0)
    Y = T.zeros(3)
    Y[0], Y[1], Y[2] = a, b, a
    shown = names(Y.grad_fn)
    (Y * T.tensor([1.0, 10.0, 100.0])).sum().backward()
    return a.grad, shown


def overwritten(T):
    a, b = T.tensor(2.0, requires_grad=True), T.tensor(3.0, requires_grad=True)
    Y = T.zeros(2)
    Y[0], Y[1] = a * 2, b * 2
    Y[0] = b * 5
    Y[0] = a * b
    Y[0] = Y[0] * 2
    shown = names(Y.grad_fn, 4)
    Y.sum().backward()
    return a.grad, b.grad, shown


def overwritten_wholly(T):
    a, b = T.tensor(2.0, requires_grad=True), T.tensor(3.0, requires_grad=True)
    Y = T.zeros(2)
    Y[0], Y[0] = a * 2, b * 2
    Y.sum().backward()
    return a.grad, b.grad


def the_same_number_twice(T):
    a = T.tensor(2.0, requires_grad=True)
    Y, v = T.zeros(3), a * 3
    Y[0], Y[0], Y[1] = v, v, v
    Y.sum().backward()
    return a.grad


def counted_from_the_end(T):
    x = leaf(T)
    Y = T.zeros(4)
    Y[-1], Y[3], Y[0], Y[-4] = x[0] * 1, x[1] * 2, x[2] * 3, x[3] * 4
    Y.sum().backward()
    return Y, x.grad


def numbers_that_are_views(T):
    x = leaf(T)
    Z, Y = x * 2, T.zeros(4)
    stale = Z[3]
    for i in range(3):
        Y[i] = Z[2 - i]
    Z[3] = x[0]
    Y[3] = stale
    Y[0] = Y[1]
    (Y * Y).sum().backward()
    return Y, x.grad


def other_forms_between(T):
    x = leaf(T)
    Y = T.zeros(2, 2)
    Y[0, 0] = x[0] * 2
    Y[1] = x[:2] * 3
    Y[1, 1] = x[2] * 4
    Y[0, 1] = x[3].reshape(1) * 5
    Y[0, 0] += x[1]
    (Y * Y).sum().backward()
    return Y, x.grad


def numbers_of_another_dtype(T):
    x = leaf(T)
    Y = T.zeros(2, dtype=T.float64)
    Y[0] = x[0] * 2
    Y[1] = (x[1] * 2).double()
    Y.sum().backward()
    return Y, x.grad


def read_between(T):
    x = leaf(T)
    Y = T.zeros(4)
    Y[0] = x[0] * 2
    for i in range(1, 4):
        Y[i] = Y[i - 1].clone() * x[i]
    Y.sum().backward()
    return Y, x.grad


def used_between(T):
    x = leaf(T)
    Y = T.zeros(4)
    Y[0], Y[1] = x[0] * 2, x[1] * 3
    before = Y + 1
    Y[2], Y[3] = x[2] * 4, x[3] * 5
    (before.sum() * 10 + Y.sum()).backward()
    return x.grad, before


def views_between(T):
    x = leaf(T)
    Y = T.zeros(2, 2)
    row = Y[0]
    Y[0, 0] = x[0] * 2
    old = row * 1
    Y[0, 1] = x[1] * 3
    Y[1, 0] = x[2] * 4
    column = Y[:, 0]
    Y[1, 1] = x[3] * 5
    (row * 2 + old * 10 + column * 100).sum().backward()
    return row.detach(), old, column.detach(), x.grad


def through_a_view(T):
    x = leaf(T)
    Y = T.zeros(2, 2)
    Y[0, 0] = x[0] * 2
    row = Y[1]
    row[0] = x[1] * 3
    row[1] = x[2] * 4
    Y[0, 1] = x[3] * 5
    (Y * Y).sum().backward()
    return Y, row.detach(), x.grad


def twice_backward(T):
    x = leaf(T)
    Y = filled(T, x)
    loss = (Y * Y).sum()
    loss.backward(retain_graph=True)
    first = x.grad.clone()
    loss.backward()
    return first, x.grad


def written_after_backward(T):
    x = leaf(T)
    Y = T.zeros(4)
    Y[0] = x[0] * 2
    Y.sum().backward(retain_graph=True)
    Y[1] = x[1] * 3
    Y.sum().backward()
    return x.grad


def freed(T):
    x = leaf(T)
    Y = filled(T, x)
    Y.sum().backward()
    Y[0] = x[0] * x[0]
    Y.sum().backward()


def second_order(T):
    x = leaf(T)
    Y = filled(T, x) * x
    (g,) = T.autograd.grad((Y * Y).sum(), x, create_graph=True)
    (h,) = T.autograd.grad((g * g).sum(), x, create_graph=True)
    (k,) = T.autograd.grad(h.sum(), x)
    return g, h, k


def second_order_with_a_rest(T):
    x, w = leaf(T), leaf(T, 0.5, 0.25)
    Y = x * x
    Y[0], Y[2] = w[0] * w[1], x[1] * w[0]
    (g,) = T.autograd.grad((Y * Y * Y).sum(), x, create_graph=True)
    return g, T.autograd.grad((g * g).sum(), (x, w))


def captured(T):
    x = leaf(T)
    v, Y = x[0] * 2, T.zeros(3)
    Y[0], Y[1] = v, x[1] * 3
    middle = Y * 1
    Y[2] = x[2] * 4
    loss = ((Y * Y).sum() + (middle * middle).sum()) * 1
    return T.autograd.grad(loss, (v, middle, Y, x))


def only_the_tensor(T):
    x, w = leaf(T), leaf(T, 1.0)
    Y = x * 2
    Y[0], Y[1] = w[0] * 3, w[0] * 4
    (Y * Y).sum().backward(inputs=[w])
    return x.grad, w.grad


def hooks_on_the_numbers(T):
    seen, x, Y = [], leaf(T), T.zeros(3)
    for i in range(3):
        v = x[i] * 2
        v.register_hook(lambda g, i=i: seen.append((i, g)) or g * 10)
        Y[i] = v
    (Y * Y).sum().backward()
    return seen, x.grad


def hooks_on_the_tensor(T):
    seen, x, Y = [], leaf(T), T.zeros(3)
    Y[0] = x[0] * 2
    Y.register_hook(lambda g: seen.append(g) or g * 10)
    Y[1] = x[1] * 3
    Y[2] = x[2] * 4
    Y.register_hook(lambda g: seen.append(g) or g * 100)
    Y.sum().backward()
    return x.grad


def hooks_on_the_node(T):
    seen, x = [], leaf(T)
    Y = filled(T, x)
    Y.grad_fn.register_hook(lambda inner, outer: seen.append((inner[1], outer[0] * 1)))
    Y.grad_fn.next_functions[0][0].register_hook(lambda inner, outer: seen.append(inner[1]))
    Y.grad_fn.next_functions[0][0].register_prehook(lambda outer: (outer[0] * 10,))
    Y.sum().backward()
    return seen, x.grad


def hooks_on_the_node_then_written(T):
    seen, x, Y = [], leaf(T), T.zeros(3)
    Y[0] = x[0] * 2
    Y.grad_fn.register_hook(lambda inner, outer: seen.append(outer))
    Y[1] = x[1] * 3
    Y[2] = x[2] * 4
    (Y * T.tensor([1.0, 2.0, 3.0])).sum().backward()
    return seen, x.grad


def gradient_retained(T):
    x, Y = leaf(T), T.zeros(2)
    Y[0] = x[0] * 2
    Y[1] = x[1] * 3
    Y.retain_grad()
    (Y * Y).sum().backward()
    return Y.grad, x.grad


def shown_then_written(T):
    x, Y = leaf(T), T.zeros(3)
    Y[0] = x[0] * 2
    Y[1] = x[1] * 3
    old = Y.grad_fn
    shown = names(old)
    Y[2] = x[2] * 4
    (Y * Y).sum().backward()
    return shown, names(old), names(Y.grad_fn), old is Y.grad_fn, x.grad


def noted(T):
    Y = filled(T, leaf(T))
    Y.grad_fn.metadata["what"] = 1
    return Y.grad_fn.metadata, names(Y.grad_fn)


def written_over_what_is_kept(T):
    x, Y = leaf(T), T.zeros(2)
    Y[0] = x[0] * 2
    kept = Y * Y
    Y[1] = x[1] * 3
    kept.sum().backward()


def without_gradients_between(T):
    x, Y = leaf(T), T.zeros(3)
    Y[0] = x[0] * 2
    with T.no_grad():
        Y[1] = x[1] * 3
        Y[0] = x[2]
    Y[2] = x[2] * 4
    (Y * 2).sum().backward()
    return Y, x.grad, Y._version


def copies_share_a_past(T):
    x, Y = leaf(T), T.zeros(3)
    Y[0] = x[0] * 2
    Z = Y.clone()
    Y[1], Z[1] = x[1] * 3, x[2] * 4
    (Y.sum() + Z.sum() * 10).backward()
    return Y, Z, x.grad


def refused(T):
    x, Y = leaf(T), T.zeros(3)
    Y[0] = x[0] * 2
    Y[3] = x[1] * 2


def refused_from_the_end(T):
    x, Y = leaf(T), T.zeros(3)
    Y[-4] = x[0] * 2


def refused_where_elements_share_a_place(T):
    x = leaf(T)
    Y = T.zeros(1).expand(3).detach()
    Y[0] = x[0] * 2


def of_no_dimensions(T):
    x, Y = leaf(T), T.zeros(())
    Y[()] = x[0] * 2
    Y[...] = x[1] * 3
    Y[()] = Y.clone() * x[2]
    Y.backward()
    return Y.detach(), x.grad


def indices_of_other_kinds(T):
    x, Y = leaf(T), T.zeros(2, 2)
    Y[True, 0] = x[0] * 2
    Y[T.tensor(1), 0] = x[1] * 3
    Y[1, [1]] = x[2] * 4
    (Y * Y).sum().backward()
    return Y, x.grad


def with_not_a_number(T):
    x, Y = leaf(T), T.zeros(2)
    Y[0] = x[0] * float("inf")
    Y[1] = x[1] * 3
    (Y * 0).sum().backward()
    return Y, x.grad


def under_anomaly_detection(T):
    with T.autograd.detect_anomaly():
        x = leaf(T, -1.0, 4.0)
        Y = T.zeros(2)
        Y[0], Y[1] = x[0] ** 0.5, x[1] ** 0.5
        Y.sum().backward()


STORIES = [
    story for story in list(globals().values())
    if isinstance(story, FunctionType) and inspect.signature(story).parameters.keys() == {"T"}
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_as_torch_tells_it(story):
    check(story)


def node_of_a_loop(n):
    Y = filled(minigrad, minigrad.ones(n, requires_grad=True), n)
    return Y, Y.node


def test_a_loop_is_one_node():
    Y, node = node_of_a_loop(50)
    assert len(list(node.edges)) == 51
    assert all(e is None or e.name() == "MulBackward0" for e in node.edges)
    Y.grad_fn.next_functions  # noqa: B018
    assert len(list(node.edges)) == 2


def test_the_graph_dies_with_its_tensor():
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        Y, node = node_of_a_loop(200)
        assert sys.getrefcount(node) == 3
        del Y, node
        assert len(gc.get_objects()) - before < 50
    finally:
        gc.enable()


def test_a_long_loop_back_and_forth():
    n = 20_000
    x = minigrad.ones(1, requires_grad=True)
    Y, v = minigrad.zeros(n), x[0]
    for i in range(n):
        v = v * 1.0
        Y[i] = v
    Y.sum().backward()
    assert x.grad.tolist() == [n]

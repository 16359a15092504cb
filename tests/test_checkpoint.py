"""utils.checkpoint beside torch's: gradients, random numbers, what it takes and answers, and the memory it frees."""

from __future__ import annotations

import importlib
import weakref

import pytest
import torch

import minigrad
from tests.stories import check


def tool(package):
    return importlib.import_module(f"{package.__name__}.utils.checkpoint")


def start(package):
    x = package.tensor([1.0, 2.0], requires_grad=True)
    p = package.tensor([0.5, 0.25], requires_grad=True)
    return x, p


STORIES = {
    "gradients of arguments and of others": lambda t, c, r, x, p: (
        c(lambda x: (x * p).sin(), x, use_reentrant=r).sum().backward(),
        x.grad,
        p.grad,
    ),
    "its node": lambda t, c, r, x, p: c(lambda x: x * p, x, use_reentrant=r),
    "no argument requires grad": lambda t, c, r, x, p: c(
        lambda x: x * p, x.detach(), use_reentrant=r
    ),
    "keywords": lambda t, c, r, x, p: c(lambda x, k: x * k, x, use_reentrant=r, k=5),
    "keyword that is not there": lambda t, c, r, x, p: c(lambda x: x * 2, x, use_reentrant=r, k=5),
    "a list": lambda t, c, r, x, p: (
        c(lambda both: both[0] * both[1], [x, p], use_reentrant=r).requires_grad
    ),
    "without recording": lambda t, c, r, x, p: t.no_grad()(
        lambda: c(lambda x: x * 2, x, use_reentrant=r)
    )(),
    "random state left alone": lambda t, c, r, x, p: c(
        lambda x: x * 2, x, use_reentrant=r, preserve_rng_state=False
    ),
}


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("name", STORIES)
def test_one_part(name, reentrant):
    check(lambda t: STORIES[name](t, tool(t).checkpoint, reentrant, *start(t)))


@pytest.mark.parametrize("reentrant", [True, False])
def test_several_answers(reentrant):
    def story(t):
        x, _ = start(t)
        a, b, c = tool(t).checkpoint(lambda x: (x * 2, 7, x + 1), x, use_reentrant=reentrant)
        (a * a + c).sum().backward()
        return a.detach(), b, c.detach(), x.grad

    check(story)


def test_answers_in_a_dict():
    def story(t):
        x, _ = start(t)
        y = tool(t).checkpoint(lambda x: {"a": x * x, "b": [x, 3]}, x, use_reentrant=False)
        y["a"].sum().backward()
        return y["a"].detach(), y["b"][0] is x, y["b"][1], x.grad

    check(story)


@pytest.mark.parametrize("reentrant", [True, False])
def test_random_numbers_are_drawn_alike(reentrant):
    def story(t):
        t.manual_seed(0)
        x = t.ones(20, requires_grad=True)
        drop = t.nn.functional.dropout
        y = tool(t).checkpoint(lambda x: drop(x, 0.5), x, use_reentrant=reentrant)
        between = t.rand(2)
        y.sum().backward()
        return y.detach(), x.grad, between, t.rand(2)

    check(story)


def test_twice_differentiated():
    def story(t):
        x, p = start(t)
        y = tool(t).checkpoint(lambda x: x * x * x * p, x, use_reentrant=False)
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
        return g.detach(), *t.autograd.grad(g.sum(), [x, p])

    check(story)


@pytest.mark.parametrize("reentrant", [True, False])
def test_sequential(reentrant):
    def story(t):
        nn = t.nn
        t.manual_seed(0)
        model = nn.Sequential(
            nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1)
        )
        x = t.ones(1, 2, requires_grad=True)
        y = tool(t).checkpoint_sequential(model, 2, x, use_reentrant=reentrant)
        y.sum().backward()
        return [
            round(v, 4) + 0.0 for g in [x, *model.parameters()] for v in g.grad.flatten().tolist()
        ]

    check(story)


def test_hooks_see_a_gradient_once():
    def story(t):
        x, p = start(t)
        z = x * 3
        log = []
        z.register_hook(lambda g: log.append(g) or g * 10)
        p.register_hook(lambda g: log.append(g))
        tool(t).checkpoint(lambda z: z * p, z, use_reentrant=False).sum().backward()
        return sorted(map(str, log)), x.grad, p.grad

    check(story)


def test_what_was_recorded_is_let_go():
    kept = []

    def part(x):
        y = x.exp()
        kept.append(weakref.ref(y.array))
        return y * y

    x = minigrad.ones(3, requires_grad=True)
    out = tool(minigrad).checkpoint(part, x, use_reentrant=False)
    assert kept[0]() is None
    plain = part(x)
    assert kept[1]() is not None
    out.sum().backward()
    assert len(kept) == 3
    assert kept[2]() is None
    del plain


def test_another_answer_the_second_time():
    for package in (minigrad, torch):
        sizes = iter([2, 1])
        x, _ = start(package)
        y = tool(package).checkpoint(
            lambda x, s=sizes: (x * x.exp())[: next(s)], x, use_reentrant=False
        )
        if package is minigrad:
            with pytest.raises(tool(package).CheckpointError, match="other shapes"):
                y.sum().backward()


def test_unsaid_reentrant_warns():
    x, _ = start(minigrad)
    with pytest.warns(UserWarning, match="use_reentrant"):
        tool(minigrad).checkpoint(lambda x: x * 2, x)
    with pytest.warns(UserWarning, match="None of the inputs"):
        tool(minigrad).checkpoint(lambda x: x * 2, x.detach(), use_reentrant=True)

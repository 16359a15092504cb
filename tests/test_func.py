"""``torch.func`` beside torch's: gradients of functions, batches, and modules as functions of their parameters."""

from __future__ import annotations

import re

import pytest
import torch

import minigrad
from tests.stories import normal, told

EXPRESSIONS = """
F.grad(torch.sin)(torch.tensor(1.0))
F.grad(F.grad(torch.sin))(torch.tensor(1.0))
F.grad(F.grad(F.grad(lambda x: x**5)))(torch.tensor(2.0))
F.grad(lambda x, y: (x * y).sum(), argnums=(0, 1))(x, x + 1)
F.grad(lambda x, y: (x * y).sum(), argnums=-1)(x, x + 1)
F.grad(lambda x, y: (x * y).sum(), argnums=2)(x, x)
F.grad(lambda p, x: (x * p["w"] + p["b"][0]).sum())({"w": x, "b": [x]}, x)
F.grad(lambda x: (x.sum(), x * 2), has_aux=True)(x)
F.grad(lambda x: x.sum(), has_aux=True)(x)
F.grad(lambda x: x)(x)
F.grad(lambda x: 1.0)(x)
F.grad(lambda x: x.sum())(1.0)
F.grad(lambda x: x.sum())(x.long())
F.grad(lambda x: x.detach().sum())(x)
F.grad(lambda x, k: (x**k).sum())(x, k=3)
F.grad(lambda x: net(x).sum())(x).requires_grad, F.grad(lambda x: (x * x).sum())(x).requires_grad
F.grad(lambda x: (x**2).sum())(x.clone().requires_grad_())
torch.no_grad()(F.grad(lambda x: (x**2).sum()))(x)
F.grad_and_value(lambda x: (x**2).sum())(x)
F.grad_and_value(lambda x: ((x**2).sum(), {"a": x}), has_aux=True)(x)
F.vjp(torch.sin, x)[0], F.vjp(torch.sin, x)[1](x)
F.vjp(lambda x, y: (x * y, x), x, x + 1)[1]((x, x))
F.vjp(lambda x: (x * x, x + 3), x, has_aux=True)[2]
F.jvp(torch.sin, (x,), (x,))
F.jvp(lambda x, y: (x * y, x), (x, x + 1), (x, x))
F.jacrev(lambda x: x**2)(x), F.jacfwd(lambda x: x**2)(x)
F.jacrev(lambda x, y: x * y, argnums=(0, 1))(x, x)
F.jacrev(lambda x: (x * x, x.sum()))(x)
F.jacrev(lambda x: x.outer(x))(x).shape
F.hessian(lambda x: (x**3).sum())(x)
F.grad(lambda x: F.jacrev(lambda y: y**3)(x).sum())(x)
F.vmap(torch.dot)(a, a), torch.vmap(torch.dot)(a, a)
F.vmap(torch.dot, in_dims=(0, None))(a, x)
F.vmap(lambda x: x * 2, in_dims=1, out_dims=1)(a)
F.vmap(lambda x: (x, x.sum()))(a)
F.vmap(lambda x: {"a": x, "b": [x.sum()]})(a)
F.vmap(lambda d: d["u"] * d["v"], in_dims=({"u": 0, "v": None},))({"u": a, "v": x})
F.vmap(F.vmap(torch.mul))(a, a)
F.vmap(lambda x, k: x * k)(a, k=torch.arange(3.0))
F.vmap(F.grad(lambda p, x: (x @ p).sum()), in_dims=(None, 0))(x, a)
F.grad(lambda p: F.vmap(torch.dot, in_dims=(0, None))(a, p).sum())(x)
F.vmap(lambda x: x, chunk_size=1)(x)
F.vmap(lambda x: torch.randn(2), randomness="same")(x)
F.vmap(torch.dot)(a, a[:1])
F.vmap(lambda x: x)(1)
F.vmap(lambda x: x, in_dims=3)(x)
F.vmap(lambda x: x, in_dims=None)(x)
F.vmap(lambda x: x, in_dims=(0, 0))(x)
F.vmap(lambda x: 1)(x)
F.vmap(lambda x: x, randomness="foo")(x)
F.functional_call(net, p, a)
F.functional_call(net, p, (a,)).requires_grad
F.functional_call(net, {"weight": torch.zeros(1, 3)}, a)
F.functional_call(net, [{"weight": torch.zeros(1, 3)}, {"bias": torch.ones(1)}], a)
F.functional_call(net, p, None, {"input": a})
F.functional_call(net, {"foo": x}, a)
F.functional_call(net, [p, p], a)
F.functional_call(net, {"foo": x}, a, strict=True)
F.functional_call(net, {"weight": 1}, a)
F.functional_call(net, {"a.b": x}, a)
F.grad(lambda p: F.functional_call(net, p, a).sum())(p), net.weight, net.weight.grad
F.vmap(F.grad(lambda p, x: F.functional_call(net, p, x).sum()), in_dims=(None, 0))(p, a)
F.functional_call(tied, {"0.weight": x.outer(x)}, a)
F.functional_call(tied, {"0.weight": x.outer(x)}, a, tie_weights=False)
[{k: v.shape for k, v in d.items()} for d in F.stack_module_state([torch.nn.BatchNorm1d(2)] * 3)]
F.stack_module_state([])
F.stack_module_state([net, net.train(False)])
F.stack_module_state([net, tied])
""".strip().splitlines()


STRIDES = re.compile(r"\) \[[\d, ]*\]")


def check(story):
    """Both packages tell the same, but for how answers lie in memory."""
    mine = STRIDES.sub(")", told(lambda: story(minigrad)))
    its = STRIDES.sub(")", told(lambda: story(torch)))
    assert normal(mine) == normal(its)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_alike(expression):
    def story(torch):
        torch.manual_seed(0)
        nn = torch.nn
        net = nn.Linear(3, 1)
        tied = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
        tied[1].weight = tied[0].weight
        names = {
            "torch": torch,
            "F": torch.func,
            "net": net,
            "tied": tied,
            "p": {name: value.detach() for name, value in net.named_parameters()},
            "x": torch.arange(1.0, 4.0),
            "a": torch.arange(6.0).reshape(2, 3),
        }
        return eval(expression, names)

    check(story)


def test_a_failing_call_leaves_the_module_as_it_was():
    net = minigrad.nn.Linear(2, 1)
    before = net.weight
    with pytest.raises(RuntimeError):
        minigrad.func.functional_call(net, {"weight": minigrad.ones(1, 3)}, minigrad.ones(1, 2))
    assert net.weight is before
    with pytest.raises(RuntimeError):  # nor do later gradients believe themselves inside of another
        minigrad.func.grad(lambda x: x @ x.mm(x))(minigrad.ones(2))
    assert not minigrad.func.grad(lambda x: (x * x).sum())(minigrad.ones(2)).requires_grad


def test_buffers_are_written_where_they_are_given():
    def story(torch):
        net = torch.nn.BatchNorm1d(2)
        given = {"running_mean": torch.zeros(2), "running_var": torch.ones(2)}
        torch.func.functional_call(net, given, torch.arange(6.0).reshape(3, 2))
        return given, net.running_mean

    check(story)


def test_gradients_of_each_sample_of_a_cnn():
    def story(torch):
        torch.manual_seed(1)
        nn = torch.nn
        net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
        p = {name: value.detach() for name, value in net.named_parameters()}
        x, y = torch.randn(4, 1, 4, 4), torch.tensor([0, 2, 1, 1])

        def loss(p, x, y):
            out = torch.func.functional_call(net, p, (x[None],))
            return nn.functional.cross_entropy(out, y[None])

        each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(p, x, y)
        return {name: (g.sum(0) * 1000).round() for name, g in each.items()}

    check(story)

"""Backward hooks against torch: what they see, when, and what becomes of what they answer."""

from __future__ import annotations

import copy
import gc
import weakref

import pytest
import torch

import minigrad as mg

pytestmark = [
    pytest.mark.usefixtures("torch_name"),
    pytest.mark.filterwarnings("ignore:Full backward hook is firing"),
    pytest.mark.filterwarnings("ignore:For backward hooks to be called"),
]


def same(program):
    ours, theirs = repr(program(mg)), repr(program(torch))
    assert ours == theirs
    return theirs


def make(T, forward, hooks=(), pre_hooks=()):
    class Net(T.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = T.nn.Parameter(T.tensor([2.0, 3.0]))

    Net.forward = forward
    net = Net()
    for hook in hooks:
        net.register_full_backward_hook(hook)
    for hook in pre_hooks:
        net.register_full_backward_pre_hook(hook)
    return net


def test_one_input_one_output():
    def program(T):
        told = []
        net = make(
            T,
            lambda self, x: x * self.w,
            [lambda m, gi, go: told.append(("full", gi, go))],
            [lambda m, go: told.append(("pre", go))],
        )
        x = T.tensor([1.0, 4.0], requires_grad=True)
        y = net(x)
        told.append(y)
        (y * y).sum().backward()
        return told, x.grad, net.w.grad

    same(program)


def test_answers_replace_gradients_in_order():
    def program(T):
        told = []

        def scale(name, by):
            def full(m, gi, go):
                told.append((name, gi, go))
                return tuple(None if g is None else g * by for g in gi)

            return full

        def scale_outputs(m, go):
            told.append(("pre", go))
            return (go[0] * 10,)

        net = make(T, lambda self, x: x * self.w, [scale("a", 2), scale("b", 3)], [scale_outputs])
        net.register_full_backward_hook(scale("first", 5), prepend=True)
        x = T.tensor([1.0, 4.0], requires_grad=True)
        net(x).sum().backward()
        return told, x.grad, net.w.grad

    same(program)


def test_many_inputs_and_outputs():
    def program(T):
        told = []

        def forward(self, x, n, y, z):
            return x * self.w + y, "text", (y * z).sum(), z

        net = make(T, forward, [lambda m, gi, go: told.append((gi, go))])
        x = T.tensor([1.0, 4.0], requires_grad=True)
        y = T.tensor([[1.0, 1.0], [2.0, 2.0]], requires_grad=True)
        z = T.ones(2)
        out = net(x, 3, y, z)
        (out[0].sum() + 2 * out[2]).backward()
        told.append((x.grad, y.grad, z.grad))
        # Only one output is used: the others have no gradient.
        net(x, 3, y, z)[2].backward()
        return told, x.grad, y.grad

    same(program)


def test_an_input_used_twice_and_beside_the_module():
    def program(T):
        told = []
        net = make(T, lambda self, a, b: a * b * self.w, [lambda m, gi, go: told.append((gi, go))])
        x = T.tensor([1.0, 4.0], requires_grad=True)
        (net(x, x) + x).sum().backward()
        return told, x.grad

    same(program)


def test_no_input_requires_grad():
    def program(T):
        told = []
        net = make(
            T,
            lambda self, x: x * self.w,
            [lambda m, gi, go: told.append((gi, go))],
            [lambda m, go: (go[0] * 2,)],
        )
        net(T.ones(2)).sum().backward()
        told.append(net.w.grad)
        with T.no_grad():
            told.append(net(T.ones(2)))
        bad = make(T, lambda self, x: x * self.w, [lambda m, gi, go: (T.ones(2),)])
        try:
            bad(T.ones(2)).sum().backward()
        except RuntimeError as error:
            told.append(str(error))
        return told

    same(program)


def test_wrong_answers_are_refused():
    def program(T):
        told = []
        for full, pre in [(lambda *_: (None, None), None), (None, lambda *_: (None, None, None))]:
            net = make(T, lambda self, x: x * self.w, [full] * bool(full), [pre] * bool(pre))
            x = T.ones(2, requires_grad=True)
            try:
                net(x).sum().backward()
            except RuntimeError as error:
                told.append(str(error))
        return told

    assert len(same(program)) > 100


def test_nested_modules_and_hooks_of_all():
    def program(T):
        told = []
        module = T.nn.modules.module if T is torch else T.nn
        inner = make(
            T, lambda self, x: x * self.w, [lambda m, gi, go: told.append(("inner", gi, go))]
        )
        net = T.nn.Sequential(inner, T.nn.ReLU())
        net.register_full_backward_hook(lambda m, gi, go: told.append(("outer", gi, go)))
        handles = [
            module.register_module_full_backward_pre_hook(
                lambda m, go: told.append(("pre", type(m).__name__, go))
            ),
            module.register_module_full_backward_hook(
                lambda m, gi, go: told.append(("all", type(m).__name__, gi, go))
            ),
        ]
        x = T.tensor([1.0, -4.0], requires_grad=True)
        net(x).sum().backward()
        for handle in handles:
            handle.remove()
        told.append("removed")
        net(x).sum().backward()
        return told, x.grad

    same(program)


def test_a_graph_that_is_kept_calls_again():
    def program(T):
        told = []
        net = make(T, lambda self, x: x * self.w, [lambda m, gi, go: told.append((gi, go))])
        x = T.tensor([1.0, 4.0], requires_grad=True)
        y = net(x).sum()
        y.backward(retain_graph=True)
        y.backward()
        told.append(x.grad)
        (g,) = T.autograd.grad(net(x).sum(), x)
        return told, g

    same(program)


def test_second_derivatives_pass_through():
    def program(T):
        net = make(T, lambda self, x: x * x * x, [lambda m, gi, go: (gi[0] * 2,)])
        x = T.tensor([1.0, 4.0], requires_grad=True)
        (g,) = T.autograd.grad(net(x).sum(), x, create_graph=True)
        (h,) = T.autograd.grad(g.sum(), x)
        return g.tolist(), h.tolist()

    same(program)


def test_outputs_that_are_no_tensors():
    def program(T):
        told = []
        net = make(T, lambda self, x: [x * self.w], [lambda m, gi, go: told.append((gi, go))])
        with pytest.warns(UserWarning, match="module output should be a Tensor or a tuple"):
            out = net(T.ones(2, requires_grad=True))
        out[0].sum().backward()
        return told

    same(program)


def test_writing_in_place_is_refused_in_the_module():
    for forward in (lambda self, x: x.mul_(2), lambda self, x: x.add_(self.w)):
        for T in (mg, torch):
            net = make(T, forward, [lambda m, gi, go: None])
            x = T.ones(2, requires_grad=True)
            with pytest.raises(RuntimeError):
                net(x * 1)


def test_copies_keep_hooks_and_graphs_die():
    net = make(mg, lambda self, x: x * self.w, [lambda m, gi, go: (gi[0] * 2,)])
    other = copy.deepcopy(net)
    x = mg.ones(2, requires_grad=True)
    other(x).sum().backward()
    assert x.grad.tolist() == [4.0, 6.0]
    gc.disable()
    try:
        y = other(x)
        dead = weakref.ref(y)
        del y
        assert dead() is None
    finally:
        gc.enable()


# ------------------------------------------------------------------- when leaves have gradients
def nets_of_layers(T):
    T.manual_seed(0)
    conv, norm = T.nn.Conv2d(1, 2, 2), T.nn.BatchNorm2d(2)
    return T.nn.Sequential(conv, norm, T.nn.Tanh(), T.nn.Flatten(), T.nn.Linear(8, 1, bias=False))


def test_parameters_have_gradients_before_their_modules_hooks():
    def program(T):
        told, net = [], nets_of_layers(T)

        def hook(module, gi, go):
            parameters = module.named_parameters(recurse=False)
            told.append((type(module).__name__, [(n, p.grad is not None) for n, p in parameters]))

        for module in net.modules():
            module.register_full_backward_hook(hook)
        net(T.ones(2, 1, 3, 3, requires_grad=True)).sum().backward()
        return told

    same(program)


def test_the_order_of_hooks_on_leaves_and_modules():
    def program(T):
        told, net = [], nets_of_layers(T)
        for name, p in net.named_parameters():
            p.register_hook(lambda g, name=name: told.append(("grad", name)))
            p.register_post_accumulate_grad_hook(lambda p, name=name: told.append(("added", name)))
        x = T.ones(2, 1, 3, 3, requires_grad=True)
        net(x).sum().backward()
        for name, module in net.named_modules():
            module.register_full_backward_hook(lambda m, i, o, name=name: told.append(name))
        y = net(x) + net[0].weight.sum() * net[4].weight.sum()
        y.sum().backward(retain_graph=True)
        return told

    same(program)


def test_steps_in_hooks_of_leaves():
    def program(T):
        net, told = nets_of_layers(T), []

        def step(p):
            p -= 0.1 * p.grad  # nothing is recorded here
            told.append([q.grad is None for q in net.parameters()])
            p.grad = None

        for p in net.parameters():
            p.register_post_accumulate_grad_hook(step)
        x = T.arange(18.0).reshape(2, 1, 3, 3)
        for _ in range(3):
            net(x).pow(2).sum().backward()
        leaf = T.ones(2, requires_grad=True)
        leaf.register_hook(lambda g: told.append(g.tolist()))
        T.autograd.backward([leaf.sum(), leaf], [None, T.ones(2)])
        return told, [round(float(p.detach().sum()), 3) for p in net.parameters()], leaf.grad

    same(program)

"""What nodes keep: looked at, and packed and unpacked by hooks."""

from __future__ import annotations

import pytest

import minigrad
from tests.stories import check, told, torch

LOOKS = """
(x * w).grad_fn._saved_self is x, (x * w).grad_fn._saved_other is w
(x * 2).grad_fn._saved_self
(x * y).grad_fn._saved_self, (x * y).grad_fn._saved_other
(x / w).grad_fn._saved_other
(x**2).grad_fn._saved_self.equal(x), (x**2).grad_fn._saved_exponent
(x**w).grad_fn._saved_result
(x * 1).exp().grad_fn._saved_result
x.exp().grad_fn._saved_self
x.log().grad_fn._saved_self is x
x.relu().grad_fn._saved_result
x.sigmoid().grad_fn._saved_result
x.tanh().grad_fn._saved_result
x.sqrt().grad_fn._saved_result
x.sin().grad_fn._saved_self
x.abs().grad_fn._saved_self
(x @ w).grad_fn._saved_self, (x @ w).grad_fn._saved_mat2
x.softmax(1).grad_fn._saved_result
(-x).grad_fn._saved_self
x.gather(1, torch.tensor([[0]])).grad_fn._saved_dim
F.leaky_relu(x).grad_fn._saved_self, F.leaky_relu(x).grad_fn._saved_negative_slope
F.gelu(x).grad_fn._saved_approximate
F.mse_loss(x, w).grad_fn._saved_self, F.mse_loss(x, w).grad_fn._saved_target
F.conv2d(c, k).grad_fn._saved_input.shape, F.conv2d(c, k).grad_fn._saved_weight is k
F.layer_norm(x, (2,), w[0]).grad_fn._saved_input is x
F.batch_norm(x, None, None, training=True).grad_fn._saved_input is x
x.minimum(w).grad_fn._saved_other
[n for n in dir((x * w).grad_fn) if n.startswith("_saved")]
[n for n in dir(x.exp().grad_fn) if n.startswith("_saved")]
freed(x.exp())._saved_result
overwritten(x * 1)._saved_result
(x * w).grad_fn._nothing
""".strip().splitlines()


def given(package):
    x = package.tensor([[1.0, 2.0], [3.0, 0.5]], requires_grad=True)
    w = package.tensor([[0.5, 2.0], [-1.0, 0.25]], requires_grad=True)

    def freed(y):
        y.sum().backward()
        return y.grad_fn

    def overwritten(x):
        y = x.exp()
        y.detach().add_(1)
        return y.grad_fn

    return {
        "torch": package,
        "F": package.nn.functional,
        "x": x,
        "w": w,
        "y": package.ones(2, 2),
        "c": package.ones(1, 1, 4, 4, requires_grad=True),
        "k": package.ones(2, 1, 3, 3, requires_grad=True),
        "freed": freed,
        "overwritten": overwritten,
    }


@pytest.mark.parametrize("look", LOOKS)
def test_looked_at(look):
    check(lambda package: eval(look, given(package)))


PROGRAMS = """
(x * w).sum()
(x * x).sum()
x.exp().sum()
(x @ w).relu().sum()
(x.exp() * w.sigmoid()).log().sum()
F.conv2d(c * 2, k).sum()
F.batch_norm(x @ w, None, None, training=True).exp().sum()
F.cross_entropy(x @ w, torch.tensor([0, 1]))
F.layer_norm(x, (2,), w[0]).pow(3).sum()
F.max_pool2d(c * k[0, 0, 0, 0], 2).pow(2).sum()
Cube.apply(x * 1).sum() + Cube.apply(w).sum()
((x * 2).exp_() * w).sum()
"""


def cube(package):
    class Cube(package.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x**3
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return 3 * g * x**2 + 0 * y

    return Cube


@pytest.mark.parametrize("program", PROGRAMS.strip().splitlines())
@pytest.mark.parametrize("create_graph", [False, True])
def test_packed(program, create_graph):
    """As in a file, by number; the gradients are those without hooks, and of what was unpacked."""

    def story(package, hooked):
        names = {**given(package), "Cube": cube(package)}
        packed = []

        def pack(t):
            packed.append(t.detach().numpy().copy())
            return len(packed) - 1

        leaves = [names[n] for n in "xwck"]
        if hooked:
            with package.autograd.graph.saved_tensors_hooks(
                pack, lambda i: package.tensor(packed[i])
            ):
                y = eval(program, names)
            assert packed
        else:
            y = eval(program, names)
        options = {"create_graph": create_graph, "allow_unused": True}
        found = package.autograd.grad(y, leaves, **options)
        if create_graph:
            total = sum(g.pow(2).sum() for g in found if g is not None)
            if total.requires_grad:
                found += package.autograd.grad(total, leaves, allow_unused=True)
        return [None if g is None else g.detach() for g in found]

    plain, ours = story(minigrad, False), story(minigrad, True)
    theirs = story(torch, True)
    for a, b, c in zip(plain, ours, theirs, strict=True):
        assert (a is None) == (b is None) == (c is None)
        if a is not None:
            assert a.equal(b)
            torch.testing.assert_close(torch.from_numpy(b.numpy()), c, rtol=1e-4, atol=1e-4)


def test_how_often():
    """Every tensor that is kept is packed once, and unpacked once for each backward."""

    def story(torch):
        names, told = given(torch), []

        def pack(t):
            told.append(["pack", list(t.shape)])
            return t

        def unpack(t):
            told.append(["unpack", list(t.shape)])
            return t

        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            y = ((names["x"] * names["w"]).exp() * names["y"]).sum()
        y.backward(retain_graph=True)
        y.backward()
        return told

    check(story)


def test_the_innermost_hooks_count_and_change_the_gradient():
    def story(torch):
        x = torch.tensor([3.0], requires_grad=True)
        hooks = torch.autograd.graph.saved_tensors_hooks
        with hooks(lambda t: t, lambda t: t * 100):
            with hooks(lambda t: t * 2, lambda t: t):
                y = x.sin() * 1
            z = x * x
        x.cos().backward()
        y.backward()
        z.backward()
        return x.grad, y.grad_fn.next_functions[0][0]._saved_self

    check(story)


def test_of_one_node():
    def story(torch):
        x = torch.tensor([3.0], requires_grad=True)
        y = x.exp()
        y.grad_fn._raw_saved_result.register_hooks(lambda t: [t], lambda kept: kept[0] * 2)
        again = told(lambda: y.grad_fn._raw_saved_result.register_hooks(print, print))
        y.backward()
        return x.grad, again

    check(story)


def test_refused():
    def story(torch):
        graph = torch.autograd.graph
        x = torch.tensor([3.0], requires_grad=True)

        def inside():
            with (
                graph.disable_saved_tensors_hooks("not here"),
                graph.saved_tensors_hooks(print, print),
            ):
                pass

        def no_tensor():
            with graph.saved_tensors_hooks(lambda t: 1, lambda t: t):
                y = x.exp()
            y.backward()

        with graph.save_on_cpu():
            (x * x).backward()
        v = torch.ones(2)
        graph.increment_version(v)
        return told(inside), told(no_tensor, words=False), x.grad, v._version

    check(story)


def test_writes_to_what_was_packed_are_not_noticed():
    def story(torch):
        x = torch.tensor([1.0], requires_grad=True)
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
            y = x * 2
            z = y * y
        y += 1
        z.backward()
        return x.grad

    check(story)

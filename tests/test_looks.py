"""What notebooks look at beside numbers: types of nodes and handles, the words of refusals, what may be written."""

from __future__ import annotations

import pytest

import minigrad
from tests.stories import check

STORIES = """
type((x * 2).grad_fn).__name__
(x * 2).grad_fn.__class__
type(x.sum(0).grad_fn).__name__, type(x.sum().grad_fn).__name__
type((x * 2).grad_fn.next_functions[0][0]).__name__
isinstance((x * 2).grad_fn, torch.autograd.graph.Node)
Square.apply(x), type(Square.apply(x).grad_fn).__name__
[type(n).__name__ for n in path(((x @ x.t()).relu().sum() * 2).log())]
x.register_hook(print)
(x * 2).grad_fn.register_hook(print)
isinstance(x.register_hook(print), torch.utils.hooks.RemovableHandle)
torch.nn.ReLU().register_forward_hook(print)
torch.set_grad_enabled(True)
x.__setitem__(0, 1)
x.__setitem__((0, 0), 1)
x.__setitem__(None, 1)
x.__setitem__(slice(None), 1)
x.__setitem__(..., 1)
x.__setitem__(x > 0, 1)
x.__setitem__([0], 1)
x.__setitem__((0, [1]), 1)
x.__setitem__(torch.tensor(1), 1)
x[0].fill_(1)
x.fill_(1)
setattr(x, "grad", torch.ones(3))
setattr(x, "grad", 1)
b.expand(2, 3).fill_(2), b
b.expand(2, 3).zero_(), b
b.expand(2, 3)[1].fill_(4), b
b.expand(2, 3).fill_(torch.tensor(2.0))
b.expand(2, 3).add_(1)
b.expand(2, 3)._version, b.expand(2, 3).fill_(2)._version, b._version
b.requires_grad_().expand(2, 3).fill_(2)
""".strip().splitlines()


def path(y):
    """The nodes from ``y`` along first inputs."""
    found, node = [], y.grad_fn
    while node is not None:
        found.append(node)
        node = node.next_functions[0][0] if node.next_functions else None
    return found


@pytest.mark.parametrize("expression", STORIES)
def test_alike(expression):
    def story(torch):
        class Square(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * x

            @staticmethod
            def backward(ctx, g):
                return g

        x = torch.arange(1.0, 7.0).reshape(2, 3).requires_grad_()
        names = {"torch": torch, "x": x, "b": torch.ones(3), "Square": Square, "path": path}
        return eval(expression, names)

    check(story)


def test_a_node_that_was_looked_at_still_works():
    x = minigrad.ones(2, requires_grad=True)
    y = x * 3
    z = y * y
    assert type(y.grad_fn).__name__ == "MulBackward0"
    assert y.grad_fn is z.grad_fn.next_functions[0][0]
    z.sum().backward(create_graph=True)
    assert x.grad.tolist() == [18.0, 18.0]
    x.grad.sum().backward()
    assert x.grad.tolist() == [36.0, 36.0]


@pytest.mark.parametrize("write", ["y.mul_(2)", "y.fill_(1)", "y.__setitem__(0, 7)", "x.mul_(2)"])
def test_a_view_of_a_leaf_that_is_a_view_is_not_written(write):
    def story(torch):
        x = torch.arange(6.0).reshape(2, 3).requires_grad_()
        return eval(write, {"x": x, "y": x[0]})

    check(story)


def test_a_leaf_that_is_a_view_is_trained():
    def story(torch):
        x = torch.arange(6.0).reshape(2, 3).requires_grad_()
        for _ in range(3):
            (x * x).sum().backward()
            with torch.no_grad():
                x[0] -= 0.1 * x.grad[0]
                x[1].sub_(0.2 * x.grad[1])
                x.grad.zero_()
        return x, x.is_leaf

    check(story)


@pytest.mark.parametrize(
    ("index", "shape"),
    [
        ("0", "2"),
        ("slice(None)", "2"),
        ("0", "2, 3"),
        ("(0, 0)", "2"),
        ("0", "2, 1, 3"),
        ("slice(0, 1)", "3, 1"),
        ("...", "4, 2, 3"),
        ("[0, 1]", "4"),
        ("(slice(None), [0])", "4"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_torchs_words(index, shape):
    check(lambda torch: torch.zeros(2, 3).__setitem__(eval(index), torch.ones(eval(shape))))


def test_items_are_not_deleted():
    with pytest.raises(TypeError, match="does not support deleting items"):
        del minigrad.ones(2)[0]

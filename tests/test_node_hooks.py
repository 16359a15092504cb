"""Hooks on ``grad_fn`` and on tensors, their order, what they may answer; what nodes tell of themselves."""

from __future__ import annotations

import pytest

from tests.stories import check


def seen(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    log = []
    y.grad_fn.register_hook(lambda inputs, outputs: log.append(("after", inputs, outputs)))
    y.grad_fn.register_prehook(lambda outputs: log.append(("before", outputs)))
    y.backward(torch.ones(2))
    return log


def replaced(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 10, *inputs[1:]))
    y.grad_fn.register_prehook(lambda outputs: (outputs[0] * 2,))
    y.sum().backward()
    return x.grad


def broadcast(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    z = torch.tensor([[2.0], [3.0]], requires_grad=True)
    y = x * z
    shapes = []
    y.grad_fn.register_hook(lambda inputs, outputs: shapes.extend(i.shape for i in inputs))
    y.sum().backward()
    return shapes, x.grad, z.grad


def left_out(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    z = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * z
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 2, None))
    y.sum().backward()
    return x.grad, z.grad


def wrong_number(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0],))
    y.sum().backward()


def in_order(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    log = []
    y.register_hook(lambda g: log.append("tensor"))
    y.grad_fn.register_prehook(lambda g: log.append("node"))
    y.register_hook(lambda g: log.append("tensor again"))
    y.sum().backward()
    return log


def removed(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    handle = y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 5, None))
    handle.remove()
    handle.remove()
    with y.grad_fn.register_prehook(lambda outputs: (outputs[0] * 5,)):
        pass
    y.sum().backward()
    return x.grad


def on_a_leaf(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    leaf = (x * 1).grad_fn.next_functions[0][0]
    log = []
    leaf.register_hook(lambda inputs, outputs: log.append((inputs, outputs, x.grad)))
    leaf.register_prehook(lambda outputs: log.append(("before", outputs, x.grad)))
    (x * 2).sum().backward()
    return log


def twice_differentiated(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.grad_fn.register_hook(lambda inputs, outputs: tuple(i * i for i in inputs))
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    return g.detach(), h


def told_by_nodes(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    node = (x * 3).grad_fn
    node.metadata["note"] = 1
    leaf = node.next_functions[0][0]
    return (
        node,
        node.name(),
        node.metadata,
        node.next_functions,
        leaf.variable is x,
        leaf.name(),
        leaf is (x + 1).grad_fn.next_functions[0][0],
        leaf.next_functions,
        isinstance(node, torch.autograd.graph.Node),
    )


@pytest.mark.parametrize(
    "story",
    [
        seen,
        replaced,
        broadcast,
        left_out,
        wrong_number,
        in_order,
        removed,
        on_a_leaf,
        twice_differentiated,
        told_by_nodes,
    ],
)
def test_hooks(story):
    check(story)

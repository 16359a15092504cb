"""How ``autograd.grad`` and a Function's ``apply`` take their arguments, and what they refuse, beside torch."""

import numpy as np
import pytest
import torch

import minigrad as mg

BOTH = pytest.mark.parametrize("T", [mg, torch], ids=["minigrad", "torch"])


def scaled(T):
    class Scaled(T.autograd.Function):
        @staticmethod
        def forward(ctx, x, by=2.0):
            ctx.by = by
            return x * by

        @staticmethod
        def backward(ctx, g):
            return g * ctx.by, None

    return Scaled


def scaled_apart(T):
    class Scaled(T.autograd.Function):
        @staticmethod
        def forward(x, by=2.0):
            return x * by

        @staticmethod
        def setup_context(ctx, inputs, output):
            _, ctx.by = inputs

        @staticmethod
        def backward(ctx, g):
            return g * ctx.by, None

    return Scaled


@BOTH
@pytest.mark.parametrize("make", [scaled, scaled_apart])
def test_apply_by_name(T, make):
    x = T.ones(2, requires_grad=True)
    make(T).apply(by=3.0, x=x).sum().backward()
    make(T).apply(x, by=5.0).sum().backward()
    assert x.grad.tolist() == [8.0, 8.0]


@BOTH
def test_setup_context_is_given_the_defaults(T):
    x = T.ones(2, requires_grad=True)
    scaled_apart(T).apply(x).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


@BOTH
def test_a_backward_that_answers_no_tensor(T):
    class Wrong(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return 3

    with pytest.raises(RuntimeError, match=r"expected Variable or None \(got int\)"):
        Wrong.apply(T.ones(2, requires_grad=True)).sum().backward()


@BOTH
@pytest.mark.parametrize("create_graph", [False, True])
def test_batches_of_gradients(T, create_graph):
    x = T.tensor([1.0, 2.0], requires_grad=True)
    unused = T.ones(3, requires_grad=True)
    rows = T.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]])
    options = {
        "create_graph": create_graph,
        "is_grads_batched": True,
        "retain_graph": True,
    }
    outputs = (x**3, x * x)
    a, b = T.autograd.grad(outputs, [x, unused], (rows, 2 * rows), allow_unused=True, **options)
    assert b is None
    assert a.requires_grad is create_graph
    each = [T.autograd.grad(outputs, x, (r, 2 * r), retain_graph=True)[0].tolist() for r in rows]
    assert a.tolist() == each
    if create_graph:
        (h,) = T.autograd.grad(a.sum(), x)
        assert h.tolist() == ((6 * x + 4) * rows.sum(0)).tolist()
    for wrong in (T.ones(2), T.ones(3, 5)):
        with pytest.raises(RuntimeError, match="is_grads_batched=True"):
            T.autograd.grad(x * x, x, wrong, is_grads_batched=True)


@BOTH
def test_grad_by_position_and_in_a_dict(T):
    x, unused = T.ones(2, requires_grad=True), T.ones(3, requires_grad=True)
    found = T.autograd.grad((x * x).sum(), [x, unused], None, False, False, True, True)
    assert found[0].tolist() == [2.0, 2.0]
    assert found[1] is None
    found = T.autograd.grad((x * x).sum(), {"x": x, "u": unused}, materialize_grads=True)
    assert {name: g.tolist() for name, g in found.items()} == {"x": [2.0, 2.0], "u": [0.0] * 3}
    with pytest.warns(FutureWarning, match="only_inputs argument is deprecated"):
        T.autograd.grad((x * x).sum(), x, only_inputs=False)


@BOTH
def test_what_grad_refuses(T):
    x = T.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"`inputs` argument to `grad\(\)` cannot be empty"):
        T.autograd.grad(x.sum(), [])
    with pytest.raises(ValueError, match="Expected allow_unused to be True or not passed"):
        T.autograd.grad(x.sum(), x, allow_unused=False, materialize_grads=True)
    for call in (lambda *a: T.autograd.grad(a[0], x, a[1]), T.autograd.backward):
        with pytest.raises(RuntimeError, match="got 2 tensors and 1 gradients"):
            call((x * 2, x * 3), (T.ones(2),))


@BOTH
@pytest.mark.parametrize("value", [3, None, np.ones(2)], ids=["int", "None", "array"])
def test_data_is_a_tensor(T, value):
    x = T.ones(2)
    with pytest.raises(TypeError, match="Variable data has to be a tensor"):
        x.data = value
    assert x.tolist() == [1.0, 1.0]


@BOTH
def test_gradients_that_are_not_kept(T):
    x = T.ones(2, requires_grad=True)
    assert x.grad is None
    y, kept = x * 2, x * 3
    kept.retain_grad()
    assert kept.grad is None
    with pytest.warns(UserWarning, match="of a Tensor that is not a leaf Tensor is being accessed"):
        assert y.grad is None
    (y * kept).sum().backward()
    assert kept.grad.tolist() == [2.0, 2.0]
    assert y.detach().grad is None

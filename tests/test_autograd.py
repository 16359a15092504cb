"""autograd's face: Function, functional, anomaly detection, hooks, graph life, all beside torch."""

import gc
import sys
import threading
import weakref

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad import _tape

BOTH = pytest.mark.parametrize("T", [mg, torch], ids=["minigrad", "torch"])


def cube(T):
    class Cube(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x * x * g

    return Cube.apply


@BOTH
def test_function_to_third_order(T):
    x = T.tensor([1.0, -2.0, 3.0], dtype=T.float64, requires_grad=True)
    y = cube(T)(x)
    assert type(y.grad_fn).__name__ == "CubeBackward" or y.grad_fn.name() == "CubeBackward"
    (g,) = T.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = T.autograd.grad(g.sum(), x, create_graph=True)
    (k,) = T.autograd.grad(h.sum(), x)
    assert g.tolist() == [3.0, 12.0, 27.0]
    assert h.tolist() == [6.0, -12.0, 18.0]
    assert k.tolist() == [6.0, 6.0, 6.0]


@BOTH
def test_function_with_several_outputs_and_saved_output(T):
    class Both(T.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, k):
            e = x.exp()
            ctx.save_for_backward(e, y)
            ctx.k = k
            return e, y * k, x

        @staticmethod
        def backward(ctx, ge, gy, gx):
            e, _ = ctx.saved_tensors
            return ge * e + gx, gy * ctx.k, None

    x = T.tensor([0.0, 1.0], requires_grad=True)
    y = T.tensor([2.0, 3.0], requires_grad=True)
    a, b, _ = Both.apply(x, y, 5)
    (a.sum() + (a * a).sum() + b.sum()).backward()
    e = np.exp(np.array([0.0, 1.0], np.float32))
    np.testing.assert_allclose(x.grad.numpy(), e + 2 * e * e, rtol=1e-6)
    assert y.grad.tolist() == [5.0, 5.0]


@BOTH
def test_function_errors(T):
    class TooMany(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g, g

    class Once(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @T.autograd.function.once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    x = T.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="incorrect number of gradients"):
        TooMany.apply(x).sum().backward()
    (g,) = T.autograd.grad((Once.apply(x) ** 2).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        g.sum().backward()
    y = cube(T)(x)
    y.sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.sum().backward()
    z = x * 1.0
    y = cube(T)(z)
    z += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("name", ["jacobian", "hessian", "vjp", "jvp", "vhp", "hvp"])
def test_functional_against_torch(name):
    a = np.random.default_rng(0).standard_normal((2, 3))
    b = np.random.default_rng(1).standard_normal(3)

    def call(T):
        def f(x, y):
            z = (x * y).exp() * y
            return z.sum() if name in ("hessian", "vhp", "hvp") else z

        x, y = T.tensor(a), T.tensor(b)
        extra = ()
        if name in ("jvp", "vhp", "hvp"):
            extra = ((T.ones_like(x), T.ones_like(y)),)
        elif name == "vjp":
            extra = (T.ones(2, 3, dtype=T.float64),)
        return getattr(T.autograd.functional, name)(f, (x, y), *extra)

    def flat(x):
        return [v for part in x for v in flat(part)] if isinstance(x, tuple) else [x]

    ours, theirs = flat(call(mg)), flat(call(torch))
    assert len(ours) == len(theirs)
    for u, v in zip(ours, theirs, strict=True):
        assert u.shape == v.shape
        np.testing.assert_allclose(u.detach().numpy(), v.detach().numpy(), rtol=1e-10)


def test_a_fused_op_is_differentiated_again_by_its_composite(monkeypatch):
    """Rules for arrays alone serve the first order; what the op is composed of, the others."""
    monkeypatch.setattr(sys.modules["minigrad._tape.primitive"], "primitives", {})  # leave no trace

    @_tape.primitive
    def cubes(a, b, /):
        return a**3 * b

    cubes.vjps(
        a=lambda g, a, b: np.asarray(g) * 3 * np.asarray(a) ** 2 * np.asarray(b),
        b=lambda g, a, b: np.asarray(g) * np.asarray(a) ** 3,
    )
    cubes.composite = lambda a, b: a * a * a * b

    def pair():
        return [
            mg.tensor(x, dtype=mg.float64, requires_grad=True) for x in ([1.0, -2.0], [3.0, 0.5])
        ]

    x, y = pair()
    cubes(x, y).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([9.0, 6.0], [1.0, -8.0])
    assert mg.autograd.gradgradcheck(cubes, pair())
    (x,) = pair()[:1]
    (g,) = mg.autograd.grad(cubes(x, x).sum(), x, create_graph=True)  # one tensor for both
    (h,) = mg.autograd.grad(g.sum(), x)
    assert (g.tolist(), h.tolist()) == ([4.0, -32.0], [12.0, 48.0])


@BOTH
def test_anomaly_names_the_forward_call(T):
    x = T.tensor([0.0], requires_grad=True)
    with T.autograd.set_detect_anomaly(True):
        y = (x.sqrt() * 0.0).sum()  # 0 * inf
        with pytest.warns(UserWarning, match="Traceback of forward call"):  # noqa: SIM117
            with pytest.raises(RuntimeError, match="returned nan values in its 0th output"):
                y.backward()
    assert not T.is_anomaly_enabled()


@BOTH
def test_hooks_see_and_replace(T):
    x = T.ones(2, requires_grad=True)
    seen = []
    y = x * 2
    handle = y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    y.retain_grad()
    y.sum().backward(retain_graph=True)
    assert seen == [[1.0, 1.0]]
    assert x.grad.tolist() == [21.0, 21.0]
    handle.remove()
    y.sum().backward()
    assert len(seen) == 1


@BOTH
def test_graph_is_freed_on_the_way(T):
    x = T.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
    z = (x + 1).sum()  # keeps nothing, so it may be done again
    z.backward()
    z.backward()


def test_graphs_die_without_the_collector():
    gc.disable()
    try:
        x = mg.ones(3, requires_grad=True)
        y = (x.exp() * x).sum()
        gone = weakref.ref(y.grad_fn)
        del y
        assert gone() is None
    finally:
        gc.enable()


@BOTH
def test_long_chains(T):
    x = T.ones(1, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1
    del y


@BOTH
def test_recording_is_per_thread(T):
    found = []
    with T.no_grad():
        thread = threading.Thread(target=lambda: found.append(T.is_grad_enabled()))
        thread.start()
        thread.join()
        assert not T.is_grad_enabled()
    assert found == [True]


@BOTH
def test_modes_as_decorators(T):
    x = T.ones(1, requires_grad=True)

    @T.no_grad()
    def f():
        return x * 2

    @T.enable_grad()
    def g():
        return x * 2

    assert not f().requires_grad
    with T.no_grad():
        assert g().requires_grad
        with T.set_grad_enabled(True):
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


@BOTH
def test_gradients_of_inputs_only(T):
    a, b = T.ones(2, requires_grad=True), T.ones(2, requires_grad=True)
    c = a * b
    (c * c).sum().backward(inputs=[a, c])
    assert b.grad is None
    assert a.grad.tolist() == [2.0, 2.0]
    assert c.grad.tolist() == [2.0, 2.0]
    with pytest.raises(RuntimeError, match="not have been used"):
        T.autograd.grad((a * 2).sum(), [a, b])
    found = T.autograd.grad((a * 2).sum(), [a, b], allow_unused=True)
    assert found[1] is None
    found = T.autograd.grad((a * 2).sum(), [a, b], allow_unused=True, materialize_grads=True)
    assert found[1].tolist() == [0.0, 0.0]


@BOTH
def test_gradcheck_finds_a_wrong_rule(T):
    class Wrong(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 3

    x = T.ones(2, dtype=T.float64, requires_grad=True)
    assert not T.autograd.gradcheck(Wrong.apply, (x,), raise_exception=False)
    assert T.autograd.gradcheck(lambda x: x.sin() * x, (x,))
    assert T.autograd.gradgradcheck(lambda x: x.sin() * x, (x,))


def test_gradients_of_a_function_do_not_share_memory():
    class Twice(mg.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            doubled = g * 2
            return doubled, doubled

    x, y = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True)
    Twice.apply(x, y).sum().backward()
    x.grad.zero_()
    assert y.grad.tolist() == [2.0, 2.0]

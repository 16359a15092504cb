"""``torch.amp`` on a CPU: casting that says it does nothing, and a scaler of gradients like torch's."""

from __future__ import annotations

import pytest
import torch

import minigrad
from tests.stories import check

BOTH = pytest.mark.parametrize("T", [minigrad, torch], ids=["minigrad", "torch"])
without_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")

EXPRESSIONS = """
torch.autocast("cpu", enabled=False)(lambda x: x + 1)(torch.ones(2))
torch.autocast(1)
torch.autocast("foo")
torch.is_autocast_enabled()
torch.amp.GradScaler("cuda").is_enabled(), torch.amp.GradScaler("cuda").scale(torch.ones(1))
torch.amp.GradScaler("cuda").state_dict(), torch.amp.GradScaler("cuda").get_scale()
torch.amp.GradScaler("cpu", enabled=False).update()
torch.GradScaler("cpu").state_dict()
torch.amp.GradScaler("cpu").scale(torch.ones(1))
torch.amp.GradScaler("cpu", init_scale=4.0).scale([torch.ones(1), (torch.ones(2),)])
torch.amp.GradScaler("cpu").scale(1)
torch.amp.GradScaler("cpu").update()
torch.amp.GradScaler("cpu").step(torch.optim.SGD([torch.ones(1, requires_grad=True)]))
torch.amp.GradScaler("cpu").step(None, closure=1)
torch.amp.GradScaler("cpu", growth_factor=0.5)
torch.amp.GradScaler("cpu", backoff_factor=1.5)
torch.amp.GradScaler("cpu").load_state_dict({})
""".strip().splitlines()


@without_gpu
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_alike(expression):
    check(lambda torch: eval(expression, {"torch": torch}), words="foo" not in expression)


@BOTH
@without_gpu
def test_what_is_not_done_is_said(T):
    with pytest.warns(UserWarning, match="CUDA is not available"):
        made = T.autocast("cuda")
    with made:
        assert (T.ones(2, 2) @ T.ones(2, 2)).dtype == T.float32
    with pytest.warns(UserWarning, match="the target dtype is not supported. Disabling autocast"):
        T.autocast("cpu", dtype=T.float32)
    with pytest.warns(UserWarning, match="GradScaler is enabled, but CUDA is not available"):
        T.amp.GradScaler()
    for name in ("autocast", "GradScaler"):
        with pytest.warns(FutureWarning, match=rf"torch.cuda.amp.{name}\(args...\)` is deprecated"):
            getattr(T.cuda.amp, name)(enabled=False)


def trained(torch, scaler):
    """Weights and scales of steps of which two have an infinite gradient."""
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
    told = []
    for i in range(8):
        optimizer.zero_grad()
        loss = (w * w).sum() * (float("inf") if i in (2, 5) else 1.0)
        scaler.scale(loss).backward()
        if i % 2:
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_([w], 1.0)
        scaler.step(optimizer)
        scaler.update()
        told.append((w.detach().clone(), scaler.get_scale(), scaler.state_dict()))
    return told


def test_training_with_a_scaler():
    check(lambda torch: trained(torch, torch.amp.GradScaler("cpu", 16.0, 4.0, 0.25, 2)))


def test_a_scaler_goes_on_where_another_stopped():
    def story(torch):
        first = torch.amp.GradScaler("cpu", 16.0, growth_interval=3)
        trained(torch, first)
        second = torch.amp.GradScaler("cpu")
        second.load_state_dict(first.state_dict())
        return trained(torch, second)

    check(story)


@BOTH
def test_steps_out_of_order_are_refused(T):
    w = T.ones(1, requires_grad=True)
    optimizer, scaler = T.optim.SGD([w], lr=0.1), T.amp.GradScaler("cpu")
    scaler.scale(w.sum()).backward()
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="already been called on this optimizer"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"step\(\) has already been called"):
        scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"called after step\(\)"):
        scaler.unscale_(optimizer)
    scaler.update(2.0)
    assert scaler.get_scale() == 2.0


def test_custom_functions_decorated_for_it():
    class Double(minigrad.autograd.Function):
        @staticmethod
        @minigrad.amp.custom_fwd(device_type="cuda")
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        @minigrad.cuda.amp.custom_bwd
        def backward(ctx, g):
            return 2 * g

    x = minigrad.ones(1, requires_grad=True)
    Double.apply(x).backward()
    assert x.grad.item() == 2

"""What torch warns of: in its words, of its category, and as often."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

import minigrad
from minigrad import _warn
from tests.stories import normal

CALLS = """
torch.meshgrid(torch.arange(2), torch.arange(3))
torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij")
torch.cartesian_prod(torch.ones(2), torch.ones(2))
torch.ones(2, 3, 4).T, torch.ones(2, 3, 4).T
torch.ones(2).T
torch.ones(()).T
torch.ones(2, 3).T
torch.tensor(torch.ones(2)), torch.tensor(torch.ones(2))
torch.ones(2).new_tensor(torch.ones(2))
torch.tensor([np.ones(2)])
torch.as_tensor([[np.ones(2)], [np.ones(2)]])
torch.tensor([np.float32(1)])
torch.from_numpy(np.broadcast_to(np.ones(1), 2))
torch.as_tensor(np.broadcast_to(np.ones(1), 2))
torch.tensor(np.broadcast_to(np.ones(1), 2))
torch.ones(1).std()
torch.ones(1, 2).var(0)
torch.ones(2).var(correction=2)
torch.var_mean(torch.ones(1))
torch.std_mean(torch.ones(1))
torch.ones(1).var(unbiased=False)
torch.ones(2).var()
torch.ones(3)[torch.ones(3).byte()]
torch.where(torch.ones(3).byte(), 1.0, 2.0)
float(torch.ones(1, requires_grad=True).sum())
torch.no_grad()(lambda x: float(x))(torch.ones(1, requires_grad=True))
int(torch.ones(1, requires_grad=True).sum())
torch.ones(1, requires_grad=True).sum().item()
f"{torch.ones(1, requires_grad=True).sum():.1f}"
torch.ones(2, requires_grad=True).sum().backward(create_graph=True)
torch.autograd.backward(torch.ones(2, requires_grad=True).sum(), create_graph=True)
torch.autograd.grad((x := torch.ones(2, requires_grad=True)).sum(), x, create_graph=True)
F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2), padding="same")
F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), padding="same")
torch.cross(torch.ones(2, 3), torch.ones(2, 3))
torch.cross(torch.ones(2, 3), torch.ones(2, 3), dim=1)
torch.qr(torch.eye(2))
torch.cholesky(torch.eye(2))
torch.chain_matmul(torch.eye(2), torch.eye(2))
torch.set_default_tensor_type(torch.FloatTensor)
torch.ones(2).add_(3, torch.ones(2))
torch.ones(2).sub_(3, torch.ones(2))
torch.ones(2).addcmul_(3, torch.ones(2), torch.ones(2))
torch.ones(2).addcdiv_(3, torch.ones(2), torch.ones(2))
torch.ones(2).add_(torch.ones(2), alpha=3)
F.sigmoid(torch.ones(2))
F.tanh(torch.ones(2))
F.mse_loss(torch.ones(2), torch.ones(2), size_average=False)
F.mse_loss(torch.ones(2), torch.ones(2, 1))
F.l1_loss(torch.ones(2), torch.ones(2, 1))
F.kl_div(torch.zeros(2, 2), torch.ones(2, 2))
F.softmax(torch.ones(2, 2))
torch.nn.Softmax()(torch.ones(2, 2))
torch.nn.NLLLoss2d()
torch.nn.utils.clip_grad_norm([torch.ones(1, requires_grad=True)], 1.0)
F.upsample(torch.ones(1, 1, 2, 2), scale_factor=2)
F.grid_sample(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 1, 2))
F.affine_grid(torch.ones(1, 2, 3), (1, 1, 2, 2))
F.dropout2d(torch.ones(2, 2), 0.0)
torch.nn.init.constant(torch.zeros(1), 1)
scheduler(False).step()
scheduler(True).step()
scheduler(True).step(3)
scheduler(True).get_lr()
torch.amp.autocast("cuda")
torch.cuda.amp.GradScaler()
(torch.ones(2, requires_grad=True) * 2).grad
torch.range(0, 3)
torch.floor_divide(torch.ones(2), 2)
""".strip().splitlines()


def told(package, call):
    """What a call warns of."""

    def scheduler(stepped):
        optimizer = package.optim.SGD([package.ones(1, requires_grad=True)], lr=1.0)
        made = package.optim.lr_scheduler.StepLR(optimizer, 1)
        if stepped:
            optimizer.step()
        return made

    names = {"torch": package, "F": package.nn.functional, "np": np, "scheduler": scheduler}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        eval(call, names)
    said = [(w.category, normal(str(w.message).partition(" (Triggered")[0])) for w in caught]
    # torch's deprecated use of NumPy's protocols
    return [s for s in said if "__array" not in s[1]]


@pytest.fixture
def again():
    """Have both packages say again what they say once."""
    for package in (torch, minigrad):
        package.set_warn_always(True)
    yield
    for package in (torch, minigrad):
        package.set_warn_always(False)


@pytest.mark.usefixtures("again")
@pytest.mark.parametrize("call", CALLS)
def test_warned(call):
    theirs, ours = told(torch, call), told(minigrad, call)
    assert list(dict.fromkeys(ours)) == list(dict.fromkeys(theirs))


def test_once(monkeypatch):
    monkeypatch.setattr(_warn.said, "messages", set())
    with pytest.warns(UserWarning, match="more than once|deprecated"):
        minigrad.ones(2, 3, 4).T  # noqa: B018
    minigrad.ones(2, 3, 4).T  # noqa: B018


@pytest.mark.parametrize("name", ["add_", "sub_"])
def test_the_old_order(name):
    for package in (torch, minigrad):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            x = package.ones(2)
            assert getattr(x, name)(3, package.ones(2)) is x
        assert x.tolist() == [4 if name == "add_" else -2] * 2


@pytest.mark.parametrize("name", ["addcmul_", "addcdiv_"])
def test_the_old_order_of_three(name):
    for package in (torch, minigrad):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            x = getattr(package.ones(2), name)(3, package.ones(2) * 2, package.ones(2) * 4)
        assert x.tolist() == [25.0 if name == "addcmul_" else 2.5] * 2

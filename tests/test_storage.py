"""The memory under tensors beside torch's storages."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch

import minigrad
from tests.stories import check

EXPRESSIONS = """
p.storage()
p.storage().tolist(), len(p.storage()), p.storage().size(), p.storage().nbytes()
p.storage().dtype, type(p.storage()).__name__, p.storage().type(), p.storage().element_size()
p.storage().__setitem__(0, 9.0), p
p.storage().__getitem__(-1), list(p[1].storage())
p.storage()[6]
p.storage()[0:2]
p.storage().fill_(2), p
p.storage().copy_(torch.ones(6).storage()), p
p.storage().clone().fill_(3), p
p[1].storage_offset(), p.t().storage().data_ptr() == p.storage().data_ptr()
p.t().storage().tolist(), p.t().contiguous().storage().tolist(), p[1:, 1].storage().tolist()
p.expand(2, 3, 2).storage().size(), p[:, :1].storage().size(), p.view(-1)[::2].storage().tolist()
p[1:].detach().storage().data_ptr() == p.storage().data_ptr()
p.clone().storage().data_ptr() == p.storage().data_ptr()
p.untyped_storage(), p.untyped_storage().nbytes(), p.storage().untyped().tolist()
p.untyped_storage() == p.t().untyped_storage(), p.untyped_storage() == p.clone().untyped_storage()
p.untyped_storage().data_ptr() == p.data_ptr()
torch.empty(0).storage().size(), torch.tensor(3).storage().tolist()
torch.arange(3).storage(), torch.tensor([True]).storage()
isinstance(p.storage(), torch.storage.TypedStorage)
""".strip().splitlines()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_alike(expression):
    def story(torch):
        p = torch.tensor([[4.0, 1.0], [5.0, 3.0], [2.0, 1.0]])
        return eval(expression, {"torch": torch, "p": p})

    check(story)


def through_a_file(x):
    file = io.BytesIO()
    torch_of(x).save(x, file)
    file.seek(0)
    return torch_of(x).load(file)


def torch_of(x):
    return minigrad if isinstance(x, minigrad.Tensor) else torch


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x)), through_a_file],
    ids=["copy", "deepcopy", "pickle", "file"],
)
@pytest.mark.parametrize("kind", ["tensor", "leaf", "parameter"])
def test_gradients_and_attributes_of_copies(copied, kind):
    def story(torch):
        x = torch.ones(2, requires_grad=kind == "leaf")
        x = torch.nn.Parameter(x) if kind == "parameter" else x
        x.tags = ["a"]
        x.grad = torch.ones(2)
        y = copied(x)
        has = getattr(y, "tags", None)
        return y, y.grad, y.requires_grad, has, has is x.tags, y.data_ptr() == x.data_ptr()

    check(story)


def test_a_module_in_another_order_of_memory():
    def story(torch):
        torch.manual_seed(0)
        nn = torch.nn
        net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))
        net.to(memory_format=torch.channels_last)
        strides = [net[0].weight.stride(), net[3].weight.stride()]
        y = net(torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last))
        y.sum().backward()
        net.to(torch.float64, memory_format=torch.contiguous_format)
        return strides, (y * 1000).round(), net[0].weight.stride(), net[0].weight.dtype

    check(story)


def test_what_jit_is_given_stays_as_it_is():
    calls = []
    traced = minigrad.jit.trace(calls.append, minigrad.ones(1))
    assert traced.__self__ is calls
    assert len(calls) == 1
    for decorate in (minigrad.jit.script, minigrad.jit.ignore, minigrad.jit.export):
        assert decorate(check) is check
    assert minigrad.jit.ignore(drop=True)(check) is check
    assert not minigrad.jit.is_scripting()
    assert not minigrad.jit.is_tracing()

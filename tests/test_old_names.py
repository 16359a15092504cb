"""torch's oldest constructors, the types of tensors by dtype, memory formats, and small matters of shape."""

from __future__ import annotations

import numpy as np
import pytest

from tests.stories import check

EXPRESSIONS = """
torch.Tensor(2, 3).shape
torch.Tensor([1, 2])
torch.Tensor()
torch.Tensor((2, 3))
torch.Tensor(torch.Size([2, 3])).shape
torch.Tensor(x)
torch.Tensor(x.int())
torch.Tensor(x).data_ptr() == x.data_ptr()
torch.Tensor([[1, 2], [3, 4]])
torch.Tensor([torch.tensor(1), torch.tensor(2.5)])
torch.Tensor(3.5)
torch.Tensor("a")
torch.Tensor(None)
torch.Tensor([True])
torch.Tensor(2, -1)
torch.Tensor(2, 1.5)
torch.Tensor(np.ones(2))
torch.Tensor([1, 2], device="cpu")
torch.Tensor(size=(2,)).shape
torch.FloatTensor([1, 2])
torch.FloatTensor(2, 2).shape
torch.FloatTensor()
torch.FloatTensor(x.double())
torch.LongTensor([1, 2])
torch.LongTensor([1.5])
torch.LongTensor(np.array([1, 2]))
torch.DoubleTensor([1])
torch.IntTensor([1])
torch.ByteTensor([1])
torch.BoolTensor([1, 0])
torch.HalfTensor([1])
torch.ShortTensor([1])
torch.CharTensor([1])
torch.FloatTensor
torch.Tensor
type(x)
isinstance(x, torch.FloatTensor)
isinstance(x, torch.DoubleTensor)
isinstance(x.long(), torch.LongTensor)
isinstance(torch.nn.Parameter(x), torch.FloatTensor)
x.type()
x.type("torch.DoubleTensor")
x.type(torch.DoubleTensor)
x.type(torch.float64)
x.type("foo")
x.type(float)
torch.contiguous_format, torch.preserve_format, torch.channels_last, torch.channels_last_3d
torch.strided
x.layout == torch.strided
x.t().contiguous(memory_format=torch.contiguous_format)
x.contiguous(memory_format=torch.channels_last)
x.contiguous(memory_format=torch.preserve_format)
x.contiguous(memory_format=3)
y.contiguous(memory_format=torch.channels_last)
y.contiguous(memory_format=torch.channels_last).is_contiguous()
y.contiguous(memory_format=torch.channels_last).is_contiguous(memory_format=torch.channels_last)
y.is_contiguous(memory_format=torch.channels_last)
x.is_contiguous(memory_format=torch.channels_last)
y.to(memory_format=torch.channels_last)
y.to(torch.float64, memory_format=torch.channels_last)
y.to(memory_format=torch.channels_last).relu()
y.clone(memory_format=torch.channels_last)
torch.clone(x.t(), memory_format=torch.contiguous_format)
torch.clone(x.t())
torch.empty(2, 3, 4, 5, memory_format=torch.channels_last).stride()
torch.empty(1, 2, 3, 4, 5, memory_format=torch.channels_last_3d).stride()
torch.zeros_like(y, memory_format=torch.channels_last)
torch.zeros_like(x.t())
torch.zeros_like(x.t(), memory_format=torch.contiguous_format)
torch.zeros(2, layout=torch.strided)
x[..., ...]
x[..., 0, ...]
x[0, ..., ...]
torch.flip(x, 0)
torch.flip(x, [0])
torch.flip(x, dims=(0, 1))
torch.flip(x, 0, 1)
x.flip(0)
x.flip(0, 1)
x.flip([0])
x.flip(dims=(1,))
x.flip(dims=0)
x.flip()
torch.zeros(2, 0, 3).stride()
""".strip().splitlines()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_alike(expression):
    def story(torch):
        x = torch.arange(6.0).reshape(2, 3)
        y = torch.arange(48.0).reshape(2, 2, 3, 4)
        return eval(expression, {"torch": torch, "np": np, "x": x, "y": y})

    check(story, words=False)


def test_gradients_pass_through_formats():
    def story(torch):
        x = torch.arange(48.0).reshape(2, 2, 3, 4).requires_grad_()
        y = x.contiguous(memory_format=torch.channels_last)
        (y * torch.arange(48.0).reshape(2, 2, 3, 4)).sum().backward()
        return y, x.grad

    check(story)

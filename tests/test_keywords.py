"""Arguments by torch's names: functions and methods take them as torch's do."""

from __future__ import annotations

import pytest

from tests.stories import check

CALLS = """
torch.set_grad_enabled(mode=True)
torch.split(tensor=x, split_size_or_sections=1, dim=1)
x.split(split_size=1)
x.split(split_size=[1, 2], dim=1)
torch.max(input=x, other=y), torch.min(input=x, other=y)
torch.max(input=x, dim=1, keepdim=True)
torch.clamp(input=x, min=1, max=3)
torch.matmul(input=x, other=y.t()), torch.mm(input=x, mat2=y.t())
torch.bmm(input=x[None], mat2=y.t()[None])
torch.addmm(input=torch.ones(2), mat1=x, mat2=y.t(), beta=0.5, alpha=2)
torch.addmv(input=torch.ones(2), mat=x, vec=y[0]), torch.addr(input=torch.ones(2, 3), vec1=x[:, 0], vec2=y[0])
torch.baddbmm(input=torch.ones(2), batch1=x[None], batch2=y.t()[None])
torch.addcmul(input=x, tensor1=x, tensor2=y, value=2), torch.addcdiv(input=x, tensor1=x, tensor2=y)
torch.dot(input=x[0], tensor=y[0]), torch.outer(input=x[0], vec2=y[0]), torch.ger(input=x[0], vec2=y[0])
torch.reshape(input=x, shape=(3, 2)), x.reshape(shape=(3, 2))
x.view(size=(3, 2)), x.view(dtype=torch.int32)
x.expand(size=(2, 2, 3)), torch.broadcast_to(input=x, size=(2, 2, 3))
x.repeat(repeats=(1, 2)), torch.tile(input=x, dims=(1, 2)), x.tile(dims=(2,))
torch.div(input=x, other=2, rounding_mode="floor"), x.div(other=2)
torch.pow(input=x, exponent=2), torch.pow(self=2, exponent=x)
torch.lerp(input=x, end=y, weight=0.5)
torch.nan_to_num(input=x, nan=0.0, posinf=1.0)
torch.logit(input=x / 8, eps=0.1), torch.heaviside(input=x, values=y)
torch.det(input=x[:, :2]), torch.inverse(input=x[:, :2]).contiguous(), torch.slogdet(input=x[:, :2])
torch.matrix_power(input=x[:, :2], n=2)
torch.transpose(input=x, dim0=0, dim1=1), torch.swapaxes(input=x, axis0=0, axis1=1)
torch.masked_fill(input=x, mask=x > 2, value=-1)
torch.add(input=x, other=y, alpha=2), torch.sub(x, other=1), torch.mul(input=x, other=2)
x.new_zeros(size=(2,)), x.new_ones(size=(2,)), x.new_empty(size=(2,)).shape, x.new_full(size=(2,), fill_value=3)
x.clone().copy_(other=y)
torch.clamp()
torch.matmul(other=x)
torch.clamp(input=3, min=1)
""".strip().splitlines()


@pytest.mark.parametrize("call", CALLS)
def test_alike(call):
    def story(torch):
        x = torch.arange(6.0).reshape(2, 3)
        return eval(call, {"torch": torch, "x": x, "y": x + 1})

    check(story, words=False)

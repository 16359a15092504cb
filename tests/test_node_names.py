"""The names of nodes, as they are printed, of what is composed of several ops here and is one in torch."""

from __future__ import annotations

import pytest

from tests.stories import check

EXPRESSIONS = """
torch.nn.functional.cross_entropy(x, x.detach())
x.split(1)[0]
x.split([1, 1])[1]
x.chunk(2)[0]
x.unbind()[1]
x.squeeze()
x.squeeze(0)
x.squeeze((0, 1))
(x * 1).copy_(x)
(x * 1).fill_(1)
(x * 1).fill_(x[0, 0])
(x * 1).zero_()
x.repeat(2, 1)
x.tile(2)
x[0] @ x
x @ x[0]
x[0] @ x[0]
x.clamp_min(1)
x.clamp_max(1)
x.clamp_min(x)
x.clamp(1, 2)
x.clamp(min=1)
x.clamp(max=x)
x.clamp(x)
x.clamp(x, x)
x.sum(dim=())
x.sum((0, 1))
2**x
x**x
x**2
torch.pow(2, x)
x.nansum()
x.masked_select(x > 1)
torch.rot90(x)
x.dist(x * 2)
torch.cdist(x, x)
torch.var_mean(x)[0]
torch.std_mean(x)[1]
x.aminmax()[0]
x.kthvalue(1)[0]
x.mode()[0]
x.take(torch.tensor([0]))
x.trace()
x.index_add(0, torch.tensor([0]), x[:1])
x.scatter(0, torch.tensor([[0, 1]]), x)
x.broadcast_to(2, 2, 2)
x.roll(1)
x.median()
x.index_copy(0, torch.tensor([0]), x[:1])
x.index_fill(0, torch.tensor([0]), 1.0)
x.scatter_add(0, torch.tensor([[0, 1]]), x)
x.scatter_reduce(0, torch.tensor([[0, 1]]), x, "sum")
x.put(torch.tensor([0]), x[0, :1])
x.ldexp(x)
x.rad2deg()
x.renorm(2, 0, 1.0)
torch.block_diag(x, x)
torch.baddbmm(x[None], x[None], x[None])
torch.nn.functional.pairwise_distance(x, x * 2)
torch.nn.functional.grid_sample(x[None, None], torch.zeros(1, 1, 1, 2), align_corners=False)
torch.nn.functional.affine_grid(x.repeat(1, 2)[None, :, :3], (1, 1, 2, 2), False)
torch.linalg.qr(x)[0]
torch.linalg.svd(x)[1]
torch.linalg.eigh(x + x.t())[0]
""".strip().splitlines()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_name(expression):
    def story(torch):
        x = torch.tensor([[1.0, 2.0], [3.0, 4.5]], requires_grad=True)
        return eval(expression, {"torch": torch, "x": x}).grad_fn

    check(story)


WRITES = """
y[()] = x
y[...] = x
y[:] = x
y[:, :] = x
y[()] = x[0, 0]
y[:] = x[0, 0]
y[0] = x[0]
y[0, 0] = x[0, 0]
y[None] = x
y[y > 1] = x[0, 0]
y[torch.tensor([0])] = x[:1]
y[0, torch.tensor([0])] = x[0, :1]
z[()] = 1.0
z[...] = 1.0
z[None] = 1.0
z[True] = 1.0
z[0] = z[1]
z.index_fill_(0, torch.tensor([0]), 1.0)
y = torch.zeros(()); y[()] = x[0, 0]
y = torch.zeros(()); y[...] = x[0, 0]
y = torch.zeros(()); y.copy_(x[0, 0])
""".strip().splitlines()


@pytest.mark.parametrize("write", WRITES)
def test_name_after_a_write(write):
    def story(torch):
        x = torch.tensor([[1.0, 2.0], [3.0, 4.5]], requires_grad=True)
        names = {"torch": torch, "x": x, "y": torch.zeros(2, 2), "z": x * 1}
        exec(write, names)
        return names["y"].grad_fn, names["z"].grad_fn

    check(story)

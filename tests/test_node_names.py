"""The names of nodes, as they are printed, of what is composed of several ops here and is one in torch."""

from __future__ import annotations

import pytest

from tests.stories import check

EXPRESSIONS = """
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
""".strip().splitlines()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_name(expression):
    def story(torch):
        x = torch.tensor([[1.0, 2.0], [3.0, 4.5]], requires_grad=True)
        return eval(expression, {"torch": torch, "x": x}).grad_fn

    check(story)

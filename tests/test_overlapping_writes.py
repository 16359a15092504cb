"""Writes in place to tensors of which several elements lie in one place, and between tensors that overlap."""

from __future__ import annotations

import warnings

import pytest

from tests.stories import check, told

EXPANDED = """
x.abs_()
x.add_(1)
x.add_(y)
x += 1
x[0] = 1.0
x[:, 0] = 2.0
x[()] = 2.0
x[0] += 1
x.copy_(y)
x.copy_(2)
x.copy_(x)
x.fill_(7)
x.zero_()
x.masked_fill_(y > 2, 7)
x.masked_fill_(x > 1, 7)
x.masked_fill_(torch.tensor(True), torch.tensor(2.0))
x.masked_scatter_(y > 2, y)
x.index_fill_(0, torch.tensor([0]), 7)
x.index_fill_(1, torch.tensor([0]), torch.tensor(7.0))
x.index_put_((torch.tensor([0]),), torch.tensor(1.0))
x.index_put_((torch.tensor([0, 1]),), torch.tensor([[1.0], [2.0]]))
x.index_put_((torch.tensor([0, 1]),), torch.tensor(1.0), True)
x.index_put_((torch.tensor([0, 1]),), torch.ones(5))
x[torch.tensor([0])] = 7
x[x > 1] = torch.tensor(3.0)
x.index_add_(0, torch.tensor([0]), y[:1])
x.index_copy_(0, torch.tensor([0]), y[:1])
x.scatter_(0, torch.tensor([[0, 1, 2]]), 1.0)
x.scatter_add_(0, torch.tensor([[0, 1, 2]]), y[:1])
x.put_(torch.tensor([0]), torch.ones(1))
x.tril_()
x.triu_()
x.triu_(-1)
x.cumsum_(0)
x.clamp_(0, 1)
x.lerp_(y, 0.5)
x.fill_diagonal_(1.0)
x.uniform_()
x.t_()
x.transpose_(0, 1)
x.unsqueeze_(0)
x.squeeze_()
x.set_()
x.set_(y)
x.as_strided_((2,), (1,))
x.resize_(3)
""".strip().splitlines()

WHOLE = {"rows": (1, 3), "columns": (3, 1), "none": (3, 3)}


@pytest.mark.parametrize("sizes", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("write", EXPANDED)
def test_written(write, sizes):
    def story(torch):
        torch.manual_seed(0)
        x = torch.arange(float(sizes[0] * sizes[1])).reshape(sizes).expand(3, 3)
        y = torch.arange(9.0).reshape(3, 3)
        exec(write, {"torch": torch, "x": x, "y": y})
        return x.clone(), x.stride(), None if write == "x.set_(y)" else x._version

    check(story)


@pytest.mark.parametrize(
    "write", [w for w in EXPANDED if "index_put_" in w or "_fill_" in w or w.startswith("x[t")]
)
def test_warned(write):
    def story(torch):
        x, y = torch.arange(3.0).expand(3, 3), torch.arange(9.0).reshape(3, 3)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            told(lambda: exec(write, {"torch": torch, "x": x, "y": y}))
        return [(w.category, str(w.message).partition(" (Trig")[0]) for w in caught]

    check(story)


COPIES = """
x.clone()
x.double()
x.to(torch.float32, copy=True)
torch.zeros_like(x)
torch.ones_like(x, dtype=torch.int64)
torch.empty_like(x).fill_(1)
x.clone().view(-1)
x * 2
""".strip().splitlines()


@pytest.mark.parametrize("copy_", COPIES)
def test_copies_of_an_expanded_tensor_lie_in_torchs_order(copy_):
    def story(torch):
        row = torch.arange(3.0)
        column, turned = row.view(3, 1), torch.arange(6.0).reshape(2, 3).t()
        return [
            eval(copy_, {"torch": torch, "x": x})
            for x in (row.expand(2, 3), column.expand(3, 2), turned.expand(2, 3, 2)[:, :, :])
            if "view" not in copy_ or x.ndim == 2
        ]

    check(story)


BETWEEN = """
x[1:].copy_(x[:-1])
x[1:] = x[:-1]
x[1:] += x[:-1]
x[::2] += x[1::2]
x.copy_(x.flip(0))
x[1:].addcmul_(x[:-1], x[:-1])
x[1:].lerp_(x[:-1], 0.5)
x[1:].clamp_(x[:-1])
x[1:].fill_(x[0])
x[1:].index_add_(0, torch.tensor([0]), x[:1])
x[1:].index_copy_(0, torch.tensor([0]), x[:1])
x[1:].scatter_(0, torch.tensor([0]), x[:1])
x[1:].put_(torch.tensor([0]), x[:1])
x[1:].pow_(x[:-1])
x[1:].index_put_((torch.tensor([0]),), x[0])
x[1:].masked_fill_(x[1:] > 0, x[0])
x[1:].masked_fill_(x[:-1].bool(), 1.0)
x.masked_scatter_(x > 2, x)
""".strip().splitlines()


@pytest.mark.parametrize("write", BETWEEN)
def test_written_to_what_is_read(write):
    def story(torch):
        x = torch.arange(4.0)
        exec(write, {"torch": torch, "x": x})
        return x

    check(story)

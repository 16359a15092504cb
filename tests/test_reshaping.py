"""Views taken in place, sizes changed in place, and writes that torch refuses because memory overlaps."""

from __future__ import annotations

import pytest

from tests.stories import check

VIEWS = {
    "t_": lambda x: x[0].clone().t_(),
    "transpose_": lambda x: x.transpose_(0, -1),
    "swapaxes_": lambda x: x.swapaxes_(0, 1),
    "swapdims_": lambda x: x.swapdims_(1, 2),
    "squeeze_": lambda x: x.squeeze_(),
    "squeeze_ of one": lambda x: x.squeeze_(0),
    "squeeze_ of two": lambda x: x.squeeze_((0, 1)),
    "unsqueeze_": lambda x: x.unsqueeze_(-1),
    "wrong dim": lambda x: x.transpose_(0, 3),
}
SIZES = {
    "smaller": lambda t, x: x.resize_(2, 2),
    "as a tuple": lambda t, x: x.resize_((3, 2)),
    "to nothing": lambda t, x: x.resize_(0),
    "negative": lambda t, x: x.resize_(-1),
    "larger": lambda t, x: x.resize_(2, 4).view(-1)[:6],
    "there and back": lambda t, x: (x.resize_(2), x.resize_(2, 3))[1],
    "a part": lambda t, x: x[1].resize_(2),
    "a part that grows in its owner": lambda t, x: x[0].resize_(5),
    "transposed": lambda t, x: x.t().resize_(6),
    "as another": lambda t, x: x.resize_as_(t.ones(3)),
    "of a variable": lambda t, x: x.requires_grad_().resize_(2),
    "the memory of another": lambda t, x: x.set_(t.ones(2, 2).t()),
    "to no memory": lambda t, x: x.set_(),
    "of another dtype": lambda t, x: x.set_(t.ones(2, dtype=t.int64)),
}
WRITES = {
    "copy up": lambda t, x: x[1:].copy_(x[:-1]),
    "add up": lambda t, x: x[1:].add_(x[:-1]),
    "operator": lambda t, x: x.__iadd__(x.t()),
    "itself": lambda t, x: x.add_(x),
    "itself by another name": lambda t, x: x.view(-1).mul_(x.view(9)),
    "transposed": lambda t, x: x.copy_(x.t()),
    "a row on all": lambda t, x: x.mul_(x[0]),
    "set item": lambda t, x: x[:2].__setitem__(slice(None), x[1:]),
    "out": lambda t, x: t.add(x[:2], 1, out=x[1:]),
    "out on itself": lambda t, x: t.mul(x, x, out=x),
    "three": lambda t, x: x[1:].addcmul_(x[:-1], x[:-1]),
    "bounds": lambda t, x: x[1:].clamp_(x[:-1]),
    "detached": lambda t, x: x[1:].copy_(x.detach()[:-1]),
    "gaps are not looked at": lambda t, x: x[:, 0].add_(x[0]),
    "even and odd": lambda t, x: x.view(-1)[:8:2].add_(x.view(-1)[1::2]),
    "apart": lambda t, x: x[:1].add_(x[1:2]),
    "expanded": lambda t, x: x[0].expand(3, 3).add_(1),
    "expanded copy": lambda t, x: x[0].expand(3, 3).copy_(t.ones(3, 3)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_in_place(name):
    def story(torch):
        x = torch.arange(6.0).reshape(1, 2, 3)
        answer = VIEWS[name](x)
        return answer, x, x._version, x._base is None, answer is x

    def recorded(torch):
        x = torch.arange(6.0).reshape(1, 2, 3).requires_grad_()
        y = x * 2
        VIEWS[name](y)
        made = y
        (y * torch.arange(6.0).reshape(y.shape)).sum().backward()
        return made, x.grad

    check(story)
    check(recorded)


@pytest.mark.parametrize("name", SIZES)
def test_sizes_in_place(name):
    check(lambda torch: SIZES[name](torch, torch.arange(6.0).reshape(2, 3)), words=False)


@pytest.mark.parametrize("name", WRITES)
def test_overlapping_writes(name):
    def story(torch):
        x = torch.arange(9.0).reshape(3, 3)
        return WRITES[name](torch, x), x

    check(story)


def test_views_of_what_was_reshaped():
    def story(torch):
        x = torch.arange(6.0).reshape(2, 3).requires_grad_()
        y = x * 1
        row = y[0]
        y.t_()
        row.mul_(3)
        corner = y[0, 0]
        corner.mul_(5)
        y.unsqueeze_(0)
        y[0, 1] += 2
        (y * y).sum().backward()
        return y.detach(), row.detach(), row._base is y, corner.detach(), x.grad, y._version

    check(story)


def test_a_view_reshaped():
    def story(torch):
        x = torch.arange(6.0).reshape(2, 3).requires_grad_()
        y = x * 1
        row = y[0]
        row.unsqueeze_(0).mul_(5)
        y.sum().backward()
        return row.shape, row._base is y, x.grad

    check(story)


def test_transposing_a_cube():
    check(lambda torch: torch.ones(2, 2, 2).t_(), words=False)


def test_leaves():
    def story(torch):
        x = torch.arange(6.0).reshape(2, 3).requires_grad_()
        with torch.no_grad():
            x.t_()
        (x * torch.arange(6.0).reshape(3, 2)).sum().backward()
        return x.is_leaf, x.requires_grad, x, x.grad

    check(story)
    check(lambda torch: torch.ones(2, requires_grad=True).unsqueeze_(0))
    check(lambda torch: torch.ones(2, 3, requires_grad=True)[0].unsqueeze_(0))


def test_taken_off_the_tape_after_all():
    def story(torch):
        y = torch.ones(2, requires_grad=True).exp()
        y.unsqueeze_(0).detach_()
        y.requires_grad_()
        (y * 3).sum().backward()
        return y.grad, y.is_leaf

    check(story)


def test_what_was_kept_is_spoilt():
    def story(torch):
        y = torch.ones(2, requires_grad=True).exp()
        y.unsqueeze_(0).sum().backward()

    check(story)

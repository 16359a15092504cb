"""inference_mode: what is made in it is marked, and where it may not be used."""

from __future__ import annotations

import pytest

from tests.stories import check


def marked(torch):
    x = torch.ones(2, requires_grad=True)
    plain = torch.ones(3)
    with torch.inference_mode():
        y = x * 2
        made = torch.zeros(2)
        seen = plain[:1]
        told = torch.is_inference_mode_enabled(), torch.is_grad_enabled()
    after = torch.is_inference_mode_enabled(), torch.is_grad_enabled()
    return (
        [t.is_inference() for t in (x, y, made, seen, y[:1], y.detach(), y + 1, y.clone())],
        told,
        after,
        y.requires_grad,
        y,
    )


def infer(torch, f):
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        y = x * 2
    return f(torch, x, y)


USES = {
    "written outside": lambda t, x, y: y.add_(1),
    "operator": lambda t, x, y: y.__iadd__(y.clone()),
    "filled": lambda t, x, y: y.zero_(),
    "set": lambda t, x, y: y.__setitem__(0, 3.0),
    "set to a tensor": lambda t, x, y: y.__setitem__(0, t.tensor(3.0)),
    "a view written": lambda t, x, y: y[:1].mul_(2),
    "kept for backward": lambda t, x, y: x * y,
    "used but not kept": lambda t, x, y: x + y,
    "requires grad": lambda t, x, y: y.requires_grad_(),
    "version": lambda t, x, y: y._version,
    "a clone is ordinary": lambda t, x, y: (x * y.clone()).sum().backward() or x.grad,
    "read": lambda t, x, y: (y.sum(), y * 2, (y * 2).is_inference()),
    "written in the mode": lambda t, x, y: t.inference_mode()(lambda: y.add_(1))(),
    "plain written in the mode": lambda t, x, y: (
        (z := t.ones(2)),
        t.inference_mode()(lambda: z.add_(1))(),
        z._version,
        z.is_inference(),
    ),
}


@pytest.mark.parametrize("name", USES)
def test_use(name):
    check(lambda torch: infer(torch, USES[name]))


def switched_off(torch):
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        with torch.inference_mode(False):
            y = x * 2
        with torch.inference_mode(mode=True):
            z = x * 2
    return y.requires_grad, y.is_inference(), z.is_inference(), torch.is_inference_mode_enabled()


def decorated(torch):
    @torch.inference_mode
    def one(x):
        return (x * 2).is_inference()

    @torch.inference_mode()
    def two(x):
        return (x * 2).is_inference()

    @torch.inference_mode(False)
    def three(x):
        return (x * 2).is_inference(), (x * 2).requires_grad

    x = torch.ones(2, requires_grad=True)
    return one(x), two(x), three(x), torch.is_grad_enabled()


@pytest.mark.parametrize("story", [marked, switched_off, decorated])
def test_modes(story):
    check(story)

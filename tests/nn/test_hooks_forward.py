"""Hooks of calls and of registration against torch's."""

from __future__ import annotations

import pytest
import torch

from tests.nn.nets import make_net, same, story

pytestmark = pytest.mark.usefixtures("torch_name")


def test_forward_hooks():
    def program(T):
        told = []

        class Net(T.nn.Module):
            def forward(self, x, scale=1):
                told.append(("forward", float(x), scale))
                return x * scale

        def tell(name, answer=None):
            def hook(module, *given):
                told.append((name, type(module).__name__, repr(given)))
                return answer(*given) if answer else None

            return hook

        net = Net()
        net.register_forward_pre_hook(tell("pre 1"))
        net.register_forward_pre_hook(tell("pre 2", lambda args: args[0] + 1))
        net.register_forward_pre_hook(tell("pre 0", lambda args: (args[0] * 2,)), prepend=True)
        net.register_forward_pre_hook(
            tell("pre kwargs", lambda args, kwargs: (args, {"scale": 3})), with_kwargs=True
        )
        net.register_forward_hook(tell("post 1", lambda args, out: out + 100))
        kwargs = net.register_forward_hook(tell("post kwargs"), with_kwargs=True)
        net.register_forward_hook(tell("post 0"), prepend=True)
        told.append(net(T.tensor(1.0)))
        told.append(net(T.tensor(1.0), scale=5))
        kwargs.remove()
        kwargs.remove()
        told.append(net(x=T.tensor(4.0)) if False else len(net._forward_hooks))
        net._forward_hooks.clear()
        net._forward_pre_hooks.clear()
        with net.register_forward_hook(tell("for a while")):
            net(T.tensor(2.0))
        told.append(net(T.tensor(2.0)))
        net.register_forward_pre_hook(lambda m, a, k: a, with_kwargs=True)
        return [*told, story(lambda T: net(T.tensor(1.0)))(T)]

    same(program)


@pytest.mark.filterwarnings("ignore:.*always_call.*raised an exception")
def test_hooks_that_are_always_called():
    def program(T):
        told = []

        class Net(T.nn.Module):
            def forward(self, x):
                if x is None:
                    raise ValueError("no input")
                return x

        def hook(name, fail=False):
            def run(module, *given):
                told.append((name, given))
                if fail:
                    raise KeyError(name)

            return run

        net = Net()
        net.register_forward_hook(hook("never"))
        net.register_forward_hook(hook("always"), always_call=True)
        net.register_forward_hook(hook("with kwargs"), always_call=True, with_kwargs=True)
        net.register_forward_hook(hook("fails", fail=True), always_call=True)
        return story(lambda T: net(None), lambda T: net(1))(T), told

    same(program)


def test_hooks_of_all_modules():
    def program(T):
        told = []
        module = T.nn.modules.module if T is torch else T.nn
        handles = [
            module.register_module_forward_pre_hook(
                lambda m, args: told.append(("pre", type(m).__name__))
            ),
            module.register_module_forward_hook(
                lambda m, args, out: told.append(("post", type(m).__name__))
            ),
            module.register_module_forward_hook(
                lambda m, args, kwargs, out: out + 1, with_kwargs=True
            ),
        ]
        net = make_net(T)
        net.register_forward_pre_hook(lambda m, args: told.append("own"))
        told.append(net(T.ones(2)).tolist())
        for handle in handles:
            handle.remove()
        told.append(net(T.ones(2)).tolist())
        return told

    same(program)


def test_hooks_on_registration():
    def program(T):
        told = []
        module = T.nn.modules.module if T is torch else T.nn
        handles = [
            getattr(module, f"register_module_{kind}_registration_hook")(
                lambda m, name, part, kind=kind: told.append((kind, name, type(part).__name__))
            )
            for kind in ("parameter", "buffer", "module")
        ]
        make_net(T)
        T.nn.Sequential(T.nn.Linear(1, 1))
        for handle in handles:
            handle.remove()
        make_net(T)
        return told

    same(program)

"""Module's state_dict and load_state_dict against torch's."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch

import minigrad as mg
from tests.nn.nets import make_net, numbers, same, story

pytestmark = pytest.mark.usefixtures("torch_name")


def test_state_dict():
    def program(T):
        net = make_net(T)
        plain, kept = net.state_dict(), net.state_dict(prefix="net.", keep_vars=True)
        into = {"before": T.ones(1)}
        return (
            type(plain).__name__,
            numbers(plain),
            dict(plain._metadata),
            numbers(kept),
            [value.requires_grad for value in plain.values()],
            [value.requires_grad for value in kept.values()],
            list(net.state_dict(destination=into)) == list(into),
        )

    same(program)


def test_state_shares_memory():
    net = make_net(mg)
    net.state_dict()["count"].fill_(5)
    assert net.count.item() == 5


def load(change, **options):
    """Load the state of a net of twos, changed, into a net of ones; tell what is there then."""

    def program(T):
        net, other = make_net(T), make_net(T)
        for p in other.parameters():
            p.data.fill_(2)
        state = other.state_dict()
        state = change(T, state) or state
        answer = net.load_state_dict(state, **options)
        return answer, answer.missing_keys, answer.unexpected_keys, numbers(net.state_dict())

    return program


def test_load_state_dict():
    def drop(*names):
        return lambda T, state: [state.pop(name) for name in names] and None

    def more(T, state):
        state.update({name: T.ones(1) for name in ("stranger", "row.1.stranger", "row.9.x")})

    def wrong_shapes(T, state):
        state["count"], state["row.1.0.scale"] = T.ones(2, 2), T.ones(5)
        del state["first.mean"]
        state["stranger"] = T.ones(1)

    def no_tensors(T, state):
        state["count"] = 3.0

    same(
        story(
            load(lambda T, state: None),
            load(drop("count", "row.1.0.mean")),
            load(drop("count", "row.1.0.mean"), strict=False),
            load(more),
            load(more, strict=False),
            load(wrong_shapes),
            load(wrong_shapes, strict=False),
            load(no_tensors),
            load(lambda T, state: {"count": T.ones(1)}, strict=False),
            load(lambda T, state: [("count", T.ones(()))]),
            load(lambda T, state: None, assign=True),
        )
    )


@pytest.mark.parametrize("strict", [True, False])
def test_a_failed_load_changes_nothing(strict):
    net = make_net(mg)
    state = {name: value.clone().fill_(3) for name, value in net.state_dict().items()}
    state["row.1.0.scale"] = mg.ones(9)
    before = numbers(net.state_dict())
    with pytest.raises(RuntimeError, match=r"size mismatch for row\.1\.0\.scale"):
        net.load_state_dict(state, strict=strict)
    assert numbers(net.state_dict()) == before


def test_loading_in_place_or_by_assignment():
    def program(T):
        told = []
        for assign in (False, True):
            net = T.nn.Linear(2, 2)
            net.bias.requires_grad_(False)
            weight = net.weight
            state = {"weight": T.ones(2, 2, dtype=T.float64), "bias": T.zeros(2)}
            net.load_state_dict(state, assign=assign)
            told.append((net.weight is weight, net.weight.dtype, net.weight.requires_grad))
            told.append((type(net.weight).__name__, net.bias.requires_grad))
            state["weight"].fill_(7)
            told.append(net.weight.tolist())
        return told

    same(program)


def test_state_goes_to_torch_and_back():
    def net(T):
        return T.nn.Sequential(T.nn.Linear(3, 4), T.nn.Sequential(T.nn.Linear(4, 2, bias=False)))

    ours, theirs = net(mg), net(torch)
    theirs.load_state_dict({k: torch.from_numpy(v.numpy()) for k, v in ours.state_dict().items()})
    assert numbers(ours.state_dict()) == numbers(theirs.state_dict())
    fresh = net(mg)
    fresh.load_state_dict({k: mg.from_numpy(v.numpy()) for k, v in theirs.state_dict().items()})
    assert numbers(fresh.state_dict()) == numbers(ours.state_dict())


def test_extra_state():
    def program(T):
        class Net(T.nn.Module):
            epoch = 3

            def get_extra_state(self):
                return {"epoch": self.epoch}

            def set_extra_state(self, state):
                self.epoch = state["epoch"]

        outer = T.nn.Sequential(Net())
        state = outer.state_dict()
        outer[0].epoch = 0
        outer.load_state_dict(state)
        return (
            state,
            outer[0].epoch,
            story(lambda T: outer.load_state_dict({}))(T),
            story(lambda T: T.nn.Sequential(T.nn.Module()).load_state_dict(state))(T),
        )

    same(program)


def test_state_hooks():
    def program(T):
        net, told = make_net(T), []
        block = net.row[0]
        block.register_state_dict_pre_hook(lambda m, *given: told.append(("pre", *given)))
        handle = block.register_state_dict_post_hook(
            lambda m, state, prefix, meta: told.append(("post", list(state), prefix, meta))
        )
        net._register_state_dict_hook(lambda m, state, prefix, meta: OrderedDict(only=1))
        told.append(list(net.state_dict()))
        handle.remove()
        net.state_dict()
        block.register_load_state_dict_pre_hook(
            lambda m, state, prefix, meta, strict, missing, unexpected, errors: told.append(
                repr((type(m).__name__, list(state), prefix, strict, missing, unexpected, errors))
            )
        )
        block._register_load_state_dict_pre_hook(lambda *given: told.append(len(given)))
        net.register_load_state_dict_post_hook(lambda m, keys: told.append(repr(keys)))
        block.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
        told.append(story(lambda T: net.load_state_dict({"count": T.ones(())}))(T))
        told.append(net.load_state_dict({"count": T.ones(())}, strict=False))
        bad = T.nn.Module()
        bad.register_load_state_dict_post_hook(lambda m, keys: keys)
        bad.register_state_dict_post_hook(lambda *given: 1)
        told.append(story(lambda T: bad.load_state_dict({}), lambda T: bad.state_dict())(T))
        return told

    same(program)

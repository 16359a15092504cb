"""Containers against torch's: the same operations, chosen at random, tell the same story."""

from __future__ import annotations

import copy
from collections import OrderedDict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg

pytestmark = pytest.mark.usefixtures("torch_name")


def same(program):
    ours, theirs = repr(program(mg)), repr(program(torch))
    assert ours == theirs
    return theirs


def told(action, *args):
    """What an action answers, or its error."""
    try:
        return action(*args)
    except Exception as error:
        return type(error).__name__, str(error)


def leaf(T, i):
    """A module that can be told from others, also in print."""

    class Leaf(T.nn.Module):
        def __init__(self):
            super().__init__()
            self.number = i
            self.weight = T.nn.Parameter(T.full((1,), float(i)))

        def forward(self, x):
            return 2 * x + self.weight

        def extra_repr(self):
            return str(self.number % 2)

    return Leaf()


def look(net):
    return (
        str(net),
        [m.number for m in net],
        len(net),
        list(net._modules),
        list(net.state_dict()),
        [n for n in dir(net) if n.isdigit()],
    )


index = st.integers(-4, 4)
part = st.slices(4)
calls = st.one_of(
    st.tuples(st.sampled_from(["append"]), st.just(0)),
    st.tuples(st.sampled_from(["insert", "set", "del", "pop", "get"]), index),
    st.tuples(st.sampled_from(["del", "pop", "get"]), part),
    st.tuples(st.sampled_from(["extend", "add", "iadd"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["copy", "iterate", "wrong"]), st.just(0)),
    st.tuples(st.sampled_from(["mul", "imul", "rmul"]), st.integers(-1, 2)),
)


def apply_call(T, net, kind, numbers, what, how):
    """Do one thing to a container; the container to go on with."""
    if what == "append":
        assert net.append(leaf(T, next(numbers))) is net
    elif what == "insert":
        # torch's ModuleList loses its place for an index outside of it; here it inserts as a list does.
        if kind != "ModuleList" or 0 <= how <= len(net):
            net.insert(how, leaf(T, next(numbers)))
    elif what == "set":
        net[how] = leaf(T, next(numbers))
    elif what == "del":
        del net[how]
    elif what == "pop":
        found = net.pop(how)
        assert isinstance(found, T.nn.Module)
    elif what == "get":
        found = net[how]
        return copy.deepcopy(found) if isinstance(how, slice) else net
    elif what in ("extend", "add", "iadd"):
        more = getattr(T.nn, kind)()
        for _ in range(how):
            more.append(leaf(T, next(numbers)))
        if what == "extend":
            net.extend(more)
        elif what == "add":
            return net + more
        else:
            net += more
    elif what == "copy":
        return copy.deepcopy(net)
    elif what == "iterate":
        assert [*net] == list(net.children())
    elif what == "wrong":
        net.append(3)
    elif kind == "Sequential" and len(net) < 20:
        if what == "mul":
            return net * how
        if what == "rmul":
            return how * net
        net *= how
    return net


@pytest.mark.parametrize("kind", ["Sequential", "ModuleList"])
@given(calls=st.lists(calls, max_size=10))
def test_rows(kind, calls):
    def program(T):
        numbers, story = iter(range(1000)), []
        net = getattr(T.nn, kind)()
        for what, how in calls:
            answer = told(apply_call, T, net, kind, numbers, what, how)
            if isinstance(answer, T.nn.Module):
                net = answer
            else:
                story.append(answer)
            story.append(look(net))
        if kind == "Sequential":
            story.append(net(T.ones(1)).tolist())
        return story

    # The names of the packages' own classes stand in some errors.
    ours, theirs = (repr(program(T)) for T in (mg, torch))
    assert ours.replace("minigrad.", "torch.") == theirs


def test_module_list_inserts_as_a_list():
    for i in range(-5, 6):
        net, plain = mg.nn.ModuleList(leaf(mg, n) for n in range(3)), [0, 1, 2]
        net.insert(i, leaf(mg, 9))
        plain.insert(i, 9)
        assert [m.number for m in net] == plain
        assert list(net._modules) == ["0", "1", "2", "3"]


def test_sequential_with_names():
    def program(T):
        net = T.nn.Sequential(OrderedDict(first=leaf(T, 1), second=leaf(T, 2), third=leaf(T, 3)))
        story = [str(net), net.second.number, list(net[1:]._modules), net[-1].number]
        net[1] = leaf(T, 5)
        story.append(list(net.state_dict()))
        del net[0]
        return [*story, str(net), list(net._modules)]

    same(program)


def test_wrong_operands():
    def program(T):
        net = T.nn.Sequential(leaf(T, 1))
        return [
            told(lambda: net.__add__([leaf(T, 2)])),
            told(lambda: net.__iadd__([leaf(T, 2)])),
            told(lambda: T.nn.ModuleList(3)),
            told(lambda: T.nn.ModuleList().extend(3)),
            told(lambda: T.nn.ModuleList([3])),
            told(lambda: T.nn.Sequential(3)),
            told(lambda: net["first"]),
            told(lambda: net[1.5]),
            told(lambda: T.nn.ModuleList([leaf(T, 1)])(T.ones(1))),
            told(lambda: T.nn.ParameterList()(T.ones(1))),
            told(lambda: T.nn.ParameterDict()(T.ones(1))),
            told(lambda: T.nn.ParameterList(3)),
            told(lambda: T.nn.ParameterList(T.ones(3))),
            told(lambda: T.nn.ParameterList([T.ones(3)])[1]),
            told(lambda: T.nn.ModuleDict(3)),
            told(lambda: T.nn.ModuleDict([("a", leaf(T, 1), 3)])),
            told(lambda: T.nn.ModuleDict({"a.b": leaf(T, 1)})),
            told(lambda: T.nn.ModuleDict({"keys": leaf(T, 1)})),
            told(lambda: T.nn.ModuleDict({"a": 3})),
            told(lambda: T.nn.ModuleDict()["a"]),
            told(lambda: T.nn.ParameterDict([("a",)])),
            told(lambda: T.nn.ParameterDict({"keys": T.ones(1)})),
            told(lambda: T.nn.ParameterDict()["a"]),
        ]

    same(program)


# -------------------------------------------------------------------------------------- dicts
keys = st.sampled_from(["a", "b", "c"])
dict_calls = st.one_of(
    st.tuples(st.sampled_from(["set", "del", "pop", "get", "contains", "setdefault"]), keys),
    st.tuples(st.sampled_from(["clear", "copy", "popitem", "or", "ior", "fromkeys"]), st.just("")),
    st.tuples(st.sampled_from(["update", "pairs", "ordered"]), st.lists(keys, max_size=3)),
)


def apply_to_dict(T, net, make, what, how):
    ours = "Parameter" in type(net).__name__
    if what == "set":
        net[how] = make()
    elif what == "del":
        del net[how]
    elif what == "pop":
        net.pop(how)
    elif what == "get":
        return float(net[how].detach() if ours else net[how].weight.detach())
    elif what == "contains":
        return how in net
    elif what == "clear":
        net.clear()
    elif what == "copy":
        return copy.deepcopy(net)
    elif what in ("update", "pairs", "ordered"):
        pairs = [(key, make()) for key in how]
        net.update({"update": dict, "pairs": list, "ordered": OrderedDict}[what](pairs))
    elif ours:
        if what == "setdefault":
            return float(net.setdefault(how, make()).detach())
        if what == "popitem":
            return net.popitem()[0]
        other = T.nn.ParameterDict({"b": make(), "z": make()})
        if what == "or":
            return net | other
        if what == "ior":
            net |= other
        return list(net.fromkeys("xy", 3).items()), net.get("a") is None, list(reversed(net))
    return None


@pytest.mark.parametrize("kind", ["ModuleDict", "ParameterDict"])
@given(calls=st.lists(dict_calls, max_size=10))
def test_dicts(kind, calls):
    def program(T):
        numbers, story = iter(range(1000)), []
        net = getattr(T.nn, kind)()

        def make():
            i = next(numbers)
            return leaf(T, i) if kind == "ModuleDict" else T.full((1,), float(i))

        for what, how in calls:
            answer = told(apply_to_dict, T, net, make, what, how)
            if isinstance(answer, T.nn.Module):
                net = answer
            else:
                story.append(answer)
            state = [(k, v.tolist()) for k, v in net.state_dict().items()]
            story.append((str(net), list(net), list(net.keys()), len(net), state))
            story.append([type(v).__name__ for v in net.values()])
        return story

    same(program)


def test_parameter_lists():
    def program(T):
        net = T.nn.ParameterList([T.ones(2, 1), T.nn.Parameter(T.zeros(())), 3, "text"])
        net.append(T.full((1,), 4.0)).extend([T.zeros(0)])
        net += [T.nn.Parameter(T.ones(1), requires_grad=False)]
        story = [str(net), [type(p).__name__ for p in net], list(net.state_dict()), len(net)]
        net[0] = T.full((3,), 7.0)
        net[-1] = T.ones(2)
        story += [str(net), str(net[1:3]), net[-2].tolist(), [n for n in dir(net) if n.isdigit()]]
        other = copy.deepcopy(net)
        return [*story, str(other), other[0] is not net[0], len(list(other.parameters()))]

    same(program)

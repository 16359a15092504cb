"""Module against torch.nn.Module: the same program runs on both and must tell the same story."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections import OrderedDict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg

pytestmark = pytest.mark.usefixtures("torch_name")


def same(program):
    """Run a program on both packages: its answer, printed, must be the same text."""
    ours, theirs = repr(program(mg)), repr(program(torch))
    assert ours == theirs
    return theirs


def story(*actions):
    """A program that runs actions one after the other and tells each one's answer or error."""

    def program(T):
        told = []
        for action in actions:
            try:
                told.append(action(T))
            except Exception as error:
                told.append((type(error).__name__, str(error)))
        return told

    return program


def make_net(T):
    """A module with every kind of part, one parameter and one module there twice."""

    class Block(T.nn.Module):
        def __init__(self, n):
            super().__init__()
            self.scale = T.nn.Parameter(T.ones(n))
            self.register_parameter("nothing", None)
            self.register_buffer("mean", T.zeros(n))
            self.register_buffer("cache", T.ones(n), persistent=False)
            self.register_buffer("void", None)

        def forward(self, x):
            return x * self.scale

        def extra_repr(self):
            return f"n={self.scale.numel()}"

    class Net(T.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = Block(2)
            self.again = self.first
            self.row = T.nn.Sequential(Block(2), T.nn.Sequential(Block(2)))
            self.row[0].scale = self.first.scale
            self.gone = Block(2)
            self.gone = None
            self.count = T.nn.Parameter(T.tensor(1.0), requires_grad=False)

        def forward(self, x):
            return self.row(self.first(x)) * self.count

    return Net()


# ------------------------------------------------------------------------------ registering
def test_attributes_and_their_refusals():
    def fresh(T):
        net = T.nn.Module()
        net.p = T.nn.Parameter(T.ones(2))
        net.m = T.nn.Module()
        net.register_buffer("b", T.zeros(2))
        net.plain = 3
        return net

    cases = [
        lambda T: setattr(fresh(T), "p", T.ones(2)),
        lambda T: setattr(fresh(T), "p", 3),
        lambda T: setattr(fresh(T), "m", 3),
        lambda T: setattr(fresh(T), "m", T.ones(1)),
        lambda T: setattr(fresh(T), "b", 3),
        lambda T: setattr(fresh(T), "b", "text"),
        lambda T: fresh(T).register_parameter("plain", T.nn.Parameter(T.ones(1))),
        lambda T: fresh(T).register_parameter("a.b", T.nn.Parameter(T.ones(1))),
        lambda T: fresh(T).register_parameter("", T.nn.Parameter(T.ones(1))),
        lambda T: fresh(T).register_parameter(3, T.nn.Parameter(T.ones(1))),
        lambda T: fresh(T).register_parameter("q", T.ones(1)),
        lambda T: fresh(T).register_parameter("q", 3),
        lambda T: fresh(T).register_parameter("m", T.nn.Parameter(T.ones(1))),
        lambda T: fresh(T).register_parameter("forward", T.nn.Parameter(T.ones(1))),
        lambda T: setattr(fresh(T), "forward", T.nn.Parameter(T.ones(1))),
        lambda T: setattr(fresh(T), "a.b", T.nn.Parameter(T.ones(1))),
        lambda T: fresh(T).register_buffer("plain", T.ones(1)),
        lambda T: fresh(T).register_buffer("a.b", T.ones(1)),
        lambda T: fresh(T).register_buffer("", T.ones(1)),
        lambda T: fresh(T).register_buffer(None, T.ones(1)),
        lambda T: fresh(T).register_buffer("q", 3),
        lambda T: fresh(T).register_buffer("p", T.ones(1)),
        lambda T: fresh(T).add_module("plain", T.nn.Module()),
        lambda T: fresh(T).add_module("a.b", T.nn.Module()),
        lambda T: fresh(T).add_module("", T.nn.Module()),
        lambda T: fresh(T).add_module(3, T.nn.Module()),
        lambda T: fresh(T).add_module("q", 3),
        lambda T: fresh(T).register_module("q", None),
        lambda T: fresh(T).weigth,
        lambda T: delattr(fresh(T), "weigth"),
        lambda T: T.nn.Module(3),
        lambda T: T.nn.Module(size=3),
        lambda T: T.nn.Module()(1),
        lambda T: fresh(T).train(3),
    ]
    told = same(story(*cases))
    assert told.count("Error") >= len(cases) - 1


def test_a_non_leaf_is_no_parameter():
    def program(T):
        p = T.nn.Parameter(T.ones(2))
        doubled = p * 2
        doubled.__class__ = T.nn.Parameter
        net = T.nn.Module()
        net.register_parameter("p", doubled)

    same(story(program))


def test_before_init():
    def late(make):
        def program(T):
            class Net(T.nn.Module):
                def __init__(self):
                    make(T, self)

            return Net()

        return program

    same(
        story(
            late(lambda T, net: setattr(net, "a", T.nn.Module())),
            late(lambda T, net: setattr(net, "a", T.nn.Parameter(T.ones(1)))),
            late(lambda T, net: net.register_parameter("a", None)),
            late(lambda T, net: net.register_buffer("a", None)),
            late(lambda T, net: net.weigth),
        )
    )


KINDS = ["parameter", "buffer", "module", "plain", "none"]
NAMES = ["a", "b", "c"]
REGISTRIES = ["_parameters", "_buffers", "_modules"]


def value(T, kind):
    return {
        "parameter": lambda: T.nn.Parameter(T.ones(2)),
        "buffer": lambda: T.zeros(3),
        "module": type("Part", (T.nn.Module,), {}),
        "plain": lambda: 7,
        "none": lambda: None,
    }[kind]()


def fits(registry, kind):
    return (
        kind
        in {
            "_parameters": ("parameter", "none"),
            "_buffers": ("buffer", "none"),
            "_modules": ("module", "none"),
        }[registry]
    )


steps = st.one_of(
    st.tuples(st.just("set"), st.sampled_from(NAMES), st.sampled_from(KINDS)),
    st.tuples(st.just("del"), st.sampled_from(NAMES), st.just("")),
    st.tuples(st.just("register_parameter"), st.sampled_from(NAMES), st.sampled_from(KINDS)),
    st.tuples(st.just("register_buffer"), st.sampled_from(NAMES), st.sampled_from(KINDS)),
    st.tuples(st.just("hide"), st.sampled_from(NAMES), st.just("")),
    st.tuples(st.just("add_module"), st.sampled_from(NAMES), st.sampled_from(KINDS)),
    st.tuples(st.just("clear"), st.sampled_from(REGISTRIES), st.just("")),
    st.tuples(st.just("popitem"), st.sampled_from(REGISTRIES), st.just("")),
    st.tuples(st.just("copy"), st.just(""), st.just("")),
    st.tuples(
        st.sampled_from(["put", "pop", "update", "merge", "setdefault", "replace"]),
        st.sampled_from(REGISTRIES),
        st.tuples(st.sampled_from(NAMES), st.sampled_from(KINDS)),
    ),
)


def apply_step(T, net, step):
    what, where, how = step
    if what == "set":
        setattr(net, where, value(T, how))
    elif what == "del":
        delattr(net, where)
    elif what in ("register_parameter", "register_buffer", "add_module"):
        getattr(net, what)(where, value(T, how))
    elif what == "hide":
        net.register_buffer(where, T.ones(1), persistent=False)
    elif what in ("clear", "popitem"):
        getattr(getattr(net, where), what)()
    elif what == "copy":
        return copy.deepcopy(net)
    else:
        name, kind = how
        # In torch a plain attribute hides a part of its name: not so here, and not to be met.
        plain = name in net.__dict__ and not any(name in getattr(net, r) for r in REGISTRIES)
        if plain or not fits(where, kind):
            return net
        registry = getattr(net, where)
        if what == "put":
            registry[name] = value(T, kind)
        elif what == "pop":
            registry.pop(name, None)
        elif what == "update":
            registry.update({name: value(T, kind)})
        elif what == "merge":
            registry |= {name: value(T, kind)}
            setattr(net, where, registry)
        elif what == "setdefault":
            registry.setdefault(name, value(T, kind))
        else:
            setattr(net, where, OrderedDict({name: value(T, kind)}))
    return net


def look(T, net):
    """What every name shows, what stands where, and what is state."""
    shown = []
    for name in NAMES:
        try:
            found = getattr(net, name)
            stored = [r for r in REGISTRIES if name in getattr(net, r)]
            if stored:
                assert found is getattr(net, stored[0])[name]
            shown.append((name, type(found).__name__, name in dir(net), hasattr(net, name)))
        except AttributeError as error:
            shown.append((name, str(error)))
    return (
        shown,
        [(r, [(k, v is None) for k, v in getattr(net, r).items()]) for r in REGISTRIES],
        [list(p) for p in (net.state_dict(),)],
        [name for name, _ in net.named_parameters()],
        [name for name, _ in net.named_buffers()],
        [name for name, _ in net.named_children()],
    )


@given(st.lists(steps, max_size=12))
def test_attributes_and_registries_agree_whatever_is_done(steps):
    def program(T):
        net, told = T.nn.Module(), []
        for step in steps:
            try:
                net = apply_step(T, net, step)
            except Exception as error:
                told.append((type(error).__name__, str(error)))
            told.append(look(T, net))
        return told

    same(program)


def test_registries_are_dicts_that_can_be_written():
    net = mg.nn.Module()
    net._modules["block"] = mg.nn.Sequential()
    assert isinstance(net._modules, dict)
    assert net.block is net._modules["block"]
    # d2l's first editions key by the block itself.
    block = mg.nn.Sequential()
    net._modules[block] = block
    assert [*net._modules.values()] == [net.block, block]


def test_a_module_dies_with_its_last_reference():
    gc.disable()
    try:
        net = make_net(mg)
        dead = weakref.ref(net)
        del net
        assert dead() is None
    finally:
        gc.enable()


def test_a_failed_assignment_changes_nothing():
    net = mg.nn.Module()
    net.register_buffer("b", mg.zeros(2))
    for name, wrong in [("b", 3), ("forward", mg.nn.Parameter(mg.ones(1)))]:
        before = dict(net.__dict__)
        with pytest.raises((TypeError, KeyError)):
            setattr(net, name, wrong)
        assert net.__dict__ == before


# ------------------------------------------------------------------------------- walking
def test_names():
    def program(T):
        net = make_net(T)
        names = {}
        for method in ("parameters", "buffers"):
            for recurse in (True, False):
                for unique in (True, False):
                    named = getattr(net, "named_" + method)(
                        prefix="net", recurse=recurse, remove_duplicate=unique
                    )
                    names[method, recurse, unique] = [name for name, _ in named]
            names[method] = [tuple(t.shape) for t in getattr(net, method)()]
        for unique in (True, False):
            names["modules", unique] = [
                (name, type(m).__name__)
                for name, m in net.named_modules(prefix="net", remove_duplicate=unique)
            ]
        names["children"] = [name for name, _ in net.named_children()]
        names["types"] = [type(m).__name__ for m in net.modules()] + [
            type(m).__name__ for m in net.children()
        ]
        order = []
        names["apply"] = net.apply(lambda m: order.append(type(m).__name__)) is net, order
        names["dir"] = [n for n in dir(net) if n in ("first", "count", "row", "gone", "again")]
        return names

    same(program)


def test_paths():
    def at(method, *args):
        def program(T):
            found = getattr(make_net(T), method)(*args)
            return type(found).__name__

        return program

    def put(target, strict):
        def program(T):
            net = make_net(T)
            net.set_submodule(target, T.nn.Sequential(), strict=strict)
            return str(net)

        return program

    same(
        story(
            at("get_submodule", ""),
            at("get_submodule", "row.1.0"),
            at("get_submodule", "row.7"),
            at("get_submodule", "row.1.0.scale"),
            at("get_parameter", "row.1.0.scale"),
            at("get_parameter", "count"),
            at("get_parameter", "row.1.0.mean"),
            at("get_parameter", "row.1.0.other"),
            at("get_buffer", "row.1.0.mean"),
            at("get_buffer", "row.1.0.scale"),
            at("get_buffer", "other"),
            put("row.1.0", False),
            put("row.1.0", True),
            put("fresh", False),
            put("fresh", True),
            put("count", False),
            put("none.here", False),
            put("", False),
        )
    )


# ---------------------------------------------------------------------------------- state
def numbers(state):
    return [(name, value.tolist()) for name, value in state.items()]


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


# ----------------------------------------------------------------------------- converting
def test_conversions():
    def program(T):
        told = []
        for convert in (
            lambda net: net.double(),
            lambda net: net.half(),
            lambda net: net.float(),
            lambda net: net.to(T.float64),
            lambda net: net.to("cpu", T.float64),
            lambda net: net.to(dtype=T.float16),
            lambda net: net.to(device="cpu"),
            lambda net: net.to(T.ones(1, dtype=T.float64)),
            lambda net: net.type(T.float64),
            lambda net: net.cpu(),
            lambda net: net.to_empty(device="cpu"),
        ):
            net = T.nn.Linear(2, 1)
            net.register_buffer("count", T.tensor(3))
            net(T.ones(1, 2)).sum().backward()
            weight = net.weight
            told.append((convert(net) is net, net.weight is weight, type(net.weight).__name__))
            told.append([t.dtype for t in (net.weight, net.weight.grad, net.bias, net.count)])
            told.append([t.requires_grad for t in (net.weight, net.weight.grad)])
        return told

    same(program)


def test_refused_conversions_change_nothing():
    for wrong, error in [(mg.int64, TypeError), ("cuda", AssertionError), ("meta", RuntimeError)]:
        net = mg.nn.Linear(2, 1)
        before = net.weight.dtype
        with pytest.raises(error):
            net.to(wrong)
        assert net.weight.dtype == before
    same(story(lambda T: T.nn.Linear(2, 1).to(T.int64)))


def test_modes_and_gradients():
    def program(T):
        net = make_net(T)
        told = [net.training, net.eval() is net, [m.training for m in net.modules()]]
        told += [net.train() is net, [m.training for m in net.modules()]]
        net(T.ones(2)).sum().backward()
        grads = [p.grad is None for p in net.parameters()]
        net.zero_grad(set_to_none=False)
        told += [grads, [None if p.grad is None else p.grad.tolist() for p in net.parameters()]]
        net.zero_grad()
        told += [[p.grad for p in net.parameters()], net.requires_grad_(False) is net]
        return [*told, [p.requires_grad for p in net.parameters()]]

    same(program)


# -------------------------------------------------------------------------------- printing
def test_printed_form():
    def program(T):
        class Wordy(T.nn.Module):
            def extra_repr(self):
                return "one\ntwo"

        class Full(Wordy):
            def __init__(self):
                super().__init__()
                self.inner = T.nn.Sequential(Wordy(), T.nn.Sequential())
                self.none = T.nn.Module()
                self.none = None

        net = T.nn.ModuleList([make_net(T), T.nn.Sequential(), T.nn.Sequential(), Full()])
        return str(net), str(T.nn.Module()), str(Wordy()), str(make_net(T))

    same(program)


# --------------------------------------------------------------------------------- copying
class Pair(mg.nn.Module):
    """At module level, so that pickle finds it."""

    def __init__(self):
        super().__init__()
        self.a = mg.nn.Linear(2, 2)
        self.b = self.a
        self.w = self.a.weight
        self.register_buffer("hidden", mg.ones(1), persistent=False)
        self.note = ["text"]

    def forward(self, x):
        return self.b(self.a(x)) + self.w.sum()


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies(clone):
    net = Pair()
    net.b.register_forward_hook(double_output)
    other = clone(net)
    assert other.a is other.b is other._modules["a"]
    assert other.w is other.a.weight is other._parameters["w"]
    assert other.w is not net.w
    assert numbers(other.state_dict()) == numbers(net.state_dict())
    assert list(other.state_dict()) == list(net.state_dict())
    assert other.note == net.note
    assert other.note is not net.note
    x = mg.ones(3, 2)
    assert other(x).tolist() == net(x).tolist()
    other.w.data.fill_(0)
    assert net.w.abs().sum() > 0
    other.w = None
    assert other.w is None
    assert "w" not in other.state_dict()


def double_output(module, args, output):
    return output * 2


# --------------------------------------------------------------------------------- hooks
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

"""What all optimizers have, against torch's: groups, errors, hooks, printing, saving, copying."""

from __future__ import annotations

import copy
import inspect
import pickle
import warnings
from importlib import import_module

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.optim.twins import NAMES, Twins, same_structure, settings_of
from tests.stories import check

pytestmark = pytest.mark.usefixtures("torch_name")


def told(action):
    """What an action answers, or its error and warnings."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            answer = action()
        except Exception as error:
            return type(error).__name__, str(error)
    return answer, [str(warning.message) for warning in heard]


def weights(T, *shapes):
    return [T.nn.Parameter(T.ones(*shape)) for shape in shapes or [(2,), (3,)]]


@pytest.mark.parametrize("name", [*NAMES, "Adafactor", "LBFGS", "Muon", "Optimizer"])
def test_signature(name):
    ours, theirs = (inspect.signature(getattr(T.optim, name)) for T in (mg, torch))
    assert [(p.name, p.default, p.kind) for p in ours.parameters.values()] == [
        (p.name, p.default, p.kind) for p in theirs.parameters.values()
    ]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_repr_and_defaults(name, data):
    settings = data.draw(settings_of(name))
    ours, theirs = (getattr(T.optim, name)(weights(T), **settings) for T in (mg, torch))
    assert repr(ours) == repr(theirs)
    assert list(ours.defaults.items()) == list(theirs.defaults.items())
    assert list(ours.param_groups[0]) == list(theirs.param_groups[0])
    ours.add_param_group({"params": weights(mg), "lr": 0.5})
    theirs.add_param_group({"params": weights(torch), "lr": 0.5})
    assert repr(ours) == repr(theirs)


WRONG = {
    "nothing": lambda T: T.optim.SGD([]),
    "a tensor": lambda T: T.optim.SGD(T.ones(2)),
    "numbers": lambda T: T.optim.SGD([1.0]),
    "a string": lambda T: T.optim.SGD(["w"]),
    "no leaf": lambda T: T.optim.SGD([weights(T)[0] * 2]),
    "a set": lambda T: T.optim.SGD([{"params": set(weights(T))}]),
    "no dict": lambda T: T.optim.SGD(weights(T)).add_param_group(weights(T)),
    "no params": lambda T: T.optim.SGD([{"lr": 0.1}]),
    "twice": lambda T: T.optim.SGD(weights(T)[:1] * 2) and None,
    "in two groups": lambda T: (lambda w: T.optim.SGD([{"params": w}, {"params": w}]))(weights(T)),
    "some names": lambda T: T.optim.SGD([("a", weights(T)[0]), weights(T)[1]]),
    "one group's names": lambda T: T.optim.SGD(
        [{"params": [("a", weights(T)[0])]}, {"params": weights(T)}]
    ),
    "another group's names": lambda T: T.optim.SGD(
        [{"params": weights(T)}, {"params": [("a", weights(T)[0])]}]
    ),
    "rate": lambda T: T.optim.SGD(weights(T), lr=-1),
    "rate of two": lambda T: T.optim.SGD(weights(T), lr=T.ones(2)),
    "momentum": lambda T: T.optim.SGD(weights(T), momentum=-0.5),
    "decay": lambda T: T.optim.SGD(weights(T), weight_decay=-0.5),
    "nesterov": lambda T: T.optim.SGD(weights(T), nesterov=True),
    "nesterov dampened": lambda T: T.optim.SGD(
        weights(T), nesterov=True, momentum=0.5, dampening=0.1
    ),
    "fused and differentiable": lambda T: T.optim.SGD(weights(T), fused=True, differentiable=True),
    "fused and foreach": lambda T: T.optim.Adam(weights(T), fused=True, foreach=True),
    "tensor and foreach": lambda T: T.optim.Adam(weights(T), lr=T.tensor(0.1), foreach=True),
    "beta 0": lambda T: T.optim.Adam(weights(T), betas=(1.0, 0.9)),
    "beta 1": lambda T: T.optim.NAdam(weights(T), betas=(0.9, -1.0)),
    "betas of two kinds": lambda T: T.optim.Adam(weights(T), betas=(0.9, T.tensor(0.9))),
    "whole betas": lambda T: T.optim.Adam(weights(T), betas=(0, 0)),
    "betas and foreach": lambda T: T.optim.Adam(
        weights(T), betas=(T.tensor(0.9), T.tensor(0.9)), foreach=True
    ),
    "epsilon": lambda T: T.optim.RAdam(weights(T), eps=-1),
    "NaN": lambda T: T.optim.Adam(weights(T), eps=float("nan")),
    "momentum decay": lambda T: T.optim.NAdam(weights(T), momentum_decay=-1),
    "rho": lambda T: T.optim.Adadelta(weights(T), rho=1.5),
    "alpha": lambda T: T.optim.RMSprop(weights(T), alpha=-1),
    "momentum of RMSprop": lambda T: T.optim.RMSprop(weights(T), momentum=-1),
    "lr_decay": lambda T: T.optim.Adagrad(weights(T), lr_decay=-1),
    "accumulator": lambda T: T.optim.Adagrad(weights(T), initial_accumulator_value=-1),
    "etas": lambda T: T.optim.Rprop(weights(T), etas=(1.5, 1.2)),
    "decay of ASGD": lambda T: T.optim.ASGD(weights(T), weight_decay=-1),
    "no step": lambda T: T.optim.Optimizer(weights(T), {}).step(),
    "required": lambda T: T.optim.Optimizer(
        weights(T), {"lr": import_module(f"{T.__name__}.optim.optimizer").required}
    ),
    "groups to load": lambda T: T.optim.SGD(weights(T)).load_state_dict(
        {"state": {}, "param_groups": []}
    ),
    "parameters to load": lambda T: T.optim.SGD(weights(T)).load_state_dict(
        {"state": {}, "param_groups": [{"params": [0]}]}
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_errors(what):
    ours, theirs = told(lambda: WRONG[what](mg)), told(lambda: WRONG[what](torch))
    assert ours == theirs


def test_names():
    for T in (mg, torch):
        net = T.nn.Sequential(T.nn.Linear(2, 2), T.nn.Linear(2, 1, bias=False))
        optimizer = T.optim.SGD(net.named_parameters(), lr=0.1)
        names = ["0.weight", "0.bias", "1.weight"]
        assert optimizer.param_groups[0]["param_names"] == names
        assert optimizer.state_dict()["param_groups"][0]["param_names"] == names
        assert optimizer.param_groups[0]["params"][0] is net[0].weight
        plain = T.optim.SGD(net.parameters(), lr=0.1)
        plain.load_state_dict(optimizer.state_dict())
        assert plain.param_groups[0]["param_names"] == names
        optimizer.load_state_dict(T.optim.SGD(net.parameters(), lr=0.2).state_dict())
        assert optimizer.param_groups[0]["param_names"] == names
        assert optimizer.param_groups[0]["lr"] == 0.2


def test_a_tensor_that_keeps_its_gradient_may_be_optimized():
    for T in (mg, torch):
        y = T.ones(2, requires_grad=True) * 2
        assert not y.retains_grad
        y.retain_grad()
        assert y.retains_grad
        optimizer = T.optim.SGD([y], lr=0.5)
        y.sum().backward()
        optimizer.step()
        assert y.tolist() == [1.5, 1.5]


def test_a_failed_group_is_not_added():
    optimizer = mg.optim.SGD(weights(mg))
    group = {"params": optimizer.param_groups[0]["params"]}
    with pytest.raises(ValueError, match="more than one parameter group"):
        optimizer.add_param_group(group)
    assert len(optimizer.param_groups) == 1
    assert list(group) == ["params"]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_resuming(name, data):
    """Torch's state loads here, and a loaded state goes on as if nothing had been."""
    settings = data.draw(settings_of(name))
    shapes = [[(3,), (2, 2)], [(1,)]]
    groups = [{}, {"lr": 0.125}]
    old = Twins(name, groups, shapes, seed=1, **settings)
    for t in range(3):
        old.step({t})
    saved = copied(old.theirs.state_dict())
    new = Twins(name, groups, shapes, seed=2)
    for (_, mine, _), (_, others, _) in zip(new.sides, old.sides, strict=True):
        for p, q in zip(mine, others, strict=True):
            p.data.copy_(q.data)
    new.ours.load_state_dict(saved)
    new.theirs.load_state_dict(copy.deepcopy(old.theirs.state_dict()))
    assert new.ours.param_groups[0]["params"][0] is new.sides[0][1][0]
    for _ in range(3):
        new.step()
    new.check()


def copied(state):
    """A state of torch's with minigrad's tensors."""
    if isinstance(state, torch.Tensor):
        return mg.tensor(state.detach().numpy())
    if isinstance(state, dict):
        return {key: copied(value) for key, value in state.items()}
    return [copied(value) for value in state] if isinstance(state, list) else state


def test_loading_copies_and_casts():
    source = mg.optim.Adam(weights(mg))
    for p in source.param_groups[0]["params"]:
        p.grad = mg.ones(p.shape)
    source.step()
    saved = source.state_dict()
    w = [mg.nn.Parameter(mg.ones(n, dtype=mg.float64)) for n in (2, 3)]
    target = mg.optim.Adam(w)
    target.load_state_dict(saved)
    assert target.state[w[0]]["exp_avg"].dtype == mg.float64
    assert target.state[w[0]]["step"].dtype == mg.float32
    target.state[w[0]]["step"].fill_(9)
    assert saved["state"][0]["step"].item() == 1
    assert saved["param_groups"][0]["params"] == [0, 1]


def test_states_of_old_versions():
    for T in (mg, torch):
        optimizer = T.optim.Adam(weights(T))
        saved = optimizer.state_dict()
        for key in ("maximize", "foreach", "capturable", "differentiable", "fused", "amsgrad"):
            del saved["param_groups"][0][key]
        zeros = {"exp_avg": T.zeros(2), "exp_avg_sq": T.zeros(2)}
        saved["state"] = {0: {"step": 5, **zeros}, "other": 3}
        optimizer.load_state_dict(saved)
        step = optimizer.state[optimizer.param_groups[0]["params"][0]]["step"]
        assert (step.item(), str(step.dtype)) == (5.0, "torch.float32")
        assert optimizer.param_groups[0]["amsgrad"] is False
        assert optimizer.state["other"] == 3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies(name, how):
    """An optimizer copied with its parameters goes on by itself, and the same way."""
    net = mg.nn.Linear(3, 2)
    optimizer = getattr(mg.optim, name)(net.parameters(), lr=0.1)
    x = mg.ones(4, 3)

    def train(net, optimizer):
        optimizer.zero_grad()
        (net(x) ** 2).sum().backward()
        optimizer.step()

    train(net, optimizer)
    twin_net, twin = how((net, optimizer))
    assert repr(twin) == repr(optimizer)
    assert twin.param_groups[0]["params"][0] is twin_net.weight
    train(net, optimizer)
    train(twin_net, twin)
    assert mg.equal(net.weight, twin_net.weight)
    train(twin_net, twin)
    assert not mg.equal(net.weight, twin_net.weight)


def test_hooks_of_steps():
    def program(T):
        heard = []
        optimizer = T.optim.SGD(weights(T), lr=0.1)
        anywhere = import_module(f"{T.__name__}.optim.optimizer")
        handles = [
            optimizer.register_step_pre_hook(
                lambda o, a, k: heard.append(("pre", len(a), list(k)))
            ),
            optimizer.register_step_post_hook(
                lambda o, a, k: heard.append(("post", len(a), list(k)))
            ),
            anywhere.register_optimizer_step_pre_hook(lambda o, a, k: heard.append("all pre")),
            anywhere.register_optimizer_step_post_hook(lambda o, a, k: heard.append("all post")),
        ]
        optimizer.step()
        optimizer.step(lambda: 1)
        handles[0].remove()
        swap = optimizer.register_step_pre_hook(lambda o, a, k: (a, {"closure": lambda: 7}))
        heard.append(optimizer.step())
        for handle in (*handles, swap):
            handle.remove()
        optimizer.step()
        optimizer.register_step_pre_hook(lambda o, a, k: 3)
        heard.append(told(optimizer.step)[1].partition(">")[2])
        return [tuple(map(str, h)) if isinstance(h, tuple) else h for h in heard]

    assert program(mg) == program(torch)


def test_hooks_run_once_for_a_step_that_calls_its_parents():
    class Loud(mg.optim.SGD):
        def step(self, closure=None):
            heard.append("own")
            return super().step(closure)

    heard = []
    optimizer = Loud(weights(mg))
    optimizer.register_step_pre_hook(lambda *_: heard.append("hook"))
    optimizer.step()
    assert heard == ["hook", "own"]


def test_hooks_of_states():
    def program(T):
        heard = []
        optimizer = T.optim.SGD(weights(T), lr=0.1)

        def hook(name, answer=None):
            return lambda *args: (heard.append((name, len(args))), answer)[1]

        optimizer.register_state_dict_pre_hook(hook("before"))
        optimizer.register_state_dict_pre_hook(hook("first"), prepend=True)
        optimizer.register_state_dict_post_hook(hook("after"))
        optimizer.register_load_state_dict_post_hook(hook("loaded"))
        state = optimizer.state_dict()
        other = T.optim.SGD(weights(T), lr=0.7).state_dict()
        optimizer.register_load_state_dict_pre_hook(hook("loading", other))
        optimizer.load_state_dict(state)
        heard.append(optimizer.param_groups[0]["lr"])
        optimizer.register_state_dict_post_hook(hook("instead", {"x": 1}))
        heard.append(optimizer.state_dict())
        return heard

    assert program(mg) == program(torch)


def test_closure():
    """It runs with gradients; its loss is answered."""
    for T in (mg, torch):
        (w,) = weights(T, (2,))
        optimizer = T.optim.SGD([w], lr=0.1)

        def closure(T=T, w=w, optimizer=optimizer):
            assert T.is_grad_enabled()
            optimizer.zero_grad()
            loss = (w * w).sum()
            loss.backward()
            return loss

        with T.no_grad():
            loss = optimizer.step(closure)
            assert not T.is_grad_enabled()
        assert loss.item() == 2
        assert optimizer.step() is None


def test_zero_grad():
    for T in (mg, torch):
        a, b = weights(T)
        optimizer = T.optim.SGD([a, b])
        loss = (a**3).sum()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, of cycles through the graph
            loss.backward(create_graph=True)
        grad = a.grad
        optimizer.zero_grad(set_to_none=False)
        assert a.grad is grad
        assert (grad.tolist(), grad.requires_grad, b.grad) == ([0, 0], False, None)
        optimizer.zero_grad()
        assert a.grad is None


def test_a_users_optimizer():
    class Sign(mg.optim.Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        @mg.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.add_(p.grad.sign(), alpha=-group["lr"])

    (w,) = weights(mg, (2,))
    w.grad = mg.tensor([2.0, -3.0])
    optimizer = Sign([w])
    optimizer.step()
    np.testing.assert_allclose(w.detach().numpy(), [0.9, 1.1])


def test_states_share_their_structure_before_any_step():
    for name in NAMES:
        ours, theirs = (getattr(T.optim, name)(weights(T)) for T in (mg, torch))
        same_structure(ours.state_dict(), theirs.state_dict(), lambda a, b: None)


def test_a_wrapper_that_never_calls_the_constructor():
    def story(torch):
        class Lookahead(torch.optim.Optimizer):
            def __init__(self, base):
                self.base, self.param_groups, self.state = base, base.param_groups, base.state
                self.defaults, self.count = base.defaults, 0

            def step(self, closure=None):
                self.count += 1
                return self.base.step(closure)

        w = torch.nn.Parameter(torch.ones(2))
        optimizer = Lookahead(torch.optim.SGD([w], lr=0.5))
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
        for _ in range(3):
            w.grad = torch.ones(2)
            optimizer.step()
            schedule.step()
        return w, optimizer.count, schedule.get_last_lr(), optimizer

    check(story)

"""Schedules give torch's learning rates, and its momenta, states, errors and warnings."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg

pytestmark = pytest.mark.usefixtures("torch_name")

EPOCHS = 25
epochs = st.integers(1, 12)
factors = st.floats(0.1, 1.0)
rates = st.floats(1e-4, 1.0)
least = st.floats(0, 1e-3)


def half(epoch):
    return 0.5**epoch


def lower(epoch):
    return 1 / (1 + epoch)


cyclic = {
    "base_lr": least,
    "max_lr": rates,
    "step_size_up": epochs,
    "step_size_down": st.none() | epochs,
    "mode": st.sampled_from(["triangular", "triangular2", "exp_range"]),
    "gamma": factors,
    "scale_fn": st.none() | st.just(lower),
    "scale_mode": st.sampled_from(["cycle", "iterations"]),
    "cycle_momentum": st.booleans(),
    "base_momentum": st.floats(0.5, 0.8),
    "max_momentum": st.floats(0.8, 0.99),
}
one_cycle = {
    "max_lr": rates | st.lists(rates, min_size=2, max_size=2),
    "total_steps": st.integers(EPOCHS + 1, 60),
    "pct_start": st.floats(0.1, 0.45),
    "anneal_strategy": st.sampled_from(["cos", "linear"]),
    "cycle_momentum": st.booleans(),
    "base_momentum": st.floats(0.5, 0.8),
    "max_momentum": st.floats(0.8, 0.99),
    "div_factor": st.floats(1, 50),
    "final_div_factor": st.floats(1, 1e4),
    "three_phase": st.booleans(),
}
# What each schedule's arguments are drawn from.
ARGUMENTS: dict[str, dict[str, st.SearchStrategy]] = {
    "LambdaLR": {"lr_lambda": st.sampled_from([half, lower, [half, lower]])},
    "MultiplicativeLR": {"lr_lambda": st.sampled_from([lower, [half, lower]])},
    "StepLR": {"step_size": epochs, "gamma": factors},
    "MultiStepLR": {"milestones": st.lists(st.integers(0, 30), max_size=5), "gamma": factors},
    "ConstantLR": {"factor": factors, "total_iters": epochs},
    "LinearLR": {"start_factor": factors, "end_factor": st.floats(0, 1), "total_iters": epochs},
    "ExponentialLR": {"gamma": factors},
    "PolynomialLR": {"total_iters": epochs, "power": st.floats(0.5, 3)},
    "CosineAnnealingLR": {"T_max": epochs, "eta_min": least},
    "CosineAnnealingWarmRestarts": {"T_0": epochs, "T_mult": st.integers(1, 3), "eta_min": least},
    "CyclicLR": cyclic,
    "OneCycleLR": one_cycle,
}
NEEDED = ("lr_lambda", "step_size", "milestones", "gamma", "T_max", "T_0", "base_lr", "max_lr")


@st.composite
def arguments_of(draw, name):
    """Keyword arguments of one schedule, those with a default now and then left out."""
    table = ARGUMENTS[name]
    needed = {k: v for k, v in table.items() if k in NEEDED or k == "total_steps"}
    optional = {k: v for k, v in table.items() if k not in needed}
    return draw(st.fixed_dictionaries(needed, optional=optional))


def optimizer_of(T, adam=False, lr=0.5, **settings):
    groups = [{"params": [T.nn.Parameter(T.ones(2))]} for _ in range(2)]
    groups[1]["lr"] = 0.25
    if adam:
        return T.optim.Adam(groups, lr=lr)
    return T.optim.SGD(groups, lr=lr, momentum=0.9, **settings)


def settings_of(optimizer):
    """What schedules may have changed."""
    keys = ("lr", "momentum", "betas")
    found = [[group[k] for k in keys if k in group] for group in optimizer.param_groups]
    return [x for group in found for value in group for x in numbers(value)]


def numbers(value):
    return [float(x) for x in value] if isinstance(value, tuple) else [float(value)]


def alike(ours, theirs):
    assert ours == pytest.approx(theirs, rel=1e-11, abs=1e-14)


def run(schedules, steps, drive: Callable = lambda s, t: s.step()):
    """Drive our schedule and torch's, comparing at each epoch."""
    ours, theirs = schedules
    for t in range(steps):
        alike(settings_of(ours.optimizer), settings_of(theirs.optimizer))
        for schedule in schedules:
            schedule.optimizer.step()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                drive(schedule, t)
        alike(*([float(x) for x in s.get_last_lr()] for s in schedules))


def same_state(ours, theirs):
    def equal(a, b):
        alike(numbers(a), numbers(b))

    def flat(x):
        if isinstance(x, dict):
            return {k: flat(v) for k, v in x.items() if k != "_scale_fn_ref"}
        return [flat(v) for v in x] if isinstance(x, list | tuple) else x

    def compare(a, b):
        assert type(a) is type(b)
        if isinstance(b, dict):
            assert set(a) == set(b)
            for key in b:
                compare(a[key], b[key])
        elif isinstance(b, list):
            assert len(a) == len(b)
            for pair in zip(a, b, strict=True):
                compare(*pair)
        elif isinstance(b, float):
            equal(a, b)
        else:
            assert a == b

    compare(flat(ours.state_dict()), flat(theirs.state_dict()))


@pytest.mark.parametrize("name", [*ARGUMENTS, "ReduceLROnPlateau", "SequentialLR", "LRScheduler",
                                  "ChainedScheduler"])  # fmt: skip
def test_signature(name):
    ours, theirs = (getattr(T.optim.lr_scheduler, name) for T in (mg, torch))
    for method in ("__init__", "step"):
        found = [inspect.signature(getattr(side, method)).parameters for side in (ours, theirs)]
        a, b = ([(p.name, p.default, p.kind) for p in side.values()] for side in found)
        assert a == b


@pytest.mark.parametrize("name", ARGUMENTS)
@given(data=st.data())
def test_rates(name, data):
    arguments, adam = data.draw(arguments_of(name)), data.draw(st.booleans())
    schedules = [
        getattr(T.optim.lr_scheduler, name)(optimizer_of(T, adam), **arguments) for T in (mg, torch)
    ]
    run(schedules, EPOCHS)
    same_state(*schedules)


@pytest.mark.parametrize("name", ARGUMENTS)
@given(data=st.data())
def test_given_epochs(name, data):
    """In any order, and between two for warm restarts."""
    arguments = data.draw(arguments_of(name))
    if name == "CosineAnnealingWarmRestarts":
        chosen = st.floats(0, EPOCHS).map(lambda x: round(x, 2))
    else:
        chosen = st.integers(0, EPOCHS)
    order = data.draw(st.lists(chosen | st.none(), min_size=1, max_size=8))
    schedules = [
        getattr(T.optim.lr_scheduler, name)(optimizer_of(T), **arguments) for T in (mg, torch)
    ]
    run(schedules, len(order), lambda s, t: s.step(order[t]))


@pytest.mark.parametrize("name", ARGUMENTS)
@given(data=st.data())
def test_resuming(name, data):
    """Torch's state goes on here; so does a schedule that begins at a later epoch."""
    arguments, done = data.draw(arguments_of(name)), data.draw(st.integers(1, 9))
    theirs = getattr(torch.optim.lr_scheduler, name)(optimizer_of(torch), **arguments)
    for _ in range(done):
        theirs.optimizer.step()
        theirs.step()
    ours = getattr(mg.optim.lr_scheduler, name)(optimizer_of(mg), **arguments)
    saved = copy.deepcopy(theirs.state_dict())
    before = copy.deepcopy(saved)
    ours.load_state_dict(saved)
    assert saved.keys() == before.keys()
    ours.optimizer.load_state_dict(_groups_only(theirs.optimizer.state_dict()))
    ours.optimizer.step()
    run([ours, theirs], 5)
    later = []
    for T in (mg, torch):
        optimizer = optimizer_of(T)
        optimizer.load_state_dict(_groups_only(theirs.optimizer.state_dict()))
        later.append(getattr(T.optim.lr_scheduler, name)(optimizer, **arguments, last_epoch=done))
    run(later, 5)


def _groups_only(state):
    return {"state": {}, "param_groups": copy.deepcopy(state["param_groups"])}


@pytest.mark.parametrize("name", [n for n in ARGUMENTS if n not in ("CyclicLR", "OneCycleLR")])
def test_tensor_rates(name):
    """A rate that is a tensor is filled in place."""
    arguments = {
        "lr_lambda": lower, "step_size": 3, "milestones": [2, 4], "gamma": 0.5, "T_max": 4, "T_0": 3
    }  # fmt: skip
    arguments = {k: v for k, v in arguments.items() if k in ARGUMENTS[name]}
    found = []
    for T in (mg, torch):
        rate = T.tensor(0.5)
        optimizer = T.optim.SGD([T.nn.Parameter(T.ones(2))], lr=rate)
        schedule = getattr(T.optim.lr_scheduler, name)(optimizer, **arguments)
        found.append([])
        for _ in range(8):
            optimizer.step()
            schedule.step()
            assert optimizer.param_groups[0]["lr"] is rate
            assert schedule.get_last_lr()[0] is not rate
            found[-1].append(rate.item())
    assert found[0] == pytest.approx(found[1], rel=1e-5, abs=1e-8)


@given(data=st.data())
def test_plateau(data):
    arguments = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "mode": st.sampled_from(["min", "max"]),
                "factor": st.floats(0.1, 0.9),
                "patience": st.integers(0, 3),
                "threshold": st.floats(0, 0.3),
                "threshold_mode": st.sampled_from(["rel", "abs"]),
                "cooldown": st.integers(0, 3),
                "min_lr": st.floats(0, 0.2) | st.just([0.1, 0.2]),
                "eps": st.floats(0, 0.1),
            },
        )
    )
    metrics = data.draw(st.lists(st.integers(-4, 4), min_size=10, max_size=EPOCHS))
    schedules = [
        T.optim.lr_scheduler.ReduceLROnPlateau(optimizer_of(T), **arguments) for T in (mg, torch)
    ]
    run(schedules, len(metrics), lambda s, t: s.step(metrics[t]))
    same_state(*schedules)
    loaded = mg.optim.lr_scheduler.ReduceLROnPlateau(optimizer_of(mg))
    loaded.load_state_dict(schedules[1].state_dict())
    assert loaded.state_dict() == schedules[1].state_dict()


def test_plateau_and_new_groups():
    for T in (mg, torch):
        for least, fails in ((0.0, False), ([0.0, 0.0], True)):
            optimizer = optimizer_of(T)
            schedule = T.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=least)
            optimizer.add_param_group({"params": [T.nn.Parameter(T.ones(1))]})
            schedule.step(1.0)
            if fails:
                with pytest.raises(RuntimeError, match=r"\(3\) differs from when .* \(2\)"):
                    schedule.step(1.0)
            else:
                schedule.step(T.tensor(1.0))
                assert optimizer.param_groups[2]["lr"] == pytest.approx(0.05)


simple = [n for n in ARGUMENTS if n not in ("CyclicLR", "OneCycleLR")]


@given(data=st.data())
def test_one_after_another(data):
    names = data.draw(st.lists(st.sampled_from(simple), min_size=1, max_size=3))
    arguments = [data.draw(arguments_of(name)) for name in names]
    marks = data.draw(
        st.lists(st.integers(1, 15), min_size=len(names) - 1, max_size=len(names) - 1, unique=True)
    )
    schedules = []
    for T in (mg, torch):
        optimizer, L = optimizer_of(T), T.optim.lr_scheduler
        parts = [getattr(L, n)(optimizer, **a) for n, a in zip(names, arguments, strict=True)]
        schedules.append(L.SequentialLR(optimizer, parts, sorted(marks)))
    run(schedules, EPOCHS)
    same_state(*schedules)
    optimizer, L = optimizer_of(mg), mg.optim.lr_scheduler
    parts = [getattr(L, n)(optimizer, **a) for n, a in zip(names, arguments, strict=True)]
    loaded = L.SequentialLR(optimizer, parts, sorted(marks))
    loaded.load_state_dict(schedules[0].state_dict())
    same_state(loaded, schedules[1])


@given(data=st.data())
def test_all_at_once(data):
    names = data.draw(st.lists(st.sampled_from(simple), min_size=1, max_size=3))
    arguments = [data.draw(arguments_of(name)) for name in names]
    schedules = []
    for T in (mg, torch):
        optimizer, L = optimizer_of(T), T.optim.lr_scheduler
        parts = [getattr(L, n)(optimizer, **a) for n, a in zip(names, arguments, strict=True)]
        schedules.append(L.ChainedScheduler(parts))
    run(schedules, EPOCHS)
    same_state(*schedules)


def test_sequences_of_sequences():
    schedules = []
    for T in (mg, torch):
        optimizer, L = optimizer_of(T), T.optim.lr_scheduler
        inner = L.SequentialLR(
            optimizer, [L.ConstantLR(optimizer), L.ExponentialLR(optimizer, 0.5)], [2]
        )
        outer = [L.ChainedScheduler([L.StepLR(optimizer, 2), inner]), L.LinearLR(optimizer)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a chain has made its first step already
            schedules.append(L.SequentialLR(optimizer, outer, [6]))
    run(schedules, 12)


def test_objects_as_functions():
    """Their attributes are saved, plain functions are not."""

    class Falls:
        def __init__(self, by):
            self.by = by

        def __call__(self, epoch):
            return self.by**epoch

    for T in (mg, torch):
        L = T.optim.lr_scheduler
        schedule = L.LambdaLR(optimizer_of(T), [Falls(0.5), half])
        state = schedule.state_dict()
        assert state["lr_lambdas"] == [{"by": 0.5}, None]
        other = L.LambdaLR(optimizer_of(T), [Falls(0.1), half])
        other.load_state_dict(state)
        assert other.lr_lambdas[0].by == 0.5
        schedule = L.CyclicLR(optimizer_of(T), 0.1, 1.0, scale_fn=Falls(0.5))
        assert schedule.state_dict()["_scale_fn_custom"] == {"by": 0.5}


class Halves(mg.optim.lr_scheduler.LRScheduler):
    """A user's schedule."""

    def get_lr(self):
        return [base * 0.5**self.last_epoch for base in self.base_lrs]


def test_a_users_schedule():
    schedule = Halves(optimizer_of(mg))
    schedule.optimizer.step()
    schedule.step()
    assert schedule.get_last_lr() == [0.25, 0.125]


WRONG = {
    "no optimizer": lambda L, o: L.StepLR(3, 1),
    "too few functions": lambda L, o: L.LambdaLR(o, [half]),
    "no function": lambda L, o: L.MultiplicativeLR(o, 0.5),
    "constant factor": lambda L, o: L.ConstantLR(o, factor=1.5),
    "start factor": lambda L, o: L.LinearLR(o, start_factor=0),
    "end factor": lambda L, o: L.LinearLR(o, end_factor=2),
    "T_0": lambda L, o: L.CosineAnnealingWarmRestarts(o, 0),
    "T_mult": lambda L, o: L.CosineAnnealingWarmRestarts(o, 1, 0.5),
    "eta_min": lambda L, o: L.CosineAnnealingWarmRestarts(o, 1, eta_min="a"),
    "negative epoch": lambda L, o: L.CosineAnnealingWarmRestarts(o, 1).step(-1),
    "rates": lambda L, o: L.CyclicLR(o, [0.1], 1),
    "mode": lambda L, o: L.CyclicLR(o, 0.1, 1, mode="round"),
    "steps": lambda L, o: L.OneCycleLR(o, 1),
    "total steps": lambda L, o: L.OneCycleLR(o, 1, total_steps=0),
    "epochs": lambda L, o: L.OneCycleLR(o, 1, epochs=-1, steps_per_epoch=2),
    "steps per epoch": lambda L, o: L.OneCycleLR(o, 1, epochs=1, steps_per_epoch=0.5),
    "pct_start": lambda L, o: L.OneCycleLR(o, 1, total_steps=9, pct_start=1),
    "strategy": lambda L, o: L.OneCycleLR(o, 1, total_steps=9, anneal_strategy="sin"),
    "plateau's factor": lambda L, o: L.ReduceLROnPlateau(o, factor=1.0),
    "plateau's mode": lambda L, o: L.ReduceLROnPlateau(o, mode="mean"),
    "plateau's threshold": lambda L, o: L.ReduceLROnPlateau(o, threshold_mode="some"),
    "plateau's rates": lambda L, o: L.ReduceLROnPlateau(o, min_lr=[0.1]),
    "plateau's optimizer": lambda L, o: L.ReduceLROnPlateau(None),
    "no schedules": lambda L, o: L.SequentialLR(o, [], []),
    "milestones": lambda L, o: L.SequentialLR(o, [L.StepLR(o, 1)], [1]),
    "plateau in a sequence": lambda L, o: L.SequentialLR(o, [L.ReduceLROnPlateau(o)], []),
    "no schedule": lambda L, o: L.SequentialLR(o, [3], []),
    "nothing to chain": lambda L, o: L.ChainedScheduler([]),
    "plateau in a chain": lambda L, o: L.ChainedScheduler([L.ReduceLROnPlateau(o)], o),
    "base class": lambda L, o: L.LRScheduler(o),
}


@pytest.mark.parametrize("what", WRONG)
def test_errors(what):
    found = []
    for T in (mg, torch):
        with pytest.raises((TypeError, ValueError, NotImplementedError)) as caught:
            WRONG[what](T.optim.lr_scheduler, optimizer_of(T))
        found.append((caught.type, str(caught.value)))
    assert found[0] == found[1]


def test_errors_of_other_optimizers():
    for T in (mg, torch):
        L = T.optim.lr_scheduler
        with pytest.raises(ValueError, match="expects all schedulers to belong to the same"):
            L.ChainedScheduler([L.StepLR(optimizer_of(T), 1), L.StepLR(optimizer_of(T), 1)])
        plain = T.optim.Adagrad([T.nn.Parameter(T.ones(1))])
        with pytest.raises(ValueError, match="must support momentum or beta1"):
            L.OneCycleLR(plain, 1, total_steps=5)
        with pytest.raises(KeyError, match="param 'initial_lr' is not specified in param_groups"):
            L.StepLR(optimizer_of(T), 1, last_epoch=3)
        schedule = L.OneCycleLR(optimizer_of(T), 1, total_steps=2)
        schedule.optimizer.step()
        schedule.step()
        schedule.step()
        with pytest.raises(ValueError, match="Tried to step 3 times"):
            schedule.step()


def heard(action):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    return [(w.category, str(w.message).partition(". ")[0]) for w in caught]


def test_warnings():
    def before_any_step(T):
        T.optim.lr_scheduler.StepLR(optimizer_of(T), 1).step()

    def after_an_earlier_step(T):
        optimizer = optimizer_of(T)
        optimizer.step()
        T.optim.lr_scheduler.StepLR(optimizer, 1).step()

    def in_order(T):
        schedule = T.optim.lr_scheduler.StepLR(optimizer_of(T), 1)
        schedule.optimizer.step()
        schedule.step()

    def replaced(T):
        schedule = T.optim.lr_scheduler.StepLR(optimizer_of(T), 1)
        schedule.optimizer.step = lambda: None
        schedule.step()

    def with_epoch(T):
        schedule = T.optim.lr_scheduler.StepLR(optimizer_of(T), 1)
        schedule.optimizer.step()
        schedule.step(3)

    def asking(T):
        T.optim.lr_scheduler.StepLR(optimizer_of(T), 1).get_lr()

    for action in (before_any_step, after_an_earlier_step, in_order, replaced, asking):
        assert heard(lambda a=action: a(mg)) == heard(lambda a=action: a(torch))
    assert [category for category, _ in heard(lambda: with_epoch(mg))] == [UserWarning]


def test_copies():
    schedule = mg.optim.lr_scheduler.CosineAnnealingLR(optimizer_of(mg), 5)
    twin = copy.deepcopy(schedule)
    twin.optimizer.step()
    twin.step()
    assert twin.get_last_lr() != schedule.get_last_lr()

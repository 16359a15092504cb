"""What holds for every op of the table: torch's values and gradients, and good manners.

Oracles are torch (any numbers, ties and edges among them) and finite differences along random
directions (numbers well apart, in float64, first and second order).
"""

from __future__ import annotations

import contextlib
import functools
import sys
import warnings

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import minigrad
from minigrad import _tape

from . import strategies as our
from .cases import Constant, Fill
from .optable import TABLE

ROWS = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.id)
SMOOTH = pytest.mark.parametrize(
    "row", [row for row in TABLE if row.smooth], ids=lambda row: row.id
)
KINDS = {"f": our.FLOATS, "i": ("int64", "int32", "int8"), "u": ("uint8",), "b": ("bool",)}


# ---------------------------------------------------------------------- calling both packages
def fetch(package, path):
    return functools.reduce(getattr, path.split("."), package)


def to_ours(array, grad):
    tensor = minigrad.from_numpy(array)
    return tensor.requires_grad_() if grad and array.dtype.kind == "f" else tensor


def to_torch(array, grad):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of arrays that are not writable
        tensor = torch.from_numpy(array)
    return tensor.requires_grad_() if grad and array.dtype.kind == "f" else tensor


class Call:
    """One call of a row's op in one package: its leaves, and what it answers."""

    def __init__(self, row, case, ours, grad=False):
        self.leaves = []
        self.convert = functools.partial(to_ours if ours else to_torch, grad=grad)
        args, kwargs = self._tensors(case.args), self._tensors(case.kwargs)
        own = row.call or fetch(minigrad if ours else torch, row.name)
        call = own if ours else row.twin or own
        self.inputs, self.ours = args, ours
        self.again = functools.partial(call, *args, **kwargs)
        self.answer = self.again()
        self.outputs = flat(self.answer)

    def _tensors(self, given):
        if isinstance(given, Constant):
            return self.convert(given.array, grad=False)
        if isinstance(given, np.ndarray):
            tensor = self.convert(given)
            if tensor.requires_grad:
                self.leaves.append(tensor)
            return tensor
        if isinstance(given, tuple | list):
            return type(given)(map(self._tensors, given))
        if isinstance(given, dict):
            return {name: self._tensors(value) for name, value in given.items()}
        return given

    def backward(self, outputs, gradients):
        convert = to_ours if self.ours else to_torch
        package = minigrad if self.ours else torch
        package.autograd.backward(outputs, [convert(g, False) for g in gradients])


def flat(answer):
    return list(answer) if isinstance(answer, tuple | list) else [answer]


def arrays_in(given):
    """Every array among a case's arguments."""
    if isinstance(given, Constant):
        return [given.array]
    if isinstance(given, np.ndarray):
        return [given]
    if isinstance(given, dict):
        given = list(given.values())
    if isinstance(given, tuple | list):
        return [array for item in given for array in arrays_in(item)]
    return []


@contextlib.contextmanager
def unchanged(*arrays):
    """Fail if any of the arrays is written to."""
    before = [array.copy() for array in arrays]
    yield
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old, err_msg="an argument was written to")


@contextlib.contextmanager
def quiet_torch():
    """Mute the warnings by which torch announces what it will change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def in_both(row, case, grad=False):
    """The calls of an op here and in torch; two Nones if torch refuses, and we do alike."""
    try:
        with quiet_torch():
            theirs = Call(row, case, ours=False, grad=grad)
    except Exception as error:
        with pytest.raises(kind_of(error)):
            Call(row, case, ours=True, grad=grad)
        return None, None
    return Call(row, case, ours=True, grad=grad), theirs


def kind_of(error):
    """The exception of Python's that torch's own is a kind of."""
    return next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")


def assert_close(ours, theirs, slack, what, inputs=()):
    """Same shape, same dtype, same values up to rounding, same NaNs and infinities.

    Rounding is that of the coarsest dtype among the answer's and the inputs'.
    """
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape, f"{what}: shape {ours.shape}, torch's is {theirs.shape}"
    assert ours.dtype == theirs.dtype, f"{what}: dtype {ours.dtype}, torch's is {theirs.dtype}"
    if theirs.dtype.kind == "f":
        floats = [array.dtype for array in (theirs, *inputs) if array.dtype.kind == "f"]
        tolerance = 8 * slack * max(np.finfo(dtype).eps for dtype in floats)
        scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=1.0)
        np.testing.assert_allclose(
            ours, theirs, rtol=4 * tolerance, atol=tolerance * scale, err_msg=what
        )
    else:
        np.testing.assert_array_equal(ours, theirs, err_msg=what)


def example(data, row, kinds, smooth=False):
    """A case of the row, its inputs of dtypes of these kinds."""
    dtypes = [dtype for kind in kinds for dtype in KINDS[kind]] if not smooth else ["float64"]
    return row.case(data.draw, Fill(data.draw, row, dtypes, smooth))


# ---------------------------------------------------------------------- against torch
@ROWS
@given(data=st.data())
def test_values(row, data):
    """Values, shapes, dtypes and refusals are torch's, and so is which answers are views.

    Inputs stay as they are.
    """
    case = example(data, row, row.kinds)
    inputs = arrays_in([case.args, case.kwargs])
    with unchanged(*inputs):
        ours, theirs = in_both(row, case)
    if theirs is None:
        return
    assert len(ours.outputs) == len(theirs.outputs)
    assert isinstance(ours.answer, tuple) == isinstance(theirs.answer, tuple)
    for mine, twin in zip(ours.outputs, theirs.outputs, strict=True):
        assert type(mine) is minigrad.Tensor
        assert_close(mine.array, twin, row.slack, "value")
        for array in inputs:  # of which both packages' inputs are views
            is_view = np.may_share_memory(mine.array, array)
            if row.views and array.size and mine.array.size:
                assert is_view == np.may_share_memory(twin.numpy(), array), f"a view: {is_view}"


@SMOOTH
@given(data=st.data())
def test_gradients(row, data):
    """Gradients are torch's, share no memory with anything, and leave inputs and g as they are.

    Everything is called twice and the gradients are sent through both at once, so that they
    accumulate; and sent once more, so that they add to those already there.
    """
    case = example(data, row, "f", smooth=not row.ties)
    ours, theirs = in_both(row, case, grad=True)
    if theirs is None or not theirs.leaves:
        return
    live = [i for i, twin in enumerate(theirs.outputs) if twin.requires_grad]
    assert live == [i for i, mine in enumerate(ours.outputs) if mine.requires_grad]
    if not live:
        return
    gs = [gradient_for(data, theirs.outputs[i]) for i in live]
    inputs = arrays_in([case.args, case.kwargs])
    with unchanged(*inputs, *gs):
        for call in ours, theirs:
            twice = [call.outputs[i] for i in live] + [flat(call.again())[i] for i in live]
            call.backward(twice, gs + gs)
        for mine, twin in zip(ours.leaves, theirs.leaves, strict=True):
            assert (mine.grad is None) == (twin.grad is None)
            if twin.grad is not None:
                assert_close(mine.grad.array, twin.grad, 4 * row.slack, "gradient", inputs)
        found = [leaf.grad.array for leaf in ours.leaves if leaf.grad is not None]
        once = [grad.copy() for grad in found]
        answers = [out.array for out in ours.outputs]
        assert_no_shared_memory(found, [*inputs, *gs, *answers])
        ours.backward([flat(ours.again())[i] for i in live], gs)
        now = [leaf.grad.array for leaf in ours.leaves if leaf.grad is not None]
        for grad, first in zip(now, once, strict=True):
            np.testing.assert_allclose(grad, 1.5 * first, rtol=1e-5, atol=1e-5)


def gradient_for(data, out):
    """A gradient for an output of torch's, with strides of its own."""
    dtype = str(out.dtype).removeprefix("torch.")
    drawn = our.numbers(tuple(out.shape), dtype, data.draw(our.seeds), -1.0, 1.0)
    return data.draw(our.restrided(drawn))


def assert_no_shared_memory(gradients, others):
    for i, grad in enumerate(gradients):
        for other in [*gradients[:i], *others]:
            assert not np.shares_memory(grad, other), "a gradient shares memory"


@ROWS
@given(data=st.data())
def test_arrays_in_arrays_out(row, data):
    """The ops that a call records answer arrays, with the same values, when given arrays."""
    case = example(data, row, "f" if "f" in row.kinds else row.kinds)
    ours, theirs = in_both(row, case)
    if theirs is None:
        return
    with recorded_ops() as record:
        ours.again()
    for name, args, kwargs, answer in record:
        with np.errstate(all="ignore"):
            again = _tape.primitives[name](*args, **kwargs)
        for mine, expected in zip(flat(again), answer, strict=True):
            assert isinstance(mine, np.ndarray | np.generic), f"{name} answers {type(mine)}"
            np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-5, err_msg=name)


@contextlib.contextmanager
def recorded_ops():
    """Note every primitive that is applied meanwhile: (its name, arguments, answer)."""
    record = []

    def spied(name, forward):
        @functools.wraps(forward)
        def spy(*args, **kwargs):
            before = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
            answer = forward(*args, **kwargs)
            record.append((name, before, kwargs, [np.copy(a) for a in flat(answer)]))
            return answer

        return spy

    with pytest.MonkeyPatch.context() as patch:
        for name, op in _tape.primitives.items():
            if "forward" in op.__code__.co_freevars:  # an op of any number of tensors
                place = op.__code__.co_freevars.index("forward")
                cell = op.__closure__[place]
                patch.setattr(cell, "cell_contents", spied(name, cell.cell_contents))
            else:
                patch.setitem(op.__globals__, "forward", spied(name, op.__globals__["forward"]))
        yield record


# ---------------------------------------------------------------------- against finite differences
STEP = 1e-6


@SMOOTH
@given(data=st.data())
def test_first_derivatives(row, data):
    """Along a random direction, the answer changes as the gradients say."""
    case = example(data, row, "f", smooth=True)
    ours, _ = in_both(row, case, grad=True)
    if ours is None or not any(out.requires_grad for out in ours.outputs):
        return
    rng = np.random.default_rng(data.draw(our.seeds))
    gs = weights_for(ours.outputs, rng)

    def value():
        return weighed(flat(ours.again()), gs).item()

    gradients = slopes(weighed(ours.outputs, gs), ours.leaves)
    check_direction(value, ours.leaves, gradients, rng)


@SMOOTH
@given(data=st.data())
def test_second_derivatives(row, data):
    """Along a random direction in inputs and g, the gradients change as their gradients say."""
    case = example(data, row, "f", smooth=True)
    ours, _ = in_both(row, case, grad=True)
    if ours is None or not any(out.requires_grad for out in ours.outputs):
        return
    rng = np.random.default_rng(data.draw(our.seeds))
    gs = [g.requires_grad_() for g in weights_for(ours.outputs, rng)]
    weights = None

    def gradients(create_graph):
        total = weighed(flat(ours.again()), gs)
        return slopes(total, ours.leaves, create_graph)

    def value():
        found = gradients(create_graph=False)
        return sum(float((w.array * g.array).sum()) for w, g in zip(weights, found, strict=True))

    recorded = gradients(create_graph=True)
    weights = weights_for(recorded, rng)
    total = weighed(recorded, weights)
    variables = [*ours.leaves, *gs]
    if total.requires_grad:
        check_direction(value, variables, slopes(total, variables), rng)
    else:
        check_direction(value, variables, [zeros_like(v) for v in variables], rng)


def zeros_like(tensor):
    return minigrad.from_numpy(np.zeros_like(tensor.array))


def weights_for(outputs, rng):
    """Random weights for the outputs; an output of another kind than float has none."""
    return [
        minigrad.from_numpy(np.asarray(rng.uniform(-1, 1, out.shape)))
        for out in outputs
        if out.array.dtype.kind == "f"
    ]


def weighed(outputs, weights):
    """The sum of all outputs' elements, each times its weight."""
    floats = [out for out in outputs if out.array.dtype.kind == "f"]
    total = minigrad.from_numpy(np.zeros(()))
    for out, weight in zip(floats, weights, strict=True):
        total = total + (out * weight).sum()
    return total


def slopes(total, variables, create_graph=False):
    """The gradients of a total; zeros for what it does not depend on."""
    found = minigrad.autograd.grad(total, variables, create_graph=create_graph, allow_unused=True)
    pairs = zip(found, variables, strict=True)
    return [zeros_like(v) if g is None else g for g, v in pairs]


def check_direction(value, variables, gradients, rng):
    """Central difference of ``value()`` along a random direction against the gradients."""
    directions = [rng.standard_normal(v.shape) for v in variables]
    homes = [v.array.copy() for v in variables]
    ends = []
    for sign in 1, -1:
        for v, home, direction in zip(variables, homes, directions, strict=True):
            v.array[...] = home + sign * STEP * direction
        ends.append(value())
    for v, home in zip(variables, homes, strict=True):
        v.array[...] = home
    measured = (ends[0] - ends[1]) / (2 * STEP)
    terms = [(g.array * d).ravel() for g, d in zip(gradients, directions, strict=True)]
    terms = np.concatenate([*terms, [0.0]])
    if not np.isfinite([*ends, terms.sum()]).all():  # the mean of nothing is NaN
        assert any(v.numel() == 0 for v in variables)
        return
    scale = np.abs(terms).sum() + abs(ends[0]) + 1
    assert abs(measured - terms.sum()) <= 1e-6 * scale, (measured, terms.sum())


# ---------------------------------------------------------------------- the table itself


def test_every_op_has_a_row(capsys):
    """Each primitive is applied by some row, by its call or on the way to its gradients."""

    @settings(max_examples=15, derandomize=True, database=None, phases=[Phase.generate])
    @given(data=st.data())
    def run(row, data):
        case = example(data, row, "f" if row.smooth else row.kinds)
        with contextlib.suppress(Exception):
            call = Call(row, case, ours=True, grad=row.smooth)
            if row.smooth and call.leaves:
                rng = np.random.default_rng(0)
                gs = [g.requires_grad_() for g in weights_for(call.outputs, rng)]
                first = slopes(weighed(call.outputs, gs), call.leaves, create_graph=True)
                slopes(weighed(first, weights_for(first, rng)), [*call.leaves, *gs])

    with recorded_ops() as record:
        for row in TABLE:
            run(row)
    ops = set(_tape.primitives)
    ops.remove("same")  # the engine's, for ops with a composite: see test_autograd.py
    missing = sorted(ops - {name for name, *_ in record})
    with capsys.disabled():
        sys.stdout.write(f" {len(ops)} ops, {len(TABLE)} rows ")
    assert not missing, f"ops without a row in tests/optable.py: {missing}"

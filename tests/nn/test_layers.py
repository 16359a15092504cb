"""Every layer against torch's of that name: arguments, print, first values, answers, gradients."""

from __future__ import annotations

import copy
import inspect
import pickle
import warnings

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad.nn.module import Module
from tests.nn.layer_rows import ROWS

pytestmark = [
    pytest.mark.usefixtures("torch_name"),
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths"),
]

vector_torch = pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"),
    reason="torch's numbers differ on this processor",
)


every_row = pytest.mark.parametrize("row", ROWS, ids=str)


def layers():
    """The classes of layers that minigrad.nn has, containers, bases and losses aside."""
    found = [getattr(mg.nn, name) for name in mg.nn.__all__]
    return {
        c.__name__
        for c in found
        if inspect.isclass(c)
        and issubclass(c, Module)
        and "container" not in c.__module__
        and ".loss" not in c.__module__
        and c.__name__ not in ("Module", "LazyModuleMixin")
    }


def test_every_layer_has_a_row():
    # Unpooling, embeddings and the adaptive softmax take indices, DataParallel a module, CrossMapLRN2d has gradients
    # of its own: they have tests of their own.
    indexed = {
        "DataParallel",
        "AdaptiveLogSoftmaxWithLoss",
        "Embedding",
        "EmbeddingBag",
        "CrossMapLRN2d",
        *(f"MaxUnpool{n}d" for n in (1, 2, 3)),
    }
    assert layers() == {row.name for row in ROWS} | indexed


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("arguments", [(2,), (3, 2), (3, 2, 1)])
def test_unpooling(n, arguments):
    array = np.random.default_rng(0).permutation(2 * 7**n).astype(np.float32)
    told = []
    for T in (mg, torch):
        pool = getattr(T.nn, f"MaxPool{n}d")(*arguments, return_indices=True)
        unpool = getattr(T.nn, f"MaxUnpool{n}d")(*arguments)
        x = T.from_numpy(array.reshape(1, 2, *(7,) * n)).requires_grad_()
        values, indices = pool(x)
        y = unpool(values, indices, output_size=x.shape)
        (y * y).sum().backward()
        told.append((repr(unpool), indices.tolist(), y.tolist(), x.grad.tolist()))
    assert told[0] == told[1]


@pytest.mark.parametrize("name", sorted(layers()))
def test_arguments_are_torchs(name):
    def arguments(T):
        signature = inspect.signature(getattr(T.nn, name).__init__)
        return [(p.name, p.kind, p.default) for p in signature.parameters.values()]

    assert arguments(mg) == arguments(torch)


@every_row
def test_printed_form_and_attributes(row):
    ours, theirs = row.make(mg), row.make(torch)
    assert repr(ours) == repr(theirs)
    for name, value in vars(theirs).items():
        if not name.startswith("_") or name == "_reversed_padding_repeated_twice":
            mine = getattr(ours, name)
            if isinstance(value, (list, tuple)):
                mine, value = list(mine), list(value)
            assert mine == value
    assert list(ours._parameters) == list(theirs._parameters)
    assert [p is None for p in ours._parameters.values()] == [
        p is None for p in theirs._parameters.values()
    ]
    assert list(ours._buffers) == list(theirs._buffers)


def seeded(T, row, seed):
    T.manual_seed(seed)
    layer = row.make(T)
    return layer, T.rand(1).item()


def inputs_of(row, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(np.float32) for shape in row.inputs]


def run(T, layer, arrays):
    """Outputs and gradients of one forward and backward pass."""
    leaves = [T.from_numpy(a.copy()).requires_grad_() for a in arrays]
    # What works in place may not write to leaves.
    out = layer(*[leaf * 1 for leaf in leaves])
    weight = T.from_numpy(np.random.default_rng(1).standard_normal(tuple(out.shape)))
    (out * weight.to(out.dtype)).sum().backward()
    grads = [leaf.grad for leaf in leaves] + [p.grad for p in layer.parameters()]
    return [t.detach().numpy() for t in (out, *grads)]


@vector_torch
@every_row
def test_first_values_answers_and_gradients(row):
    for seed in (0, 1):
        (ours, ours_next), (theirs, theirs_next) = (seeded(T, row, seed) for T in (mg, torch))
        arrays = inputs_of(row, seed)
        if "Lazy" not in row.name:
            assert ours_next == theirs_next
        for T in (mg, torch):
            T.manual_seed(3)
        found = run(mg, ours, arrays)
        expected = run(torch, theirs, arrays)
        # Lazy layers have become ordinary ones, and drawn their values on the way.
        assert type(ours).__name__ == type(theirs).__name__
        assert repr(ours) == repr(theirs)
        state, other = ours.state_dict(), theirs.state_dict()
        assert list(state) == list(other)
        for name in other:
            # Parameters are as they were drawn; running statistics have followed the input.
            slack = 1e-6 if "running" in name else 0
            np.testing.assert_allclose(state[name].numpy(), other[name].numpy(), slack, slack)
        for mine, torchs in zip(found, expected, strict=True):
            assert mine.dtype == torchs.dtype
            # Sums of many terms in another order: an error of the terms' size, not of the sum's.
            size = max(1.0, float(np.abs(torchs).max(initial=0)))
            np.testing.assert_allclose(mine, torchs, rtol=2e-5, atol=4e-6 * size)


@every_row
def test_copies_answer_the_same(row):
    layer = row.make(mg).eval()
    unused = copy.deepcopy(layer)

    def answer(layer):
        mg.manual_seed(0)
        return layer(*map(mg.from_numpy, inputs_of(row))).detach().numpy()

    expected = answer(layer)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(answer(other), expected)
    if "Lazy" in row.name:
        assert unused.has_uninitialized_params()
        pickle.loads(pickle.dumps(unused)).load_state_dict(layer.state_dict())
        unused.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(answer(unused), expected)


# ---------------------------------------------------------------------------------- errors
ERRORS = [
    lambda T: T.nn.Conv2d(3, 4, 3, padding="same", stride=2),
    lambda T: T.nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"),
    lambda T: T.nn.ConvTranspose2d(3, 4, 3, stride=2)(T.ones(1, 3, 4, 4), output_size=(9, 12)),
    lambda T: T.nn.ConvTranspose2d(3, 4, 3, stride=2)(T.ones(1, 3, 4, 4), output_size=(9,)),
    lambda T: T.nn.ConvTranspose1d(3, 4, 3)(T.ones(3, 4), output_size=(9, 1, 1)),
    lambda T: T.nn.Unflatten(1, 3),
    lambda T: T.nn.Unflatten(1, (3, 2.0)),
    lambda T: T.nn.Conv2d(3, 4, 3, groups=0),
    lambda T: T.nn.Conv2d(3, 4, 3, groups=2),
    lambda T: T.nn.Conv2d(4, 3, 3, groups=2),
    lambda T: T.nn.Conv2d(3, 4, 3, padding="some"),
    lambda T: T.nn.Conv2d(3, 4, 3, padding_mode="mirror"),
    lambda T: T.nn.LazyConv2d(4, 3)(T.ones(2, 3)),
    lambda T: T.nn.LazyConv2d(4, 3, groups=2)(T.ones(1, 3, 4, 4)),
    lambda T: T.nn.LazyLinear(4).weight.shape,
    lambda T: T.nn.LazyLinear(4).weight + 1,
    lambda T: T.nn.Linear(3, 4).load_state_dict(T.nn.LazyLinear(4).state_dict()),
    lambda T: T.nn.CircularPad1d(1)(T.ones(2, 3, 4, 5)),
    lambda T: T.nn.Softmax2d()(T.ones(2, 3)),
    lambda T: T.nn.Bilinear(0, 1, 1),
    lambda T: T.nn.Dropout(-0.1),
    lambda T: T.nn.Dropout(1.5),
    lambda T: T.nn.Hardtanh(1, -1),
    lambda T: T.nn.FractionalMaxPool2d(2),
    lambda T: T.nn.FractionalMaxPool2d(2, 3, 0.5),
    lambda T: T.nn.FractionalMaxPool2d(2, output_ratio=1.5),
]


def names_used(call):
    return [name for name in call.__code__.co_names if hasattr(torch.nn, name)]


@pytest.mark.parametrize(
    "call", [c for c in ERRORS if all(hasattr(mg.nn, name) for name in names_used(c))]
)
def test_errors(call):
    told = []
    for T in (mg, torch):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            call(T)
        told.append((type(caught.value), str(caught.value)))
    # The same type, and text that begins alike: ours may go on to tell what was given.
    (ours, our_text), (theirs, their_text) = told
    assert ours is theirs
    assert our_text[:30] == their_text[:30]


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_empty_layers():
    for T in (mg, torch):
        assert T.nn.Linear(0, 3).bias.tolist() == [0, 0, 0]
        assert tuple(T.nn.Linear(0, 3)(T.ones(2, 0)).shape) == (2, 3)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            T.nn.Linear(0, 3)
        assert [str(w.message) for w in caught] == ["Initializing zero-element tensors is a no-op"]


def test_output_size_picks_one_of_the_sizes():
    for size in [(9, 10), (1, 4, 10, 9), [10, 10]]:
        ours, theirs = (
            T.nn.ConvTranspose2d(3, 4, 3, 2)(T.ones(1, 3, 4, 4), output_size=size).shape
            for T in (mg, torch)
        )
        assert tuple(ours) == tuple(theirs)


def test_weights_of_another_dtype():
    for name, args, shape in [("Linear", (3, 2), (1, 3)), ("Conv2d", (3, 2, 2), (1, 3, 4, 4))]:
        layer = getattr(mg.nn, name)(*args, dtype=mg.float64)
        assert layer.weight.dtype == mg.float64
        assert layer(mg.ones(*shape, dtype=mg.float64)).dtype == mg.float64


def test_a_subclass_can_call_conv_forward():
    class Standardized(mg.nn.Conv2d):
        def forward(self, x):
            return self._conv_forward(x, self.weight - self.weight.mean(), self.bias)

    assert Standardized(2, 3, 3, padding=1, padding_mode="circular")(mg.ones(1, 2, 5, 5)).shape == (
        1,
        3,
        5,
        5,
    )


def test_lazy_layers_load_before_their_first_input():
    def program(T):
        lazy, ready = T.nn.LazyConv2d(4, 3), T.nn.Conv2d(2, 4, 3)
        before = list(lazy.state_dict()), repr(lazy.weight), lazy.has_uninitialized_params()
        lazy.load_state_dict(ready.state_dict())
        x = T.ones(1, 2, 5, 5)
        same = lazy(x).tolist() == ready(x).tolist()
        return before, same, type(lazy).__name__, lazy.double().weight.dtype

    assert repr(program(mg)) == repr(program(torch))


def test_uninitialized_parameters_convert():
    def program(T):
        lazy = T.nn.LazyLinear(3).double()
        told = [lazy.weight.dtype, repr(lazy.weight), lazy.weight.requires_grad]
        lazy(T.ones(2, 4, dtype=T.float64))
        return told, lazy.weight.dtype, type(lazy.weight).__name__, tuple(lazy.weight.shape)

    assert repr(program(mg)) == repr(program(torch))

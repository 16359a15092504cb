"""Embedding against torch's: values, gradients of both orders, rows cut in place, the layer."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg

pytestmark = pytest.mark.usefixtures("torch_name")
BOTH = (mg, torch)


def table(T, rows=6, columns=3, seed=0, dtype="float32"):
    values = np.random.default_rng(seed).standard_normal((rows, columns)).astype(dtype)
    return T.from_numpy(values).requires_grad_()


indices = st.lists(st.integers(0, 5), min_size=2, max_size=12).map(lambda i: np.array(i, np.int64))


@given(
    index=indices,
    padding=st.none() | st.integers(-6, 5),
    by_count=st.booleans(),
    kind=st.sampled_from(["int64", "int32"]),
    folded=st.booleans(),
)
def test_gradients_of_both_orders(index, padding, by_count, kind, folded):
    if folded:
        index = index[: len(index) // 2 * 2].reshape(2, -1)
    told = []
    for T in BOTH:
        weight = table(T, dtype="float64")
        out = T.nn.functional.embedding(
            T.from_numpy(index.astype(kind)), weight, padding, scale_grad_by_freq=by_count
        )
        g = T.from_numpy(np.random.default_rng(1).standard_normal((*index.shape, 3)))
        g.requires_grad_()
        (first,) = T.autograd.grad(out, weight, g, create_graph=True)
        q = T.from_numpy(np.random.default_rng(2).standard_normal((6, 3)))
        found = [out.grad_fn.name(), out, first]
        if not by_count:  # of which torch has no second derivative
            found += T.autograd.grad(first, g, q)
        told.append([f if isinstance(f, str) else f.detach().numpy() for f in found])
    for mine, torchs in zip(*told, strict=True):
        if isinstance(mine, str):
            assert mine == torchs
        else:
            np.testing.assert_allclose(mine, torchs, rtol=1e-12, atol=1e-14)


def test_counted_gradients_have_an_adjoint():
    index = mg.tensor([0, 2, 2, 5])
    g = mg.ones(4, 3, dtype=mg.float64, requires_grad=True)

    def gradient(g):
        weight = table(mg, dtype="float64")
        out = mg.nn.functional.embedding(index, weight, 5, scale_grad_by_freq=True)
        return mg.autograd.grad(out, weight, g, create_graph=True)[0]

    assert mg.autograd.gradcheck(gradient, g)
    assert mg.autograd.gradgradcheck(gradient, g)


def test_an_infinite_gradient_does_not_reach_the_padding():
    weight = table(mg)
    out = mg.nn.functional.embedding(mg.tensor([0, 1]), weight, padding_idx=0)
    out.backward(mg.full((2, 3), np.inf))
    assert weight.grad[0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("norm_type", [2.0, 1.0, float("inf"), 3.0])
def test_long_rows_are_cut_in_place(norm_type):
    index = np.array([[0, 3], [3, 5]])
    told = []
    for T in BOTH:
        weight = table(T)
        before = weight._version
        out = T.nn.functional.embedding(
            T.from_numpy(index), weight, max_norm=0.5, norm_type=norm_type
        )
        told.append((out.detach().numpy(), weight.detach().numpy(), weight._version - before))
    for mine, torchs in zip(*told, strict=True):
        np.testing.assert_allclose(mine, torchs, rtol=2e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"padding_idx": 2},
        {"padding_idx": -1, "max_norm": 0.7},
        {"norm_type": 1.0, "scale_grad_by_freq": True},
        {"_freeze": True},
        {"dtype": "float64"},
    ],
)
def test_layer(arguments):
    told = []
    for T in BOTH:
        options = dict(arguments)
        if "dtype" in options:
            options["dtype"] = getattr(T, options["dtype"])
        T.manual_seed(5)
        layer = T.nn.Embedding(7, 4, **options)
        drawn = layer.weight.tolist()
        out = copy.deepcopy(layer)(T.tensor([[1, 2], [6, 1]]))
        told.append((repr(layer), drawn, layer.weight.requires_grad, list(layer.state_dict())))
        told[-1] += (np.round(out.detach().numpy(), 5).tolist(),)
    assert told[0] == told[1]


def test_from_pretrained():
    for T in BOTH:
        given_ = T.arange(6.0).reshape(3, 2)
        layer = T.nn.Embedding.from_pretrained(given_, padding_idx=1)
        assert not layer.weight.requires_grad
        assert layer.padding_idx == 1
        layer.weight.data[0, 0] = 9.0
        assert given_[0, 0].item() == 9.0  # the same memory
        assert layer(T.tensor([2])).tolist() == [[4.0, 5.0]]
        assert T.nn.Embedding.from_pretrained(given_, freeze=False).weight.requires_grad


ERRORS = [
    lambda T: T.nn.functional.embedding(T.tensor([1.0]), table(T)),
    lambda T: T.nn.functional.embedding(T.tensor([True]), table(T)),
    lambda T: T.nn.functional.embedding(T.tensor([6]), table(T)),
    lambda T: T.nn.functional.embedding(T.tensor([-1]), table(T)),
    lambda T: T.nn.functional.embedding([1], table(T)),
    lambda T: T.nn.functional.embedding(T.tensor([1]), [1.0]),
    lambda T: T.nn.functional.embedding(T.tensor([1]), table(T), padding_idx=6),
    lambda T: T.nn.functional.embedding(T.tensor([1]), table(T), padding_idx=-7),
    lambda T: T.nn.functional.embedding(T.tensor([1]), table(T)[0]),
    lambda T: T.nn.Embedding(3, 2, padding_idx=5),
    lambda T: T.nn.Embedding(3, 2, _weight=T.ones(2, 2)),
    lambda T: T.nn.Embedding.from_pretrained(T.ones(2)),
]


@pytest.mark.parametrize("call", ERRORS)
def test_errors(call):
    told = []
    for T in BOTH:
        with pytest.raises(Exception) as caught:  # noqa: PT011
            call(T)
        told.append((type(caught.value), str(caught.value)[:20]))
    assert told[0] == told[1]


def test_sparse_gradients_are_refused():
    with pytest.raises(NotImplementedError, match="there are no sparse tensors"):
        mg.nn.Embedding(3, 2, sparse=True)
    with pytest.raises(NotImplementedError, match="there are no sparse tensors"):
        mg.nn.functional.embedding(mg.tensor([1]), table(mg), sparse=True)


def test_cosines_of_short_vectors():
    """Norms count as eps at least, of which torch's gradients know nothing."""
    told = []
    for T in BOTH:
        x = T.tensor([[0.0, 0.0], [1e-4, 2e-4], [3.0, 4.0]], dtype=T.float64, requires_grad=True)
        y = T.tensor([[1.0, 2.0]], dtype=T.float64, requires_grad=True)
        out = T.nn.functional.cosine_similarity(x, y, eps=1e-2)
        grads = T.autograd.grad(out.sum(), (x, y))
        told.append([t.detach().numpy() for t in (out, *grads)])
    for mine, torchs in zip(*told, strict=True):
        np.testing.assert_allclose(mine, torchs, rtol=1e-12)

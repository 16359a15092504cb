"""nn.utils.parametrize, and orthogonal weights, against torch's."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from tests.nn.both import BOTH, assert_same, refused, steps, vector_torch

pytestmark = [pytest.mark.usefixtures("torch_name"), vector_torch]


def pieces(T):
    class Symmetric(T.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).mT

        def right_inverse(self, x):
            return x.triu()

    class Doubled(T.nn.Module):
        def forward(self, x):
            return 2 * x

    class Summed(T.nn.Module):
        def forward(self, x, y):
            return x + y

        def right_inverse(self, z):
            return z / 2, z / 2

    class Longer(T.nn.Module):
        def forward(self, x):
            return T.cat([x, x])

    return Symmetric(), Doubled(), Summed(), Longer()


def test_parametrizations_in_a_row():
    def program(T):
        symmetric, doubled, _, _ = pieces(T)
        P = T.nn.utils.parametrize
        layer = T.nn.Linear(3, 3)
        kind = type(layer)
        assert P.register_parametrization(layer, "weight", symmetric) is layer
        P.register_parametrization(layer, "weight", doubled)
        P.register_parametrization(layer, "bias", doubled)
        told = [repr(layer), list(layer.state_dict()), P.is_parametrized(layer)]
        told += [P.is_parametrized(layer, "weight"), P.is_parametrized(layer, "other")]
        told += [P.type_before_parametrizations(layer) is kind, type(layer).__name__]
        layer(T.ones(1, 3)).sum().backward()
        told += [layer.weight, layer.parametrizations.weight.original.grad]
        P.remove_parametrizations(layer, "weight")
        told += [repr(layer), layer.weight, layer.bias]
        P.remove_parametrizations(layer, "bias", leave_parametrized=False)
        told += [repr(layer), layer.bias, type(layer) is kind]
        return told

    assert_same(program)


def test_several_originals():
    def program(T):
        summed = pieces(T)[2]
        P = T.nn.utils.parametrize
        layer = P.register_parametrization(T.nn.Linear(2, 2), "weight", summed)
        told = [list(layer.state_dict()), layer.weight]
        layer.weight = T.ones(2, 2)
        told += [layer.parametrizations.weight.original0, layer.weight]
        with pytest.raises(ValueError, match="Cannot leave unparametrized"):
            P.remove_parametrizations(layer, "weight", leave_parametrized=False)
        P.remove_parametrizations(layer, "weight")
        return *told, layer.weight, repr(layer)

    assert_same(program)


def test_cached():
    for T in BOTH:
        P = T.nn.utils.parametrize
        layer = P.register_parametrization(T.nn.Linear(2, 2), "weight", pieces(T)[1])
        assert layer.weight is not layer.weight
        with P.cached():
            first = layer.weight
            with P.cached():
                assert layer.weight is first
            assert layer.weight is first
        assert layer.weight is not first


def test_what_is_copied_is_on_its_own():
    layer = mg.nn.utils.parametrizations.weight_norm(mg.nn.Linear(2, 2))
    other = copy.deepcopy(layer)
    mg.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    np.testing.assert_allclose(other.weight.tolist(), layer.weight.tolist())
    assert mg.nn.utils.parametrize.is_parametrized(other, "weight")


def test_parametrized_buffers_and_dtypes():
    def program(T):
        doubled = pieces(T)[1]
        module = T.nn.Module()
        module.register_buffer("b", T.ones(2))
        T.nn.utils.parametrize.register_parametrization(module, "b", doubled)
        module.double()
        return module.b, list(module.state_dict()), str(module.b.dtype)

    assert_same(program)


def test_transfer():
    def program(T):
        P = T.nn.utils.parametrize
        one = P.register_parametrization(T.nn.Linear(3, 3), "weight", pieces(T)[0])
        two = P.transfer_parametrizations_and_params(one, T.nn.Linear(3, 3))
        same = two.parametrizations.weight.original is one.parametrizations.weight.original
        return two.weight, same

    assert_same(program)


REFUSED = [
    lambda T, P, p: P.register_parametrization(T.nn.Linear(2, 2), "other", p[0]),
    lambda T, P, p: P.register_parametrization(T.nn.Linear(2, 2), "weight", p[3]),
    lambda T, P, p: P.remove_parametrizations(T.nn.Linear(2, 2), "weight"),
    lambda T, P, p: pickle.dumps(P.register_parametrization(T.nn.Linear(2, 2), "weight", p[0])),
    lambda T, P, p: setattr(
        P.register_parametrization(T.nn.Linear(2, 2), "weight", p[1]), "weight", T.ones(2, 2)
    ),
    lambda T, P, p: P.register_parametrization(
        P.register_parametrization(T.nn.Linear(2, 2), "weight", p[1]), "weight", p[3]
    ),
    lambda T, P, p: T.nn.utils.parametrizations.spectral_norm(T.nn.Linear(2, 2), dim=2),
    lambda T, P, p: T.nn.utils.parametrizations.spectral_norm(
        T.nn.Linear(2, 2), n_power_iterations=0
    ),
    lambda T, P, p: T.nn.utils.parametrizations.spectral_norm(T.nn.ReLU()),
    lambda T, P, p: T.nn.utils.parametrizations.orthogonal(T.nn.Linear(2, 2), "bias"),
    lambda T, P, p: T.nn.utils.parametrizations.orthogonal(
        T.nn.Linear(2, 2), orthogonal_map="other"
    ),
    lambda T, P, p: T.nn.utils.spectral_norm(T.nn.Linear(2, 2), n_power_iterations=0),
    lambda T, P, p: T.nn.utils.spectral_norm(T.nn.Linear(2, 2, bias=False), "bias"),
]


@pytest.mark.parametrize("call", REFUSED)
def test_errors(call):
    refused(lambda T: call(T, T.nn.utils.parametrize, pieces(T)))


ORTHOGONAL = [
    ((4, 4), {}),
    ((3, 5), {}),
    ((5, 3), {}),
    ((4, 4), {"orthogonal_map": "cayley"}),
    ((5, 3), {"orthogonal_map": "cayley"}),
    ((3, 5), {"orthogonal_map": "matrix_exp"}),
    ((4, 4), {"orthogonal_map": "householder", "use_trivialization": False}),
    ((5, 3), {"orthogonal_map": "matrix_exp", "use_trivialization": False}),
    ((3, 5), {"orthogonal_map": "cayley", "use_trivialization": False}),
]


@pytest.mark.parametrize(("sizes", "options"), ORTHOGONAL, ids=str)
def test_orthogonal_weights(sizes, options):
    def program(T):
        module = T.nn.Linear(*sizes)
        T.nn.utils.parametrizations.orthogonal(module, **options)
        x = T.from_numpy(np.random.default_rng(0).standard_normal((2, sizes[0])).astype(np.float32))
        told = steps(T, module, x)
        q = module.weight.detach()
        q = q.mT @ q if q.shape[0] >= q.shape[1] else q @ q.mT
        np.testing.assert_allclose(q.numpy(), np.eye(len(q)), atol=1e-5)
        return repr(module), *told

    assert_same(program, rtol=1e-4)


def test_a_weight_set_to_an_orthogonal_one():
    def program(T):
        module = T.nn.utils.parametrizations.orthogonal(T.nn.Linear(3, 3))
        q = T.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
        module.weight = q
        return module.weight, module.parametrizations.weight.original

    assert_same(program)

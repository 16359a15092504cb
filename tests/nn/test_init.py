"""nn.init against torch.nn.init: after the same seed the same numbers, bit for bit."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.nn import init

# torch's normal numbers are reproduced for the vector code it has on these processors.
vector_torch = pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"),
    reason="torch's numbers differ on this processor",
)

shapes = st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple)
dtypes = st.sampled_from(["float32", "float64"])
seeds = st.integers(0, 2**32)


def filled(T, name, seed, shape, dtype, args, kwargs):
    """The tensor after one function of init, and the next number of the default generator."""
    T.manual_seed(seed)
    tensor = T.full(shape, 7.0, dtype=getattr(T, dtype))
    answer = getattr(T.nn.init, name)(tensor, *args, **kwargs)
    assert answer is tensor
    assert not tensor.requires_grad
    return tensor.numpy(), T.rand(1).item()


def check_same(name, seed, shape, dtype, *args, exact=True, **kwargs):
    ours, next_ours = filled(mg, name, seed, shape, dtype, args, kwargs)
    theirs, next_theirs = filled(torch, name, seed, shape, dtype, args, kwargs)
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    if exact:
        np.testing.assert_array_equal(ours, theirs)
    else:
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=3e-6 if dtype == "float32" else 1e-12)
    assert next_ours == next_theirs


@vector_torch
@given(
    st.sampled_from(
        [
            ("uniform_", ()),
            ("uniform_", (-0.3, 1.7)),
            ("normal_", ()),
            ("normal_", (0.3, 1.7)),
            ("constant_", (0.25,)),
            ("ones_", ()),
            ("zeros_", ()),
            ("xavier_uniform_", ()),
            ("xavier_uniform_", (math.sqrt(2),)),
            ("xavier_normal_", ()),
            ("kaiming_uniform_", ()),
            ("kaiming_uniform_", (math.sqrt(5),)),
            ("kaiming_uniform_", (0, "fan_out", "relu")),
            ("kaiming_normal_", (0.1, "fan_in", "leaky_relu")),
            ("kaiming_normal_", (0, "FAN_OUT", "tanh")),
        ]
    ),
    shapes,
    dtypes,
    seeds,
)
def test_plain_and_scaled(call, shape, dtype, seed):
    name, args = call
    check_same(name, seed, shape, dtype, *args)


@vector_torch
@given(
    st.sampled_from([(), (0, 1, -2, 2), (0, 0.02), (0.5, 1, -0.1, 0.2), (0, 1, 1.5, 2.5)]),
    shapes,
    dtypes,
    seeds,
)
def test_truncated_normal(args, shape, dtype, seed):
    check_same("trunc_normal_", seed, shape, dtype, *args)


@vector_torch
@given(shapes, dtypes, seeds, st.sampled_from([1, 2.5]))
def test_orthogonal(shape, dtype, seed, gain):
    check_same("orthogonal_", seed, shape, dtype, gain, exact=False)
    w = init.orthogonal_(mg.empty(*shape, dtype=getattr(mg, dtype)), gain).numpy()
    w = w.reshape(shape[0], -1).astype(float) / gain
    gram = w @ w.T if len(w) <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-5)


@vector_torch
@given(st.tuples(st.integers(1, 9), st.integers(1, 9)), dtypes, seeds, st.floats(0, 1))
def test_sparse_and_eye(shape, dtype, seed, sparsity):
    check_same("sparse_", seed, shape, dtype, sparsity)
    check_same("eye_", seed, shape, dtype)


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=3),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 3),
    dtypes,
)
def test_dirac(kernel, out, into, groups, dtype):
    check_same("dirac_", 0, (out * groups, into, *kernel), dtype, groups)


@vector_torch
def test_a_generator_of_ones_own_is_used():
    for name in (
        "uniform_",
        "normal_",
        "trunc_normal_",
        "xavier_uniform_",
        "xavier_normal_",
        "kaiming_uniform_",
        "kaiming_normal_",
        "orthogonal_",
    ):
        found = []
        for T in (mg, torch):
            T.manual_seed(1)
            generator = T.Generator().manual_seed(9)
            tensor = getattr(T.nn.init, name)(T.empty(4, 5), generator=generator)
            found.append((tensor.numpy(), T.rand(1).item()))
        np.testing.assert_allclose(found[0][0], found[1][0], rtol=0, atol=3e-6)
        assert found[0][1] == found[1][1]


def test_parameters_are_filled_without_recording():
    for name in ("uniform_", "zeros_", "eye_", "orthogonal_", "trunc_normal_", "kaiming_normal_"):
        p = mg.nn.Parameter(mg.ones(3, 3))
        assert getattr(init, name)(p) is p
        assert p.is_leaf
        assert p.requires_grad
        assert p.grad_fn is None


@pytest.mark.parametrize(
    "arguments",
    [
        *[
            (name,)
            for name in [
                "linear",
                "conv1d",
                "conv2d",
                "conv3d",
                "conv_transpose1d",
                "conv_transpose2d",
                "conv_transpose3d",
                "sigmoid",
                "tanh",
                "relu",
                "leaky_relu",
                "selu",
            ]
        ],
        ("leaky_relu", 0.2),
        ("leaky_relu", 1),
        ("tanh", 3),
    ],
)
def test_gain(arguments):
    assert init.calculate_gain(*arguments) == torch.nn.init.calculate_gain(*arguments)


@pytest.mark.parametrize(
    "call",
    [
        lambda T: T.nn.init.calculate_gain("swish"),
        lambda T: T.nn.init.calculate_gain("leaky_relu", "steep"),
        lambda T: T.nn.init.calculate_gain("leaky_relu", True),
        lambda T: T.nn.init.xavier_uniform_(T.empty(3)),
        lambda T: T.nn.init.kaiming_normal_(T.empty(3)),
        lambda T: T.nn.init.kaiming_normal_(T.empty(3, 2), mode="fan"),
        lambda T: T.nn.init.eye_(T.empty(3)),
        lambda T: T.nn.init.dirac_(T.empty(3, 3)),
        lambda T: T.nn.init.dirac_(T.empty(3, 3, 1), groups=2),
        lambda T: T.nn.init.orthogonal_(T.empty(3)),
        lambda T: T.nn.init.sparse_(T.empty(3), 0.1),
    ],
)
def test_errors(call):
    told = []
    for T in (mg, torch):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            call(T)
        told.append((type(caught.value), str(caught.value)))
    assert told[0] == told[1]


def warned(T, call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(T)
    return [(w.category, str(w.message), w.filename == __file__) for w in caught]


@pytest.mark.parametrize(
    "call",
    [
        lambda T: T.nn.init.kaiming_uniform_(T.empty(0, 3)),
        lambda T: T.nn.init.kaiming_normal_(T.empty(3, 0)),
        lambda T: T.nn.init.trunc_normal_(T.empty(3), 9.0, 1.0, -2.0, 2.0),
        lambda T: T.nn.init.orthogonal_(T.empty(0, 3)),
        *[
            lambda T, name=name: getattr(T.nn.init, name)(T.empty(3, 3))
            for name in [
                "uniform",
                "normal",
                "eye",
                "xavier_uniform",
                "xavier_normal",
                "kaiming_uniform",
                "kaiming_normal",
                "orthogonal",
            ]
        ],
        lambda T: T.nn.init.constant(T.empty(3), 2),
        lambda T: T.nn.init.dirac(T.empty(3, 3, 3)),
        lambda T: T.nn.init.sparse(T.empty(3, 3), 0.5),
    ],
)
def test_warnings(call):
    ours, theirs = warned(mg, call), warned(torch, call)
    assert [w[:2] for w in ours] == [w[:2] for w in theirs]
    assert all(w[2] for w in ours)


def test_names():
    theirs = {n for n in torch.nn.init.__all__ if not n.startswith("_")}
    assert set(init.__all__) == theirs

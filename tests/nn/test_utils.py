"""nn.utils against torch's: clipping, vectors, fusing, norms of weights in both forms."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.nn.both import BOTH, assert_same, refused, steps, vector_torch

pytestmark = [pytest.mark.usefixtures("torch_name"), vector_torch]


# ------------------------------------------------------------------------------ gradients
def with_gradients(T, scale=1.0):
    rng = np.random.default_rng(0)
    made = []
    for shape, dtype in [((2, 3), "float32"), ((), "float32"), ((4,), "float64"), ((2,), None)]:
        p = T.ones(shape, dtype=getattr(T, dtype or "float32"), requires_grad=True)
        if dtype:
            p.grad = T.from_numpy(np.asarray(scale * rng.standard_normal(shape), dtype))
        made.append(p)
    return made


@given(
    scale=st.sampled_from([0.0, 1e-3, 1.0, 1e3]),
    norm_type=st.sampled_from([2, 1.0, 0.5, 3.0, float("inf"), -float("inf"), 0.0]),
    max_norm=st.sampled_from([0.0, 0.1, 1, 100.0]),
)
def test_clipping_by_norm(scale, norm_type, max_norm):
    def program(T):
        given_ = with_gradients(T, scale)
        total = T.nn.utils.clip_grad_norm_(iter(given_), max_norm, norm_type)
        return total, str(total.dtype), given_[3].grad, *(p.grad for p in given_[:3])

    assert_same(program)


def test_clipping():
    def one(T):
        p = with_gradients(T)[0]
        version = p.grad._version
        return T.nn.utils.clip_grad_norm_(p, 0.5), p.grad, p.grad._version - version

    def values(T):
        given_ = with_gradients(T)
        return T.nn.utils.clip_grad_value_(given_, 0.3), *(p.grad for p in given_[:3])

    def parts(T):
        given_ = with_gradients(T)
        total = T.nn.utils.get_total_norm([p.grad for p in given_[:3]], foreach=False)
        return T.nn.utils.clip_grads_with_norm_(given_, 0.2, total), total, given_[0].grad

    programs = (
        one,
        values,
        parts,
        lambda T: T.nn.utils.clip_grad_norm_([], 1.0),
        lambda T: T.nn.utils.clip_grad_norm_((p for p in []), 1.0),
        lambda T: T.nn.utils.clip_grad_norm(with_gradients(T), 1.0),
        lambda T: T.nn.utils.get_total_norm([]),
    )
    for program in programs:
        assert_same(program)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite(bad):
    def program(T, **options):
        p = T.ones(2, requires_grad=True)
        p.grad = T.tensor([bad, 1.0])
        return T.nn.utils.clip_grad_norm_([p], 1.0, **options), p.grad

    assert_same(lambda T: [repr(x) for x in program(T)])
    refused(lambda T: program(T, error_if_nonfinite=True))


# ------------------------------------------------------------------------------ vectors
def test_parameters_and_vectors():
    def program(T):
        layer = T.nn.Linear(3, 2)
        vector = T.nn.utils.parameters_to_vector(layer.parameters())
        vector.sum().backward()
        new = T.arange(8.0)
        T.nn.utils.vector_to_parameters(new, layer.parameters())
        new[0] = 9.0  # the parameters are views
        return vector, layer.weight.grad, layer.weight, layer.bias

    assert_same(program)
    refused(lambda T: T.nn.utils.vector_to_parameters([1.0], []))
    refused(lambda T: T.nn.utils.vector_to_parameters(T.ones(3), T.nn.Linear(3, 2).parameters()))


# ------------------------------------------------------------------------------ fusing
def trained(bn, T):
    rng = np.random.default_rng(3)
    n = bn.num_features
    for name in ("running_mean", "running_var"):
        getattr(bn, name).copy_(T.from_numpy(rng.uniform(0.5, 2, n).astype(np.float32)))
    if bn.affine:
        for p in bn.parameters():
            p.data.copy_(T.from_numpy(rng.uniform(-1, 1, n).astype(np.float32)))
    return bn.eval()


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", ["Conv1d", "Conv2d", "ConvTranspose2d"])
def test_a_convolution_and_batch_norm_become_one(kind, bias, affine):
    def program(T):
        n = int(kind[-2])
        conv = getattr(T.nn, kind)(3, 4, 2, bias=bias).eval()
        bn = trained(getattr(T.nn, f"BatchNorm{n}d")(4, affine=affine), T)
        fused = T.nn.utils.fuse_conv_bn_eval(conv, bn, transpose="Transpose" in kind)
        x = T.ones(2, 3, *(5,) * n)
        np.testing.assert_allclose(
            fused(x).detach().numpy(), bn(conv(x)).detach().numpy(), rtol=1e-4, atol=1e-5
        )
        return repr(fused), fused.weight, fused.bias, fused.bias.requires_grad

    assert_same(program)


def test_a_linear_layer_and_batch_norm_become_one():
    def program(T):
        bn = trained(T.nn.BatchNorm1d(4), T)
        fused = T.nn.utils.fuse_linear_bn_eval(T.nn.Linear(3, 4).eval(), bn)
        return repr(fused), fused.weight, fused.bias

    assert_same(program)
    refused(lambda T: T.nn.utils.fuse_conv_bn_eval(T.nn.Conv2d(1, 1, 1), T.nn.BatchNorm2d(1)))
    refused(
        lambda T: T.nn.utils.fuse_linear_bn_eval(
            T.nn.Linear(2, 3).eval(), T.nn.BatchNorm1d(2).eval()
        )
    )


# ------------------------------------------------------------------------------ norms of weights
NORMS = [
    ("weight_norm", {}),
    ("weight_norm", {"dim": None}),
    ("weight_norm", {"dim": 1}),
    ("spectral_norm", {}),
    ("spectral_norm", {"n_power_iterations": 3, "dim": 1}),
]


@pytest.mark.parametrize("layer", ["Linear", "Conv2d", "ConvTranspose2d"])
@pytest.mark.parametrize(("norm", "options"), NORMS, ids=str)
@pytest.mark.parametrize("old", [False, True])
def test_norms_of_weights(old, norm, options, layer):
    def program(T):
        module = getattr(T.nn, layer)(3, 4, *([2] if "Conv" in layer else []))
        utils = T.nn.utils if old else T.nn.utils.parametrizations
        made = getattr(utils, norm)(module, **options)
        assert made is module
        x = T.from_numpy(np.random.default_rng(0).standard_normal((2, 3, 4, 3)).astype(np.float32))
        keys = list(module.state_dict())
        return repr(module), keys, *steps(T, module, x), T.rand(1)

    assert_same(program, rtol=2e-5)


@pytest.mark.parametrize("norm", ["weight_norm", "spectral_norm"])
def test_old_norms_are_taken_off(norm):
    def program(T):
        module = getattr(T.nn.utils, norm)(T.nn.Linear(3, 4))
        y = module(T.ones(2, 3))
        names = [n for n, _ in module.named_parameters()]
        with pytest.raises(RuntimeError, match="Cannot register two"):
            getattr(T.nn.utils, norm)(module)
        getattr(T.nn.utils, f"remove_{norm}")(module)
        with pytest.raises(ValueError, match="not found in Linear"):
            getattr(T.nn.utils, f"remove_{norm}")(module)
        after = list(module.state_dict())
        return names, after, y, module(T.ones(2, 3)), len(module._forward_pre_hooks)

    assert_same(program)


def test_old_states_of_weight_norm_are_read():
    def program(T):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old = T.nn.utils.weight_norm(T.nn.Linear(3, 4))
        new = T.nn.utils.parametrizations.weight_norm(T.nn.Linear(3, 4))
        return repr(new.load_state_dict(old.state_dict())), new(T.ones(1, 3)), old(T.ones(1, 3))

    assert_same(program)


@pytest.mark.parametrize("name", mg.nn.utils.__all__)
def test_arguments_are_torchs(name):
    ours, theirs = (getattr(T.nn.utils, name) for T in BOTH)
    if not inspect.isfunction(ours):
        return
    mine, torchs = (inspect.signature(f).parameters.values() for f in (ours, theirs))
    assert [(p.name, p.kind, p.default) for p in mine] == [
        (p.name, p.kind, p.default) for p in torchs
    ]


def test_modules_without_first_parameters():
    """They leave the generator where it is."""

    def program(T):
        T.manual_seed(2)
        layer = T.nn.utils.skip_init(T.nn.Linear, 3, out_features=2)
        return repr(layer), *(tuple(p.shape) for p in layer.parameters()), T.rand(2)

    assert_same(program)
    refused(lambda T: T.nn.utils.skip_init(T.nn.Sequential, 1))

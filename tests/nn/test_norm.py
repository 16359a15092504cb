"""Normalisation against torch's: large inputs, running statistics, states, dtypes, errors."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad.kernels import norm
from minigrad.kernels.norm import by_numpy, columns, planes
from tests.nn.both import BOTH, assert_same, refused

pytestmark = pytest.mark.usefixtures("torch_name")


def array(shape, seed=0, dtype="float32", shift=0.0):
    return (np.random.default_rng(seed).standard_normal(shape) + shift).astype(dtype)


def leaf(T, values):
    return T.from_numpy(values.copy()).requires_grad_()


# ------------------------------------------------------------------------------ large inputs
# Shapes for each kernel: planes of many pixels, columns of few, rows; more than NumPy is given.
LARGE = {
    "planes": (9, 6, 30, 31),
    "one plane each": (3, 5, 60, 61),
    "columns": (70, 65, 3, 3),
    "more columns than a block": (15, 300, 2, 4),
    "no pixels": (300, 160),
}
KINDS = {
    "batch": lambda T, x, w, b: T.nn.functional.batch_norm(x, None, None, w, b, True),
    "fixed": lambda T, x, w, b: T.nn.functional.batch_norm(
        x, w.detach() - 1.5, w.detach() * 2 + 0.5, w, b
    ),
    "instance": lambda T, x, w, b: T.nn.functional.instance_norm(x, weight=w, bias=b),
    "group": lambda T, x, w, b: T.nn.functional.group_norm(x, x.shape[1] // 5 or 1, w, b),
    "layer": lambda T, x, w, b: T.nn.functional.layer_norm(x, x.shape[1:], w, b),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", LARGE.values(), ids=LARGE)
def test_large_inputs(shape, kind, dtype):
    if (kind == "instance" and len(shape) == 2) or (kind == "group" and shape[1] % 5):
        shape = (8, 10, 33, 34)
    size = shape[1:] if kind == "layer" else shape[1]
    inputs = array(shape, 0, dtype, 3.0), array(size, 1, dtype, 2.0), array(size, 2, dtype)
    told = []
    for T in BOTH:
        leaves = [leaf(T, values) for values in inputs]
        out = KINDS[kind](T, *leaves)
        (out * T.from_numpy(array(shape, 3, dtype))).sum().backward()
        found = [out, *(x.grad for x in leaves if x.grad is not None)]
        told.append([t.detach().numpy() for t in found])
    eps = np.finfo(dtype).eps
    for mine, torchs in zip(*told, strict=True):
        assert mine.dtype == torchs.dtype
        size = max(1.0, float(np.abs(torchs).max()))
        np.testing.assert_allclose(mine, torchs, rtol=1e3 * eps, atol=1e2 * eps * size)


def test_numbers_far_from_zero():
    """The variance is that of the differences from the mean, not a difference of large squares."""
    for shape in LARGE.values():
        x = array(shape, 0, "float32", 1e4)
        exact = torch.nn.functional.batch_norm(
            torch.from_numpy(x).double(), None, None, None, None, True
        )
        y = mg.nn.functional.batch_norm(mg.from_numpy(x), None, None, training=True)
        np.testing.assert_allclose(y.numpy(), exact.numpy(), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("is_fixed", [True, False])
def test_kernels_agree(is_fixed, joint):
    """The loops compiled and those of NumPy, of any number of threads: to the bit among threads."""
    layout = norm.Layout(7, 5 if joint else 2, 1 if joint else 3, 40, joint)
    shape = (7, layout.channels, 40)
    x, g, weight, bias = array(shape, 0, shift=2.0), array(shape, 1), *array((2, shape[1]), 2)
    weight, bias = weight.astype(np.float64), bias.astype(np.float64)
    found = {}
    before = mg.get_num_threads()
    for name, loops in (("numpy", by_numpy), ("planes", planes), ("columns", columns)):
        if name == "columns" and not joint:
            continue
        for threads in (1, 2, 3):
            mg.set_num_threads(threads)
            monkey = pytest.MonkeyPatch()
            monkey.setattr("minigrad.kernels.machine.threads.INLINE_BELOW", 0)
            y, dx = np.empty_like(x), np.empty_like(x)
            mean, var = np.full((2, layout.items), 1.5)
            loops.forward(x, y, weight, bias, mean, var, layout, is_fixed, 1e-5)
            sums = loops.backward(g, x, dx, weight, mean, var, layout, is_fixed, 1e-5)
            sums = [s.reshape(-1, shape[1]).sum(0) for s in sums]
            found[name, threads] = [y, dx, mean, var, *sums]
            monkey.undo()
    mg.set_num_threads(before)
    for (name, _), arrays in found.items():
        for a, same, close in zip(arrays, found[name, 1], found["numpy", 1], strict=True):
            np.testing.assert_array_equal(a, same)
            np.testing.assert_allclose(a, close, rtol=1e-4, atol=1e-5)


def test_layer_norm_has_the_same_bits_for_any_number_of_threads():
    told = []
    before = mg.get_num_threads()
    for threads in (1, 2, 3):
        mg.set_num_threads(threads)
        x, w = leaf(mg, array((700, 90))), leaf(mg, array(90, 1))
        mg.nn.functional.layer_norm(x, (90,), w).square().sum().backward()
        told.append([x.grad.numpy().tobytes(), w.grad.numpy().tobytes()])
    mg.set_num_threads(before)
    assert told[0] == told[1] == told[2]


# ------------------------------------------------------------------------------ running statistics
@pytest.mark.parametrize("momentum", [0.1, 0.6, None, 0.0, 1.0])
@pytest.mark.parametrize("shape", [(5, 4, 3, 2), (20, 4, 25, 26), (9000, 4, 1, 1)])
@pytest.mark.parametrize("kind", ["BatchNorm2d", "InstanceNorm2d"])
def test_running_statistics(kind, shape, momentum):
    if kind == "InstanceNorm2d" and shape[2:] == (1, 1):
        shape = (4500, 4, 2, 1)
    told = []
    for T in BOTH:
        layer = getattr(T.nn, kind)(4, momentum=momentum, affine=True, track_running_stats=True)
        for seed in range(3):
            layer(T.from_numpy(array(shape, seed, shift=seed)))
        layer.eval()
        out = layer(T.from_numpy(array(shape, 4)))
        found = [*layer.buffers(), out]
        told.append([t.detach().numpy() for t in found] + [layer.running_mean._version])
    for mine, torchs in zip(*told, strict=True):
        # torch adds up many rows of few columns in float32
        np.testing.assert_allclose(mine, torchs, rtol=1e-5 if len(out) > 99 else 2e-6, atol=1e-5)


def test_statistics_of_double_and_half():
    for dtype in ("float64", "float16"):
        for parameters in {dtype, "float32" if dtype == "float16" else dtype}:
            told = []
            for T in BOTH:
                layer = T.nn.BatchNorm2d(4, dtype=getattr(T, parameters))
                x = T.from_numpy(array((3, 4, 5, 6))).to(getattr(T, dtype)).requires_grad_()
                out = layer(x)
                out.sum().backward()
                told.append([str(t.dtype) for t in (out, x.grad, layer.weight.grad)])
                told[-1].append(out.detach().numpy().astype(float))
            assert told[0][:3] == told[1][:3]
            np.testing.assert_allclose(told[0][3], told[1][3], atol=2e-3)


def test_gradients_of_an_answer_before_the_statistics_moved():
    """torch would take the statistics as they are by then."""
    layer = mg.nn.BatchNorm1d(3)
    layer.running_var.fill_(4.0)
    x = leaf(mg, array((5, 3)))
    out = layer.eval()(x)
    layer.train()(mg.from_numpy(array((5, 3), 1)))
    out.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 0.5, rtol=1e-5)


def test_two_passes_and_then_both_backward():
    def program(T):
        layer = T.nn.BatchNorm2d(3)
        x, y = leaf(T, array((2, 3, 4, 4))), leaf(T, array((2, 3, 4, 4), 1))
        (layer(x).pow(4).sum() + layer(y).pow(3).sum()).backward()
        return x.grad, y.grad, layer.weight.grad, layer.running_mean

    assert_same(program, rtol=1e-4)


def test_parameters_written_over_are_noticed():
    for create_graph in (False, True):
        layer, x = mg.nn.BatchNorm2d(3), leaf(mg, array((2, 3, 4, 4)))
        out = layer(x).sum()
        with mg.no_grad():
            layer.bias += 1  # of which no gradient knows
            layer.weight += 1
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            out.backward(create_graph=create_graph)


# ------------------------------------------------------------------------------ states
def test_states_go_both_ways():
    kinds = [
        ("BatchNorm2d", (3,)),
        ("LayerNorm", ((2, 3),)),
        ("GroupNorm", (2, 4)),
        ("RMSNorm", (3,)),
    ]
    for name, args in kinds:
        ours, theirs = (getattr(T.nn, name)(*args) for T in BOTH)
        for parameter in ours.parameters():
            parameter.data.uniform_()
        state = {k: torch.from_numpy(v.numpy().copy()) for k, v in ours.state_dict().items()}
        assert repr(theirs.load_state_dict(state)) == "<All keys matched successfully>"
        back = {k: mg.from_numpy(v.numpy().copy()) for k, v in theirs.state_dict().items()}
        other = getattr(mg.nn, name)(*args)
        assert repr(other.load_state_dict(back)) == "<All keys matched successfully>"
        assert ours.state_dict()._metadata == theirs.state_dict()._metadata
        for key, value in ours.state_dict().items():
            np.testing.assert_array_equal(other.state_dict()[key].numpy(), value.numpy())


def test_states_from_before_batches_were_counted():
    def program(T):
        layer = T.nn.Sequential(T.nn.BatchNorm2d(3), T.nn.LazyBatchNorm2d())
        layer(T.ones(2, 3, 4, 4))
        old = dict(layer.state_dict())
        del old["0.num_batches_tracked"], old["1.num_batches_tracked"]
        fresh = T.nn.Sequential(T.nn.BatchNorm2d(3), T.nn.BatchNorm2d(3))
        return repr(fresh.load_state_dict(old)), fresh[0].num_batches_tracked, len(old)

    assert_same(program)
    refused(lambda T: T.nn.InstanceNorm2d(3).load_state_dict(T.nn.BatchNorm2d(3).state_dict()))

    def unexpected(T):
        state = dict(T.nn.InstanceNorm2d(3, track_running_stats=True).state_dict())
        T.nn.InstanceNorm2d(3).load_state_dict(state)

    refused(unexpected)


def test_resetting():
    def program(T):
        layer = T.nn.BatchNorm1d(3)
        layer(T.from_numpy(array((5, 3))))
        layer.weight.data.fill_(3.0)
        layer.reset_running_stats()
        told = copy.deepcopy(layer)
        layer.reset_parameters()
        return *told.buffers(), told.weight, layer.weight, layer.bias

    assert_same(program)


# ------------------------------------------------------------------------------ nodes, errors
def test_names_of_nodes():
    def program(T):
        x, F = leaf(T, array((2, 4, 3, 3))), T.nn.functional
        w = T.ones(4, requires_grad=True)
        answers = [
            F.batch_norm(x, None, None, training=True),
            F.batch_norm(x, T.zeros(4), T.ones(4), w),
            F.instance_norm(x, weight=w),
            F.group_norm(x, 2),
            F.layer_norm(x, (3,)),
            F.rms_norm(x, (3,)),
            F.local_response_norm(x, 2),
            F.normalize(x),
        ]
        return [y.grad_fn.name() for y in answers]

    assert_same(program)


def test_nothing_is_normalised_to_nothing():
    def program(T):
        told = []
        for shape in [(0, 4, 3), (2, 4, 0)]:
            layer, x = T.nn.BatchNorm1d(4), T.zeros(shape, requires_grad=True)
            layer(x).sum().backward()
            told += [x.grad, layer.weight.grad, layer.running_mean]
            told += [T.nn.functional.group_norm(x, 2), T.nn.functional.layer_norm(x, shape[1:])]
        return told

    assert_same(program)


def x(T, *shape):
    return T.ones(shape or (2, 4, 3, 3))


ERRORS = [
    lambda T, F: F.batch_norm(x(T, 1, 4, 1, 1), None, None, training=True),
    lambda T, F: F.batch_norm(x(T), None, None),
    lambda T, F: F.batch_norm(x(T).long(), T.zeros(4), T.ones(4)),
    lambda T, F: F.batch_norm(x(T), T.zeros(3), T.ones(4)),
    lambda T, F: F.batch_norm(x(T), T.zeros(4), T.ones(3)),
    lambda T, F: F.batch_norm(x(T), T.zeros(4), T.ones(4), T.ones(3)),
    lambda T, F: F.batch_norm(x(T), T.zeros(4), T.ones(4), T.ones(4), T.ones(5)),
    lambda T, F: F.batch_norm(x(T), T.zeros(4), None, training=True),
    lambda T, F: F.batch_norm(x(T), T.zeros(4), T.ones(4), T.ones(4).double()),
    lambda T, F: F.batch_norm(x(T), T.zeros(4), T.ones(4), training=1),
    lambda T, F: F.batch_norm(x(T), T.zeros(4), T.ones(4), momentum="a"),
    lambda T, F: F.batch_norm(x(T), T.zeros(4), T.ones(4), eps=-1.0),
    lambda T, F: F.batch_norm(x(T), None, None, training=True, eps=0.0),
    lambda T, F: F.batch_norm(3, T.zeros(4), T.ones(4)),
    lambda T, F: F.batch_norm(x(T), T.zeros(4, requires_grad=True), T.ones(4)),
    lambda T, F: F.instance_norm(x(T, 2, 4, 1, 1)),
    lambda T, F: F.instance_norm(x(T), use_input_stats=False),
    lambda T, F: F.instance_norm(x(T), T.zeros(4), None),
    lambda T, F: F.layer_norm(x(T), (4,)),
    lambda T, F: F.layer_norm(x(T), ()),
    lambda T, F: F.layer_norm(x(T), 3),
    lambda T, F: F.layer_norm(x(T), (3,), T.ones(2)),
    lambda T, F: F.layer_norm(x(T), (3,), T.ones(3), T.ones(2)),
    lambda T, F: F.layer_norm(x(T).long(), (3,)),
    lambda T, F: F.group_norm(x(T), 3),
    lambda T, F: F.group_norm(x(T), 0),
    lambda T, F: F.group_norm(x(T), -2),
    lambda T, F: F.group_norm(x(T, 3), 1),
    lambda T, F: F.group_norm(x(T, 1, 4), 4),
    lambda T, F: F.group_norm(x(T), 2, T.ones(3)),
    lambda T, F: F.group_norm(x(T), 2, T.ones(4), T.ones(3)),
    lambda T, F: F.group_norm(x(T).long(), 2),
    lambda T, F: F.rms_norm(x(T), (4,)),
    lambda T, F: F.rms_norm(x(T), (3,), T.ones(2)),
    lambda T, F: F.rms_norm(x(T).long(), (3,)),
    lambda T, F: F.local_response_norm(x(T), 0),
    lambda T, F: F.normalize(x(T), dim=5),
    lambda T, F: T.nn.BatchNorm2d(4)(x(T, 2, 4, 3)),
    lambda T, F: T.nn.BatchNorm2d(4)(x(T, 2, 3, 3, 3)),
    lambda T, F: T.nn.BatchNorm1d(4)(x(T, 4)),
    lambda T, F: T.nn.BatchNorm3d(4)(x(T)),
    lambda T, F: T.nn.LazyBatchNorm2d()(x(T, 2, 3)),
    lambda T, F: T.nn.InstanceNorm1d(4, affine=True)(x(T, 2, 3, 3)),
    lambda T, F: T.nn.InstanceNorm1d(4, affine=True)(x(T, 3, 3)),
    lambda T, F: T.nn.InstanceNorm2d(4)(x(T, 3, 3)),
    lambda T, F: T.nn.GroupNorm(3, 4),
]


@pytest.mark.parametrize("call", ERRORS)
def test_errors(call):
    refused(lambda T: call(T, T.nn.functional))


def test_pictures_without_channels_are_refused():
    for T in BOTH:  # torch's text has many blanks
        with pytest.raises(ValueError, match=r"Expected 3D or higher dimensionality *input"):
            T.nn.functional.local_response_norm(x(T, 3, 3), 2)


def test_a_size_that_is_not_used_is_warned_of():
    assert_same(lambda T: T.nn.InstanceNorm2d(4)(x(T, 2, 3, 3, 3)))


# ------------------------------------------------------------------------------ given statistics
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(2, 7, 4, 4), (1, 16, 8, 8), (3, 5, 5, 7), (2, 33, 9, 31)])
@pytest.mark.parametrize("has", [(True, True), (True, False), (False, True), (False, False)])
def test_compiled_and_numpys_answers_have_the_same_bits(shape, dtype, has, monkeypatch):
    x, w, b, mean = (array(s, i, dtype) for i, s in enumerate((shape, *[shape[1]] * 3)))
    w, b = (p if wanted else None for p, wanted in zip((w, b), has))
    layout = norm.Layout(shape[0], shape[1], 1, shape[2] * shape[3], True)
    given = w, b, mean, np.abs(array(shape[1], 5, dtype)), layout, 1e-5
    monkeypatch.setattr(norm, "SMALL", 0)  # so the kernel is taken, loaded already or not
    compiled = norm.scaled(x, *given)
    monkeypatch.setattr(norm, "_INTERPRETED", True)
    plain = norm.scaled(x, *given)
    assert compiled.tobytes() == plain.tobytes()

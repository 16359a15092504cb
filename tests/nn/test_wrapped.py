"""What older programs and data need beside torch: sequences, DataParallel, SyncBatchNorm, adaptive softmax, names."""

import importlib

import pytest
import torch

import minigrad as mg
from tests.nn.both import assert_same, refused

SHAPES = [[(3,), (1,), (2,)], [(2, 3), (4, 3)], [(2, 2), (3, 1)], [(0, 2), (1, 2)], [(2,)]]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("side", ["left", "right"])
def test_padded_sequences(shapes, batch_first, side):
    def program(T):
        xs = [T.randn(*s, requires_grad=True) for s in shapes]
        y = T.nn.utils.rnn.pad_sequence(xs, batch_first, -1.5, side)
        (y * T.arange(1.0, y.numel() + 1).view_as(y)).sum().backward()
        return y, *[x.grad for x in xs]

    assert_same(program)


def test_padding_of_integers_and_of_a_tensor():
    def program(T):
        pad = T.nn.utils.rnn.pad_sequence
        longs = pad([T.arange(2), T.arange(3.0)], padding_value=0.5)
        return longs, str(longs.dtype).split(".")[1], pad(T.ones(2, 3)), pad(iter([T.ones(1)]))

    assert_same(program)


def test_what_padding_refuses():
    for given in ([], 3, [torch], [1, 2]):
        refused(lambda T, given=given: T.nn.utils.rnn.pad_sequence(given))
    refused(lambda T: T.nn.utils.rnn.pad_sequence([T.ones(1), 2]))
    refused(lambda T: T.nn.utils.rnn.pad_sequence([T.ones(1)], padding_side="up"))
    with pytest.raises(RuntimeError, match="element 0 has no dimensions"):
        mg.nn.utils.rnn.pad_sequence([mg.tensor(1.0)])


@pytest.mark.parametrize("batch_first", [False, True])
def test_unpadded_sequences(batch_first):
    def program(T):
        x = T.arange(12).view(3, 4)
        lengths = T.tensor([2, 3, 1] if batch_first else [3, 1, 2, 2])
        return tuple(T.nn.utils.rnn.unpad_sequence(x, lengths, batch_first))

    assert_same(program)


def test_data_parallel():
    def program(T):
        net = T.nn.DataParallel(T.nn.Linear(2, 3))
        y = net(T.ones(4, 2))
        y.sum().backward()
        T.nn.DataParallel(T.nn.Linear(2, 3)).load_state_dict(net.state_dict())
        return y, net.module.weight.grad, list(net.state_dict()), str(net), net.device_ids

    assert_same(program)


def test_variable():
    def program(T):
        data = T.ones(2)
        v = T.autograd.Variable(data, requires_grad=True)
        (v * v).sum().backward()
        data[0] = 3
        named = type(v).__name__, isinstance(data, T.autograd.Variable), v.is_leaf
        return v, v.grad, named, data.requires_grad, isinstance(3, T.autograd.Variable)

    assert_same(program)
    with pytest.raises(TypeError, match="Variable data has to be a tensor"):
        mg.autograd.Variable([1.0])


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("activation", "ReLU Softmax"),
        ("batchnorm", "_BatchNorm _NormBase"),
        ("container", "Sequential ParameterList"),
        ("conv", "_ConvNd LazyConv2d"),
        ("fold", "Fold Unfold"),
        ("loss", "_Loss _WeightedLoss CrossEntropyLoss"),
        ("module", "Module register_module_forward_hook"),
        ("utils", "_single _pair _triple _quadruple _ntuple"),
    ],
)
def test_names_of_files(file, names):
    for T in (mg, torch):
        found = importlib.import_module(f"{T.__name__}.nn.modules.{file}")
        assert getattr(T.nn.modules, file) is found
        for name in names.split():
            thing = getattr(found, name)
            assert name.startswith("_") or thing is getattr(T.nn.modules, name, thing)
        assert not hasattr(found, "nope")
    assert issubclass(mg.nn.BatchNorm2d, mg.nn.modules.batchnorm._BatchNorm)
    assert mg.nn.modules.Linear is mg.nn.Linear


def test_tuples_and_prefixes():
    def program(T):
        utils = T.nn.modules.utils
        net = T.nn.Sequential(T.nn.Linear(1, 1), T.nn.BatchNorm1d(1))
        state = T.nn.DataParallel(net).state_dict()
        utils.consume_prefix_in_state_dict_if_present(state, "module.")
        fits = str(net.load_state_dict(state))
        return utils._pair(3), utils._pair([1, 2]), list(state), list(state._metadata), fits

    assert_same(program)


# ------------------------------------------------------------------------------ SyncBatchNorm
def test_normalisations_are_converted():
    def program(T):
        inner = T.nn.Sequential(T.nn.BatchNorm1d(4, eps=1e-3, affine=False))
        net = T.nn.Sequential(T.nn.Conv2d(1, 2, 3), T.nn.BatchNorm2d(2), inner)
        weight = net[1].weight
        made = T.nn.SyncBatchNorm.convert_sync_batchnorm(net.eval())
        layer = T.nn.SyncBatchNorm.convert_sync_batchnorm(T.nn.BatchNorm3d(3, momentum=None))
        x = T.randn(4, 3, 2)
        return [
            *(made is net, net[1].weight is weight, net[1].training, repr(net), repr(layer)),
            *(list(net.state_dict()), net[:2](T.randn(1, 1, 5, 5))),
            *(layer(x), layer(x[:, :, 0]), layer.running_var),
        ]

    assert_same(program)


@pytest.mark.parametrize("shape", [(3,), (2, 0)])
def test_no_batch_for_sync_batchnorm(shape):
    refused(lambda T: T.nn.SyncBatchNorm(3)(T.ones(shape)))


# -------------------------------------------------------------------------- adaptive softmax
def adaptive(T):
    return T.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10], div_value=2.0, head_bias=True)


def test_adaptive_softmax():
    def program(T):
        layer, x = adaptive(T), T.randn(5, 16)
        answer = layer(x, T.tensor([1, 5, 19, 3, 10]))
        answer.loss.backward()
        one = layer(x[0], T.tensor(12))
        many = T.randn(60, 16)
        return [
            *(repr(layer), type(answer).__name__, answer._fields, *answer, *one),
            *(p.grad for p in layer.parameters()),
            *(layer.log_prob(x), layer.predict(many), layer.predict(many[:1]), layer.cutoffs),
            *layer(x[:1], T.tensor([7])),
        ]

    assert_same(program)


@pytest.mark.parametrize("shape", [(5,), (2, 1), (), (3,)])
def test_adaptive_softmax_of_unfit_targets(shape):
    refused(lambda T: adaptive(T)(T.ones(2, 16), T.zeros(shape, dtype=T.int64)))


@pytest.mark.parametrize("target", [20, -1])
def test_adaptive_softmax_of_no_class(target):
    refused(lambda T: adaptive(T)(T.ones(2, 16), T.tensor([1, target])))


@pytest.mark.parametrize("cutoffs", [[], [20], [5, 3], [2, 2], [0, 3], [2.5]])
def test_cutoffs_that_are_none(cutoffs):
    refused(lambda T: T.nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs))

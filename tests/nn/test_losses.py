"""Every loss layer against torch's: arguments, print, state, answers, gradients; and losses at the edges."""

from __future__ import annotations

import copy
import inspect
import pickle
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.nn.both import assert_same, refused

pytestmark = pytest.mark.usefixtures("torch_name")

F32 = np.float32
C = 4  # classes


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(F32)


def pair(rng):
    return [normal(rng, 5, C), normal(rng, 5, C)]


def scores_and_labels(rng):
    size = [(), (2, 3)][rng.integers(2)]
    return [normal(rng, 5, C, *size), rng.integers(0, C, (5, *size))]


def logs_and_labels(rng):
    scores, labels = scores_and_labels(rng)
    return [scores - np.log(np.exp(scores).sum(1, keepdims=True)), labels]


def logs_and_probabilities(rng):
    return [normal(rng, 5, C), rng.dirichlet(np.ones(C), 5).astype(F32)]


def logs_and_logs(rng):
    logs, target = logs_and_probabilities(rng)
    return [logs, np.log(target)]


def probabilities(rng):
    return [rng.uniform(0.05, 0.95, (5, C)).astype(F32), rng.integers(0, 2, (5, C)).astype(F32)]


def coins(rng):
    return [normal(rng, 5, C), rng.uniform(0, 1, (5, C)).astype(F32)]


def counts(rng):
    return [rng.uniform(0.1, 3, (5, C)).astype(F32), rng.integers(0, 5, (5, C)).astype(F32)]


def with_variances(rng):
    return [*pair(rng), rng.uniform(0.2, 2, (5, C)).astype(F32)]


def with_signs(rng):
    return [normal(rng, 5, C), rng.choice([-1, 1], (5, C))]


def ranks(rng):
    return [normal(rng, 5), normal(rng, 5), rng.choice([-1, 1], 5).astype(F32)]


def angles(rng):
    return [*pair(rng), rng.choice([-1, 1], 5)]


def triplets(rng):
    return [normal(rng, 5, C) for _ in range(3)]


def one_label(rng):
    return [normal(rng, 5, C), rng.integers(0, C, 5)]


def several_labels(rng):
    return [normal(rng, 5, C), rng.integers(-1, C, (5, C))]


REDUCTION = {"reduction": ["mean", "sum", "none"]}
WEIGHT = {"weight": [None, np.linspace(0.5, 2, C, dtype=F32)]}
MARGIN = {"margin": [0.7, 1.0]}

# A layer, the choices for its arguments, and its inputs, of which the first three may require grad.
LAYERS = [
    ("L1Loss", REDUCTION, pair),
    ("MSELoss", REDUCTION, pair),
    ("SmoothL1Loss", REDUCTION | {"beta": [1.0, 0.3, 0.0]}, pair),
    ("HuberLoss", REDUCTION | {"delta": [1.0, 0.3]}, pair),
    ("BCELoss", REDUCTION | WEIGHT, probabilities),
    ("BCEWithLogitsLoss", REDUCTION | WEIGHT | {"pos_weight": WEIGHT["weight"]}, coins),
    ("KLDivLoss", {"reduction": ["sum", "none", "batchmean"]}, logs_and_probabilities),
    ("KLDivLoss", {"reduction": ["sum", "batchmean"], "log_target": [True]}, logs_and_logs),
    ("PoissonNLLLoss", REDUCTION | {"log_input": [True, False], "full": [True, False]}, counts),
    ("GaussianNLLLoss", REDUCTION | {"full": [True, False], "eps": [1e-6, 0.5]}, with_variances),
    ("NLLLoss", REDUCTION | WEIGHT | {"ignore_index": [-100, 1]}, logs_and_labels),
    (
        "CrossEntropyLoss",
        REDUCTION | WEIGHT | {"ignore_index": [-100, 1], "label_smoothing": [0.0, 0.2]},
        scores_and_labels,
    ),
    (
        "CrossEntropyLoss",
        REDUCTION | WEIGHT | {"label_smoothing": [0.0, 0.2]},
        logs_and_probabilities,
    ),
    ("HingeEmbeddingLoss", REDUCTION | MARGIN, with_signs),
    ("SoftMarginLoss", REDUCTION, with_signs),
    ("MultiMarginLoss", REDUCTION | MARGIN | WEIGHT | {"p": [1, 2]}, one_label),
    ("MultiLabelMarginLoss", REDUCTION, several_labels),
    ("MultiLabelSoftMarginLoss", REDUCTION | WEIGHT, probabilities),
    ("MarginRankingLoss", REDUCTION | MARGIN, ranks),
    ("CosineEmbeddingLoss", REDUCTION | MARGIN, angles),
    ("TripletMarginLoss", REDUCTION | MARGIN | {"p": [2, 1.0], "swap": [True, False]}, triplets),
    ("TripletMarginWithDistanceLoss", REDUCTION | MARGIN | {"swap": [True, False]}, triplets),
]
every_layer = pytest.mark.parametrize(("name", "choices", "inputs"), LAYERS)
NAMES = sorted({name for name, *_ in LAYERS})


def made(T, name, options):
    """The layer, its arrays as the package's tensors."""
    given = {
        k: T.from_numpy(v.copy()) if isinstance(v, np.ndarray) else v for k, v in options.items()
    }
    return getattr(T.nn, name)(**given)


def run(T, layer, arrays):
    """The loss, and the gradients of its inputs of a floating dtype."""
    tensors = [T.from_numpy(array.copy()) for array in arrays]
    floats = [x.requires_grad_() for x in tensors if x.dtype == T.float32]
    loss = layer(*tensors)
    weight = T.from_numpy(np.random.default_rng(1).standard_normal(tuple(loss.shape)).astype(F32))
    (loss * weight).sum().backward()
    return [x.detach().numpy() for x in (loss, *(leaf.grad for leaf in floats))]


def draw_options(data, choices):
    return {name: data.draw(st.sampled_from(values), name) for name, values in choices.items()}


@every_layer
@given(data=st.data())
def test_layers_are_torchs(name, choices, inputs, data):
    options = draw_options(data, choices)
    arrays = inputs(np.random.default_rng(data.draw(st.integers(0, 1000))))
    ours, theirs = (made(T, name, options) for T in (mg, torch))
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert list(ours._buffers) == list(theirs._buffers)
    public = {k: v for k, v in vars(theirs).items() if not k.startswith("_")}
    assert {k: getattr(ours, k) for k in public} == public
    for mine, twin in zip(run(mg, ours, arrays), run(torch, theirs, arrays), strict=True):
        np.testing.assert_allclose(mine, twin, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_torchs(name):
    def arguments(T):
        signature = inspect.signature(getattr(T.nn, name).__init__)
        forward = inspect.signature(getattr(T.nn, name).forward)
        told = [(p.name, p.kind, p.default) for p in signature.parameters.values()]
        return told, list(forward.parameters)

    assert arguments(mg) == arguments(torch)


def test_every_loss_layer_is_here():
    losses = {
        name
        for name in dir(torch.nn)
        if name.endswith("Loss")
        and name not in ("CTCLoss", "LinearCrossEntropyLoss", "AdaptiveLogSoftmaxWithLoss")
    }
    assert set(NAMES) == losses


@every_layer
def test_copies_keep_their_arguments(name, choices, inputs):
    layer = made(mg, name, {k: v[-1] for k, v in choices.items()})
    arrays = inputs(np.random.default_rng(0))
    expected = run(mg, layer, arrays)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        for mine, same in zip(run(mg, other, arrays), expected, strict=True):
            np.testing.assert_array_equal(mine, same)


@pytest.mark.parametrize("flags", [(None, False), (False, None), (True, None), (False, True)])
@pytest.mark.parametrize("name", ["MSELoss", "CrossEntropyLoss", "TripletMarginLoss"])
def test_old_flags(name, flags):
    told = []
    for T in (mg, torch):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            layer = getattr(T.nn, name)(size_average=flags[0], reduce=flags[1])
        told.append((layer.reduction, [(w.category, str(w.message)) for w in caught]))
    assert told[0] == told[1]
    assert caught


def test_a_distance_of_ones_own():
    def manhattan(x, y):
        return (x - y).abs().sum(-1)

    arrays = triplets(np.random.default_rng(0))
    found, expected = (
        run(T, T.nn.TripletMarginWithDistanceLoss(distance_function=manhattan, swap=True), arrays)
        for T in (mg, torch)
    )
    for mine, twin in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, twin, rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------------------------- the edges
def gradients(T, loss, *arrays):
    leaves = [T.tensor(list(array), requires_grad=True) for array in arrays]
    loss(T, *leaves).sum().backward()
    return [leaf.grad.numpy() for leaf in leaves]


EDGES = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.5, 1e-30]
KINKS = [-1.0, 1.0, 0.0, 2.0, -3.0, np.nan, np.inf, -np.inf]


@pytest.mark.parametrize(
    ("loss", "arrays"),
    [
        (
            lambda T, x, y: T.nn.functional.binary_cross_entropy(x, y, reduction="none"),
            (EDGES, [0.0, 1.0, 0.5, 0.0, 1.0, 0.5, 0.2, 0.5]),
        ),
        (
            lambda T, x, y: T.nn.functional.binary_cross_entropy_with_logits(
                x, y, reduction="none", pos_weight=T.tensor(2.0)
            ),
            ([0.0, 100.0, -100.0, 300.0, -300.0], [0.0, 1.0, 0.5, 0.0, 1.0]),
        ),
        (
            lambda T, x: T.nn.functional.smooth_l1_loss(x, x.detach() * 0, reduction="none"),
            (KINKS,),
        ),
        (lambda T, x: T.nn.functional.huber_loss(x, x.detach() * 0, reduction="none"), (KINKS,)),
        (lambda T, x: T.nn.functional.l1_loss(x, x.detach() * 0, reduction="none"), (KINKS[:5],)),
        (
            lambda T, x: T.nn.functional.hinge_embedding_loss(x, T.tensor([-1] * 5)),
            ([1.0, 0.5, 2.0, 0.0, -1.0],),
        ),
        (
            lambda T, x: T.nn.functional.margin_ranking_loss(x, T.zeros(5), T.ones(5), margin=1.0),
            ([1.0, 0.5, 2.0, 0.0, -1.0],),
        ),
        (
            lambda T, x: T.nn.functional.cross_entropy(x.reshape(2, 4), T.tensor([0, 3])),
            ([1e4, 0.0, -1e4, 0.0, -np.inf, 3.0, 3.0, 3.0],),
        ),
        (
            lambda T, x: T.nn.functional.multi_margin_loss(x.reshape(2, 3), T.tensor([0, 2]), p=2),
            ([1.0, 2.0, 3.0, 1.0, 0.0, 1.0],),
        ),
    ],
)
def test_gradients_at_edges(loss, arrays):
    for mine, twin in zip(
        gradients(mg, loss, *arrays), gradients(torch, loss, *arrays), strict=True
    ):
        np.testing.assert_allclose(mine, twin, rtol=1e-5, atol=1e-7)


def test_cross_entropy_is_one_node_and_exact_for_large_scores():
    scores = mg.tensor([[1e4, 1e4 + 1.0, 0.0]], requires_grad=True)
    loss = mg.nn.functional.cross_entropy(scores, mg.tensor([0]))
    assert loss.grad_fn.next_functions[0][0].name().endswith("AccumulateGrad")
    np.testing.assert_allclose(loss.item(), np.log1p(np.e), rtol=1e-6)
    loss.backward()
    np.testing.assert_allclose(scores.grad.numpy()[0, 1], np.e / (1 + np.e), rtol=1e-6)


def test_ignored_targets_get_no_gradient():
    for target in ([1, -100], [-100, -100]):
        found = []
        for T in (mg, torch):
            x = T.tensor([[1.0, 2.0, 3.0], [4.0, -np.inf, 6.0]], requires_grad=True)
            T.nn.functional.cross_entropy(x, T.tensor(target)).backward()
            found.append(x.grad.numpy())
        np.testing.assert_allclose(*found, rtol=1e-6)
        assert not found[0][1].any()


def test_gradients_reach_probable_targets():
    found = []
    for T in (mg, torch):
        x = T.tensor([[1.0, 2.0, 3.0]])
        target = T.tensor([[0.2, 0.3, 0.5]], requires_grad=True)
        T.nn.functional.cross_entropy(x, target, label_smoothing=0.1).backward()
        found.append(target.grad.numpy())
    np.testing.assert_allclose(*found, rtol=1e-6)


def test_wrong_labels_change_nothing():
    x = mg.ones(2, 3, requires_grad=True)
    with pytest.raises(IndexError, match=r"Target 3 is out of bounds\."):
        mg.nn.functional.cross_entropy(x, mg.tensor([0, 3]))
    with pytest.raises(
        RuntimeError, match=r"expected target dtype to be Long or Byte, but got Int"
    ):
        mg.nn.functional.cross_entropy(x, mg.tensor([0, 1]).int())
    assert x.grad is None


def test_adaptive_log_softmax():
    def program(T):
        layer = T.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10], div_value=2.0, head_bias=True)
        x = T.randn(6, 8, requires_grad=True)
        output, loss = layer(x, T.tensor([0, 3, 7, 9, 19, 12]))
        loss.backward()
        one = layer(x[0], T.tensor(11))
        told = output, loss, x.grad, *(p.grad for p in layer.parameters()), *one
        shown = repr(layer), [*layer.state_dict()], str(one.output.grad_fn)[:17]
        return *told, layer.log_prob(x), layer.predict(x), *shown

    assert_same(program)


@pytest.mark.parametrize("cutoffs", [[], [5, 3], [3, 3], [0, 3], [20], [2.5]])
def test_cutoffs_of_adaptive_log_softmax(cutoffs):
    refused(lambda T: T.nn.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs))


@pytest.mark.parametrize("size", [(2, 8), (3, 8)])
@pytest.mark.parametrize("target", [0, [[1]], [0, 20], [-1, 3], [1]])
def test_targets_of_adaptive_log_softmax(size, target):
    refused(lambda T: T.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5])(T.ones(size), T.tensor(target)))

"""Losses of sequences and bags of embeddings against torch's."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.stories import check

BOTH = (mg, torch)


def assert_alike(story, rtol=1e-9):
    mine, torchs = (story(T) for T in BOTH)
    for a, b in zip(mine, torchs, strict=True):
        if isinstance(a, str):
            assert a == b
        elif a is None or b is None:
            assert a is b
        else:
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=rtol, atol=rtol)


# ------------------------------------------------------------------------------ alignments
@st.composite
def sequences(draw):
    n, classes = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    steps = draw(st.integers(1, 6))
    blank = draw(st.integers(0, classes - 1))
    labels = st.sampled_from([c for c in range(classes) if c != blank])
    targets = [draw(st.lists(labels, max_size=3)) for _ in range(n)]
    taken = [draw(st.integers(0, steps)) for _ in range(n)]
    return steps, classes, blank, targets, taken


@given(
    sequences(),
    st.sampled_from(["mean", "sum", "none"]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 9),
)
def test_alignments(drawn, reduction, zero_infinity, in_one_row, seed):
    steps, classes, blank, targets, taken = drawn
    lengths = [len(t) for t in targets]
    values = np.random.default_rng(seed).standard_normal((steps, len(targets), classes))
    padded = np.full((len(targets), max(*lengths, 1)), blank)
    for row, labels in zip(padded, targets):
        row[: len(labels)] = labels

    def story(T):
        x = T.from_numpy(values).requires_grad_()
        labels = np.array(list(itertools.chain(*targets))) if in_one_row else padded
        loss = T.nn.functional.ctc_loss(
            x.log_softmax(2),
            T.from_numpy(labels.astype(np.int64)),
            tuple(taken),
            tuple(lengths),
            blank,
            reduction,
            zero_infinity,
        )
        weights = T.arange(1.0, loss.numel() + 1).reshape(loss.shape).double()
        (loss * weights).sum().backward()
        return loss, x.grad

    assert_alike(story, 1e-8)


CALLS = """
F.ctc_loss(logs, labels, (4, 4), (2, 2))
F.ctc_loss(logs, labels.float(), [4, 3], [2, 2], reduction="none")
F.ctc_loss(logs, labels, torch.tensor([4.0, 4]), torch.tensor([2, 2]))
F.ctc_loss(logs, labels, (4,), (2, 2))
F.ctc_loss(logs, labels, (4, 4), (2,))
F.ctc_loss(logs, labels, (5, 4), (2, 2))
F.ctc_loss(logs, labels, (4, 4), (3, 2))
F.ctc_loss(logs, labels, (-1, 4), (2, 2))
F.ctc_loss(logs, labels, (4, 4), (-1, 2))
F.ctc_loss(logs, labels.reshape(-1), (4, 4), (2, 1))
F.ctc_loss(logs, labels.reshape(-1)[:3], (4, 4), (2, 1))
F.ctc_loss(logs, labels, (4, 4), (2, 2), blank=3)
F.ctc_loss(logs, labels, (4, 4), (2, 2), blank=2)
F.ctc_loss(logs[:, 0], labels[0], (4,), (2,))
F.ctc_loss(logs[:, 0], labels[0], torch.tensor(4), torch.tensor(2))
F.ctc_loss(logs[:, 0], labels[0], (4,), (2,), reduction="none")
F.ctc_loss(logs, labels, (4, 4), (2, 2), reduction="foo")
F.ctc_loss(logs.long(), labels, (4, 4), (2, 2))
F.ctc_loss(torch.zeros(0, 2, 3), labels, (0, 0), (0, 0))
torch.nn.CTCLoss()
torch.nn.CTCLoss(1, "sum", True)(logs, labels, (4, 4), (2, 2))
F.ctc_loss(logs.requires_grad_(), labels, (4, 4), (2, 2), reduction="none")
second(F.ctc_loss(logs.requires_grad_(), labels, (4, 4), (2, 2)), logs)
""".strip().splitlines()


@pytest.mark.parametrize("call", CALLS)
def test_calls_of_ctc_loss(call):
    def story(torch):
        def second(loss, x):
            torch.autograd.grad(loss, x, create_graph=True)[0].sum().backward()

        names = {
            "torch": torch,
            "F": torch.nn.functional,
            "second": second,
            "logs": torch.arange(24.0).reshape(4, 2, 3).sin().log_softmax(2),
            "labels": torch.tensor([[1, 2], [1, 1]]),
        }
        return eval(call, names)

    check(story)


# ------------------------------------------------------------------------------ bags
@given(
    bags=st.lists(st.lists(st.integers(0, 5), max_size=4), min_size=1, max_size=4),
    mode=st.sampled_from(["sum", "mean", "max"]),
    padding=st.none() | st.integers(-6, 5),
    last=st.booleans(),
    weighted=st.booleans(),
)
def test_bags(bags, mode, padding, last, weighted):
    weighted = weighted and mode == "sum"
    index = np.array(list(itertools.chain(*bags)), np.int64)
    offsets = np.cumsum([0, *map(len, bags)])[: len(bags) + last]
    values = np.random.default_rng(0).standard_normal((6, 3))

    def story(T):
        table = T.from_numpy(values).requires_grad_()
        factors = None
        if weighted:
            factors = T.linspace(0.5, 2, len(index), dtype=T.float64).requires_grad_()
        out = T.nn.functional.embedding_bag(
            T.from_numpy(index),
            table,
            T.from_numpy(offsets),
            mode=mode,
            per_sample_weights=factors,
            include_last_offset=last,
            padding_idx=padding,
        )
        (out * T.arange(1.0, out.numel() + 1).reshape(out.shape).double()).sum().backward()
        found = None if factors is None or padding is not None else factors.grad
        return out, table.grad, found

    assert_alike(story, 1e-9)


def test_gradients_by_frequency():
    """Each row's gradient divided by how often it is named: torch divides some of them by another row's count."""
    table = mg.zeros(3, 1, requires_grad=True)
    index, offsets = mg.tensor([2, 0, 0, 2, 2]), mg.tensor([0, 3])
    out = mg.nn.functional.embedding_bag(index, table, offsets, mode="sum", scale_grad_by_freq=True)
    (out * mg.tensor([[1.0], [4.0]])).sum().backward()
    np.testing.assert_allclose(table.grad.numpy()[:, 0], [2 / 2, 0, 9 / 3])


def test_bags_of_one_length_and_rows_cut_in_place():
    def story(T):
        table = T.arange(12.0).reshape(4, 3).requires_grad_()
        index = T.tensor([[0, 3, 1], [1, 1, 2]])
        out = T.nn.functional.embedding_bag(index, table, max_norm=2.0, mode="sum")
        (out * out).sum().backward()
        return out, table, table.grad, out.grad_fn.name()

    assert_alike(story, 1e-6)


BAG_CALLS = """
F.embedding_bag(index, table, torch.tensor([0, 2]))
F.embedding_bag(index, table)
F.embedding_bag(index.reshape(2, 2), table, torch.tensor([0]))
F.embedding_bag(index[None, None], table)
F.embedding_bag(index, table, torch.tensor([1, 2]))
F.embedding_bag(index, table, torch.tensor([0, 9]))
F.embedding_bag(index, table, torch.tensor([[0]]))
F.embedding_bag(index.float(), table, torch.tensor([0]))
F.embedding_bag(index, table[0], torch.tensor([0]))
F.embedding_bag(index + 9, table, torch.tensor([0]))
F.embedding_bag(index, table, torch.tensor([0]), mode="min")
F.embedding_bag(index, table, torch.tensor([0]), mode="max", scale_grad_by_freq=True)
F.embedding_bag(index, table, torch.tensor([0]), per_sample_weights=torch.ones(4))
F.embedding_bag(index, table, torch.tensor([0]), mode="sum", per_sample_weights=torch.ones(3))
F.embedding_bag(index.int(), table, torch.tensor([0]).int(), mode="max")
F.embedding_bag(index, table, torch.tensor([0, 4]), mode="max")
F.embedding_bag(index, table, torch.tensor([0]).long()[:0])
torch.nn.EmbeddingBag(4, 3)
torch.nn.EmbeddingBag(4, 3, max_norm=1.0, mode="sum", padding_idx=-1)
torch.nn.EmbeddingBag.from_pretrained(table)(index, torch.tensor([0, 2]))
torch.nn.EmbeddingBag.from_pretrained(table, mode="sum").weight.requires_grad
torch.nn.EmbeddingBag.from_pretrained(table, freeze=False).weight.requires_grad
seeded()(index, torch.tensor([0, 1]))
seeded().weight
""".strip().splitlines()


@pytest.mark.parametrize("call", BAG_CALLS)
def test_calls_of_embedding_bag(call):
    def story(torch):
        def seeded():
            torch.manual_seed(1)
            return torch.nn.EmbeddingBag(4, 3, mode="max", padding_idx=2)

        names = {
            "torch": torch,
            "F": torch.nn.functional,
            "seeded": seeded,
            "table": torch.arange(12.0).reshape(4, 3),
            "index": torch.tensor([0, 3, 1, 1]),
        }
        return eval(call, names)

    check(story, words=False)


# ------------------------------------------------------------------------------ channels
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("channels", [1, 2, 5, 7])
def test_cross_map_normalisation(size, channels):
    """The numbers are torch's; its gradients are of windows one channel further on."""

    def story(T):
        x = T.linspace(-2, 3, 12 * channels).reshape(2, channels, 3, 2)
        return [T.nn.CrossMapLRN2d(size, 0.5, 0.6, 1.5)(x)]

    assert_alike(story, 2e-5)
    x = mg.linspace(-2, 3, 2 * channels, dtype=mg.float64).reshape(1, channels, 1, 2)
    assert mg.autograd.gradcheck(mg.nn.CrossMapLRN2d(size, 0.5, 0.6, 1.5), x.requires_grad_())


def test_cross_map_normalisation_is_told():
    check(lambda torch: torch.nn.CrossMapLRN2d(3))
    check(lambda torch: torch.nn.CrossMapLRN2d(3)(torch.ones(2, 3)))


# ------------------------------------------------------------------------------ modules in older ways
def test_state_dict_by_position():
    def story(torch):
        net = torch.nn.Linear(1, 2)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = net.state_dict({}, "a.", True)
            other = {}
            same = net.state_dict(other) is other
        said = [(w.category, str(w.message)) for w in caught]
        return list(found), [v.requires_grad for v in found.values()], same, said

    check(story)


def numbers(given):
    """Gradients as lists: the memory order of what is the same everywhere differs."""
    return [[None if g is None else g.tolist() for g in gradients] for gradients in given]


class Many:
    """A module of several nodes, under either package."""

    def __new__(cls, torch):
        class Net(torch.nn.Module):
            def forward(self, x, y=None):
                return (x * 2).exp() if y is None else ((x * y), x.exp())

        return Net()


PROGRAMS = {
    "one node": lambda T: (T.nn.ReLU(), (T.ones(2, requires_grad=True) * 2,)),
    "a convolution": lambda T: (
        T.nn.Conv2d(1, 1, 1, bias=False),
        (T.ones(1, 1, 2, 2, requires_grad=True) * 2,),
    ),
    "several nodes": lambda T: (Many(T), (T.ones(2, requires_grad=True) * 2,)),
    "several answers": lambda T: (Many(T), (T.ones(2, requires_grad=True) * 2, T.ones(2))),
    "a leaf": lambda T: (T.nn.Sigmoid(), (T.ones(2, requires_grad=True),)),
    "nothing to do": lambda T: (T.nn.Sigmoid(), (T.ones(2),)),
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_backward_hooks_of_nodes(program):
    def story(torch):
        torch.manual_seed(0)
        module, args = program(torch)
        if hasattr(module, "weight"):
            torch.nn.init.constant_(module.weight, 0.5)
        told = []
        handle = module.register_backward_hook(lambda *given: told.append(numbers(given[1:])))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            out = module(*args)
        out = sum(o.sum() for o in out) if isinstance(out, tuple) else out.sum()
        if out.requires_grad:
            out.backward()
        handle.remove()
        module(*args)
        said = [(w.category, str(w.message)) for w in caught]
        return told, said, len(module._backward_hooks)

    check(story)


def test_hooks_of_nodes_change_gradients_and_stand_alone():
    def story(torch):
        layer = torch.nn.ReLU()
        layer.register_backward_hook(lambda module, before, after: (before[0] * 3,))
        x = torch.ones(2, requires_grad=True)
        layer(x).sum().backward()
        refused = []
        for first, second in (
            ("register_backward_hook", "register_full_backward_hook"),
            ("register_full_backward_hook", "register_backward_hook"),
        ):
            layer = torch.nn.ReLU()
            getattr(layer, first)(print)
            try:
                getattr(layer, second)(print)
            except RuntimeError as error:
                refused.append(str(error))
        return x.grad, refused

    check(story)

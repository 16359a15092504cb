"""Datasets and what is built of them, against torch's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad.utils.data import (
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
)
from tests.data.twins import BOTH, same

INDEX = st.integers(-8, 8)


def tensors(side, n, columns=2):
    base = side.core.arange(n * 3).view(n, 3)
    return side.data.TensorDataset(*[base * k for k in range(1, columns + 1)])


@given(st.integers(0, 5), INDEX | st.lists(st.integers(0, 4)) | st.slices(5))
def test_tensor_dataset(n, index):
    same(lambda side: (tensors(side, n)[index], len(tensors(side, n))))


@given(st.lists(st.integers(0, 3), max_size=4), INDEX)
def test_concat_dataset(lengths, index):
    def call(side):
        data = side.data.ConcatDataset([tensors(side, n) for n in lengths])
        return data[index], len(data), data.cumulative_sizes

    same(call)


@given(
    st.integers(0, 5),
    st.lists(st.integers(-5, 4), max_size=4),
    INDEX | st.lists(st.integers(0, 3), max_size=3),
)
def test_subset(n, indices, index):
    def call(side):
        data = side.data.Subset(tensors(side, n), indices)
        many = index if isinstance(index, list) else [index]
        return data[index], data.__getitems__(many), len(data)

    same(call)


@given(st.lists(st.integers(0, 4), max_size=3), st.booleans(), INDEX, st.lists(st.integers(0, 3)))
def test_stack_dataset(lengths, named, index, indices):
    def call(side):
        parts = [tensors(side, n, 1) for n in lengths]
        stacked = (
            side.data.StackDataset(**{f"part{i}": part for i, part in enumerate(parts)})
            if named
            else side.data.StackDataset(*parts)
        )
        return stacked[index], stacked.__getitems__(indices), len(stacked)

    same(call)


def test_stack_dataset_asks_its_parts_for_many_at_once():
    class Many(list):
        def __getitems__(self, indices):
            return [self[i] * 10 for i in indices]

    class Wrong(list):
        def __getitems__(self, indices):
            return []

    def call(side):
        return side.data.StackDataset(Many([1, 2]), [3, 4]).__getitems__([1, 0])

    assert same(call) == ("list", [("tuple", [20, 4]), ("tuple", [10, 3])])
    same(lambda side: side.data.StackDataset(Wrong([1])).__getitems__([0]))
    same(lambda side: side.data.StackDataset([1], a=[1]))


def test_sums_of_datasets():
    def call(side):
        class Stream(side.data.IterableDataset):
            def __iter__(self):
                return iter("ab")

            def __len__(self):
                return 2

        chain = Stream() + Stream() + Stream()
        both = tensors(side, 2) + tensors(side, 1)
        return list(chain), len(chain), list(both), type(chain).__name__, type(both).__name__

    same(call)


@pytest.mark.parametrize(
    "call",
    [
        lambda side: side.data.Dataset()[0],
        lambda side: len(side.data.Dataset()),
        lambda side: side.data.TensorDataset(side.core.ones(2), side.core.ones(3)),
        lambda side: len(side.data.TensorDataset()),
        lambda side: side.data.ConcatDataset([]),
        lambda side: side.data.ConcatDataset([side.data.IterableDataset()]),
        lambda side: list(side.data.ChainDataset([[1]])),
        lambda side: len(side.data.ChainDataset([[1]])),
        lambda side: iter(side.data.IterableDataset()),
        lambda side: type("Half", (side.data.Subset,), {"__getitem__": None})([1], [0]),
    ],
)
def test_errors(call):
    assert isinstance(same(call), type)


def test_cumulative_sizes_under_the_old_name():
    for side in BOTH:
        with pytest.warns(FutureWarning, match="is renamed to `cumulative_sizes`"):
            assert side.data.ConcatDataset(["ab", "c"]).cummulative_sizes == [2, 3]


def test_datasets_take_type_arguments():
    class Words(Dataset[str]):
        pass

    class Stream(IterableDataset[int]):
        pass

    assert issubclass(Words, Dataset)
    assert issubclass(Stream, IterableDataset)


# --------------------------------------------------------------------------- batches cut at once

PARTS = st.recursive(
    st.integers(0, 3),
    lambda inner: st.tuples(
        st.sampled_from(["subset", "array subset", "tensor subset", "concat", "stack", "named"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)


def built(part):
    """A dataset of 6 or more elements, of tensors of some layout or dtype, or of other datasets."""
    if isinstance(part, int):
        base = minigrad.arange(24.0).view(4, 6) + part
        x = [base.t(), base.t().contiguous(), base.view(8, 3).to(minigrad.int64), base.view(-1)][
            part
        ]
        return TensorDataset(x, minigrad.arange(len(x)))
    name, inner = part
    inner = [built(each) for each in inner]
    if name == "concat":
        return ConcatDataset(inner)
    if name in ("stack", "named"):
        alike = [Subset(each, range(6)) for each in inner]
        return StackDataset(*alike) if name == "stack" else StackDataset(a=alike[0], b=alike[-1])
    order = [5, 0, 2, 2, 4, 1]
    forms = {"array subset": np.array, "tensor subset": minigrad.tensor}
    return Subset(inner[0], forms.get(name, list)(order))


INDICES = st.lists(st.integers(-7, 7), min_size=1, max_size=5)


@given(PARTS, INDICES)
def test_batches_cut_at_once_are_the_same(part, indices):
    """Beside collating element by element: values, dtypes, layout and errors."""
    data = built(part)

    def read(collate_fn):
        loader = minigrad.utils.data.DataLoader(
            data, batch_sampler=[indices], collate_fn=collate_fn
        )
        return next(iter(loader))

    def details(batch):
        if isinstance(batch, dict):
            return {key: details(batch[key]) for key in batch}
        if isinstance(batch, list):
            return [details(each) for each in batch]
        return batch.dtype, batch.tolist(), batch.stride(), batch.is_leaf

    def told(collate_fn):
        try:
            return details(read(collate_fn))
        except Exception as error:
            return type(error), str(error)

    assert told(None) == told(lambda batch: minigrad.utils.data.default_collate(batch))


def test_batches_are_cut_at_once(monkeypatch):
    monkeypatch.setattr(TensorDataset, "__getitem__", None)
    data = TensorDataset(minigrad.arange(6), minigrad.arange(6.0))
    deep = ConcatDataset([Subset(data, [1, 2]), StackDataset(data, data), Subset(data, [5])])
    loader = minigrad.utils.data.DataLoader
    assert [x.tolist() for x, _ in loader(data, 4)] == [[0, 1, 2, 3], [4, 5]]
    assert [x.tolist() for x, _ in loader(Subset(deep, [0, 1, 8]), 3)] == [[1, 2, 5]]


class Doubled(TensorDataset):
    def __getitem__(self, index):
        return tuple(2 * x for x in super().__getitem__(index))


class Many(TensorDataset):
    def __getitems__(self, indices):
        return [self[i] + (7,) for i in indices]


class Cut(Doubled):
    def _gather(self, indices):
        return "mine"


@pytest.mark.parametrize(
    ("kind", "expected"), [(Doubled, [[2, 4]]), (Many, [[1, 2], [7, 7]]), (Cut, "mine")]
)
def test_a_subclass_that_reads_otherwise_is_asked(kind, expected):
    data = kind(minigrad.arange(4))
    for wrapped in (data, Subset(data, range(4)), ConcatDataset([data, data])):
        if kind is Many and isinstance(wrapped, ConcatDataset):
            continue  # reads its parts one by one, as torch's
        loader = minigrad.utils.data.DataLoader(wrapped, batch_sampler=[[1, 2]])
        batch = next(iter(loader))
        if kind is Cut and isinstance(wrapped, ConcatDataset):
            assert batch == "mine"
        else:
            assert (batch if batch == "mine" else [t.tolist() for t in batch]) == expected


def test_gradients_of_a_batch():
    def call(side):
        x = side.core.ones(3, 2, requires_grad=True)
        (batch,) = next(iter(side.data.DataLoader(side.data.TensorDataset(x), 2)))
        batch.sum().backward()
        return x.grad, batch.grad_fn.name()

    same(call)


@given(INDICES, st.sampled_from([list, tuple, np.array, minigrad.tensor]), st.booleans())
def test_indices_of_every_form(indices, form, own):
    def call(side):
        made = side.core.tensor if form is minigrad.tensor else form
        loader = side.data.DataLoader(tensors(side, 8), batch_sampler=[made(indices)])
        return list(loader)

    same(call)

"""DataLoader in one process, against torch's: orders, lengths, numbers drawn, errors, warnings."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad.utils.data import DataLoader, TensorDataset
from tests.data.twins import BOTH, same

SEEDS = st.integers(-5, 2**40)
SIZES = st.none() | st.integers(1, 7)


class Items:
    """A dataset that is no Dataset."""

    def __init__(self, side, n):
        self.x = side.core.arange(n * 2).view(n, 2)

    def __getitem__(self, i):
        return {"x": self.x[i], "i": i, "name": f"n{i}"}

    def __len__(self):
        return len(self.x)


def tensors(side, n):
    return side.data.TensorDataset(side.core.arange(n), side.core.arange(n * 2.0).view(n, 2))


@given(
    st.sampled_from([Items, tensors]),
    st.integers(0, 20),
    SIZES,
    st.none() | st.booleans(),
    st.booleans(),
    st.booleans(),
    SEEDS,
)
def test_epochs(data, n, size, shuffle, drop_last, own, seed):
    """Two epochs, lengths, and what is drawn during them and afterwards."""

    def call(side):
        generator = side.core.Generator().manual_seed(seed + 1) if own else None
        loader = side.data.DataLoader(
            data(side, n), size, shuffle, drop_last=drop_last, generator=generator
        )
        found = []
        for _ in range(2):
            found += [(batch, side.core.rand(1)) for batch in loader]
        return found, len(loader), len(iter(loader)), loader.batch_size, loader.drop_last

    same(call, seed)


@given(
    st.integers(1, 20),
    st.lists(st.lists(st.integers(-1, 20), max_size=4), max_size=4),
    st.lists(st.integers(-1, 20), max_size=9),
    SIZES,
)
def test_samplers_of_ones_own(n, batches, order, size):
    def call(side, **options):
        loader = side.data.DataLoader(tensors(side, n), **options)
        return list(loader), len(loader), loader.batch_size

    same(lambda side: call(side, batch_sampler=batches))
    same(lambda side: call(side, sampler=order, batch_size=size))
    same(lambda side: call(side, sampler=side.core.tensor(order or [0]), batch_size=size))


@given(st.integers(0, 9), SIZES, st.booleans(), SEEDS)
def test_streams(n, size, drop_last, seed):
    def call(side):
        class Stream(side.data.IterableDataset):
            def __iter__(self):
                return (side.core.rand(1).item() for _ in range(n))

            def __len__(self):
                return n

        loader = side.data.DataLoader(Stream(), size, drop_last=drop_last)
        first = iter(loader)
        seen = [next(first, "end") for _ in range(n + 2)]
        return seen, list(loader), len(loader)

    same(call, seed)


def test_training_continues_with_torchs_numbers():
    """Shuffling, dropout and initialisation side by side draw from one generator."""

    def call(side):
        found = []
        for _ in range(2):
            for x, y in side.data.DataLoader(tensors(side, 10), 4, shuffle=True):
                found += [x, y, side.core.rand(2), side.core.bernoulli(0.5 * side.core.ones(5))]
            found.append(side.core.randperm(5))
        for i, (x, _) in enumerate(side.data.DataLoader(tensors(side, 10), 4, shuffle=True)):
            found.append(x)
            if i == 1:
                break
        return found, side.core.randn(20).sum() > 0

    same(call, 3)


def test_collate_fn():
    def call(side):
        loader = side.data.DataLoader(Items(side, 5), 2, collate_fn=len)
        single = side.data.DataLoader([3, 4], None, collate_fn=lambda x: x * 2)
        return list(loader), list(single), list(side.data.DataLoader([[1, "a"], (2, "b")], None))

    same(call)


OPTIONS = [
    {"num_workers": -1},
    {"timeout": -1},
    {"prefetch_factor": 2},
    {"num_workers": 1, "prefetch_factor": -1},
    {"persistent_workers": True},
    {"multiprocessing_context": "fork"},
    {"num_workers": 1, "multiprocessing_context": "thread"},
    {"num_workers": 1, "multiprocessing_context": 3},
    {"sampler": [0], "shuffle": True},
    {"batch_sampler": [[0]], "batch_size": 2},
    {"batch_sampler": [[0]], "batch_size": None},
    {"batch_sampler": [[0]], "shuffle": True},
    {"batch_sampler": [[0]], "sampler": [0]},
    {"batch_sampler": [[0]], "drop_last": True},
    {"batch_size": None, "drop_last": True},
    {"batch_size": 0},
    {"batch_size": True},
    {"batch_size": 1.5},
    {"drop_last": 1},
    {"shuffle": 1},
    {"shuffle": True, "batch_size": None},
    {"pin_memory": False, "pin_memory_device": "cuda", "in_order": False},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options_that_exclude_each_other(options):
    def call(side):
        loader = side.data.DataLoader([1, 2, 3], **options)
        return len(loader), loader.batch_size, type(loader.sampler).__name__, loader.prefetch_factor

    same(call)


@pytest.mark.parametrize(
    "options",
    [
        {"shuffle": True},
        {"shuffle": False},
        {"sampler": [0]},
        {"batch_sampler": [[0]]},
        {"batch_size": None},
    ],
    ids=str,
)
def test_options_of_streams(options):
    def call(side):
        class Stream(side.data.IterableDataset):
            def __iter__(self):
                return iter(range(3))

        return list(side.data.DataLoader(Stream(), **options))

    same(call)


def test_odd_calls():
    same(lambda side: list(side.data.DataLoader([], shuffle=True)))
    same(lambda side: list(side.data.DataLoader([])))
    same(lambda side: len(side.data.DataLoader([1], sampler=iter([0]))))
    same(lambda side: iter(side.data.DataLoader([1], timeout=3)))
    same(lambda side: pickle.dumps(iter(side.data.DataLoader([1]))))
    same(lambda side: list(side.data.DataLoader([None, 1])))
    same(lambda side: list(side.data.DataLoader([1, 2], batch_sampler=[[5]])))


@pytest.mark.parametrize("name", ["batch_size", "sampler", "dataset", "drop_last", "num_workers"])
def test_what_must_not_be_set(name):
    same(lambda side: setattr(side.data.DataLoader([1]), name, 3))
    if name != "num_workers":
        with pytest.raises(ValueError, match="should not be set after DataLoader is initialized"):
            setattr(DataLoader([1]), name, 2)


def test_a_stream_longer_than_it_says():
    def call(side):
        class Stream(side.data.IterableDataset):
            def __iter__(self):
                return iter(range(3))

            def __len__(self):
                return 1

        loader = side.data.DataLoader(Stream())
        before = list(loader)
        assert len(loader) == 1
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            after = list(loader)
        return before, after, [str(w.message).replace(str(loader.dataset), "") for w in told]

    assert len(same(call)[1][2][1]) == 2


def test_gathering_respects_changed_rules(monkeypatch):
    rules = sys.modules["minigrad.utils.data._utils.collate"].default_collate_fn_map
    monkeypatch.setitem(rules, minigrad.Tensor, lambda batch, *, collate_fn_map=None: len(batch))
    assert list(DataLoader(TensorDataset(minigrad.ones(3)), 2)) == [[2], [1]]


def test_more_workers_than_cpus():
    for side in BOTH:
        with pytest.warns(UserWarning, match=r"will create 1000 worker processes in total\. Our"):
            loader = side.data.DataLoader([1], num_workers=1000)
        assert loader.prefetch_factor == 2


def test_loader_takes_a_type_argument():
    loader: DataLoader[int] = DataLoader([1])
    assert isinstance(loader, DataLoader)
    assert torch.utils.data.DataLoader([1]).pin_memory is loader.pin_memory is False


def test_nothing_heavy_is_imported():
    code = (
        "import sys, minigrad; before = set(sys.modules)\n"
        "assert 'minigrad.utils' not in before\n"
        "loader = minigrad.utils.data.DataLoader([1, 2]); list(loader)\n"
        "print(*{'numba', 'multiprocessing'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert not run.stdout.split(), run.stdout

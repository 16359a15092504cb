"""Samplers and random_split: torch's orders, and the generators left as torch leaves them."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.utils import data
from tests.data.twins import BOTH, same

SEEDS = st.integers(0, 2**40)
LENGTHS = st.integers(0, 70)


@given(LENGTHS, st.booleans(), st.none() | st.integers(-1, 150), st.booleans(), SEEDS)
def test_random_sampler(n, replacement, count, own, seed):
    def call(side):
        generator = side.core.Generator().manual_seed(seed + 1) if own else None
        sampler = side.data.RandomSampler(range(n), replacement, count, generator)
        orders = [list(sampler), list(sampler)]
        return orders, len(sampler), generator and side.core.rand(2, generator=generator)

    same(call, seed)


@given(
    n=st.integers(1, 40),
    replicas=st.integers(1, 6),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    seed=st.integers(0, 1000),
    epoch=st.integers(0, 5),
)
def test_distributed_sampler(n, replicas, shuffle, drop_last, seed, epoch):
    def call(side):
        told = []
        for rank in range(replicas):
            sampler = side.data.DistributedSampler(
                range(n), replicas, rank, shuffle, seed, drop_last
            )
            first = list(sampler)
            sampler.set_epoch(epoch)
            told.append((first, list(sampler), len(sampler), sampler.total_size))
        return told

    same(call, seed)


def test_distributed_sampler_is_told_its_place():
    def call(side):
        from_there = side.data.distributed.DistributedSampler
        assert from_there is side.data.DistributedSampler
        return from_there([1, 2], 2, 2)

    same(call, 0)
    with pytest.raises(RuntimeError, match="distributed package"):
        data.DistributedSampler([1, 2])


@given(LENGTHS, st.integers(1, 9), st.booleans(), st.integers(0, 70), SEEDS)
def test_a_shared_generator_at_every_step(n, size, drop_last, steps, seed):
    """An epoch that is left early has drawn as much as torch's."""

    def call(side):
        generator = side.core.Generator().manual_seed(seed)
        data = side.core.arange(n)
        loader = side.data.DataLoader(
            side.data.TensorDataset(data), size, True, drop_last=drop_last, generator=generator
        )
        found = [batch for batch, _ in zip(loader, range(steps))]
        return found, side.core.rand(2, generator=generator)

    same(call)


@given(st.lists(st.integers(), max_size=40), st.booleans(), SEEDS)
def test_subset_random_sampler(indices, own, seed):
    def call(side):
        generator = side.core.Generator().manual_seed(seed + 1) if own else None
        sampler = side.data.SubsetRandomSampler(indices, generator)
        return list(sampler), list(sampler), len(sampler)

    same(call, seed)


@given(
    st.lists(st.floats(0, 10, width=32) | st.integers(0, 3), max_size=30),
    st.integers(-1, 60) | st.booleans(),
    st.booleans(),
    SEEDS,
)
def test_weighted_random_sampler(weights, count, replacement, seed):
    def call(side):
        sampler = side.data.WeightedRandomSampler(weights, count, replacement)
        return list(sampler), list(sampler), len(sampler), sampler.weights

    same(call, seed)


@given(LENGTHS, st.integers(-1, 9) | st.just(2.0), st.booleans() | st.none())
def test_batch_sampler(n, size, drop_last):
    def call(side):
        sampler = side.data.BatchSampler(side.data.SequentialSampler(range(n)), size, drop_last)
        return list(sampler), len(sampler), list(side.data.BatchSampler("abcde", size, drop_last))

    same(call)


def test_sampler_is_a_base():
    class Backwards(data.Sampler[int]):
        def __iter__(self):
            return iter([2, 1, 0])

    assert list(data.DataLoader("abc", sampler=Backwards())) == [["c"], ["b"], ["a"]]
    with pytest.raises(NotImplementedError):
        iter(data.Sampler())


@pytest.mark.filterwarnings("ignore:Length of split")
@given(st.integers(0, 50), st.lists(st.integers(0, 30), min_size=1, max_size=4), SEEDS)
def test_random_split_by_counts(n, lengths, seed):
    def call(side):
        parts = side.data.random_split(range(n), lengths)
        return [list(part) for part in parts], [part.indices for part in parts]

    same(call, seed)
    n = sum(lengths)
    same(call, seed)


FRACTIONS = st.lists(st.integers(-1, 9), min_size=1, max_size=5)


@given(st.integers(0, 50), FRACTIONS, SEEDS)
def test_random_split_by_fractions(n, shares, seed):
    fractions = [share / (sum(shares) or 1) for share in shares]

    def call(side):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            parts = side.data.random_split(range(n), fractions)
        return [list(part) for part in parts], [str(w.message) for w in told]

    same(call, seed)


def test_random_split_takes_a_generator():
    def call(side):
        generator = side.core.Generator().manual_seed(42)
        return [
            list(part) for part in side.data.random_split(range(9), [3, 6], generator=generator)
        ]

    assert same(call) == ("list", [("list", [6, 4, 0]), ("list", [7, 5, 8, 3, 2, 1])])


def test_warning_points_at_the_caller():
    for side in BOTH:
        with pytest.warns(UserWarning, match="Length of split at index 1 is 0") as told:
            side.data.random_split([7], [0.5, 0.5])
        assert told[0].filename == __file__

"""Generators, seeds and states of random numbers against torch."""

from __future__ import annotations

import contextlib
import copy
import pickle

import numpy as np
import pytest
import torch

import minigrad
from minigrad import random
from tests.random_pairs import both, outcome, same, same_state

pytestmark = pytest.mark.usefixtures("random_states")


@pytest.mark.parametrize("seed", [0, -1, 2**64 - 1, 3.7, "12", True, np.int32(5)])
def test_manual_seed_takes_what_int_takes(seed):
    assert random.manual_seed(seed) is random.default_generator
    torch.manual_seed(seed)
    assert random.initial_seed() == torch.initial_seed()
    same_state()


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, 1.5, "3", None, True])
def test_seeds_of_generators(seed):
    mine, other = random.Generator(), torch.Generator()
    expected, got = (outcome(lambda g=g: g.manual_seed(seed)) for g in (other, mine))
    assert expected is not None
    assert got is not None
    assert got[0] is expected[0]
    assert got[1].startswith(expected[1])
    assert mine.initial_seed() == other.initial_seed() == 67280421310721


def test_a_generator_is_apart_from_the_default_one():
    both()
    before = random.get_rng_state().array.copy()
    g, h = random.Generator(), torch.Generator()
    assert str(g.device) == str(h.device) == "cpu"
    assert g.manual_seed(5) is g
    same(random.rand(4, generator=g), torch.rand(4, generator=h.manual_seed(5)))
    same(random.randn(4, generator=g), torch.randn(4, generator=h))
    np.testing.assert_array_equal(random.get_rng_state().array, before)
    assert random.Generator(device="cpu").initial_seed() == torch.Generator().initial_seed()
    assert random.Generator(minigrad.device("cpu")).device == minigrad.device("cpu")


def test_states_are_tensors_that_torch_understands():
    g = random.Generator().manual_seed(3)
    random.randn(5, generator=g)
    state = g.get_state()
    assert isinstance(state, minigrad.Tensor)
    assert (state.dtype, tuple(state.shape)) == (minigrad.uint8, (5056,))
    h = torch.Generator().set_state(torch.from_numpy(state.array))
    same(random.randn(4, generator=g), torch.randn(4, generator=h))
    assert g.set_state(state) is g
    h.set_state(torch.from_numpy(state.array))
    same(random.randn(4, generator=g), torch.randn(4, generator=h))
    g.set_state(minigrad.from_numpy(h.get_state().numpy()))
    same(random.rand(4, generator=g), torch.rand(4, generator=h))


@pytest.mark.parametrize(
    "state",
    [[1], None, np.zeros(5056, np.uint8), np.zeros(5056, np.float32), np.zeros(5, np.uint8)],
)
def test_what_is_no_state(state):
    mine, other = state, state
    if isinstance(state, np.ndarray):
        mine, other = minigrad.tensor(state), torch.from_numpy(state)
    g, h = random.Generator(), torch.Generator()
    expected, got = outcome(lambda: h.set_state(other)), outcome(lambda: g.set_state(mine))
    assert expected is not None
    assert got is not None
    assert got[0] is expected[0]
    assert got[1].split("Byte")[0] == expected[1].split("Byte")[0].replace("torch.", "minigrad.")


@pytest.mark.parametrize(
    "twin", [random.Generator.clone_state, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))]
)
def test_twins(twin):
    g = random.Generator().manual_seed(8)
    random.randn(3, generator=g)
    copied = twin(g)
    expected = random.randn(5, generator=g).tolist()
    assert random.randn(5, generator=copied).tolist() == expected
    assert copied.initial_seed() == 8


def test_fork_rng():
    both()
    with random.fork_rng(devices=[]), torch.random.fork_rng(devices=[]):
        same(random.rand(3), torch.rand(3))
    same_state()
    with random.fork_rng(enabled=False), torch.random.fork_rng(enabled=False):
        same(random.rand(3), torch.rand(3))
    same_state()
    with contextlib.suppress(KeyError), random.fork_rng():
        random.rand(3)
        raise KeyError
    same_state()


def test_seed_answers_what_it_starts_from():
    started = random.seed()
    assert random.initial_seed() == started
    assert 0 <= started < 2**64
    torch.manual_seed(started)
    same(random.rand(3), torch.rand(3))
    state = random.get_rng_state()
    random.rand(3)
    random.set_rng_state(state)
    same(random.rand(3), torch.rand(3))

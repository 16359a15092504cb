"""The engine of random numbers against torch's generator: bits, order in memory, seeds and states.

Every test of numbers runs three times: all in NumPy, all in Numba's kernels, and as sizes decide.
"""

from __future__ import annotations

import copy
import math
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minigrad import _sampling
from minigrad._sampling import Engine
from minigrad.kernels import random as kernels
from tests.draws import (
    ALL,
    FLOATS,
    INTEGERS,
    SEEDS,
    SIZES,
    check,
    check_state,
    generators,
    ours,
    tdtype,
    theirs,
    worth,
)

# (method, arguments, dtypes)
FILLS = [
    ("uniform_", (), FLOATS),
    ("uniform_", (-1 / 3, 1 / 3), FLOATS),
    ("uniform_", (0.1, 2.7), FLOATS),
    ("uniform_", (-5.0, -5.0), FLOATS),
    ("uniform_", (1.0, 1.0 + 2.0**-10), FLOATS),
    ("normal_", (), FLOATS),
    ("normal_", (0.3, 1.7), FLOATS),
    ("normal_", (-2.0, 0.0), FLOATS),
    ("normal_", (0.0, 1e5), FLOATS),
    ("exponential_", (), FLOATS),
    ("exponential_", (2.5,), FLOATS),
    ("cauchy_", (), FLOATS),
    ("cauchy_", (0.3, 1.7), FLOATS),
    ("log_normal_", (), FLOATS),
    ("log_normal_", (0.3, 300.0), FLOATS),
    ("geometric_", (0.3,), (*FLOATS, *INTEGERS)),
    ("geometric_", (0.001,), ("float32", "int16", "int64")),
    ("bernoulli_", (), ALL),
    ("bernoulli_", (0.3,), ALL),
    ("bernoulli_", (0.0,), ALL),
    ("bernoulli_", (1.0,), ALL),
    ("random_", (), ALL),
    ("random_", (1,), ALL),
    ("random_", (0, 2), ALL),
    ("random_", (3, 17), (*FLOATS, *INTEGERS)),
    ("random_", (-5, 6), (*FLOATS, *INTEGERS[1:])),
    ("random_", (1, None), ALL),
    ("random_", (-100, None), (*FLOATS, *INTEGERS[1:])),
    ("random_", (0, 2**28 - 1), ("int32", "int64")),
    ("random_", (-7, 2**28 - 7), ("int32", "int64")),
    ("random_", (-(2**31), 2**31), ("int32", "int64")),
    ("random_", (-(2**63), 2**63 - 1), ("int64",)),
    ("random_", (-(2**63), None), ("int64", "float32", "float64")),
]


@pytest.fixture(params=[math.inf, 1, None], ids=["numpy", "kernels", "by size"])
def path(request):
    """Which of the two ways to make numbers is taken."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0") and request.param != math.inf:
        pytest.skip("the kernels contain LLVM code")
    with worth(request.param):
        yield


each_path = pytest.mark.usefixtures("path")


# -------------------------------------------------------------------------------- numbers


# The last step of these is a product and a sum.
ROUNDED = ("uniform_", "normal_", "log_normal_", "cauchy_")


@each_path
@pytest.mark.parametrize(("method", "args", "dtypes"), FILLS)
def test_fills_are_torchs(method, args, dtypes):
    for seed in SEEDS:
        engine, generator = generators(seed)
        for dtype in dtypes:
            for size in SIZES if seed == 42 else (5, 40):
                tensor = theirs(generator, method, torch.empty(size, dtype=tdtype(dtype)), *args)
                array = ours(engine, method, np.empty(size, dtype), *args)
                check(array, tensor, exact=method not in ROUNDED)
        check_state(engine, generator)


def views():
    """Views of a zero-based range, by what makes them in NumPy and in torch."""
    return {
        "0-d": ((), lambda x: x),
        "transposed": ((5, 7), lambda x: x.T),
        "transposed, large": ((50, 40), lambda x: x.T),
        "channels last": ((2, 5, 6, 3), lambda x: x.swapaxes(1, 3).swapaxes(2, 3)),
        "every other": ((7, 9), lambda x: x[::2, 1::3]),
        "every other, large": ((90, 90), lambda x: x[::2, 1::3]),
        "a row of columns": ((9, 40), lambda x: x[:, 3:4]),
        "one in the middle": ((4, 1, 6), lambda x: x.swapaxes(0, 2)),
        "cyclic": ((3, 4, 5), lambda x: x.swapaxes(0, 1).swapaxes(1, 2)),
        "empty": ((0, 3), lambda x: x.T),
        "contiguous part": ((6, 20), lambda x: x[2:4]),
    }


@each_path
@pytest.mark.parametrize("view", views())
@pytest.mark.parametrize(
    ("method", "args", "dtype"),
    [
        ("uniform_", (-0.2, 0.3), "float32"),
        ("normal_", (0.3, 1.7), "float32"),
        ("normal_", (), "float64"),
        ("normal_", (), "float16"),
        ("exponential_", (), "float32"),
        ("log_normal_", (0.1, 0.5), "float32"),
        ("bernoulli_", (0.3,), "bool"),
        ("random_", (-3, 100), "int16"),
    ],
)
def test_strided_targets_fill_in_order_of_memory(view, method, args, dtype):
    shape, take = views()[view]
    engine, generator = generators(3)
    array, tensor = np.zeros(shape, dtype), torch.zeros(shape, dtype=tdtype(dtype))
    target = take(array)
    assert ours(engine, method, target, *args) is target
    theirs(generator, method, take(tensor), *args)
    check(array, tensor, exact=False)  # all of it: nothing beside the view was written
    check_state(engine, generator)


@each_path
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("p_dtype", FLOATS)
def test_bernoulli_of_probabilities(dtype, p_dtype):
    engine, generator = generators(11)
    for shape, p_shape in [((40, 50), (50,)), ((3, 4), (3, 1)), ((6,), ()), ((0, 2), (2,))]:
        p = np.random.default_rng(0).uniform(0, 1, p_shape).astype(p_dtype)
        for order in ("C", "F"):
            array = np.empty(shape, dtype, order=order)
            tensor = torch.from_numpy(np.empty(shape, dtype, order=order))
            tensor.bernoulli_(torch.from_numpy(p), generator=generator)
            check(engine.bernoulli_(array, p), tensor)
    check_state(engine, generator)


@each_path
@pytest.mark.parametrize("seed", SEEDS)
def test_new_arrays(seed):
    engine, generator = generators(seed)
    for shape in [(), (1,), (3, 5), (4, 0), (30, 70)]:
        for dtype in FLOATS:
            options = {"dtype": tdtype(dtype), "generator": generator}
            check(engine.rand(shape, dtype), torch.rand(shape, **options))
            check(engine.normal(shape, dtype=dtype), torch.randn(shape, **options), exact=False)
        low, high = torch.randint(-9, 2**30, shape, generator=generator), 2**30
        check(engine.randint(-9, high, shape), low)
        check(engine.bernoulli(0.2, shape), torch.empty(shape).bernoulli_(0.2, generator=generator))
    for n in SIZES:
        check(engine.randperm(n), torch.randperm(n, generator=generator))
    check_state(engine, generator)


DRAWS = {
    "rand": (lambda e, n: e.rand((n,)), lambda g, n: torch.rand(n, generator=g)),
    "rand64": (
        lambda e, n: e.rand((n,), np.float64),
        lambda g, n: torch.rand(n, generator=g, dtype=torch.float64),
    ),
    "randn": (lambda e, n: e.normal((n,)), lambda g, n: torch.randn(n, generator=g)),
    "columns": (
        lambda e, n: e.normal_(np.empty((n, 2), np.float32)[:, 0]),
        lambda g, n: torch.empty(n, 2)[:, 0].normal_(generator=g),
    ),
    "log-normal": (
        lambda e, n: e.log_normal_(np.empty(n, np.float32), 0.1, 0.2),
        lambda g, n: torch.empty(n).log_normal_(0.1, 0.2, generator=g),
    ),
    "randint": (
        lambda e, n: e.randint(0, 10, (n,)),
        lambda g, n: torch.randint(10, (n,), generator=g),
    ),
    "seed": (
        lambda e, n: e.random_(np.empty((), np.int64)),
        lambda g, n: torch.empty((), dtype=torch.int64).random_(generator=g),
    ),
    "randperm": (lambda e, n: e.randperm(n), lambda g, n: torch.randperm(n, generator=g)),
    "dropout": (
        lambda e, n: e.bernoulli_(np.empty(n, np.float32), 0.7),
        lambda g, n: torch.empty(n).bernoulli_(0.7, generator=g),
    ),
}
sequences = st.lists(st.tuples(st.sampled_from(sorted(DRAWS)), st.integers(0, 40)), max_size=12)


@given(st.integers(-(2**63), 2**64 - 1), sequences, st.sampled_from([1, 50, math.inf]))
def test_any_sequence_of_draws(seed, sequence, bound):
    engine, generator = generators(seed)
    with worth(bound):
        for name, n in sequence:
            mine, other = DRAWS[name]
            check(mine(engine, n), other(generator, n), exact=False)
            check_state(engine, generator)


@each_path
def test_more_words_than_one_twist_and_a_piece():
    engine, generator = generators(9)
    for n in (623, 1, 624, 625, 4096, 5000, 3):
        check(engine.rand((n,)), torch.rand(n, generator=generator))
        check_state(engine, generator)


# ----------------------------------------------------------------- samples, truncated normals


@each_path
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(1,), (7,), (300,), (3, 50), (0, 4)])
@pytest.mark.parametrize("replacement", [False, True])
def test_multinomial(dtype, shape, replacement):
    engine, generator = generators(5)
    p = np.random.default_rng(1).uniform(0.01, 2, shape).astype(dtype)
    counts = {1, min(3, shape[-1]), shape[-1], *((500,) if replacement else ())}
    if dtype == "float16":
        counts.discard(300)  # scores tie, and torch's order of ties is no order
    for count in counts:
        tensor = torch.multinomial(torch.from_numpy(p), count, replacement, generator=generator)
        check(_sampling.multinomial(engine, p, count, replacement), tensor)
        check_state(engine, generator)


def test_multinomial_of_a_transposed_matrix_draws_in_order_of_memory():
    engine, generator = generators(5)
    p = np.random.default_rng(1).uniform(0.01, 2, (9, 4)).astype(np.float32).T
    for count in (1, 2, 9):
        for replacement in (False, True):
            tensor = torch.multinomial(torch.from_numpy(p), count, replacement, generator=generator)
            check(_sampling.multinomial(engine, p, count, replacement), tensor)


def test_multinomial_never_draws_what_has_no_weight():
    p = np.zeros(50, np.float32)
    p[[3, 40]] = 1, 2
    drawn = _sampling.multinomial(Engine(1), p, 2)
    assert set(drawn.tolist()) == {3, 40}
    drawn = _sampling.multinomial(Engine(1), p, 1000, True)
    assert set(drawn.tolist()) == {3, 40}
    assert 0.25 < (drawn == 3).mean() < 0.42


@each_path
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [(0, 1, -2, 2), (0.3, 0.02, 0.25, 0.4), (0, 1, -0.1, 0.2), (0, 1, 3, 5), (1, 2, -1e3, 1e3)],
)
@pytest.mark.parametrize("shape", [(3,), (40, 50), (0,)])
@pytest.mark.filterwarnings("ignore:mean is more than 2 std")
def test_trunc_normal(dtype, mean, std, a, b, shape):
    engine, generator = generators(8)
    for transposed in (False, True):
        array, tensor = np.empty(shape, dtype), torch.empty(shape, dtype=tdtype(dtype))
        target = array.T if transposed else array
        torch.nn.init.trunc_normal_(
            tensor.t() if transposed and tensor.ndim == 2 else tensor, mean, std, a, b, generator
        )
        _sampling.trunc_normal_(engine, target, mean, std, a, b)
        check(array, tensor, exact=False)
        assert ((array >= a) & (array <= b)).all()
        check_state(engine, generator)


# ------------------------------------------------------------------------- seeds and states


@pytest.mark.parametrize("seed", [0, 7, 2**32 + 7, 2**64 - 1, -1, -(2**63), 67280421310721])
def test_seeds(seed):
    engine, generator = generators(seed)
    assert engine.initial_seed() == generator.initial_seed()
    check_state(engine, generator)
    engine.normal((3,))
    engine.manual_seed(seed)
    check_state(engine, generator)


def test_an_engine_never_seeded_is_torchs():
    check_state(Engine(), torch.Generator())


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, 10**30])
def test_seeds_have_64_bits(seed):
    engine = Engine(1)
    before = engine.get_state()
    for manual_seed in (engine.manual_seed, torch.Generator().manual_seed):
        with pytest.raises(ValueError, match="Overflow when unpacking long long"):
            manual_seed(seed)
    assert np.array_equal(engine.get_state(), before)


def test_seed_is_the_systems():
    engine = Engine(1)
    seeds = {engine.seed() for _ in range(4)}
    assert len(seeds) == 4
    assert engine.initial_seed() in seeds
    check_state(engine, torch.Generator().manual_seed(engine.initial_seed()))


@each_path
def test_states_go_to_torch_and_back():
    engine, generator = generators(3)
    for draw in ("rand", "randn", "columns", "dropout", "randn"):
        for n in (0, 1, 3, 600, 624):
            DRAWS[draw][0](engine, n)
            generator.set_state(torch.from_numpy(engine.get_state()))
            check_state(engine, generator)
            DRAWS[draw][1](generator, n)
            state = generator.get_state().numpy()
            engine.set_state(state)
            state[:] = 0  # it was copied
            check_state(engine, generator)
            check(engine.normal((3,)), torch.randn(3, generator=generator))


def test_a_state_continues_where_it_was_taken():
    engine = Engine(4)
    engine.normal((5,))
    state = engine.get_state()
    expected = engine.normal((100,)).tolist() + engine.normal((3,)).tolist()
    other = Engine()
    other.set_state(state.reshape(2, -1))
    assert other.initial_seed() == 4
    assert other.normal((100,)).tolist() + other.normal((3,)).tolist() == expected


def broken_states():
    good = Engine(1).get_state()
    yield good.astype(np.float32), TypeError
    yield good[:-8].copy(), RuntimeError
    yield np.concatenate((good, good)), RuntimeError
    yield np.zeros_like(good), RuntimeError
    for place, value in [(8, 0), (12, 0), (17, 9)]:  # left, seeded, next
        bad = good.copy()
        bad[place] = value
        yield bad, RuntimeError


@pytest.mark.parametrize(("state", "error"), list(broken_states()))
def test_broken_states_are_refused_and_change_nothing(state, error):
    engine, generator = generators(2)
    before = engine.get_state()
    with pytest.raises(error):
        engine.set_state(state)
    assert np.array_equal(engine.get_state(), before)
    with pytest.raises(error):
        generator.set_state(torch.from_numpy(state))


def test_a_state_whose_parts_disagree_is_refused():
    bad = Engine(1).get_state()
    bad[8] = 200  # words left
    with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
        Engine(1).set_state(bad)


@each_path
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_copies_draw_the_same_and_apart(duplicate):
    engine = Engine(6)
    engine.normal((3,))
    engine.rand((50,))
    twin = duplicate(engine)
    expected = engine.normal((700,)).tolist() + engine.normal((2,)).tolist()
    assert twin.normal((700,)).tolist() + twin.normal((2,)).tolist() == expected
    twin.manual_seed(1)
    assert twin.rand((2,)).tolist() == Engine(1).rand((2,)).tolist()
    assert engine.initial_seed() == 6


@each_path
def test_threads_share_one_stream():
    engine, parts = Engine(7), []
    draw = lambda: [parts.append(engine.rand((2048,))) for _ in range(30)]  # noqa: E731
    threads = [threading.Thread(target=draw) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = Engine(7).rand((90, 2048))
    assert {part.tobytes() for part in parts} == {row.tobytes() for row in expected}


def test_small_draws_do_not_load_numba():
    program = """
import sys
import numpy as np
from minigrad._sampling import Engine, multinomial, trunc_normal_
e = Engine(0)
e.rand((20000,)), e.uniform((900,), -1, 1), e.normal((1000,)), e.normal((4,), dtype=np.float64)
e.randint(0, 10, (1000,)), e.randperm(10000), e.bernoulli(0.5, (9000,)), e.get_state()
e.exponential_(np.empty(99)), multinomial(e, np.ones(9), 3), trunc_normal_(e, np.empty(99))
assert "numba" not in sys.modules
e.uniform((2**19,), -1, 1)
assert "numba" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


@pytest.mark.parametrize("plain", [True, False])
def test_vector_libraries_of_other_bits_are_not_asked(plain, monkeypatch):
    asked = []
    monkeypatch.setattr(kernels, "PLAIN_LIBM", plain)
    monkeypatch.setattr(kernels, "libm", lambda which, x: asked.append(which))
    with worth(1):
        Engine(1).exponential_(np.empty(3))
    assert bool(asked) is plain

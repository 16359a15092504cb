"""Optimizers' kernels: NumPy's bits, for any layout of memory and any number of threads."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import optim
from minigrad.kernels.machine import threads
from minigrad.kernels.optim import rules

RULES = [
    rule
    for name, rule in vars(rules).items()
    if inspect.isfunction(rule) and not name.startswith("_")
]
INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
ROOT = Path(__file__).resolve().parents[2]


def parts(rule):
    """How many arrays and how many numbers a rule takes."""
    columns = rule.__code__.co_posonlyargcount
    return columns, rule.__code__.co_argcount - columns


def bits(a):
    """Numbers as integers; all NaN are one, and all zeros."""
    return (np.where(np.isnan(a), np.nan, a) + 0.0).view(f"i{a.itemsize}").tolist()


def carried_out(columns, rule, grads, which, numbers):
    updates = optim.Updates()
    updates.meet(columns)
    assert updates.know(columns)
    with np.errstate(all="ignore"):
        updates.carry_out(rule, grads, which, numbers)


@pytest.fixture
def kernels(monkeypatch):
    if INTERPRETED:
        pytest.skip("kernels are interpreted")
    monkeypatch.setattr(optim, "_kernels_pay", lambda: True)


special = st.sampled_from([0.0, np.inf, -np.inf, np.nan, 1e-40, 3e38, 1.0])

factors = st.just(0.0) | st.floats(0.0078125, 2, width=32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@settings(max_examples=max(1, settings.default.max_examples // 3))
@given(data=st.data())
def test_bits(rule, dtype, data):
    if INTERPRETED:
        pytest.skip("kernels are interpreted")
    width, rest = parts(rule)
    lengths = data.draw(st.lists(st.integers(0, 70), min_size=1, max_size=4))
    draw = np.random.default_rng(data.draw(st.integers(0, 99)))
    numbers = [tuple(data.draw(st.lists(factors, min_size=rest, max_size=rest))) for _ in range(2)]
    which = [int(i) for i in draw.integers(0, 2, len(lengths))]
    columns = [[np.asarray(draw.standard_normal(n), dtype) for n in lengths] for _ in range(width)]
    for column in columns:
        for a in column:
            a[: len(a) // 8] = data.draw(special)
    *columns, grads = columns
    for a in (a for buffer in columns[1:] for a in buffer):
        np.abs(a, out=a)
    expected = []
    with np.errstate(all="ignore"):
        for t, setting in enumerate(which):
            row = (*(column[t] for column in columns), grads[t])
            expected.append(rule(*row, *numbers[setting]))
    before = optim._kernels_pay
    optim._kernels_pay = lambda: True
    try:
        carried_out(columns, rule, grads, which, numbers)
    finally:
        optim._kernels_pay = before
    for column, wanted in zip(columns, zip(*expected, strict=True), strict=True):
        for a, b in zip(column, wanted, strict=True):
            assert bits(a) == bits(b)


@pytest.mark.parametrize("count", [2, 3])
def test_any_number_of_threads(kernels, count):
    """One parameter in many pieces, and many parameters in one piece."""
    lengths = [300_000, 1, 7, 200_000, *[3] * 50]
    found = []
    for number in (1, count):
        draw = np.random.default_rng(0)
        columns = [[np.abs(draw.standard_normal(n)) for n in lengths] for _ in range(4)]
        *columns, grads = columns
        before = threads.get_num_threads()
        threads.set_num_threads(number)
        try:
            numbers = [(1.0, 0.1, 1.0, 0.9, 0.1, 0.9, 0.1, 0.5, 1e-8, 0.01)]
            carried_out(columns, rules.adam, grads, [0] * len(lengths), numbers)
        finally:
            threads.set_num_threads(before)
        found.append([a.tobytes() for column in columns for a in column])
    assert found[0] == found[1]


def test_irregular_memory(kernels):
    """Strided parameters, transposed gradients, float16 among float32."""
    p = [np.ones((4, 6), np.float32)[:, ::2], np.ones((3, 2), np.float32), np.ones(3, np.float16)]
    g = [np.full((4, 3), 2, np.float32), np.arange(6, dtype=np.float32).reshape(2, 3).T, np.ones(3)]
    carried_out([p], rules.descent, g, [0, 1, 0], [(1.0, 0.0, 0.5), (1.0, 0.0, 1.0)])
    np.testing.assert_array_equal(p[0], np.zeros((4, 3)))
    np.testing.assert_array_equal(p[1], 1 - g[1])
    np.testing.assert_array_equal(p[2], [0.5] * 3)


def test_a_slice_of_one_array_for_another():
    """Arrays are told apart by what they are, not by their numbers."""
    updates, a = optim.Updates(), np.ones(3)
    updates.meet([[a]])
    assert not updates.know([[np.ones(3)]])
    assert not updates.know([[a, a]])
    assert not updates.know([])


def test_a_few_steps_load_no_kernels():
    code = (
        "import sys, minigrad as mg\n"
        "w = [mg.nn.Parameter(mg.ones(n)) for n in (3, 1000)]\n"
        "o = mg.optim.Adam(w)\n"
        "for _ in range(20):\n"
        "    for p in w: p.grad = mg.ones(p.shape)\n"
        "    o.step()\n"
        "print('numba' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["False"]


def test_work_in_numpy_is_limited(monkeypatch):
    if INTERPRETED:
        pytest.skip("kernels are interpreted")
    monkeypatch.delitem(sys.modules, "minigrad.kernels.optim.sweep", raising=False)
    monkeypatch.setattr(optim, "_spent", 0.0)
    assert not optim._kernels_pay()
    monkeypatch.setattr(optim, "_spent", 1.0)
    assert optim._kernels_pay()

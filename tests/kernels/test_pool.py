"""Pooling kernels against plain loops: values, winners, adjoints, bounds, bits, special numbers."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minigrad.kernels import pool, pool_spans, threads
from minigrad.kernels.pool_window import Window
from tests.strategies import numbers, seeds

Array = np.ndarray[Any, Any]


@pytest.fixture(params=["numba", "numpy"], autouse=True)
def _who_works(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways do work of every size."""
    small = -1 if request.param == "numba" else 1 << 40
    monkeypatch.setattr(pool, "SMALL", small)
    monkeypatch.setattr(pool_spans, "SMALL", small)
    monkeypatch.setattr(threads, "INLINE_BELOW", -1)


def pixels(window: Window, o: tuple[int, ...]) -> list[tuple[int, tuple[int, ...]]]:
    """(tap, pixel) of the window of output o, those in the padding left out."""
    found = []
    for number, tap in enumerate(itertools.product(*map(range, window.kernel))):
        at = tuple(
            i * s + t * d - p
            for i, t, s, p, d in zip(
                o, tap, window.stride, window.padding, window.dilation, strict=True
            )
        )
        if all(0 <= a < n for a, n in zip(at, window.size, strict=True)):
            found.append((number, at))
    return found


def outputs(window: Window, planes: int) -> Any:
    return itertools.product(range(planes), itertools.product(*map(range, window.out)))


def greatest(x: Array, window: Window) -> tuple[Array, Array]:
    """The maxima and their taps, one window at a time."""
    y = np.empty((len(x), *window.out), x.dtype)
    codes = np.empty(y.shape, np.int64)
    for p, o in outputs(window, len(x)):
        best, winner = -np.inf, -1
        for tap, at in pixels(window, o):
            value = x[(p, *at)]
            if winner < 0 or value > best or value != value:
                best, winner = value, tap
        y[(p, *o)], codes[(p, *o)] = best, winner
    return y, codes


def counted(window: Window, o: tuple[int, ...], include_pad: bool) -> int:
    """The pixels of a window; the padding's among them, but nothing beyond it."""
    if not include_pad:
        return len(pixels(window, o))
    return math.prod(
        min(i * s - p + k, n + p) - (i * s - p)
        for i, s, p, k, n in zip(
            o, window.stride, window.padding, window.kernel, window.size, strict=True
        )
    )


@st.composite
def problems(draw: st.DrawFn, dilated: bool = True) -> tuple[Array, Window]:
    """(planes, *size) with ties and special numbers, and a window on it."""
    dims = draw(st.sampled_from([1, 2, 2, 3]))
    most = {1: 90, 2: 12, 3: 5}[dims]
    size, kernel, stride, padding, dilation, out = [], [], [], [], [], []
    for _ in range(dims):
        k = draw(st.integers(1, {1: 20, 2: 5, 3: 3}[dims]))
        d = draw(st.integers(1, 3)) if dilated else 1
        s = draw(st.integers(1, 5))
        p = draw(st.integers(0, k // 2))
        n = max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, most))
        room = n + 2 * p - d * (k - 1) - 1
        many = room // s + 1
        if draw(st.booleans()) and many * s < n + p:  # as with ceil_mode
            many += 1
        for values, value in zip(
            (size, kernel, stride, padding, dilation, out), (n, k, s, p, d, many), strict=True
        ):
            values.append(value)
    window = Window(*map(tuple, (size, kernel, stride, padding, dilation, out)))
    planes = draw(st.integers(0, 3))
    seed = draw(seeds)
    x = numbers((planes, *size), draw(st.sampled_from(["float32", "float64"])), seed)
    return x, window


def special(x: Array, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    x = x.copy()
    for value, share in ((-np.inf, 0.3), (np.inf, 0.05), (np.nan, 0.1)):
        x[rng.random(x.shape) < share] = value
    return x


@given(problems(), st.booleans(), seeds)
def test_maximum(problem: tuple[Array, Window], odd: bool, seed: int) -> None:
    x, window = problem
    x = special(x, seed) if odd else x
    y, codes = pool.maximum(x, window)
    want, winners = greatest(x, window)
    np.testing.assert_array_equal(y, want)
    assert y.dtype == x.dtype
    places = pool.positions(codes, window)
    assert places.dtype == np.int64
    for p, o in outputs(window, len(x)):
        at = dict(pixels(window, o)).get(int(winners[(p, *o)]))
        if at is not None:  # else all of its taps lie in the padding
            assert places[(p, *o)] == np.ravel_multi_index(at, window.size)


@given(problems(), seeds)
def test_give_and_pick(problem: tuple[Array, Window], seed: int) -> None:
    x, window = problem
    _, codes = pool.maximum(x, window)
    _, winners = greatest(x, window)
    g = np.random.default_rng(seed).integers(-8, 9, codes.shape).astype(x.dtype)  # sums are exact
    given_, picked = np.zeros_like(x), np.zeros_like(g)
    for p, o in outputs(window, len(x)):
        at = dict(pixels(window, o)).get(int(winners[(p, *o)]))
        if at is not None:
            given_[(p, *at)] += g[(p, *o)]
            picked[(p, *o)] = x[(p, *at)]
    np.testing.assert_array_equal(pool.give(g, codes, window), given_)
    np.testing.assert_array_equal(pool.pick(x, codes, window), picked)


# As large as the plane, but beside it.
BESIDE = Window((2,), (2,), (4,), (1,), (1,), (1,))


@given(problems(dilated=False), st.booleans(), st.sampled_from([None, 3, -2]))
@example((np.array([[1.0, -1.0]]), BESIDE), False, None)
def test_mean_and_spread(
    problem: tuple[Array, Window], include_pad: bool, override: int | None
) -> None:
    x, window = problem
    y = np.zeros((len(x), *window.out))
    dx = np.zeros(x.shape)
    g = np.random.default_rng(0).uniform(-1, 1, y.shape).astype(x.dtype)
    for p, o in outputs(window, len(x)):
        count = override or max(1, counted(window, o, include_pad))
        for _, at in pixels(window, o):
            y[(p, *o)] += float(x[(p, *at)]) / count
            dx[(p, *at)] += float(g[(p, *o)]) / count
    limit = 1e-5 if x.dtype == np.float32 else 1e-13
    np.testing.assert_allclose(pool.mean(x, window, include_pad, override), y, limit, limit)
    np.testing.assert_allclose(pool.spread(g, window, include_pad, override), dx, limit, limit)


@given(problems(dilated=False))
def test_the_same_bits_for_any_number_of_threads(problem: tuple[Array, Window]) -> None:
    x, window = problem
    before = threads.get_num_threads()
    found = []
    try:
        for count in (1, 2, 3):
            threads.set_num_threads(count)
            y, codes = pool.maximum(x, window)
            found.append(
                (
                    y,
                    codes,
                    pool.mean(x, window),
                    pool.give(y, codes, window),
                    pool.spread(y, window),
                )
            )
    finally:
        threads.set_num_threads(before)
    for parts in zip(*found, strict=True):
        assert len({part.tobytes() for part in parts}) == 1


def guarded(shape: tuple[int, ...], dtype: Any, fill: float) -> tuple[Array, Array]:
    """An array and the larger buffer it lies in, all of it of one number."""
    buffer = np.full(math.prod(shape) + 128, fill, dtype)
    return buffer[64:-64].reshape(shape), buffer


@given(problems())
def test_nothing_outside_is_written_or_read(problem: tuple[Array, Window]) -> None:
    x, window = problem
    inside, around = guarded(x.shape, x.dtype, np.nan)
    inside[...] = x
    y, codes = pool.maximum(inside, window)
    plain, same = pool.maximum(x, window)
    np.testing.assert_array_equal(y, plain)  # NaN from outside would have won
    np.testing.assert_array_equal(codes, same)
    g, _ = guarded(y.shape, x.dtype, np.nan)
    g[...] = 1
    assert np.isfinite(pool.give(g, codes, window)).all()
    assert np.isfinite(pool.spread(g, window)).all()
    assert np.isnan(around[:64]).all()
    assert np.isnan(around[-64:]).all()


def test_writes_of_kernels_stay_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are made inside guards here, which must come back as they were."""
    kept = []

    def empty(shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
        inside, around = guarded(shape, dtype, 77)
        kept.append(around)
        return inside

    rng = np.random.default_rng(0)
    for n, k, s, p in itertools.product((5, 17, 33), (2, 3), (1, 2, 3), (0, 1)):
        out = (n + 2 * p - k) // s + 1
        window = Window((n, n), (k, k), (s, s), (p, p), (1, 1), (out, out))
        x = rng.random((3, n, n)).astype(np.float32)
        want = pool.maximum(x, window)
        pool.give(*want, window)  # compiled here: Numba looks at np.empty then
        pool.spread(pool.mean(x, window), window)
        with monkeypatch.context() as patched:
            patched.setattr(np, "empty", empty)
            y, codes = pool.maximum(x, window)
            pool.mean(x, window)
            pool.give(y, codes, window)
            pool.spread(y, window)
        np.testing.assert_array_equal(y, want[0])
    for around in kept:
        assert (around[:64] == 77).all()
        assert (around[-64:] == 77).all()


def test_windows_of_more_taps_than_a_byte_can_number() -> None:
    window = Window((40, 40), (17, 17), (3, 2), (8, 8), (1, 1), (14, 20))
    assert not window.by_span
    x = np.random.default_rng(0).permutation(2 * 1600).reshape(2, 40, 40).astype(np.float32)
    y, codes = pool.maximum(x, window)
    want, winners = greatest(x, window)
    np.testing.assert_array_equal(y, want)
    np.testing.assert_array_equal(codes, winners)
    assert pool.give(np.ones_like(y), codes, window).sum() == y.size


def test_float16_sums_in_float32() -> None:
    window = Window((64,), (64,), (1,), (0,), (1,), (1,))
    x = np.full((1, 64), 1024.0, np.float16)
    assert pool.mean(x, window) == np.float16(1024)


# ------------------------------------------------------------------------------ unequal windows
def cells(size: tuple[int, ...], out: tuple[int, ...]) -> Any:
    """(output, slices of its window) by the definition of adaptive pooling."""
    for o in itertools.product(*map(range, out)):
        yield (
            o,
            tuple(
                slice(math.floor(i * n / many), math.ceil((i + 1) * n / many))
                for i, n, many in zip(o, size, out, strict=True)
            ),
        )


@given(st.data())
def test_adaptive(data: st.DataObject) -> None:
    dims = data.draw(st.integers(1, 3))
    size = tuple(data.draw(st.integers(1, {1: 50, 2: 12, 3: 5}[dims])) for _ in range(dims))
    out = tuple(data.draw(st.integers(1, n + 3)) for n in size)
    dtype = data.draw(st.sampled_from(["float32", "float64"]))
    x = numbers((data.draw(st.integers(0, 3)), *size), dtype, data.draw(seeds))
    y, dx = np.zeros((len(x), *out)), np.zeros(x.shape)
    best, places = np.zeros((len(x), *out)), np.zeros((len(x), *out), np.int64)
    g = np.random.default_rng(0).uniform(-1, 1, y.shape).astype(dtype)
    where = np.arange(math.prod(size)).reshape(size)
    for p, (o, cell) in itertools.product(range(len(x)), cells(size, out)):
        part = x[p][cell]
        y[(p, *o)] = part.astype(np.float64).mean()
        best[(p, *o)] = part.max()
        places[(p, *o)] = where[cell].ravel()[part.argmax()]
        dx[p][cell] += float(g[(p, *o)]) / part.size
    limit = 1e-5 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(pool_spans.mean(x, out), y, limit, limit)
    np.testing.assert_allclose(pool_spans.spread(g, size), dx, limit, limit)
    values, positions = pool_spans.maximum(x, pool_spans.adaptive(size, out), out)
    np.testing.assert_array_equal(values, best)
    np.testing.assert_array_equal(positions, places)


@given(st.data())
def test_by_position(data: st.DataObject) -> None:
    size = tuple(data.draw(st.integers(1, 6)) for _ in range(data.draw(st.integers(1, 3))))
    planes, many = data.draw(st.integers(0, 3)), data.draw(st.integers(1, 9))
    shape = (planes, many) + (1,) * (len(size) - 1)
    rng = np.random.default_rng(data.draw(seeds))
    positions = rng.integers(0, math.prod(size), shape)
    g = rng.integers(-9, 10, shape).astype(np.float32)
    added, put = np.zeros((2, planes, math.prod(size)), np.float32)
    for p, i in itertools.product(range(planes), range(many)):
        value, at = g[p, i].item(), positions[p, i].item()
        added[p, at] += value
        put[p, at] = value
    into = (planes, *size)
    np.testing.assert_array_equal(pool_spans.add_at(g, positions, size), added.reshape(into))
    np.testing.assert_array_equal(pool_spans.put_at(g, positions, size), put.reshape(into))
    x = rng.random(into).astype(np.float32)
    got = pool_spans.take_at(x, positions, len(size))
    for p, i in itertools.product(range(planes), range(many)):
        assert got[p, i].item() == x[p].ravel()[positions[p, i].item()]
    assert got.shape == shape

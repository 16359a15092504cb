"""Pooling kernels against plain loops: values, winners, adjoints, bounds, bits, special numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minigrad.kernels import pool
from minigrad.kernels.machine import threads
from minigrad.kernels.pool import windows
from minigrad.kernels.pool.windows import Moves, Window
from tests.strategies import numbers, seeds

Array = np.ndarray[Any, Any]
Cells = Iterator[tuple[tuple[int, ...], list[tuple[int, ...]]]]


@pytest.fixture(params=["numba", "numba in narrow bands", "numpy"], autouse=True)
def _who_works(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """All ways do work of every size."""
    small = 1 << 40 if request.param == "numpy" else -1
    monkeypatch.setattr(pool, "SMALL", small)
    monkeypatch.setattr(pool, "FEW", small)
    monkeypatch.setattr(pool, "PLANE", small)
    monkeypatch.setattr(windows, "BAND", 30 if "bands" in request.param else 2048)
    monkeypatch.setattr(threads, "INLINE_BELOW", -1)
    windows.adaptive.cache_clear()


only_numba = pytest.mark.parametrize(
    "_who_works", ["numba", "numba in narrow bands"], indirect=True
)


# ------------------------------------------------------------------------- what is asked of kernels
def cells(moves: Moves) -> Cells:
    """Each output and the pixels of its window, those in the padding left out."""
    taps = list(itertools.product(*map(range, moves.kernel)))
    for o in itertools.product(*map(range, moves.out)):
        reached = (
            tuple(
                i * s + t * d - p
                for i, t, s, p, d in zip(
                    o, tap, moves.stride, moves.padding, moves.dilation, strict=True
                )
            )
            for tap in taps
        )
        yield o, [a for a in reached if all(0 <= i < n for i, n in zip(a, moves.size, strict=True))]


def shared(size: tuple[int, ...], out: tuple[int, ...]) -> Cells:
    """The same of adaptive pooling, by its definition."""
    for o in itertools.product(*map(range, out)):
        spans = [
            range(math.floor(i * n / many), math.ceil((i + 1) * n / many))
            for i, n, many in zip(o, size, out, strict=True)
        ]
        yield o, list(itertools.product(*spans))


def greatest(x: Array, out: tuple[int, ...], windows: Cells) -> tuple[Array, Array]:
    """The maxima and their positions, -1 if there are no pixels."""
    y = np.full((len(x), *out), -np.inf, x.dtype)
    positions = np.full(y.shape, -1)
    for o, pixels in windows:
        for at in pixels:
            value, best, here = x[(..., *at)], y[(..., *o)], positions[(..., *o)]
            wins = (here < 0) | (value > best) | np.isnan(value)
            y[(..., *o)] = np.where(wins, value, best)
            positions[(..., *o)] = np.where(wins, np.ravel_multi_index(at, x.shape[1:]), here)
    return y, positions


def averaged(
    x: Array, g: Array, windows: Cells, count: Callable[..., float]
) -> tuple[Array, Array]:
    """The means of windows of x, and of each number of g its share for each pixel of its window."""
    y, dx = np.zeros(g.shape), np.zeros(x.shape)
    for o, pixels in windows:
        for at in pixels:
            y[(..., *o)] += x[(..., *at)].astype(np.float64) / count(o, pixels)
            dx[(..., *at)] += g[(..., *o)].astype(np.float64) / count(o, pixels)
    return y, dx


def with_padding(moves: Moves) -> Callable[..., float]:
    """How many pixels a window has, with the padding's but nothing beyond it."""

    def count(o: tuple[int, ...], _: Any) -> float:
        zipped = zip(o, moves.stride, moves.padding, moves.kernel, moves.size, strict=True)
        return math.prod(min(i * s - p + k, n + p) - (i * s - p) for i, s, p, k, n in zipped)

    return count


def limit(x: Array) -> dict[str, float]:
    bound = 1e-5 if x.dtype == np.float32 else 1e-13
    return {"rtol": bound, "atol": bound}


# ------------------------------------------------------------------------------------- regular
planes_of = st.sampled_from([0, 1, 2, 3, 9, 17, 33])


@st.composite
def problems(draw: st.DrawFn, dilated: bool = True) -> tuple[Array, Moves]:
    """(planes, *size) with ties, and windows on it."""
    dims = draw(st.sampled_from([1, 2, 2, 3]))
    most = {1: 90, 2: 12, 3: 5}[dims]
    rows = []
    for _ in range(dims):
        k = draw(st.integers(1, {1: 20, 2: 5, 3: 3}[dims]))
        d = draw(st.integers(1, 3)) if dilated else 1
        s = draw(st.integers(1, 5))
        p = draw(st.integers(0, k // 2))
        n = max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, most))
        many = (n + 2 * p - d * (k - 1) - 1) // s + 1
        if draw(st.booleans()) and many * s < n + p:  # as with ceil_mode
            many += 1
        rows.append((n, k, s, p, d, many))
    moves = Moves(*map(tuple, zip(*rows, strict=True)))  # type: ignore[arg-type]
    shape = (draw(planes_of), *moves.size)
    return numbers(shape, draw(st.sampled_from(["float32", "float64"])), draw(seeds)), moves


def special(x: Array, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    x = x.copy()
    for value, share in ((-np.inf, 0.3), (np.inf, 0.05), (np.nan, 0.1)):
        x[rng.random(x.shape) < share] = value
    return x


@given(problems(), st.booleans(), seeds)
def test_maximum(problem: tuple[Array, Moves], odd: bool, seed: int) -> None:
    x, moves = problem
    x = special(x, seed) if odd else x
    window = windows.regular(moves)
    y, positions = pool.maximum(x, window)
    want, places = greatest(x, moves.out, cells(moves))
    np.testing.assert_array_equal(y, want)
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(pool.greatest(x, window), want)
    some = places >= 0  # else all of the taps lie in the padding
    np.testing.assert_array_equal(positions[some], places[some])


# As large as the plane, but beside it.
BESIDE = Moves((2,), (2,), (4,), (1,), (1,), (1,))


@given(problems(dilated=False), st.booleans(), st.sampled_from([None, 3, -2]))
@example((np.array([[1.0, -1.0]]), BESIDE), False, None)
def test_mean_and_spread(
    problem: tuple[Array, Moves], include_pad: bool, override: int | None
) -> None:
    x, moves = problem
    g = np.random.default_rng(0).uniform(-1, 1, (len(x), *moves.out)).astype(x.dtype)
    counted = with_padding(moves) if include_pad else lambda _, pixels: len(pixels)
    y, dx = averaged(x, g, cells(moves), lambda *window: override or counted(*window))
    window = windows.regular(moves, include_pad, override)
    np.testing.assert_allclose(pool.mean(x, window), y, **limit(x))
    np.testing.assert_allclose(pool.spread(g, window), dx, **limit(x))


# ------------------------------------------------------------------------------------- unequal
@given(st.data())
def test_adaptive(data: st.DataObject) -> None:
    dims = data.draw(st.integers(1, 3))
    size = tuple(data.draw(st.integers(1, {1: 50, 2: 12, 3: 5}[dims])) for _ in range(dims))
    out = tuple(data.draw(st.integers(1, n + 3)) for n in size)
    dtype = data.draw(st.sampled_from(["float32", "float64"]))
    x = special(numbers((data.draw(planes_of), *size), dtype, data.draw(seeds)), 0)
    window = windows.adaptive(size, out)
    want, places = greatest(x, out, shared(size, out))
    values, positions = pool.maximum(x, window)
    np.testing.assert_array_equal(values, want)
    np.testing.assert_array_equal(positions, places)
    x = np.nan_to_num(x, posinf=2, neginf=-2)
    g = np.random.default_rng(0).uniform(-1, 1, want.shape).astype(dtype)
    y, dx = averaged(x, g, shared(size, out), lambda _, pixels: len(pixels))
    np.testing.assert_allclose(pool.mean(x, window), y, **limit(x))
    np.testing.assert_allclose(pool.spread(g, window), dx, **limit(x))


@given(st.data())
def test_windows_of_every_plane_by_itself(data: st.DataObject) -> None:
    dims, planes = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 20))
    size = tuple(data.draw(st.integers(1, 7)) for _ in range(dims))
    kernel = tuple(data.draw(st.integers(1, n)) for n in size)
    rng = np.random.default_rng(data.draw(seeds))
    out = tuple(data.draw(st.integers(1, 4)) for n in size)
    starts = [
        np.sort(rng.integers(0, n - k + 1, (planes, many)), 1)
        for n, k, many in zip(size, kernel, out, strict=True)
    ]
    x = special(rng.integers(-4, 5, (planes, *size)).astype(np.float32), 1)
    y, positions = pool.maximum(x, windows.fractional(size, kernel, starts))
    for p in range(planes):
        of_plane = (
            (
                o,
                list(
                    itertools.product(
                        *(
                            range(s[p, i], s[p, i] + k)
                            for s, i, k in zip(starts, o, kernel, strict=True)
                        )
                    )
                ),
            )
            for o in itertools.product(*map(range, out))
        )
        want, places = greatest(x[p : p + 1], out, of_plane)
        np.testing.assert_array_equal(y[p], want[0])
        np.testing.assert_array_equal(positions[p], places[0])


# ------------------------------------------------------------------------------------ by position
@given(st.data())
def test_by_position(data: st.DataObject) -> None:
    size = tuple(data.draw(st.integers(1, 6)) for _ in range(data.draw(st.integers(1, 3))))
    planes, many = data.draw(st.integers(0, 3)), data.draw(st.integers(1, 9))
    shape = (planes, many) + (1,) * (len(size) - 1)
    rng = np.random.default_rng(data.draw(seeds))
    kind = data.draw(st.sampled_from(["int32", "int64"]))
    positions = rng.integers(0, math.prod(size), shape).astype(kind)
    g = rng.integers(-9, 10, shape).astype(np.float32)
    added, put = np.zeros((2, planes, math.prod(size)), np.float32)
    for p, i in itertools.product(range(planes), range(many)):
        value, at = g[p, i].item(), positions[p, i].item()
        added[p, at] += value
        put[p, at] = value
    into = (planes, *size)
    np.testing.assert_array_equal(pool.add_at(g, positions, size), added.reshape(into))
    np.testing.assert_array_equal(pool.put_at(g, positions, size), put.reshape(into))
    x = rng.random(into).astype(np.float32)
    got = pool.take_at(x, positions, len(size))
    for p, i in itertools.product(range(planes), range(many)):
        assert got[p, i].item() == x[p].ravel()[positions[p, i].item()]
    assert got.shape == shape


# --------------------------------------------------------------------------------- bits and bounds
def everything(x: Array, window: Window) -> list[Array]:
    y, positions = pool.maximum(x, window)
    g = np.where(np.isfinite(y), y, 1).astype(x.dtype)
    given_ = pool.add_at(g, positions, window.size)
    if (window.sizes[2] > 1).any():  # only maxima are dilated
        return [y, positions, given_]
    return [y, positions, given_, pool.mean(x, window), pool.spread(g, window)]


@only_numba
@given(problems())
def test_the_same_bits_for_any_number_of_threads(problem: tuple[Array, Moves]) -> None:
    x, moves = problem
    before = threads.get_num_threads()
    found = []
    try:
        for count in (1, 2, 3):
            threads.set_num_threads(count)
            found.append(everything(x, windows.regular(moves)))
    finally:
        threads.set_num_threads(before)
    for parts in zip(*found, strict=True):
        assert len({part.tobytes() for part in parts}) == 1


def guarded(shape: tuple[int, ...], dtype: Any, fill: float) -> tuple[Array, Array]:
    """An array and the larger buffer it lies in, all of it of one number."""
    buffer = np.full(math.prod(shape) + 128, fill, dtype)
    return buffer[64:-64].reshape(shape), buffer


@only_numba
@given(problems())
def test_nothing_outside_is_read(problem: tuple[Array, Moves]) -> None:
    x, moves = problem
    inside, around = guarded(x.shape, x.dtype, np.nan)
    inside[...] = x
    window = windows.regular(moves)
    for got, want in zip(everything(inside, window), everything(x, window), strict=True):
        np.testing.assert_array_equal(got, want)  # NaN from outside would show
    assert np.isnan(around[:64]).all()
    assert np.isnan(around[-64:]).all()


@only_numba
@given(problems())
def test_nothing_outside_is_written(problem: tuple[Array, Moves]) -> None:
    """Answers are made inside guards here, which must come back as they were."""
    x, moves = problem
    kept = []

    def empty(shape: Any, dtype: Any = np.float64) -> Array:
        inside, around = guarded(shape, dtype, 77)
        kept.append(around)
        return inside

    window = windows.regular(moves)
    want = everything(x, window)  # compiled here: Numba looks at np.empty then
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(np, "empty", empty)
        got = everything(x, window)
    for one, other in zip(got, want, strict=True):
        np.testing.assert_array_equal(one, other)
    for around in kept:
        assert (around[:64] == 77).all()
        assert (around[-64:] == 77).all()


# Its taps lie on either side of the input.
ASTRIDE = Moves((2, 1), (1, 2), (1, 1), (0, 1), (1, 2), (2, 1))


@pytest.mark.parametrize("_who_works", ["numba in narrow bands"], indirect=True)
@given(problems())
@example((np.array([[[1.0], [-1.0]]]), ASTRIDE))
def test_numpy_and_numba_agree_in_every_bit(problem: tuple[Array, Moves]) -> None:
    x, moves = problem
    x[x == 0] *= -1
    window = windows.regular(moves)
    found = []
    for small in (-1, 1 << 40):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(pool, "SMALL", small)
            patched.setattr(pool, "FEW", small)
            patched.setattr(pool, "PLANE", small)
            y, positions, *others = everything(x, window)
            if window.outputs == 1:
                others[1:2] = []  # the sum of a single column
            found.append([y, positions.astype(np.int64), *others])
    for one, other in zip(*found, strict=True):
        assert one.tobytes() == other.tobytes()


def test_float16_sums_in_float32() -> None:
    window = windows.adaptive((64,), (1,))
    x = np.full((1, 64), 1024.0, np.float16)
    assert pool.mean(x, window) == np.float16(1024)


@pytest.mark.parametrize("planes", [0, 1, 2])
def test_sums_of_whole_planes(planes: int) -> None:
    x = np.random.default_rng(0).random((planes, 6, 11))
    mean = pool.mean(x, windows.adaptive((6, 11), (1, 1)))
    np.testing.assert_allclose(mean.ravel(), x.mean((1, 2)))


def test_long_sums_keep_their_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    x = np.random.default_rng(0).random((3, 500, 500)).astype(np.float32)
    mean = pool.mean(x, windows.adaptive((500, 500), (1, 1)))
    np.testing.assert_allclose(mean.ravel(), x.mean((1, 2), np.float64), 5e-6)

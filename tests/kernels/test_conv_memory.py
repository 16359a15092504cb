"""Convolution kernels stay inside their arrays, read nothing stale, and give the same bits always.

Buffers are placed against pages that must not be touched: a stray access ends the process.
"""

import ctypes
import mmap
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import minigrad as mg
from minigrad.kernels import conv as K
from minigrad.kernels.machine import scratch, threads
from tests.kernels.test_conv import Array, Problem, lines, on_way, problems, squares

PAGE = mmap.PAGESIZE


class Fenced:
    """Arrays that end (or begin) where an unreadable page begins (or ends), full of NaN."""

    def __init__(self, at_end: bool) -> None:
        self.at_end = at_end
        self.protect = ctypes.CDLL(None, use_errno=True).mprotect

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        dtype = np.dtype(dtype)
        size = int(np.prod(shape)) * dtype.itemsize
        room = -(-max(size, 1) // PAGE) * PAGE
        memory = mmap.mmap(-1, room + 2 * PAGE)
        whole = np.frombuffer(memory, np.uint8)
        start = whole.ctypes.data
        whole[:] = 0xFF
        for page in (start, start + PAGE + room):
            assert self.protect(ctypes.c_void_p(page), PAGE, 0) == 0
        offset = PAGE + (room - size if self.at_end else 0)
        return np.ndarray(shape, dtype, memory, offset)

    def take(self, name: Any, size: int, keep: int = 0) -> scratch.Buffer:
        memory = self.empty((size,), np.uint8)
        return scratch.Buffer(memory.ctypes.data, memory)

    def copy(self, array: Array) -> Array:
        fenced = self.empty(array.shape, array.dtype)
        fenced[...] = array
        return fenced


@pytest.fixture(params=["images", "channels", "few"], autouse=True, scope="module")
def path(request: pytest.FixtureRequest) -> Iterator[str]:
    """All work goes to the vector kernels, on each kind of lanes."""
    yield from on_way(request.param)


@pytest.fixture
def any_threads() -> Iterator[None]:
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


fences = pytest.mark.skipif(sys.platform != "linux", reason="needs mprotect")


def run_fenced(problem: Problem, at_end: bool) -> tuple[Array, ...]:
    fence = Fenced(at_end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scratch, "empty", fence.empty)
        patch.setattr(scratch, "take", fence.take)
        patch.setattr(scratch, "kept", fence.take)
        return tuple(np.array(a) for a in problem.run(fence.copy))


def same(got: tuple[Array, ...], want: tuple[Array, ...]) -> None:
    for one, other in zip(got, want):
        np.testing.assert_array_equal(one, other)


@fences
@pytest.mark.parametrize("at_end", [True, False])
@given(problem=problems() | lines())
def test_direct_kernels_stay_inside(at_end: bool, problem: Problem) -> None:
    same(run_fenced(problem, at_end), problem.run())


@fences
@pytest.mark.parametrize("at_end", [True, False])
@given(problem=squares())
def test_winograd_kernels_stay_inside(at_end: bool, problem: Problem) -> None:
    same(run_fenced(problem, at_end), problem.run())


def dirty() -> None:
    """Leave NaN in all work memory of this thread."""
    for buffer in getattr(scratch._local, "buffers", {}).values():
        buffer.memory[...] = 0xFF


def in_pieces(problem: Problem, count: int) -> tuple[Array, ...]:
    """Run with every kernel cut into `count` pieces, however little work there is."""

    def share(kernel: Any, arguments: Any, total: int, *_: Any, **__: Any) -> None:
        kernel.together(0, 0, 0, max(1, min(count, total)), 1, total, arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "share", share)
        return problem.run()


@given(problem=problems() | squares() | lines())
def test_bits_do_not_depend_on_pieces_or_stale_memory(problem: Problem) -> None:
    want = problem.run()
    dirty()
    same(problem.run(), want)
    for count in (2, 3, 5):
        same(in_pieces(problem, count), want)


BIG = [
    Problem(20, 16, 24, (30, 30), (3, 3), K.Geometry((1, 1), ((1, 1), (1, 1)), (1, 1), 1)),
    Problem(32, 12, 20, (33, 31), (5, 3), K.Geometry((2, 1), ((2, 1), (1, 1)), (1, 2), 2)),
    Problem(3, 8, 20, (64, 64), (3, 3), K.Geometry((1, 1), ((1, 1), (1, 1)), (2, 2), 1)),
    Problem(20, 1, 1, (90, 65), (3, 3), K.Geometry((1, 1), ((1, 1), (1, 1)), (1, 1), 24)),
    Problem(1, 32, 64, (26, 27), (3, 3), K.Geometry((1, 1), ((1, 1), (1, 1)), (1, 1), 1)),
    Problem(3, 16, 32, (32, 32), (3, 3), K.Geometry((2, 2), ((1, 1), (1, 1)), (1, 1), 1)),
]


@pytest.mark.parametrize("problem", BIG, ids=str)
@pytest.mark.usefixtures("any_threads")
def test_bits_are_the_same_for_every_number_of_threads(problem: Problem) -> None:
    threads.set_num_threads(1)
    want = problem.run()
    for count in (2, 3, 4):
        threads.set_num_threads(count)
        for _ in range(3):
            same(problem.run(), want)


@pytest.mark.usefixtures("any_threads")
def test_several_user_threads_convolve_at_once() -> None:
    threads.set_num_threads(2)
    want = [problem.run() for problem in BIG]
    errors: list[BaseException] = []

    def user() -> None:
        try:
            for _ in range(5):
                for problem, answer in zip(BIG, want):
                    same(problem.run(), answer)
        except BaseException as error:
            errors.append(error)

    users = [threading.Thread(target=user) for _ in range(3)]
    for each in users:
        each.start()
    for each in users:
        each.join(120)
    assert not errors


@given(problem=problems())
def test_strided_and_read_only_arguments(problem: Problem) -> None:
    want = problem.run()

    def strided(a: Array) -> Array:
        wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)
        wide[..., ::2] = a
        return wide[..., ::2]

    def backwards(a: Array) -> Array:
        return np.ascontiguousarray(a[::-1])[::-1]

    def read_only(a: Array) -> Array:
        a = a.copy()
        a.flags.writeable = False
        return a

    for change in (strided, backwards, read_only, np.asfortranarray):
        same(problem.run(change), want)


def test_arguments_are_not_changed() -> None:
    for problem in BIG:
        before = [a.copy() for a in (problem.x, problem.w, problem.b, problem.g)]
        problem.run()
        same((problem.x, problem.w, problem.b, problem.g), tuple(before))


def test_empty_cache_lets_go_and_kernels_go_on() -> None:
    want = BIG[0].run()
    assert scratch._local.buffers
    mg.empty_cache()
    assert not scratch._local.buffers
    same(BIG[0].run(), want)


@pytest.mark.usefixtures("any_threads")
def test_little_work_memory_is_kept() -> None:
    threads.set_num_threads(1)
    x = np.ones((16, 256, 48, 48), np.float32)
    w = np.ones((16, 256, 3, 3), np.float32)
    geo = K.Geometry((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    K.conv(x, w, None, geo)
    K.conv_weight(x, x[:, :16], (3, 3), geo)
    assert len(scratch._local.buffers) <= 5
    assert all(buffer.memory.size <= (8 << 20) + 64 for buffer in scratch._local.buffers.values())


def changes(w: Array) -> Iterator[Array]:
    """The same memory with other numbers: one, two signs, all signs, two that change places."""
    w[3, 2, 1, 1] += 1
    yield w
    w[0, 0, 0, 0], w[0, 0, 2, 2] = -w[0, 0, 0, 0], -w[0, 0, 2, 2]
    yield w
    np.negative(w, out=w)
    yield w
    w[[0, 5]] = w[[5, 0]]
    yield w
    w[-1, -1, -1, -1] = 7
    yield w


@pytest.mark.parametrize("stride", [1, 2])
def test_weights_that_were_changed_in_place_are_seen(stride: int) -> None:
    geo = K.Geometry((stride, stride), ((1, 1), (1, 1)), (1, 1), 1)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 16, 20, 20)).astype(np.float32)
    w = rng.standard_normal((32, 16, 3, 3)).astype(np.float32)
    K.conv(x, w, None, geo)
    for changed in changes(w):
        kept = K.conv(x, changed, None, geo)
        mg.empty_cache()
        same((kept,), (K.conv(x, changed.copy(), None, geo),))


def test_kept_weights_are_bounded_and_let_go() -> None:
    mg.empty_cache()
    for i in range(40):
        buffer = scratch.kept(i, 1 << 20)
        assert not buffer.memory[buffer.at - buffer.memory.ctypes.data :][: scratch.LINE].any()
        buffer.memory[...] = 1
        assert scratch.kept(i, 1 << 20) is buffer
    assert sum(b.memory.size for b in scratch._local.kept.values()) <= scratch.KEEP_IN_ALL + 40 * 64
    assert 39 in scratch._local.kept
    assert 0 not in scratch._local.kept
    mg.empty_cache()
    assert not scratch._local.kept

"""The worker pool: every piece once, errors handed back, several callers, nesting, fork."""

import multiprocessing
import os
import threading
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from minigrad.kernels.machine import threads

BIG = 1e9  # a cost that is always shared out


@pytest.fixture(autouse=True)
def restore_threads() -> Iterator[None]:
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


def covered(total: int, cost: float) -> np.ndarray:
    """How often each number of range(total) was in a piece."""
    counts = np.zeros(total, int)

    def task(start: int, stop: int) -> None:
        counts[start:stop] += 1

    threads.run(task, total, cost)
    return counts


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("total", [0, 1, 2, 5, 1000])
@pytest.mark.parametrize("cost", [0, 1e5, BIG])
def test_every_piece_is_done_once(count: int, total: int, cost: float) -> None:
    threads.set_num_threads(count)
    for _ in range(3):
        assert (covered(total, cost) == 1).all()


def test_several_threads_really_work() -> None:
    threads.set_num_threads(3)
    meet = threading.Barrier(3)  # breaks unless three threads come
    threads.run(lambda start, stop: meet.wait(10), 3, 1e5)


def test_small_work_stays_on_the_callers_thread() -> None:
    threads.set_num_threads(3)
    seen = []
    threads.run(lambda start, stop: seen.append((start, stop, threading.get_ident())), 10, 1e3)
    assert seen == [(0, 10, threading.get_ident())]


def test_nobody_waits_for_a_worker_that_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    late, live = threading.Event(), threads._Worker.live

    def oversleep(worker: threads._Worker) -> None:
        late.wait()
        live(worker)

    monkeypatch.setattr(threads, "_pool", threads._Pool())
    monkeypatch.setattr(threads._Worker, "live", oversleep)
    threads.set_num_threads(3)
    for _ in range(3):
        assert (covered(100, BIG) == 1).all()  # by the caller alone
    late.set()
    for _ in range(50):
        assert (covered(100, BIG) == 1).all()
    meet = threading.Barrier(3)
    threads.run(lambda start, stop: meet.wait(10), 3, 1e5)  # now they come


def test_work_is_done_where_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "_pool", threads._Pool())
    monkeypatch.setattr(threading.Thread, "start", refused)
    threads.set_num_threads(3)
    for _ in range(3):
        assert (covered(100, BIG) == 1).all()


@pytest.mark.parametrize("bad", [0, 1, 5])
def test_an_exception_is_handed_back_and_the_pool_lives_on(bad: int) -> None:
    threads.set_num_threads(3)

    def task(start: int, stop: int) -> None:
        if start <= bad < stop:
            raise ValueError(f"piece {bad}")

    for _ in range(3):
        with pytest.raises(ValueError, match=f"piece {bad}"):
            threads.run(task, 6, BIG)
    assert (covered(100, BIG) == 1).all()


def test_a_call_inside_a_task_runs_there() -> None:
    threads.set_num_threads(2)
    counts = np.zeros((4, 10), int)

    def outer(start: int, stop: int) -> None:
        for i in range(start, stop):
            here = threading.get_ident()

            def inner(first: int, last: int, row: int = i, ident: int = here) -> None:
                assert threading.get_ident() == ident
                counts[row, first:last] += 1

            threads.run(inner, 10, BIG)

    threads.run(outer, 4, BIG)
    assert (counts == 1).all()


def test_several_user_threads_at_once() -> None:
    threads.set_num_threads(2)
    results: list[bool] = []

    def user() -> None:
        for _ in range(50):
            results.append(bool((covered(64, BIG) == 1).all()))

    users = [threading.Thread(target=user) for _ in range(4)]
    for each in users:
        each.start()
    for each in users:
        each.join(60)
    assert len(results) == 200
    assert all(results)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_a_pool_of_its_own() -> None:
    threads.set_num_threads(2)
    assert (covered(100, BIG) == 1).all()  # the parent's workers exist now
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads: Python 3.12+
        child = multiprocessing.get_context("fork").Process(target=_child)
        child.start()
    child.join(60)
    assert child.exitcode == 0


def _child() -> None:
    assert (covered(100, BIG) == 1).all()


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "2"])
def test_a_wrong_number_of_threads_is_refused(count: object) -> None:
    before = threads.get_num_threads()
    with pytest.raises(RuntimeError, match="positive integer"):
        threads.set_num_threads(count)  # type: ignore[arg-type]
    assert threads.get_num_threads() == before

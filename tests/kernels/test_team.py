"""Workers in compiled code: every piece once, seats of their own, sleep and waking, forks, the end."""

import multiprocessing
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from minigrad.kernels import conv
from minigrad.kernels.machine import crew, scratch, team, threads

BIG = 1e9  # a cost that is always shared out


@pytest.fixture(autouse=True)
def restore_threads() -> Iterator[None]:
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


@team.shared
def count(counts: Any, seats: Any, work: int, seat: int, begin: int, end: int) -> None:
    for i in range(begin, end):
        counts[i] += 1
        seats[i] = seat
        for _ in range(work):
            seats[i] = seats[i] * 3 % 7 if seats[i] > 1 << 40 else seats[i]


@team.shared
def fail(at: int, seat: int, begin: int, end: int) -> None:
    if begin <= at < end:
        raise ValueError("no memory, say")


@team.shared
def mark(places: Any, steps: Any, size: int, seat: int, begin: int, end: int) -> None:
    at = team.moved(places, steps, seat)
    for _ in range(begin, end):
        for i in range(size):
            team.store(at[0], i, seat)
        for i in range(size):
            if team.load(at[0], i) != seat:
                raise ValueError("somebody else wrote here")


def covered(total: int, cost: float, step: int = 1, work: int = 0) -> tuple[Any, Any]:
    """How often each number of range(total) was in a piece, and who did it."""
    counts, seats = np.zeros(total, np.int64), np.full(total, -1)
    threads.share(count, (counts, seats, work), total, cost, step=step)
    return counts, seats


@pytest.mark.parametrize("number", [1, 2, 3, 7])
@pytest.mark.parametrize("total", [0, 1, 2, 5, 1000])
@pytest.mark.parametrize("step", [1, 3, 64])
@pytest.mark.parametrize("cost", [0, 2e4, BIG])
def test_every_piece_is_done_once(number: int, total: int, step: int, cost: float) -> None:
    threads.set_num_threads(number)
    for _ in range(5):
        counts, seats = covered(total, cost, step)
        assert (counts == 1).all()
        assert ((seats >= 0) & (seats < number)).all()


def test_pieces_are_cut_at_multiples_of_the_step() -> None:
    threads.set_num_threads(3)
    for _ in range(20):
        _, seats = covered(1000, BIG, step=10, work=1000)
        assert (seats.reshape(-1, 10) == seats[::10, None]).all()


def test_workers_come_again_after_they_have_fallen_asleep() -> None:
    threads.set_num_threads(2)
    for pause in (0, 0.05, 0.05):
        time.sleep(pause)
        for _ in range(1000):  # a busy machine may keep it away for a while
            _, seats = covered(64, BIG, work=10_000)
            if (seats == 1).any():
                break
        assert (seats == 1).any()


def test_small_work_does_not_wake_workers() -> None:
    threads.set_num_threads(2)
    covered(64, BIG)
    time.sleep(0.05)
    _, seats = covered(64, threads.INLINE_BELOW / 2, work=1000)
    assert (seats == 0).all()


def test_nobody_waits_for_a_worker_that_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(threads, "_pool", threads._Pool())
        patch.setattr(crew.threading, "Thread", lambda **_: _Absent())
        threads.set_num_threads(3)
        for _ in range(3):
            counts, seats = covered(100, BIG)
            assert (counts == 1).all()
            assert (seats == 0).all()
        threads._pool.crew = None


class _Absent:
    native_id = 0

    def start(self) -> None:
        """Never comes."""

    def is_alive(self) -> bool:
        return False


def test_a_failure_is_told_and_the_workers_live_on() -> None:
    threads.set_num_threads(3)
    for at in (0, 17, 99):
        with pytest.raises(MemoryError):
            threads.share(fail, (at,), 100, BIG)
    assert (covered(100, BIG)[0] == 1).all()


def test_each_seat_has_work_memory_of_its_own() -> None:
    threads.set_num_threads(3)
    size = 1000
    rooms = scratch.rooms({"input": size * 8, "output": 24}, 3)
    for _ in range(20):
        threads.share(mark, (rooms.places, rooms.steps, size), 30, BIG)


def test_several_user_threads_at_once() -> None:
    threads.set_num_threads(2)
    results: list[bool] = []

    def user() -> None:
        for _ in range(50):
            results.append(bool((covered(64, BIG)[0] == 1).all()))

    users = [threading.Thread(target=user) for _ in range(4)]
    for each in users:
        each.start()
    for each in users:
        each.join(60)
    assert len(results) == 200
    assert all(results)


def test_no_more_threads_than_the_caller_has_memory_for() -> None:
    threads.set_num_threads(3)
    for most in (1, 2):
        seats = np.full(100, -1)
        for _ in range(20):
            threads.share(count, (np.zeros(100, np.int64), seats, 1000), 100, BIG, most=most)
            assert (seats < most).all()


def test_threads_set_while_a_convolution_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def rooms(sizes: dict[str, int], seats: int) -> scratch.Rooms:
        asked.append(seats)
        threads.set_num_threads(5)  # as another thread might
        return scratch.Rooms(*kept(sizes, seats))

    def ready(crew: crew.Crew, workers: int) -> int:
        if asked:
            assert workers < asked[-1]
            asked.clear()
        return prepared(crew, workers)

    kept, prepared = scratch.rooms, crew.Crew.ready
    monkeypatch.setattr(scratch, "rooms", rooms)
    monkeypatch.setattr(crew.Crew, "ready", ready)
    geo = conv.Geometry((1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    for channels in (4, 16):
        x = np.ones((32, channels, 32, 32), np.float32)
        w = np.ones((channels, channels, 3, 3), np.float32)
        threads.set_num_threads(2)
        np.testing.assert_allclose(conv.conv(x, w, None, geo), 9 * channels, rtol=1e-5)
        threads.set_num_threads(2)
        assert conv.conv_weight(x, x[..., 2:, 2:], (3, 3), geo).shape == w.shape


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs sched_setaffinity")
def test_a_thread_that_could_not_start_leaves_the_caller_its_cpus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    before = os.sched_getaffinity(0)
    with monkeypatch.context() as patch:
        patch.setattr(threads, "_pool", threads._Pool())
        patch.setattr(threading.Thread, "start", refused)
        threads.set_num_threads(3)
        assert (covered(100, BIG)[0] == 1).all()
        after = os.sched_getaffinity(0)
        os.sched_setaffinity(0, before)
    assert after == before


def test_a_worker_whose_start_was_interrupted_keeps_its_slot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start, before = threading.Thread.start, set(threading.enumerate())

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(threads, "_pool", threads._Pool())
        threads.set_num_threads(2)
        patch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            covered(100, BIG)
        patch.setattr(threading.Thread, "start", start)
        assert (covered(100, BIG)[0] == 1).all()
        (worker,) = set(threading.enumerate()) - before
        threads._pool.crew.stop()
        assert not worker.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_workers_of_its_own() -> None:
    threads.set_num_threads(2)
    assert (covered(100, BIG)[0] == 1).all()  # the parent's workers exist now
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads: Python 3.12+
        child = multiprocessing.get_context("fork").Process(target=_child)
        child.start()
    child.join(60)
    assert child.exitcode == 0


def _child() -> None:
    for _ in range(10):
        assert (covered(100, BIG)[0] == 1).all()


SCRIPT = """
import sys, time
import numpy as np
from minigrad.kernels.machine import team, threads

@team.shared
def add(x, seat, begin, end):
    for i in range(begin, end):
        x[i] += 1

threads.set_num_threads(4)
x = np.zeros(100)
for _ in range(3):
    threads.share(add, (x,), 100, 1e9)
time.sleep(float(sys.argv[1]))
assert (x == 3).all()
print("done")
"""


@pytest.mark.parametrize("pause", ["0", "0.1"], ids=["awake", "asleep"])
@pytest.mark.parametrize("jit", [True, False], ids=["compiled", "interpreted"])
def test_a_process_ends_with_workers_awake_or_asleep(pause: str, jit: bool, tmp_path: Any) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = dict(os.environ, PYTHONPATH=os.getcwd())
    if not jit:
        environment["NUMBA_DISABLE_JIT"] = "1"
    done = subprocess.run(
        [sys.executable, str(script), pause],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


INTERPRETED = """
import numpy as np
import minigrad as mg
from minigrad.kernels.machine import team

x = np.linspace(-3, 3, 1 << 18, dtype=np.float32)
t = mg.from_numpy(x).reshape(512, 512)
assert ((t * t).numpy().ravel() == x * x).all()
assert ((t + 1).numpy().ravel() == x + 1).all()
assert np.allclose((t @ t).numpy(), x.reshape(512, 512) @ x.reshape(512, 512), atol=1e-2)
y = mg.nn.functional.gelu(t).numpy().ravel()
assert np.allclose(y, x * 0.5 * (1 + mg.erf(mg.from_numpy(x / 2**0.5)).numpy()), atol=1e-6)
print("done")
"""


def test_large_arrays_without_a_compiler(tmp_path: Any) -> None:
    script = tmp_path / "script.py"
    script.write_text(INTERPRETED)
    done = subprocess.run(
        [sys.executable, str(script)],
        env=dict(os.environ, PYTHONPATH=os.getcwd(), NUMBA_DISABLE_JIT="1"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")

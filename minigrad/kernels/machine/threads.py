"""The threads that run kernels on several CPUs.  Knows neither Numba nor kernels.

    share(kernel, arguments, total, cost)     compiled kernels: the workers of `team`, which need no Python
    run(task, total, cost)                    functions of Python that let go of the GIL, as NumPy's do

                                  caller          worker 1       worker 2 ...
                                  |                |              |
        pieces of range(total):   task(0, a)       task(a, b)     task(b, c)
                                  task(c, d)       ... whoever is free takes the next
                                  |<---- waits for all that have begun ----|

A kernel gives the same bits whatever the pieces are; that is the kernel's duty, and it is tested.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from minigrad.kernels.machine.crew import MOST, Crew, Placing

# Waking a worker and hearing back costs about 20 µs: less work than this is not shared.
INLINE_BELOW = 60e3  # nanoseconds on one thread
ALONE_BELOW = 8e3  # likewise, where a worker that is awake already may help without Python
# From here on the work is cut finer, so that a thread that lost its CPU does not hold up all.
CUT_FINE_ABOVE = 2e6
CUT_ABOVE = 100e3  # likewise, where a piece costs next to nothing to hand out
FINE = 4  # pieces per thread unless the kernel says otherwise


def get_num_threads() -> int:
    """The number of threads kernels use, the caller's own included."""
    return _num_threads


def set_num_threads(count: int) -> None:
    """Let kernels use `count` threads, the caller's own included.

    Raises RuntimeError unless count is a positive integer.
    """
    global _num_threads
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise RuntimeError(f"set_num_threads expects a positive integer, got {count!r}")
    _num_threads = count


def run(task: Callable[[int, int], object], total: int, cost: float, fine: int = FINE) -> None:
    """Call task(start, stop) for pieces that cover range(total), on several threads.

    cost: about how many nanoseconds task(0, total) takes on one thread.
    fine: pieces per thread when there is much work; 1 where starting a piece is dear.
    Small work, a call from inside a task and a call while another thread is using
    the pool run on the caller's thread.  The first exception of any piece is raised
    here after every thread has stopped working.
    """
    if total <= 0:
        return
    threads = min(_num_threads, total)
    pool = _pool
    if threads == 1 or cost < INLINE_BELOW or not pool.owner.acquire(blocking=False):
        task(0, total)
        return
    try:
        pieces = min(total, threads * (fine if cost > CUT_FINE_ABOVE else 1))
        pool.share(task, [total * i // pieces for i in range(pieces + 1)], threads)
    finally:
        pool.owner.release()


def seats(total: int, cost: float) -> int:
    """How many threads `share` would use at most: so much work memory does a kernel need."""
    return 1 if cost < ALONE_BELOW else max(1, min(_num_threads, total, MOST))


def share(
    kernel: Any,
    arguments: Any,
    total: int,
    cost: float,
    fine: int = FINE,
    step: int = 1,
    most: int = MOST,
) -> None:
    """Have a kernel that `team.shared` made done for all of range(total), on several threads.

    Arguments as for `run`.  Workers that have fallen asleep are woken for INLINE_BELOW and more, or
    where one call follows another.
    step: range(total) is better cut at its multiples, if that leaves enough pieces.
    most: threads at most: what `seats` said, as another thread may have set their number since.
    MemoryError if a kernel could not get the memory it needs.
    """
    if total <= 0:
        return
    threads = 1 if cost < ALONE_BELOW else min(_num_threads, total, most)
    if threads == 1 or not _pool.owner.acquire(blocking=False):
        failed = kernel.together(0, 0, 0, 1, 1, total, arguments)
    else:
        try:
            crew = _pool.crew
            if crew is None:
                crew = _pool.crew = Crew()
            if total < step * threads:
                step = 1
            pieces = min(-(-total // step), threads * (fine if cost > CUT_ABOVE else 1))
            slots = crew.ready(threads - 1)
            rouse = int(crew.busy or cost >= INLINE_BELOW)
            failed = kernel.together(slots, threads - 1, rouse, pieces, step, total, arguments)
        finally:
            _pool.owner.release()
    if failed:
        raise MemoryError("a kernel could not get the memory it needs")


class _Job(NamedTuple):
    """What a worker is asked to do, if it is the first to claim it."""

    work: Callable[[], None]
    claim: threading.Lock


class _Worker:
    """A daemon thread that sleeps until it is given a job."""

    def __init__(self) -> None:
        self.wake = threading.Lock()  # two locks used as signals: the cheapest there is
        self.rest = threading.Lock()
        self.wake.acquire()
        self.rest.acquire()
        self.called = False  # and has not looked yet
        self.job: _Job | None = None
        self.thread = threading.Thread(target=self.live, name="minigrad-worker", daemon=True)
        self.thread.start()

    def live(self) -> None:
        while True:
            self.wake.acquire()
            self.called = False
            job = self.job
            if job is not None and job.claim.acquire(blocking=False):
                job.work()
                self.job = None
                self.rest.release()
            del job  # and with it the arrays it works on

    def give(self, job: _Job) -> None:
        self.job = job
        if not self.called:
            self.called = True
            self.wake.release()

    def take_back(self, job: _Job) -> bool:
        """Whether the worker has not begun: it never will, nor need anybody wait for it."""
        if job.claim.acquire(blocking=False):
            self.job = None
            return True
        return False


class _Pool:
    """Workers of both kinds, made when first needed, and the lock that says who is using them."""

    def __init__(self) -> None:
        self.owner = threading.Lock()
        self.workers: list[_Worker] = []
        self.placing = Placing()
        self.crew: Crew | None = None

    def share(self, task: Callable[[int, int], object], cuts: list[int], threads: int) -> None:
        while len(self.workers) < threads - 1:
            try:
                self.workers.append(_Worker())
            except RuntimeError:  # no more threads to be had: those that are there do its share
                break
            self.placing.avoided = -1
        self.placing.look([worker.thread for worker in self.workers])
        pieces: Iterator[int] = iter(range(len(cuts) - 1))  # next() on it is atomic
        errors: list[BaseException] = []

        def work() -> None:
            try:
                for i in pieces:
                    task(cuts[i], cuts[i + 1])
                    if errors:
                        return
            except BaseException as error:  # handed to the caller below
                errors.append(error)

        team = [(worker, _Job(work, threading.Lock())) for worker in self.workers[: threads - 1]]
        for worker, job in team:
            worker.give(job)
        work()
        for worker, job in team:
            if not worker.take_back(job):
                self.wait_for(worker, errors)
        if errors:
            raise errors[0]

    def wait_for(self, worker: _Worker, errors: list[BaseException]) -> None:
        """Wait until the worker rests, Ctrl-C or not: it is writing into our arrays."""
        try:
            worker.rest.acquire()
        except KeyboardInterrupt as interrupt:
            errors.insert(0, interrupt)
            # Whether its signal was taken is unknown now: let it finish and use it no more.
            self.workers.remove(worker)
            while worker.job is not None:
                time.sleep(0.001)


def _start_afresh() -> None:
    """A forked child has none of its parent's threads."""
    global _pool
    _pool = _Pool()


def _usable_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_num_threads = _usable_cpus()
_pool = _Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)

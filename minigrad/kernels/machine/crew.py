"""The threads that `team`'s code runs on: made when first needed, kept off the caller's CPU, dismissed at the end.

    memory that all see:   | slot of worker 1 | slot of worker 2 | ..        a slot is two cache lines

Linux wakes a worker on the CPU it was woken from and moves it after milliseconds, longer than most
kernels run: so workers may run everywhere but on the caller's CPU, wherever that is at the moment.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
from collections.abc import Callable

import numpy as np

MOST = 256  # threads that work together
SOON = 2e-4  # seconds after which a worker that found nothing to do is asleep, roughly
OFTEN = 1e-3  # seconds between two looks at where the caller is: the system moves it more rarely


class Placing:
    """Keeps workers off the CPU of the calling thread."""

    def __init__(self) -> None:
        self.avoided = -1  # the CPU that no worker may run on
        self.cpu = _current_cpu()

    def look(self, workers: list[threading.Thread]) -> None:
        """Let the workers run on all CPUs of the calling thread but this one."""
        if self.cpu is None or self.avoided == (here := self.cpu()):
            return
        self.avoided = here
        others = os.sched_getaffinity(0) - {here}
        for worker in workers if others else ():
            if worker.native_id is None:  # it could not be started; 0 would be the caller
                continue
            with contextlib.suppress(OSError):  # where that is forbidden they go where they go
                os.sched_setaffinity(worker.native_id, others)


class Crew:
    """The workers of compiled kernels, and the memory they look at for jobs."""

    def __init__(self) -> None:
        from minigrad.kernels.machine import team

        self.team = team
        self.memory = np.zeros(team.SLOT * (MOST + 1), np.int64)
        begin = self.memory.ctypes.data
        self.slots = begin + -begin % 64
        self.first = (self.slots - begin) // 8
        self.workers: list[threading.Thread] = []
        self.asked, self.looked, self.process = 0.0, 0.0, os.getpid()
        self.busy = False  # whether it has been a moment only since they were called last: they stay awake then
        if not team.INTERPRETED:
            # Compiled here: a process that is forked meanwhile must not inherit the compiler's lock.
            stopped = np.array([team.STOP])
            team.serve(stopped.ctypes.data, 0)
        self.placing = Placing()
        atexit.register(self.stop)

    def ready(self, workers: int) -> int:
        """The address of the slots, with so many workers there."""
        now = time.perf_counter()
        self.busy, self.asked = now - self.asked < SOON, now
        while len(self.workers) < workers and not self.team.INTERPRETED:
            self.hire()
            self.looked = 0.0
        if now - self.looked > OFTEN:
            self.looked = now
            self.placing.look(self.workers)
        return self.slots

    def hire(self) -> None:
        """One worker more."""
        size, seat = self.team.SLOT, len(self.workers)
        self.memory[self.first + seat * size + 2] = self.team.new_lock()
        worker = threading.Thread(
            target=self.team.serve,
            args=(self.slots + seat * size * 8, seat + 1),
            name="minigrad-worker",
            daemon=True,
        )
        self.workers.append(worker)  # first: after Ctrl-C while it starts, its slot is taken
        self.placing.avoided = -1
        with contextlib.suppress(RuntimeError):  # no more threads to be had: others do its share
            worker.start()

    def stop(self) -> None:
        """Have the workers leave compiled code, before that goes."""
        if os.getpid() == self.process:  # in a forked child they are not there
            self.team.dismiss(self.slots, len(self.workers))
            for worker in self.workers:
                if worker.is_alive():
                    worker.join(1)


def _current_cpu() -> Callable[[], int] | None:
    """A function that answers on which CPU its caller runs, on systems that let us use it."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    import ctypes  # when first needed: not everybody who imports minigrad runs kernels

    return getattr(ctypes.PyDLL(None), "sched_getcpu", None)

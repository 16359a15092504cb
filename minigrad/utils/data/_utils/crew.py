"""The loader's side of its worker processes: asking, hearing, and letting them go.

Whatever becomes of the loader, no process is left behind. Dropped or garbage-collected, it says
goodbye; at the interpreter's exit too; and where it is killed, the workers notice.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import time
import warnings
import weakref
from collections.abc import Iterable
from typing import Any

from . import worker
from .shared import Receiver

PATIENCE = 5.0  # seconds a worker has for what it is doing when it is told to go

# The loader's ends of all connections: a forked worker closes its copies of them, so that the
# others notice when the loader's process is gone.
_ours: weakref.WeakSet[Any] = weakref.WeakSet()


def _start(connection: Any, job: worker.Job) -> None:
    """Begin a worker process."""
    for inherited in list(_ours):
        inherited.close()
    worker.work(connection, job)


class _Member:
    """One worker process."""

    def __init__(self, context: Any, job: worker.Job):
        self.connection, theirs = context.Pipe()
        self.receiver = Receiver(self.connection)
        self.slots: list[bool] = []  # which of them are taken
        _ours.add(self.connection)
        self.process = context.Process(target=_start, args=(theirs, job), daemon=True)
        with warnings.catch_warnings():
            # Python warns of forking where there are threads: ours rest, and start afresh in a child.
            warnings.filterwarnings("ignore", ".*fork", DeprecationWarning)
            self.process.start()
        theirs.close()

    def free_slot(self) -> int:
        """A slot that holds nothing, taken now."""
        if False not in self.slots:
            self.slots.append(False)
        slot = self.slots.index(False)
        self.slots[slot] = True
        return slot

    def fate(self) -> str:
        """How the process ended."""
        self.process.join(PATIENCE)
        code = self.process.exitcode
        if code is not None and code < 0:
            import signal

            return f"it was killed by signal: {signal.strsignal(-code)}"
        return (
            f"its exit code is {code}. Details are lost in the other process; num_workers=0 may "
            "give a better trace"
        )


class Crew:
    """Worker processes, and what each has been asked in the present epoch."""

    def __init__(self, context: Any, jobs: Iterable[worker.Job]):
        self.members: list[_Member] = []
        self.epoch = 0
        self.taken: dict[int, int] = {}  # the slot that each task's answer is put into
        self._goodbye = weakref.finalize(self, _dismiss, self.members, os.getpid())
        for job in jobs:
            self.members.append(_Member(context, job))

    def dismiss(self) -> None:
        """Let all workers go, and wait until they have."""
        self._goodbye()

    def begin(self) -> None:
        """Begin an epoch: answers to what was asked before will be ignored.

        They are made all the same, as what a worker draws must not be a matter of time.
        """
        self.epoch += 1
        self.taken.clear()
        for member in self.members:
            member.slots.clear()

    def ask(self, who: int, task: int, index: Any) -> None:
        """Ask a worker for the batch at an index."""
        member = self.members[who]
        self.taken[task] = slot = member.free_slot()
        text = pickle.dumps(index, protocol=5)
        with contextlib.suppress(OSError):  # it is dead: hearing it says so
            member.connection.send((self.epoch, task, slot, text))

    def hear(self, among: list[int], timeout: float) -> tuple[int, int, int, Any]:
        """(worker, task, kind, value) of the first answer of some workers.

        timeout: in seconds, 0 for none.  RuntimeError when it has passed, and where a worker died.
        """
        from multiprocessing.connection import wait

        while True:
            ends = {self.members[who].connection: who for who in among}
            deaths = {self.members[who].process.sentinel: who for who in among}
            ready = wait([*ends, *deaths], timeout or None)
            if not ready:
                raise RuntimeError(f"DataLoader timed out after {timeout} seconds")
            speaking = [ends[x] for x in ready if x in ends]
            for who in speaking or [deaths[x] for x in ready]:
                answer = self._read(who)
                if answer is not None:
                    return answer

    def _read(self, who: int) -> tuple[int, int, int, Any] | None:
        """The next answer of a worker; None for one to an epoch that is over."""
        member = self.members[who]
        try:
            (epoch, task, kind), text, arrays = member.receiver.receive()
        except (EOFError, ConnectionError) as error:
            raise RuntimeError(
                f"DataLoader worker (pid(s) {member.process.pid}) exited unexpectedly: "
                f"{member.fate()}"
            ) from error
        if epoch != self.epoch:
            return None
        member.slots[self.taken.pop(task)] = False
        return who, task, kind, pickle.loads(text, buffers=arrays)


def _dismiss(members: list[_Member], owner: int) -> None:
    """Say goodbye, wait until all have gone, and end those that do not go."""
    if os.getpid() != owner:  # a forked process got this with all the rest
        return
    for member in members:
        with contextlib.suppress(OSError):  # gone already
            member.connection.send(None)
    deadline = time.monotonic() + PATIENCE
    for member in members:
        _await(member, deadline)
        if member.process.is_alive():
            member.process.terminate()
            member.process.join(PATIENCE)
        member.connection.close()


def _await(member: _Member, deadline: float) -> None:
    """Wait until a process ends, taking in what it still has to say, for it may wait for that."""
    from multiprocessing.connection import wait

    ends = [member.connection, member.process.sentinel]
    while (left := deadline - time.monotonic()) > 0:
        ready = wait(ends, left)
        if member.process.sentinel in ready:
            member.process.join()
            return
        try:
            if ready:
                member.receiver.receive()
        except (EOFError, OSError):
            ends = ends[1:]

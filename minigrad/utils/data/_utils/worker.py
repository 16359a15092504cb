"""What a worker process does: it waits for indices and answers with batches.

    loader's process                       worker process
      (epoch, task, slot, indices) ──────>  listener thread ──> main thread: fetch, collate
      (epoch, task, kind), batch   <──────────────────────────────┘

The listener takes messages at once, so that the loader never waits while asking, and notices when
the loader's process is gone.
"""

from __future__ import annotations

import os
import pickle
import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from ....kernels.machine.threads import set_num_threads
from ....random import manual_seed
from .shared import Sender

WATCH = 5.0  # seconds between looks at whether the loader's process lives

# Kinds of answers.
BATCH, END, ERROR = range(3)


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker knows of itself: its id, how many there are, its seed and its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process what it is, for a dataset to know its part; None elsewhere.

    >>> from minigrad.utils.data import get_worker_info
    >>> get_worker_info() is None
    True
    """
    return _info


@dataclass(frozen=True)
class Job:
    """What a worker is told when it starts."""

    id: int
    num_workers: int
    base_seed: int
    dataset: Any
    is_stream: bool
    make_fetcher: Callable[[], Any]
    init_fn: Callable[[int], Any] | None


class KeyErrorMessage(str):
    """Text that a KeyError, which shows its argument's repr, leaves readable."""

    def __repr__(self) -> str:
        return str(self)


class Failure:
    """The exception being handled, for another process: its type and its traceback's text."""

    def __init__(self, where: str):
        import traceback

        kind, error, trace = sys.exc_info()
        assert kind is not None
        self.text = (
            f"Caught {kind.__name__} {where}.\n"
            f"Original {''.join(traceback.format_exception(kind, error, trace))}"
        )
        try:
            pickle.dumps(kind)
        except Exception:  # a class that the other process cannot find
            kind = RuntimeError
        self.kind: Any = kind

    def reraise(self) -> NoReturn:
        """Raise an exception of the type; RuntimeError where it cannot be made of a text."""
        text = KeyErrorMessage(self.text) if self.kind is KeyError else self.text
        named = {"message": text} if getattr(self.kind, "message", None) else {}
        try:
            error = self.kind(**named) if named else self.kind(text)
        except Exception:
            raise RuntimeError(text) from None
        raise error


class _Inbox:
    """What the loader has asked and the worker has not begun, and whether it may leave that."""

    def __init__(self, connection: Any):
        self.connection = connection
        self.tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.closed = False
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        parent, lives = os.getppid(), _parent_lives()
        while True:
            try:
                while not self.connection.poll(WATCH):
                    if os.getppid() != parent or not lives():
                        raise EOFError
                message = self.connection.recv()
            except (EOFError, OSError):
                os._exit(1)  # the loader's process is gone, and with it all reason to go on
            self.closed = message is None
            self.tasks.put(message)
            if self.closed:
                return


def _parent_lives() -> Callable[[], bool]:
    import multiprocessing

    parent = multiprocessing.parent_process()
    assert parent is not None
    return parent.is_alive


class _Worker:
    """Makes batches as told; where the start fails, the first answer says so."""

    def __init__(self, job: Job):
        self.job = job
        self.where = f"in DataLoader worker process {job.id}"
        self.epoch: int | None = None
        self.fetcher: Any = None
        self.failure: Failure | None = None
        try:
            if job.init_fn is not None:
                job.init_fn(job.id)
        except Exception:
            self.failure = Failure(self.where)

    def answer(self, epoch: int, text: bytes) -> tuple[int, Any]:
        """(kind, value): the batch at pickled indices; a new epoch begins the dataset anew."""
        if self.failure is not None:
            failure, self.failure = self.failure, None
            return ERROR, failure
        try:
            if self.epoch != epoch:
                self.fetcher = self.job.make_fetcher()
                self.epoch = epoch
            return BATCH, self.fetcher.fetch(pickle.loads(text))
        except Exception as error:
            if self.job.is_stream and isinstance(error, StopIteration):
                return END, None
            return ERROR, Failure(self.where)


def work(connection: Any, job: Job) -> None:
    """The worker's main function: answer until the loader says goodbye."""
    import signal

    global _info
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the loader's business
    set_num_threads(1)
    seed = _seed(job)
    _info = WorkerInfo(job.id, job.num_workers, seed, job.dataset)
    inbox, sender, worker = _Inbox(connection), Sender(connection), _Worker(job)
    for epoch, task, slot, text in iter(inbox.tasks.get, None):
        if inbox.closed:
            break
        kind, value = worker.answer(epoch, text)
        try:
            sender.send((epoch, task, kind), value, slot)
        except OSError:
            return  # nobody listens
        except Exception:  # a batch that cannot be pickled
            sender.send((epoch, task, ERROR), Failure(worker.where), slot)
        del value


def _seed(job: Job) -> int:
    """Seed Python's, NumPy's and our generators as torch's workers do; answers the worker's seed."""
    import random

    seed = job.base_seed + job.id
    random.seed(seed)
    manual_seed(seed)
    words = [job.id, job.base_seed & 0xFFFFFFFF, job.base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(words).generate_state(4))
    return seed

"""Objects from a worker process to the loader's: pickled, their arrays by way of shared memory.

Writing an array into a socket and reading it again costs about fifty times a plain copy. So the
arrays of an object are put into a *slot*, memory that both processes have mapped, and the receiver
copies them out, after which the slot may be written again: no name in the file system, nothing to
clean up after a crash, no file descriptor per batch. The receiver says which slot is free.

    sender      pickle ── arrays ──> slot        "task 7, pickled like so, arrays in slot 1"
    receiver                          └── copies ──> arrays of their own

Slots are anonymous files of Linux (memfd); where there are none the arrays go through the socket.
"""

from __future__ import annotations

import mmap
import os
import pickle
from typing import Any

import numpy as np

SMALL = 1 << 14  # bytes of arrays that go with the message itself
ALIGNED = 64

# How the arrays of a message travel.
_INSIDE, _THROUGH, _SLOT, _NEW_SLOT = range(4)


class Sender:
    """Sends objects over one end of a duplex connection."""

    def __init__(self, connection: Any):
        self.connection = connection
        self.slots: dict[int, mmap.mmap] = {}

    def send(self, head: Any, value: Any, slot: int) -> None:
        """Send a value whose arrays may be put into a free slot; head: anything small.

        Whatever pickling raises is raised before anything is sent.
        """
        held: list[pickle.PickleBuffer] = []
        text = pickle.dumps(value, protocol=5, buffer_callback=held.append)
        arrays = [buffer.raw() for buffer in held]
        sizes = [array.nbytes for array in arrays]
        if sum(sizes) < SMALL:
            inside = [bytearray(array) for array in arrays]
            self.connection.send((head, text, _INSIDE, inside))
            return
        starts, total = _places(sizes)
        way = self._prepare(slot, total)
        if way == _THROUGH:
            self.connection.send((head, text, way, sizes))
            for array in arrays:
                self.connection.send_bytes(array)
            return
        memory = self.slots[slot]
        for start, size, array in zip(starts, sizes, arrays):
            memory[start : start + size] = array
        self.connection.send((head, text, way, (slot, len(memory), sizes)))
        if way == _NEW_SLOT:
            from multiprocessing import reduction

            reduction.send_handle(self.connection, self.new, None)
            os.close(self.new)

    def _prepare(self, slot: int, total: int) -> int:
        """See to it that a slot has room for total bytes; answers the way they go."""
        if slot in self.slots and len(self.slots[slot]) >= total:
            return _SLOT
        if not hasattr(os, "memfd_create"):
            return _THROUGH
        size = total + total // 4  # the next batch may be a little larger
        try:
            self.new = os.memfd_create("minigrad")
            try:
                os.posix_fallocate(self.new, 0, size)  # now, as a lack of memory later would kill
                self.slots[slot] = mmap.mmap(self.new, size)
            except BaseException:
                os.close(self.new)
                raise
        except OSError:
            return _THROUGH
        return _NEW_SLOT


class Receiver:
    """Receives objects at the other end."""

    def __init__(self, connection: Any):
        self.connection = connection
        self.slots: dict[int, mmap.mmap] = {}

    def receive(self) -> tuple[Any, bytes, list[Any]]:
        """(head, pickled value, its arrays' memory), for `pickle.loads`; blocks until it is there."""
        head, text, way, what = self.connection.recv()
        if way == _INSIDE:
            return head, text, what
        if way == _THROUGH:
            arrays = [np.empty(size, np.uint8) for size in what]
            for array in arrays:
                self.connection.recv_bytes_into(array)
            return head, text, arrays
        slot, length, sizes = what
        if way == _NEW_SLOT:
            from multiprocessing import reduction

            handle = reduction.recv_handle(self.connection)
            self.slots[slot] = mmap.mmap(handle, length)
            os.close(handle)
        memory = self.slots[slot]
        starts, _ = _places(sizes)
        return head, text, [_copied(memory, start, size) for start, size in zip(starts, sizes)]


def _copied(memory: mmap.mmap, start: int, size: int) -> Any:
    return np.frombuffer(memory, np.uint8, size, start).copy()


def _places(sizes: list[int]) -> tuple[list[int], int]:
    """Where arrays of some sizes start in a slot, each at a multiple of ALIGNED, and where they end."""
    starts, end = [], 0
    for size in sizes:
        starts.append(end)
        end += -(-size // ALIGNED) * ALIGNED
    return starts, max(end, 1)

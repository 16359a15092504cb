"""Work memory for kernels: aligned, one set per thread, reused from call to call.

    take("input", 4000)   ->   |....|<------ 4000 bytes, stale ------>|......|
                                    ^ 64-byte line              kept for the next call

A buffer is whatever the last kernel left in it: a kernel writes what it reads.
"""

import ctypes
import functools
import os
import threading
from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels.machine.arguments import address

LINE = 64  # bytes: a vector that does not cross a cache line loads at full speed
KEEP = 8 << 20  # bytes: a larger buffer, of which there are five names, goes after its call

KEEP_IN_ALL = 16 << 20  # bytes of what `kept` holds for a thread

_KEPT = 512 << 20  # bytes that free memory may hold before it is given back to the system
_ON_HEAP = 32 << 20  # bytes; the most the C library takes
_local = threading.local()
_generation = 0  # raised by empty_cache: threads drop what they hold when they next look


class Buffer(NamedTuple):
    """Memory, and the address from which on its user may use it."""

    at: int
    memory: np.ndarray[Any, Any]


def empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray[Any, Any]:
    """An uninitialised array for an answer; it owns its memory, so that nobody need copy it."""
    keep_memory()
    return np.empty(shape, dtype)


@functools.cache
def keep_memory() -> None:
    """Let the C library keep memory that large arrays give back.

    Else every answer is written into pages fresh from the system, which takes longer than computing it.  Left as
    it is where the environment has rules of its own, and where the C library is not glibc.
    """
    if any(k.startswith(("MALLOC_", "GLIBC_TUNABLES")) for k in os.environ):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    trim_threshold, mmap_threshold = -1, -3  # from malloc.h
    mallopt(trim_threshold, _KEPT)
    mallopt(mmap_threshold, _ON_HEAP)


def take(name: str, size: int, keep: int = KEEP) -> Buffer:
    """This thread's buffer of that name: `size` bytes of any value, while its user holds it."""
    held = _held()
    buffer = held.get(name)
    if buffer is None or buffer.memory.size < size + LINE:
        buffer = _aligned(size)
        if size <= keep:
            held[name] = buffer
    return buffer


def kept(key: Hashable, size: int) -> Buffer:
    """This thread's memory for what was worked out for a key, as it was left; new memory begins with a zero line.

    What was not asked for the longest goes when all of it is more than KEEP_IN_ALL.
    """
    _held()
    made: dict[Hashable, Buffer] = _local.kept
    buffer = made.pop(key, None)
    if buffer is None:
        buffer = _aligned(size)
        start = buffer.at - address(buffer.memory)
        buffer.memory[start : start + LINE] = 0
        _local.kept_bytes += size
    made[key] = buffer
    while _local.kept_bytes > KEEP_IN_ALL:
        _local.kept_bytes -= made.pop(next(iter(made))).memory.size - LINE
    return buffer


def _forget() -> None:
    _local.buffers, _local.kept, _local.kept_bytes = {}, {}, 0
    _local.generation = _generation


def _held() -> dict[str, Buffer]:
    """The buffers that this thread keeps."""
    if getattr(_local, "generation", -1) != _generation:
        _forget()
    held: dict[str, Buffer] = _local.buffers
    return held


class Rooms(NamedTuple):
    """Buffers for several threads: where those of the first begin, how far apart they lie, the memory."""

    places: tuple[int, ...]
    steps: tuple[int, ...]
    held: list[Buffer]


def rooms(sizes: dict[str, int], seats: int) -> Rooms:
    """Buffers of these names and sizes in bytes for as many threads as work together."""
    kept = _held()
    places: list[int] = []
    steps: list[int] = []
    held: list[Buffer] = []
    for name, size in sizes.items():
        step = -(-size // LINE) * LINE
        whole = step * (seats - 1) + size
        buffer = kept.get(name)
        if buffer is None or buffer.memory.size < whole + LINE:
            buffer = take(name, whole, KEEP * seats)
        places.append(buffer.at)
        steps.append(step)
        held.append(buffer)
    return Rooms(tuple(places), tuple(steps), held)


def _aligned(size: int) -> Buffer:
    memory = np.empty(size + LINE, np.uint8)
    return Buffer(-(-address(memory) // LINE) * LINE, memory)


def empty_cache() -> None:
    """Let go of the work memory of all kernels; other threads follow at their next kernel.

    Kept between calls are at most five buffers of 8 MB per thread, typically a few MB in all, and 16 MB of weights
    in the order in which kernels read them.

    >>> import minigrad as mg
    >>> mg.empty_cache()
    """
    global _generation
    _generation += 1
    _forget()

"""Work memory for kernels: aligned, one set per thread, reused from call to call.

    take("input", 1000, np.float32)   ->   |....|<------ 1000 numbers, stale ------>|......|
                                           ^ 64-byte line                  kept for the next call

A buffer is whatever the last kernel left in it: a kernel writes what it reads.
"""

import threading
from typing import Any

import numpy as np

LINE = 64  # bytes: a vector that does not cross a cache line loads at full speed
KEEP = (
    8 << 20
)  # bytes: a larger buffer, of which there are five names, is given back after its call

_local = threading.local()
_generation = 0  # raised by empty_cache: threads drop what they hold when they next look


def empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray[Any, Any]:
    """An uninitialised array that starts at a cache line."""
    dtype = np.dtype(dtype)
    count = 1
    for n in shape:
        count *= n
    memory = np.empty(count * dtype.itemsize + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return np.ndarray(shape, dtype, memory, start)


def take(name: str, count: int, dtype: Any) -> np.ndarray[Any, Any]:
    """This thread's buffer of that name: `count` numbers of any value."""
    held = getattr(_local, "buffers", None)
    if held is None or _local.generation != _generation:
        held = _local.buffers = {}
        _local.generation = _generation
    dtype = np.dtype(dtype)
    size = count * dtype.itemsize
    buffer = held.get(name)
    if buffer is None or buffer.size < size:
        buffer = empty((size,), np.uint8)
        if size <= KEEP:
            held[name] = buffer
    return np.ndarray((count,), dtype, buffer)


def empty_cache() -> None:
    """Let go of the work memory of all kernels; other threads follow at their next kernel.

    Kept between calls are at most five buffers of 8 MB per thread, typically a few MB in all.

    >>> import minigrad as mg
    >>> mg.empty_cache()
    """
    global _generation
    _generation += 1
    _local.buffers = {}
    _local.generation = _generation

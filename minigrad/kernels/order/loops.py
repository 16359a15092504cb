"""Compiled loops over rows that are to be put in order: the largest few of each, or all.

A float becomes an integer that is in the same order, its key, so that comparing is one instruction:

    float   -2.5  -0.0   0.0   1.5   inf   NaN          a number's bits, those below 0 turned over;
    key      < 0     0     0   > 0         the largest  zeros are equal, and so are all NaN

    sorting    | key | place |   32 bits each, one number of 64: no two are equal, so any way of sorting is stable
               short rows: LANES of them side by side in a vector, by a network;  long ones: by digits of 8 bits
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.registers import INT
from minigrad.kernels.machine.team import copied, shared

Array = np.ndarray[Any, Any]
u64 = np.uint64
BLOCK = 32  # numbers of which the largest is looked for at a time
LANES = 8  # rows that are sorted at a time


@helper
def _key32(bits: Any, is_float: Any, flip: Any) -> Any:
    size = np.int32(bits & np.int32(0x7FFFFFFF))
    key = np.int32(-size) if bits < 0 else size
    key = np.int32(0x7FFFFFFF) if size > np.int32(0x7F800000) else key
    return np.int32((key if is_float else bits) ^ flip)


@helper
def _key64(bits: Any, is_float: Any, flip: Any) -> Any:
    size = bits & np.int64(0x7FFFFFFFFFFFFFFF)
    key = -size if bits < 0 else size
    key = np.int64(0x7FFFFFFFFFFFFFFF) if size > np.int64(0x7FF0000000000000) else key
    return (key if is_float else bits) ^ np.int64(flip)


# What the copies that `copied` makes of `_largest` have under this name.
key_of: Any = None


def _largest(
    x: Array,
    is_float: bool,
    flip: int,
    k: int,
    indices: Array,
    seat: int,
    start: int,
    stop: int,
) -> None:
    """The places of each row's k largest keys, in order, of equal ones the first.

    x: (rows, n), the numbers' bits as integers.  flip: 0, or -1 for the smallest.  indices: (rows, k) int64.
    """
    n, turn = x.shape[1], x.dtype.type(flip)
    keys, best = np.empty(BLOCK, x.dtype), np.empty(k, x.dtype)
    for i in range(start, stop):
        row, places = x[i], indices[i]
        held = 0
        for first in range(0, n, BLOCK):
            count = min(BLOCK, n - first)
            top = key_of(row[first], is_float, turn)
            for j in range(count):
                key = key_of(row[first + j], is_float, turn)
                keys[j] = key
                top = key if key > top else top
            if held == k and top <= best[k - 1]:
                continue
            for j in range(count):
                key = keys[j]
                if held == k and key <= best[k - 1]:
                    continue
                at = held if held < k else k - 1
                while at > 0 and best[at - 1] < key:
                    best[at], places[at] = best[at - 1], places[at - 1]
                    at -= 1
                best[at], places[at] = key, first + j
                held = min(held + 1, k)


largest = {
    np.dtype(np.int32): shared(copied(_largest, _largest, "32", key_of=_key32)),
    np.dtype(np.int64): shared(copied(_largest, _largest, "64", key_of=_key64)),
}


def _exchange(typing: Any, low: Any, high: Any) -> Any:
    """Of two rows of LANES int64 at these addresses, the smaller into the first, the larger into the other."""
    vector = ir.VectorType(INT, LANES)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        places = [builder.inttoptr(value, vector.as_pointer()) for value in values]
        a, b = [builder.load(place, align=8) for place in places]
        less = builder.icmp_signed("<", a, b)
        builder.store(builder.select(less, a, b), places[0], align=8)
        builder.store(builder.select(less, b, a), places[1], align=8)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), emit


exchange: Any = intrinsic(_exchange)


@helper
def _by_network(place: int, n: int) -> None:
    """Sort n rows of LANES at an address, each lane by itself, by Batcher's merging of odd and even places.

    All places of a block of `step` are merged, or none is.
    """
    size, run = 8 * LANES, 1
    while run < n:
        step = run
        while step >= 1:
            for first in range(step % run, n - step, 2 * step):
                if first // (2 * run) == (first + step) // (2 * run):
                    for i in range(first, min(first + step, n - step)):
                        exchange(place + i * size, place + (i + step) * size)
            step //= 2
        run *= 2


@helper
def _by_digits(a: Array, b: Array, counts: Array, n: int) -> bool:
    """Sort n numbers, equal keys lying in order of place, by their keys; answers whether they lie in b."""
    counts[:] = 0
    for i in range(n):
        key = a[i] >> u64(32)
        for d in range(4):
            counts[d, (key >> u64(8 * d)) & u64(255)] += 1
    there = False
    for d in range(4):
        shift = u64(32 + 8 * d)
        source, to = (b, a) if there else (a, b)
        row = counts[d]
        if row[(source[0] >> shift) & u64(255)] == n:
            continue  # the digit is the same everywhere
        total = 0
        for v in range(256):
            total, row[v] = total + row[v], total
        for i in range(n):
            value = source[i]
            digit = (value >> shift) & u64(255)
            to[row[digit]] = value
            row[digit] += 1
        there = not there
    return there


@shared
def sort_short(
    x: Array,
    is_float: bool,
    flip: int,
    begin: int,
    indices: Array,
    seat: int,
    start: int,
    stop: int,
) -> None:
    """`sort` of short rows: LANES of them at a time."""
    n, turn = x.shape[1], np.int32(flip)
    work = np.zeros((n, LANES), np.int64)
    for i in range(start, stop, LANES):
        lanes = min(LANES, stop - i)
        for lane in range(lanes):
            row = x[i + lane]
            for j in range(n):
                key = np.int64(_key32(row[j], is_float, turn))
                work[j, lane] = (key << 32) | j
        _by_network(work.ctypes.data, n)
        for lane in range(lanes):
            places = indices[i + lane]
            for j in range(places.size):
                places[j] = work[begin + j, lane] & 0xFFFFFFFF


@shared
def sort(
    x: Array,
    is_float: bool,
    flip: int,
    begin: int,
    indices: Array,
    seat: int,
    start: int,
    stop: int,
) -> None:
    """The places of each row's numbers in rising order, equal ones as they lie, from the one of rank `begin` on.

    x: (rows, n), the bits as int32.  flip: 0, or -1 for falling order.  indices: (rows, count) int64.
    """
    n, turn = x.shape[1], np.int32(flip)
    a, b, counts = np.empty(n, u64), np.empty(n, u64), np.empty((4, 256), np.int64)
    for i in range(start, stop):
        row, places = x[i], indices[i]
        for j in range(n):
            key = np.int64(_key32(row[j], is_float, turn)) + np.int64(0x80000000)
            a[j] = (u64(key) << u64(32)) | u64(j)
        found = b if _by_digits(a, b, counts, n) else a
        for j in range(places.size):
            places[j] = np.int64(found[begin + j] & u64(0xFFFFFFFF))

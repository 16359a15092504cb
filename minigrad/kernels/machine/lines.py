r"""Compiled loops over lines of numbers, shared out among the workers.

    loop(x, y, out, 0.5)      lines of one dtype and size, then numbers, if it takes any

    table of a job      [size | block | far | address of x, y, out | 0.5]   all that is handed over: one address
    a thread's piece    |0 4 8 ..    |1 5 9 ..    |2 6 10 ..   |3 7 11 ..   |rest|   in this order, RUN at a time

A processor fetches ahead within a page of memory only.  Going through a piece at WOVEN places by turns keeps as
many pages coming, which takes 5 to 25 % less time for lines that have to come from far.

An answer that takes the place of the first line goes by way of a small buffer: loops whose lines might be the same
memory are not made of vectors.
"""

import functools
import struct
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from minigrad.kernels.machine import threads
from minigrad.kernels.machine.arguments import address, addressof, table
from minigrad.kernels.machine.jit import compiled
from minigrad.kernels.machine.registers import BYTE, INT
from minigrad.kernels.machine.simd import copy
from minigrad.kernels.machine.team import INTERPRETED, by_address, copied, read

Array = np.ndarray[Any, Any]
WOVEN, RUN = 4, 128  # places at a time, and numbers at each
FAR = 12 << 20  # bytes of all lines; from here on they are woven
BLOCK = (
    1 << 12
)  # numbers; pieces are whole blocks, so that ends of vectors fall where they always do
ENTRY = types.int32(*[types.intp] * 6)  # what `by_address` calls
_LINE = 64  # bytes of a cache line


def _lines(typing: Any, kind: Any, places: Any, start: Any, count: Any) -> Any:
    """`count` numbers from `start` on, of each of the lines at these addresses, as arrays."""
    line = types.Array(kind.dtype, 1, "C")

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        item = context.get_abi_sizeof(context.get_data_type(kind.dtype))
        size, made = ir.Constant(INT, item), []
        skip = builder.mul(values[2], size)
        for place in cgutils.unpack_tuple(builder, values[1]):
            array = context.make_array(line)(context, builder)
            data = builder.inttoptr(builder.add(place, skip), array.data.type)
            populate_array(array, data, [values[3]], [size], size, meminfo=None)
            made.append(array._getvalue())
        return context.make_tuple(builder, sig.return_type, made)

    return types.UniTuple(line, len(places))(kind, places, start, count), emit


def _numbers(typing: Any, kind: Any, place: Any, count: Any) -> Any:
    """The first `count` entries of the table at an address, which are doubles, as numbers of a dtype."""
    row = types.UniTuple(kind.dtype, count.literal_value)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        table, made = builder.inttoptr(values[1], ir.DoubleType().as_pointer()), []
        for i in range(row.count):
            number = builder.load(builder.gep(table, [ir.Constant(INT, i)]))
            made.append(context.cast(builder, number, types.float64, kind.dtype))
        return context.make_tuple(builder, row, made)

    return row(kind, place, count), emit


def _room(typing: Any, size: Any) -> Any:
    """The address of so many bytes on the stack; for LLVM they are any number, or it would look for parts of them."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        return builder.ptrtoint(builder.alloca(BYTE, values[0]), INT)

    return types.intp(size), emit


lines: Any = intrinsic(_lines)
room: Any = intrinsic(_room)
numbers: Any = intrinsic(prefer_literal=True)(_numbers)

# What the copies that `copied` makes of the following have under these names.
kernel: Any = None
kind: Any = None
item: Any = None
arrays: Any = None
others: Any = None


def _blocks(_: Any, __: Any, place: Any, seat: Any, begin: Any, end: Any) -> Any:
    """Do blocks begin..end of the job whose table is at `place`."""
    size, block, far = read(place, 3)
    at, values = read(place + 24, arrays), numbers(kind, place + 24 + 8 * arrays, others)
    # The answer's vectors should not straddle cache lines: NumPy's memory begins 16 bytes behind one.
    shift = -at[-1] % _LINE // item
    first, last = begin * block + min(begin, 1) * shift, min(end * block + shift, size)
    buffer = (room(2 * block + _LINE) + _LINE - 1) // _LINE * _LINE
    own = arrays > 1 and at[0] == at[-1]
    run = 2 * block // item if own else RUN
    turns = far * (last - first) // (WOVEN * run)
    turns -= (
        turns > 0 and turns % 2 == 0
    )  # odd, lest all places fall on the same lines of the cache
    woven = WOVEN * turns
    rest = first + woven * run
    most = run if own else max(1, last - rest)
    for t in range(woven + (last - rest + most - 1) // most):
        if t < woven:
            start, count = first + (t % WOVEN * turns + t // WOVEN) * run, run
        else:
            start = rest + (t - woven) * most
            count = min(most, last - start)
        target = buffer - start * item if own else at[-1]
        kernel(*(lines(kind, (*at[:-1], target), start, count) + values))
        if own:
            copy(at[-1] + start * item, buffer, count * item)
    return np.int32(0)


@functools.cache
def _entry(loop: Any, dtype: str, count: int, more: int) -> int:
    """The address of the code that does a loop on so many lines of this dtype, and with `more` numbers."""
    held = np.dtype(dtype)
    names = {"kernel": loop, "kind": held, "item": held.itemsize, "arrays": count, "others": more}
    return compiled(ENTRY, copied(_blocks, loop.py_func, f"{dtype}{count}{more}", **names))


def share(loop: Any, lines: tuple[Array, ...], numbers: tuple[float, ...], cost: float) -> None:
    """loop(*lines, *numbers), which fills the last line, on several threads.

    Lines: C-contiguous arrays of one size and dtype; the last may be the first as well.  cost: as for `threads.share`.
    """
    last = lines[-1]
    size = last.size
    if INTERPRETED:
        loop(*[line.reshape(-1) for line in lines], *map(last.dtype.type, numbers))
        return
    row = [size, BLOCK, last.nbytes * len(lines) > FAR, *[address(line) for line in lines]]
    if numbers:
        row += struct.unpack(f"{len(numbers)}q", struct.pack(f"{len(numbers)}d", *numbers))
    job = table(*row)
    entry = _entry(loop, last.dtype.char, len(lines), len(numbers))
    threads.share(by_address, (entry, addressof(job)), -(-size // BLOCK), cost)

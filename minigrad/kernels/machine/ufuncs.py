"""NumPy's own loops called from compiled code, so that the workers of `team` can share out its functions.

    np.multiply    functions[i]: the loop for floats         lines of numbers, one after the other;
                   types[i]:     f, f -> f                   an operand that is one number has step 0

    loop(pointers to the operands, how many numbers, steps from number to number, data)

NumPy keeps these pointers in the ufunc's object, whose beginning is part of its binary interface
(numpy/ufuncobject.h); what is found there is checked before it is believed.
"""

import ctypes
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minigrad.kernels.machine import threads
from minigrad.kernels.machine.arguments import address, addressof, table
from minigrad.kernels.machine.jit import compiled
from minigrad.kernels.machine.registers import BYTE, INT
from minigrad.kernels.machine.team import INTERPRETED, by_address, read

Array = np.ndarray[Any, Any]
MOST = 4  # operands, the answer included
_HEAD = 4  # of a job's table: the loop, its data, how many numbers, numbers per block


class _UFunc(ctypes.Structure):
    """The beginning of a PyUFuncObject."""

    _fields_ = [
        ("head", ctypes.c_char * object.__basicsize__),
        ("nin", ctypes.c_int),
        ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("ntypes", ctypes.c_int),
        ("reserved", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("types", ctypes.POINTER(ctypes.c_byte)),
    ]


@functools.cache
def _loop(ufunc: Any, kinds: tuple[Any, ...]) -> tuple[int, int] | None:
    """Addresses of the loop for operands of these dtypes and of its data; None if there is none to be had."""
    known = _UFunc.from_address(id(ufunc))
    counts = known.nin, known.nout, known.nargs, known.ntypes
    if counts != (ufunc.nin, ufunc.nout, ufunc.nargs, ufunc.ntypes) or len(kinds) > MOST:
        return None
    if known.name != ufunc.__name__.encode():
        return None
    wanted = [k.num for k in kinds]
    for i in range(known.ntypes):
        if [known.types[i * len(wanted) + j] for j in range(len(wanted))] == wanted:
            function = known.functions[i]
            return None if function is None else (function, known.data[i] or 0)
    return None


def _call(typing: Any, function: Any, data: Any, count: Any, places: Any, steps: Any) -> Any:
    """Call a loop of NumPy's at an address."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        tables = []
        for value in values[3:]:
            entries = cgutils.unpack_tuple(builder, value)
            table = cgutils.alloca_once(builder, ir.ArrayType(INT, len(entries)))
            for i, entry in enumerate(entries):
                builder.store(entry, cgutils.gep_inbounds(builder, table, 0, i))
            tables.append(builder.bitcast(table, BYTE.as_pointer()))
        number = cgutils.alloca_once_value(builder, values[2])
        given = [tables[0], builder.bitcast(number, BYTE.as_pointer()), tables[1], values[1]]
        kind = ir.FunctionType(ir.VoidType(), [BYTE.as_pointer()] * 3 + [INT])
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), given)
        return context.get_dummy_value()

    return types.void(function, data, count, places, steps), emit


call: Any = intrinsic(_call)


@functools.cache
def _entry() -> int:
    """The address of the code that does blocks begin..end of the job described at `place`."""
    head, most = _HEAD, MOST

    def blocks(_, __, place, seat, begin, end):  # type: ignore[no-untyped-def]
        loop, data, size, block = read(place, head)
        at, steps = read(place + head * 8, most), read(place + (head + most) * 8, most)
        first = begin * block
        count = min(end * block, size) - first
        call(loop, data, count,
             (at[0] + first * steps[0], at[1] + first * steps[1], at[2] + first * steps[2],
              at[3] + first * steps[3]), steps)  # fmt: skip
        return np.int32(0)

    return compiled(types.int32(*[types.intp] * 6), blocks)


def share(ufunc: Any, inputs: Sequence[Array], out: Array, block: int, cost: float) -> bool:
    """ufunc(*inputs, out=out) on several threads, `block` numbers at a time; False if it can't be.

    out, inputs: lines of one length; inputs may also be 0-d.
    """
    row = [0] * (2 * MOST)
    kinds = []
    for i, x in enumerate((*inputs, out)):
        row[i] = address(x)
        row[MOST + i] = x.itemsize if x.ndim else 0
        kinds.append(x.dtype)
    found = None if INTERPRETED else _loop(ufunc, tuple(kinds))
    if found is None:
        return False
    job = table(*found, out.size, block, *row)
    threads.share(by_address, (_entry(), addressof(job)), -(-out.size // block), cost)
    return True

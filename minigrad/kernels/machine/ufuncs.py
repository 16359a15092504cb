"""NumPy's own loops called from compiled code, so that the workers of `team` can share out its functions.

    np.multiply    functions[i]: the loop for floats         lines of numbers, one after the other;
                   types[i]:     f, f -> f                   an operand that is one number has step 0

    loop(pointers to the operands, how many numbers, steps from number to number, data)

Operands that broadcast are lines in planes: from line to line, and from plane to plane, each has steps of its own, 0
where it is repeated.  A short row that all rows meet is written several times, so that lines are long.

NumPy keeps these pointers in the ufunc's object, whose beginning is part of its binary interface
(numpy/ufuncobject.h); what is found there is checked before it is believed.
"""

import ctypes
import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

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
LINE = (
    1 << 12
)  # numbers of a line, where lines may be of any length: ends of vectors fall where they always do
SHORT = 64  # numbers; of shorter lines a call takes longer than its numbers
_HEAD = 5  # of a job's table: the loop, its data, how many numbers, how many of a line, lines of a plane or 0


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
    """The address of the code that does lines begin..end of the job described at `place`."""
    head, most = _HEAD, MOST

    def tasks(_, __, place, seat, begin, end):  # type: ignore[no-untyped-def]
        loop, data, size, line, lines = read(place, head)
        place += head * 8
        at, steps = read(place, most), read(place + most * 8, most)
        by_line, by_plane = read(place + 2 * most * 8, most), read(place + 3 * most * 8, most)
        i = begin
        while i < end:
            plane, j = (i // lines, i % lines) if lines else (0, i)
            more = 1 if lines else end - i  # lines that go on where the last one ended are one
            count = min((i + more) * line, size) - i * line
            call(loop, data, count,
                 (at[0] + j * by_line[0] + plane * by_plane[0], at[1] + j * by_line[1] + plane * by_plane[1],
                  at[2] + j * by_line[2] + plane * by_plane[2], at[3] + j * by_line[3] + plane * by_plane[3]),
                 steps)  # fmt: skip
            i += more
        return np.int32(0)

    return compiled(types.int32(*[types.intp] * 6), tasks)


class _Nest(NamedTuple):
    """Lines, and lines of a plane, that several operands are gone through by."""

    line: int
    lines: int
    tasks: int
    steps: tuple[int, ...]  # from number to number, then from line to line, from plane to plane
    repeat: int  # how often the rows that all rows meet are to be written, if more than once
    lead: int  # dimensions in front of those rows


@functools.lru_cache(256)
def _nest(
    shape: tuple[int, ...],
    all_strides: tuple[tuple[int, ...], ...],
    items: tuple[int, ...],
    size: int,
) -> _Nest | None:
    """How to go through an answer of this shape; None where lines are too short, or numbers of one lie apart.

    all_strides, items: of the operands, broadcast to `shape`, and of the answer, which is contiguous.
    """
    dims: list[tuple[int, tuple[int, ...]]] = []
    for length, strides in zip(shape, zip(*all_strides)):
        if length == 1:
            continue
        if dims and dims[-1][1] == tuple(length * stride for stride in strides):
            dims[-1] = dims[-1][0] * length, strides
        else:
            dims.append((length, strides))
    (line, steps), *rest = reversed(dims)
    if len(rest) > 2 or any(step not in (0, item) for step, item in zip(steps, items)):
        return None
    pad = (0,) * (MOST - len(steps))
    rows = [strides + pad for _, strides in rest] + [(0,) * MOST] * 2
    repeat, lead = 1, 0
    if not rest:
        line, rows[0] = LINE, tuple(LINE * step for step in steps) + pad
    elif (
        len(rest) == 1
        and line < LINE
        and all(by == line * step or (by == 0 and step) for step, by in zip(steps, rows[0]))
    ):
        repeat = LINE // line
        lead = next(k for k in range(len(shape)) if math.prod(shape[k:]) == line)
        line, rows[0] = line * repeat, tuple(by * repeat for by in rows[0])
    if line < SHORT:
        return None
    lines = 0 if not rest else rest[0][0] if len(rest) == 2 else -(-size // line)
    return _Nest(line, lines, -(-size // line), (*steps, *pad, *rows[0], *rows[1]), repeat, lead)


def share(ufunc: Any, inputs: Sequence[Array], out: Array, cost: float) -> bool:
    """ufunc(*inputs, out=out) on several threads; False if it can't be.

    out: contiguous, of more than one number; inputs: what broadcasts to its shape.  cost: as for `threads.share`.
    """
    operands = (*inputs, out)
    found = None if INTERPRETED else _loop(ufunc, tuple([x.dtype for x in operands]))
    if found is None:
        return False
    shape = out.shape
    wide = [x if x.shape == shape else np.broadcast_to(x, shape) for x in inputs]
    items = tuple([x.itemsize for x in operands])
    nest = _nest(shape, tuple([x.strides for x in (*wide, out)]), items, out.size)
    if nest is None:
        return False
    if nest.repeat > 1:
        wide = [
            np.tile(x[(0,) * nest.lead].reshape(-1), nest.repeat) if step and not by_line else x
            for x, step, by_line in zip(wide, nest.steps, nest.steps[MOST:])
        ]
    at = [address(x) for x in (*wide, out)] + [0] * (MOST - 1 - len(wide))
    job = table(*found, out.size, nest.line, nest.lines, *at, *nest.steps)
    threads.share(by_address, (_entry(), addressof(job)), nest.tasks, cost)
    return True

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


class Plan(NamedTuple):
    """How a function's operands, which lie in memory in some way, are gone through."""

    shape: tuple[int, ...]  # of the answer
    dtype: Any  # likewise
    number: Any  # the dtype of an operand that is a number of Python's
    head: tuple[int, ...]  # of a job's table
    steps: tuple[int, ...]  # from number to number, then from line to line, from plane to plane
    tasks: int
    repeat: int  # how often the rows that all rows meet are to be written, if more than once
    lead: int  # dimensions in front of those rows


@functools.lru_cache(512)
def plan(ufunc: Any, target: Any, *given: Any) -> Plan | None:
    """A plan for ufunc(*operands); None if there is none, or the answer has not the shape of the largest operand.

    given: of each array shape, strides and dtype; of Python's numbers the type.  target: likewise of the array that
    the answer is written into, which no other array shares memory with but as a whole; None if that is new.
    """
    arrays = [x for x in given if isinstance(x, tuple)]
    shape = target[0] if target else max((x[0] for x in arrays), key=math.prod)
    if np.broadcast_shapes(shape, *(x[0] for x in arrays)) != shape:
        return None
    if math.prod(shape) < 2 or (target and 0 in target[1]):
        return None
    number = max(arrays, key=lambda x: math.prod(x[0]))[2]
    kinds = [x[2] if isinstance(x, tuple) else np.dtype(bool) if x is bool else x for x in given]
    dtype = ufunc.resolve_dtypes((*kinds, None))[-1]
    kinds = [number if isinstance(k, type) else k for k in kinds]
    found = None if INTERPRETED else _loop(ufunc, (*kinds, dtype))
    if found is None or (target and target[2] != dtype):
        return None
    item, strides = dtype.itemsize, []
    for x in given:
        sizes, steps = x[:2] if isinstance(x, tuple) else ((), ())
        lead = (0,) * (len(shape) - len(sizes))
        strides.append((*lead, *(0 if n == 1 else step for n, step in zip(sizes, steps))))
    own = target[1] if target else [item * math.prod(shape[i + 1 :]) for i in range(len(shape))]
    nest = _nest(shape, (*strides, tuple(own)), tuple(k.itemsize for k in (*kinds, dtype)))
    if nest is None:
        return None
    line, lines, steps, repeat, lead = nest
    size = math.prod(shape)
    head = (*found, size, line, lines)
    return Plan(shape, dtype, number, head, steps, -(-size // line), repeat, lead)


def _nest(
    shape: tuple[int, ...], strides: tuple[tuple[int, ...], ...], items: tuple[int, ...]
) -> Any:
    """Numbers of a line, lines of a plane, and `steps`, `repeat` and `lead` of a plan.

    None where lines are too short, or numbers of one lie apart.
    strides, items: of the operands, broadcast to `shape`, and of the answer.
    """
    dims: list[tuple[int, tuple[int, ...]]] = []
    for length, steps in zip(shape, zip(*strides)):
        if length == 1:
            continue
        if dims and dims[-1][1] == tuple(length * step for step in steps):
            dims[-1] = dims[-1][0] * length, steps
        else:
            dims.append((length, steps))
    (line, steps), *rest = reversed(dims)
    if len(rest) > 2 or any(step not in (0, item) for step, item in zip(steps, items)):
        return None
    pad = (0,) * (MOST - len(steps))
    rows = [by + pad for _, by in rest] + [(0,) * MOST] * 2
    repeat, lead, lines = 1, 0, 1 << 62
    if not rest:
        line, lines, rows[0] = LINE, 0, tuple(LINE * step for step in steps) + pad
    elif len(rest) == 2:
        lines = rest[0][0]
    elif line < LINE and all(
        by == line * step or (by == 0 and step) for step, by in zip(steps, rows[0])
    ):
        repeat = LINE // line
        lead = next(k for k in range(len(shape)) if math.prod(shape[k:]) == line)
        line, rows[0] = line * repeat, tuple(by * repeat for by in rows[0])
    if line < SHORT:
        return None
    return line, lines, (*steps, *pad, *rows[0], *rows[1]), repeat, lead


def share(plan: Plan, inputs: Sequence[Any], out: Array, cost: float) -> None:
    """Write the answer that a plan is for into `out`, new and contiguous or the plan's target, on several threads.

    cost: as for `threads.share`.
    """
    held = [x if isinstance(x, np.ndarray) else np.asarray(x, plan.number) for x in inputs]
    if plan.repeat > 1:
        rows = zip(held, plan.steps, plan.steps[MOST:])
        held = [_repeated(x, plan) if step and not by_line else x for x, step, by_line in rows]
    held.append(out)
    at = [address(x) for x in held] + [0] * (MOST - len(held))
    job = table(*plan.head, *at, *plan.steps)
    threads.share(by_address, (_entry(), addressof(job)), plan.tasks, cost)


def _repeated(x: Array, plan: Plan) -> Array:
    """A row that all rows meet, several times."""
    return np.tile(np.broadcast_to(x, plan.shape)[(0,) * plan.lead].reshape(-1), plan.repeat)

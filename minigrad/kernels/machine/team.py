r"""Threads that share out compiled kernels among themselves, without Python and its lock.

Waking a sleeping thread takes longer than most kernels run, and so does handing over the GIL.  So a
worker waits for its next kernel inside compiled code, at first by looking again and again:

    slot of a worker    state:  IDLE -> READY -> BUSY -> IDLE      the caller makes it READY, unless it sleeps,
      [state, job, lock, , taken]   \-> ASLEEP -> READY -> ..      and takes back what has not become BUSY
                                                                    when all pieces are done
    job, on the caller's stack
      [entry, arguments, total, pieces, taken, failed, step, threads, slots]

Each thread has pieces of its own, which it takes first, so that numbers are found in the cache of the core that
made them; who has done with its own takes those of others.  `taken` counts a thread's pieces that have been taken.

`shared` makes of a kernel f(*arguments, seat, begin, end) what all threads do together; `seat` is the
number of the thread, 0 for the caller, by which a kernel finds work memory of its own.
"""

import ctypes
import types as python_types
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.callconv import excinfo_ptr_t
from numba.core.compiler import Flags
from numba.extending import intrinsic

from minigrad.kernels.machine.jit import helper, jit
from minigrad.kernels.machine.registers import ARM, INT, INT32
from minigrad.kernels.machine.simd import look

IDLE, READY, BUSY, ASLEEP, STOP = range(5)
TAKEN = 4  # the place of `taken`, in a slot and in a job
SLOT = 16  # integers: two cache lines, so that no two workers' slots share one
# How often a worker looks before it falls asleep: 0.1 to 0.5 ms, the time between two kernels.
PATIENCE = 100_000
RARELY = 32  # looks between two pauses: a virtual machine is stopped when there are many
_POINTER = INT.as_pointer()
INTERPRETED = numba.config.DISABLE_JIT  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------ memory seen by all threads
def _place(builder: Any, table: Any, i: Any) -> Any:
    return builder.gep(builder.inttoptr(table, _POINTER), [i])


def _load(typing: Any, table: Any, i: Any) -> Any:
    """Entry i of the table at an address, as the thread that wrote it last left it."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        return builder.load_atomic(_place(builder, *values), "seq_cst", 8)

    return types.intp(types.intp, types.intp), emit


def _store(typing: Any, table: Any, i: Any, value: Any) -> Any:
    """Write entry i; what was written before is seen by whoever sees this."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        builder.store_atomic(values[2], _place(builder, *values[:2]), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), emit


def _swap(typing: Any, table: Any, i: Any, old: Any, new: Any) -> Any:
    """Write entry i if it is `old`; answers whether it was."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        place = _place(builder, *values[:2])
        found = builder.cmpxchg(place, values[2], values[3], "seq_cst", "seq_cst")
        return builder.zext(builder.extract_value(found, 1), INT)

    return types.intp(types.intp, types.intp, types.intp, types.intp), emit


def _advance(typing: Any, table: Any, i: Any, more: Any) -> Any:
    """Add to entry i; answers what it was."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        return builder.atomic_rmw("add", _place(builder, *values[:2]), values[2], "seq_cst")

    return types.intp(types.intp, types.intp, types.intp), emit


def _declared(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    return cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, arguments), name)


def _pause(typing: Any) -> Any:
    """Tell the CPU that this thread is only waiting."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        if ARM:
            hint = _declared(builder, "llvm.aarch64.hint", ir.VoidType(), INT32)
            builder.call(hint, [ir.Constant(INT32, 1)])
        else:
            builder.call(_declared(builder, "llvm.x86.sse2.pause", ir.VoidType()), [])
        return context.get_dummy_value()

    return types.void(), emit


def _sleep(typing: Any, lock: Any) -> Any:
    """Wait for one of CPython's locks, which another thread releases."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        acquire = _declared(builder, "PyThread_acquire_lock", INT32, INT, INT32)
        builder.call(acquire, [values[0], ir.Constant(INT32, 1)])
        return context.get_dummy_value()

    return types.void(types.intp), emit


def _wake(typing: Any, lock: Any) -> Any:
    """Release one of CPython's locks."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        builder.call(_declared(builder, "PyThread_release_lock", ir.VoidType(), INT), values)
        return context.get_dummy_value()

    return types.void(types.intp), emit


load: Any = intrinsic(_load)
store: Any = intrinsic(_store)
swap: Any = intrinsic(_swap)
advance: Any = intrinsic(_advance)
pause: Any = intrinsic(_pause)
sleep: Any = intrinsic(_sleep)
wake: Any = intrinsic(_wake)


# ------------------------------------------------------------------------------ kernels as addresses
_ENTRY = ir.FunctionType(INT32, [INT, excinfo_ptr_t.as_pointer(), INT, INT, INT, INT])


def _placing(kernel: Any) -> Any:
    """placed(arguments): (entry, place), a function that calls the kernel with what it finds at the place.

    The kernel is compiled into the code that uses this: not by itself, and then once more.
    """

    def _placed(typing: Any, arguments: Any) -> Any:
        taken = types.none(*arguments, *[types.intp] * 3)

        def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
            flags: Any = Flags()
            flags.nrt, flags.error_model = True, "numpy"
            made = context.compile_subroutine(builder, kernel, taken, flags=flags, caching=False)
            kind = context.get_value_type(arguments)
            entry = ir.Function(builder.module, _ENTRY, f"{builder.function.name}.entry")
            entry.linkage = "internal"
            inside = ir.IRBuilder(entry.append_basic_block())
            held = inside.load(inside.inttoptr(entry.args[2], kind.as_pointer()))
            given = cgutils.unpack_tuple(inside, held) + list(entry.args[3:])
            context.call_internal(inside, made.fndesc, taken, given)
            inside.ret(ir.Constant(INT32, 0))
            place = cgutils.alloca_once(builder, kind)
            builder.store(values[0], place)
            found = [builder.ptrtoint(entry, INT), builder.ptrtoint(place, INT)]
            return context.make_tuple(builder, sig.return_type, found)

        return types.UniTuple(types.intp, 2)(arguments), emit

    return intrinsic(_placed)


def _enter(typing: Any, entry: Any, place: Any, seat: Any, begin: Any, end: Any) -> Any:
    """Call what `placed` made; answers 0, or what it says went wrong."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        raised = cgutils.alloca_once(builder, excinfo_ptr_t)
        function = builder.inttoptr(values[0], _ENTRY.as_pointer())
        code = builder.call(function, [ir.Constant(INT, 0), raised, *values[1:]])
        return builder.zext(code, INT)

    return types.intp(*[types.intp] * 5), emit


def _table(typing: Any, values: Any) -> Any:
    """The address of a table of integers on the stack."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        place = cgutils.alloca_once(builder, ir.ArrayType(INT, len(values)))
        for i, value in enumerate(cgutils.unpack_tuple(builder, arguments[0])):
            builder.store(value, cgutils.gep_inbounds(builder, place, 0, i))
        return builder.ptrtoint(place, INT)

    return types.intp(types.UniTuple(types.intp, len(values))), emit


def _read(typing: Any, place: Any, count: Any) -> Any:
    """The first `count` entries of the table at an address, as a tuple."""
    wide = count.literal_value
    row = types.UniTuple(types.intp, wide)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        cells = [_place(builder, values[0], ir.Constant(INT, i)) for i in range(wide)]
        return context.make_tuple(builder, row, [builder.load(cell) for cell in cells])

    return row(types.intp, count), emit


def _moved(typing: Any, places: Any, rooms: Any, seat: Any) -> Any:
    """places[i] + seat * rooms[i]: addresses in the work memory of one thread."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        pairs = zip(*(cgutils.unpack_tuple(builder, v) for v in values[:2]))
        found = [builder.add(p, builder.mul(values[2], room)) for p, room in pairs]
        return context.make_tuple(builder, sig.return_type, found)

    return places(places, rooms, seat), emit


enter: Any = intrinsic(_enter)
table: Any = intrinsic(_table)
moved: Any = intrinsic(_moved)
read: Any = intrinsic(prefer_literal=True)(_read)


# ------------------------------------------------------------------------------ the two sides
@helper
def _work(job: Any, seat: Any) -> None:
    """Do pieces of a job until none is left: this thread's own, then what the others have not come to."""
    entry, place, total, pieces, step, team, slots = (
        look(job, 0), look(job, 1), look(job, 2), look(job, 3), look(job, 6), look(job, 7), look(job, 8)
    )  # fmt: skip
    steps = (total + step - 1) // step
    for turn in range(team):
        owner = (seat + turn) % team
        counter = slots + (owner - 1) * SLOT * 8 if owner else job
        first, last = pieces * owner // team, pieces * (owner + 1) // team
        i = first + advance(counter, TAKEN, 1)
        while i < last:
            begin, end = steps * i // pieces * step, min(total, steps * (i + 1) // pieces * step)
            if enter(entry, place, seat, begin, end):
                store(job, 5, 1)
            i = first + advance(counter, TAKEN, 1)


@jit
def serve(slot: Any, seat: Any) -> None:
    """A worker's life."""
    looked = 0
    while True:
        state = load(slot, 0)
        if state == READY and swap(slot, 0, READY, BUSY):
            _work(load(slot, 1), seat)
            store(slot, 0, IDLE)
            looked = 0
        elif state == STOP:
            return
        elif looked == PATIENCE and swap(slot, 0, IDLE, ASLEEP):
            sleep(load(slot, 2))
            looked = 0
        else:
            looked = min(looked + 1, PATIENCE)
            if looked % RARELY == 0:
                pause()


@helper
def _call_in(slot: Any, job: Any, rouse: Any) -> None:
    """Give a job to a worker; to one that is asleep only if `rouse`."""
    store(slot, 1, job)
    if not swap(slot, 0, IDLE, READY) and rouse and swap(slot, 0, ASLEEP, READY):
        wake(load(slot, 2))


@jit
def _together(slots: Any, workers: Any, rouse: Any, pieces: Any, step: Any, total: Any,
              found: Any) -> Any:  # fmt: skip
    """Have pieces of range(total), cut at multiples of step, done by the caller and some workers.

    Answers whether any failed.
    """
    zero = 0
    job = table((found[0], found[1], total, pieces, zero, zero, step, workers + 1, slots))
    for i in range(workers):  # of all, before any may take another's pieces
        store(slots + i * SLOT * 8, TAKEN, 0)
    for i in range(workers):
        _call_in(slots + i * SLOT * 8, job, rouse)
    _work(job, 0)
    for i in range(workers):
        slot = slots + i * SLOT * 8
        if not swap(slot, 0, READY, IDLE):
            looked = 0
            while load(slot, 0) == BUSY:
                looked += 1
                if looked % RARELY == 0:
                    pause()
    return load(job, 5)


# What the copies that `copied` makes of the following have under these names.
kernel: Any = None
placed: Any = None


def _run(slots: Any, workers: Any, rouse: Any, pieces: Any, step: Any, total: Any,
         arguments: Any) -> Any:  # fmt: skip
    return _together(slots, workers, rouse, pieces, step, total, placed(arguments))


def _run_interpreted(slots: Any, workers: Any, rouse: Any, pieces: Any, step: Any, total: Any,
                     arguments: Any) -> Any:  # fmt: skip
    kernel(*arguments, 0, 0, total)
    return 0


class Shared(NamedTuple):
    """A kernel, compiled to be done by all threads together."""

    together: Callable[..., int]


def shared(function: Callable[..., None]) -> Shared:
    """Compile a kernel f(*arguments, seat, begin, end) that the threads share out."""
    if INTERPRETED:
        return Shared(copied(_run_interpreted, function, "together", kernel=function))
    return Shared(jit(copied(_run, function, "together", placed=_placing(function))))


by_address = Shared(_together)
"""Machine code done by all threads: its arguments are its address, as of `placed`'s entries, and a place."""


def copied(template: Any, like: Any, suffix: str, **names: Any) -> Any:
    """A template for one kernel: Numba's cache tells it from others by the kernel's file, line and name."""
    where, name = like.__code__, f"{like.__name__}_{suffix}"
    code = template.__code__.replace(
        co_filename=where.co_filename, co_firstlineno=where.co_firstlineno, co_name=name
    )
    made = python_types.FunctionType(code, {**template.__globals__, **names}, name)
    made.__qualname__, made.__module__ = name, like.__module__
    return made


def new_lock() -> int:
    """The address of a lock of CPython's, held; it is never given back."""
    allocate = ctypes.pythonapi.PyThread_allocate_lock
    acquire = ctypes.pythonapi.PyThread_acquire_lock
    allocate.restype = ctypes.c_void_p
    acquire.argtypes = [ctypes.c_void_p, ctypes.c_int]
    lock = allocate()
    acquire(lock, 1)
    return int(lock)


@jit
def dismiss(slots: Any, workers: Any) -> None:
    """Have workers that have nothing to do end."""
    for i in range(workers):
        slot = slots + i * SLOT * 8
        if not swap(slot, 0, IDLE, STOP) and swap(slot, 0, ASLEEP, STOP):
            wake(load(slot, 2))

"""Numbers below the normal ones (in float32: below 1e-38) count as 0 while a kernel runs.

Many processors compute with them a hundred times more slowly, and late in a training gradients are
full of them.  A kernel sets bits of the register that controls its thread's arithmetic:

    state = flush()      x86: MXCSR, bits 15 and 6        aarch64: FPCR, bit 24
    ...                  results and operands below the normal numbers are 0
    restore(state)       NumPy and everybody else compute as before
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minigrad.kernels.machine.registers import ARM, BYTE, INT, INT32

FLUSH = 1 << 24 if ARM else 0x8040


def _call(builder: Any, name: str, result: Any, *values: Any) -> Any:
    kind = ir.FunctionType(result, [value.type for value in values])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), values)


def _read(builder: Any) -> Any:
    if ARM:
        return _call(builder, "llvm.aarch64.get.fpcr", INT)
    slot = cgutils.alloca_once(builder, INT32)
    memory = builder.bitcast(slot, BYTE.as_pointer())
    _call(builder, "llvm.x86.sse.stmxcsr", ir.VoidType(), memory)
    return builder.zext(builder.load(slot), INT)


def _write(builder: Any, state: Any) -> None:
    if ARM:
        _call(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), state)
        return
    slot = cgutils.alloca_once_value(builder, builder.trunc(state, INT32))
    memory = builder.bitcast(slot, BYTE.as_pointer())
    _call(builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), memory)


def _flush(typing: Any) -> Any:
    """Count denormal numbers as 0 in this thread; answers the state before."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        before = _read(builder)
        _write(builder, builder.or_(before, ir.Constant(INT, FLUSH)))
        return before

    return types.intp(), emit


def _restore(typing: Any, state: Any) -> Any:
    """Go back to the state that `flush` answered."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        _write(builder, values[0])
        return context.get_dummy_value()

    return types.void(types.intp), emit


flush: Any = intrinsic(_flush)
restore: Any = intrinsic(_restore)

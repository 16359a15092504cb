r"""Vectors as values in jitted loops: lane l belongs to plane l, of planes that `simd.turn` has made into vectors.

    pixel 0: a0 b0 c0 d0      L = 4 lanes
    pixel 1: a1 b1 c1 d1
    ..

A loop written for one plane then works on L of them at once, whatever it does with their pixels.
`kind` is a tuple of L numbers: its length is part of a kernel's signature.  Nothing here checks
bounds.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

INT = ir.IntType(64)
INT32 = ir.IntType(32)
I = types.intp  # noqa: E741


class Vector(types.Type):
    """The type of L numbers in a register."""

    def __init__(self, dtype: Any, lanes: int) -> None:
        super().__init__(f"vector({dtype}, {lanes})")
        self.dtype, self.lanes = dtype, lanes


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        number = manager.lookup(kind.dtype).get_value_type()
        super().__init__(manager, kind, ir.VectorType(number, kind.lanes))


# ------------------------------------------------------------------------------- vectors as values
def _bytes(number: Any) -> int:
    return {"float": 4, "double": 8}.get(str(number)) or number.width // 8


def _entry(context: Any, b: Any, array_type: Any, array: Any, index: Any) -> Any:
    """The address of array[index]."""
    return b.gep(context.make_array(array_type)(context, b, array).data, [index])


def _splat(b: Any, scalar: Any, lanes: int) -> Any:
    one = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
    one = b.insert_element(one, scalar, ir.Constant(INT32, 0))
    return b.shuffle_vector(one, one, ir.Constant(ir.VectorType(INT32, lanes), [0] * lanes))


def _load(b: Any, pointer: Any, lanes: int) -> Any:
    number = pointer.type.pointee
    loaded = b.load(b.bitcast(pointer, ir.VectorType(number, lanes).as_pointer()))
    loaded.align = _bytes(number)
    return loaded


def _store(b: Any, vector: Any, pointer: Any) -> None:
    stored = b.store(vector, b.bitcast(pointer, vector.type.as_pointer()))
    stored.align = _bytes(vector.type.element)


@intrinsic
def load(typing: Any, kind: Any, x: Any, i: Any) -> Any:
    """The vector at x[i:]."""

    def emit(context: Any, b: Any, sig: Any, args: Any) -> Any:
        return _load(b, _entry(context, b, x, *args[1:]), kind.count)

    return Vector(x.dtype, kind.count)(kind, x, I), emit


@intrinsic
def store(typing: Any, vector: Any, x: Any, i: Any) -> Any:
    """x[i:] <- the vector."""

    def emit(context: Any, b: Any, sig: Any, args: Any) -> Any:
        _store(b, args[0], _entry(context, b, x, *args[1:]))
        return context.get_dummy_value()

    return types.void(vector, x, I), emit


@intrinsic
def full(typing: Any, kind: Any, number: Any) -> Any:
    """The number in every lane."""

    def emit(context: Any, b: Any, sig: Any, args: Any) -> Any:
        return _splat(b, args[1], kind.count)

    return Vector(number, kind.count)(kind, number), emit


@intrinsic
def add(typing: Any, one: Any, other: Any) -> Any:
    """Lane by lane, one + other."""
    return one(one, one), lambda context, b, sig, args: b.fadd(*args)


@intrinsic
def divide(typing: Any, one: Any, other: Any) -> Any:
    """Lane by lane, one / other."""
    return one(one, one), lambda context, b, sig, args: b.fdiv(*args)


@intrinsic
def contest(typing: Any, new: Any, place: Any, best: Any, where: Any) -> Any:
    """(best, where), but (new, place) in lanes where new is greater or NaN."""

    def emit(context: Any, b: Any, sig: Any, args: Any) -> Any:
        new_, place_, best_, where_ = args
        wins = b.or_(b.fcmp_ordered(">", new_, best_), b.fcmp_unordered("uno", new_, new_))
        place_ = _splat(b, place_, new.lanes)
        pair = [b.select(wins, new_, best_), b.select(wins, place_, where_)]
        return context.make_tuple(b, sig.return_type, pair)

    return types.Tuple((best, where))(new, where.dtype, best, where), emit


@intrinsic
def place(typing: Any, x: Any, i: Any) -> Any:
    """The address of x[i]."""

    def emit(context: Any, b: Any, sig: Any, args: Any) -> Any:
        return b.ptrtoint(_entry(context, b, x, *args), INT)

    return I(x, I), emit

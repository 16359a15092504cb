r"""Vectors as values in jitted loops: lane l belongs to plane l, of planes that `simd.turn` has made into vectors.

    pixel 0: a0 b0 c0 d0      L = 4 lanes
    pixel 1: a1 b1 c1 d1
    ..

A loop written for one plane then works on L of them at once, whatever it does with their pixels.
Vectors lie where whole vectors may.  Nothing here checks bounds.
"""

from typing import Any

import numpy as np
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
def _splat(b: Any, scalar: Any, lanes: int) -> Any:
    one = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
    one = b.insert_element(one, scalar, ir.Constant(INT32, 0))
    return b.shuffle_vector(one, one, ir.Constant(ir.VectorType(INT32, lanes), [0] * lanes))


def _pointer(b: Any, address: Any, vector: Any) -> Any:
    return b.inttoptr(address, vector.as_pointer())


@intrinsic
def load(typing: Any, kind: Any, address: Any) -> Any:
    """The vector at an address."""

    def emit(context: Any, b: Any, sig: Any, args: Any) -> Any:
        return b.load(_pointer(b, args[1], context.get_value_type(sig.return_type)))

    return Vector(kind.dtype, kind.count)(kind, I), emit


@intrinsic
def store(typing: Any, vector: Any, address: Any) -> Any:
    """Write the vector to an address."""

    def emit(context: Any, b: Any, sig: Any, args: Any) -> Any:
        b.store(args[0], _pointer(b, args[1], args[0].type))
        return context.get_dummy_value()

    return types.void(vector, I), emit


@intrinsic
def move(typing: Any, kind: Any, source: Any, target: Any) -> Any:
    """Copy a single number of that kind from one address to another."""

    def emit(context: Any, b: Any, sig: Any, args: Any) -> Any:
        number = context.get_value_type(kind.dtype)
        b.store(b.load(_pointer(b, args[1], number)), _pointer(b, args[2], number))
        return context.get_dummy_value()

    return types.void(kind, I, I), emit


@intrinsic
def full(typing: Any, kind: Any, number: Any) -> Any:
    """The number, an integer maybe, in every lane."""

    def emit(context: Any, b: Any, sig: Any, args: Any) -> Any:
        return _splat(b, context.cast(b, args[1], number, kind.dtype), kind.count)

    return Vector(kind.dtype, kind.count)(kind, number), emit


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
        place_ = _splat(b, context.cast(b, place_, place, where.dtype), new.lanes)
        pair = [b.select(wins, new_, best_), b.select(wins, place_, where_)]
        return context.make_tuple(b, sig.return_type, pair)

    return types.Tuple((best, where))(new, place, best, where), emit


def kind_of(dtype: Any, lanes: int) -> tuple[Any, ...]:
    """A tuple that says to the above which vectors are meant."""
    return (np.dtype(dtype).type(0),) * lanes

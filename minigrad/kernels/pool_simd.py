"""Vector moves between a row and its phases, written as LLVM code.

    split   x: e0 o0 e1 o1 e2 o2 ..   -->   e0 e1 e2 .. | o0 o1 o2 ..      merge   the way back
    copy    x: x0 x1 x2 ..            -->   x0 x1 x2 ..

Numba's own loops for these gather or test for overlap, which takes longer than the move where a
row is short.  Each call moves whole vectors of as many numbers as the tuple `lanes` is long, and
checks no bounds.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

INT = types.intp
INT32 = ir.IntType(32)


class _Code:
    """Emits moves of vectors of `lanes` numbers."""

    def __init__(self, context: Any, builder: Any, lanes: int) -> None:
        self.context, self.b, self.lanes = context, builder, lanes

    def pointer(self, kind: Any, array: Any, index: Any) -> Any:
        data = self.context.make_array(kind)(self.context, self.b, array).data
        vector = ir.VectorType(data.type.pointee, self.lanes)
        return self.b.bitcast(self.b.gep(data, [index]), vector.as_pointer())

    def load(self, kind: Any, array: Any, index: Any, further: int = 0) -> Any:
        index = self.b.add(index, ir.Constant(index.type, further))
        loaded = self.b.load(self.pointer(kind, array, index))
        loaded.align = kind.dtype.bitwidth // 8
        return loaded

    def store(self, vector: Any, kind: Any, array: Any, index: Any, further: int = 0) -> None:
        index = self.b.add(index, ir.Constant(index.type, further))
        stored = self.b.store(vector, self.pointer(kind, array, index))
        stored.align = kind.dtype.bitwidth // 8

    def pick(self, one: Any, other: Any, lanes: list[int]) -> Any:
        mask = ir.Constant(ir.VectorType(INT32, self.lanes), lanes)
        return self.b.shuffle_vector(one, other, mask)


@intrinsic
def copy(typing: Any, lanes: Any, x: Any, xb: Any, y: Any, yb: Any) -> Any:
    """y[yb + i] = x[xb + i] for i < L = length of lanes."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        _, x_, xb, y_, yb = args
        code = _Code(context, builder, lanes.count)
        code.store(code.load(x, x_, xb), y, y_, yb)
        return context.get_dummy_value()

    return types.void(lanes, x, INT, y, INT), emit


@intrinsic
def split(typing: Any, lanes: Any, x: Any, xb: Any, y: Any, even: Any, odd: Any) -> Any:
    """y[even + i], y[odd + i] = x[xb + 2i], x[xb + 2i + 1] for i < L = length of lanes."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        _, x_, xb, y_, even, odd = args
        n = lanes.count
        code = _Code(context, builder, n)
        one, other = code.load(x, x_, xb), code.load(x, x_, xb, n)
        code.store(code.pick(one, other, list(range(0, 2 * n, 2))), y, y_, even)
        code.store(code.pick(one, other, list(range(1, 2 * n, 2))), y, y_, odd)
        return context.get_dummy_value()

    return types.void(lanes, x, INT, y, INT, INT), emit


@intrinsic
def merge(typing: Any, lanes: Any, x: Any, even: Any, odd: Any, y: Any, yb: Any) -> Any:
    """y[yb + 2i], y[yb + 2i + 1] = x[even + i], x[odd + i] for i < L = length of lanes."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        _, x_, even, odd, y_, yb = args
        n = lanes.count
        code = _Code(context, builder, n)
        one, other = code.load(x, x_, even), code.load(x, x_, odd)
        zipped = [i // 2 + n * (i % 2) for i in range(2 * n)]
        code.store(code.pick(one, other, zipped[:n]), y, y_, yb)
        code.store(code.pick(one, other, zipped[n:]), y, y_, yb, n)
        return context.get_dummy_value()

    return types.void(lanes, x, INT, INT, y, INT), emit

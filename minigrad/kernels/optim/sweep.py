"""Optimizers' updates in Numba: one pass over all parameters, however many and small they are.

                     parameter 0   parameter 1   parameter 2 ...
    lengths              n0            n1            n2
    settings             s0            s1            s2          row of `numbers` to use
    p                 object 0      object 1      object 2
    a buffer          object 0      object 1      object 2       ids of ndarrays
    g                 object 0      object 1      object 2

    begin                                        end
      |------------------ elements --------------|               what one thread does

The table above is all a kernel is given, so that it is compiled once for a rule and a type of
numbers, and a thousand parameters cost it no more than one of their size.  It finds the elements
by itself, from the ids of arrays: asking Python for an address costs a microsecond each.
"""

import functools
from collections.abc import Sequence
from types import FunctionType
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from minigrad.kernels.machine import threads
from minigrad.kernels.machine.arguments import DATA, address
from minigrad.kernels.machine.jit import compiled
from minigrad.kernels.machine.registers import INT
from minigrad.kernels.machine.simd import look
from minigrad.kernels.machine.team import by_address
from minigrad.kernels.optim import rules

Array = np.ndarray[Any, Any]
WORD = 8  # bytes of an address
PER_ELEMENT = 0.15  # nanoseconds for each array that a rule reads


def _pointers(builder: Any, kind: Any, addresses: Any, i: Any) -> list[Any]:
    """Pointers to number i after each of a tuple of addresses."""
    bases = [
        builder.inttoptr(a, kind.as_pointer()) for a in cgutils.unpack_tuple(builder, addresses)
    ]
    return [builder.gep(base, [i]) for base in bases]


def _row(typing: Any, table: Any, i: Any, width: Any, like: Any) -> Any:
    """A tuple of `width` numbers of like's type: row i of the table at an address."""
    wide = width.literal_value
    row = types.UniTuple(like, wide)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        kind = context.get_value_type(like)
        start = builder.gep(builder.inttoptr(values[0], kind.as_pointer()),
                            [builder.mul(values[1], ir.Constant(INT, wide))])  # fmt: skip
        cells = [builder.gep(start, [ir.Constant(INT, j)]) for j in range(wide)]
        return context.make_tuple(builder, row, [builder.load(cell) for cell in cells])

    return row(table, i, width, like), emit


def _read(typing: Any, addresses: Any, i: Any, like: Any) -> Any:
    """A tuple of number i after each address, of like's type."""
    row = types.UniTuple(like, addresses.count)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        cells = _pointers(builder, context.get_value_type(like), values[0], values[1])
        return context.make_tuple(builder, row, [builder.load(cell) for cell in cells])

    return row(addresses, i, like), emit


def _write(typing: Any, addresses: Any, i: Any, numbers: Any) -> Any:
    """Store a tuple of numbers as number i after the first addresses."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        cells = _pointers(builder, context.get_value_type(numbers.dtype), values[0], values[1])
        for number, cell in zip(cgutils.unpack_tuple(builder, values[2]), cells, strict=False):
            builder.store(number, cell)
        return context.get_dummy_value()

    return types.void(addresses, i, numbers), emit


def _at(typing: Any, address: Any) -> Any:
    """The integer at an address."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        return builder.load(builder.inttoptr(values[0], INT.as_pointer()))

    return types.intp(types.intp), emit


def _elements(typing: Any, ids: Any, count: Any, t: Any, width: Any) -> Any:
    """Where the elements of parameter t's arrays lie; at `ids` are `width` lines of ids."""
    wide = width.literal_value
    row = types.UniTuple(types.intp, wide)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        table = builder.inttoptr(values[0], INT.as_pointer())
        found = []
        for line in range(wide):
            cell = builder.add(builder.mul(values[1], ir.Constant(INT, line)), values[2])
            thing = builder.add(builder.load(builder.gep(table, [cell])), ir.Constant(INT, DATA))
            found.append(builder.load(builder.inttoptr(thing, INT.as_pointer())))
        return context.make_tuple(builder, row, found)

    return row(ids, count, t, width), emit


row: Any = intrinsic(prefer_literal=True)(_row)
elements: Any = intrinsic(prefer_literal=True)(_elements)
read: Any = intrinsic(_read)
write: Any = intrinsic(_write)
at: Any = intrinsic(_at)

for _rule in vars(rules).values():
    if isinstance(_rule, FunctionType):  # let jitted code call it; a division by 0 is no error
        overload(_rule, strict=False, jit_options={"error_model": "numpy"})(
            lambda *_, rule=_rule: rule
        )


@functools.cache
def kernel(rule: Any, dtype: Any) -> int:
    """The address of the code that carries out a rule on elements `begin` to `end` of all parameters.

    It finds at `place` the ids of the table and of the array of numbers, and the count of parameters.
    """
    width = rule.__code__.co_posonlyargcount
    rest = rule.__code__.co_argcount - width
    zero = np.dtype(dtype).type(0)

    def sweep(_, __, place, seat, begin, end):  # type: ignore[no-untyped-def]
        count = look(place, 2)
        lengths, given = at(look(place, 0) + DATA), at(look(place, 1) + DATA)
        ids = lengths + 2 * WORD * count
        t, first = 0, 0
        while first < end:
            length = at(lengths + WORD * t)
            low, high = max(begin - first, 0), min(end - first, length)
            if low < high:
                arrays = elements(ids, count, t, width)
                setting = row(given, at(lengths + WORD * (count + t)), rest, zero)
                for i in range(low, high):
                    write(arrays, i, rule(*(read(arrays, i, zero) + setting)))
            first += length
            t += 1
        return np.int32(0)

    return compiled(types.int32(*[types.intp] * 6), sweep)


class Table:
    """What kernels are told of some parameters: columns as those of `optim.Updates`.

    All arrays are of one dtype, writable, and lie in C order; those of one parameter have one size.
    """

    def __init__(self, columns: Sequence[Sequence[Array]]) -> None:
        self.columns = columns  # whose ids must stay theirs
        first = columns[0]
        self.dtype, self.count = first[0].dtype, len(first)
        self.sizes = [a.nbytes for a in first]
        lengths = [a.size for a in first]
        self.total = sum(lengths)
        ids = [list(map(id, column)) for column in columns]
        self.table = np.array([lengths, [0] * self.count, *ids, ids[0]], np.int64)
        self.numbers: Sequence[Any] = ()  # of the last step, as `given` to the kernel at `place`
        # nanoseconds
        self.cost = PER_ELEMENT * self.total * (len(columns) + 1) * self.dtype.itemsize / 4

    def update(
        self, rule: Any, grads: Sequence[Array], settings: Sequence[int], numbers: Sequence[Any]
    ) -> None:
        """Carry out a rule in place; parameter t takes row settings[t] of `numbers`."""
        dtype = self.dtype
        grads = [
            g if g.dtype is dtype and g.nbytes == size and g.flags.carray else self._like(t, g)
            for t, (g, size) in enumerate(zip(grads, self.sizes, strict=True))
        ]
        table = self.table
        if numbers != self.numbers:
            self.numbers, self.given = numbers, np.array(numbers, dtype)
            self.place = np.array([id(table), id(self.given), self.count], np.int64)
        table[1] = settings if len(numbers) > 1 else 0
        table[-1] = list(map(id, grads))
        job = kernel(rule, dtype), address(self.place)
        threads.share(by_address, job, self.total, self.cost)

    def _like(self, t: int, g: Array) -> Array:
        """A copy of a gradient as kernels take it."""
        copy = np.empty(self.columns[0][t].shape, self.dtype)
        copy[...] = g
        return copy

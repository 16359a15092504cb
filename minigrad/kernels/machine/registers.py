"""Vectors of numbers in LLVM code: how wide they are on this CPU, and `Code`, which emits operations on them."""

from collections.abc import Sequence
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba.core import cgutils

INT = ir.IntType(64)
INT32 = ir.IntType(32)
BYTE = ir.IntType(8)


def _features() -> set[str]:
    """What the CPU that Numba compiles for can do, by LLVM's names."""
    chosen: str | None = numba.config.CPU_FEATURES  # type: ignore[attr-defined]
    if chosen is not None:  # by NUMBA_CPU_FEATURES
        return {name[1:] for name in chosen.split(",") if name.startswith("+")}
    return {name for name, present in llvm.get_host_cpu_features().items() if present}


FEATURES = _features()
BYTES = 64 if "avx512f" in FEATURES else 32 if "avx2" in FEATURES else 16  # of a vector
ARM = llvm.get_process_triple().startswith(("aarch64", "arm64"))
REGISTERS = 32 if "avx512f" in FEATURES or ARM else 16


class Code:
    """Emits operations on vectors of `lanes` numbers; pointers are integers."""

    def __init__(self, builder: Any, bits: int, lanes: int) -> None:
        self.b, self.lanes, self.size = builder, lanes, bits // 8
        self.number = ir.FloatType() if bits == 32 else ir.DoubleType()
        self.vector = ir.VectorType(self.number, lanes)
        self.zero = self.constant(0)
        self.undefined = ir.Constant(self.vector, ir.Undefined)
        name = f"llvm.fmuladd.v{lanes}f{bits}"  # fused wherever the CPU can
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        self.muladd = cgutils.get_or_insert_function(builder.module, kind, name)

    def at(self, pointer: Any, *terms: Any) -> Any:
        """A pointer moved by the bytes of all terms; a pair is a product."""
        for term in terms:
            if isinstance(term, tuple):
                term = self.b.mul(*(self.value(factor) for factor in term))
            pointer = self.b.gep(self.pointer(pointer), [self.value(term)])
        return self.pointer(pointer)

    def pointer(self, address: Any, kind: Any = BYTE) -> Any:
        """An address or pointer as a pointer to numbers of some kind."""
        if address.type == INT:
            return self.b.inttoptr(address, kind.as_pointer())
        return self.b.bitcast(address, kind.as_pointer())

    def value(self, number: Any) -> Any:
        """An integer as an LLVM value."""
        return ir.Constant(INT, number) if isinstance(number, int) else number

    def entry(self, table: Any, i: Any) -> Any:
        """table[i] of a table of integers."""
        return self.b.load(self.pointer(self.at(table, (i, 8)), INT))

    def scalar(self, pointer: Any) -> Any:
        """The number at a pointer."""
        return self.b.load(self.pointer(pointer, self.number))

    def load(self, pointer: Any) -> Any:
        """The vector at a pointer."""
        loaded = self.b.load(self.pointer(pointer, self.vector))
        loaded.align = self.size  # callers align what matters; this is always true
        return loaded

    def store(self, vector: Any, pointer: Any) -> None:
        """Write a vector to a pointer."""
        stored = self.b.store(vector, self.pointer(pointer, self.vector))
        stored.align = self.size

    def store_lane(self, vector: Any, lane: int, pointer: Any) -> None:
        """Write one lane of a vector to a pointer."""
        number = self.b.extract_element(vector, ir.Constant(INT32, lane))
        self.b.store(number, self.pointer(pointer, self.number))

    def splat(self, scalar: Any) -> Any:
        """A number in every lane."""
        one = self.insert(self.undefined, scalar, 0)
        return self.shuffle(one, self.undefined, [0] * self.lanes)

    def constant(self, number: float) -> Any:
        """A constant in every lane."""
        return ir.Constant(self.vector, [float(number)] * self.lanes)

    def insert(self, vector: Any, scalar: Any, lane: int) -> Any:
        """The vector with one lane replaced."""
        return self.b.insert_element(vector, scalar, ir.Constant(INT32, lane))

    def shuffle(self, one: Any, other: Any, picks: Sequence[int]) -> Any:
        """Lanes picked from two vectors, those of `other` counted from L on."""
        mask = ir.Constant(ir.VectorType(INT32, self.lanes), list(picks))
        return self.b.shuffle_vector(one, other, mask)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """a * b + c."""
        return self.b.call(self.muladd, [a, b, c])

    def transpose(self, rows: list[Any]) -> list[Any]:
        """The L x L transpose of L vectors: swap halves, then quarters, ..."""
        step = self.lanes // 2
        while step:
            low = [j if j // step % 2 == 0 else self.lanes + j - step for j in range(self.lanes)]
            new = list(rows)
            for i in range(self.lanes):
                if i // step % 2 == 0:
                    new[i] = self.shuffle(rows[i], rows[i + step], low)
                    new[i + step] = self.shuffle(rows[i], rows[i + step], [j + step for j in low])
            rows, step = new, step // 2
        return rows

    def sums(self, vectors: list[Any]) -> Any:
        """One vector whose lane i is the sum of the lanes of vectors[i] (at most L)."""
        group = vectors + [self.zero] * (self.lanes - len(vectors))
        step = 1
        while step < self.lanes:
            low = [
                (j % (2 * step) >= step) * self.lanes + j // (2 * step) * 2 * step + j % step
                for j in range(self.lanes)
            ]
            high = [j + step for j in low]
            pairs = zip(group[::2], group[1::2])
            group = [
                self.b.fadd(self.shuffle(x, y, low), self.shuffle(x, y, high)) for x, y in pairs
            ]
            step *= 2
        return group[0]

    def loop(self, count: Any, starts: list[Any]) -> Any:
        """Open a loop of count >= 1 rounds that carries vectors, at first `starts`.

        Answers (number of the round, vectors, close); close(new vectors) ends the body.
        """
        before = self.b.block
        body = self.b.append_basic_block("body")
        after = self.b.append_basic_block("after")
        self.b.branch(body)
        self.b.position_at_end(body)
        i = self.b.phi(INT)
        i.add_incoming(ir.Constant(INT, 0), before)
        held = [self.b.phi(start.type) for start in starts]
        for phi, start in zip(held, starts):
            phi.add_incoming(start, before)

        def close(new: list[Any]) -> None:
            following = self.b.add(i, ir.Constant(INT, 1))
            i.add_incoming(following, self.b.block)
            for phi, value in zip(held, new):
                phi.add_incoming(value, self.b.block)
            self.b.cbranch(self.b.icmp_signed("<", following, count), body, after)
            self.b.position_at_end(after)

        return i, held, close

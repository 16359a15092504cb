r"""Vector kernels of pooling, written as LLVM code: L neighbouring outputs of one row at a time.

    forward (stride 2)                       backward
    x   a b c d e f g h                      g   p q r s           winners  0 1 1 0
    tap 0: a c e g \                         column 2i     g where tap 0 won:  p . . s
    tap 1: b d f h  /  the greater of each   column 2i + 1 g where tap 1 won:  . q r .
                       and the tap's number  merged to     dx  p . . q . r s .

Columns outside the row are masked off, not padded: no copy is made, and nothing outside an array
is read or written.  The rows that a window meets are listed in a table, so that one, two and three
dimensions are the same code.  `kind` is a pair of tuples whose lengths are L and the stride along
the row (any stride if 0): part of the signature, so each pair gets machine code of its own.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minigrad.kernels.simd import FEATURES

INT = ir.IntType(64)
INT32 = ir.IntType(32)
BIT = ir.IntType(1)
I = types.intp  # noqa: E741
# Other CPUs do masked moves number by number, so for them whole vectors are told apart.
MASKS = "avx512bw" in FEATURES


class _Code:
    """Emits operations on vectors of `lanes` numbers, their columns and masks."""

    def __init__(self, context: Any, builder: Any, number: Any, lanes: int) -> None:
        self.context, self.b, self.lanes = context, builder, lanes
        self.number = ir.FloatType() if number == types.float32 else ir.DoubleType()
        self.iota = ir.Constant(ir.VectorType(INT32, lanes), list(range(lanes)))

    def kind(self, number: Any) -> Any:
        return ir.VectorType(number, self.lanes)

    def constant(self, number: Any, value: Any) -> Any:
        return ir.Constant(self.kind(number), [value] * self.lanes)

    def splat(self, scalar: Any) -> Any:
        one = ir.Constant(self.kind(scalar.type), ir.Undefined)
        one = self.b.insert_element(one, scalar, ir.Constant(INT32, 0))
        return self.shuffle(one, one, [0] * self.lanes)

    def shuffle(self, one: Any, other: Any, picks: list[int]) -> Any:
        mask = ir.Constant(ir.VectorType(INT32, self.lanes), picks)
        return self.b.shuffle_vector(one, other, mask)

    def entry(self, array_type: Any, array: Any, index: Any) -> Any:
        """The address of array[index]."""
        data = self.context.make_array(array_type)(self.context, self.b, array).data
        return self.b.gep(data, [index])

    def pair(self, array_type: Any, array: Any, start: Any, index: Any) -> list[Any]:
        """The numbers array[start + 2 index] and the one after it."""
        at = self.b.add(start, self.b.mul(index, ir.Constant(INT, 2)))
        both = (at, self.b.add(at, ir.Constant(INT, 1)))
        return [self.b.load(self.entry(array_type, array, i)) for i in both]

    def columns(self, first: Any, step: Any = None) -> Any:
        """first, first + step, ... as 32-bit numbers: step is 1 if None."""
        iota = self.iota if step is None else self.b.mul(self.iota, self.splat(step))
        return self.b.add(self.splat(self.b.trunc(first, INT32)), iota)

    def within(self, columns: Any, size: Any) -> Any:
        """Which columns are at least 0 and less than size."""
        return self.b.icmp_unsigned("<", columns, self.splat(self.b.trunc(size, INT32)))

    def run(self, first: Any, size: Any) -> tuple[Any, Any]:
        """Which of the columns first, first + 1, .. lie in a row of `size`, and whether all do."""
        end = self.b.add(first, ir.Constant(INT, self.lanes))
        starts = self.b.icmp_signed(">=", first, ir.Constant(INT, 0))
        whole = self.b.and_(starts, self.b.icmp_signed("<=", end, size))
        return self.within(self.columns(first), size), whole

    def _call(self, name: str, answer: Any, *arguments: Any) -> Any:
        kind = ir.FunctionType(answer, [a.type for a in arguments])
        function = cgutils.get_or_insert_function(self.b.module, kind, name)
        return self.b.call(function, arguments)

    def _name(self, number: Any) -> str:
        letter = "i" if isinstance(number, ir.IntType) else "f"
        bits = {"float": 32, "double": 64}.get(str(number)) or number.width
        return f"v{self.lanes}{letter}{bits}"

    def load(self, pointer: Any, run: tuple[Any, Any], other: Any) -> Any:
        """The numbers at pointer where the run's mask is set, else those of `other`."""
        vector = self.b.bitcast(pointer, other.type.as_pointer())

        def masked() -> Any:
            name = f"llvm.masked.load.{self._name(other.type.element)}.p0"
            return self._call(name, other.type, vector, self.alignment(other), run[0], other)

        if MASKS:
            return masked()
        loaded = self.variable(other)
        with self.b.if_else(run[1]) as (whole, part):
            with whole:
                plain = self.b.load(vector)
                plain.align = self.size(other.type.element)
                self.b.store(plain, loaded)
            with part:
                self.b.store(masked(), loaded)
        return self.b.load(loaded)

    def store(self, values: Any, pointer: Any, run: tuple[Any, Any]) -> None:
        """The values where the run's mask is set, at pointer."""
        vector = self.b.bitcast(pointer, values.type.as_pointer())

        def masked() -> None:
            name = f"llvm.masked.store.{self._name(values.type.element)}.p0"
            self._call(name, ir.VoidType(), values, vector, self.alignment(values), run[0])

        if MASKS:
            masked()
            return
        with self.b.if_else(run[1]) as (whole, part):
            with whole:
                plain = self.b.store(values, vector)
                plain.align = self.size(values.type.element)
            with part:
                masked()

    def alignment(self, vector: Any) -> Any:
        return ir.Constant(INT32, self.size(vector.type.element))

    def addresses(self, pointer: Any, offsets: Any) -> Any:
        """Where pointer[offsets] lie."""
        size = self.constant(INT, self.size(pointer.type.pointee))
        bytes_ = self.b.mul(self.b.sext(offsets, self.kind(INT)), size)
        places = self.b.add(self.splat(self.b.ptrtoint(pointer, INT)), bytes_)
        return self.b.inttoptr(places, self.kind(pointer.type))

    def gather(self, pointer: Any, offsets: Any, mask: Any, other: Any) -> Any:
        number = other.type.element
        pointers = self.addresses(pointer, offsets)
        name = f"llvm.masked.gather.{self._name(number)}.v{self.lanes}p0"
        return self._call(name, other.type, pointers, self.alignment(other), mask, other)

    def scatter(self, values: Any, pointer: Any, offsets: Any, mask: Any) -> None:
        number = values.type.element
        pointers = self.addresses(pointer, offsets)
        name = f"llvm.masked.scatter.{self._name(number)}.v{self.lanes}p0"
        self._call(name, ir.VoidType(), values, pointers, self.alignment(values), mask)

    def size(self, number: Any) -> int:
        return {"float": 4, "double": 8}.get(str(number)) or number.width // 8

    def variable(self, value: Any) -> Any:
        """A place on the stack that starts as value; LLVM keeps it in a register."""
        place = cgutils.alloca_once(self.b, value.type)
        self.b.store(value, place)
        return place

    def widened(self, codes: Any) -> Any:
        return codes if codes.type.element == INT32 else self.b.zext(codes, self.kind(INT32))


def _columns_of_row(code: _Code, stride: int, pointer: Any, first: Any, step: Any, size: Any,
                    further: Any, other: Any) -> list[tuple[Any, Any]]:  # fmt: skip
    """(numbers, mask) at columns first, first + step .. of the row of `size` at pointer.

    With a stride of 2, those between them as well: the next tap's, unless `further` is false.
    """
    b, n = code.b, code.lanes
    if stride == 2:
        low, high = (code.run(b.add(first, ir.Constant(INT, half)), size) for half in (0, n))
        one = code.load(b.gep(pointer, [first]), low, other)
        two = code.load(b.gep(pointer, [b.add(first, ir.Constant(INT, n))]), high, other)
        even, odd = list(range(0, 2 * n, 2)), list(range(1, 2 * n, 2))
        mask = b.and_(code.shuffle(low[0], high[0], odd), code.splat(further))
        between = b.select(mask, code.shuffle(one, two, odd), other)
        return [
            (code.shuffle(one, two, even), code.shuffle(low[0], high[0], even)),
            (between, mask),
        ]
    if stride == 1:
        run = code.run(first, size)
        return [(code.load(b.gep(pointer, [first]), run, other), run[0])]
    columns = code.columns(first, b.trunc(step, INT32))
    mask = code.within(columns, size)
    return [(code.gather(pointer, columns, mask, other), mask)]


def _contest(code: _Code, new: Any, here: Any, mask: Any, best: Any, winner: Any) -> None:
    """Let numbers of tap `here` win where they are greater, NaN, or the first."""
    b = code.b
    old, held = b.load(best), b.load(winner)
    wins = b.or_(b.fcmp_ordered(">", new, old), b.fcmp_unordered("uno", new, new))
    wins = b.or_(wins, b.icmp_signed("<", held, code.constant(INT32, 0)))
    wins = b.and_(wins, mask)
    b.store(b.select(wins, new, old), best)
    b.store(b.select(wins, here, held), winner)


@intrinsic
def windows(typing: Any, kind: Any, x: Any, xb: Any, rows: Any, rb: Any, count: Any, taps: Any,
            step: Any, dilation: Any, start: Any, size: Any, y: Any, yb: Any, n: Any, codes: Any,
            divisor: Any, line: Any, lb: Any) -> Any:  # fmt: skip
    """y[yb + l], l < min(n, L): the maximum or mean over windows that start at column start + l * step.

    rows[rb:]: (count, 2): where each row of the windows starts in x[xb:], and the number of its first tap.
    taps, dilation: how many columns a window has, and how far apart: by 1 if the stride is 2.
    size: of a row of x.
    codes: like y, for the winning tap (NaN wins, else the first); or None: y is the mean.
    divisor, line: sums are divided by divisor * line[lb + l].
    """
    mean = isinstance(codes, types.NoneType)
    sig = types.void(kind, x, I, rows, I, I, I, I, I, I, I, y, I, I, codes, x.dtype, line, I)
    lanes, stride = (part.count for part in kind)

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        _, x_, xb, rows_, rb, count, taps, step, dilation, start, size = args[:11]
        y_, yb, n, codes_, divisor, line_, lb = args[11:]
        b, code = builder, _Code(context, builder, x.dtype, lanes)
        none = code.constant(code.number, 0.0 if mean else float("-inf"))
        best = code.variable(none)
        winner = code.variable(code.constant(INT32, -1))
        with cgutils.for_range(b, count) as row:
            place, number = code.pair(rows, rows_, rb, row.index)
            pointer = code.entry(x, x_, b.add(xb, place))
            zero, one, many = (ir.Constant(INT, i) for i in (0, 1, 2 if stride == 2 else 1))
            with cgutils.for_range_slice(b, zero, taps, many) as (tap, _):
                first = b.add(start, b.mul(tap, dilation))
                further = b.icmp_signed("<", b.add(tap, one), taps)
                found = _columns_of_row(code, stride, pointer, first, step, size, further, none)
                for t, (new, mask) in enumerate(found):
                    if mean:
                        b.store(b.fadd(b.load(best), new), best)
                    else:
                        here = b.add(b.add(number, tap), ir.Constant(INT, t))
                        here = code.splat(b.trunc(here, INT32))
                        _contest(code, new, here, mask, best, winner)
        inside = code.run(ir.Constant(INT, 0), n)
        result = b.load(best)
        if mean:
            one = code.constant(code.number, 1.0)
            by = code.load(code.entry(line, line_, lb), inside, one)
            result = b.fdiv(result, b.fmul(code.splat(divisor), by))
        else:
            number = context.get_data_type(codes.dtype)
            held = b.load(winner)
            held = held if number == INT32 else b.trunc(held, code.kind(number))
            code.store(held, code.entry(codes, codes_, yb), inside)
        code.store(result, code.entry(y, y_, yb), inside)
        return context.get_dummy_value()

    return sig, emit


def _gathered(code: _Code, g: Any, codes: Any, number: Any, entry: Any, q: Any,
              size: Any, total: Any) -> None:  # fmt: skip
    """Add to `total` what reaches columns of one phase by one tap: entry = (tap, shift)."""
    b = code.b
    tap, shift = entry
    first = b.sub(q, shift)
    run = code.run(first, size)
    value = code.load(b.gep(g, [first]), run, code.constant(code.number, 0.0))
    if codes is not None:
        none = code.constant(codes.type.pointee, -1)
        winner = code.load(b.gep(codes, [first]), run, none)
        here = code.splat(b.trunc(b.add(number, tap), codes.type.pointee))
        value = b.select(b.icmp_signed("==", winner, here), value, code.constant(code.number, 0.0))
    b.store(b.fadd(b.load(total), value), total)


@intrinsic
def spread(typing: Any, kind: Any, g: Any, codes: Any, gb: Any, rows: Any, rb: Any, count: Any,
           taps: Any, begin: Any, phase: Any, q: Any, size: Any, x: Any, xb: Any, step: Any,
           n: Any) -> Any:  # fmt: skip
    """x[xb + (q + l) * step + phase], l < L: the sum of what windows give back to these columns.

    rows[rb:]: (count, 2): where in g[gb:] rows that reach x's row start, and the number of their first tap.
    taps, begin: taps[begin[r] : begin[r + 1]] are the (number, shift) of those that read phase r.
    codes: like g, the taps that won; or None: g goes to all.   size: of a row of g.   n: of a row of x.
    With a stride of 2, phases 0 and 1 are made together.
    """
    mean = isinstance(codes, types.NoneType)
    sig = types.void(kind, g, codes, I, rows, I, I, taps, begin, I, I, I, x, I, I, I)
    lanes, stride = (part.count for part in kind)

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        _, g_, codes_, gb, rows_, rb, count, taps_, begin_, phase, q, size, x_, xb, step, n = args
        b, code = builder, _Code(context, builder, g.dtype, lanes)
        zero, one = ir.Constant(INT, 0), ir.Constant(INT, 1)
        totals = []
        for f in range(2 if stride == 2 else 1):
            totals.append(code.variable(code.constant(code.number, 0.0)))
            here = b.add(phase, ir.Constant(INT, f))
            low = b.load(code.entry(begin, begin_, here))
            high = b.load(code.entry(begin, begin_, b.add(here, one)))
            with cgutils.for_range(b, count) as row:
                place, number = code.pair(rows, rows_, rb, row.index)
                place = b.add(gb, place)
                won = None if mean else code.entry(codes, codes_, place)
                with cgutils.for_range_slice(b, low, high, one) as (e, _):
                    entry = code.pair(taps, taps_, zero, e)
                    _gathered(
                        code, code.entry(g, g_, place), won, number, entry, q, size, totals[f]
                    )
        sums = [b.load(total) for total in totals]
        pointer = code.entry(x, x_, xb)
        if stride == 0:
            columns = code.columns(b.add(b.mul(q, step), phase), b.trunc(step, INT32))
            code.scatter(sums[0], pointer, columns, code.within(columns, n))
            return context.get_dummy_value()
        first = b.mul(q, ir.Constant(INT, stride))
        if stride == 2:
            zipped = [i // 2 + lanes * (i % 2) for i in range(2 * lanes)]
            sums = [code.shuffle(*sums, zipped[:lanes]), code.shuffle(*sums, zipped[lanes:])]
        for half, values in enumerate(sums):
            start = b.add(first, ir.Constant(INT, half * lanes))
            code.store(values, b.gep(pointer, [start]), code.run(start, n))
        return context.get_dummy_value()

    return sig, emit

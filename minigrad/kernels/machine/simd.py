"""Vector micro-kernels, written as LLVM code because Numba's loops do not reach these speeds.

A vector holds one number of each of L images ("lanes"), so that a pixel is one aligned
vector whatever the geometry of a convolution is:

    image 0: a0 a1 a2 ..     gather      pixel 0: a0 b0 c0 d0        L = 4 lanes
    image 1: b0 b1 b2 ..    ------->     pixel 1: a1 b1 c1 d1
    image 2: c0 c1 c2 ..    <-------     pixel 2: a2 b2 c2 d2
    image 3: d0 d1 d2 ..    scatter      ..

    tile   out[r][v] (+)= sum over k of  w[k][r] * x[offs[k]][v]      R x V vectors in registers
    dots   dw[r][t]   += sum over p, lanes of  g[r][p] * x[offs[t] + pos[p]]         R x T of them

`address` compiles one of them for given sizes and answers where its machine code is; `call`
calls it from a jitted loop.  So the loops around are compiled once, whatever the sizes and the
type of numbers: all arguments are integers, addresses and distances in bytes.  Nothing here
checks bounds: the tables its callers make must be right.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minigrad.kernels.machine.jit import compiled
from minigrad.kernels.machine.registers import BYTE, BYTES, INT, Code

DIGEST = 256  # bytes: chains enough to hide how long a step takes
MIX = 0x9E3779B97F4A7C15 - (1 << 64)  # an odd number of 64 bits without a pattern
APART = 256  # of what `rows` is told in one number
ARGUMENTS = 10  # of every micro-kernel, for `call`; those that need fewer ignore the last


def tile(code: Code, rows: int, vecs: int, x: Any, xs: Any, offs: Any, count: Any, w: Any,
         ws: Any, out: Any, os: Any, vs: Any, add: Any) -> None:  # fmt: skip
    """out[r*os + v*vs] (+)= sum over k < count of  w[k*ws + r] * x[v*xs + offs[k]].

    add != 0: add to what is in out.  The sum itself starts from 0: long sums made of short ones
    have small rounding errors.
    """
    new = _products(code, rows, vecs, x, xs, offs, count, w, ws)
    _deliver(code, new, _places(code, rows, vecs, out, os, vs), add)


def tile_shifted(code: Code, rows: int, vecs: int, x: Any, xs: Any, offs: Any, count: Any, w: Any,
                 ws: Any, out: Any, os: Any, vs: Any, bias: Any) -> None:  # fmt: skip
    """out[r*os + v*vs] = bias[r] + the same sum."""
    new = _products(code, rows, vecs, x, xs, offs, count, w, ws)
    shifts = [code.splat(code.scalar(code.at(bias, r * code.size))) for r in range(rows)]
    for i, place in enumerate(_places(code, rows, vecs, out, os, vs)):
        code.store(code.b.fadd(new[i], shifts[i // vecs]), place)


def _products(
    code: Code, rows: int, vecs: int, x: Any, xs: Any, offs: Any, count: Any, w: Any, ws: Any
) -> list[Any]:
    """The sums of `tile`."""
    columns = [code.at(x, (xs, v)) for v in range(vecs)]
    k, held, close = code.loop(count, [code.zero] * (rows * vecs))
    offset = code.entry(offs, k)
    xv = [code.load(code.at(column, offset)) for column in columns]
    wk = code.at(w, (k, ws))
    new = []
    for r in range(rows):
        wv = code.splat(code.scalar(code.at(wk, r * code.size)))
        new += [code.fma(wv, xv[v], held[r * vecs + v]) for v in range(vecs)]
    close(new)
    return new


def outer(code: Code, rows: int, vecs: int, a: Any, step: Any, offs: Any, count: Any, b: Any,
          bs: Any, out: Any, os: Any, vs: Any, add: Any) -> None:  # fmt: skip
    """out[r*os + v*vs] (+)= sum over k < count of  a[r*step + offs[k]] * b[k*bs][v], a number times a vector."""
    places = [code.at(a, (step, r)) for r in range(rows)]
    k, held, close = code.loop(count, [code.zero] * (rows * vecs))
    offset, row = code.entry(offs, k), code.at(b, (k, bs))
    vectors = [code.load(code.at(row, v * code.size * code.lanes)) for v in range(vecs)]
    new = []
    for r in range(rows):
        number = code.splat(code.scalar(code.at(places[r], offset)))
        new += [code.fma(number, vectors[v], held[r * vecs + v]) for v in range(vecs)]
    close(new)
    _deliver(code, new, _places(code, rows, vecs, out, os, vs), add)


def _places(code: Code, rows: int, vecs: int, out: Any, os: Any, vs: Any) -> list[Any]:
    """Where a tile's vectors go."""
    return [code.at(out, (os, r), (vs, v)) for r in range(rows) for v in range(vecs)]


def _deliver(code: Code, sums: list[Any], places: list[Any], add: Any) -> None:
    """Store vectors, or add them to what is there if `add` is not 0."""
    with code.b.if_else(code.b.icmp_signed("!=", add, code.value(0))) as (more, fresh):
        with more:
            for vector, place in zip(sums, places):
                code.store(code.b.fadd(code.load(place), vector), place)
        with fresh:
            for vector, place in zip(sums, places):
                code.store(vector, place)


def dots(code: Code, rows: int, taps: int, g: Any, gs: Any, x: Any, offs: Any, pos: Any,
         count: Any, dw: Any, *_: Any) -> None:  # fmt: skip
    """dw[r*T + t] += sum over p < count and lanes of  g[r*gs + p] * x[offs[t] + pos[p]].

    dw has room for R*T rounded up to a multiple of L.
    """
    size = code.size * code.lanes
    gr = [code.at(g, (gs, r)) for r in range(rows)]
    xt = [code.at(x, code.entry(offs, t)) for t in range(taps)]
    p, held, close = code.loop(count, [code.zero] * (rows * taps))
    place = code.entry(pos, p)
    gv = [code.load(code.at(row, (p, size))) for row in gr]
    xv = [code.load(code.at(tap, place)) for tap in xt]
    new = [code.fma(gv[r], xv[t], held[r * taps + t]) for r in range(rows) for t in range(taps)]
    close(new)
    for i in range(0, len(new), code.lanes):
        here = code.at(dw, i * code.size)
        code.store(code.b.fadd(code.load(here), code.sums(new[i : i + code.lanes])), here)


def turn(
    code: Code, lanes: int, _2: int, x: Any, next_x: Any, out: Any, next_out: Any, *_: Any
) -> None:
    """out[i*next_out][l] = x[l*next_x][i] for i, l < `lanes`: rows for columns, whatever the bits mean."""
    code = Code(code.b, 8 * code.size, lanes)
    rows = [code.load(code.at(x, (next_x, i))) for i in range(lanes)]
    for i, row in enumerate(code.transpose(rows)):
        code.store(row, code.at(out, (next_out, i)))


def gather(code: Code, _1: int, _2: int, x: Any, starts: Any, out: Any, pos: Any, *_: Any) -> None:
    """out[pos[i]][l] = x[starts[l] + i] for i, l < L."""
    lanes = range(code.lanes)
    rows = [code.load(code.at(x, code.entry(starts, i))) for i in lanes]
    for i, row in enumerate(code.transpose(rows)):
        code.store(row, code.at(out, code.entry(pos, i)))


def gather_few(code: Code, _1: int, _2: int, x: Any, starts: Any, out: Any, pos: Any,
               count: Any, *_: Any) -> None:  # fmt: skip
    """The same for i < count, one pixel at a time: images smaller than a vector."""
    origins = [code.at(x, code.entry(starts, i)) for i in range(code.lanes)]
    i, _, close = code.loop(count, [])
    pixel = code.undefined
    for lane, origin in enumerate(origins):
        number = code.scalar(code.at(origin, (i, code.size)))
        pixel = code.insert(pixel, number, lane)
    code.store(pixel, code.at(out, code.entry(pos, i)))
    close([])


def scatter(code: Code, each: int, _2: int, x: Any, bias: Any, out: Any, starts: Any,
            *_: Any) -> None:  # fmt: skip
    """out[starts[l] + i] = x[i][l] + bias[0] for i, l < L; each: every lane has a bias of its own."""
    shift = code.load(bias) if each else code.splat(code.scalar(bias))
    size = code.size * code.lanes
    rows = [code.b.fadd(code.load(code.at(x, i * size)), shift) for i in range(code.lanes)]
    for i, row in enumerate(code.transpose(rows)):
        code.store(row, code.at(out, code.entry(starts, i)))


def scatter_few(code: Code, each: int, _2: int, x: Any, bias: Any, out: Any, starts: Any,
                count: Any, *_: Any) -> None:  # fmt: skip
    """The same for i < count, one pixel at a time."""
    shift = code.load(bias) if each else code.splat(code.scalar(bias))
    targets = [code.at(out, code.entry(starts, i)) for i in range(code.lanes)]
    i, _, close = code.loop(count, [])
    pixel = code.b.fadd(code.load(code.at(x, (i, code.size * code.lanes))), shift)
    for lane, target in enumerate(targets):
        code.store_lane(pixel, lane, code.at(target, (i, code.size)))
    close([])


def interleave(code: Code, rows: int, _1: int, x: Any, steps: Any, offs: Any, count: Any,
               out: Any, *_: Any) -> None:  # fmt: skip
    """out[i*R + r] = x[steps[r] + offs[i]] for i < count: weights in the order `tile` reads them."""
    origins = [code.at(x, code.entry(steps, r)) for r in range(rows)]
    i, _, close = code.loop(count, [])
    place, offset = code.at(out, (i, rows * code.size)), code.entry(offs, i)
    for r, origin in enumerate(origins):
        target = code.pointer(code.at(place, r * code.size), code.number)
        code.b.store(code.scalar(code.at(origin, offset)), target)
    close([])


def digest(code: Code, _1: int, _2: int, x: Any, whole: Any, last: Any, out: Any, *_: Any) -> None:
    """out = DIGEST bytes that tell arrays apart: of `whole` x DIGEST bytes from x on, and as many from `last` on.

    Each of the integers of 64 bits goes through steps that take no two values to the same one, so that a change
    of one number is always seen, and that spread every bit over all others: of two arrays that differ in more, one in
    2^64 pairs is taken for the same.
    """
    kind = ir.VectorType(INT, BYTES // 8)
    chains = range(DIGEST // BYTES)

    def constant(number: int) -> Any:
        return ir.Constant(kind, [number] * (BYTES // 8))

    def place(start: Any, j: int) -> Any:
        return code.pointer(code.at(start, j * BYTES), kind)

    def step(state: list[Any], start: Any) -> list[Any]:
        made = []
        for j, held in enumerate(state):
            number = code.b.load(place(start, j))
            number.align = 1
            mixed = code.b.mul(code.b.xor(held, number), constant(MIX))
            made.append(code.b.xor(mixed, code.b.lshr(mixed, constant(32))))
        return made

    i, state, close = code.loop(whole, [constant(MIX + j) for j in chains])
    state = step(state, code.at(x, (i, DIGEST)))
    close(state)
    for j, mixed in enumerate(step(state, code.at(last))):
        stored = code.b.store(mixed, place(out, j))
        stored.align = 1


def untangle(code: Code, lanes: int, _1: int, x: Any, step: Any, count: Any, out: Any,
             next_out: Any, *_: Any) -> None:  # fmt: skip
    """out[l*next_out + i] = x[i*step][l] for i < count and l < lanes: channels from lanes."""
    targets = [code.at(out, (next_out, lane)) for lane in range(lanes)]
    i, _, close = code.loop(count, [])
    vector = code.load(code.at(x, (step, i)))
    for lane, target in enumerate(targets):
        code.store_lane(vector, lane, code.at(target, (i, code.size)))
    close([])


def rows(code: Code, rows: int, told: int, x: Any, xs: Any, offs: Any, count: Any, w: Any, ws: Any,
         out: Any, os: Any, bias: Any, *_: Any) -> None:  # fmt: skip
    """out[r*os] = bias[0] + sum over k < count and t < T of  w[offs[k][1] + t*ws] * x[offs[k][0] + (r*S + t*D)*xs].

    told: T, APART times S, how many rows lie between two sums, and its square times D, between two taps.  Each
    vector is read once for all its uses.
    """
    taps, stride, apart = told % APART, told // APART % APART, told // APART**2
    k, held, close = code.loop(count, [code.zero] * rows)
    pair = code.at(offs, (k, 16))
    row, number = code.at(x, code.entry(pair, 0)), code.at(w, code.entry(pair, 1))
    numbers = [code.splat(code.scalar(code.at(number, (ws, t)))) for t in range(taps)]
    new = list(held)
    before = 0
    for q in sorted({r * stride + t * apart for r in range(rows) for t in range(taps)}):
        row = code.at(row, (xs, q - before))  # from the last: there are no registers for all places
        before, vector = q, code.load(row)
        for t in range(taps):
            r, between = divmod(q - t * apart, stride)
            if 0 <= r < rows and not between:
                new[r] = code.fma(numbers[t], vector, new[r])
    close(new)
    shift = code.splat(code.scalar(bias))
    for r in range(rows):
        code.store(code.b.fadd(new[r], shift), code.at(out, (os, r)))


def frame(code: Code, lanes: int, stride: int, x: Any, xs: Any, count: Any, chunks: Any, last: Any,
          out: Any, os: Any, part: Any, end: Any, *_: Any) -> None:  # fmt: skip
    """out[r*os + i % S * part + i // S] = x[r*xs + i] for r < count, i <= end.

    S times `lanes` pixels at a time, the last ones moved back to S * last, then those up to `end` one by one.
    """
    code = Code(code.b, 8 * code.size, lanes)
    r, _1, close = code.loop(count, [])
    source, target = code.at(x, (r, xs)), code.at(out, (r, os))
    c, _2, close_row = code.loop(chunks, [])
    place = code.b.mul(c, code.value(lanes * code.size))
    place = code.b.select(code.b.icmp_signed("<", place, last), place, last)
    pixels = Code(code.b, 8 * code.size, lanes * stride).load(code.at(source, (place, stride)))
    for s in range(stride):
        picked = code.shuffle(pixels, pixels, [i * stride + s for i in range(lanes)])
        code.store(picked, code.at(target, place, (part, s)))
    close_row([])
    for s in range(stride - 1):  # as many may be left over
        i = code.b.sub(end, code.value(s))
        index, rest = (f(i, code.value(stride)) for f in (code.b.udiv, code.b.urem))
        number = code.scalar(code.at(source, (i, code.size)))
        to = code.at(target, (index, code.size), (rest, part))
        code.b.store(number, code.pointer(to, code.number))
    close([])


def lines(code: Code, lanes: int, _1: int, x: Any, xs: Any, count: Any, vectors: Any, out: Any, os: Any,
          *_: Any) -> None:  # fmt: skip
    """out[r*os + i] = x[r*xs + i] for r < count and i < vectors * `lanes`, in order: each row may end in the next."""
    code = Code(code.b, 8 * code.size, lanes)
    r, _1, close = code.loop(count, [])
    source, target = code.at(x, (r, xs)), code.at(out, (r, os))
    i, _2, close_row = code.loop(vectors, [])
    place = (i, lanes * code.size)
    code.store(code.load(code.at(source, place)), code.at(target, place))
    close_row([])
    close([])


KERNELS: dict[str, Callable[..., None]] = {
    f.__name__: f
    for f in (
        tile,
        tile_shifted,
        outer,
        dots,
        turn,
        gather,
        gather_few,
        scatter,
        scatter_few,
        interleave,
        digest,
        untangle,
        rows,
        frame,
        lines,
    )
}


@intrinsic(prefer_literal=True)
def _emit(typing: Any, name: Any, first: Any, second: Any, lanes: Any, bits: Any, args: Any) -> Any:
    """The code of one micro-kernel, in place."""
    sizes = [size.literal_value for size in (first, second, lanes, bits)]

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        code = Code(builder, sizes[3], sizes[2])
        integers = cgutils.unpack_tuple(builder, values[5])
        KERNELS[name.literal_value](code, sizes[0], sizes[1], *integers)
        return context.get_dummy_value()

    return types.void(name, first, second, lanes, bits, args), emit


@functools.cache
def address(name: str, first: int, second: int, dtype: Any) -> int:
    """Where the machine code of a micro-kernel of these sizes is."""
    bits = 8 * np.dtype(dtype).itemsize
    lanes = BYTES * 8 // bits

    def kernel(a, b, c, d, e, f, g, h, i, j):  # type: ignore[no-untyped-def]
        _emit(name, first, second, lanes, bits, (a, b, c, d, e, f, g, h, i, j))

    return compiled(types.void(*[types.intp] * ARGUMENTS), kernel)


def _call(typing: Any, target: Any, args: Any) -> Any:
    """Call the micro-kernel at an address with a tuple of at most ARGUMENTS integers."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        integers = cgutils.unpack_tuple(builder, values[1])
        integers += [ir.Constant(INT, 0)] * (ARGUMENTS - len(integers))
        kind = ir.FunctionType(ir.VoidType(), [INT] * ARGUMENTS)
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), integers)
        return context.get_dummy_value()

    return types.void(types.intp, types.UniTuple(types.intp, len(args))), emit


def _clear(typing: Any, start: Any, count: Any) -> Any:
    """Zero `count` bytes from an address on."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        memory = builder.inttoptr(values[0], BYTE.as_pointer())
        cgutils.memset(builder, memory, values[1], 0)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), emit


def _copy(typing: Any, target: Any, source: Any, count: Any) -> Any:
    """Copy `count` bytes from one address to another."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        ends = [builder.inttoptr(v, BYTE.as_pointer()) for v in values[:2]]
        cgutils.raw_memcpy(builder, *ends, values[2], 1)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), emit


def _look(typing: Any, table: Any, i: Any) -> Any:
    """Entry i of the table of integers at an address."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        entries = builder.inttoptr(values[0], INT.as_pointer())
        return builder.load(builder.gep(entries, [values[1]]))

    return types.intp(types.intp, types.intp), emit


# What jitted loops call.
call: Any = intrinsic(_call)
clear: Any = intrinsic(_clear)
copy: Any = intrinsic(_copy)
look: Any = intrinsic(_look)

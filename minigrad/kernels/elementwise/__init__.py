"""Arithmetic on arrays of many numbers: NumPy's functions on several threads, and compiled loops.

    x * y      NumPy computes with one thread
    large(x) * y
        |-> np.multiply(x[:n], y[:n], out=z[:n])        thread 1      NumPy lets go of the GIL
        '-> np.multiply(x[n:], y[n:], out=z[n:])        thread 2      in its loops

`large` gives an array another type, `Large`, by which NumPy asks here how to compute: so every
function of NumPy, and whatever formula is written with them, is shared among threads without saying
so.  Answers are plain arrays.  What NumPy does slowly or in several passes has a loop in `loops`:

    loop("relu", large(x))

Each number of an answer is computed by itself, so the threads change no bits.
"""

import functools
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.kernels import reduce
from minigrad.kernels.elementwise import half
from minigrad.kernels.machine import threads
from minigrad.kernels.machine.arguments import is_line
from minigrad.kernels.machine.scratch import keep_memory

Array = np.ndarray[Any, Any]
ndarray = np.ndarray

MANY = 1 << 17  # elements above which arrays are large: fewer are not worth a second thread
FEW = 1 << 13  # elements up to which NumPy's functions are quicker than calling a compiled loop
BLOCK = (
    1 << 12
)  # elements; pieces are whole blocks, so that ends of vectors fall where they always do
NANOSECONDS = 0.25  # per element, about, when data come from the cache


class Large(np.ndarray[Any, Any]):
    """An array, C-contiguous and of float32 or float64, whose arithmetic is shared among threads."""

    into: Array | None = None  # memory for the next answer of its shape and dtype: see `over`

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: tuple[Any, ...] = (), **options: Any
    ) -> Any:
        if method == "__call__" and not options and ufunc.nout == 1:
            target = _plain(out[0]) if out else self.into
            if target is not None and not out and not self._fits(ufunc, inputs):
                target = None
            made = _by_team(ufunc, inputs, target) if _has_team() else None
            if made is not None:
                return made
            return _by_tasks(ufunc, [_plain(x) for x in inputs], target)
        plain = [_plain(x) for x in inputs]
        if out:
            options["out"] = tuple(_plain(x) for x in out)
        if ufunc is np.add and method == "reduce" and _is_plain_sum(options):
            return reduce.add_up(plain[0], options.get("axis", 0), options.get("keepdims", False))
        return getattr(ufunc, method)(*plain, **options)

    def _fits(self, ufunc: Any, inputs: tuple[Any, ...]) -> bool:
        """Whether the function's answer has this array's shape and dtype."""
        shapes = [x.shape for x in inputs if isinstance(x, ndarray)]
        same = np.broadcast_shapes(*shapes) == self.shape
        return same and _answers(ufunc, _kinds(inputs)) is self.dtype


class Half(np.ndarray[Any, Any]):
    """An array of float16, C-contiguous, whose arithmetic goes by way of float32, as NumPy's."""

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: tuple[Any, ...] = (), **options: Any
    ) -> Any:
        plain = [x.view(ndarray) if type(x) is Half else x for x in inputs]
        if ufunc in _EXACT and method == "__call__" and not options and not out:
            plain = [float(x) if _is_alone(x) else x for x in plain]
            if ufunc in half.KINDS and _pair_up(*plain):
                return half.both(ufunc, *plain)
            wide = [_widened(x) for x in plain]
            if all(x is not None for x in wide):
                made = ufunc(*map(large, wide))
                return half.to_half(made) if made.dtype == np.float32 else made
        if out:
            options["out"] = tuple(x.view(ndarray) if type(x) is Half else x for x in out)
        return getattr(ufunc, method)(*plain, **options)


# Rounded once, these have float16's own answers.
_EXACT = {*half.KINDS, np.sqrt, np.square, np.greater, np.greater_equal, np.less, np.less_equal}
_EXACT |= {np.equal, np.not_equal}
_HALF = np.dtype(np.float16)


def _is_alone(x: Any) -> bool:
    """Whether it is one number of float16."""
    return not isinstance(x, (int, float)) and x.ndim == 0 and x.dtype is _HALF


def _is_number(x: Any) -> bool:
    """Whether it is one of Python's numbers that float16 holds."""
    return type(x) in (int, float) and -65504 <= x <= 65504


def _pair_up(x: Any, y: Any) -> bool:
    """Whether two operands are lines of float16 of one shape, or one is, and the other a number."""
    if isinstance(x, ndarray) and isinstance(y, ndarray):
        same = x.dtype is y.dtype and x.shape == y.shape
        return same and x.flags.c_contiguous and y.flags.c_contiguous
    return _is_number(x) or _is_number(y)


def _widened(x: Any) -> Any:
    """Numbers of float16 in float32, one of Python's as float16 has it; None for any other."""
    if isinstance(x, ndarray):
        if x.dtype is not _HALF:
            return None
        return half.from_half(x) if half.many(x) else x.astype(np.float32)
    return np.float32(np.float16(x)) if _is_number(x) else None


def large(x: Any) -> Any:
    """`x` as a `Large` array if it can be one, as a `Half` if it is of float16, else `x` itself."""
    if type(x) is ndarray:
        if x.size > MANY and is_line(x):
            keep_memory()
            return x.view(Large)
        if x.dtype is _HALF and half.many(x):
            return x.view(Half)
    return x


def over(x: Array) -> Any:
    """`x` as a `Large` array whose next function writes its answer into `x` and answers `x`; else `x` itself.

    For what computes each number of its answer in one go: a second function would find its input overwritten.
    """
    made = large(x)
    if type(made) is Large and x.flags.writeable:
        made.into = x
    return made


def put(x: Array, value: Any) -> None:
    """Write a number, or numbers that broadcast, into x: on several threads if there are many."""
    if x.size > MANY and x.dtype.kind != "b" and x.flags.writeable and _has_team():
        if not np.ndim(value):
            if is_line(x):
                _share()(_in_loops("constant"), (x,), (float(value),), x.size * NANOSECONDS)
                return
        elif value.dtype is x.dtype and not np.may_share_memory(x, value):
            if value.shape == x.shape and is_line(x) and value.flags.c_contiguous:
                _share()(_in_loops("same"), (value, x), (), x.size * NANOSECONDS)
                return
            if _by_team(np.positive, (value,), x) is not None:
                return
    np.copyto(x, value, casting="unsafe")


def copied(x: Any) -> Array:
    """A copy in memory of its own, in C order if there is much of it."""
    if x.size > MANY:
        if type(large(x)) is Large and _has_team():
            return loop("same", x)
        if x.strides[0] == 0:
            return _repeated(x[0], len(x)) if any(x.strides) else _filled(x)
    return np.array(x, order="C" if 0 in x.strides else "K")


def _filled(x: Array) -> Array:
    """A copy of what is one number everywhere."""
    keep_memory()
    out = np.empty(x.shape, x.dtype)
    put(out, x[(0,) * x.ndim])
    return out


def _repeated(row: Array, count: int) -> Array:
    """A row `count` times: written many at a time, as NumPy goes row by row."""
    keep_memory()
    out = np.empty((count, *row.shape), row.dtype)
    several = max(1, min(count, BLOCK // max(1, row.size)))
    block = np.empty((several, *row.shape), row.dtype)
    block[...] = row
    whole = count // several
    blocks = out[: whole * several].reshape(whole, block.size)

    def task(start: int, stop: int) -> None:
        blocks[start:stop] = block.reshape(-1)

    threads.run(task, whole, out.size * NANOSECONDS)
    out[whole * several :] = row
    return out


def _is_plain_sum(options: dict[str, Any]) -> bool:
    """Whether a reduction is asked for nothing but dimensions."""
    return all(v is None for k, v in options.items() if k not in ("axis", "keepdims"))


def _plain(x: Any) -> Any:
    return x.view(ndarray) if type(x) is Large else x


def _by_tasks(ufunc: Any, inputs: Sequence[Any], out: Array | None) -> Any:
    """ufunc(*inputs) by threads of Python where the inputs' shapes let it be cut, else as NumPy does it."""
    arrays = [x for x in inputs if isinstance(x, ndarray)]
    shape = _cut(inputs, out) if threads.get_num_threads() > 1 else None
    if shape is None or np.broadcast_shapes(*(x.shape for x in arrays)) != shape:
        return ufunc(*inputs) if out is None else ufunc(*inputs, out=out)
    if out is None:
        out = np.empty(shape, _answers(ufunc, _kinds(inputs)))
    if all(x.size > MANY or x.size == 1 for x in arrays):
        rows, step, target = -(-out.size // BLOCK), BLOCK, out.reshape(-1)
        cuts = [isinstance(x, ndarray) and x.size > MANY for x in inputs]
        inputs = [x.reshape(-1) if cut else x for x, cut in zip(inputs, cuts)]
        inputs = [x.reshape(()) if isinstance(x, ndarray) and x.size == 1 else x for x in inputs]
    else:  # what is broadcast is cut, if at all, where the first dimension is
        rows, step, target = shape[0], 1, out
        cuts = [
            isinstance(x, ndarray) and x.shape[:1] == shape[:1] and x.ndim == len(shape)
            for x in inputs
        ]

    def task(start: int, stop: int) -> None:
        part = slice(start * step, stop * step)
        with np.errstate(all="ignore"):  # a thread's own state would warn
            ufunc(*(x[part] if cut else x for x, cut in zip(inputs, cuts)), out=target[part])

    global _spent
    began = time.perf_counter()
    threads.run(task, rows, out.size * NANOSECONDS)
    _spent += time.perf_counter() - began
    return out


def _cut(inputs: Sequence[Any], out: Array | None) -> tuple[int, ...] | None:
    """The shape of all large operands and of the answer; None if they have not one, or lie in memory otherwise."""
    shape: tuple[int, ...] | None = None
    for x in (*inputs, out):
        if isinstance(x, ndarray) and (x.size > MANY or x is out):
            if not x.flags.c_contiguous or (shape is not None and x.shape != shape):
                return None
            shape = x.shape
    return shape


def _kinds(inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The inputs' dtypes; of Python's numbers the types, which are weak, but for bools."""
    found = [x.dtype if hasattr(x, "dtype") else type(x) for x in inputs]
    return tuple([np.dtype(bool) if kind is bool else kind for kind in found])


@functools.lru_cache(256)
def _answers(ufunc: Any, kinds: tuple[Any, ...]) -> np.dtype[Any]:
    """The dtype of a function's answer for arguments of these dtypes, and types of Python's numbers."""
    made: np.dtype[Any] = ufunc.resolve_dtypes((*kinds, None))[-1]
    return made


# Compiled code saves the workers' way through Python, which is half the time: so loading it pays after about twice
# the seconds that it takes, with Numba and where Numba is there already.
WORTH_LOADING, WORTH_COMPILING = 0.5, 0.06
_spent = 0.0


def _has_team() -> bool:
    """Whether the team of compiled code is there, or is worth being loaded."""
    if "minigrad.kernels.machine.team" in sys.modules:
        return True
    return _spent > (WORTH_COMPILING if "numba" in sys.modules else WORTH_LOADING)


# NumPy's own loops are as quick where memory is; for numbers that come from far there are woven ones.
LOOPS = {np.add: "add", np.subtract: "subtract", np.multiply: "multiply", np.divide: "divide"}
FAR = 4 << 20  # bytes of each array


def _by_team(ufunc: Any, inputs: tuple[Any, ...], out: Array | None) -> Array | None:
    """ufunc(*inputs) by compiled code, where the largest inputs are of the answer's shape; else None."""
    if out is None and ufunc in LOOPS:
        x, y = inputs
        same = type(x) is type(y) is Large and x.dtype is y.dtype and x.shape == y.shape
        if same and x.nbytes > FAR:
            return loop(LOOPS[ufunc], x, y)
    if threads.get_num_threads() == 1:
        return None  # NumPy's own way to its loops is short
    if out is not None and not out.flags.writeable:
        return None  # for NumPy to say so
    given = [(x.shape, x.strides, x.dtype) if isinstance(x, ndarray) else type(x) for x in inputs]
    try:
        target = None if out is None else (out.shape, out.strides, out.dtype)
        plan = _ufuncs().plan(ufunc, target, *given)
    except (TypeError, ValueError):
        return None  # for NumPy to say so
    if plan is None:
        return None
    if out is None:
        out = np.empty(plan.shape, plan.dtype)
    _ufuncs().share(plan, inputs, out, out.size * NANOSECONDS)
    return out


@functools.cache
def _ufuncs() -> Any:
    from minigrad.kernels.machine import ufuncs

    return ufuncs


def loop_pays(x: Array) -> bool:
    """Whether a loop with NumPy's bits is quicker for x, though it is not large: if it is there already."""
    return x.size > FEW and "minigrad.kernels.elementwise.loops" in sys.modules and is_line(x)


def loop(name: str, x: Array, *others: Array, numbers: tuple[float, ...] = ()) -> Array:
    """The loop of that name in `loops`, over x and arrays of its shape and dtype, on several threads; given numbers."""
    return looped(_in_loops(name), (x, *others), numbers)


@functools.cache
def _in_loops(name: str) -> Any:
    from minigrad.kernels.elementwise import loops  # the first need of Numba

    return getattr(loops, name)


@functools.cache
def _share() -> Any:
    from minigrad.kernels.machine import lines

    keep_memory()
    return lines.share


def looped(compiled: Any, arrays: tuple[Array, ...], numbers: tuple[float, ...] = ()) -> Array:
    """A compiled loop over arrays of one shape and dtype, on several threads; numbers follow the arrays."""
    share = _share()
    first = arrays[0]
    dtype = first.dtype
    out = first.into if type(first) is Large else None
    if out is None:
        out = np.empty(first.shape, dtype)
    for x in arrays:
        if x.dtype is not dtype or not x.flags.c_contiguous:
            arrays = tuple([np.ascontiguousarray(y, dtype) for y in arrays])
            break
    share(compiled, (*arrays, out), numbers, out.size * NANOSECONDS)
    return out

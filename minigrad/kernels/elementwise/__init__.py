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

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.kernels import reduce
from minigrad.kernels.machine import threads
from minigrad.kernels.machine.scratch import keep_memory

Array = np.ndarray[Any, Any]
ndarray = np.ndarray

MANY = 1 << 17  # elements above which arrays are large: fewer are not worth a second thread
FEW = 1 << 13  # elements up to which NumPy's functions are quicker than calling a compiled loop
BLOCK = (
    1 << 12
)  # elements; pieces of whole blocks, so that ends of vectors fall where they always do
NANOSECONDS = 0.25  # per element, about, when data come from the cache


class Large(np.ndarray[Any, Any]):
    """An array, C-contiguous and of float32 or float64, whose arithmetic is shared among threads."""

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: tuple[Any, ...] = (), **options: Any
    ) -> Any:
        plain = [_plain(x) for x in inputs]
        if out:
            options["out"] = tuple(_plain(x) for x in out)
        if method == "__call__" and ufunc.nout == 1 and options.keys() <= {"out"}:
            if threads.get_num_threads() == 1:
                return ufunc(*plain, **options)
            return _shared(ufunc, plain, options.get("out", (None,))[0])
        if ufunc is np.add and method == "reduce" and _is_plain_sum(options):
            return reduce.add_up(plain[0], options.get("axis", 0), options.get("keepdims", False))
        return getattr(ufunc, method)(*plain, **options)


def large(x: Any) -> Any:
    """`x` as a `Large` array if it can be one, else `x` itself."""
    if type(x) is ndarray and x.size > MANY and x.dtype.char in "fd" and x.flags.c_contiguous:
        keep_memory()
        return x.view(Large)
    return x


def copied(x: Any) -> Array:
    """A copy in memory of its own, in C order if there is much of it."""
    many = large(x)
    if type(many) is Large:
        return np.positive(many)
    if x.size > MANY and x.ndim > 1 and x.strides[0] == 0:
        return _repeated(x[0], len(x))
    return np.array(x)


def _repeated(row: Array, count: int) -> Array:
    """A row `count` times: written many at a time, as NumPy goes row by row."""
    out = np.empty((count, *row.shape), row.dtype)
    several = max(1, min(count, BLOCK // max(1, row.size)))
    block = np.empty((several, *row.shape), row.dtype)
    block[...] = row
    whole = count // several * several
    out[:whole].reshape(-1, block.size)[...] = block.reshape(-1)
    out[whole:] = row
    return out


def _is_plain_sum(options: dict[str, Any]) -> bool:
    """Whether a reduction is asked for nothing but dimensions."""
    return all(v is None for k, v in options.items() if k not in ("axis", "keepdims"))


def _plain(x: Any) -> Any:
    return x.view(ndarray) if type(x) is Large else x


def _shared(ufunc: Any, inputs: list[Any], out: Any) -> Any:
    """ufunc(*inputs) on several threads where the inputs' shapes let it be cut, else as NumPy does it."""
    if out is None and _has_team() and (made := _alike(ufunc, inputs)) is not None:
        return made
    arrays = [x for x in inputs if isinstance(x, ndarray)]
    many = [x for x in arrays if x.size > MANY]
    shape = many[0].shape if many else None
    fit = all(x.shape == shape and x.flags.c_contiguous for x in many) and (
        out is None or (out.shape == shape and out.flags.c_contiguous)
    )
    if not fit or np.broadcast_shapes(*(x.shape for x in arrays)) != shape:
        return ufunc(*inputs) if out is None else ufunc(*inputs, out=out)
    others = any(x.size <= MANY and x.size != 1 for x in arrays)
    if out is None:
        given = [x.dtype if hasattr(x, "dtype") else type(x) for x in inputs]
        out = np.empty(shape, ufunc.resolve_dtypes((*given, None))[-1])
    if others:  # what is broadcast is cut, if at all, where the first dimension is
        rows, step, target = shape[0], 1, out
        cuts = [
            isinstance(x, ndarray) and x.shape[:1] == shape[:1] and x.ndim == len(shape)
            for x in inputs
        ]
    else:
        rows, step, target = -(-out.size // BLOCK), BLOCK, out.reshape(-1)
        cuts = [isinstance(x, ndarray) and x.size > MANY for x in inputs]
        inputs = [
            x.reshape(-1 if cut else ()) if isinstance(x, ndarray) else x
            for x, cut in zip(inputs, cuts)
        ]
        if _has_team() and _in_team(ufunc, inputs, target):
            return out

    def task(start: int, stop: int) -> None:
        part = slice(start * step, stop * step)
        with np.errstate(all="ignore"):  # a thread's own state would warn
            ufunc(*(x[part] if cut else x for x, cut in zip(inputs, cuts)), out=target[part])

    global _spent
    began = time.perf_counter()
    threads.run(task, rows, out.size * NANOSECONDS)
    _spent += time.perf_counter() - began
    return out


# Compiled code saves the workers' way through Python, once Numba is there, or so many seconds of
# NumPy's work have been done that loading it pays.
WORTH_LOADING = 0.5
_spent = 0.0


def _has_team() -> bool:
    return "minigrad.kernels.machine.team" in sys.modules or _spent > WORTH_LOADING


def _alike(ufunc: Any, inputs: list[Any]) -> Array | None:
    """The answer for inputs of one shape, all of them contiguous and large, else None: past all other checks."""
    shape = inputs[0].shape if isinstance(inputs[0], ndarray) else ()
    for x in inputs:
        if type(x) is not ndarray or x.shape != shape or x.size <= MANY or not x.flags.c_contiguous:
            return None
    out = np.empty(shape, ufunc.resolve_dtypes((*[x.dtype for x in inputs], None))[-1])
    return out if _in_team(ufunc, inputs, out) else None


def _in_team(ufunc: Any, inputs: list[Any], out: Array) -> bool:
    """Have NumPy's loop done by the workers of compiled kernels, where it can be found."""
    from minigrad.kernels.machine import ufuncs

    many = next(x.dtype for x in inputs if isinstance(x, ndarray) and x.size == out.size)
    operands = [x if isinstance(x, ndarray) else np.asarray(x, many) for x in inputs]
    return ufuncs.share(ufunc, [*operands, out], BLOCK, out.size * NANOSECONDS)


def loop_pays(x: Array) -> bool:
    """Whether a loop with NumPy's bits is quicker for x, though it is not large: if it is there already."""
    return (
        x.size > FEW
        and "minigrad.kernels.elementwise.loops" in sys.modules
        and x.dtype.char in "fd"
        and x.flags.c_contiguous
    )


def loop(name: str, x: Array, *others: Array) -> Array:
    """The loop of that name in `loops`, over x and arrays of its shape and dtype, on several threads."""
    from minigrad.kernels.elementwise import loops  # the first need of Numba

    return looped(getattr(loops, name), (x, *others))


def looped(
    compiled: Callable[..., None], arrays: tuple[Array, ...], numbers: tuple[float, ...] = ()
) -> Array:
    """A compiled loop over arrays of one shape and dtype, on several threads; numbers follow the arrays."""
    from minigrad.kernels.machine import team

    first = arrays[0]
    keep_memory()
    out = np.empty(first.shape, first.dtype)
    flat = tuple([np.ascontiguousarray(y, first.dtype).reshape(-1) for y in (*arrays, out)])
    kinds = tuple([first.dtype.type(n) for n in numbers])
    blocks = -(-first.size // BLOCK)
    cost = first.size * NANOSECONDS
    threads.share(team.by_blocks(compiled), (flat, kinds, BLOCK), blocks, cost)
    return out

"""What the families of ops share: promotion of their inputs, and the reading of ``dim`` arguments."""

from __future__ import annotations

import collections
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _convert, _types
from .._tape import Array, Traced, engine, primitive, wrap
from ..kernels.elementwise import copied, half, large

Number = (bool, int, float, np.number, np.bool_)


engine.copying.copied = copied


@primitive(title="ToCopyBackward0", quiet=True)
def _cast(input, /, dtype):
    if half.many(input):
        if dtype is _types.float16.np and input.dtype is _types.float32.np:
            return half.to_half(input)
        if dtype is _types.float32.np and input.dtype is _types.float16.np:
            return half.from_half(input)
    return _convert.in_dtype(input, dtype)


_cast.vjps(input=lambda g, input: _cast(g, input.dtype))


def cast(input: Any, dtype: np.dtype[Any]) -> Any:
    """``input`` converted to a NumPy dtype, in a copy; gradients pass to floating-point dtypes only."""
    if dtype.kind != "f" and isinstance(input, Traced):
        return _cast(wrap(input.array), dtype)
    return _cast(input, dtype)


number_as = _convert.number
"""A number as a 0-d array; RuntimeError if it does not fit the dtype."""


def computed_in(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype in which torch reads the numbers beside a tensor: for float16, float32."""
    return _types.float32.np if dtype is _types.float16.np else dtype


def converted(x: Any, dtype: np.dtype[Any]) -> Any:
    """A tensor, array or number as a tensor or array of ``dtype``."""
    if isinstance(x, Traced):
        return x if x.array.dtype is dtype else cast(x, dtype)
    if isinstance(x, np.ndarray):
        return x.astype(dtype, copy=False)
    if dtype.kind in "iu":
        return np.array(int(x) % (1 << 64), np.uint64).astype(dtype)  # as torch: wrapping around
    if isinstance(x, (float, np.floating)):  # beside a tensor a float may overflow
        return _convert.in_dtype(np.array(float(x)), dtype)
    return number_as(x, dtype)


def operands(inputs: Sequence[Any]) -> list[Any]:
    """The arrays and numbers among what an op was given; TypeError for anything else."""
    found = [x.array if isinstance(x, Traced) else x for x in inputs]
    for x in found:
        if not isinstance(x, (np.ndarray, *Number)):
            raise TypeError(f"expected a Tensor or a number, not {type(x).__name__}")
    return found


def joint_dtype(inputs: Sequence[Any], arrays: list[Any]) -> np.dtype[Any]:
    """Torch's result dtype; beside an ndarray NumPy's, as torch leaves such an operator to NumPy.

    arrays: what ``operands`` made of the inputs.
    """
    if not any(isinstance(x, np.ndarray) for x in inputs):
        return _types.result_dtype(arrays)
    dtypes = [a.dtype for a in arrays if isinstance(a, np.ndarray)]
    return _types.of(np.result_type(*dtypes)).np


def common(*inputs: Any) -> list[Any] | None:
    """The inputs with torch's result dtype; None if they have it already."""
    arrays = operands(inputs)
    dtype = joint_dtype(inputs, arrays)
    if all(isinstance(a, np.ndarray) and a.dtype is dtype for a in arrays):
        return None
    return [converted(x, dtype) for x in inputs]


def common_float(*inputs: Any) -> list[Any] | None:
    """As ``common``, and integers become the default floating-point dtype."""
    arrays = operands(inputs)
    dtype = joint_dtype(inputs, arrays)
    if dtype.kind != "f":
        dtype = _types.default()
    if all(isinstance(a, np.ndarray) and a.dtype is dtype for a in arrays):
        return None
    return [converted(x, dtype) for x in inputs]


def tensors_only(name: str, promote: Any = common) -> Any:
    """``promote``, after refusing numbers where torch has an op for tensors only."""

    def checked(*inputs: Any) -> Any:
        for i, x in enumerate(inputs):
            if not isinstance(x, (Traced, np.ndarray)):
                argument = ("input", "other")[i]
                raise TypeError(
                    f"{name}(): argument '{argument}' (position {i + 1}) must be Tensor, not {type(x).__name__}"
                )
        return promote(*inputs)

    return checked


elementwise = functools.partial(primitive, promote=common, quiet=True, large=large)
"""Makes an op of an elementwise function of several inputs: shapes broadcast, dtypes promote."""

unary = functools.partial(primitive, quiet=True, large=large)
"""Makes an op of an elementwise function of one input."""


def floating(x: Array) -> Array:
    """``x`` in a floating-point dtype: the default one if it is an integer or bool."""
    return x if x.dtype.kind == "f" else x.astype(_types.default())


def by_rows(made: Any) -> Any:
    """An answer by rows in memory: as torch lays out reductions and scans, where NumPy follows the input."""
    return made if made.ndim < 2 or made.flags.c_contiguous else np.ascontiguousarray(made)


def none_given(dim: Any) -> bool:
    """Whether ``dim`` is a tuple or list of no dimensions."""
    return isinstance(dim, (tuple, list)) and not dim


def one_dim(dim: Any, ndim: int) -> int:
    """A dimension counted from the front; IndexError if there is no such dimension."""
    n = ndim or 1  # a 0-d tensor may be addressed as if it had one dimension
    if type(dim) is int and -n <= dim < n:
        return dim if dim >= 0 else dim + n
    try:
        d = dim.__index__()
    except AttributeError:
        raise TypeError(f"dim must be an int, not {type(dim).__name__}") from None
    if not -n <= d < n:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {d})"
        )
    return int(d + n if d < 0 else d)


def all_dims(dim: Any, ndim: int) -> tuple[int, ...]:
    """Dimensions counted from the front: all for None or (); RuntimeError if one stands twice."""
    if type(dim) is int:
        d = one_dim(dim, ndim)
        return (d,) if ndim else ()
    if dim is None or none_given(dim):
        return tuple(range(ndim))
    dims = tuple(one_dim(d, ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,)))
    for d in dims:
        if dims.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return dims if ndim else ()


def whole(name: str, argument: str, value: Any) -> int:
    """An argument that must be an int, as one; TypeError otherwise."""
    if type(value) is int:
        return value
    if isinstance(value, Traced) and value.array.ndim == 0 and value.array.dtype.kind in "iu":
        return int(value.array)
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}(): argument '{argument}' must be int, not {type(value).__name__}")
    return int(value.__index__())


def expect(name: str, **arguments: Any) -> None:
    """TypeError, in torch's words, for an argument that is no tensor."""
    for i, (argument, value) in enumerate(arguments.items(), 1):
        if not isinstance(value, Traced):
            raise TypeError(
                f"{name}(): argument '{argument}' (position {i}) must be Tensor, not {type(value).__name__}"
            )


def title(x: Any) -> str:
    """The name torch has for the dtype of a tensor: Float, Long ..."""
    return _types.of(x.array.dtype).title


def shape_of(sizes: Any) -> tuple[int, ...]:
    """Sizes given as ints or as one sequence, as a tuple of ints."""
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = sizes[0]
    for s in sizes:
        if type(s) is not int:
            break
    else:
        return tuple(sizes)
    try:
        return tuple(s if type(s) is int else s.__index__() for s in sizes)
    except AttributeError:
        bad = next(s for s in sizes if not hasattr(s, "__index__"))
        raise TypeError(f"sizes must be ints, but found {type(bad).__name__}") from None


def entitled(made: Any, title: str) -> Any:
    """What a composite function answers, its nodes (not its inputs') under the name that torch has for them."""
    for out in made if isinstance(made, tuple) else (made,):
        if isinstance(out, Traced) and out.node is not None:
            out.node.title = title
    return made


def titled(title: str) -> Any:
    """Decorates a composite function of which torch makes one node of this name."""

    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return entitled(function(*args, **kwargs), title)

        return call

    return decorate


@functools.cache
def return_type(name: str, *fields: str) -> Any:
    """The class of an op's several answers: a tuple with names that prints as torch's return_types."""

    def text(self: Any) -> str:
        parts = "".join(f"\n{f}={v!r}," for f, v in zip(fields, self))[:-1]
        return f"{_types.package}.return_types.{name}({parts})"

    made: Any = collections.namedtuple(name, fields)  # type: ignore[misc]
    made.__repr__ = text  # type: ignore[method-assign]
    made.__module__ = f"{__name__.split('.')[0]}.return_types"  # where pickle finds it, as torch's
    return made

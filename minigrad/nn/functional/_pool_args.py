"""The reading of pooling's arguments: every shape and every error in one place, in torch's words."""

from __future__ import annotations

import functools
from typing import Any

from ..._tape import Traced
from ..._types import of
from ...kernels.pool import windows
from ...kernels.pool.windows import Moves, Window

Sizes = tuple[int, ...]

_COUNT = {2: "two", 3: "three"}
_AXES = {1: "W", 2: "HW", 3: "THW"}


def tensor(name: str, value: Any, what: str = "input", position: int = 1) -> Any:
    """The tensor's array; TypeError for anything else."""
    if not isinstance(value, Traced):
        raise TypeError(
            f"{name}(): argument '{what}' (position {position}) must be Tensor, not {type(value).__name__}"
        )
    return value.array


def refuse(kernel: str, dtype: Any) -> None:
    """NotImplementedError for a dtype that torch's kernel of that name does not take."""
    raise NotImplementedError(f"\"{kernel}\" not implemented for '{of(dtype).title}'")


def check_maximum(n: int, dtype: Any, indices: bool) -> None:
    """NotImplementedError for the dtypes that torch has no max-pooling of."""
    if n == 1 and not indices:
        refuse("max_pool1d_impl", dtype)
    if dtype.kind == "b":
        refuse(f"max_pool{max(n, 2)}d", dtype)


def check_mean(n: int, dtype: Any) -> None:
    """NotImplementedError for the dtypes that torch has no average pooling of."""
    if dtype.name != "int64":
        refuse("avg_pool3d_out_frame" if n == 3 else "avg_pool2d", dtype)


def ints(name: str, what: str, position: int, value: Any, n: int, absent: str = "be") -> Sizes:
    """An int, or a sequence of one or n ints, as n ints; TypeError or RuntimeError otherwise."""
    if hasattr(value, "__index__") and not isinstance(value, bool):
        return (value.__index__(),) * n
    if not isinstance(value, tuple):
        raise TypeError(
            f"{name}(): argument '{what}' (position {position}) must be tuple of ints, not {type(value).__name__}"
        )
    for i, v in enumerate(value):
        if not hasattr(v, "__index__") or (
            i == 0 and isinstance(v, bool)
        ):  # as torch: only the first
            raise TypeError(
                f"{name}(): argument '{what}' (position {position}) must be tuple of ints, but found element of type "
                f"{type(v).__name__} at pos {i}"
            )
    if len(value) not in (1, n):
        if n == 1:
            raise RuntimeError(
                f"{name}() argument '{what}' should contain one int (got {len(value)})"
            )
        raise RuntimeError(
            f"{name}: {what} must {absent} a single int, or a tuple of {_COUNT[n]} ints"
        )
    values = tuple(v.__index__() for v in value)
    return values * n if len(values) == 1 else values


def output(n: int, k: int, s: int, p: int, d: int, ceil: bool) -> int:
    """The number of windows along one dimension; with `ceil`, of those that start before its end."""
    out = (n + 2 * p - d * (k - 1) - 1 + (s - 1 if ceil else 0)) // s + 1
    return out - 1 if ceil and (out - 1) * s >= n + p else out


def _check_moves(n: int, k: Sizes, s: Sizes, p: Sizes, d: Sizes) -> None:
    if 0 in s:
        raise RuntimeError("stride should not be zero")
    axes = _AXES[n] if n > 1 else "HW"

    def each(letter: str, values: Sizes) -> str:
        values = values if n > 1 else (1, *values)
        return " ".join(f"{letter}{axis}: {v}" for axis, v in zip(axes, values))

    for name, letter, values in (("kernel size", "k", k), ("stride", "d", s)):
        if min(values) <= 0:
            raise RuntimeError(
                f"{name} should be greater than zero, but got {each(letter, values)}"
            )
    if min(d) <= 0:
        raise RuntimeError(f"dilation should be greater than zero, but got {each('dilation', d)}")
    for pad, size, apart in zip(p, k, d):
        if pad < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {pad}")
        if pad > ((size - 1) * apart + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={pad}, kernel_size={size} and "
                f"dilation={apart}"
            )


def _check_moves_1d(k: int, s: int, p: int, d: int, indices: bool) -> None:
    for what, value in (("kernel_size", k), ("stride", s), ("dilation", d)):
        if value <= 0:
            raise RuntimeError(f"max_pool1d() {what} must be greater than zero, but got {value}")
    if p < 0:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {p}")
    if p > (((k - 1) * d + 1) // 2 if indices else k // 2):
        raise RuntimeError(
            f"max_pool1d() padding should be at most half of kernel size, but got padding={p} and kernel_size={k}"
        )


def _check_input(name: str, n: int, shape: Sizes) -> None:
    """RuntimeError unless there are n + 1 or n + 2 dimensions, of which only the batch may be empty."""
    if len(shape) in (n + 1, n + 2) and 0 not in shape[-n - 1 :]:
        return
    if name == "avg_pool2d" and len(shape) < 3:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-len(shape)}, {len(shape) - 1}], but got -3): "
            f"avg_pool2d() takes 3D or 4D input, but got:{list(shape)}"
        )
    if n > 1 and name != "avg_pool2d" and len(shape) not in (n + 1, n + 2):
        raise RuntimeError(
            f"non-empty {n + 1}D or {n + 2}D (batch mode) tensor expected for input: got {list(shape)}"
        )
    prefix = f"{name}: " if n == 1 else ""
    raise RuntimeError(
        f"{prefix}Expected {n + 1}D or {n + 2}D (batch mode) tensor with optional 0 dim batch size for input, but "
        f"got:{list(shape)}"
    )


def _moves(
    name: str, n: int, shape: Sizes, k: Sizes, s: Sizes, p: Sizes, d: Sizes, ceil: bool
) -> Moves:
    size = shape[-n:]
    out = tuple(output(*each, ceil) for each in zip(size, k, s, p, d))
    if min(out) < 1:
        if name == "max_pool1d":
            raise RuntimeError(f"max_pool1d() Invalid computed output size: {out[0]}")
        given, made = ("x".join(map(str, (shape[-n - 1], *sizes))) for sizes in (size, out))
        raise RuntimeError(
            f"Given input size: ({given}). Calculated output size: ({made}). Output size is too small"
        )
    return Moves(size, k, s, p, d, out)


def _read_moves(
    name: str, n: int, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: Any
) -> tuple[Sizes, Sizes, Sizes, Sizes]:
    if type(ceil) is not bool:
        raise TypeError(f"{name}(): argument 'ceil_mode' must be bool, not {type(ceil).__name__}")
    k = ints(name, "kernel_size", 2, kernel, n, "either be")
    s = k
    if stride is not None and stride != ():
        s = ints(name, "stride", 3, stride, n, "either be omitted,")
    p = ints(name, "padding", 4, padding, n, "either be")
    return k, s, p, ints(name, "dilation", 5, dilation, n, "be either")


@functools.lru_cache(maxsize=1024, typed=True)
def max_window(
    n: int,
    shape: Sizes,
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil: bool,
    indices: bool = False,
) -> Window:
    """The windows of max-pooling an input of this shape; TypeError or RuntimeError for what cannot be."""
    name = f"max_pool{n}d"
    k, s, p, d = _read_moves(name, n, kernel, stride, padding, dilation, ceil)
    if n == 1:
        _check_moves_1d(k[0], s[0], p[0], d[0], indices)
    else:
        _check_moves(n, k, s, p, d)
    _check_input(name, n, shape)
    return windows.regular(_moves(name, n, shape, k, s, p, d, ceil))


@functools.lru_cache(maxsize=1024, typed=True)
def mean_window(
    n: int,
    shape: Sizes,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil: bool,
    include_pad: bool,
    divisor: Any,
) -> Window:
    """The windows of average-pooling an input of this shape; TypeError or RuntimeError for what cannot be."""
    name = f"avg_pool{n}d"
    k, s, p, d = _read_moves(name, n, kernel, stride, padding, 1, ceil)
    if divisor is not None and not hasattr(divisor, "__index__"):
        raise TypeError(
            f"{name}(): argument 'divisor_override' must be int, not {type(divisor).__name__}"
        )
    if divisor == 0:
        raise RuntimeError("divisor must be not zero")
    _check_moves(n, k, s, p, d)
    _check_input(name, n, shape)
    if n == 3 and any(size < width for size, width in zip(shape[-3:], k)):
        image, window = (
            " ".join(f"{mark}{axis}: {v}" for axis, v in zip(_AXES[3], sizes))
            for mark, sizes in (("", shape[-3:]), ("k", k))
        )
        raise RuntimeError(f"input image ({image}) smaller than kernel size ({window})")
    moves = _moves(name, n, shape, k, s, p, d, ceil)
    return windows.regular(moves, include_pad, divisor)


# ---------------------------------------------------------------------------- adaptive
@functools.lru_cache(maxsize=1024, typed=True)
def adaptive(name: str, n: int, shape: Sizes, output_size: Any) -> Window:
    """The windows that share an input of this shape; TypeError or RuntimeError for what cannot be."""
    if len(shape) not in (n + 1, n + 2):
        raise RuntimeError(f"{name}(): Expected {n + 1}D or {n + 2}D tensor, but got {list(shape)}")
    size = shape[-n:]
    if isinstance(output_size, tuple):
        if n > 1 and len(shape) <= len(output_size):
            raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
        if len(output_size) != n:
            raise RuntimeError(
                f"{name}: output_size must be {n}"
                if n > 1
                else f"{name}() argument 'output_size' should contain one int (got {len(output_size)})"
            )
        if n > 1:
            output_size = tuple(s if o is None else o for o, s in zip(output_size, size))
    out = ints(name, "output_size", 2, output_size, n)
    if min(out) < 0:
        if "max" in name:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {min(out)}: {[*shape[:-n], *out]}"
            )
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received "
            f"{{{', '.join(map(str, out))}}}"
        )
    return windows.adaptive(size, out)


def check_not_empty(name: str, n: int, shape: Sizes, lead: int) -> None:
    """RuntimeError if one of the last ``n + lead`` dimensions is empty; the first of all may be, batch or not."""
    for d in range(max(1, len(shape) - n - lead), len(shape)):
        if shape[d] == 0:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
                f"{list(shape)} with dimension {d} being empty"
            )

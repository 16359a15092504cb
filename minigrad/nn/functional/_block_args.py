"""The reading of the arguments of fractional pooling, max-unpooling, unfold and fold, with torch's errors."""

from __future__ import annotations

import functools
import math
from typing import Any

from ..._types import of
from ...kernels.pool.windows import Moves
from ._conv_args import key
from ._pool_args import Sizes, check_not_empty, ints, output


# ---------------------------------------------------------------------------- fractional
def fractional(
    n: int, shape: Sizes, kernel: Any, output_size: Any, output_ratio: Any
) -> tuple[Sizes, Sizes]:
    """(kernel, output) of fractional max-pooling; ValueError, TypeError or RuntimeError for what cannot be."""
    name = f"fractional_max_pool{n}d"
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    if len(shape) not in (n + 1, n + 2):
        raise RuntimeError(
            f"{name}(): Expected {n + 1}D or {n + 2}D tensor, but got: {list(shape)}"
        )
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * n
        if len(ratios) != n:
            raise RuntimeError(f"{name}: output_ratio must be a number or {n} of them")
        output_size = tuple(int(size * ratio) for size, ratio in zip(shape[-n:], ratios))
    pair: list[Sizes] = []
    for what, value in (("kernel_size", kernel), ("output_size", output_size)):
        value = key(value)
        if isinstance(value, tuple) and len(value) not in (1, n):
            raise RuntimeError(f"{name}: {what} must either be a single Int or tuple of Ints")
        pair.append(ints(name, what, 2 + len(pair), value, n))
    check_not_empty(name, n, shape, 1)
    for axis, size, k, out in zip(("time", "height", "width")[-n:], shape[-n:], *pair):
        if out + k - 1 > size - (n == 3):  # torch wants one place more there
            raise RuntimeError(
                f"{name}{'_out' if n == 3 else ''}(): pool {axis} {k} too large relative to input {axis} {size}"
            )
    return pair[0], pair[1]


def check_samples(n: int, shape: Sizes, dtype: Any, samples: Any) -> None:
    """RuntimeError unless the samples are (N, C, n) and of the input's dtype."""
    if samples.dtype != dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    if samples.ndim != 3:
        raise RuntimeError(f"Expect _random_samples to have 3 dimensions; got {samples.ndim}.")
    batch = shape[0] if len(shape) == n + 2 else 1
    if samples.shape[0] < batch:
        raise RuntimeError("Expect _random_samples.size(0) no less then input batch size.")
    if samples.shape[1] != shape[-n - 1]:
        raise RuntimeError("Expect _random_samples.size(1) equals to input channel size.")
    if samples.shape[2] != n:
        raise RuntimeError(f"Expect _random_samples.size(2) equals to {n}; got {samples.shape[2]}.")


# ---------------------------------------------------------------------------- unpooling
def unpooled(
    n: int, shape: Sizes, kernel: Any, stride: Any, padding: Any, output_size: Any
) -> Sizes:
    """The spatial size of max-unpooling an input of this shape; RuntimeError or ValueError for what cannot be."""
    name = f"max_unpool{n}d"
    k = ints(name, "kernel_size", 3, key(kernel), n)
    s = k if stride is None else ints(name, "stride", 4, key(stride), n)
    p = ints(name, "padding", 5, key(padding), n)
    if len(shape) not in (n + 1, n + 2):
        raise RuntimeError(
            f"Input to max_unpooling{n}d should be a {n + 1}d or {n + 2}d Tensor, but got a tensor with {len(shape)} "
            "dimensions."
        )
    for d in range(1, len(shape)):
        if shape[d] == 0:
            raise RuntimeError(
                f"max_unpooling{n}d(): Expected input to have non-zero size for non-batch dimensions, but got "
                f"{list(shape)} with dimension {d} being empty."
            )
    if min(s) <= 0:
        raise RuntimeError(f"strides should be greater than zero, but got stride: {list(s)}")
    usual = tuple(
        (size - 1) * step + w - 2 * pad for size, step, w, pad in zip(shape[-n:], s, k, p)
    )
    if output_size is None:
        return usual
    wanted = tuple(output_size)
    if len(wanted) == n + 2:
        wanted = wanted[2:]
    if len(wanted) != n:
        raise ValueError(
            f"output_size should be a sequence containing {n} or {n + 2} elements, but it has a length of "
            f"'{len(wanted)}'"
        )
    for d, (size, step) in enumerate(zip(usual, s)):
        if not size - step < wanted[d] < size + step:
            raise ValueError(
                f'invalid output_size "{wanted}" (dim {d} must be between {size - step} and {size + step})'
            )
    return wanted


def check_indices(n: int, shape: Sizes, indices: Any, size: Sizes) -> None:
    """RuntimeError unless the indices are int64, one for each number, and inside planes of this size."""
    if indices.dtype.name != "int64":
        raise RuntimeError(
            f"elements in indices should be type int64 but got: {of(indices.dtype).title}"
        )
    if indices.shape != shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(shape)}) but got indices tensor "
            f"with shape: {list(indices.shape)}"
        )
    if indices.size and (indices.min() < 0 or indices.max() >= math.prod(size)):
        bad = indices.min() if indices.min() < 0 else indices.max()
        raise RuntimeError(
            f"Found an invalid max index: {bad} (output volumes are of size {'x'.join(map(str, size))})"
        )


# ---------------------------------------------------------------------------- unfold, fold
def _pair(what: str, value: Any, name: str) -> Sizes:
    value = key(value)
    if isinstance(value, tuple) and len(value) != 2:
        raise RuntimeError(f"It is expected {what} equals to 2, but got size {len(value)}")
    return ints(name, what, 2, value, 2)


def block_moves(
    name: str, kernel: Any, dilation: Any, padding: Any, stride: Any
) -> tuple[Sizes, Sizes, Sizes, Sizes]:
    """Kernel, stride, padding and dilation of unfold and fold as pairs; TypeError or RuntimeError otherwise."""
    k, d, p, s = (
        _pair(what, value, name)
        for what, value in (
            ("kernel_size", kernel),
            ("dilation", dilation),
            ("padding", padding),
            ("stride", stride),
        )
    )
    for what, short, value in (
        ("kernel size", "kernel", k),
        ("stride", "stride", s),
        ("dilation", "dilation", d),
    ):
        if min(value) <= 0:
            raise RuntimeError(
                f"{what} should be greater than zero, but got {short}_height: {value[0]} {short}_width: {value[1]}"
            )
    if min(p) < 0:
        raise RuntimeError(
            f"padding should be non-negative, but got pad_height: {p[0]} pad_width: {p[1]}"
        )
    return k, s, p, d


@functools.lru_cache(maxsize=1024, typed=True)
def unfolded(shape: Sizes, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Moves:
    """The windows of unfold; RuntimeError if not even one fits."""
    k, s, p, d = block_moves("im2col", kernel, dilation, padding, stride)
    if len(shape) < 3:
        raise IndexError(
            f"Dimension out of range: im2col() takes a tensor of 3 or 4 dimensions, but got: {list(shape)}"
        )
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for "
            f"input, but got: {list(shape)}"
        )
    size = shape[-2:]
    out = tuple(output(*each, False) for each in zip(size, k, s, p, d))
    if min(out) < 1:
        raise RuntimeError(
            f"Given input with spatial size {size}, kernel_size={k}, dilation={d}, padding={p}, calculated shape of "
            f"the array of sliding blocks as {out}, but its components must be at least one."
        )
    return Moves(size, k, s, p, d, out)


@functools.lru_cache(maxsize=1024, typed=True)
def folded(
    shape: Sizes, output_size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any
) -> Moves:
    """The windows of fold; RuntimeError if the columns do not fit its arguments."""
    k, s, p, d = block_moves("col2im", kernel, dilation, padding, stride)
    size = _pair("output_size", output_size, "col2im")
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(shape)}"
        )
    if shape[-2] % (k[0] * k[1]):
        raise RuntimeError(
            f"Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={shape[-2]} and kernel_size={k}."
        )
    out = tuple(output(*each, False) for each in zip(size, k, s, p, d))
    if min(out) < 1 or out[0] * out[1] != shape[-1]:
        raise RuntimeError(
            f"Given output_size={size}, kernel_size={k}, dilation={d}, padding={p}, stride={s}, expected size of "
            f"input's dimension 2 to match the calculated number of sliding blocks {out[0]} * {out[1]} = "
            f"{out[0] * out[1]}, but got input.size(2)={shape[-1]}."
        )
    return Moves(size, k, s, p, d, out)

"""Fractional max-pooling and max-unpooling in torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _sampling
from ..._tape import wrap
from ...kernels.pool import windows
from ...ops import pool as ops
from ...tensor import Tensor
from . import _block_args, _pool_args

_UNPOOL = {1: "SqueezeBackward1", 2: "MaxUnpool2DBackward0", 3: "MaxUnpool3DBackward0"}


def _starts(samples: Any, size: int, out: int, k: int) -> Any:
    """Where windows start, for samples (planes,) in [0, 1): pseudo-random, from 0 to the last place."""
    kind = samples.dtype.type
    starts = np.zeros((len(samples), out), np.int64)
    if out > 1:
        alpha = kind(size - k) / kind(out - 1)
        o = np.arange(out - 1).astype(kind)
        starts[:, :-1] = ((o + samples[:, None]) * alpha).astype(np.int64)
        starts[:, :-1] -= (samples[:, None] * alpha).astype(np.int64)
    if out > 0:
        starts[:, -1] = size - k
    return starts


def _fractional(
    n: int,
    input: Any,
    kernel_size: Any,
    output_size: Any,
    output_ratio: Any,
    return_indices: Any,
    samples: Any,
) -> Any:
    name = f"fractional_max_pool{n}d"
    array = _pool_args.tensor(name, input)
    shape = array.shape
    kernel, out = _block_args.fractional(n, shape, kernel_size, output_size, output_ratio)
    if array.dtype.kind != "f":
        _pool_args.refuse("check_uniform_bounds", array.dtype)
    batch = shape[0] if len(shape) == n + 2 else 1
    if samples is None:
        drawn = _sampling.default.rand((batch, shape[-n - 1], n), array.dtype)
    else:
        drawn = _pool_args.tensor(name, samples, "_random_samples", 4)
        _block_args.check_samples(n, shape, array.dtype, drawn)
    drawn = drawn[:batch].reshape(-1, n)
    if n == 2:  # torch gives a picture's columns the first sample
        drawn = drawn[:, ::-1]
    if len(drawn):
        starts = [_starts(drawn[:, d], shape[d - n], out[d], kernel[d]) for d in range(n)]
    else:
        starts = [np.zeros((1, many), np.int64) for many in out]
    window = windows.fractional(shape[-n:], kernel, starts)
    values, positions = ops.max_pool(input, window, f"FractionalMaxPool{n}DBackward0")
    return (values, wrap(positions.array.astype(np.int64))) if return_indices else values


def _named(n: int, indices: bool, said: str) -> Any:
    """The function of torch's in n dimensions, which answers positions when asked to, or (indices) always."""

    def function(
        input: Tensor,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> Any:
        positions = indices or return_indices
        return _fractional(
            n, input, kernel_size, output_size, output_ratio, positions, _random_samples
        )

    name = f"fractional_max_pool{n}d{'_with_indices' if indices else ''}"
    function.__name__ = function.__qualname__ = name
    function.__doc__ = said
    return function


fractional_max_pool2d = _named(
    2,
    False,
    """The maxima over windows at pseudo-random steps: (N, C, H, W) -> (N, C, *output_size).

    output_size, or output_ratio (a number or a pair) to multiply the input's size by.  The steps come from the default
    generator, or from ``_random_samples`` (N, C, 2) in [0, 1).  ValueError if neither size nor ratio is given.
    Source: Graham, Fractional Max-Pooling, https://arxiv.org/abs/1412.6071
    """,
)
fractional_max_pool3d = _named(
    3,
    False,
    "The maxima over windows at pseudo-random steps: (N, C, D, H, W) -> (N, C, *output_size).",
)
fractional_max_pool2d_with_indices = _named(
    2,
    True,
    "``fractional_max_pool2d`` and the positions of the maxima: (N, C, H, W) -> (N, C, *output_size) twice.",
)
fractional_max_pool3d_with_indices = _named(
    3,
    True,
    "``fractional_max_pool3d`` and the positions of the maxima: (N, C, D, H, W) -> (N, C, *output_size) twice.",
)


# ------------------------------------------------------------------------------ unpooling
def _max_unpool(
    n: int,
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
) -> Any:
    array = _pool_args.tensor(f"max_unpool{n}d", input)
    places = _pool_args.tensor(f"max_unpool{n}d", indices, "indices", 2)
    size = _block_args.unpooled(n, array.shape, kernel_size, stride, padding, output_size)
    if array.dtype.kind != "f":
        _pool_args.refuse(f"max_unpool{max(n, 2)}d", array.dtype)
    _block_args.check_indices(n, array.shape, places, size)
    return ops.put_at(input, places, size, _UNPOOL[n])


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Numbers put back where max-pooling found them, zeros elsewhere: (N, C, L) -> (N, C, L')."""
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Numbers put back where max-pooling found them, zeros elsewhere: (N, C, H, W) -> (N, C, H', W').

    indices: what ``max_pool2d(..., return_indices=True)`` answered (int64, input's shape).  output_size: one of the
    sizes that these windows pool to the input's; the least if None.  The last of numbers with one index is kept.

    >>> import minigrad as mg
    >>> values, indices = mg.nn.functional.max_pool2d(
    ...     mg.tensor([[[1., 2.], [5., 3.]]]), 2, return_indices=True)
    >>> mg.nn.functional.max_unpool2d(values, indices, 2)
    tensor([[[0., 0.],
             [5., 0.]]])
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Numbers put back where max-pooling found them, zeros elsewhere: (N, C, D, H, W) -> (N, C, D', H', W')."""
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)

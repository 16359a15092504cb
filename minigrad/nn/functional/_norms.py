"""Normalisation in torch's signatures.

Inputs are (N, C, *size) unless said otherwise.  RuntimeError, ValueError or TypeError, in torch's words, for arguments
that do not fit; NotImplementedError for integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._tape import Array, cell, mode
from ...kernels.norm import Layout
from ...ops import functions, norm, reduce
from ...ops._common import cast, expect, whole
from ...ops._public import delivered
from ...ops.choosing import clamp_min
from ...ops.elementwise import true_div
from ...ops.factor import old_norm
from ...ops.shape import expand, reshape, squeeze, unsqueeze
from ...tensor import Tensor
from . import _norm_args as read
from ._pad import pad
from ._pooling import avg_pool2d, avg_pool3d

_HALF, _SINGLE = np.dtype(np.float16), np.dtype(np.float32)


# ------------------------------------------------------------------------------ running statistics
def _as_they_are(tensor: Any) -> Array:
    """A running statistic (C,), in a copy if gradients may need it later."""
    array: Array = tensor.array.reshape(-1)
    return array.copy() if mode.grad else array


def _follow(running: Any, found: Array, momentum: float) -> None:
    """Move running statistics towards those found, in place; as in torch their version stays."""
    array = running.array
    array[...] = momentum * found.reshape(array.shape) + (1 - momentum) * array.astype(np.float64)


def _unbiased(var: Array, layout: Layout) -> Array:
    return var * (layout.size / (layout.size - 1))


# ------------------------------------------------------------------------------ the functions
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Every channel of (N, C, *size) with mean 0 and variance 1 over the batch, times weight plus bias (C,).

    With ``training`` by the batch's own mean and biased variance; the running ones, if given, are moved
    towards these, the unbiased variance, by the share ``momentum``.  Otherwise by the running ones.
    ValueError for one value per channel when training, RuntimeError if there is nothing to normalise by.
    Source: Ioffe and Szegedy, Batch Normalization (2015), https://arxiv.org/abs/1502.03167

    >>> import minigrad as mg
    >>> x = mg.tensor([[1.0, 10.0], [3.0, 30.0]])
    >>> mg.nn.functional.batch_norm(x, None, None, training=True)
    tensor([[-1.0000, -1.0000],
            [ 1.0000,  1.0000]])
    """
    name = "batch_norm"
    if not isinstance(training, (bool, np.bool_)):
        raise TypeError(
            f"{name}(): argument 'training' (position 6) must be bool, not {type(training).__name__}"
        )
    eps, momentum = read.number(name, "eps", 8, eps), read.number(name, "momentum", 7, momentum)
    statistics = {"running_mean": running_mean, "running_var": running_var}
    given = read.described(name, input, **statistics, weight=weight, bias=bias)
    layout = read.batch(*given, bool(training), eps)
    read.constant(**statistics)
    title = "NativeBatchNormBackward0"
    if not training:
        fixed = _as_they_are(running_mean), _as_they_are(running_var)
        return norm.channel_scale(input, weight, bias, *fixed, layout, eps, title)
    out, mean, var = norm.channel_norm(input, weight, bias, layout, eps, title)
    if running_mean is not None and input.array.size:
        _follow(running_mean, mean.array, momentum)
        _follow(running_var, _unbiased(var.array, layout), momentum)
    return out


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Every channel of every sample of (N, C, *size) with mean 0 and variance 1, times weight plus bias (C,).

    Running statistics, if given, are moved towards the batch's means of those found.  Without
    ``use_input_stats`` they are what is normalised by.
    ValueError for one number per channel and sample.
    Source: Ulyanov et al., Instance Normalization (2016), https://arxiv.org/abs/1607.08022
    """
    name, title = "instance_norm", "ViewBackward0"
    eps, momentum = read.number(name, "eps", 8, eps), read.number(name, "momentum", 7, momentum)
    statistics = {"running_mean": running_mean, "running_var": running_var}
    given = read.described(name, input, **statistics, weight=weight, bias=bias)
    layout = read.instance(*given, bool(use_input_stats))
    read.constant(**statistics)
    if not use_input_stats:
        fixed = _as_they_are(running_mean), _as_they_are(running_var)
        return norm.channel_scale(input, weight, bias, *fixed, layout, eps, title)
    out, mean, var = norm.channel_norm(input, weight, bias, layout, eps, title)
    if running_mean is not None and running_var is not None and input.array.size:
        pairs = ((running_mean, mean.array), (running_var, _unbiased(var.array, layout)))
        for running, found in pairs:
            _follow(running, found.reshape(input.array.shape[:2]).mean(0), momentum)
            cell(running)[0] += 1
    return out


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Every one of ``num_groups`` groups of channels of every sample with mean 0 and variance 1.

    input: (N, C, *size); times weight plus bias (C,).  RuntimeError if the groups do not divide the channels.
    Source: Wu and He, Group Normalization (2018), https://arxiv.org/abs/1803.08494
    """
    name = "group_norm"
    given = read.described(name, input, weight=weight, bias=bias)
    eps, groups = read.number(name, "eps", 5, eps), whole(name, "num_groups", num_groups)
    layout = read.group(*given, groups)
    title = "NativeGroupNormBackward0"
    return norm.channel_norm(input, weight, bias, layout, eps, title)[0]


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """The last dimensions, of ``normalized_shape``, with mean 0 and variance 1, times weight plus bias of that shape.

    RuntimeError unless the input's shape ends in ``normalized_shape``.
    Source: Ba et al., Layer Normalization (2016), https://arxiv.org/abs/1607.06450

    >>> import minigrad as mg
    >>> mg.nn.functional.layer_norm(mg.tensor([[1.0, 3.0], [10.0, 30.0]]), (2,))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """
    name = "layer_norm"
    x, w, b = read.described(name, input, weight=weight, bias=bias)
    eps, sizes = read.number(name, "eps", 5, eps), read.normalized(name, normalized_shape)
    size = read.last_dims(x, sizes, w, b, "LayerNormKernelImpl")
    return norm.layer_norm(input, weight, bias, size, eps)[0]


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """The last dimensions, of ``normalized_shape``, divided by the root of their mean square, times weight.

    eps: added to the mean square; by default the smallest step from 1 in the input's dtype.
    Source: Zhang and Sennrich, Root Mean Square Layer Normalization (2019), https://arxiv.org/abs/1910.07467

    >>> import minigrad as mg
    >>> mg.nn.functional.rms_norm(mg.tensor([3.0, 4.0, 0.0, 0.0]), (4,))
    tensor([1.2000, 1.6000, 0.0000, 0.0000])
    """
    name = "rms_norm"
    x, w = read.described(name, input, weight=weight)
    sizes = read.normalized(name, normalized_shape)
    read.last_dims(x, sizes, w, None, name)
    dtype = input.array.dtype
    wide = cast(input, _SINGLE) if dtype == _HALF else input
    eps = float(np.finfo(dtype).eps) if eps is None else read.number(name, "eps", 4, eps)
    dims = tuple(range(-len(sizes), 0))
    y = wide * functions.rsqrt(reduce.mean(wide * wide, dims, True) + eps)
    if y.array.dtype != dtype:
        y = cast(y, dtype)
    return y if weight is None else y * weight


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Every number of (N, C, *size) divided by (k + alpha * mean square of ``size`` neighbouring channels) ** beta.

    Channels beyond the first and the last count as 0.  ValueError for less than 3 dimensions.
    Source: Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks (2012), section 3.3
    """
    expect("local_response_norm", input=input)
    shape = input.shape
    if len(shape) < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality input (got {len(shape)} dimensions)"
        )
    if not input.array.size:
        return input
    sides = (size // 2, (size - 1) // 2)
    squares = input * input
    if len(shape) == 3:
        padded = pad(unsqueeze(squares, 1), (0, 0, *sides))
        means = squeeze(avg_pool2d(padded, (size, 1), stride=1), 1)
    else:
        deep = reshape(squares, (shape[0], 1, shape[1], shape[2], -1))
        padded = pad(deep, (0, 0, 0, 0, *sides))
        means = reshape(avg_pool3d(padded, (size, 1, 1), stride=1), shape)
    return input / (means * alpha + k) ** beta


def normalize(
    input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None
) -> Tensor:
    """``input`` divided by its p-norm over ``dim``, which counts as ``eps`` at least.

    >>> import minigrad as mg
    >>> mg.nn.functional.normalize(mg.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    expect("normalize", input=input)
    size = expand(clamp_min(old_norm(input, p, dim, keepdim=True), eps), input.shape)
    found = true_div(input, size)
    return found if out is None else delivered("div", (input, size), found, out)

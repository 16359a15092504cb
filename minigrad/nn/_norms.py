"""Normalisation in torch's signatures.

Inputs are (N, C, *size) unless said otherwise.  RuntimeError, ValueError or TypeError, in torch's words, for arguments
that do not fit; NotImplementedError for integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _types
from .._tape import Array, Traced, cell, edge, mode
from ..kernels.norm import Layout
from ..ops import functions, norm, reduce
from ..ops._common import cast, expect, title, whole
from ..ops._public import delivered
from ..ops.choosing import clamp_min
from ..ops.elementwise import true_div
from ..ops.factor import old_norm
from ..ops.shape import expand, reshape, squeeze, unsqueeze
from ..tensor import Tensor
from ._pad import pad
from ._pooling import avg_pool2d, avg_pool3d

_HALF, _SINGLE = np.dtype(np.float16), np.dtype(np.float32)


# ------------------------------------------------------------------------------ what fits
def _tensors(name: str, input: Any, **others: Any) -> None:
    """TypeError for what is no tensor, or for the others, None."""
    expect(name, input=input)
    for argument, value in others.items():
        if value is not None and not isinstance(value, Traced):
            raise TypeError(
                f"{name}(): argument '{argument}' must be Tensor, not {type(value).__name__}"
            )


def _number(name: str, argument: str, position: int, value: Any) -> float:
    if not isinstance(value, (float, int, np.number)):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be float, not "
            f"{type(value).__name__}"
        )
    return float(value)


def _dtypes(kernel: str, input: Any, *parameters: Any) -> None:
    """RuntimeError unless parameters have the input's dtype, or beside float16 all of them float32."""
    dtype = input.array.dtype
    if dtype.kind != "f":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{title(input)}'")
    given = [p for p in parameters if p is not None]
    mixed = dtype == _HALF and not (given and given[0].array.dtype == _HALF)
    expected = _SINGLE if mixed else dtype
    for p in given:
        if p.array.dtype != expected:
            raise RuntimeError(
                f"mixed dtype (CPU): expect parameter to have scalar type of {_types.of(expected).title}, but got "
                f"{title(p)}"
            )


def _of_channels(channels: int, **parameters: Any) -> None:
    """RuntimeError for a parameter that has not one number per channel."""
    for name, p in parameters.items():
        if p is not None and p.array.size != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {p.array.size}")


def _more_than_one(shape: Sequence[int], spatial: bool = False) -> None:
    """ValueError for one value per channel, which has no variance."""
    sizes = shape[2:] if spatial else (*shape[:1], *shape[2:])
    if math.prod(sizes) == 1:
        what = "spatial element" if spatial else "value per channel"
        raise ValueError(f"Expected more than 1 {what} when training, got input size {shape}")


def _layout(shape: Sequence[int], groups: int, joint: bool) -> Layout:
    channels = shape[1]
    return Layout(shape[0], groups, channels // max(1, groups), math.prod(shape[2:]), joint)


# ------------------------------------------------------------------------------ running statistics
def _both(name: str, mean: Any, var: Any, needed: str | None) -> bool:
    """Whether running statistics are given; RuntimeError or ValueError if one is missing."""
    for what, given, other in (("mean", mean, var), ("var", var, mean)):
        if needed is not None and given is None:
            raise RuntimeError(needed.format(what=what))
        if given is None and other is not None:
            raise ValueError(
                "running_mean and running_var must either both be None or neither be None"
            )
        if given is not None and mode.grad and edge(given) is not None:
            raise RuntimeError(
                f"The function '{name}' is not differentiable with respect to argument 'running_{what}'. This input "
                "cannot have requires_grad True."
            )
    return mean is not None


def _frozen(mean: Any, var: Any) -> tuple[Array, Array]:
    """Running statistics in float64, as they are now."""
    return mean.array.astype(np.float64).reshape(-1), var.array.astype(np.float64).reshape(-1)


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
    _tensors(name, input, weight=weight, bias=bias)
    _tensors(name, input, running_mean=running_mean, running_var=running_var)
    if not isinstance(training, (bool, np.bool_)):
        raise TypeError(
            f"{name}(): argument 'training' (position 6) must be bool, not {type(training).__name__}"
        )
    eps, momentum = _number(name, "eps", 8, eps), _number(name, "momentum", 7, momentum)
    shape = input.shape
    if training:
        if not shape:
            raise IndexError("batch_norm(): expected input of at least 1 dimension, but got 0")
        _more_than_one(shape)
    if eps < 0 or (training and eps == 0):
        kind = "positive during training" if training else "non-negative"
        raise ValueError(f"batch_norm eps must be {kind}, but got {eps}")
    if len(shape) < 2:
        raise IndexError(f"batch_norm(): expected (N, C, *) input, but got input of size {shape}")
    missing = None if training else "running_{what} must be defined in evaluation mode"
    tracked = _both("native_batch_norm", running_mean, running_var, missing)
    _of_channels(
        shape[1], running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    _dtypes(name, input, weight, bias, running_mean, running_var)
    layout = _layout(shape, shape[1], True)
    fixed = None if training else _frozen(running_mean, running_var)
    out, mean, var = norm.channel_norm(
        input, weight, bias, layout, fixed, eps, "NativeBatchNormBackward0"
    )
    if training and tracked and input.array.size:
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
    name = "instance_norm"
    _tensors(name, input, weight=weight, bias=bias)
    _tensors(name, input, running_mean=running_mean, running_var=running_var)
    eps, momentum = _number(name, "eps", 8, eps), _number(name, "momentum", 7, momentum)
    shape = input.shape
    if use_input_stats:
        _more_than_one(shape, spatial=True)
    if len(shape) < 2:
        raise IndexError(
            f"instance_norm(): expected (N, C, *) input, but got input of size {shape}"
        )
    missing = None
    if not use_input_stats:
        missing = (
            "Expected running_mean and running_var to be defined when use_input_stats is false"
        )
    tracked = _both("native_batch_norm", running_mean, running_var, missing)
    _of_channels(
        shape[1], running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    _dtypes("batch_norm", input, weight, bias, running_mean, running_var)
    layout = _layout(shape, shape[1], not use_input_stats)
    fixed = None if use_input_stats else _frozen(running_mean, running_var)
    out, mean, var = norm.channel_norm(input, weight, bias, layout, fixed, eps, "ViewBackward0")
    if use_input_stats and tracked and input.array.size:
        for running, found in zip(
            (running_mean, running_var), (mean.array, _unbiased(var.array, layout))
        ):
            _follow(running, found.reshape(shape[:2]).mean(0), momentum)
            cell(running)[0] += 1  # type: ignore[arg-type]
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
    _tensors(name, input, weight=weight, bias=bias)
    shape, groups = input.shape, whole(name, "num_groups", num_groups)
    if len(shape) < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {len(shape)}"
        )
    _more_than_one([shape[0] * shape[1] // groups, groups, *shape[2:]])
    eps = _number(name, "eps", 5, eps)
    if groups < 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {groups}")
    if shape[1] % groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(shape)} and num_groups={groups}"
        )
    for what, p in (("weight", weight), ("bias", bias)):
        if p is not None and p.array.shape != (shape[1],):
            raise RuntimeError(
                f"Expected {what} to be a vector of size equal to the number of channels in input, but got {what} of "
                f"shape {list(p.shape)} and input of shape {list(shape)}"
            )
    _dtypes("GroupNormKernelImpl", input, weight, bias)
    layout = _layout(shape, groups, False)
    return norm.channel_norm(input, weight, bias, layout, None, eps, "NativeGroupNormBackward0")[0]


def _normalized_sizes(
    name: str, input: Any, normalized_shape: Any, gap: str, **parameters: Any
) -> tuple[int, ...]:
    """``normalized_shape`` as ints; RuntimeError unless it is how the input's shape and the parameters' end."""
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
            f"{type(normalized_shape).__name__}"
        )
    sizes = tuple(whole(name, "normalized_shape", n) for n in normalized_shape)
    if not sizes:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for what, p in parameters.items():
        if p is not None and p.array.shape != sizes:
            raise RuntimeError(
                f"Expected {what} to be of same shape as normalized_shape, but got {what} of shape {list(p.shape)} "
                f"and normalized_shape = {list(sizes)}"
            )
    if tuple(input.shape[-len(sizes) :]) != sizes:
        raise RuntimeError(
            f"Given normalized_shape={list(sizes)}, expected input with shape [*{gap}"
            f"{', '.join(map(str, sizes))}], but got input of size{list(input.shape)}"
        )
    return sizes


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
    _tensors(name, input, weight=weight, bias=bias)
    sizes = _normalized_sizes(name, input, normalized_shape, ", ", weight=weight, bias=bias)
    eps = _number(name, "eps", 5, eps)
    _dtypes("LayerNormKernelImpl", input, weight, bias)
    return norm.layer_norm(input, weight, bias, math.prod(sizes), eps)[0]


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
    _tensors(name, input, weight=weight)
    sizes = _normalized_sizes(name, input, normalized_shape, "", weight=weight)
    dtype = input.array.dtype
    if dtype.kind != "f":
        raise NotImplementedError(f"\"rms_norm\" not implemented for '{title(input)}'")
    x = cast(input, _SINGLE) if dtype == _HALF else input
    if eps is None:
        eps = float(np.finfo(dtype).eps)
    dims = tuple(range(-len(sizes), 0))
    y = x * functions.rsqrt(reduce.mean(x * x, dims, True) + _number(name, "eps", 4, eps))
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

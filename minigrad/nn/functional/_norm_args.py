"""The reading of the arguments of normalisation: every shape, dtype and error in one place.

Tensors are described by (shape, dtype), None for none, and what was found to fit is remembered.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import _types
from ..._tape import Traced, edge, mode
from ...kernels.norm import Layout
from ...ops._common import expect, whole

_HALF, _SINGLE = np.dtype(np.float16), np.dtype(np.float32)
RUNNING = ("running_mean", "running_var")


def described(name: str, input: Any, **others: Any) -> tuple[Any, ...]:
    """(shape, dtype) of each tensor, None for None; TypeError for anything else."""
    if not isinstance(input, Traced):
        expect(name, input=input)
    found: list[Any] = [(input.array.shape, input.array.dtype)]
    for argument, value in others.items():
        if value is None:
            found.append(None)
        elif isinstance(value, Traced):
            found.append((value.array.shape, value.array.dtype))
        else:
            raise TypeError(
                f"{name}(): argument '{argument}' must be Tensor, not {type(value).__name__}"
            )
    return tuple(found)


def number(name: str, argument: str, position: int, value: Any) -> float:
    """An argument that must be a number, as a float; TypeError otherwise."""
    if type(value) is float:
        return value
    if not isinstance(value, (float, int, np.number)):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be float, not "
            f"{type(value).__name__}"
        )
    return float(value)


def constant(**statistics: Any) -> None:
    """RuntimeError for running statistics that gradients are wanted of."""
    for name, tensor in statistics.items():
        if tensor is not None and mode.grad and edge(tensor) is not None:
            raise RuntimeError(
                f"The function 'native_batch_norm' is not differentiable with respect to argument '{name}'. This "
                "input cannot have requires_grad True."
            )


def _size(shape: Sequence[int]) -> Any:
    return _types.Size(shape)


def _more_than_one(shape: Any, spatial: bool = False) -> None:
    """ValueError for one value per channel, which has no variance."""
    sizes = shape[2:] if spatial else (*shape[:1], *shape[2:])
    if math.prod(sizes) == 1:
        what = "spatial element" if spatial else "value per channel"
        raise ValueError(f"Expected more than 1 {what} when training, got input size {shape}")


def _dtypes(kernel: str, dtype: Any, *parameters: Any) -> None:
    """RuntimeError unless parameters have the input's dtype, or beside float16 all of them float32."""
    if dtype.kind != "f":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{_types.of(dtype).title}'")
    given = [p[1] for p in parameters if p is not None]
    mixed = dtype == _HALF and not (given and given[0] == _HALF)
    expected = _SINGLE if mixed else dtype
    for found in given:
        if found != expected:
            raise RuntimeError(
                f"mixed dtype (CPU): expect parameter to have scalar type of {_types.of(expected).title}, but got "
                f"{_types.of(found).title}"
            )


def _of_channels(x: Any, mean: Any, var: Any, weight: Any, bias: Any) -> None:
    """RuntimeError for a parameter that has not one number per channel, or a dtype that does not fit."""
    given = zip((*RUNNING, "weight", "bias"), (mean, var, weight, bias))
    for name, p in given:
        if p is not None and math.prod(p[0]) != x[0][1]:
            raise RuntimeError(f"{name} should contain {x[0][1]} elements not {math.prod(p[0])}")
    _dtypes("batch_norm", x[1], weight, bias, mean, var)


def _both_or_none(mean: Any, var: Any) -> None:
    if (mean is None) != (var is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")


@functools.lru_cache(maxsize=1024)
def batch(x: Any, mean: Any, var: Any, weight: Any, bias: Any, training: bool, eps: float) -> Layout:  # fmt: skip
    """The layout of batch normalisation; ValueError, RuntimeError or IndexError if something does not fit."""
    shape = x[0]
    if training:
        if not shape:
            raise IndexError("batch_norm(): expected (N, C, *) input, but got a scalar")
        _more_than_one(_size(shape))
    if eps < 0 or (training and eps == 0):
        kind = "positive during training" if training else "non-negative"
        raise ValueError(f"batch_norm eps must be {kind}, but got {eps}")
    if len(shape) < 2:
        raise IndexError(f"batch_norm(): expected (N, C, *) input, but got input of size {shape}")
    for name, given in zip(RUNNING, (mean, var)):
        if given is None and not training:
            raise RuntimeError(f"{name} must be defined in evaluation mode")
    _both_or_none(mean, var)
    _of_channels(x, mean, var, weight, bias)
    return Layout(shape[0], shape[1], 1, math.prod(shape[2:]), True)


@functools.lru_cache(maxsize=1024)
def instance(x: Any, mean: Any, var: Any, weight: Any, bias: Any, use_input_stats: bool) -> Layout:
    """The layout of instance normalisation; ValueError, RuntimeError or IndexError if something does not fit."""
    shape = x[0]
    if use_input_stats:
        _more_than_one(_size(shape), spatial=True)
    if len(shape) < 2:
        raise IndexError(
            f"instance_norm(): expected (N, C, *) input, but got input of size {shape}"
        )
    if not use_input_stats and (mean is None or var is None):
        raise RuntimeError(
            "Expected running_mean and running_var to be defined when use_input_stats is false"
        )
    _both_or_none(mean, var)
    _of_channels(x, mean, var, weight, bias)
    return Layout(shape[0], shape[1], 1, math.prod(shape[2:]), not use_input_stats)


@functools.lru_cache(maxsize=1024)
def group(x: Any, weight: Any, bias: Any, groups: int) -> Layout:
    """The layout of group normalisation; ValueError or RuntimeError if something does not fit."""
    shape = x[0]
    if len(shape) < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {len(shape)}"
        )
    _more_than_one([shape[0] * shape[1] // groups, groups, *shape[2:]])
    if groups < 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {groups}")
    if shape[1] % groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(shape)} and num_groups={groups}"
        )
    for what, p in (("weight", weight), ("bias", bias)):
        if p is not None and p[0] != (shape[1],):
            raise RuntimeError(
                f"Expected {what} to be a vector of size equal to the number of channels in input, but got {what} of "
                f"shape {list(p[0])} and input of shape {list(shape)}"
            )
    _dtypes("GroupNormKernelImpl", x[1], weight, bias)
    return Layout(shape[0], groups, shape[1] // groups, math.prod(shape[2:]), False)


def normalized(name: str, normalized_shape: Any) -> tuple[int, ...]:
    """``normalized_shape`` as a tuple of ints; TypeError otherwise."""
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
            f"{type(normalized_shape).__name__}"
        )
    return tuple(whole(name, "normalized_shape", n) for n in normalized_shape)


@functools.lru_cache(maxsize=1024)
def last_dims(x: Any, sizes: tuple[int, ...], weight: Any, bias: Any, kernel: str) -> int:
    """How many numbers the last dimensions have; RuntimeError if something does not fit.

    kernel: torch's name of what computes: of rms norm the weight may have any dtype.
    """
    is_rms = kernel == "rms_norm"
    if not sizes:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for what, p in (("weight", weight), ("bias", bias)):
        if p is not None and p[0] != sizes:
            raise RuntimeError(
                f"Expected {what} to be of same shape as normalized_shape, but got {what} of shape {list(p[0])} and "
                f"normalized_shape = {list(sizes)}"
            )
    if x[0][-len(sizes) :] != sizes:
        raise RuntimeError(
            f"Given normalized_shape={list(sizes)}, expected input with shape [*{'' if is_rms else ', '}"
            f"{', '.join(map(str, sizes))}], but got input of size{list(x[0])}"
        )
    _dtypes(kernel, x[1], *(() if is_rms else (weight, bias)))
    return math.prod(sizes)

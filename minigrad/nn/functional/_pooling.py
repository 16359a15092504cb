"""Pooling over regular and adaptive windows in torch's signatures.

Inputs are (N, C, *size) or (C, *size).  RuntimeError, TypeError or ValueError, in torch's words, for arguments that do
not fit; NotImplementedError for dtypes that torch does not pool.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._tape import Traced, wrap
from ..._tape.graph import edge, mode
from ...kernels import pool as kernels
from ...ops import elementwise
from ...ops import pool as ops
from ...ops._common import entitled
from ...ops.functions import relu
from ...ops.reduce import mean
from ...tensor import Tensor
from . import _pool_args
from ._conv_args import key

# What torch prints: in one dimension it pools a picture of height 1 and squeezes the answer.
_MAX = {
    1: "SqueezeBackward1",
    2: "MaxPool2DWithIndicesBackward0",
    3: "MaxPool3DWithIndicesBackward0",
}
_MEAN = {1: "SqueezeBackward1", 2: "AvgPool2DBackward0", 3: "AvgPool3DBackward0"}
_ADAPTIVE_MAX = {
    1: "SqueezeBackward1",
    2: "AdaptiveMaxPool2DBackward0",
    3: "AdaptiveMaxPool3DBackward0",
}
_ADAPTIVE_MEAN = {
    1: "SqueezeBackward1",
    2: "AdaptiveAvgPool2DBackward0",
    3: "AdaptiveAvgPool3DBackward0",
}


# ------------------------------------------------------------------------------ maximum
def _pooled(input: Any, window: Any, name: str, return_indices: Any) -> Any:
    if not return_indices and (not mode.grad or edge(input) is None):
        return wrap(kernels.greatest(input.array, window))
    values, positions = ops.max_pool(input, window, name)
    return (values, wrap(positions.array.astype(np.int64))) if return_indices else values


def _max_pool(
    n: int,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: Any,
    return_indices: Any,
) -> Any:
    if not isinstance(input, Traced):
        _pool_args.tensor(f"max_pool{n}d", input)
    array = input.array
    if array.dtype.kind != "f":
        _pool_args.check_maximum(n, array.dtype, return_indices)
    window = _pool_args.max_window(
        n,
        array.shape,
        key(kernel_size),
        key(stride),
        key(padding),
        key(dilation),
        ceil_mode,
        bool(return_indices),
    )
    return _pooled(input, window, _MAX[n], return_indices)


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maxima over windows: (N, C, L) -> (N, C, L'); see ``max_pool2d``."""
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maxima over windows: (N, C, H, W) -> (N, C, H', W').

    stride: ``kernel_size`` if None.  padding: of minus infinity, at most half the window.  With ``ceil_mode`` also
    windows that only start in the input.  With ``return_indices`` (values, positions): each maximum's place in its
    plane, counted along the rows, int64.  The first of equal numbers is taken; NaN is greater than all.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html

    >>> import minigrad as mg
    >>> x = mg.tensor([[[1., 2., 0., 4.], [5., 3., 1., 0.]]])
    >>> mg.nn.functional.max_pool2d(x, 2, return_indices=True)
    (tensor([[[5., 4.]]]), tensor([[[4, 3]]]))
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maxima over windows: (N, C, D, H, W) -> (N, C, D', H', W'); see ``max_pool2d``."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _with_indices(pool: Any) -> Any:
    def function(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = True,
    ) -> Any:
        return pool(input, kernel_size, stride, padding, dilation, ceil_mode, True)

    function.__name__ = f"{pool.__name__}_with_indices"
    function.__doc__ = f"``{pool.__name__}`` with ``return_indices``."
    return function


max_pool1d_with_indices = _with_indices(max_pool1d)
max_pool2d_with_indices = _with_indices(max_pool2d)
max_pool3d_with_indices = _with_indices(max_pool3d)


# ------------------------------------------------------------------------------ mean
def _avg_pool(
    n: int,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: Any,
    count_include_pad: Any,
    divisor_override: Any,
) -> Any:
    array = _pool_args.tensor(f"avg_pool{n}d", input)
    if array.dtype.kind != "f":
        _pool_args.check_mean(n, array.dtype)
    window = _pool_args.mean_window(
        n,
        array.shape,
        key(kernel_size),
        key(stride),
        key(padding),
        ceil_mode,
        bool(count_include_pad),
        divisor_override,
    )
    return ops.mean_pool(input, window, _MEAN[n])


def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The means over windows: (N, C, L) -> (N, C, L'); see ``avg_pool2d``."""
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: Any = None,
) -> Any:
    """The means over windows: (N, C, H, W) -> (N, C, H', W').

    stride: ``kernel_size`` if None.  padding: of zeros, at most half the window, which count as pixels unless
    ``count_include_pad`` is False.  divisor_override: what to divide the sums by instead of the number of pixels.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html

    >>> import minigrad as mg
    >>> x = mg.tensor([[[1., 2., 0., 4.], [5., 3., 1., 0.]]])
    >>> mg.nn.functional.avg_pool2d(x, 2)
    tensor([[[2.7500, 1.2500]]])
    """
    return _avg_pool(
        2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: Any = None,
) -> Any:
    """The means over windows: (N, C, D, H, W) -> (N, C, D', H', W'); see ``avg_pool2d``."""
    return _avg_pool(
        3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def _lp_pool(
    n: int,
    pools: tuple[Any, Any],
    input: Any,
    norm_type: Any,
    kernel_size: Any,
    stride: Any,
    ceil_mode: Any,
) -> Any:
    max_pool, avg_pool = pools
    if norm_type == float("inf"):
        return max_pool(elementwise.abs(input), kernel_size, stride, 0, 1, ceil_mode)
    if norm_type == -float("inf"):
        return -max_pool(-elementwise.abs(input), kernel_size, stride, 0, 1, ceil_mode)
    sizes = key(kernel_size)
    count = 1
    for k in sizes if isinstance(sizes, tuple) and len(sizes) == n else (sizes,) * n:
        count = count * (k[0] if isinstance(k, tuple) else k)
    out = avg_pool(elementwise.pow(input, norm_type), kernel_size, stride, 0, ceil_mode)
    # relu makes the gradient 0 where all pixels are 0, as torch has it
    positive = elementwise.sign(out) * relu(elementwise.abs(out))
    return (positive * count) ** (1.0 / norm_type)


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """``(sum of x ** p) ** (1 / p)`` over windows, p = ``norm_type``: (N, C, L) -> (N, C, L')."""
    return _lp_pool(1, (max_pool1d, avg_pool1d), input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """``(sum of x ** p) ** (1 / p)`` over windows, p = ``norm_type``: (N, C, H, W) -> (N, C, H', W').

    >>> import minigrad as mg
    >>> mg.nn.functional.lp_pool2d(mg.tensor([[[3., 0.], [0., 4.]]]), 2, 2)
    tensor([[[5.]]])
    """
    return _lp_pool(2, (max_pool2d, avg_pool2d), input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """``(sum of x ** p) ** (1 / p)`` over windows, p = ``norm_type``: (N, C, D, H, W) -> (N, C, D', H', W')."""
    return _lp_pool(3, (max_pool3d, avg_pool3d), input, norm_type, kernel_size, stride, ceil_mode)


# ------------------------------------------------------------------------------ adaptive
def _adaptive_avg_pool(n: int, input: Any, output_size: Any) -> Any:
    name = f"adaptive_avg_pool{n}d"
    array = _pool_args.tensor(name, input)
    window = _pool_args.adaptive(name, n, array.shape, key(output_size))
    if (
        n > 1 and window.out == (1,) * n
    ):  # torch takes the mean, also of nothing and with its errors
        if array.dtype.kind == "f" and window.pixels:
            return ops.mean_pool(input, window, "MeanBackward1")
        return mean(input, tuple(range(-n, 0)), True)
    if array.dtype.kind != "f":
        _pool_args.refuse("adaptive_avg_pool3d_cpu" if n == 3 else "adaptive_avg_pool2d", array.dtype)  # fmt: skip
    if n > 1 or window.out != (1,):
        _pool_args.check_not_empty(name, n, array.shape, 1 if n == 3 else 0)
    elif not window.pixels:
        return entitled(mean(input, -1, True), _ADAPTIVE_MEAN[n])
    return ops.mean_pool(input, window, _ADAPTIVE_MEAN[n])


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Any:
    """The means over ``output_size`` windows of (almost) equal size: (N, C, L) -> (N, C, output_size)."""
    return _adaptive_avg_pool(1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Any:
    """The means over windows that share the picture evenly: (N, C, H, W) -> (N, C, *output_size).

    output_size: an int or a pair; None keeps a size.  Window ``o`` goes from ``o * H // H'`` to
    ``ceil((o + 1) * H / H')``.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html

    >>> import minigrad as mg
    >>> mg.nn.functional.adaptive_avg_pool2d(mg.tensor([[[1., 2., 6.], [3., 4., 8.]]]), (1, 2))
    tensor([[[2.5000, 5.0000]]])
    """
    return _adaptive_avg_pool(2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Any:
    """The means over windows that share the space evenly: (N, C, D, H, W) -> (N, C, *output_size)."""
    return _adaptive_avg_pool(3, input, output_size)


def _adaptive_max_pool(n: int, input: Any, output_size: Any, return_indices: Any) -> Any:
    name = f"adaptive_max_pool{n}d"
    array = _pool_args.tensor(name, input)
    window = _pool_args.adaptive(name, n, array.shape, key(output_size))
    _pool_args.check_not_empty(name, n, array.shape, 1)
    if array.dtype.kind != "f":
        _pool_args.refuse("adaptive_max_pool3d_cpu" if n == 3 else "adaptive_max_pool2d", array.dtype)  # fmt: skip
    return _pooled(input, window, _ADAPTIVE_MAX[n], return_indices)


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima over ``output_size`` windows of (almost) equal size: (N, C, L) -> (N, C, output_size)."""
    return _adaptive_max_pool(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima over windows that share the picture evenly: (N, C, H, W) -> (N, C, *output_size).

    output_size: an int or a pair; None keeps a size.  With ``return_indices`` (values, positions), see
    ``max_pool2d``; for the windows see ``adaptive_avg_pool2d``.
    """
    return _adaptive_max_pool(2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima over windows that share the space evenly: (N, C, D, H, W) -> (N, C, *output_size)."""
    return _adaptive_max_pool(3, input, output_size, return_indices)


def _adaptive_with_indices(pool: Any) -> Any:
    def function(input: Tensor, output_size: Any, return_indices: bool = True) -> Any:
        return pool(input, output_size, True)

    function.__name__ = f"{pool.__name__}_with_indices"
    function.__doc__ = f"``{pool.__name__}`` with ``return_indices``."
    return function


adaptive_max_pool1d_with_indices = _adaptive_with_indices(adaptive_max_pool1d)
adaptive_max_pool2d_with_indices = _adaptive_with_indices(adaptive_max_pool2d)
adaptive_max_pool3d_with_indices = _adaptive_with_indices(adaptive_max_pool3d)

"""Pooling layers: the greatest, the mean or the norm of every window, and max pooling undone.

(N, C, *in) → (N, C, *out), by the function of ``nn.functional`` that each calls with its arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tensor import Tensor
from . import functional as F
from ._function_layer import FunctionLayer
from .functional._conv_args import sizes

_WINDOW = ("kernel_size", "stride", "padding")


# --------------------------------------------------------------------------------------- max
class _MaxPoolNd(FunctionLayer):
    _shown = *_WINDOW, "dilation", "ceil_mode"

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        """(N, C, *in) → (N, C, *out), and if ``return_indices`` the indices of the greatest."""
        return self._function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )


class MaxPool1d(_MaxPoolNd):
    """The greatest of every window of (N, C, L).  Same arguments as torch.nn.MaxPool1d."""

    _function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPoolNd):
    """The greatest of every window of (N, C, H, W).  Same arguments as torch.nn.MaxPool2d.

    >>> import minigrad as mg
    >>> mg.nn.MaxPool2d(2, 2)(mg.arange(16.0).reshape(1, 1, 4, 4))
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """

    _function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPoolNd):
    """The greatest of every window of (N, C, D, H, W).  Same arguments as torch.nn.MaxPool3d."""

    _function = staticmethod(F.max_pool3d)


class _MaxUnpoolNd(FunctionLayer):
    _dims: int
    _shown = _WINDOW

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0):
        super().__init__()
        n = self._dims
        self.kernel_size = sizes(kernel_size, n, "kernel_size")
        self.stride = sizes(stride if stride is not None else kernel_size, n, "stride")
        self.padding = sizes(padding, n, "padding")

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        """Every value back where the pooling's ``indices`` say it was, zeros elsewhere."""
        return self._function(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class MaxUnpool1d(_MaxUnpoolNd):
    """Undoes MaxPool1d, but for what it dropped.  Same arguments as torch.nn.MaxUnpool1d."""

    _dims = 1
    _function = staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    """Undoes MaxPool2d, but for what it dropped.  Same arguments as torch.nn.MaxUnpool2d."""

    _dims = 2
    _function = staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpoolNd):
    """Undoes MaxPool3d, but for what it dropped.  Same arguments as torch.nn.MaxUnpool3d."""

    _dims = 3
    _function = staticmethod(F.max_unpool3d)


class _FractionalMaxPoolNd(FunctionLayer):
    _dims: int
    _passed = "kernel_size", "output_size", "output_ratio", "return_indices", "_random_samples"

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ):
        super().__init__()
        n, name = self._dims, type(self).__name__
        self.kernel_size = sizes(kernel_size, n, "kernel_size")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else sizes(output_size, n, "output_size")
        self.output_ratio = None
        if output_ratio is not None:
            ratio = output_ratio if isinstance(output_ratio, Sequence) else (output_ratio,) * n
            self.output_ratio = tuple(ratio)
        if any(k <= 0 for k in self.kernel_size):
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel_size}")
        if output_size is None and output_ratio is None:
            raise ValueError(
                f"{name} requires specifying either an output size, or a pooling ratio"
            )
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """The greatest of windows at random steps of (N, C, H, W).

    Same arguments as torch.nn.FractionalMaxPool2d.

    Source: Graham, Fractional max-pooling, 2014.
    """

    _dims = 2
    _function = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """The greatest of windows at random steps of (N, C, D, H, W).

    Source: Graham, Fractional max-pooling, 2014.
    """

    _dims = 3
    _function = staticmethod(F.fractional_max_pool3d)


class _AdaptiveMaxPoolNd(FunctionLayer):
    _passed = "output_size", "return_indices"
    _shown = ("output_size",)

    def __init__(self, output_size: Any, return_indices: bool = False):
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The greatest of windows that divide (N, C, L) into ``output_size``."""

    _function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The greatest of windows that divide (N, C, H, W); a size of None is kept."""

    _function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The greatest of windows that divide (N, C, D, H, W); a size of None is kept."""

    _function = staticmethod(F.adaptive_max_pool3d)


# ------------------------------------------------------------------------------ mean and norm
class AvgPool1d(FunctionLayer):
    """The mean of every window of (N, C, L).  Same arguments as torch.nn.AvgPool1d."""

    _function = staticmethod(F.avg_pool1d)
    _passed = *_WINDOW, "ceil_mode", "count_include_pad"
    _shown = _WINDOW

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ):
        super().__init__()
        self.kernel_size = sizes(kernel_size, 1, "kernel_size")
        self.stride = sizes(stride if stride is not None else kernel_size, 1, "stride")
        self.padding = sizes(padding, 1, "padding")
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad


class _AvgPoolNd(FunctionLayer):
    _passed = *_WINDOW, "ceil_mode", "count_include_pad", "divisor_override"
    _shown = _WINDOW

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override


class AvgPool2d(_AvgPoolNd):
    """The mean of every window of (N, C, H, W).  Same arguments as torch.nn.AvgPool2d.

    >>> import minigrad as mg
    >>> mg.nn.AvgPool2d(2, 2)(mg.arange(16.0).reshape(1, 1, 4, 4))
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """

    _function = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPoolNd):
    """The mean of every window of (N, C, D, H, W).  Same arguments as torch.nn.AvgPool3d."""

    _function = staticmethod(F.avg_pool3d)


class _AdaptiveAvgPoolNd(FunctionLayer):
    _passed = _shown = ("output_size",)

    def __init__(self, output_size: Any):
        super().__init__()
        self.output_size = output_size


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """The means of windows that divide (N, C, L) into ``output_size``."""

    _function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """The means of windows that divide (N, C, H, W); a size of None is kept.

    >>> import minigrad as mg
    >>> mg.nn.AdaptiveAvgPool2d(1)(mg.arange(16.0).reshape(1, 1, 4, 4))
    tensor([[[[7.5000]]]])
    """

    _function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """The means of windows that divide (N, C, D, H, W); a size of None is kept."""

    _function = staticmethod(F.adaptive_avg_pool3d)


class _LPPoolNd(FunctionLayer):
    _passed = _shown = "norm_type", "kernel_size", "stride", "ceil_mode"

    def __init__(
        self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ):
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode


class LPPool1d(_LPPoolNd):
    """The p-norm of every window of (N, C, L).  Same arguments as torch.nn.LPPool1d."""

    _function = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPoolNd):
    """The p-norm of every window of (N, C, H, W).  Same arguments as torch.nn.LPPool2d."""

    _function = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPoolNd):
    """The p-norm of every window of (N, C, D, H, W).  Same arguments as torch.nn.LPPool3d."""

    _function = staticmethod(F.lp_pool3d)

"""Convolution layers, plain, transposed and lazy, in one to three dimensions.

One base keeps the arguments and makes weight and bias; the layers only say in how many dimensions
they work and which function of ``nn.functional`` they call.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init
from .functional._conv_args import sizes
from .module import Module
from .parameter import Parameter

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What all convolution layers have in common."""

    _dims: int  # of the kernel
    _function: Callable[..., Tensor]  # of nn.functional
    transposed = False

    weight: Parameter
    bias: Parameter | None
    padding: Any  # ints, or 'same' or 'valid'

    def _set_up(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        output_padding: Any,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        """Check and keep the arguments, make the parameters and draw their first values."""
        n = self._dims
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = sizes(kernel_size, n, "kernel_size")
        self.stride = sizes(stride, n, "stride")
        self.padding = padding if isinstance(padding, str) else sizes(padding, n, "padding")
        self.dilation = sizes(dilation, n, "dilation")
        self.output_padding = sizes(output_padding, n, "output_padding")
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_arguments()
        self._reversed_padding_repeated_twice = self._padding_for_pad()
        self._make_parameters(bias, device=device, dtype=dtype)
        self.reset_parameters()

    def _check_arguments(self) -> None:
        if self.groups <= 0:
            raise ValueError(f"groups must be a positive integer, but got {self.groups}")
        for name in ("in_channels", "out_channels"):
            if getattr(self, name) % self.groups != 0:
                raise ValueError(
                    f"{name} must be divisible by groups, "
                    f"but got {name}={getattr(self, name)} and groups={self.groups}"
                )
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(
                    f"Invalid padding string {self.padding!r}, should be one of 'same', 'valid'"
                )
            if self.padding == "same" and any(s != 1 for s in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in _PADDING_MODES:
            raise ValueError(
                f"padding_mode must be one of {set(_PADDING_MODES)}, "
                f"but got padding_mode='{self.padding_mode}'"
            )

    def _padding_for_pad(self) -> list[int]:
        """The padding as ``F.pad`` wants it: both sides of each dimension, the last first."""
        sides: list[tuple[int, int]]
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            sides = [(total // 2, total - total // 2) for total in totals]
        elif isinstance(self.padding, str):
            sides = [(0, 0)] * self._dims
        else:
            sides = [(p, p) for p in self.padding]
        return [side for pair in reversed(sides) for side in pair]

    def _weight_shape(self) -> tuple[int, ...]:
        first, second = self.out_channels, self.in_channels
        if self.transposed:
            first, second = second, first
        return (first, second // self.groups, *self.kernel_size)

    def _make_parameters(self, bias: bool, **kind: Any) -> None:
        self.weight = Parameter(empty(self._weight_shape(), **kind))
        if bias:
            self.bias = Parameter(empty(self.out_channels, **kind))
        else:
            self.register_parameter("bias", None)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, from U(-1/√fan_in, 1/√fan_in)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """The channels, the kernel, the stride, and what differs from the defaults."""
        parts = [
            f"{self.in_channels}, {self.out_channels}",
            f"kernel_size={self.kernel_size}",
            f"stride={self.stride}",
        ]
        defaults = {
            "padding": (0,) * self._dims,
            "dilation": (1,) * self._dims,
            "output_padding": (0,) * self._dims,
            "groups": 1,
        }
        for name, default in defaults.items():
            if getattr(self, name) != default:
                parts.append(f"{name}={getattr(self, name)}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


# ------------------------------------------------------------------------------------- plain
class _Conv(_ConvNd):
    """A plain convolution layer in ``_dims`` dimensions."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | str | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self._set_up(
            in_channels,
            out_channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            output_padding=0,
            groups=groups,
            bias=bias,
            padding_mode=padding_mode,
            device=device,
            dtype=dtype,
        )

    def forward(self, input: Tensor) -> Tensor:
        """input: (N, Cin, *in) or (Cin, *in) → (N, Cout, *out) or (Cout, *out)."""
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            padding = (0,) * self._dims
        return self._function(input, weight, bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """Cross-correlation with learned kernels: (N, Cin, L) → (N, Cout, L').

    ``weight``: (Cout, Cin/groups, k), ``bias``: (Cout,).  Same arguments as torch.nn.Conv1d.

    >>> import minigrad as mg
    >>> mg.nn.Conv1d(16, 33, 3, stride=2)(mg.ones(20, 16, 50)).shape
    minigrad.Size([20, 33, 24])
    """

    _dims = 1
    _function = staticmethod(F.conv1d)


class Conv2d(_Conv):
    """Cross-correlation with learned kernels: (N, Cin, H, W) → (N, Cout, H', W').

    ``weight``: (Cout, Cin/groups, kh, kw), ``bias``: (Cout,).  ``padding`` is a number, a pair,
    'same' or 'valid'; ``padding_mode`` 'zeros', 'reflect', 'replicate' or 'circular'.  Same
    arguments as torch.nn.Conv2d.

    >>> import minigrad as mg
    >>> layer = mg.nn.Conv2d(3, 64, (3, 3), padding=1)
    >>> layer
    Conv2d(3, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    >>> layer(mg.ones(4, 3, 12, 12)).shape
    minigrad.Size([4, 64, 12, 12])
    """

    _dims = 2
    _function = staticmethod(F.conv2d)


class Conv3d(_Conv):
    """Cross-correlation with learned kernels: (N, Cin, D, H, W) → (N, Cout, D', H', W').

    ``weight``: (Cout, Cin/groups, kd, kh, kw), ``bias``: (Cout,).  Same arguments as
    torch.nn.Conv3d.

    >>> import minigrad as mg
    >>> mg.nn.Conv3d(2, 4, 3)(mg.ones(1, 2, 5, 6, 7)).shape
    minigrad.Size([1, 4, 3, 4, 5])
    """

    _dims = 3
    _function = staticmethod(F.conv3d)


# -------------------------------------------------------------------------------- transposed
class _ConvTransposeNd(_ConvNd):
    """A transposed convolution layer in ``_dims`` dimensions."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        output_padding: int | Sequence[int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | Sequence[int] = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        if padding_mode != "zeros":
            raise ValueError(
                f'Only "zeros" padding mode is supported for {type(self).__name__}, '
                f"but got {padding_mode!r}"
            )
        super().__init__()
        self._set_up(
            in_channels,
            out_channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            output_padding=output_padding,
            groups=groups,
            bias=bias,
            padding_mode=padding_mode,
            device=device,
            dtype=dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """input: (N, Cin, *in) or (Cin, *in) → (N, Cout, *out) or (Cout, *out).

        ``output_size`` picks one of the sizes that this layer's convolution would take to the
        input's; ValueError, naming the range, for any other.
        """
        output_padding = self.output_padding
        if output_size is not None:
            output_padding = self._output_padding(input, tuple(output_size))
        return self._function(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            output_padding,
            self.groups,
            self.dilation,
        )

    def _output_padding(self, input: Tensor, output_size: tuple[int, ...]) -> tuple[int, ...]:
        """What is to be added to the least output size to make it ``output_size``."""
        n = self._dims
        leading = 2 if input.dim() == n + 2 else 1
        wanted = output_size[leading:] if len(output_size) == leading + n else output_size
        if len(wanted) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {input.dim()}D input, output_size must have {n} "
                f"or {leading + n} elements (got {len(output_size)})"
            )
        least = [
            (size - 1) * s - 2 * p + d * (k - 1) + 1
            for size, s, p, d, k in zip(
                input.shape[leading:],
                self.stride,
                self.padding,
                self.dilation,
                self.kernel_size,
                strict=True,
            )
        ]
        most = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
        if any(not lo <= w <= hi for lo, w, hi in zip(least, wanted, most, strict=True)):
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range "
                f"from {least} to {most} (for an input of {input.shape[leading:]})"
            )
        return tuple(w - lo for w, lo in zip(wanted, least, strict=True))


class ConvTranspose1d(_ConvTransposeNd):
    """The adjoint of Conv1d in its input, learned: (N, Cin, L) → (N, Cout, L').

    ``weight``: (Cin, Cout/groups, k), ``bias``: (Cout,).  Same arguments as
    torch.nn.ConvTranspose1d.
    """

    _dims = 1
    _function = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """The adjoint of Conv2d in its input, learned: (N, Cin, H, W) → (N, Cout, H', W').

    ``weight``: (Cin, Cout/groups, kh, kw), ``bias``: (Cout,).  Same arguments as
    torch.nn.ConvTranspose2d.

    >>> import minigrad as mg
    >>> x = mg.ones(1, 16, 12, 12)
    >>> down = mg.nn.Conv2d(16, 16, 3, stride=2, padding=1)
    >>> up = mg.nn.ConvTranspose2d(16, 16, 3, stride=2, padding=1)
    >>> down(x).shape, up(down(x), output_size=x.shape).shape
    (minigrad.Size([1, 16, 6, 6]), minigrad.Size([1, 16, 12, 12]))
    """

    _dims = 2
    _function = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """The adjoint of Conv3d in its input, learned: (N, Cin, D, H, W) → (N, Cout, D', H', W').

    ``weight``: (Cin, Cout/groups, kd, kh, kw), ``bias``: (Cout,).  Same arguments as
    torch.nn.ConvTranspose3d.
    """

    _dims = 3
    _function = staticmethod(F.conv_transpose3d)

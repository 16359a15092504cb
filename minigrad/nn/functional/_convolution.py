"""Convolution and transposed convolution in torch's signatures."""

from __future__ import annotations

from typing import Any

from ...ops import conv as ops
from ...ops.borders import constant_pad
from ...ops.shape import reshape, squeeze, unsqueeze
from ...tensor import Tensor
from . import _conv_args
from ._conv_args import key


def _conv(
    n: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Any:
    x, w, b = _conv_args.described("conv", input, weight, bias)
    geo = _conv_args.conv_geometry(n, x, w, b, key(stride), key(padding), key(dilation), groups)
    if input.array.ndim == n + 1:
        return squeeze(ops.conv(unsqueeze(input, 0), weight, bias, geo), 0)
    return ops.conv(input, weight, bias, geo)


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation: input (N, Cin, L) or (Cin, L), weight (Cout, Cin/groups, k) -> (N, Cout, L')."""
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation of images with kernels.

    input: (N, Cin, H, W) or (Cin, H, W); weight: (Cout, Cin/groups, kh, kw); bias: (Cout,) or None; all of one
    floating-point dtype.  padding: int, pair, 'same' or 'valid'.  Answers (N, Cout, H', W') with
    ``H' = (H + 2 * padding - dilation * (kh - 1) - 1) // stride + 1``.
    RuntimeError if channels, groups, sizes or dtypes do not fit.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html

    >>> import minigrad as mg
    >>> image = mg.tensor([[[[0., 1., 2.], [3., 4., 5.], [6., 7., 8.]]]])
    >>> mg.nn.functional.conv2d(image, mg.tensor([[[[0., 1.], [2., 3.]]]]))
    tensor([[[[19., 25.],
              [37., 43.]]]])
    """
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation: input (N, Cin, D, H, W), weight (Cout, Cin/groups, kd, kh, kw) -> (N, Cout, D', H', W')."""
    return _conv(3, input, weight, bias, stride, padding, dilation, groups)


def _conv_transpose(
    n: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Any:
    x, w, b = _conv_args.described("conv_transpose", input, weight, bias)
    geo, size, extra = _conv_args.transposed_geometry(
        n,
        x,
        w,
        b,
        key(stride),
        key(padding),
        key(output_padding),
        groups,
        key(dilation),
    )
    if input.array.ndim == n + 1:
        input = unsqueeze(input, 0)
    if any(extra):  # rows behind the last that a window covers
        out = ops.conv_input(input, weight, None, size, geo)
        out = constant_pad(out, ((0, 0), (0, 0), *((0, e) for e in extra)), 0)
        if bias is not None:
            out = out + reshape(bias, (-1,) + (1,) * n)
    else:
        out = ops.conv_input(input, weight, bias, size, geo)
    return squeeze(out, 0) if len(x[0]) == n + 1 else out


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Transposed convolution: input (N, Cin, L), weight (Cin, Cout/groups, k) -> (N, Cout, L')."""
    return _conv_transpose(
        1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Transposed convolution of images: the adjoint of ``conv2d``.

    input: (N, Cin, H, W) or (Cin, H, W); weight: (Cin, Cout/groups, kh, kw); bias: (Cout,) or None.  Answers
    (N, Cout, H', W') with ``H' = (H - 1) * stride - 2 * padding + dilation * (kh - 1) + output_padding + 1``.
    RuntimeError if channels, groups, sizes or dtypes do not fit.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
    """
    return _conv_transpose(
        2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Transposed convolution: input (N, Cin, D, H, W), weight (Cin, Cout/groups, kd, kh, kw) -> (N, Cout, ...)."""
    return _conv_transpose(
        3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )

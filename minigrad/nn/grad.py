"""Gradients of convolutions as functions, in ``torch.nn.grad``'s names and signatures.

Both kinds are differentiable themselves: ``convNd_input`` is the adjoint of the convolution in its
input, ``convNd_weight`` the one in its weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .._types import Size
from ..kernels.conv.geometry import out_sizes
from ..ops import conv as ops
from ..tensor import Tensor
from .functional import _conv_args
from .functional._conv_args import key

__all__ = [
    "conv1d_input",
    "conv1d_weight",
    "conv2d_input",
    "conv2d_weight",
    "conv3d_input",
    "conv3d_weight",
]


def _geometry(n: int, input: Any, weight: Any, grad: Tensor, *window: Any) -> Any:
    """The convolution's geometry; RuntimeError unless it makes an output of grad's shape.

    input, weight: (shape, dtype).
    """
    stride, padding, dilation, groups = window
    moves = key(stride), key(padding), key(dilation)
    geo = _conv_args.conv_geometry(n, input, weight, None, *moves, groups)
    want = (input[0][0], weight[0][0], *out_sizes(input[0][2:], weight[0][2:], geo))
    if len(input[0]) != n + 2 or grad.shape != want:
        raise RuntimeError(f"Expected grad_output of shape {Size(want)}, got {grad.shape}")
    return geo


def _input(n: int) -> Callable[..., Tensor]:
    def gradient(
        input_size: Sequence[int],
        weight: Tensor,
        grad_output: Tensor,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor:
        g, w, _ = _conv_args.described(f"conv{n}d_input", grad_output, weight, None)
        size = tuple(input_size)
        geo = _geometry(n, (size, g[1]), w, grad_output, stride, padding, dilation, groups)
        return ops.conv_input(grad_output, weight, None, size[2:], geo)

    gradient.__name__ = gradient.__qualname__ = f"conv{n}d_input"
    gradient.__doc__ = f"""The gradient of ``conv{n}d`` with respect to its input.

    input_size: (N, Cin, ...), the input's shape; weight: (Cout, Cin/groups, ...); grad_output:
    (N, Cout, ...), the output's gradient.  Answers a tensor of shape input_size.
    RuntimeError if they do not fit.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.grad.conv{n}d_input.html
    """
    return gradient


def _weight(n: int) -> Callable[..., Tensor]:
    def gradient(
        input: Tensor,
        weight_size: Sequence[int],
        grad_output: Tensor,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor:
        x, g, _ = _conv_args.described(f"conv{n}d_weight", input, grad_output, None)
        size = tuple(weight_size)
        geo = _geometry(n, x, (size, g[1]), grad_output, stride, padding, dilation, groups)
        return ops.conv_weight(input, grad_output, size[2:], geo)

    gradient.__name__ = gradient.__qualname__ = f"conv{n}d_weight"
    gradient.__doc__ = f"""The gradient of ``conv{n}d`` with respect to its weight.

    input: (N, Cin, ...); weight_size: (Cout, Cin/groups, ...), the weight's shape; grad_output:
    (N, Cout, ...), the output's gradient.  Answers a tensor of shape weight_size.
    RuntimeError if they do not fit.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.grad.conv{n}d_weight.html
    """
    return gradient


conv1d_input, conv2d_input, conv3d_input = (_input(n) for n in (1, 2, 3))
conv1d_weight, conv2d_weight, conv3d_weight = (_weight(n) for n in (1, 2, 3))

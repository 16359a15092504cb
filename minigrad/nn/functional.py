"""The functions of ``torch.nn.functional``: torch's signatures, read and handed to ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import wrap
from ..ops import elementwise, functions, index, reduce, shape
from ..ops import softmax as softmaxes
from ..ops.matrix import linear
from ..tensor import Tensor
from ._blocks import fold, unfold
from ._convolution import (
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)
from ._pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_pool1d,
    max_pool1d_with_indices,
    max_pool2d,
    max_pool2d_with_indices,
    max_pool3d,
    max_pool3d_with_indices,
)
from ._unpooling import (
    fractional_max_pool2d,
    fractional_max_pool3d,
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
)

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "fold",
    "fractional_max_pool2d",
    "fractional_max_pool3d",
    "l1_loss",
    "linear",
    "log_softmax",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "mse_loss",
    "one_hot",
    "pad",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
    "unfold",
]

sigmoid, tanh = functions.sigmoid, functions.tanh


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(input, 0)``; with ``inplace`` written into ``input``."""
    return input.relu_() if inplace else functions.relu(input)


def softmax(input: Tensor, dim: Any = None, dtype: Any = None) -> Tensor:
    """``exp(input)`` scaled to sum to 1 over ``dim``."""
    return softmaxes.softmax(input, _softmax_dim(input, dim), dtype)


def log_softmax(input: Tensor, dim: Any = None, dtype: Any = None) -> Tensor:
    """The logarithm of ``softmax``."""
    return softmaxes.log_softmax(input, _softmax_dim(input, dim), dtype)


def _softmax_dim(input: Any, dim: Any) -> int:
    """torch's old rule where ``dim`` is left out: 0 for 0, 1 and 3 dimensions, else 1."""
    return (0 if input.array.ndim in (0, 1, 3) else 1) if dim is None else dim


# ------------------------------------------------------------------------------ padding
def pad(input: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Tensor:
    """``input`` with elements added in front of and behind its last dimensions.

    pad: (before, after) of the last dimension, then of the one before it, and so on; negative numbers crop.
    mode: 'constant' (of ``value``, default 0), 'reflect', 'replicate' or 'circular'.
    RuntimeError if there are more pairs than dimensions, or too few elements to reflect.

    >>> import minigrad as mg
    >>> mg.nn.functional.pad(mg.ones(1, 2), (1, 0))
    tensor([[0., 1., 1.]])
    """
    pad = tuple(pad)
    n = input.array.ndim
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * n:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {n}"
        )
    pairs = [(0, 0)] * (n - len(pad) // 2) + [
        (int(pad[i]), int(pad[i + 1])) for i in range(len(pad) - 2, -1, -2)
    ]
    if mode == "constant":
        for d, (a, b) in enumerate(pairs):
            if input.array.shape[d] + a + b < 0:
                raise RuntimeError(
                    f"The input size {input.array.shape[d]}, plus negative padding {a} and {b} resulted in a negative "
                    f"output size, which is invalid. Check dimension {d} of your input."
                )
        return shape.constant_pad(input, tuple(pairs), 0 if value is None else value)
    if value not in (None, 0):
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in _SOURCES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if len(pad) // 2 not in (n - 1, n - 2):
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
        )
    out = input
    for d, (a, b) in enumerate(pairs):
        if (a, b) != (0, 0):
            out = index.getitem(
                out, (slice(None),) * d + (_SOURCES[mode](input.array.shape[d], a, b),)
            )
    return out


def _reflected(n: int, a: int, b: int) -> Any:
    if a >= n or b >= n:
        raise RuntimeError(
            "Padding size should be less than the corresponding input dimension, but got: padding "
            f"({a}, {b}) at a dimension of size {n}"
        )
    i = np.abs(np.arange(-a, n + b))
    return np.where(i < n, i, 2 * (n - 1) - i)


def _circled(n: int, a: int, b: int) -> Any:
    if a > n or b > n:
        raise RuntimeError("Padding value causes wrapping around more than once.")
    return np.arange(-a, n + b) % n


_SOURCES = {
    "reflect": _reflected,
    "replicate": lambda n, a, b: np.clip(np.arange(-a, n + b), 0, n - 1),
    "circular": _circled,
}


# ------------------------------------------------------------------------------ losses
def _reduced(loss: Any, reduction: str) -> Any:
    if reduction == "mean":
        return reduce.mean(loss)
    if reduction == "sum":
        return reduce.sum(loss)
    if reduction == "none":
        return loss
    raise ValueError(f"{reduction} is not a valid value for reduction")


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean (or sum, or each) of the squared differences."""
    return _reduced((input - target) ** 2, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean (or sum, or each) of the absolute differences."""
    return _reduced(elementwise.abs(input - target), reduction)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Class numbers (int64, any shape) as vectors with a 1 at the class: (*, num_classes).

    RuntimeError for negative classes, or classes not below ``num_classes``.
    """
    classes = tensor.array
    if classes.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if classes.size == 0 and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if classes.size and classes.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    n = int(classes.max()) + 1 if num_classes == -1 else num_classes
    if classes.size and classes.max() >= n:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return wrap((classes[..., None] == np.arange(n)).astype(np.int64))

"""Functions that torch has beside those of ``nn.functional``: the same under its lower layer's arguments.

``reduction`` is a number there, 0 none (the default here), 1 mean, 2 sum, as the ways to interpolate and to pad are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ops._public import named
from ..ops.factor import matrix_norm, vector_norm
from ..tensor import Tensor
from . import functional as F

_REDUCTIONS = ("none", "mean", "sum")
_WAYS = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


# ------------------------------------------------------------------------------ losses
def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Any = None, pos_weight: Any = None, reduction: int = 0
) -> Tensor:
    """``nn.functional.binary_cross_entropy_with_logits``, the reduction a number."""
    return F.binary_cross_entropy_with_logits(
        input, target, weight, pos_weight=pos_weight, reduction=_REDUCTIONS[reduction]
    )


def kl_div(input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False) -> Any:
    """``nn.functional.kl_div``, the reduction a number."""
    return F.kl_div(input, target, reduction=_REDUCTIONS[reduction], log_target=log_target)


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int
) -> Tensor:
    """``nn.functional.poisson_nll_loss``, the reduction a number."""
    return F.poisson_nll_loss(
        input, target, log_input, full, eps=eps, reduction=_REDUCTIONS[reduction]
    )


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """``nn.functional.triplet_margin_loss``, the reduction a number."""
    return F.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, reduction=_REDUCTIONS[reduction]
    )


def _with_margin(name: str, margin: float) -> Callable[..., Tensor]:
    """A loss whose margin stands between its tensors and the reduction, which is a number."""
    loss = getattr(F, name)
    tensors = 2 if name == "hinge_embedding_loss" else 3

    def function(*args: Any, margin: float = margin, reduction: int = 0) -> Tensor:
        rest = dict(zip(("margin", "reduction"), args[tensors:]))
        options = {"margin": margin, "reduction": reduction, **rest}
        options["reduction"] = _REDUCTIONS[options["reduction"]]
        return loss(*args[:tensors], **options)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``nn.functional.{name}``, the reduction a number."
    return function


cosine_embedding_loss = _with_margin("cosine_embedding_loss", 0.0)
hinge_embedding_loss = _with_margin("hinge_embedding_loss", 1.0)
margin_ranking_loss = _with_margin("margin_ranking_loss", 0.0)


# ------------------------------------------------------------------------------ layers
def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """``nn.functional.batch_norm``, its arguments in another order."""
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """``nn.functional.instance_norm``, its arguments in another order."""
    return F.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


def embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """``nn.functional.embedding``, the weight first; padding_idx -1: there is none."""
    return F.embedding(
        indices,
        weight,
        None if padding_idx < 0 else padding_idx,
        scale_grad_by_freq=scale_grad_by_freq,
        sparse=sparse,
    )


def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Tensor:
    """The convolution of as many dimensions as the weight has, or with ``transposed`` its adjoint.

    >>> import minigrad as mg
    >>> x, w = mg.ones(1, 1, 3, 3), mg.ones(1, 1, 2, 2)
    >>> mg.convolution(x, w, None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1)
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    n = weight.ndim - 2
    if transposed:
        adjoint = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[n - 1]
        return adjoint(input, weight, bias, stride, padding, output_padding, groups, dilation)
    forward = (F.conv1d, F.conv2d, F.conv3d)[n - 1]
    return forward(input, weight, bias, stride, padding, dilation, groups)


def constant_pad_nd(input: Tensor, pad: Any, value: float = 0) -> Tensor:
    """``nn.functional.pad`` with a number."""
    return F.pad(input, pad, value=value)


def adaptive_max_pool1d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """``nn.functional.adaptive_max_pool1d``, always with the indices."""
    values, indices = F.adaptive_max_pool1d(input, output_size, return_indices=True)
    return values, indices


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """``nn.functional.max_pool1d``, always with the indices."""
    values, indices = F.max_pool1d(
        input, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True
    )
    return values, indices


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """``nn.functional.grid_sample``, the ways to interpolate and to pad by number."""
    way, padding = _WAYS[interpolation_mode], _PADDINGS[padding_mode]
    return F.grid_sample(input, grid, way, padding, align_corners)


def affine_grid_generator(theta: Tensor, size: Any, align_corners: bool) -> Tensor:
    """``nn.functional.affine_grid``."""
    return F.affine_grid(theta, size, align_corners)


# ------------------------------------------------------------------------------ norms
@named
def frobenius_norm(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """The square root of the sum of squares over ``dim``."""
    return vector_norm(input, 2, dim, keepdim)


@named
def nuclear_norm(input: Tensor, dim: Any = (-2, -1), keepdim: bool = False) -> Tensor:
    """The sum of the singular values of a matrix."""
    if isinstance(dim, bool):  # torch has keepdim in second place too
        dim, keepdim = (-2, -1), dim
    return matrix_norm(input, "nuc", dim, keepdim)

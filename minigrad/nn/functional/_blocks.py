"""unfold and fold in torch's signatures: the blocks of pictures as columns, and back."""

from __future__ import annotations

from typing import Any

from ...ops import pool as ops
from ...ops.shape import squeeze, unsqueeze
from ...tensor import Tensor
from . import _block_args, _pool_args
from ._conv_args import key


def unfold(
    input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """Sliding blocks as columns (im2col): (N, C, H, W) -> (N, C * kh * kw, blocks); also without N.

    Sizes are ints or pairs.  RuntimeError if no block fits.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html

    >>> import minigrad as mg
    >>> mg.nn.functional.unfold(mg.tensor([[[1., 2., 3.], [4., 5., 6.]]]), 2)
    tensor([[1., 2.],
            [2., 3.],
            [4., 5.],
            [5., 6.]])
    """
    array = _pool_args.tensor("im2col", input)
    moves = _block_args.unfolded(
        array.shape, key(kernel_size), key(dilation), key(padding), key(stride)
    )
    if array.dtype.kind in "iu":
        _pool_args.refuse("im2col_out_cpu", array.dtype)
    if array.ndim == 3:
        return squeeze(ops.columns(unsqueeze(input, 0), moves), 0)
    return ops.columns(input, moves)


def fold(
    input: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Any:
    """Blocks summed into pictures (col2im): (N, C * kh * kw, blocks) -> (N, C, *output_size); also without N.

    The adjoint of ``unfold``: a pixel is the sum of what all blocks hold for it.  Sizes are ints or pairs.
    RuntimeError if the numbers of rows and blocks do not fit the other arguments.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fold.html

    >>> import minigrad as mg
    >>> mg.nn.functional.fold(mg.ones(4, 2), (2, 3), 2)
    tensor([[[1., 2., 1.],
             [1., 2., 1.]]])
    """
    array = _pool_args.tensor("col2im", input)
    moves = _block_args.folded(
        array.shape, key(output_size), key(kernel_size), key(dilation), key(padding), key(stride)
    )
    if array.dtype.kind in "iu":
        _pool_args.refuse("col2im_out_cpu", array.dtype)
    if array.ndim == 2:
        return squeeze(ops.images(unsqueeze(input, 0), moves), 0)
    return ops.images(input, moves)

"""Dropout in torch's signatures: checks, and the reading of shapes as batches of channels."""

from __future__ import annotations

import warnings
from typing import Any

from ...ops import dropout as ops
from ...ops._common import expect
from ...ops.shape import squeeze, unsqueeze
from ...tensor import Tensor


def _check(name: str, input: Any, p: float) -> None:
    if p < 0 or p > 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    expect(name, input=input)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """``input`` with elements set to 0 with probability p and the rest divided by 1 - p.

    Not in ``training``: the input itself.  With ``inplace`` written into it.  ValueError unless p is from 0 to 1.
    Source: Hinton et al., Improving neural networks by preventing co-adaptation of feature detectors, 2012.

    >>> import minigrad as mg
    >>> _ = mg.manual_seed(0)
    >>> mg.nn.functional.dropout(mg.ones(6))
    tensor([0., 0., 2., 0., 0., 0.])
    """
    _check("dropout", input, p)
    return (ops.dropout_ if inplace else ops.dropout)(input, p, training)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout that keeps mean and variance of self-normalising networks: dropped units get SELU's saturation.

    ValueError unless p is from 0 to 1.  Source: Klambauer et al., Self-normalizing neural networks, 2017.
    """
    _check("alpha_dropout", input, p)
    return (ops.alpha_dropout_ if inplace else ops.alpha_dropout)(input, p, training)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """``alpha_dropout`` of whole channels of (N, C, *).

    ValueError unless p is from 0 to 1, RuntimeError for fewer than two dimensions.
    """
    _check("feature_alpha_dropout", input, p)
    op = ops.feature_alpha_dropout_ if inplace else ops.feature_alpha_dropout
    return op(input, p, training)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Channels of (N, C, L) or (C, L) set to 0 with probability p and the rest divided by 1 - p.

    ValueError unless p is from 0 to 1, RuntimeError for another number of dimensions.
    """
    _check("dropout1d", input, p)
    ndim = input.array.ndim
    if ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {ndim}D input. Note that dropout1d exists to provide "
            "channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch "
            "dimension (i.e. 2D or 3D inputs)."
        )
    return _of_channels(input, p, training, inplace, ndim == 3)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Channels of (N, C, H, W) set to 0 with probability p and the rest divided by 1 - p.

    Three dimensions are read as (N, C, L), with torch's warning that this will change; a warning for other numbers.
    ValueError unless p is from 0 to 1.
    Source: Tompson et al., Efficient object localization using convolutional networks, 2015.
    """
    _check("dropout2d", input, p)
    ndim = input.array.ndim
    if ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is "
            "desired - input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will "
            "change in a future release to interpret the input as one without a batch dimension, i.e. shape (C, H, "
            "W). To maintain the 1D channel-wise dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    elif ndim != 4:
        _warn("dropout2d", ndim, 2)
    return _of_channels(input, p, training, inplace, True)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Channels of (N, C, D, H, W) or (C, D, H, W) set to 0 with probability p and the rest divided by 1 - p.

    A warning for other numbers of dimensions; ValueError unless p is from 0 to 1.
    """
    _check("dropout3d", input, p)
    ndim = input.array.ndim
    if ndim not in (4, 5):
        _warn("dropout3d", ndim, 3)
    return _of_channels(input, p, training, inplace, ndim == 5)


def _warn(name: str, ndim: int, spatial: int) -> None:
    warnings.warn(
        f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an error in a future "
        "release. To retain the behavior and silence this warning, please use dropout instead. Note that "
        f"{name} exists to provide channel-wise dropout on inputs with {spatial} spatial dimensions, a channel "
        f"dimension, and an optional batch dimension (i.e. {spatial + 1}D or {spatial + 2}D inputs).",
        stacklevel=3,
    )


def _of_channels(input: Any, p: float, training: bool, inplace: bool, batched: bool) -> Any:
    op = ops.feature_dropout_ if inplace else ops.feature_dropout
    if batched:
        return op(input, p, training)
    dropped = squeeze(op(unsqueeze(input, 0), p, training), 0)
    return input if inplace else dropped

"""Normalisation by mean and variance: of channels, of groups of channels, of the last dimensions.

Each is one op with a kernel for the forward pass and one for all three gradients.  The gradients' formulas are not
differentiable themselves, so each op has a ``composite``: the same function of other ops, for higher orders.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._formats import following
from .._tape import primitive, wrap
from ..kernels import norm as kernels
from ..kernels.norm import rows as row_kernels
from ._common import cast
from .functions import rsqrt
from .reduce import _mean
from .shape import reshape


def _named(node):
    return node.attrs[-1]


def _gradients(found: Any, needed: Any, *parameters: Any) -> Any:
    """(dx, dw, db) in the dtypes of what they are gradients of, None where none is needed."""
    dtypes = [found[0].dtype, *(found[0].dtype if p is None else p.dtype for p in parameters)]
    return tuple(
        g.astype(dtype, copy=False) if wanted else None
        for g, wanted, dtype in zip(found, needed, dtypes)
    )


def _standardised(x: Any, dims: Any, eps: float) -> Any:
    """x with mean 0 and variance 1 over the dimensions."""
    away = x - _mean(x, dims, True)
    return away * rsqrt(_mean(away * away, dims, True) + eps)


def _affine(y: Any, weight: Any, bias: Any, shape: Any) -> Any:
    """y times weight plus bias, each seen in a shape."""
    if weight is not None:
        y = y * reshape(weight, shape)
    return y if bias is None else y + reshape(bias, shape)


# ------------------------------------------------------------------------------ channels and groups
@primitive(aux=("centre", "var"), title=_named, quiet=True)
def channel_norm(input, weight, bias, /, layout, eps, name):
    """Batch, group or instance normalisation: input (N, C, *size); weight, bias (C,) or None.

    Answers the input's shape, and the mean and biased variance of what was normalised together (float64).
    """
    out, centre, var = kernels.forward(input, weight, bias, layout, None, eps)
    return following(out, input), centre, var


@channel_norm.joint
def _channel_rule(g, needed, input, weight, bias, centre, var, layout, eps):
    found = kernels.backward(g, input, weight, centre, var, layout, False, eps)
    return _gradients(found, needed, weight, bias)


def _channel_composite(input, weight, bias, layout, eps, name):
    y = _standardised(reshape(input, layout[:4]), (0, 3) if layout.joint else (2, 3), eps)
    y = _affine(y, weight, bias, (layout.groups, layout.each, 1))
    return cast(reshape(y, input.shape), input.array.dtype)


channel_norm.composite = _channel_composite


@primitive(title=_named, quiet=True)
def channel_scale(input, weight, bias, /, centre, var, layout, eps, name):
    """Normalisation by given means and variances (C,), arrays: input (N, C, *size); weight, bias (C,) or None."""
    return kernels.scaled(input, weight, bias, centre, var, layout, eps)


@channel_scale.joint
def _scale_rule(g, needed, input, weight, bias, centre, var, layout, eps):
    fixed = centre.astype(np.float64), var.astype(np.float64)
    found = kernels.backward(g, input, weight, *fixed, layout, True, eps)
    return _gradients(found, needed, weight, bias)


def _scale_composite(input, weight, bias, centre, var, layout, eps, name):
    channels = (layout.groups, *(1,) * (len(input.shape) - 2))
    x = input - wrap(centre.reshape(channels))
    y = x * wrap(1 / np.sqrt(var + eps).reshape(channels))
    return cast(_affine(y, weight, bias, channels), input.array.dtype)


channel_scale.composite = _scale_composite


# ------------------------------------------------------------------------------ the last dimensions
@primitive(aux=("centre", "var"), title="NativeLayerNormBackward0", quiet=True)
def layer_norm(input, weight, bias, /, size, eps):
    """Normalisation of the last dimensions, of ``size`` numbers: weight and bias have these dimensions, or are None."""
    return row_kernels.forward(input, weight, bias, size, eps)


@layer_norm.joint
def _layer_rule(g, needed, input, weight, bias, centre, var, size, eps):
    found = row_kernels.backward(g, input, weight, centre, var, size, eps)
    dx, *others = _gradients(found, needed, weight, bias)
    shapes = [None if p is None else p.shape for p in (weight, bias)]
    return dx, *(None if d is None else d.reshape(s) for d, s in zip(others, shapes))


def _layer_composite(input, weight, bias, size, eps):
    y = reshape(_standardised(reshape(input, (-1, max(1, size))), -1, eps), input.shape)
    shape = next((p.shape for p in (weight, bias) if p is not None), ())
    return cast(_affine(y, weight, bias, shape), input.array.dtype)


layer_norm.composite = _layer_composite

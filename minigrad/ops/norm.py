"""Normalisation by mean and variance: of channels, of groups of channels, of the last dimensions.

Each is one op with a kernel for the forward pass and one for all three gradients.  The gradients' formulas are not
differentiable themselves, so each op has a ``composite``: the same function of other ops, for higher orders.
"""

from __future__ import annotations

from typing import Any

from .._tape import primitive, wrap
from ..kernels import norm as kernels
from ..kernels import norm_rows as row_kernels
from ._common import cast
from .functions import rsqrt
from .reduce import mean
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


def _standardised(x: Any, dims: Any, fixed: Any, eps: float) -> Any:
    """x with mean 0 and variance 1 over the dimensions, or shifted and scaled by fixed ones."""
    if fixed is None:
        away = x - mean(x, dims, True)
        return away * rsqrt(mean(away * away, dims, True) + eps)
    shape = [1, -1, 1, 1]
    centre, var = (wrap(a.astype(x.array.dtype).reshape(shape)) for a in fixed)
    return (x - centre) * rsqrt(var + eps)


@primitive(aux=("centre", "var"), title=_named, quiet=True)
def channel_norm(input, weight, bias, /, layout, fixed, eps, name):
    """Batch, group or instance normalisation: input (N, C, *size); weight, bias (C,) or None.

    Answers the input's shape, and the mean and biased variance of what was normalised together (float64).
    fixed: (means, variances) of the channels to normalise by, in place of the input's own.
    """
    return kernels.forward(input, weight, bias, layout, fixed, eps)


@channel_norm.joint
def _channel_rule(g, needed, input, weight, bias, centre, var, layout, fixed, eps):
    found = kernels.backward(g, input, weight, centre, var, layout, fixed is not None, eps)
    return _gradients(found, needed, weight, bias)


def _channel_composite(input, weight, bias, layout, fixed, eps, name):
    x = reshape(input, layout[:4])
    y = _standardised(x, (0, 3) if layout.joint else (2, 3), fixed, eps)
    per_channel = (layout.groups, layout.each, 1)
    if weight is not None:
        y = y * reshape(weight, per_channel)
    if bias is not None:
        y = y + reshape(bias, per_channel)
    return cast(reshape(y, input.shape), input.array.dtype)


channel_norm.composite = _channel_composite


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
    y = _standardised(reshape(input, (-1, max(1, size))), -1, None, eps)
    y = reshape(y, input.shape)
    if weight is not None:
        y = y * weight
    if bias is not None:
        y = y + bias
    return cast(y, input.array.dtype)


layer_norm.composite = _layer_composite

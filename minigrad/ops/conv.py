"""Convolution and its two adjoints: three ops closed under differentiation, in any number of dimensions.

Each is bilinear in its two tensors, and each one's rules are calls of the other two; so three kernels and seven
one-line rules give convolution and transposed convolution (``conv_input``) at every order of derivative.
"""

from __future__ import annotations

import numpy as np

from .._formats import following
from .._tape import primitive
from ..kernels import conv as kernels
from ..kernels.reduce import add_up
from .reduce import _sum

ndarray = np.ndarray
_MANY = 1 << 15  # numbers of a gradient from which compiled loops pay
_over_all_but_channels = {n: (0, *range(2, n)) for n in (3, 4, 5)}


@primitive(title="ConvolutionBackward0", quiet=True)
def conv(input, weight, bias, /, geo):
    """Cross-correlation: input (N, Cin, *S), weight (Cout, Cin/groups, *K), bias (Cout,) or None -> (N, Cout, *S')."""
    return following(kernels.conv(input, weight, bias, geo), input, weight)


@primitive(title="ConvolutionBackward0", quiet=True)
def conv_input(input, weight, bias, /, size, geo):
    """conv's adjoint in its input, which is transposed convolution: input (N, Cout, *S') -> (N, Cin, *size)."""
    return following(kernels.conv_input(input, weight, bias, size, geo), input, weight)


@primitive(title="ConvolutionBackwardBackward0", quiet=True)
def conv_weight(input, other, /, size, geo):
    """conv's adjoint in its weight: input (N, Cin, *S), other (N, Cout, *S') -> (Cout, Cin/groups, *size)."""
    return kernels.conv_weight(input, other, size, geo)


def _bias_rule(g):
    dims = _over_all_but_channels[g.ndim]
    if type(g) is ndarray and g.size > _MANY and g.dtype.char in "fd" and g.flags.c_contiguous:
        return add_up(g, dims, False)  # the convolution has loaded Numba
    return _sum(g, dims, False)


conv.vjps(
    input=lambda g, weight, into, geo: conv_input(g, weight, None, into[2:], geo),
    weight=lambda g, input, into, geo: conv_weight(input, g, into[2:], geo),
    bias=_bias_rule,
)
conv_input.vjps(
    input=lambda g, weight, geo: conv(g, weight, None, geo),
    weight=lambda g, input, into, geo: conv_weight(g, input, into[2:], geo),
    bias=_bias_rule,
)
conv_weight.vjps(
    input=lambda g, other, into, geo: conv_input(other, g, None, into[2:], geo),
    other=lambda g, input, geo: conv(input, g, None, geo),
)

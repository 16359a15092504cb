"""Activations in torch's signatures; those that torch also has in place write into their input when told to."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import _sampling
from .._tape import Traced, wrap
from . import activations as pieces
from . import activations_smooth as smooth
from . import functions
from . import softmax as softmaxes
from ._common import Number, expect, one_dim
from .inplace import inplace as written


def _numbers(name: str, **arguments: Any) -> list[Any]:
    """Arguments that are numbers, or 0-d tensors of one; TypeError, in torch's words, for any other."""
    found = [
        v.array.item() if isinstance(v, Traced) and not v.array.ndim else v
        for v in arguments.values()
    ]
    for i, (argument, value) in enumerate(zip(arguments, found), 2):
        if not isinstance(value, Number):
            raise TypeError(
                f"{name}(): argument '{argument}' (position {i}) must be Number, not {type(value).__name__}"
            )
    return [v.item() if isinstance(v, np.generic) else v for v in found]


def _plain(name: str, op: Any) -> Any:
    """The function of torch's that is an op with ``inplace``."""

    def function(input: Any, inplace: bool = False) -> Any:
        if not isinstance(input, Traced):
            expect(name, input=input)
        return written(op, input) if inplace else op(input)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{op.__doc__.rstrip()}\n\n    With ``inplace`` written into ``input``."
    return function


sigmoid, tanh = functions.sigmoid, functions.tanh
relu = _plain("relu", functions.relu)
silu = _plain("silu", smooth.silu)
mish = _plain("mish", smooth.mish)
hardsigmoid = _plain("hardsigmoid", pieces.hardsigmoid)
hardswish = _plain("hardswish", pieces.hardswish)


prelu = pieces.prelu


def _written(op: Any) -> Any:
    """The function that writes an op's answer into its input."""

    def function(input: Any) -> Any:
        expect(f"{op.__name__}_", input=input)
        return written(op, input)

    function.__name__ = function.__qualname__ = f"{op.__name__}_"
    function.__doc__ = f"``{op.__name__}``, written into ``input``."
    return function


relu_, sigmoid_, tanh_ = (
    _written(op) for op in (functions.relu, functions.sigmoid, functions.tanh)
)


# ------------------------------------------------------------------------------ straight pieces
def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """``input`` where positive, ``negative_slope * input`` elsewhere; with ``inplace`` written into ``input``."""
    expect("leaky_relu", input=input)
    (negative_slope,) = _numbers("leaky_relu", negative_slope=negative_slope)
    if not inplace:
        return pieces.leaky_relu(input, negative_slope)
    op = pieces.leaky_relu_ if negative_slope >= 0 else pieces.leaky_relu
    return written(op, input, negative_slope)


def leaky_relu_(input: Any, negative_slope: float = 0.01) -> Any:
    """``leaky_relu``, written into ``input``."""
    return leaky_relu(input, negative_slope, True)


def rrelu(
    input: Any,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Any:
    """``input`` where positive, ``a * input`` elsewhere; with ``inplace`` written into ``input``.

    a: in training from U(lower, upper), for each element its own; else their mean.  RuntimeError if lower > upper.
    """
    expect("rrelu", input=input)
    lower, upper = _numbers("rrelu", lower=lower, upper=upper)
    if inplace:
        return rrelu_(input, lower, upper, training)
    return pieces.rrelu(input, lower, upper, training)


def rrelu_(
    input: Any, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False
) -> Any:
    """``rrelu``, written into ``input``."""
    return pieces.rrelu(input, lower, upper, training, op=lambda x, s: written(pieces._rrelu, x, s))


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """``input`` where above ``threshold``, ``value`` elsewhere; with ``inplace`` written into ``input``."""
    expect("threshold", input=input)
    threshold, value = _numbers("threshold", threshold=threshold, value=value)
    if inplace:
        return written(pieces.threshold, input, threshold, value)
    return pieces.threshold(input, threshold, value)


def threshold_(input: Any, threshold: float, value: float) -> Any:
    """``threshold``, written into ``input``."""
    return _threshold(input, threshold, value, True)


_threshold = threshold


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """``input`` bounded to [min_val, max_val]; with ``inplace`` written into ``input``.

    ValueError if min_val > max_val; RuntimeError for bools, and for a negative bound of unsigned integers.
    """
    return _bounded("hardtanh", input, min_val, max_val, inplace)


def hardtanh_(input: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """``hardtanh``, written into ``input``."""
    return _bounded("hardtanh_", input, min_val, max_val, True)


def relu6(input: Any, inplace: bool = False) -> Any:
    """``input`` bounded to [0, 6]; with ``inplace`` written into ``input``."""
    return _bounded("relu6", input, 0.0, 6.0, inplace)


def _bounded(name: str, input: Any, low: Any, high: Any, inplace: bool) -> Any:
    expect(name, input=input)
    low, high = _numbers(name, min_val=low, max_val=high)
    if low > high:
        raise ValueError("min_val cannot be greater than max_val")
    kind = input.array.dtype
    if kind.kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if kind.kind != "f":
        if kind.kind == "u" and low < 0:
            raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
        low, high = int(low), int(high)
    if inplace:
        return written(pieces.hardtanh, input, low, high)
    return pieces.hardtanh(input, low, high)


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """0 in [-lambd, lambd], ``input`` elsewhere."""
    expect("hardshrink", input=input)
    return pieces.hardshrink(input, *_numbers("hardshrink", lambd=lambd))


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """``input`` moved towards 0 by ``lambd``, and 0 in [-lambd, lambd]; RuntimeError for a negative one."""
    expect("softshrink", input=input)
    return pieces.softshrink(input, *_numbers("softshrink", lambd=lambd))


# ------------------------------------------------------------------------------ exponential linear units
def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """``input`` where positive, ``alpha * (exp(input) - 1)`` elsewhere; with ``inplace`` written into ``input``."""
    expect("elu", input=input)
    (alpha,) = _numbers("elu", alpha=alpha)
    if not inplace:
        return smooth.elu(input, alpha)
    return written(smooth.elu_ if alpha >= 0 else smooth.elu, input, alpha)


def elu_(input: Any, alpha: float = 1.0) -> Any:
    """``elu``, written into ``input``."""
    return elu(input, alpha, True)


def selu(input: Any, inplace: bool = False) -> Any:
    """``elu`` times a scale, both constants those of self-normalising networks.

    Source: Klambauer et al., Self-normalizing neural networks, 2017.
    """
    expect("selu", input=input)
    if not inplace:
        return smooth.selu(input)
    return written(smooth.elu_, input, smooth.SELU_ALPHA, smooth.SELU_SCALE)


def selu_(input: Any) -> Any:
    """``selu``, written into ``input``."""
    return selu(input, True)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """``max(input, 0) + min(alpha * (exp(input / alpha) - 1), 0)``; RuntimeError for an alpha of 0.

    With ``inplace`` written into ``input``.
    """
    expect("celu", input=input)
    (alpha,) = _numbers("celu", alpha=alpha)
    if not inplace:
        return smooth.celu(input, alpha)
    return written(smooth.celu_ if alpha > 0 else smooth.celu, input, alpha)


def celu_(input: Any, alpha: float = 1.0) -> Any:
    """``celu``, written into ``input``."""
    return celu(input, alpha, True)


# ------------------------------------------------------------------------------ gates and soft steps
def gelu(input: Any, *, approximate: str = "none") -> Any:
    """``input`` times the normal distribution's function there, or ('tanh') a formula close to it.

    RuntimeError for another ``approximate``.  Source: Hendrycks and Gimpel, Gaussian error linear units, 2016.
    """
    expect("gelu", input=input)
    return smooth.gelu(input, approximate=approximate)


def softplus(input: Any, beta: float = 1, threshold: float = 20) -> Any:
    """``log(1 + exp(beta * input)) / beta``, and ``input`` where ``beta * input`` is above the threshold."""
    expect("softplus", input=input)
    return smooth.softplus(input, *_numbers("softplus", beta=beta, threshold=threshold))


def logsigmoid(input: Any) -> Any:
    """``log(sigmoid(input))``, without overflow."""
    expect("log_sigmoid", input=input)
    return smooth.logsigmoid(input)


def softsign(input: Any) -> Any:
    """``input / (1 + abs(input))``."""
    return input / (input.abs() + 1)


def tanhshrink(input: Any) -> Any:
    """``input - tanh(input)``."""
    return input - input.tanh()


def glu(input: Any, dim: int = -1) -> Any:
    """``a * sigmoid(b)``, a and b the halves of ``input`` along ``dim``.

    RuntimeError for a dimension of odd size.  Source: Dauphin et al., Language modeling with gated convolutional
    networks, 2016.
    """
    expect("glu", input=input)
    shape = input.array.shape
    if not shape:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    d = one_dim(dim, len(shape))
    if shape[d] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {d} is size {shape[d]}")
    return smooth.glu(input, d)


# ------------------------------------------------------------------------------ softmax and its kin
def softmax(input: Any, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """``exp(input)`` scaled to sum to 1 over ``dim``."""
    return softmaxes.softmax(input, _softmax_dim("softmax", input, dim, _stacklevel), dtype)


def log_softmax(input: Any, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """The logarithm of ``softmax``."""
    return softmaxes.log_softmax(input, _softmax_dim("log_softmax", input, dim, _stacklevel), dtype)


def softmin(input: Any, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """``softmax(-input)``."""
    return softmaxes.softmax(-input, _softmax_dim("softmin", input, dim, _stacklevel), dtype)


def _softmax_dim(name: str, input: Any, dim: Any, stacklevel: int) -> Any:
    """The dimension, or where it is left out and with a warning torch's old rule: 0 for 0, 1 and 3, else 1."""
    if dim is not None:
        return dim
    expect(name, input=input)
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if input.array.ndim in (0, 1, 3) else 1


def gumbel_softmax(
    logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Any:
    """A sample of the Gumbel-softmax distribution: softmax of (logits + Gumbel noise) / tau over ``dim``.

    hard: answer one-hot vectors, whose gradient is that of the soft ones.  ``eps`` does nothing, as in torch.
    Source: Jang et al., Categorical reparameterization with Gumbel-softmax, 2016.
    """
    expect("gumbel_softmax", logits=logits)
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    waits = _sampling.default.exponential_(np.empty(logits.array.shape, logits.array.dtype))
    soft = softmaxes.softmax((logits + wrap(-np.log(waits))) / tau, dim)
    if not hard:
        return soft
    best = np.expand_dims(np.argmax(soft.array, dim), dim)
    one_hot = np.zeros_like(soft.array)
    np.put_along_axis(one_hot, best, 1, dim)
    return wrap(one_hot - soft.array) + soft

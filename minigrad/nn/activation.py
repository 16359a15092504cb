"""Activation layers: nonlinear functions of every element.

Each only keeps its arguments and calls the function of ``nn.functional`` of that name.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from ..creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init as _init
from .module import Module
from .parameter import Parameter


class _Elementwise(Module):
    """A function of every element, without arguments."""

    _function: Callable[..., Tensor]  # of nn.functional

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape."""
        return self._function(input)


class _InPlace(Module):
    """A function of every element that can overwrite its input.

    ``_shown`` names the arguments that are given to it, and printed, before ``inplace``.
    """

    _function: Callable[..., Tensor]
    _shown: tuple[str, ...] = ()

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape; the input itself, overwritten, if ``inplace``."""
        arguments = [getattr(self, name) for name in self._shown]
        return self._function(input, *arguments, inplace=self.inplace)

    def extra_repr(self) -> str:
        """The arguments, and ``inplace`` if it is set."""
        parts = [f"{name}={getattr(self, name)}" for name in self._shown]
        return ", ".join(parts + ["inplace=True"] * self.inplace)


class Sigmoid(_Elementwise):
    """1 / (1 + exp(-x))."""

    _function = staticmethod(F.sigmoid)


class Tanh(_Elementwise):
    """tanh(x)."""

    _function = staticmethod(F.tanh)


class LogSigmoid(_Elementwise):
    """log(1 / (1 + exp(-x)))."""

    _function = staticmethod(F.logsigmoid)


class Softsign(_Elementwise):
    """x / (1 + abs(x))."""

    _function = staticmethod(F.softsign)


class Tanhshrink(_Elementwise):
    """x - tanh(x)."""

    _function = staticmethod(F.tanhshrink)


class ReLU(_InPlace):
    """max(x, 0).

    >>> import minigrad as mg
    >>> mg.nn.ReLU()(mg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    _function = staticmethod(F.relu)

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape; the input itself, overwritten, if ``inplace``."""
        return F.relu(input, self.inplace)


class SELU(_InPlace):
    """scale · (max(x, 0) + min(α (exp(x) - 1), 0)), the constants of self-normalizing nets.

    Source: Klambauer et al., Self-normalizing neural networks, 2017.
    """

    _function = staticmethod(F.selu)


class SiLU(_InPlace):
    """x · sigmoid(x), also called swish."""

    _function = staticmethod(F.silu)


class Mish(_InPlace):
    """x · tanh(softplus(x))."""

    _function = staticmethod(F.mish)


class Hardsigmoid(_InPlace):
    """0 below -3, 1 above 3, x / 6 + 1 / 2 between."""

    _function = staticmethod(F.hardsigmoid)

    def extra_repr(self) -> str:
        """Nothing, as in torch."""
        return ""


class Hardswish(_InPlace):
    """x · hardsigmoid(x).

    Source: Howard et al., Searching for MobileNetV3, 2019.
    """

    _function = staticmethod(F.hardswish)

    def extra_repr(self) -> str:
        """Nothing, as in torch."""
        return ""


class LeakyReLU(_InPlace):
    """x where positive, negative_slope · x elsewhere."""

    _function = staticmethod(F.leaky_relu)
    _shown = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False):
        super().__init__(inplace)
        self.negative_slope = negative_slope


class _WithAlpha(_InPlace):
    _shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        super().__init__(inplace)
        self.alpha = alpha


class ELU(_WithAlpha):
    """x where positive, alpha · (exp(x) - 1) elsewhere."""

    _function = staticmethod(F.elu)


class CELU(_WithAlpha):
    """max(x, 0) + min(alpha · (exp(x / alpha) - 1), 0)."""

    _function = staticmethod(F.celu)


class Threshold(_InPlace):
    """x where above the threshold, the value elsewhere."""

    _function = staticmethod(F.threshold)
    _shown = ("threshold", "value")

    def __init__(self, threshold: float, value: float, inplace: bool = False):
        super().__init__(inplace)
        self.threshold = threshold
        self.value = value


class Hardtanh(_InPlace):
    """x held between min_val and max_val.  ValueError unless max_val is greater."""

    _function = staticmethod(F.hardtanh)
    _shown = ("min_val", "max_val")

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ):
        super().__init__(inplace)
        self.min_val = _renamed("min_value", min_value, "min_val", min_val)
        self.max_val = _renamed("max_value", max_value, "max_val", max_val)
        if self.max_val <= self.min_val:
            raise AssertionError(
                f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})"
            )


def _renamed(old: str, old_value: float | None, new: str, new_value: float) -> float:
    """An argument that torch renamed, and still takes by its old name with a warning."""
    if old_value is None:
        return new_value
    warnings.warn(
        f"keyword argument `{old}` is deprecated and renamed to `{new}`",
        FutureWarning,
        stacklevel=3,
    )
    return old_value


class ReLU6(Hardtanh):
    """x held between 0 and 6."""

    def __init__(self, inplace: bool = False):
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        """``inplace`` if it is set."""
        return "inplace=True" if self.inplace else ""


class RReLU(_InPlace):
    """x where positive, a · x elsewhere: a from U(lower, upper), or in evaluation their mean.

    Source: Xu et al., Empirical evaluation of rectified activations in convolutional network, 2015.
    """

    _shown = ("lower", "upper")

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False):
        super().__init__(inplace)
        self.lower = lower
        self.upper = upper

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape; the input itself, overwritten, if ``inplace``."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class PReLU(Module):
    """x where positive, a · x elsewhere, a learned: one, or one for every channel.

    Source: He et al., Delving deep into rectifiers, 2015.
    """

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ):
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set every a to ``init``."""
        _init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape; its channels are the second dimension."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """The number of parameters."""
        return f"num_parameters={self.num_parameters}"


class GELU(Module):
    """x · Φ(x), Φ the normal distribution's function; ``approximate="tanh"`` for its approximation.

    Source: Hendrycks and Gimpel, Gaussian error linear units, 2016.
    """

    def __init__(self, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape."""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        """The approximation."""
        return f"approximate={self.approximate!r}"


class Softplus(Module):
    """log(1 + exp(beta · x)) / beta, and x itself where beta · x is above the threshold."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"beta={self.beta}, threshold={self.threshold}"


class _Shrink(Module):
    _function: Callable[..., Tensor]

    def __init__(self, lambd: float = 0.5):
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """The input's shape."""
        return self._function(input, self.lambd)

    def extra_repr(self) -> str:
        """The threshold."""
        return f"{self.lambd}"


class Hardshrink(_Shrink):
    """x where its absolute value is above lambd, 0 elsewhere."""

    _function = staticmethod(F.hardshrink)


class Softshrink(_Shrink):
    """x moved towards 0 by lambd, and 0 where its absolute value is below."""

    _function = staticmethod(F.softshrink)

"""The base of distributions: shapes of what is drawn, checks of parameters and values, the printed form."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from .._types import Size
from ..autograd import no_grad
from ..creation import tensor
from ..ops.shape import broadcast_tensors
from ..tensor import Tensor

# What a parameter or a value must be, by the words in which torch says so.
CONSTRAINTS: dict[str, Callable[[Any], Any]] = {
    "Real()": lambda x: x == x,
    "GreaterThan(lower_bound=0.0)": lambda x: x > 0,
    "GreaterThanEq(lower_bound=0.0)": lambda x: x >= 0,
    "Interval(lower_bound=0.0, upper_bound=1.0)": lambda x: (x >= 0) & (x <= 1),
    "Boolean()": lambda x: (x == 0) | (x == 1),
    "Simplex()": lambda p: (p >= 0).all(-1) & ((p.sum(-1) - 1).abs() < 1e-6),
    "IndependentConstraint(Real(), 1)": lambda x: (x == x).all(-1),
}


class Distribution:
    """A distribution of numbers; a batch of them where the parameters are tensors.

    batch_shape: the shape of the parameters.  event_shape: that of one draw.
    """

    has_rsample = False
    arg_constraints: Mapping[str, str] = MappingProxyType({})
    support: str | None = "Real()"
    _validate_args = True

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether parameters and values are looked at; ValueError for what is no bool."""
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: Any = None):
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if not self._validate_args:
            return
        for name, words in self.arg_constraints.items():
            if name in self.__dict__:
                value = getattr(self, name)
                valid = CONSTRAINTS[words](value)
                if not valid.all():
                    raise ValueError(
                        f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of "
                        f"distribution {self!r} to satisfy the constraint {words}, but found invalid values:\n{value}"
                    )

    @property
    def batch_shape(self) -> Size:
        """The shape of the parameters."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one draw of one distribution."""
        return self._event_shape

    @property
    def mean(self) -> Tensor:
        """The mean."""
        raise NotImplementedError

    @property
    def variance(self) -> Tensor:
        """The variance."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.variance.sqrt()

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draws of shape (*sample_shape, *batch_shape, *event_shape) through which gradients pass to the parameters."""
        raise NotImplementedError

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws of shape (*sample_shape, *batch_shape, *event_shape), without gradients."""
        with no_grad():
            return self.rsample(sample_shape)

    def sample_n(self, n: int) -> Tensor:
        """``sample((n,))``, under its deprecated name."""
        warnings.warn(
            "sample_n(n) will be deprecated. Use .sample((n,)) instead", UserWarning, stacklevel=2
        )
        return self.sample((n,))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability, at values; ValueError outside of the support."""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The entropy, (*batch_shape)."""
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of numbers up to ``value``."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """``exp`` of the entropy."""
        return self.entropy().exp()

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def _valid(self, value: Any) -> Any:
        return CONSTRAINTS[self.support](value) if self.support else value == value

    def _validate_sample(self, value: Any) -> None:
        """ValueError for what is no tensor, is not of these shapes, or lies outside of the support."""
        if not self._validate_args:
            return
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        wanted = (*self._batch_shape, *self._event_shape)
        lead = len(value.shape) - len(self._event_shape)
        if value.shape[lead:] != self._event_shape:
            raise ValueError(
                f"The right-most size of value must match event_shape: {value.shape} vs {self._event_shape}."
            )
        for a, b in zip(reversed(value.shape), reversed(wanted)):
            if 1 not in (a, b) and a != b:
                raise ValueError(
                    f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {Size(wanted)}."
                )
        if not self._valid(value).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the "
                f"support ({self._support_words()}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

    def _support_words(self) -> str:
        return str(self.support)

    def __repr__(self) -> str:
        names = [name for name in self.arg_constraints if name in self.__dict__]
        shown = (
            f"{name}: {value if value.numel() == 1 else value.size()}"
            for name, value in ((name, self.__dict__[name]) for name in names)
        )
        return f"{type(self).__name__}({', '.join(shown)})"


def together(*values: Any) -> list[Tensor]:
    """Numbers and tensors as tensors of one shape; numbers alone as 0-d ones."""
    if not all(isinstance(v, (int, float, Tensor)) for v in values):
        raise ValueError(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing "
            "__torch_function__."
        )
    like = next((v for v in values if isinstance(v, Tensor)), None)
    dtype = None if like is None else like.dtype
    made = [v if isinstance(v, Tensor) else tensor(float(v), dtype=dtype) for v in values]
    return list(broadcast_tensors(*made))


def one_of(probs: Any, logits: Any) -> None:
    """ValueError unless just one of the two is given."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


def clamped(probs: Tensor) -> Tensor:
    """Probabilities kept away from 0 and 1, whose logarithms would be infinite."""
    eps = 2.0**-23 if probs.element_size() == 4 else 2.0**-52
    return probs.clamp(min=eps, max=1 - eps)


LOG_2_PI = math.log(2 * math.pi)

"""The exponential distribution."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .distribution import Distribution, together


class Exponential(Distribution):
    """Waiting times of ``rate`` events in one unit of time, a number or a tensor."""

    arg_constraints = {"rate": "GreaterThan(lower_bound=0.0)"}  # noqa: RUF012
    support = "GreaterThanEq(lower_bound=0.0)"
    has_rsample = True

    def __init__(self, rate: Any, validate_args: bool | None = None):
        (self.rate,) = together(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """``1 / rate``."""
        made: Tensor = self.rate.reciprocal()
        return made

    stddev = mean

    @property
    def variance(self) -> Tensor:
        """The variance."""
        made: Tensor = self.rate.pow(-2)
        return made

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draws of shape (*sample_shape, *batch_shape) through which gradients pass."""
        shape = self._extended_shape(sample_shape)
        made: Tensor = self.rate.new_empty(shape).exponential_() / self.rate
        return made

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at ``value``."""
        self._validate_sample(value)
        made: Tensor = self.rate.log() - self.rate * value
        return made

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of numbers up to ``value``."""
        self._validate_sample(value)
        made: Tensor = 1 - (-self.rate * value).exp()
        return made

    def entropy(self) -> Tensor:
        """The entropy."""
        made: Tensor = 1.0 - self.rate.log()
        return made

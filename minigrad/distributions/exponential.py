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
        return self.rate.reciprocal()

    stddev = mean

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.rate.pow(-2)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draws of shape (*sample_shape, *batch_shape) through which gradients pass."""
        shape = self._extended_shape(sample_shape)
        return self.rate.new_empty(shape).exponential_() / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at ``value``."""
        self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of numbers up to ``value``."""
        self._validate_sample(value)
        return 1 - (-self.rate * value).exp()

    def entropy(self) -> Tensor:
        """The entropy."""
        return 1.0 - self.rate.log()

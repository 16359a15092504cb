"""The normal distribution."""

from __future__ import annotations

import math
from typing import Any

from ..autograd import no_grad
from ..random import normal
from ..tensor import Tensor
from .distribution import LOG_2_PI, Distribution, together


class Normal(Distribution):
    """Normal numbers of mean ``loc`` and standard deviation ``scale``, numbers or tensors.

    >>> import minigrad as mg
    >>> q = mg.distributions.Normal(mg.zeros(2), mg.ones(2))
    >>> q.log_prob(mg.zeros(2)), q.rsample((3,)).shape
    (tensor([-0.9189, -0.9189]), minigrad.Size([3, 2]))
    """

    arg_constraints = {"loc": "Real()", "scale": "GreaterThan(lower_bound=0.0)"}  # noqa: RUF012
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None):
        self.loc, self.scale = together(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """``loc``."""
        return self.loc

    mode = mean

    @property
    def stddev(self) -> Tensor:
        """``scale``."""
        return self.scale

    @property
    def variance(self) -> Tensor:
        """The square of ``scale``."""
        return self.scale.pow(2)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws of shape (*sample_shape, *batch_shape), without gradients."""
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return normal(self.loc.expand(shape), self.scale.expand(shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """``loc`` plus a standard normal number times ``scale``: gradients pass."""
        shape = self._extended_shape(sample_shape)
        eps = normal(self.loc.new_zeros(shape), self.loc.new_ones(shape))
        return self.loc + eps * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at ``value``."""
        self._validate_sample(value)
        off = (value - self.loc) ** 2 / (2 * self.variance)
        return -off - self.scale.log() - LOG_2_PI / 2

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of numbers up to ``value``."""
        self._validate_sample(value)
        return 0.5 * (1 + ((value - self.loc) * self.scale.reciprocal() / math.sqrt(2)).erf())

    def icdf(self, value: Tensor) -> Tensor:
        """The number below which a draw lies with probability ``value``."""
        return self.loc + self.scale * (2 * value - 1).erfinv() * math.sqrt(2)

    def entropy(self) -> Tensor:
        """The entropy."""
        return 0.5 + LOG_2_PI / 2 + self.scale.log()

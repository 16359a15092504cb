"""The Bernoulli distribution: 1 or 0."""

from __future__ import annotations

from typing import Any

from ..autograd import no_grad
from ..nn.functional import binary_cross_entropy_with_logits
from ..random import bernoulli
from ..tensor import Tensor
from .distribution import Distribution, clamped, one_of, together


class Bernoulli(Distribution):
    """1 with probability ``probs``, else 0; or by the logarithm of the odds, ``logits``."""

    arg_constraints = {  # noqa: RUF012
        "probs": "Interval(lower_bound=0.0, upper_bound=1.0)",
        "logits": "Real()",
    }
    support = "Boolean()"
    probs: Tensor
    logits: Tensor

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        one_of(probs, logits)
        name = "logits" if probs is None else "probs"
        (self.__dict__[name],) = together(logits if probs is None else probs)
        self._param = self.__dict__[name]
        super().__init__(self._param.shape, validate_args=validate_args)

    def __getattr__(self, name: str) -> Any:
        if name == "probs":
            self.probs = self.logits.sigmoid()
        elif name == "logits":
            probs = clamped(self.probs)
            self.logits = probs.log() - (-probs).log1p()
        else:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self.__dict__[name]

    def __repr__(self) -> str:
        name = "probs" if self._param is self.__dict__.get("probs") else "logits"
        shown = self._param if self._param.numel() == 1 else self._param.size()
        return f"{type(self).__name__}({name}: {shown})"

    @property
    def mean(self) -> Tensor:
        """``probs``."""
        return self.probs

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws of shape (*sample_shape, *batch_shape)."""
        with no_grad():
            return bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of 0s and 1s."""
        self._validate_sample(value)
        logits, value = together(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        """The entropy."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

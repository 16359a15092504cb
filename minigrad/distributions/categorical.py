"""The categorical distribution: one of several classes."""

from __future__ import annotations

import math
from typing import Any

from ..autograd import no_grad
from ..random import multinomial
from ..tensor import Tensor
from .distribution import Distribution, clamped, one_of


class Categorical(Distribution):
    """A class number from 0 to K - 1, by probabilities (*, K) that are made to sum to 1, or by their logarithms.

    >>> import minigrad as mg
    >>> q = mg.distributions.Categorical(logits=mg.zeros(4))
    >>> q.probs, q.log_prob(mg.tensor(2))
    (tensor([0.2500, 0.2500, 0.2500, 0.2500]), tensor(-1.3863))
    """

    arg_constraints = {  # noqa: RUF012
        "probs": "Simplex()",
        "logits": "IndependentConstraint(Real(), 1)",
    }

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        one_of(probs, logits)
        if probs is not None:
            if probs.dim() < 1:
                raise ValueError("`probs` parameter must be at least one-dimensional.")
            self.probs = probs / probs.sum(-1, keepdim=True)
        else:
            if logits.dim() < 1:
                raise ValueError("`logits` parameter must be at least one-dimensional.")
            self.logits = logits - logits.logsumexp(dim=-1, keepdim=True)
        self._param = self.logits if probs is None else self.probs
        self._num_events = self._param.size(-1)
        super().__init__(self._param.shape[:-1], validate_args=validate_args)

    def __getattr__(self, name: str) -> Any:
        if name == "probs":
            self.probs = self.logits.softmax(-1)
        elif name == "logits":
            self.logits = clamped(self.probs).log()
        else:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self.__dict__[name]

    @property
    def param_shape(self) -> Any:
        """The shape (*, K) of the parameter."""
        return self._param.size()

    @property
    def mean(self) -> Tensor:
        """NaN: classes have none."""
        return self._param.new_full(self._batch_shape, math.nan)

    variance = mean

    @property
    def mode(self) -> Tensor:
        """The likeliest class."""
        return self.probs.argmax(dim=-1)

    def _valid(self, value: Any) -> Any:
        return (value % 1 == 0) & (value >= 0) & (value < self._num_events)

    def _support_words(self) -> str:
        return f"IntegerInterval(lower_bound=0, upper_bound={self._num_events - 1})"

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Class numbers, int64, of shape (*sample_shape, *batch_shape)."""
        with no_grad():
            rows = self.probs.reshape(-1, self._num_events)
            drawn = multinomial(rows, math.prod(sample_shape), True).T
            made: Tensor = drawn.reshape(self._extended_shape(sample_shape))
        return made

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of classes."""
        self._validate_sample(value)
        value = value.long().unsqueeze(-1)
        shape = (*_joint(value.shape[:-1], self.logits.shape[:-1]), self._num_events)
        logits = self.logits.expand(shape)
        return logits.gather(-1, value.expand(*shape[:-1], 1)).squeeze(-1)

    def entropy(self) -> Tensor:
        """The entropy; classes of probability 0 add nothing."""
        least = -3.4028234663852886e38 if self.logits.element_size() == 4 else -1.79e308
        return -(self.logits.clamp(min=least) * self.probs).sum(-1)


def _joint(a: Any, b: Any) -> tuple[int, ...]:
    """The shape that two shapes broadcast to."""
    n = max(len(a), len(b))
    a, b = (1,) * (n - len(a)) + tuple(a), (1,) * (n - len(b)) + tuple(b)
    return tuple(y if x == 1 else x for x, y in zip(a, b))

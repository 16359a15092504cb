"""The multinomial distribution: how often each class comes up."""

from __future__ import annotations

from typing import Any

from ..autograd import no_grad
from ..creation import ones_like
from ..tensor import Tensor
from .categorical import Categorical
from .distribution import Distribution


class Multinomial(Distribution):
    """How often each of K classes comes up in ``total_count`` draws, by probabilities (*, K) or their logarithms.

    NotImplementedError for a count that is no int, as in torch.
    """

    arg_constraints = Categorical.arg_constraints

    def __init__(
        self,
        total_count: int = 1,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ):
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args)

    @property
    def probs(self) -> Tensor:
        """The probabilities of the classes."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """Their logarithms."""
        return self._categorical.logits

    @property
    def mean(self) -> Tensor:
        """The mean counts."""
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        """The variances of the counts."""
        return self.total_count * self.probs * (1 - self.probs)

    def _valid(self, value: Any) -> Any:
        return (value % 1 == 0).all(-1) & (value >= 0).all(-1) & (value.sum(-1) <= self.total_count)

    def _support_words(self) -> str:
        return "Multinomial()"

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Counts of shape (*sample_shape, *batch_shape, K), in the parameters' dtype."""
        with no_grad():
            drawn = self._categorical.sample((self.total_count, *sample_shape))
            drawn = drawn.permute(*range(1, drawn.dim()), 0)
            counts = self._categorical._param.new_zeros(self._extended_shape(sample_shape))
            made: Tensor = counts.scatter_add_(-1, drawn, ones_like(drawn).type_as(counts))
        return made

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of counts."""
        self._validate_sample(value)
        logits = self.logits.expand(*value.shape[:-1], -1) if value.ndim > 1 else self.logits
        logits = logits.masked_fill((value == 0) & (logits == -float("inf")), 0)
        ways = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        return ways + (logits * value).sum(-1)

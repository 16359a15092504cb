"""Kullback-Leibler divergences of pairs of distributions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from .bernoulli import Bernoulli
from .categorical import Categorical
from .distribution import Distribution
from .normal import Normal

_RULES: dict[tuple[type, type], Callable[[Any, Any], Tensor]] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Any], Any]:
    """Decorates a function of two distributions of these types that answers their divergence.

    TypeError for what are no classes of distributions.
    """
    for kind in (type_p, type_q):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"Expected type to be a Distribution subclass but got {kind}")

    def enter(function: Any) -> Any:
        _RULES[type_p, type_q] = function
        return function

    return enter


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """How far ``q`` is from ``p``, (*batch_shape): the mean of ``log p - log q`` under p.

    NotImplementedError for a pair without a formula.

    >>> import minigrad as mg
    >>> from minigrad.distributions import Normal
    >>> mg.distributions.kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    for a in type(p).__mro__:
        for b in type(q).__mro__:
            if (a, b) in _RULES:
                return _RULES[a, b](p, q)
    raise NotImplementedError(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
    )


@register_kl(Normal, Normal)
def _of_normals(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    apart = ((p.loc - q.loc) / q.scale).pow(2)
    return 0.5 * (ratio + apart - 1 - ratio.log())


@register_kl(Bernoulli, Bernoulli)
def _of_bernoullis(p: Bernoulli, q: Bernoulli) -> Tensor:
    yes = p.probs * (p.probs / q.probs).log()
    no = (1 - p.probs) * ((1 - p.probs) / (1 - q.probs)).log()
    return _never(yes, p.probs == 0, q.probs == 0) + _never(no, p.probs == 1, q.probs == 1)


@register_kl(Categorical, Categorical)
def _of_categories(p: Categorical, q: Categorical) -> Tensor:
    each = p.probs * (p.logits - q.logits)
    return _never(each, p.probs == 0, q.probs == 0).sum(-1)


def _never(term: Tensor, in_p: Tensor, in_q: Tensor) -> Tensor:
    """A term that is 0 where p never comes, and else infinite where q never does."""
    return term.masked_fill(in_q, float("inf")).masked_fill(in_p, 0)

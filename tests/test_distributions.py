"""``torch.distributions`` beside torch's: draws, probabilities, divergences, refusals."""

from __future__ import annotations

import re

import pytest
import torch

import minigrad
from tests.stories import normal, told

EXPRESSIONS = """
D.Normal(0.0, 1.0), D.Normal(x, x), D.Normal(0, x).loc
D.Normal(x, x).sample(), D.Normal(x, x).sample((2,)), D.Normal(0.0, 1.0).sample()
D.Normal(x, x + 1).rsample((4,)), D.Normal(x.double(), 1.0).rsample()
D.Normal(x, x + 1).log_prob(x * 2), D.Normal(x, x + 1).cdf(x * 2), D.Normal(x, x + 1).entropy()
D.Normal(x, x).mean, D.Normal(x, x).stddev, D.Normal(x, x).variance, D.Normal(x, x).icdf(x / 8)
D.Normal(x, x).batch_shape, D.Normal(x, x).event_shape, D.Normal(x, x).mode
D.Normal(x, -x)
D.Normal("a", 1)
D.Normal(0.0, 1.0).log_prob(1.0)
D.Normal(x, x).log_prob(torch.ones(4))
D.Normal(x, -x, validate_args=False).loc
D.Normal(x, x).perplexity(), D.Normal(x, x).sample_n(2)
D.Uniform(0.0, x).sample((2,)), D.Uniform(0.0, 2.0).rsample()
D.Uniform(0.0, x).log_prob(x / 2), D.Uniform(0.0, x).cdf(x / 4), D.Uniform(0.0, x).entropy()
D.Uniform(0.0, x).mean, D.Uniform(0.0, x).variance, D.Uniform(0.0, x).icdf(x / 8)
D.Uniform(0.0, 1.0), D.Uniform(0.0, 1.0).log_prob(torch.tensor(2.0))
D.Exponential(x).sample((2,)), D.Exponential(x).log_prob(x), D.Exponential(x).entropy()
D.Exponential(x).mean, D.Exponential(x).variance, D.Exponential(x).stddev, D.Exponential(x).cdf(x)
D.Exponential(x).log_prob(-x)
D.Bernoulli(x / 8).sample((3,)), D.Bernoulli(0.3).sample(), D.Bernoulli(logits=x).sample()
D.Bernoulli(x / 8), D.Bernoulli(0.3), D.Bernoulli(logits=x)
D.Bernoulli(x / 8).log_prob(torch.tensor([1.0, 0.0, 1.0])), D.Bernoulli(x / 8).entropy()
D.Bernoulli(x / 8).logits, D.Bernoulli(logits=x).probs, D.Bernoulli(x / 8).mean, D.Bernoulli(x / 8).variance
D.Bernoulli(x)
D.Bernoulli(x / 8).log_prob(x)
D.Bernoulli(), D.Bernoulli(x, x)
D.Bernoulli(x, x)
D.Categorical(x).sample((5,)), D.Categorical(logits=a).sample(), D.Categorical(logits=a).sample((2, 3))
D.Categorical(x), D.Categorical(logits=a), D.Categorical(x).probs, D.Categorical(x).logits
D.Categorical(x).log_prob(torch.tensor([0, 2])), D.Categorical(logits=a).log_prob(torch.tensor([1, 0]))
D.Categorical(x).entropy(), D.Categorical(logits=a).entropy(), D.Categorical(a).mode, D.Categorical(x).mean
D.Categorical(torch.tensor([0.0, 1.0])).entropy(), D.Categorical(a).batch_shape, D.Categorical(a).param_shape
D.Categorical(torch.tensor(1.0))
D.Categorical(-x)
D.Categorical(x).log_prob(torch.tensor(3))
D.Multinomial(10, x).sample(), D.Multinomial(10, a).sample((2,)), D.Multinomial(3, logits=x).sample()
D.Multinomial(6, x).log_prob(torch.tensor([1.0, 2.0, 3.0])), D.Multinomial(6, x).mean
D.Multinomial(6, x).variance, D.Multinomial(6, x).probs, D.Multinomial(6, a).event_shape
D.Multinomial(6, x).log_prob(torch.tensor([-1.0, 2.0, 3.0]))
D.kl_divergence(D.Normal(x, x), D.Normal(0.0, 1.0))
D.kl_divergence(D.Bernoulli(x / 8), D.Bernoulli(0.5)), D.kl_divergence(D.Bernoulli(0.0), D.Bernoulli(0.5))
D.kl_divergence(D.Bernoulli(0.5), D.Bernoulli(torch.tensor([0.0, 1.0])))
D.kl_divergence(D.Categorical(x), D.Categorical(x * x))
D.kl_divergence(D.Categorical(x), D.Categorical(torch.tensor([0.0, 1.0, 1.0])))
D.kl.kl_divergence is D.kl_divergence, isinstance(D.Normal(0.0, 1.0), D.Distribution)
D.multinomial.Multinomial is D.Multinomial, D.normal.Normal.has_rsample, D.Bernoulli.has_rsample
""".strip().splitlines()


@pytest.mark.filterwarnings("ignore:sample_n")
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_alike(expression):
    def story(torch):
        torch.manual_seed(0)
        x = torch.arange(1.0, 4.0)
        a = torch.tensor([[1.0, 2.0, 4.0], [0.5, 0.25, 3.0]])
        return eval(expression, {"torch": torch, "D": torch.distributions, "x": x, "a": a})

    mine, its = (normal(told(lambda T=T: story(T))) for T in (minigrad, torch))
    strides = re.compile(r"\) \[[\d, ]*\]")
    assert strides.sub(")", mine) == strides.sub(")", its)


@pytest.mark.parametrize("T", [minigrad, torch], ids=["minigrad", "torch"])
def test_gradients_pass_to_the_parameters(T):
    T.manual_seed(1)
    loc, scale = T.zeros(3, requires_grad=True), T.ones(3, requires_grad=True)
    q = T.distributions.Normal(loc, scale)
    assert not q.sample().requires_grad
    z = q.rsample((5,))
    kl = T.distributions.kl_divergence(q, T.distributions.Normal(0.5, 2.0)).sum()
    (z.sum() + kl).backward()
    assert loc.grad.tolist() == [4.875] * 3
    assert T.allclose(scale.grad, z.sum(0) - 0.75)
    logits = T.zeros(3, requires_grad=True)
    p = T.distributions.Categorical(logits=logits)
    (p.log_prob(T.tensor(1)) + p.entropy()).backward()
    assert [round(v, 4) for v in logits.grad.tolist()] == [-0.3333, 0.6667, -0.3333]


@pytest.mark.parametrize("T", [minigrad, torch], ids=["minigrad", "torch"])
def test_what_is_refused(T):
    with pytest.raises(ValueError, match=r"low|Uniform"):
        T.distributions.Uniform(1.0, 0.0)
    with pytest.raises(NotImplementedError):
        T.distributions.kl_divergence(
            T.distributions.Normal(0.0, 1.0), T.distributions.Bernoulli(0.5)
        )


def test_a_divergence_of_ones_own():
    from minigrad.distributions import Exponential, Uniform, kl_divergence, register_kl

    @register_kl(Uniform, Exponential)
    def own(p, q):
        return q.rate

    assert kl_divergence(Uniform(0.0, 1.0), Exponential(2.0)).item() == 2
    with pytest.raises(TypeError):
        register_kl(int, Uniform)

"""``nn.utils.prune`` beside torch's: the same elements go, the same parts remain, the same refusals."""

from __future__ import annotations

import importlib

import pytest

from tests.stories import check

STORIES = """
prune.l1_unstructured(net[0], "weight", amount=0.3)
prune.l1_unstructured(net[3], name="bias", amount=2)
prune.l1_unstructured(net[3], "weight", 5, importance_scores=scores)
prune.random_unstructured(net[0], "weight", amount=0.5)
prune.random_unstructured(net[3], "weight", amount=7)
prune.ln_structured(net[0], "weight", amount=0.5, n=2, dim=0)
prune.ln_structured(net[3], "weight", amount=1, n=float("inf"), dim=-1)
prune.random_structured(net[0], "weight", amount=2, dim=0)
prune.custom_from_mask(net[3], "bias", mask=torch.tensor([1.0, 0.0, 1.0]))
prune.identity(net[0], "weight")
prune.ln_structured(prune.l1_unstructured(net[0], "weight", 0.5), "weight", 1, n=1, dim=0)
prune.l1_unstructured(prune.ln_structured(net[0], "weight", 1, n=2, dim=0), "weight", 0.5)
prune.random_unstructured(prune.random_unstructured(net[3], "weight", 3), "weight", 0.25)
prune.remove(prune.l1_unstructured(net[0], "weight", amount=0.3), "weight")
prune.global_unstructured([(net[0], "weight"), (net[3], "weight")], prune.L1Unstructured, amount=0.4)
prune.global_unstructured([(net[3], "weight"), (net[3], "bias")], prune.RandomUnstructured, amount=9)
prune.L1Unstructured(amount=2).prune(torch.tensor([1.0, -0.5, 3.0, 0.25]))
prune.L1Unstructured.apply(net[0], "weight", amount=0)
prune.is_pruned(net)
""".strip().splitlines()

REFUSED = """
prune.l1_unstructured(net[0], "weight", amount=-1)
prune.l1_unstructured(net[0], "weight", amount=1.5)
prune.l1_unstructured(net[0], "weight", amount="a")
prune.l1_unstructured(net[0], "weight", amount=1000)
prune.l1_unstructured(net[0], "nope", amount=1)
prune.ln_structured(net[0], "bias", amount=1, n=2, dim=0)
prune.ln_structured(net[0], "weight", amount=1, n=2, dim=4)
prune.remove(net[0], "weight")
prune.global_unstructured(3, prune.L1Unstructured, amount=1)
prune.global_unstructured([(net[0], "weight")], prune.LnStructured, amount=1, n=2)
prune.custom_from_mask(net[0], "weight", torch.ones(2))
prune.l1_unstructured(net[0], "weight", 1, importance_scores=torch.ones(2))
""".strip().splitlines()


def setting(torch):
    torch.manual_seed(0)
    nn = torch.nn
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))
    prune = importlib.import_module(f"{torch.__name__}.nn.utils.prune")
    names = {"torch": torch, "prune": prune, "net": net, "scores": torch.randn(3, 16)}
    return net, names


@pytest.mark.parametrize("call", STORIES)
def test_alike(call):
    def story(torch):
        net, names = setting(torch)
        told = eval(call, names)
        told = "a hook" if "apply" in call else told
        torch.manual_seed(1)
        y = net(torch.randn(2, 1, 4, 4))
        y.sum().backward()
        state = {name: (value * 1000).round() + 0.0 for name, value in net.state_dict().items()}
        weights = [(net[i].weight * 1000).round().detach() + 0.0 for i in (0, 3)]
        grads = [(name, p.grad is not None) for name, p in net.named_parameters()]
        return told, list(state), state, weights, grads, names["prune"].is_pruned(net)

    check(story)


@pytest.mark.parametrize("call", REFUSED)
def test_refused_and_left_alone(call):
    def story(torch):
        net, names = setting(torch)
        try:
            eval(call, names)
        except Exception as error:
            return type(error), sorted(net.state_dict()), names["prune"].is_pruned(net)
        return "accepted"

    check(story)


def test_a_method_of_ones_own():
    def story(torch):
        net, names = setting(torch)
        prune = names["prune"]

        class EverySecond(prune.BasePruningMethod):
            PRUNING_TYPE = "unstructured"

            def compute_mask(self, t, default_mask):
                mask = default_mask.clone()
                mask.view(-1)[::2] = 0
                return mask

        EverySecond.apply(net[3], "bias")
        return net[3].bias_mask, list(net.state_dict())

    check(story)

"""Dropout: torch's masks from torch's seeds, its errors and warnings, in place too."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.nn.outcomes import outcome

pytestmark = pytest.mark.usefixtures("torch_name")

# Evaluated as `seeded(lambda: ...)` with X an array and XG one that requires grad, in both packages.
CALLS = """
F.dropout(X,.3)
F.dropout(X,1.5)
F.dropout(X,-.1)
F.dropout(X.long(),.5)
F.dropout(X.long(),.5,False)
F.dropout(X.long(),0.)
F.dropout(X.long(),1.)
F.dropout(X,.5,False)
F.dropout(XG,0.)
F.dropout(XG,1.)
F.dropout(XG,.5)
F.dropout(XG*1,.5,True,True)
F.dropout(XG*1,1.,True,True)
F.dropout(XG,.5,True,True)
F.dropout(X.permute(2,0,1),.4)
F.dropout(X[:,::2],.4)
F.dropout(X.double(),.4)
F.dropout(t.tensor(1.),.5)
F.dropout(t.ones(0),.5)
F.dropout(3.,.5)
F.dropout(X,'a')
F.dropout(t.tensor([1,2]),.5,True,True)
F.dropout1d(X,.5)
F.dropout1d(X[0],.5)
F.dropout1d(t.ones(3),.5)
F.dropout1d(t.ones(2,3,4,5),.5)
F.dropout1d(X,1.5)
F.dropout1d(XG,.5)
F.dropout1d(XG[0],.5)
F.dropout1d(X*1,.5,True,True)
F.dropout1d(X[0]*1,.5,True,True)
F.dropout2d(X,.5)
F.dropout2d(t.ones(2,3,4,4),.5)
F.dropout2d(t.ones(3,4),.5)
F.dropout2d(t.ones(3),.5)
F.dropout2d(t.ones(2,3,4,4,4),.5)
F.dropout2d(X,.5,False)
F.dropout3d(t.ones(2,3,4,4,4),.5)
F.dropout3d(t.ones(3,4,4,4),.5)
F.dropout3d(X,.5)
F.dropout3d(t.ones(3,4),.5)
F.dropout3d(t.ones(3),.5)
F.alpha_dropout(X,1.5,True)
F.alpha_dropout(XG,.5,True)
F.alpha_dropout(X,.3,True)
F.alpha_dropout(XG,1.,True)
F.alpha_dropout(XG*1,1.,True,True)
F.alpha_dropout(XG,0.,True)
F.alpha_dropout(XG*1,.5,True,True)
F.alpha_dropout(XG,.5)
F.alpha_dropout(X.long(),.5,True)
F.feature_alpha_dropout(XG,.5,True)
F.feature_alpha_dropout(t.ones(3),.5,True)
F.feature_alpha_dropout(t.ones(3,2),.5,True)
F.feature_alpha_dropout(XG*1,.5,True,True)
F.feature_alpha_dropout(XG,1.,True)
t.dropout(X,.5,True)
t.dropout(X,.5)
t.dropout(X,1.5,True)
t.dropout_(X*1,.5,True)
t.feature_dropout(X,.5,True)
t.feature_dropout(t.ones(3),.5,True)
t.alpha_dropout(X,.5,True)
t.alpha_dropout_(X*1,.5,True)
t.feature_alpha_dropout(X,.5,True)
"""
X = "(t.arange(210.).reshape(5,6,7)/100-1)"


@pytest.mark.parametrize("call", CALLS.strip().splitlines())
def test_a_call_answers_warns_and_raises_as_in_torch(call):
    call = call.replace("XG", f"{X}.requires_grad_()").replace("X", X)
    call = f"seeded(lambda: {call})"
    assert outcome(mg, call) == outcome(torch, call)


LAYERS = {
    "Dropout": [(), (7,), (3, 4), (2, 3, 4, 5)],
    "Dropout1d": [(3, 5), (2, 3, 5)],
    "Dropout2d": [(2, 3, 4, 5)],
    "Dropout3d": [(3, 2, 4, 5), (2, 3, 2, 4, 5)],
    "AlphaDropout": [(), (7,), (3, 4), (2, 3, 4, 5)],
    "FeatureAlphaDropout": [(3, 4), (2, 3, 4, 5)],
}


@pytest.mark.parametrize("name", LAYERS)
@given(data=st.data())
def test_layers_are_torchs(name, data):
    """Answers, gradients, what is drawn after; in training and not, in place and not."""
    shape = data.draw(st.sampled_from(LAYERS[name]))
    p = data.draw(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]))
    inplace, training, wide, turned = (data.draw(st.booleans()) for _ in range(4))
    seed = data.draw(st.integers(0, 1000))
    array = np.random.default_rng(seed).standard_normal(shape).astype("f8" if wide else "f4")
    found = []
    for T in (mg, torch):
        T.manual_seed(seed)
        layer = getattr(T.nn, name)(p, inplace).train(training)
        x = T.from_numpy(array.copy()).requires_grad_()
        y = x * 1
        if turned and len(shape) == 2:  # masks are drawn in the order of memory
            y = y.t()
        out = layer(y)
        (out * out).sum().backward()
        found.append((out.detach().numpy(), x.grad.numpy(), out is y, T.rand(1).item()))
    for mine, twin in zip(*found, strict=True):
        np.testing.assert_allclose(mine, twin, rtol=1e-6, atol=1e-6)


def test_masks_are_bit_for_bit_torchs_at_any_size():
    for shape in [(1000,), (300, 300), (16, 8, 20, 20)]:
        found = []
        for T in (mg, torch):
            T.manual_seed(1)
            found.append(T.nn.functional.dropout(T.ones(*shape), 0.3).numpy())
        np.testing.assert_array_equal(*found)


def test_evaluation_draws_nothing():
    x = mg.ones(5)
    mg.manual_seed(0)
    expected = mg.rand(1).item()
    mg.manual_seed(0)
    net = mg.nn.Sequential(mg.nn.Dropout(0.5), mg.nn.AlphaDropout(0.5)).eval()
    assert net(x) is x
    assert mg.rand(1).item() == expected


def test_a_second_backward_meets_the_same_mask():
    x = mg.ones(50, requires_grad=True)
    y = mg.nn.functional.dropout(x)
    y.sum().backward(retain_graph=True)
    first = x.grad.numpy().copy()
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), 2 * first)
    np.testing.assert_array_equal(first, y.detach().numpy())

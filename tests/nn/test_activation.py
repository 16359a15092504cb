"""Activations given what is rare or wrong, at their kinks, and in place: all is as in torch."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.nn.outcomes import outcome

pytestmark = pytest.mark.usefixtures("torch_name")

NAMES = """celu elu gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu logsigmoid mish relu relu6
rrelu selu sigmoid silu softplus softshrink softsign tanh tanhshrink""".split()  # noqa: SIM905
IN_PLACE = [
    "celu",
    "elu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "mish",
    "relu",
    "relu6",
    "rrelu",
    "selu",
    "silu",
]
INPUTS = """t.tensor([-2,-1,0,1,7])
t.tensor([True,False])
t.tensor([1,2],dtype=t.uint8)
t.tensor(0.7,dtype=t.float64)
t.ones(0)
t.ones(2,0,3)
t.tensor([-1.,.2,1,7])
t.tensor([nan])
t.tensor([-1.,7],requires_grad=True)""".splitlines()

# Evaluated with t as both packages: the same text, or an error of the same type; the same warnings.
CALLS = """
F.relu_(t.tensor([-4.,7],requires_grad=True)*1)
F.leaky_relu_(t.tensor([-4.,7],requires_grad=True)*1)
F.selu_(t.tensor([-4.,7],requires_grad=True)*1)
F.celu_(t.tensor([-4.,7],requires_grad=True)*1)
F.elu_(t.tensor([-4.,7],requires_grad=True)*1)
F.hardtanh_(t.tensor([-4.,7],requires_grad=True)*1)
t.relu_(t.tensor([-4.,7],requires_grad=True)*1)
t.selu_(t.tensor([-4.,7],requires_grad=True)*1)
t.celu_(t.tensor([-4.,7],requires_grad=True)*1)
t.relu(t.tensor([-4.,7],requires_grad=True)*1)
t.rrelu(t.tensor([-4.,7],requires_grad=True)*1)
t.selu(t.tensor([-4.,7],requires_grad=True)*1)
t.celu(t.tensor([-4.,7],requires_grad=True)*1)
t.sigmoid(t.tensor([-4.,7],requires_grad=True)*1)
t.tanh(t.tensor([-4.,7],requires_grad=True)*1)
t.sigmoid_(t.tensor([-4.,7],requires_grad=True)*1)
t.tanh_(t.tensor([-4.,7],requires_grad=True)*1)
F.relu_([1.])
F.elu_(t.ones(2,requires_grad=True))
F.relu([1.])
F.gelu([1.])
F.elu(3.)
F.threshold(a,2,20)
F.threshold(a,2.,20.,True)
F.threshold_(a*1,2.,20.)
t.threshold(a,2.,20.)
t.threshold_(a*1,2.,20.)
F.threshold(t.tensor([1,2,3]),2,20)
F.threshold(t.tensor([1,2,3]),2.5,20)
F.threshold(t.tensor([1,2,3]),2,20.5)
F.threshold(t.tensor([nan,inf,-inf]),2,20.5)
F.threshold(a)
F.threshold(a,'a',2)
F.threshold((a*1).requires_grad_(),2.,20.)
F.leaky_relu(a-3,.5)
F.leaky_relu(a-3,-.5)
F.leaky_relu(a-3,0)
F.leaky_relu(t.tensor([inf,-inf]),0)
F.leaky_relu(a-3,'x')
F.leaky_relu(a-3,negative_slope=2)
F.elu(a-3,.5)
F.elu(a-3,0)
F.celu(a-3,.5)
F.celu(a-3,-.5)
F.celu(a-3,0)
F.gelu(a-3,approximate='tanh')
F.gelu(a-3,'tanh')
F.gelu(a-3,approximate='foo')
F.gelu((a-3).requires_grad_(),approximate='tanh')
F.hardtanh(a-3,-2,2)
F.hardtanh(a-3,2,-2)
F.hardtanh(a-3,1,1)
F.hardtanh(t.tensor([-5,0,5]),-2,2)
F.hardtanh(t.tensor([-5,0,5]),-2.5,2.5)
F.hardtanh(t.tensor([5],dtype=t.uint8),-1,2)
F.hardtanh(t.tensor([5],dtype=t.uint8),1,2)
F.hardtanh(a-3,-1,1,True)
F.relu6(t.tensor([5,9],dtype=t.uint8))
F.softplus(a-3,2)
F.softplus(a-3,2,1)
F.softplus(a-3,beta=.5,threshold=1.)
F.softplus(a-3,beta=0)
F.softplus(a-3,beta=-1)
F.softshrink(a-3,1)
F.softshrink(a-3,-1)
F.softshrink(a-3,0)
F.hardshrink(a-3,1)
F.hardshrink(a-3,-1)
F.hardshrink(a-3,0)
t.hardshrink(a-3)
t.hardshrink(a-3,2.)
(a-3).hardshrink(1)
(a-3).prelu(t.tensor([.5]))
F.prelu(a-3,t.tensor([.5]))
F.prelu(a-3,t.tensor(.5))
F.prelu(a-3,t.tensor([.5,.6]))
F.prelu(a-3,t.tensor([.5,.6,.7]))
F.prelu(a-3,t.tensor([[.5,.6,.7]]))
F.prelu(t.tensor([-1.,2.]),t.tensor([.5]))
F.prelu(t.tensor([-1.,2.]),t.tensor([.5,.6]))
F.prelu(t.tensor(-1.),t.tensor([.5]))
F.prelu(t.tensor(-1.),t.tensor(.5))
F.prelu(t.tensor(-1.),t.tensor([.5,.6]))
F.prelu(a-3,.5)
F.prelu(a-3,t.tensor([.5]).double())
F.prelu(t.tensor([-1,2]),t.tensor([.5]))
F.prelu(t.tensor([-1,2]),t.tensor([5]))
F.prelu(t.ones(2,3,4)*-1,t.tensor([.5,.6,.7]))
F.prelu((a-3).requires_grad_(),t.tensor([.5]))
F.prelu(a-3,t.tensor([.5],requires_grad=True))
F.prelu(t.tensor([nan,inf,-inf]),t.tensor([.5]))
t.prelu(a-3,t.tensor([.5]))
F.glu(a.reshape(3,2))
F.glu(a)
F.glu(a,0)
F.glu(a,1)
F.glu(a,2)
F.glu(a,-2)
F.glu(t.tensor(1.))
F.glu(t.ones(0))
F.glu(t.ones(2).long())
F.glu(t.ones(2,requires_grad=True))
F.softmin(a)
F.softmin(a,1)
F.softmin(a,-1)
F.softmin(a,dim=0,dtype=t.float64)
F.softmin(a.long(),1)
F.softmin(t.ones(2,requires_grad=True),0)
F.softmax(a,1,3,t.float64)
F.softmax(a,1,_stacklevel=5)
F.softmax(t.tensor(1.))
F.softmax(t.tensor([inf,1.]),0)
F.softmax(t.tensor([-inf,-inf]),0)
F.softmax(t.tensor([-inf,1.]),0)
F.log_softmax(t.tensor([-inf,1.]),0)
F.log_softmax(a,1,3,t.float64)
F.log_softmax(a,dim=1,dtype=t.float64)
F.log_softmax(t.tensor([1e4,0.]),0)
t.softmax(a,1)
t.softmax(a,dim=1,dtype=t.float64)
t.softmax(a)
t.log_softmax(a,1)
a.softmax(1)
a.log_softmax(-1)
F.rrelu(a-3)
F.rrelu(a-3,.1,.3,False)
F.rrelu(a-3,.3,.1)
F.rrelu(a-3,.3,.1,True)
F.rrelu(a-3,-.3,.1)
t.rrelu(a-3)
t.rrelu(a-3,.5,.6)
t.selu(a-3)
t.celu(a-3,2.)
t.celu(a-3,alpha=2.)
F.bilinear(t.ones(2,3),t.ones(2,4),t.ones(5,3,4))
F.bilinear(t.ones(2,3),t.ones(2,4),t.ones(5,3,4),t.ones(5))
F.bilinear(t.ones(3),t.ones(4),t.ones(5,3,4),t.ones(5))
F.bilinear(t.ones(2,2,3),t.ones(2,2,4),t.ones(5,3,4),t.ones(5)).shape
F.bilinear(t.ones(2,3),t.ones(3,4),t.ones(5,3,4),t.ones(5))
F.bilinear(t.ones(2,3),t.ones(2,5),t.ones(5,3,4),t.ones(5))
F.bilinear(t.ones(2,2),t.ones(2,4),t.ones(5,3,4),t.ones(5))
F.bilinear(t.ones(2,3),t.ones(2,4),t.ones(5,3,4),t.ones(4))
F.bilinear(t.ones(2,3),t.ones(4),t.ones(5,3,4),t.ones(5))
F.bilinear(t.ones(0,3),t.ones(0,4),t.ones(5,3,4),t.ones(5))
F.bilinear(t.ones(2,3),t.ones(2,4),t.ones(3,4),t.ones(5))
F.bilinear(t.ones(2,3).double(),t.ones(2,4),t.ones(5,3,4))
F.bilinear(t.ones(2,3,requires_grad=True),t.ones(2,4),t.ones(5,3,4))
F.bilinear(t.ones(2,3,requires_grad=True),t.ones(2,4),t.ones(5,3,4),t.ones(5))
t.bilinear(t.ones(2,3),t.ones(2,4),t.ones(5,3,4))
(t.manual_seed(0),F.gumbel_softmax(a))[1]
(t.manual_seed(0),F.gumbel_softmax(a,.5,True))[1]
(t.manual_seed(0),F.gumbel_softmax(a,.5,True,dim=0))[1]
(t.manual_seed(0),F.gumbel_softmax(a,.5,hard=True,eps=1e-3))[1]
(t.manual_seed(0),F.gumbel_softmax(a.double(),2))[1]
(t.manual_seed(0),F.gumbel_softmax((a*1).requires_grad_(),hard=True))[1]
(t.manual_seed(0),F.gumbel_softmax((a*1).requires_grad_()))[1]
(t.manual_seed(0),F.rrelu(a-3,training=True))[1]
(t.manual_seed(0),F.rrelu(a-3,.5,.6,True))[1]
(t.manual_seed(0),F.rrelu((a-3).requires_grad_(),.5,.6,True))[1]
(t.manual_seed(0),F.rrelu((a-3).double(),.5,.6,True,True))[1]
(t.manual_seed(0),F.rrelu_(a-3,.5,.6,True))[1]
(t.manual_seed(0),t.rrelu(a-3,.5,.6,True))[1]
(t.manual_seed(0),t.rrelu_(a-3,.5,.6,True))[1]
(t.manual_seed(0),F.rrelu((a.T-3),.5,.6,True))[1]
"""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("given", INPUTS)
def test_inputs_of_all_kinds(name, given):
    call = f"F.{name}({given})"
    assert outcome(mg, call) == outcome(torch, call)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "gelu"])
def test_infinities(name):
    call = f"F.{name}(t.tensor([inf,-inf]))"
    assert outcome(mg, call) == outcome(torch, call)


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize(
    "given",
    [
        "t.tensor([-4.,7])",
        "t.tensor([-4,7])",
        "t.tensor([-4.,7],requires_grad=True)",
        "t.tensor([-4.,7],requires_grad=True).expand(2,2)",
    ],
)
def test_in_place(name, given):
    call = f"F.{name}({given},inplace=True)"
    assert outcome(mg, call) == outcome(torch, call)


@pytest.mark.parametrize("call", CALLS.strip().splitlines())
def test_a_call_answers_warns_and_raises_as_in_torch(call):
    assert outcome(mg, call) == outcome(torch, call)


@pytest.mark.parametrize("name", [*NAMES, "threshold", "glu", "softmax", "log_softmax", "softmin"])
def test_arguments_are_torchs(name):
    theirs = getattr(torch.nn.functional, name)
    if not inspect.isfunction(
        theirs
    ):  # written in C: the text of the documentation is all there is
        return
    expected = [(p.name, p.default) for p in inspect.signature(theirs).parameters.values()]
    ours = inspect.signature(getattr(mg.nn.functional, name))
    assert [(p.name, p.default) for p in ours.parameters.values()] == expected


# ---------------------------------------------------------------------------------- gradients
KINKS = [-0.0, 0.0, -1.0, 1.0, -3.0, 3.0, 6.0, 0.5, -0.5, 100.0, -100.0, 20.0, 21.0, -20.0]
RARE = [np.nan, np.inf, -np.inf]


def gradient(T, name, values, g, **options):
    x = T.tensor(values, requires_grad=True)
    getattr(T.nn.functional, name)(x, **options).backward(T.tensor(g))
    return x.grad.numpy()


@pytest.mark.parametrize("name", NAMES)
def test_gradients_at_kinks(name):
    g = np.linspace(-1, 2, len(KINKS)).tolist()
    mine, twin = (gradient(T, name, KINKS, g) for T in (mg, torch))
    np.testing.assert_allclose(mine, twin, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("gelu", "softsign")])
def test_gradients_at_infinities_and_nan(name):
    mine, twin = (gradient(T, name, RARE, [1.0, 2.0, 3.0]) for T in (mg, torch))
    np.testing.assert_allclose(mine, twin, rtol=1e-6)


@pytest.mark.parametrize(
    "name",
    [
        "hardshrink",
        "hardsigmoid",
        "hardswish",
        "hardtanh",
        "leaky_relu",
        "relu",
        "relu6",
        "softshrink",
    ],
)
def test_infinite_gradients_do_not_become_nan_where_the_slope_is_none(name):
    g = [np.inf, -np.inf, np.nan] * 4
    values = np.linspace(-8, 8, 12).tolist()
    mine, twin = (gradient(T, name, values, g) for T in (mg, torch))
    np.testing.assert_array_equal(mine, twin)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("leaky_relu", {"negative_slope": 0.0}),
        ("leaky_relu", {"negative_slope": -0.3}),
        ("elu", {"alpha": 0.4}),
        ("elu", {"alpha": -0.4}),
        ("celu", {"alpha": 0.4}),
        ("celu", {"alpha": -0.4}),
        ("hardtanh", {"min_val": -0.5, "max_val": 3.0}),
        ("threshold", {"threshold": 0.5, "value": 20.0}),
        ("softplus", {"beta": 2.0, "threshold": 1.0}),
        ("gelu", {"approximate": "tanh"}),
        ("rrelu", {"lower": 0.2, "upper": 0.3}),
    ],
)
def test_gradients_with_arguments(name, options):
    g = np.linspace(-1, 2, len(KINKS)).tolist()
    mine, twin = (gradient(T, name, KINKS, g, **options) for T in (mg, torch))
    np.testing.assert_allclose(mine, twin, rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------------------------- in place
@pytest.mark.parametrize("name", IN_PLACE)
@given(data=st.data())
def test_gradients_in_place(name, data):
    values = data.draw(
        st.lists(st.sampled_from([-7.0, -2.0, -0.5, 0.0, 0.5, 2.0, 7.0]), min_size=1)
    )
    view = data.draw(st.booleans())
    found = []
    for T in (mg, torch):
        x = T.tensor(values, requires_grad=True)
        y = x * 1
        part = y[: len(values) // 2 + 1] if view else y
        answer = getattr(T.nn.functional, name)(part, inplace=True)
        assert answer is part
        (y * y).sum().backward()
        found.append([y.tolist(), x.grad.tolist()])
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["leaky_relu", "elu", "celu", "selu", "relu"])
def test_what_reads_its_answer_copies_nothing(name):
    x = mg.ones(5, requires_grad=True) * 1
    function = getattr(mg.nn.functional, name)
    y = function(x, inplace=True)
    assert y.grad_fn is not None
    assert not hasattr(y.grad_fn, "k_input")


def test_writing_over_what_a_rule_needs_is_refused():
    for name in IN_PLACE:
        if name == "rrelu":  # keeps its slopes only
            continue
        x = mg.ones(3, requires_grad=True) * 2
        y = getattr(mg.nn.functional, name)(x)
        (y if name == "relu" else x).add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.sum().backward()


# ---------------------------------------------------------------------------------- chance
@given(seed=st.integers(0, 100), shape=st.lists(st.integers(0, 4), max_size=3), wide=st.booleans())
def test_random_slopes_are_torchs(seed, shape, wide):
    array = np.random.default_rng(seed).standard_normal(shape).astype("f8" if wide else "f4")
    found = []
    for T in (mg, torch):
        T.manual_seed(seed)
        x = T.from_numpy(np.array(array)).requires_grad_()
        y = T.nn.functional.rrelu(x, 0.2, 0.7, training=True)
        y.sum().backward()
        found.append((y.detach().numpy(), x.grad.numpy(), T.rand(1).item()))
    for mine, twin in zip(*found, strict=True):
        np.testing.assert_allclose(mine, twin, rtol=3e-7)


@given(seed=st.integers(0, 100), hard=st.booleans(), dim=st.integers(-2, 1))
def test_gumbel_softmax_is_torchs(seed, hard, dim):
    array = np.random.default_rng(seed).standard_normal((3, 4)).astype("f4")
    found = []
    for T in (mg, torch):
        T.manual_seed(seed)
        x = T.from_numpy(array.copy()).requires_grad_()
        y = T.nn.functional.gumbel_softmax(x, 0.7, hard=hard, dim=dim)
        (y * y).sum().backward()
        found.append((y.detach().numpy(), x.grad.numpy(), T.rand(1).item()))
    for mine, twin in zip(*found, strict=True):
        np.testing.assert_allclose(mine, twin, rtol=1e-5, atol=1e-6)


def test_softmax2d_and_hardtanh_say_what_is_wrong():
    with pytest.raises(ValueError, match="expected input to be 3D or 4D"):
        mg.nn.Softmax2d()(mg.ones(2, 2))
    with pytest.warns(FutureWarning, match="min_value"):
        layer = mg.nn.Hardtanh(min_value=-2.0)
    assert layer.min_val == -2.0

"""Functions and layers given what is rare or wrong: answers, warnings and errors are torch's."""

from __future__ import annotations

import pytest
import torch

import minigrad as mg
from tests.nn.outcomes import outcome

pytestmark = pytest.mark.usefixtures("torch_name")

# Evaluated with t as both packages: the same text, or an error of the same type; the same warnings.
CALLS = """
F.avg_pool3d(ones(1,1,2,2,2),3,padding=1)
F.avg_pool3d(ones(1,1,2,2,2),3,ceil_mode=True)
F.avg_pool3d(ones(1,1,2,2,2),3)
F.avg_pool2d(ones(1,1,2,2),3,padding=1)
F.max_pool3d(ones(1,1,2,2,2),3,padding=1)
F.lp_pool3d(ones(1,1,2,2,2),2,3,ceil_mode=True)
F.lp_pool2d(ones(1,1,2,2),2,3,ceil_mode=True)
F.conv2d(ones(1,1,4,4)[:,:,:0],ones(1,1,3,3),padding=2)
F.conv2d(ones(1,1,4,4)[:,:,:,:0],ones(1,1,3,3),padding=2)
F.conv2d(ones(0,1,4,4),ones(1,1,3,3),padding=2).shape
F.conv2d(ones(1,1,4,4),ones(0,1,3,3),padding=2).shape
F.conv2d(ones(1,1,4,4),ones(1,1,0,3),padding=2).shape
F.conv1d(ones(1,1,0),ones(1,1,3),padding=2).shape
F.conv3d(ones(1,1,0,3,3),ones(1,1,3,3,3),padding=2).shape
F.conv_transpose2d(ones(1,1,0,4),ones(1,1,3,3)).shape
F.conv_transpose2d(ones(0,1,4,4),ones(1,1,3,3)).shape
F.conv_transpose2d(ones(1,1,4,4),ones(1,1,3,3),output_padding=-1).shape
F.conv_transpose2d(ones(1,1,4,4),ones(1,1,3,3),output_padding=1).shape
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,True)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1.5)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,(1.5,1))
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,'a')
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,None)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1,True)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1,None)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1,1.)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1,1,True)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1,1,1,True)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1,1,1,1.)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1,1,1,None)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1,1,1,(1,))
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,np.int64(1)).shape
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,t.tensor(1)).shape
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,(t.tensor(1),1)).shape
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,[1,1]).shape
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,[1]).shape
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,[]).shape
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,(1,1,1)).shape
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,0)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,-1)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1,-1)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1,1,0)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1,1,1,0)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),None,1,1,1,-1)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),3.)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),ones(2))
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),ones(1,1))
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),ones(1).double())
F.conv2d(ones(1,1,4,4),ones(1,1,3,3).double())
F.conv2d(ones(1,1,4,4).long(),ones(1,1,3,3).long()).shape
F.conv2d(ones(1,1,4,4),[1])
F.conv2d(ones(4,4),ones(1,1,3,3))
F.conv2d(ones(1,1,4,4),ones(1,3,3))
F.conv2d(ones(1,2,4,4),ones(1,1,3,3))
F.conv2d(ones(1,1,2,2),ones(1,1,3,3))
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),padding='foo')
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),padding='same',stride=2)
F.conv2d(ones(1,1,4,4),ones(1,1,3,3),foo=2)
F.conv2d(ones(1,1,4,4))
F.conv_transpose2d(ones(1,1,4,4),ones(1,1,3,3),None,True)
F.conv_transpose2d(ones(1,1,4,4),ones(1,1,3,3),None,1,0,True)
F.conv_transpose2d(ones(1,1,4,4),ones(1,1,3,3),None,1,0,1.5)
F.conv_transpose2d(ones(1,1,4,4),ones(1,1,3,3),None,1,'same')
F.max_pool2d(ones(1,1,4,4),True)
F.max_pool2d(ones(1,1,4,4),2.)
F.max_pool2d(ones(1,1,4,4),(2,True))
F.max_pool2d(ones(1,1,4,4),2,ceil_mode=1)
F.unfold(ones(3,3),2)
F.unfold(ones(3),2)
F.unfold(ones(1,3,3),2).shape
F.unfold(ones(1,1,3,3),2.)
F.unfold(ones(1,1,3,3),True)
F.unfold(ones(1,1,1,3,3),2)
F.fold(ones(3),2,2)
F.fold(ones(4,1),2,2).shape
F.fold(ones(1,1,4,1),2,2).shape
F.linear(ones(2),ones(3,3))
F.linear(ones(2,2),ones(3,2),ones(2))
F.linear(ones(2,2),ones(3,2).double())
F.linear(ones(2,2),3)
F.adaptive_avg_pool2d(ones(1,1,4,4),True)
F.adaptive_avg_pool2d(ones(1,1,4,4),2.)
F.adaptive_avg_pool2d(ones(1,1,4,4),-1)
F.max_unpool2d(ones(1,1,2,2),ones(1,1,2,2),2)
F.lp_pool2d(ones(1,1,4,4),2,2)
F.lp_pool2d(ones(1,1,4,4),0,2)
F.pad(ones(1,1,4),(1,1),'reflect',1.0)
F.pad(ones(1,1,4),(1,1),'reflect',0)
F.pad(ones(1,1,4),(1,1),'reflect',0.0)
F.pad(ones(1,1,4),(1.5,1))
F.pad(ones(1,1,4),(True,1))
F.pad(ones(1,1,4),1)
F.pad(ones(1,1,4),(1,))
F.pad(ones(1,1,4),('a',1))
F.pad(ones(1,1,4),None)
F.pad(ones(1,1,4),[t.tensor(1),1])
F.pad(ones(1,1,4),(1,1),'foo')
F.pad(ones(1,1,4),(1,1),'constant','a')
F.pad(ones(1,1,4),(1,1),'constant',None)
F.pad(ones(1,1,4),(1,1),'constant',2)
F.pad(t.ones(1,4,dtype=t.int64),(1,1),'constant',2.7)
F.pad(t.ones(1,4,dtype=t.uint8),(1,1),'constant',300)
F.pad(ones(4),(1,1),'reflect')
F.pad(ones(4),(1,1),'constant')
F.pad(t.tensor(1.),())
F.pad(ones(1,1,4),(-2,-2),'reflect')
F.pad(ones(1,1,4),(-2,-2),'replicate')
F.pad(ones(1,1,4),(-2,-2),'circular')
F.pad(ones(1,1,4),(-2,-2),'constant')
F.pad(ones(1,1,4),(-3,-2),'reflect')
F.pad(ones(1,1,4),(-3,-2),'replicate')
F.pad(ones(1,1,4),(-3,-2),'circular')
F.pad(ones(1,1,4),(-3,-2),'constant')
F.pad(ones(1,1,4),(-1,-1),'circular')
F.pad(ones(1,1,4),(-1,2),'circular')
F.pad(t.arange(4.).reshape(1,1,4),(-1,2),'circular')
F.pad(t.arange(4.).reshape(1,1,4),(-1,2),'reflect')
F.pad(t.arange(4.).reshape(1,1,4),(-1,2),'replicate')
F.pad(t.arange(4.).reshape(1,1,4),(4,0),'circular')
F.pad(t.arange(4.).reshape(1,1,4),(5,0),'circular')
F.pad(t.arange(4.).reshape(1,1,4),(4,0),'reflect')
F.pad(t.arange(4.).reshape(1,1,4),(3,3),'reflect')
F.pad(t.arange(4.).reshape(1,1,4),(-5,6),'reflect')
F.pad(t.arange(4.).reshape(1,1,4),(-5,6),'replicate')
F.pad(t.arange(4.).reshape(1,1,4),(-5,6),'circular')
F.pad(t.arange(4.).reshape(1,1,4),(-5,6),'constant')
F.pad(t.arange(4.).reshape(1,1,4),(-4,2),'constant')
F.pad(t.arange(4).reshape(1,1,4),(1,1),'reflect')
F.pad(t.arange(4).reshape(1,1,4),(1,1),'replicate')
F.pad(t.arange(4).reshape(1,1,4),(1,1),'circular')
F.pad(ones(1,1,0),(1,1),'reflect')
F.pad(ones(1,1,0),(1,1),'replicate')
F.pad(ones(1,1,0),(1,1),'circular')
F.pad(ones(1,1,0),(1,1),'constant')
F.pad(ones(0,1,3),(1,1),'reflect')
F.pad(ones(0,1,3),(1,1),'replicate')
F.pad(ones(0,1,3),(1,1),'circular')
F.pad(ones(1,0,3),(1,1),'reflect')
F.pad(ones(1,0,3),(1,1),'replicate')
F.pad(ones(1,0,3),(1,1),'circular')
F.pad(ones(1,3,3),(1,1),'reflect')
F.pad(ones(3,3),(1,1),'reflect')
F.pad(ones(3,3),(1,1,1,1),'reflect')
F.pad(ones(1,3,3),(1,1,1,1),'reflect')
F.pad(ones(1,3,3),(1,1,1,1,1,1),'reflect')
F.pad(ones(1,1,3,3),(1,1),'reflect')
F.pad(ones(1,1,1,3,3),(1,1,1,1),'reflect')
F.pad(ones(1,1,2,3,3),(1,1,1,1,1,1),'reflect').shape
F.pad(ones(1,1,2,3,3),(1,1,1,1,1,1),'circular').shape
F.pad(ones(2,3,3),(1,1,1,1),'circular').shape
F.pad(ones(2,2,2,3,3,1),(1,1,1,1,1,1),'reflect').shape
F.pad(3,(1,1))
F.pad(np.ones(3),(1,1))
F.pad(ones(3),(1,1,1,1))
F.mse_loss(t.tensor([1,2]),t.tensor([1,2]))
F.mse_loss(ones(2),t.tensor([1,2]))
F.mse_loss(ones(2),ones(3))
F.mse_loss(ones(2),ones(1))
F.mse_loss(ones(2,1),ones(2))
F.mse_loss(ones(2),ones(2),reduction='foo')
F.mse_loss(ones(2),ones(2),reduction=None)
F.mse_loss(ones(2),ones(2).double())
F.mse_loss(ones(2).half(),ones(2).half())
F.mse_loss(t.ones(2,requires_grad=True),ones(2))
F.mse_loss(t.ones(2,requires_grad=True),ones(2),reduction='sum')
F.mse_loss(t.ones(2,requires_grad=True),ones(2),reduction='none')
F.mse_loss(ones(2),t.ones(2,requires_grad=True))
F.mse_loss(ones(2),ones(2),size_average=False)
F.mse_loss(ones(2)*3,ones(2),size_average=False)
F.mse_loss(ones(2)*3,ones(2),reduce=False)
F.mse_loss(ones(2)*3,ones(2),True,True)
F.mse_loss(ones(0),ones(0))
F.mse_loss(ones(2)>0,ones(2)>0)
F.mse_loss(ones(2)>0,ones(2))
F.mse_loss(t.tensor(1.),t.tensor(3.))
F.l1_loss(t.tensor([1,2]),t.tensor([1,2]))
F.l1_loss(ones(2),t.tensor([1,2]))
F.l1_loss(ones(2),ones(3))
F.l1_loss(ones(2),ones(1))
F.l1_loss(ones(2),ones(2),reduction='foo')
F.l1_loss(t.ones(2,requires_grad=True),ones(2))
F.l1_loss(t.ones(2,requires_grad=True),ones(2),reduction='sum')
F.l1_loss(t.ones(2,requires_grad=True),ones(2),reduction='none')
F.l1_loss(ones(2)*3,ones(2),reduce=False)
F.l1_loss(ones(0),ones(0))
F.l1_loss(ones(2)>0,ones(2)>0)
F.softmax(ones(2,2))
F.softmax(ones(2))
F.softmax(ones(2,2,2))
F.log_softmax(ones(2,2))
F.log_softmax(ones(2,2,2))
F.softmax(ones(2,2),1.5)
F.softmax(ones(2,2),5)
F.softmax(ones(2,2).long(),1)
F.softmax(ones(2,2).long(),1,dtype=t.float32)
F.one_hot(t.tensor([1,2]),2)
F.one_hot(t.tensor([1,2]),True)
F.one_hot(t.tensor([1,2]),3)
F.one_hot(t.tensor([1,2]))
F.one_hot(t.tensor([-1,2]))
F.one_hot(t.tensor([1.,2.]))
F.one_hot(t.tensor([1,2]),0)
F.one_hot(t.tensor([1,2]),-2)
F.one_hot(t.tensor([],dtype=t.int64),3)
F.one_hot(t.tensor([],dtype=t.int64))
F.one_hot(t.tensor(1),3)
F.one_hot(t.tensor([1,2],dtype=t.int32),3)
F.one_hot(3)
F.one_hot(t.tensor([1,2]),2.5)
nn.Parameter([1.])
nn.Parameter(1.)
nn.Parameter(np.ones(1))
nn.Parameter(None)
nn.Parameter(t.tensor([1]))
nn.Parameter(t.tensor([1]),requires_grad=False)
nn.Softmax()(ones(2,2))
nn.Softmax(1)(ones(2,2))
nn.Softmax(5)(ones(2,2))
nn.LogSoftmax()(ones(2,2))
"""


@pytest.mark.parametrize("call", CALLS.strip().splitlines())
def test_a_call_answers_warns_and_raises_as_in_torch(call):
    assert outcome(mg, call) == outcome(torch, call)


REFUSED = """
nn.MultiMarginLoss(p=3)
nn.MultiMarginLoss(weight=ones(2,2))
nn.TripletMarginLoss(margin=0)
nn.TripletMarginWithDistanceLoss(margin=-1)
nn.Conv2d(3,4,3,dilation=(1,0))(ones(1,3,5,5))
nn.ReflectionPad1d(4)(ones(1,4,4))
nn.ReflectionPad2d(4)(ones(1,1,4,4))
nn.ReflectionPad2d((0,0,3,3))(ones(3,3,4))
nn.ReflectionPad3d(4)(ones(1,1,4,4,4))
F.pad(ones(2,2),(1,1,1,1),'reflect')
F.pad(ones(2),(1,1),'replicate')
F.pad(ones(2,2,2,2,2),(1,1),'circular')
F.conv_transpose1d(ones(1,1,3),ones(1,1,2),stride=2,output_padding=2)
F.conv_transpose2d(ones(1,1,3,3),ones(1,1,2,2),stride=2,output_padding=2)
F.conv_transpose3d(ones(1,1,3,3,3),ones(1,1,2,2,2),stride=2,output_padding=2)
nn.Linear(2,3)([1,2])
F.linear(ones(2,2),[1])
F.linear(ones(2,2),ones(2,2),3)
F.linear(None,ones(2,2))
nn.CrossEntropyLoss(weight=ones(3))(ones(3,4),ones(3,4))
nn.CrossEntropyLoss(weight=ones(3),label_smoothing=.1)(ones(3,4),ones(3,4))
t.utils.data.StackDataset([1],a=[2])
t.utils.data.DataLoader([1],prefetch_factor=2)
"""


@pytest.mark.parametrize("call", REFUSED.strip().splitlines())
def test_a_refusal_has_torchs_words(call):
    told = []
    for package in (mg, torch):
        names = {"t": package, "nn": package.nn, "F": package.nn.functional, "ones": package.ones}
        with pytest.raises((RuntimeError, TypeError, ValueError)) as caught:
            eval(call, names)
        told.append((type(caught.value), str(caught.value)))
    assert told[0] == told[1]


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize(
    ("shape", "pad"), [((4,), (1, 1)), ((2, 3, 4, 4), (1, 1)), ((1, 1, 4), (1,) * 6)]
)
def test_pairs_that_do_not_fit_are_refused_in_torchs_words(shape, pad, mode):
    with pytest.raises(NotImplementedError) as want:
        torch.nn.functional.pad(torch.ones(shape), pad, mode=mode)
    with pytest.raises(NotImplementedError) as got:
        mg.nn.functional.pad(mg.ones(shape), pad, mode=mode)
    assert str(got.value) == str(want.value)


@pytest.mark.parametrize("pad", [(5, 1, 0, 0), (0, 0, 1, 7), (5, 1, 9, 0)])
def test_what_is_too_small_to_reflect_is_refused_in_torchs_words(pad):
    for shape in ((1, 1, 4, 4), (1, 4, 4)):
        with pytest.raises(RuntimeError) as want:
            torch.nn.functional.pad(torch.ones(shape), pad, mode="reflect")
        with pytest.raises(RuntimeError) as got:
            mg.nn.functional.pad(mg.ones(shape), pad, mode="reflect")
        assert str(got.value) == str(want.value)


PRODUCTS = [
    *(
        "F.linear(1, a, a)",
        "F.linear(a, 1, a)",
        "nn.Linear(3, 2)([1.0])",
        "t.mm(a, 1)",
        "t.matmul(a, 1)",
    ),
    *("t.bmm(a, 1)", "t.mv(a, 1)", "t.dot(a, 1)"),
]


@pytest.mark.parametrize("call", PRODUCTS)
def test_factors_that_are_no_tensors_are_named_as_in_torch(call):
    told = []
    for T in (torch, mg):
        with pytest.raises(TypeError) as caught:
            eval(call, {"t": T, "nn": T.nn, "F": T.nn.functional, "a": T.ones(2, 3)})
        told.append(str(caught.value))
    assert told[1] == told[0]

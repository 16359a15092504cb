"""Unusual forms of calls, dtypes asked for, edges of values: answered as in torch, layout and sign of zero included.

Each line is an expression in ``torch``, ``T`` (torch.tensor), ``F``, ``np``, ``nan``, ``inf`` and ``y`` (permuted).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.stories import check

# what is asked for is what is counted in
DTYPES = """
torch.ones(3).sum(dtype=torch.int32)
torch.ones(3,4).sum(1,dtype=torch.bool)
torch.ones(3,4).prod(1,dtype=torch.bool)
T([200,100],dtype=torch.uint8).sum(dtype=torch.uint8)
T([200,100],dtype=torch.uint8).prod(dtype=torch.uint8)
torch.ones(3,4).nansum(1,dtype=torch.int32)
torch.arange(100000).sum(dtype=torch.int32)
torch.block_diag(T(1.5),torch.ones(2,2).half())
torch.block_diag(T([1]),torch.ones(2,2))
torch.ldexp(torch.ones(2).half(),T([3,200]))
torch.ldexp(torch.ones(2).double(),T([3,200]))
torch.copysign(T([1,2],dtype=torch.uint8),-1)
torch.copysign(T([1,2]),T([-1.,1]))
F.hardtanh(T([1.,2]),np.int64(0),np.float32(0.5))
""".strip().splitlines()

# -0.0 is told from 0.0, infinite ends of integrals and what lies between two neighbours count or do not
VALUES = """
torch.remainder(T([-3.,-2,-1,1,2,3]),2)
torch.remainder(T([-3.,-2,-1,1,2,3]),-2)
(T([-3.,-2,-1,1,2,3]*8000)%2)[:6]
(T([-3.,-2,-1,1,2,3]*8000)%T([2.]))[:6]
torch.remainder(T([1,2,3,4,5]),-1.5)
torch.relu(T([-0.,1,-2])), torch.relu(T([-0.,1,-2]*7000))[:3]
T([-0.,1,-2]).clamp(0), T([-0.,1,-2]).clamp(max=0), T([-0.,1,-2]).clamp(0,1)
T([-0.,1,nan]*7000).clamp(0)[:3], T([-0.,1,nan]*7000).clamp(max=0)[:3], T([-0.,1,nan]*7000).clamp(0,.5)[:3]
torch.trapezoid(T([1.,inf])), torch.trapezoid(T([[1,2,3],[4,5,6]]),dx=2), torch.trapezoid(torch.zeros(2,0))
torch.gradient(T([1.,nan,3.,inf,4]))
torch.gradient(T([1,2,4,8],dtype=torch.int8))
torch.gradient(torch.arange(12.).view(3,4)**2,spacing=[2.,3])
torch.gradient(T([1,2,4,8],dtype=torch.uint8))
torch.linalg.diagonal(torch.arange(12.).view(2,2,3))
torch.linalg.diagonal(torch.arange(12.).view(2,2,3),offset=1)
torch.linalg.pinv(T([[1.,2],[2,4]]),atol=0.1), torch.linalg.pinv(T([[1.,2],[3,4]]),1e-3)
torch.linalg.pinv(T([[1.,0],[0,0.01]]).expand(2,2,2),atol=T([0.,0.5]))
torch.linalg.pinv(T([[1.,2],[2,5]]),hermitian=True), torch.pinverse(T([[1.,2],[3,4]]),rcond=0.9)
torch.linalg.matrix_rank(T([[1.,2],[2,5]]),0.3), torch.linalg.matrix_rank(T([[1.,2],[2,5]]),atol=1.,rtol=0.)
torch.linalg.matrix_rank(torch.zeros(0,3)), torch.linalg.matrix_rank(T([[1.,2],[2,5]]),hermitian=True)
torch.linalg.matrix_rank(torch.eye(4).expand(2,4,4),atol=T([0.5,1.5]))
torch.linalg.cond(T([[1.,2],[2,5]]),1), torch.linalg.cond(T([[1.,2],[2,5]]),-2), torch.linalg.cond(T([[1.,2],[2,4]]),1)
torch.linalg.cond(T([[1.,2],[3,4],[5,6]]))
torch.linalg.norm(input=torch.ones(2,2)), torch.linalg.norm(torch.eye(2),axis=0)
torch.linalg.cond(T([[1.,2],[3,4],[5,6]]),1)
torch.linalg.vecdot(x=torch.ones(2),y=torch.ones(2)), torch.linalg.det(torch.eye(2),out=torch.empty(()))
""".strip().splitlines()

# shapes, sizes and the order in memory
FORMS = """
torch.repeat_interleave(T([[1,2],[3,4]]),3,dim=1), torch.repeat_interleave(T([[1,2],[3,4]]),T([1,2]),1).view(-1)
torch.repeat_interleave(T([1,2,3])), torch.repeat_interleave(T([1.,2],requires_grad=True),2)
torch.repeat_interleave(T([-1]))
T([0,0,0,0,0]).masked_scatter(T([[0,0,0,1,1],[1,1,0,1,1]]).bool(),torch.arange(10))
torch.nonzero(T([[1,0],[1,1]])), torch.nonzero(T([[1,0],[1,1]]),as_tuple=True), torch.where(T([[1,0],[1,1]]))
torch.nonzero(T([[1,0],[1,1]]),out=torch.empty(0,dtype=torch.long)).tolist()
torch.chunk(torch.arange(5),np.int64(2)), torch.chunk(torch.zeros(0,3),2), torch.arange(5).split(T(2))
T([[0,1,2],[3,4,5]]).amax(np.int64(1)), T([[0,1],[2,3]]).all(np.int64(1)), T([[0,1]]).squeeze(np.int64(0))
type(torch.broadcast_tensors(T([1]),T([[1],[2]]))), torch.rot90(torch.arange(6).view(2,3),T(5))
torch.count_nonzero(T([[1,0],[1,1]]),axis=0), torch.gradient(torch.eye(3),axis=1), torch.histogram(T([1.,2])).hist[:3]
torch.kron(torch.eye(2),torch.ones(1,2),out=torch.empty(0)), torch.frobenius_norm(torch.ones(2,2),1,out=torch.empty(0))
torch.combinations(T([1,2,3]),0), torch.combinations(T([1,2,3]),4)
torch.asarray([1,2],copy=False)
torch.asarray(np.ones(2),dtype=torch.float32,copy=False)
torch.asarray(1.5,requires_grad=True), torch.asarray(np.ones(2),copy=True), torch.asarray([1,2],dtype=torch.float64)
torch.asarray(T([1.],requires_grad=True)*2), torch.asarray(T([1.],requires_grad=True)*2,requires_grad=False)
torch.set_flush_denormal(False)
""".strip().splitlines()

# a tensor of one number stands for the number, and a surplus argument is no alpha that is forgotten
NUMBERS = """
T([1.,2]).add(T([1.,1]),alpha=T(2.)), T([1.,2]).add_(T([1.,1]),alpha=T(2.)), torch.rsub(T([1.,2]),T([1.,1]),alpha=T(2))
torch.add(T([1.,2]),T([1.,1]),alpha=T([2.,1]))
torch.addmm(torch.ones(2,2),torch.ones(2,2),torch.ones(2,2),beta=T(2.),alpha=T(3.))
torch.baddbmm(torch.ones(1,2,2),torch.ones(1,2,2),torch.ones(1,2,2),beta=T(2))
torch.index_add(torch.ones(2),0,T([0]),torch.ones(1),alpha=T(2.)), torch.eye(2).fill_diagonal_(T(5.))
F.celu(T([1.,-1]),T(2.)), F.leaky_relu(T([1.,-1]),T(0.2)), F.threshold(T([1.,-1]),T(0),5), F.softshrink(T([1.]),T(0.2))
F.leaky_relu(T([1.,-1]),T([0.2]))
F.softplus(T([1.]),beta=T(2.)), F.hardtanh(T([1.,-1]),T(0),5), F.elu(T([1.,-1]),alpha=T(0.5),inplace=True)
T([1,2,5]).clamp(0,T(3)), torch.clamp(T([1,2]),min=1.5,max=T(2))
T([1.,2]).subtract_(1.5,2)
T([1.,2]).mul_(1.5,2.)
T([1.,2]).div_(1.5,2.)
""".strip().splitlines()


# gathered parts lie in memory as torch has them, which ``view`` and random numbers show
PLACES = """
torch.arange(12.).view(3,4)[:,T([1,0])], torch.arange(12.).view(3,4)[:,[1,0]].view(-1)
torch.arange(12.).view(3,4)[:,T([True,False,True,False])], torch.arange(12.).view(4,3).t()[:,T([1,0])]
torch.randn_like(torch.ones(3,4)[:,T([1,0,2,2])]), torch.arange(24.).view(2,3,4)[:,T([[0,1],[2,0]])]
torch.arange(24.).view(2,3,4).permute(2,0,1)[:,T([0,1,1])], torch.arange(24.).view(2,3,4).transpose(0,2)[:,[0,1]]
torch.arange(24.).view(2,3,4)[0,:,T([1,2])], torch.arange(24.).view(2,3,4)[:,T([1,2]),T([0,3])]
torch.arange(24.).view(2,3,4)[T([1,0]),:,T([0,3])], torch.arange(24.).view(2,3,4)[:,1:,T([0,3])]
torch.arange(24.).view(2,3,4).transpose(0,2)[T([1,0]),:,T([0,1])], torch.arange(24.).view(2,3,4)[...,None,T([0,3])]
""".strip().splitlines()

# reductions and scans lie by rows, whatever of
ROWS = """
y.sum(0), y.mean(0), y.var(0), y.std(0,keepdim=True), y.prod(0), y.amax(0), y.amin([0]), y.max(0)[0], y.nansum(0)
y.norm(dim=0), y.norm(1,0), y.logsumexp(0), y.count_nonzero(0), y.gt(0).all(0), y.gt(0).any(0), y.int().sum(0)
y.softmax(1), y.log_softmax(2), y.cumsum(1), y.cumprod(0), y.cummax(1)[0], y.cummin(1)[1], y.logcumsumexp(1)
""".strip().splitlines()

# as many words are used as torch uses
POISSON = """
torch.poisson(torch.rand(4,4)*5), torch.rand(2), torch.randn(3)
torch.randn(1), torch.poisson(torch.rand(400)*50), torch.randn(2)
torch.poisson(torch.full((3,),12.,dtype=torch.float64)), torch.poisson(torch.zeros(2)), torch.rand(1)
torch.poisson(T(3.)), torch.poisson(torch.empty(0,2)), torch.poisson(T([[3.,100],[1e5,1e7]]).t()), torch.rand(1)
torch.poisson(T([3.],requires_grad=True)), torch.poisson(T([3.,10,20]),torch.Generator().manual_seed(3)), torch.rand(1)
torch.poisson(T([1,2]))
torch.poisson(T([-1.]))
torch.poisson(T([nan]))
""".strip().splitlines()


@pytest.mark.parametrize(
    "expression", [*DTYPES, *VALUES, *FORMS, *NUMBERS, *PLACES, *ROWS, *POISSON]
)
def test_form(expression):
    def story(torch):
        torch.manual_seed(0)
        y = torch.randn(2, 3, 4).permute(0, 2, 1)
        names = {"torch": torch, "T": torch.tensor, "F": torch.nn.functional, "np": np, "y": y}
        return eval(expression, {**names, "nan": math.nan, "inf": math.inf})

    check(story, words=False)


def shared(torch):
    a = np.ones(2)
    lent, copied = torch.asarray(a), torch.asarray(a, copy=True)
    a[0] = 5
    leaf = torch.tensor([1.0])
    marked = torch.asarray(leaf, requires_grad=True)
    return lent, copied, marked is leaf, marked


def through_capsules(torch):
    import importlib

    dlpack = importlib.import_module(f"{torch.__name__}.utils.dlpack")
    x = torch.arange(3)
    y = dlpack.from_dlpack(dlpack.to_dlpack(x))
    y[0] = 7
    return x, torch.from_dlpack(x)


@pytest.mark.parametrize("story", [shared, through_capsules])
def test_story(story):
    check(story)

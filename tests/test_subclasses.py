"""Subclasses of Tensor against torch's.

Run in processes of their own: from the first subclass on, the package's functions look for instances of it.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAD = """
import re, warnings
warnings.simplefilter("ignore")
def text(x):
    if isinstance(x, torch.Tensor):
        return f"{type(x).__name__} {x!r}"
    if isinstance(x, (tuple, list)):
        return f"{type(x).__name__}{[text(y) for y in x]}"
    return f"{x!r}"
def tell(x):
    print(re.sub(r" object at 0x[0-9a-f]+", "", text(x)).replace("minigrad", "torch"))
def call(f):
    try:
        return f()
    except Exception as error:
        return type(error).__name__
"""

KEPT = """
class Sub(torch.Tensor):
    pass
class Deeper(Sub):
    pass
x = torch.tensor([1.0, 2.0, 3.0]).as_subclass(Sub)
w = torch.ones(3, requires_grad=True)
F = torch.nn.functional
for e in '''x; x + 1; 1 + x; x * w; w * x; w - x; x.sum(); torch.relu(x); F.relu(x); x[0]; x[1:]; x.max(0); x.split(1)
torch.cat([x, x]); x.T; x.numpy().sum(); x.tolist(); x.clone(); x.detach(); x == 1; x.to(torch.float64); x.view(3, 1)
torch.stack([x, torch.ones(3)]); -x; x @ x; (x * w).sum().grad_fn; torch.add(w, x); Sub([1.0, 2.0]); list(x); len(x)
torch.Tensor._make_subclass(Sub, torch.ones(2), True); x.new_zeros(2); torch.zeros_like(x); x.mean().item(); x.shape
x.add_(1); x.data; torch.tensor(x); torch.where(x > 1, x, 0.0); x.unbind(); torch.linalg.norm(x); x.softmax(0)
torch.nn.Identity()(x); F.conv1d(x[None, None], torch.ones(1, 1, 2)); isinstance(x * 2, Sub); x.requires_grad
x.as_subclass(Deeper) + x; x + x.as_subclass(Deeper); type(torch.nn.Parameter(torch.ones(1)) * 2).__name__
type(torch.nn.Conv1d(1, 1, 2)(x[None, None])).__name__; torch.nn.MSELoss()(x, x); torch.nn.MaxPool1d(2)(x[None])
x.view(3, 1).repeat(1, 2); torch.ones(3).as_subclass(torch.Tensor)'''.replace(chr(10), ";").split(";"):
    tell(call(lambda: eval(e.strip())))
y = w.as_subclass(Sub)
(y * y).sum().backward()
tell(w.grad)
z = torch.ones(2).as_subclass(Sub).requires_grad_()
(z * 3).sum().backward()
tell(z)
tell(z.grad.tolist())
"""

LOGGED = """
class LoggingTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func is not torch.Tensor.__repr__:
            print(func.__name__.strip("_"), [t.__name__ for t in types])
        return super().__torch_function__(func, types, args, kwargs or {})
x = torch.tensor([1.0, 2.0]).as_subclass(LoggingTensor)
tell(x.add(1))
tell(x * 2)
tell(torch.sum(x))
tell(torch.stack([x, x]))
tell(x.exp_())
"""

METADATA = """
class MetadataTensor(object):
    pass
class Labelled(torch.Tensor):
    @staticmethod
    def __new__(cls, data, label="", **kwargs):
        return torch.Tensor._make_subclass(cls, torch.as_tensor(data, **kwargs))
    def __init__(self, data, label="", **kwargs):
        self.label = label
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        out = super().__torch_function__(func, types, args, kwargs or {})
        if isinstance(out, cls) and not hasattr(out, "label"):
            out.label = " and ".join(a.label for a in args if isinstance(a, cls))
        return out
    def double(self):
        return "own"
a, b = Labelled([1.0], "a"), Labelled([2.0], "b")
tell((a + b).label)
tell((a + b) * 3)
tell(((a + b) * 3).label)
tell(a.double())
tell(torch.mul(a, b).label)
class Refuses(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return NotImplemented
tell(call(lambda: torch.ones(1).as_subclass(Refuses) + 1))
"""


@pytest.mark.parametrize("program", [KEPT, LOGGED, METADATA], ids=["kept", "logged", "metadata"])
def test_alike(program):
    told = []
    for package in ("torch", "minigrad"):
        code = f"import {package} as torch\n{HEAD}{textwrap.dedent(program)}"
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        told.append(run.stdout.splitlines())
    assert told[1] == told[0]

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


NAMED = """
class Named(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        known = func is torch.Tensor.add, func is torch.Tensor.sum, func is torch.relu
        names.append((func.__name__, known))
        return super().__torch_function__(func, types, args, kwargs or {})
m = torch.ones(2).as_subclass(Named)
i = torch.ones(2, dtype=torch.int64).as_subclass(Named)
q = torch.ones(2, 2).as_subclass(Named)
for e in '''m + 1; 1 + m; m - 1; 1 - m; m * 2; 2 * m; m / 2; m // 2; 2 // m; m % 2; 2 % m; m ** 2; 2 ** m; -m; +m; ~i
i & i; i | i; i ^ i; i << i; i >> i; q @ q; m == 1; m != 1; m < 1; m <= 1; m > 1; m >= 1; m[0]; len(m); bool(m[0])
float(m[0]); int(m[0]); 1 in m; m.sum(); m.view(1, 2); m.float(); m.clone(); m.add_(1); m.size(); m.numel(); m.mean()
torch.relu(m); torch.nn.functional.relu(m); torch.cat([m, m]); torch.max(m, 0); torch.zeros_like(m); abs(m)
m.to(torch.float64); m.unsqueeze(0); m.detach(); torch.ones(2) * m'''.replace(chr(10), ";").split(";"):
    names = []
    call(lambda: eval(e.strip()))
    tell((e.strip(), names))
tell(call(lambda: m + "a"))
for s in ("m += 1", "m -= 1", "m *= 2", "m /= 2", "m[0] = 3", "m //= 1", "m **= 1", "i &= i"):
    names = []
    exec(s)
    tell((s, names))
"""


@pytest.mark.parametrize(
    "program", [KEPT, LOGGED, METADATA, NAMED], ids=["kept", "logged", "metadata", "named"]
)
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

"""Products of tensors that do not go together: refused where torch refuses them, in its words."""

from __future__ import annotations

import pytest

from tests.stories import check

EXPRESSIONS = """
f @ d
l @ f
h @ f
f @ vd
v @ vd
v @ d
torch.mm(f, d)
torch.mm(f, v)
torch.mm(v, f)
torch.bmm(f[None], d[None])
torch.bmm(f, f)
torch.bmm(f[None], f)
torch.mv(f, vd)
torch.dot(v, vd)
torch.addmm(f, f, d)
torch.addmm(d, f, f)
torch.addmm(f, v, f)
torch.addr(d, v, v)
torch.outer(f, v)
F.linear(f, d)
F.linear(d, f, v)
F.linear(f, f, vd)
F.linear(l, f)
torch.nn.Linear(2, 2)(d)
torch.einsum("ij,jk", f, d)
torch.einsum("ij,j->i", f, vd)
torch.einsum("ij,ij->ij", f, d).dtype, torch.einsum("i,j->ij", v, vd).dtype
torch.tensordot(f, d, 1)
F.conv2d(f[None, None], d[None, None], v[:1])
F.conv2d(f[None, None], f[None, None], vd[:1])
F.conv2d(l[None, None], f[None, None], v[:1])
F.grid_sample(l[None, None], torch.zeros(1, 1, 1, 2).long(), align_corners=False)
F.max_pool2d(v, 2)
F.max_pool3d(f, 2)
F.avg_pool2d(f, 2)
F.avg_pool3d(f, 2)
f.bool() - f.bool()
1 - f.bool()
F.cross_entropy(torch.ones(2, 3, 4, 4), torch.zeros(2, 3, 3).long())
F.cross_entropy(torch.ones(2, 3, 4, 4), torch.zeros(2, 4).long())
F.cross_entropy(torch.ones(2, 3, 4), torch.zeros(2, 3).long())
torch.ones(2, 2, 3) @ torch.ones(2, 2, 4)
torch.linalg.norm(f, ord=2, dim=(0, 1, 2))
""".strip().splitlines()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_alike(expression):
    def story(torch):
        f, v = torch.ones(2, 2), torch.ones(2)
        names = {"torch": torch, "F": torch.nn.functional, "f": f, "v": v, "vd": v.double()}
        return eval(expression, {**names, "d": f.double(), "l": f.long(), "h": f.half()})

    check(story, words="mm(f, v)" not in expression and "mm(f, f)" not in expression)

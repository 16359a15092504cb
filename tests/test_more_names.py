"""Names of torch beside the ops: its functions under the lower layer's arguments, windows, older makers of tensors."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import minigrad
from tests.stories import check

EXPRESSIONS = """
torch.range(0, 3.5)
torch.range(3)
torch.range(3, 1, -1)
torch.range(0, 1, 0.25)
torch.range(0, 4, dtype=torch.int64)
torch.range(3, 1)
torch.range(1, 2, 0)
torch.i0(torch.tensor([0.0, -0.5, 8.0, 31.0, 80.0, 90.0, -1e9, float("inf"), float("nan")]))
torch.special.i1(torch.tensor([0.0, -0.5, 8.0, 31.0, -80.0, 90.0, float("inf")], dtype=torch.float64))
torch.special.i0e(torch.tensor([1e-9, 500.0])), torch.special.i1e(torch.tensor([1e-9, -500.0]))
torch.i0(torch.tensor([0, 2])), torch.i0_(x.clone()), torch.tensor(2.0).i0_()
x.index_reduce(1, torch.tensor([0, 0]), x[:, 1:], "mean"), x.clone().index_reduce_(0, torch.tensor([1]), x[:1], "prod")
torch.arange(6).index_reduce(0, torch.tensor([0, 0]), torch.tensor([5, 8]), "mean", include_self=False)
x.index_reduce(1, torch.tensor([0, 0]), x[:, 1:], "sum")
x.index_reduce(0, torch.tensor([9]), x[:1], "amax")
x.index_reduce(0, torch.tensor([1, 1]), x[:1], "amax")
x.index_reduce(0, torch.tensor([1]), x[:1, :1], "amax")
x.index_reduce(0, torch.tensor([1]), x[:1].double(), "amax")
x.index_reduce(0, torch.tensor([1.0]), x[:1], "amax")
x.index_add(0, torch.tensor([1.0]), x[:1])
x.index_add(0, torch.tensor([[1]]), x[:1])
x.index_add(0, torch.tensor([1]), x[:1, :1])
x.index_copy(0, torch.tensor([1]), x[:1, :1])
torch.scalar_tensor(3), torch.scalar_tensor(True), torch.scalar_tensor(3, dtype=torch.int64)
torch.empty_strided((2, 3), (1, 2)).stride(), torch.empty_strided((2, 0), (1, 2)).shape
torch.empty_strided((2, 3), (1,))
torch.frombuffer(bytearray(b"abcd"), dtype=torch.int16)
torch.frombuffer(bytearray(b"abcd"), dtype=torch.int16, count=1, offset=2)
torch.frombuffer(b"abcd", dtype=torch.uint8)
torch.frombuffer(bytearray(), dtype=torch.int16)
torch.frombuffer(bytearray(b"abc"), dtype=torch.int16)
torch.frombuffer(bytearray(b"abc"), dtype=torch.int16, count=2)
torch.frombuffer(bytearray(b"abc"), dtype=torch.int8, offset=3)
torch.hann_window(0), torch.hann_window(1), torch.hann_window(5), torch.hann_window(5, False)
torch.hann_window(2, periodic=False), torch.hann_window(4, dtype=torch.float64)
torch.hann_window(3, requires_grad=True)
torch.hann_window(-1)
torch.hann_window(3, dtype=torch.int64)
torch.hann_window(2.5)
torch.hamming_window(5, True, 0.5, 0.4), torch.hamming_window(1)
torch.hamming_window(6, periodic=False)
torch.blackman_window(7, dtype=torch.float64).round(decimals=6).abs()
torch.bartlett_window(4), torch.bartlett_window(5, periodic=False)
torch.kaiser_window(5, False, 3.0), torch.kaiser_window(1), torch.kaiser_window(6)
torch.real(x) is x, torch.imag(x)
torch.fill(x, 3), torch.fill(x, torch.tensor(2.0)), x
torch.typename(x), torch.typename(x.long()), torch.typename(1)
type(x.shape), type(x.dtype), type(x.device), type(torch.finfo(x.dtype))
torch.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, False)
torch.batch_norm(x, torch.ones(3), torch.ones(3), torch.zeros(3), torch.ones(3), False, 0.1, 1e-5, False)
(torch.instance_norm(y, None, None, None, None, True, 0.1, 1e-5, False) * 8).round().long()
torch.embedding(x, torch.tensor([1, 0]))
torch.embedding(x, torch.tensor([1, 0]), 0)
torch.adaptive_max_pool1d(x, 2)
torch.max_pool1d_with_indices(x, 2), torch.max_pool1d_with_indices(x, 2, stride=1)
torch.constant_pad_nd(x, (1, 1, 0, 1), 3)
torch.grid_sampler(y, torch.zeros(2, 1, 1, 2), 1, 2, True)
torch.affine_grid_generator(torch.tensor([[[1.0, 0, 0], [0, 1, 0]]]), (1, 1, 2, 2), False)
torch.convolution(y, torch.ones(1, 2, 2, 2), None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1)
torch.convolution(y, torch.ones(2, 1, 2, 2), torch.ones(1), (2, 2), (1, 1), (1, 1), True, (1, 1), 1)
torch.convolution(x[:, None], torch.ones(1, 1, 2), None, [1], [0], [1], False, [0], 1)
torch.binary_cross_entropy_with_logits(x, x)
torch.binary_cross_entropy_with_logits(x, x, None, None, 2)
torch.kl_div(x, x, 1), torch.kl_div(x, x, log_target=True)
torch.poisson_nll_loss(x, x, True, False, 1e-8, 1)
torch.triplet_margin_loss(x, x + 1, x - 2), torch.triplet_margin_loss(x, x + 1, x, 1.0, 2.0, 1e-6, True, 2)
torch.cosine_embedding_loss(x, x + 1, torch.ones(2)), torch.cosine_embedding_loss(x, -x, -torch.ones(2), 0.5, 2)
torch.hinge_embedding_loss(x, x), torch.hinge_embedding_loss(x, -torch.ones(2, 3), 3.0, 1)
torch.margin_ranking_loss(x, x, x, margin=2.0), torch.margin_ranking_loss(x, x + 1, x, 2.0, reduction=1)
torch.frobenius_norm(x, (0, 1)), torch.frobenius_norm(x, 1, True)
torch.nuclear_norm(x), torch.nuclear_norm(x, True), torch.nuclear_norm(y, (2, 3))
torch.special.entr(torch.tensor([-1.0, 0.0, 0.5])), torch.special.ndtr(torch.tensor([-1.0, 0.0, 2.0]))
torch.special.xlog1py(torch.tensor([0.0, 1.0]), torch.tensor([2.0, 3.0]))
torch.special.expit(x), torch.special.gammaln(x), torch.special.psi(x), torch.special.multigammaln(x + 2, 2)
torch.special.softmax(x, 0), torch.special.log_softmax(x, 1), torch.special.logsumexp(x, 0)
torch.special.xlogy(x, x), torch.special.round(x), torch.special.exp2(x), torch.special.sinc(x)
isinstance(x.max(0), torch.return_types.max), type(x.sort(0)), type(x.aminmax())
isinstance(torch.linalg.qr(x), torch.return_types.linalg_qr)
pickle.loads(pickle.dumps(x.max(0)))
torch.einsum(x, [0, 1], x, [2, 1], [0, 2])
torch.einsum(x, [0, 1], x, [0, 2])
torch.einsum(y, [..., 0, 1], x, [2, 1], [..., 0, 2])
torch.einsum(torch.eye(3), [0, 0], [0])
torch.einsum(torch.eye(3), [30, 2], [2, 30])
torch.einsum(torch.eye(3), [0, 60])
torch.gradient(z), torch.gradient(z[0], dim=0), torch.gradient(z, spacing=[1.0, 2.0])
torch.gradient(z, spacing=(torch.tensor([0.0, 1, 3]), torch.tensor([0.0, 2, 3, 5])))
torch.gradient(z, spacing=(torch.tensor([0.0, 1, 3]), torch.tensor([0.0, 2, 3, 5])), edge_order=2)
torch.gradient(z, edge_order=3)
torch.gradient(z[:, :1])
torch.gradient(z, spacing=[1.0])
torch.gradient(z, spacing=[1.0], dim=1)
torch.gradient(z, dim=(0, 0))
torch.gradient(z, dim=2)
torch.gradient(z > 0)
torch.gradient(torch.tensor(1.0))
torch.angle(torch.tensor([-1, 2, 0])), torch.angle(torch.tensor([float("nan"), -0.0]))
torch.histogram(x, torch.tensor([0.0, 1.5, 3.0]))
torch.histogram(x, 3, weight=x, density=True)
torch.histogram(x.long(), 3)
torch.histogram(x, 0)
torch.histogram(x, bins=3, range=(2.0, 1.0))
""".strip().splitlines()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_alike(expression):
    def story(torch):
        x = torch.arange(6.0).reshape(2, 3)
        y = torch.arange(36.0).reshape(2, 2, 3, 3)
        z = torch.tensor([[1.0, 4, 9, 17], [2, 5, 1, 3], [0, 1, 1, 2]])
        names = {"torch": torch, "np": np, "pickle": pickle, "x": x, "y": y, "z": z}
        return eval(expression, names)

    check(story, words=not any(s in expression for s in ("window", "60", "range(3)")))


def test_a_buffer_is_shared():
    memory = bytearray(4)
    minigrad.frombuffer(memory, dtype=minigrad.uint8).fill_(7)
    assert memory == bytearray([7] * 4)


@pytest.mark.parametrize("call", ["t.range(0, 3)", "t.frombuffer(b'ab', dtype=t.uint8)"])
def test_torchs_warnings(call):
    with pytest.warns(UserWarning, match="deprecated|not writable"):
        eval(call, {"t": minigrad})

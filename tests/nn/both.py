"""One program run under minigrad and under torch, and what the two tell compared."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

import minigrad as mg

BOTH = (mg, torch)
vector_torch = pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"),
    reason="torch's numbers differ on this processor",
)


def of_both(program):
    """What a program tells under each package, arrays for tensors; warnings are told too."""
    told = []
    for T in BOTH:
        T.manual_seed(0)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = program(T)
        told.append([*(found if isinstance(found, tuple | list) else [found])])
        told[-1].append([(w.category, str(w.message)[:60]) for w in caught])
    return told


def assert_same(program, rtol=2e-6):
    for mine, torchs in zip(*of_both(program), strict=True):
        if isinstance(torchs, torch.Tensor):
            assert tuple(mine.shape) == tuple(torchs.shape)
            mine, torchs = mine.detach().numpy(), torchs.detach().numpy()
            size = np.abs(torchs).max(initial=1e-30)
            np.testing.assert_allclose(mine, torchs, rtol=rtol, atol=rtol * size)
        else:
            assert mine == torchs


def refused(program):
    """That both packages raise the same, the text beginning alike."""
    told = []
    for T in BOTH:
        T.manual_seed(0)
        with pytest.raises(Exception) as caught:  # noqa: PT011
            program(T)
        told.append((type(caught.value), str(caught.value)[:40]))
    assert told[0] == told[1]


def steps(T, layer, x, count=3):
    """A few steps of plain gradient descent; the answers and the parameters."""
    told = []
    for _ in range(count):
        y = layer(x)
        (y * y).sum().backward()
        told.append(y)
        with T.no_grad():
            for p in layer.parameters():
                p -= 0.01 * p.grad
                p.grad = None
    layer.eval()
    return *told, layer(x), *layer.parameters(), *layer.buffers()

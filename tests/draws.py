"""What tests of random numbers share: torch's generator beside the engine, and how to compare."""

from __future__ import annotations

import contextlib

import numpy as np
import torch

from minigrad import _sampling
from minigrad._sampling import Engine, stream

SEEDS = (0, 42, 2**32 + 7, -1)
SIZES = (0, 1, 2, 15, 16, 17, 31, 100, 1600, 20001)
FLOATS = ("float32", "float64", "float16")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
ALL = (*FLOATS, *INTEGERS, "bool")
# Torch's kernels for other processors round twice where these round once.
EXACT = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")


@contextlib.contextmanager
def worth(bound):
    """Let work that costs as much as `bound` words go to Numba's kernels; None: as measured."""
    names = ("WORTH_CALLING", "WORTH_MOVING", "WORTH_LOADING")
    before = [getattr(stream, name) for name in names]
    for name, value in zip(names, before if bound is None else [bound] * 3):
        setattr(stream, name, value)
    yield
    for name, value in zip(names, before):
        setattr(stream, name, value)


def generators(seed):
    return Engine(seed), torch.Generator().manual_seed(seed)


def tdtype(name):
    return getattr(torch, name)


def ours(engine, method, array, *args):
    """The engine's method by torch's arguments: random_ takes (to) or (from, to)."""
    return _sampling.fill(engine, method, array, *args)


def theirs(generator, method, tensor, *args):
    return getattr(tensor, method)(*args, generator=generator)


def check(array, tensor, exact=True):
    expected = tensor.numpy()
    assert array.dtype == expected.dtype
    assert array.shape == expected.shape
    if exact or EXACT:
        np.testing.assert_array_equal(array, expected)
    else:
        rtol = {"float16": 2e-3, "float32": 1e-4}.get(array.dtype.name, 1e-9)
        largest = np.abs(expected[np.isfinite(expected)]).max(initial=0)
        np.testing.assert_allclose(array, expected, rtol=rtol, atol=0.01 * rtol * largest)


def check_state(engine, generator):
    assert engine.get_state().tobytes() == generator.get_state().numpy().tobytes()

"""The same call in minigrad and in torch, and what comes of it, in plain Python."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.utils.data as theirs

import minigrad
import minigrad.utils.data as ours

BOTH = (
    types.SimpleNamespace(core=minigrad, data=ours),
    types.SimpleNamespace(core=torch, data=theirs),
)


def plain(value):
    """A value without tensors: (dtype, numbers) in their place, containers kept and named."""
    if isinstance(value, minigrad.Tensor | torch.Tensor):
        return str(value.dtype).split(".")[-1], tuple(value.shape), value.tolist()
    if isinstance(value, Mapping):
        return type(value).__name__, {key: plain(value[key]) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | range):
        return type(value).__name__, [plain(element) for element in value]
    if isinstance(value, np.ndarray | np.generic):
        return type(value).__name__, str(value.dtype), value.tolist()
    return value


def outcome(call, *arguments):
    """What a call answers, or the type of what it raises."""
    try:
        return plain(call(*arguments))
    except Exception as error:
        return type(error)


def same(call, seed=None):
    """Check that call(side) comes out alike for both sides, numbers drawn afterwards included."""
    found = []
    for side in BOTH:
        if seed is not None:
            side.core.manual_seed(seed)
        found.append([outcome(call, side), side.core.rand(3).tolist() if seed is not None else 0])
    assert found[0] == found[1]
    return found[0][0]

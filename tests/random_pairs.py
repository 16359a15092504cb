"""What tests of random tensors share: both packages' default generators, in step."""

from __future__ import annotations

import numpy as np
import torch

from minigrad import random
from tests.draws import EXACT


def same(mine, other):
    assert tuple(mine.shape) == tuple(other.shape)
    if mine.array.size:
        assert mine.stride() == other.stride()
    expected = other.detach().numpy()
    assert mine.array.dtype == expected.dtype
    assert mine.requires_grad == other.requires_grad
    if EXACT or mine.array.dtype.kind != "f":
        np.testing.assert_array_equal(mine.array, expected)
    else:
        np.testing.assert_allclose(mine.array, expected, rtol=2e-3, atol=1e-5)


def same_state():
    assert random.get_rng_state().array.tobytes() == torch.get_rng_state().numpy().tobytes()


def both(seed=42):
    random.manual_seed(seed)
    torch.manual_seed(seed)


def outcome(call):
    """The type and the text of what a call raises."""
    try:
        call()
    except Exception as error:
        return type(error), str(error)
    return None

"""Random numbers as torchvision draws them, from the default generator.

Those that batches need are read from the generator's words, so that many are made at once.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _types
from ..creation import empty, tensor
from ..random import default_generator, randint

Array = np.ndarray[Any, Any]


def words(count: int, each: int) -> Array:
    """The generator's next words: (count, each) uint64, each below 2**32."""
    return default_generator.engine.words(count * each).reshape(count, each)


def words_of_a_chance() -> int:
    """How many words `rand(1)` takes: one for float32, two for float64."""
    return 2 if _types.default() == np.float64 else 1


def chances(words: Array, p: float) -> Array:
    """Whether `rand(1) < p`: of words (N, 1) or (N, 2), (N,) bool."""
    if words.shape[1] == 1:
        return (words[:, 0] & 0xFFFFFF).astype(np.float32) * np.float32(2.0**-24) < np.float32(p)
    return ((words[:, 0] << 32 | words[:, 1]) & (2**53 - 1)) * 2.0**-53 < p


def below(n: int) -> int:
    """A whole number below n, drawn."""
    return randint(0, n, size=(1,)).item()


def between(low: float, high: float) -> float:
    """A number between two, drawn."""
    return empty(1).uniform_(low, high).item()


def rectangle(area: float, scale: Any, ratio: Any) -> tuple[int, int]:
    """(width, height) of a part of an area, with a ratio of width by height, drawn."""
    part = area * between(scale[0], scale[1])
    low, high = tensor(ratio).log().tolist()
    shape = tensor(between(low, high)).exp().item()
    return round(math.sqrt(part * shape)), round(math.sqrt(part / shape))

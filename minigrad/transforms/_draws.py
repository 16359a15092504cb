"""Random numbers as torchvision draws them, from the default generator."""

from __future__ import annotations

import math
from typing import Any

from ..creation import empty, tensor
from ..random import randint


def below(n: int) -> int:
    """A whole number below n, drawn."""
    drawn: int = randint(0, n, size=(1,)).item()
    return drawn


def between(low: float, high: float) -> float:
    """A number between two, drawn."""
    drawn: float = empty(1).uniform_(low, high).item()
    return drawn


def rectangle(area: float, scale: Any, ratio: Any) -> tuple[int, int]:
    """(width, height) of a part of an area, with a ratio of width by height, drawn."""
    part = area * between(scale[0], scale[1])
    low, high = tensor(ratio).log().tolist()
    shape = tensor(between(low, high)).exp().item()
    return round(math.sqrt(part * shape)), round(math.sqrt(part / shape))

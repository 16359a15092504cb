"""What must be reached: each bar looks at the ratios (other's time / minigrad's) of one group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """At `threads` threads (0: at any), the mean or the least ratio of `rows` is `at_least`.

    `rows` is the name of a group, or of one case.
    """

    rows: str
    aggregate: str
    at_least: float
    threads: int = 0

    def __str__(self) -> str:
        """The bar in words."""
        where = f", {self.threads} threads" if self.threads else ""
        return f"{self.rows}{where}: {self.aggregate} ratio at least {self.at_least:.2f}"

    def reached(self, ratios: Sequence[float]) -> float:
        """The figure that is held against the bar."""
        return geometric_mean(ratios) if self.aggregate == "mean" else min(ratios)


def geometric_mean(ratios: Sequence[float]) -> float:
    """The n-th root of the product of n positive numbers."""
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


BARS = [
    Bar("import, against numpy", "least", 1 / 1.6),
    Bar("edge example, warm cache", "least", 3.0),
    Bar("edge example, empty cache", "least", 1.0),
    Bar("edge detector, 100 steps", "least", 4.0),
    Bar("looped corr2d, one step", "least", 3.0),
    Bar("chain of 200 small ops", "least", 1.3),
    Bar("DataLoader, 60,000 images of 28x28", "least", 5.0),
    Bar("LeNet-5, one step", "least", 2.5, threads=2),
    Bar("MNIST net of two convolutions, one step", "least", 1.5, threads=2),
    Bar("ResNet-20, one step", "least", 1.2, threads=2),
    Bar("inference, batch 1", "least", 2.0),
    Bar("ResNet-20's training, peak memory (MB, not ms)", "least", 1 / 0.8),
    Bar("conv2d forward", "mean", 1.3),
    Bar("conv2d forward", "least", 0.8),
    Bar("conv2d forward+backward", "mean", 1.6),
    Bar("conv2d forward+backward", "least", 0.9),
    Bar("conv_transpose2d forward+backward", "mean", 1.6),
    Bar("conv1d forward+backward", "mean", 1.3),
    Bar("conv3d forward+backward", "mean", 1.3),
    Bar("pooling forward+backward", "mean", 2.0),
    Bar("pooling forward+backward", "least", 1.0),
    Bar("large elementwise and reductions", "least", 1.0),
    Bar("large elementwise and reductions, with gradient", "least", 1.0),
]

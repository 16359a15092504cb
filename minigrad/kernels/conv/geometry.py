"""How a convolution's window moves: shared by every convolution kernel.  Pure Python.

padding[0]   input of 7, kernel of 3, dilation 2, stride 3     padding[1]
   0 0  |  x x x x x x x  |  0 0
   ^   ^   ^                            first window (span 5)
         ^   ^   ^                      second: 3 further
"""

from typing import NamedTuple


class Geometry(NamedTuple):
    """Stride, padding (before, after) and dilation per spatial dimension, and the groups."""

    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int


def out_sizes(size: tuple[int, ...], kernel: tuple[int, ...], geo: Geometry) -> tuple[int, ...]:
    """The number of windows along each dimension, 0 where not even one fits."""
    return tuple(
        max(0, (n + before + after - (k - 1) * d - 1) // s + 1)
        for n, k, s, (before, after), d in zip(size, kernel, geo.stride, geo.padding, geo.dilation)
    )

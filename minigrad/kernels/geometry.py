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


def out_size(n: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int) -> int:
    """The number of windows along one dimension, 0 if not even one fits."""
    room = n + padding[0] + padding[1] - (kernel - 1) * dilation - 1
    return room // stride + 1 if room >= 0 else 0

"""How convolutions are computed.

`accuracy` is "fast", the default: 3x3 kernels by Winograd's F(4x4, 3x3), with errors of up to
1e-4 of the standard deviation of the answer; or "accurate": by F(2x2, 3x3) and plain sums, with
errors of up to 1e-5 of it, as PyTorch's (see docs/kernels.md for what was measured).

>>> import minigrad as mg
>>> with mg.backends.conv.flags(accuracy="accurate"):
...     mg.backends.conv.accuracy
'accurate'
>>> mg.backends.conv.accuracy
'fast'
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from ..kernels import conv as kernels

_LEVELS = ("fast", "accurate")


class _Conv(ModuleType):
    """This module, with an attribute that is checked when it is set."""

    @property
    def accuracy(self) -> str:
        """Either "fast" or "accurate", for all threads."""
        return kernels.accuracy

    @accuracy.setter
    def accuracy(self, level: str) -> None:
        if level not in _LEVELS:
            raise ValueError(f"accuracy must be one of {_LEVELS}, got {level!r}")
        kernels.accuracy = level


@contextmanager
def flags(accuracy: str = "fast") -> Iterator[None]:
    """Convolutions inside the `with` block have this accuracy, in all threads.

    Raises ValueError unless it is "fast" or "accurate".
    """
    this = sys.modules[__name__]
    before = kernels.accuracy
    this.accuracy = accuracy  # type: ignore[attr-defined]
    try:
        yield
    finally:
        kernels.accuracy = before


sys.modules[__name__].__class__ = _Conv

"""Tensors passed to and from other libraries without a copy."""

from __future__ import annotations

from typing import Any

from ..grids import from_dlpack
from ..tensor import Tensor

__all__ = ["from_dlpack", "to_dlpack"]


def to_dlpack(tensor: Tensor) -> Any:
    """The tensor as a capsule, which may be taken once."""
    try:
        return tensor.__dlpack__(max_version=(1, 0))  # NumPy takes what is older for read-only
    except TypeError:  # before NumPy 2.1
        return tensor.__dlpack__()

"""Names of types for annotations, as in ``torch.types``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from ._types import Size, device, dtype
from .tensor import Tensor

_dtype, _device = dtype, device
_size: TypeAlias = Size | list[int] | tuple[int, ...]
_symsize = _size
_TensorOrTensors: TypeAlias = Tensor | Sequence[Tensor]
Number: TypeAlias = int | float | bool
Device: TypeAlias = device | str | int | None
Storage: TypeAlias = Any

__all__ = ["Device", "Number", "Storage"]

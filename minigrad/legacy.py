"""``FloatTensor``, ``LongTensor`` and the others: tensors of one dtype as types, and as their makers."""

from __future__ import annotations

from typing import Any

from .tensor import Tensor, _legacy

_TYPES = _legacy.types(Tensor)


def __getattr__(name: str) -> Any:
    if name in _TYPES:
        return _TYPES[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

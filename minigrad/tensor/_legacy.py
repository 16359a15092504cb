"""torch's oldest way to make tensors: ``Tensor(2, 3)``, ``Tensor([1, 2])``, ``FloatTensor(...)``."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _convert, _types
from .._arguments import negative_size
from .._tape import Traced, wrap
from ..ops import _common


def made(kind: np.dtype[Any], data: tuple[Any, ...], size: Any = None) -> Any:
    """The array of a tensor of sizes (zeros; none: empty) or of data (a copy); a tensor's is shared.

    TypeError for what is neither; RuntimeError for a negative size.
    """
    given = data[0] if len(data) == 1 and size is None else None
    if isinstance(given, Traced):
        return given.array
    if isinstance(given, (list, tuple, np.ndarray, range)) and not isinstance(given, _types.Size):
        return _copied(given, kind)
    if isinstance(given, str):
        raise TypeError("new(): invalid data type 'str'")
    if data and not isinstance(given, _types.Size) and not all(_is_size(d) for d in data):
        bad = next(d for d in data if not _is_size(d))
        raise TypeError(f"new(): data must be a sequence (got {type(bad).__name__})")
    sizes = _common.shape_of(data if size is None else (tuple(size),)) if data or size else (0,)
    if sizes and min(sizes) < 0:
        raise negative_size(sizes)
    return np.zeros(sizes, kind)


def _is_size(x: Any) -> bool:
    return hasattr(x, "__index__") and not isinstance(x, bool)


def _copied(data: Any, kind: np.dtype[Any]) -> Any:
    plain = [x.array if isinstance(x, Traced) else x for x in data] if type(data) is list else data
    array = np.array(plain)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"new(): invalid data type '{type(data[0]).__name__}'")
    return _convert.in_dtype(array, kind) if array.dtype != kind else array


class TensorType(type):
    """The class of ``FloatTensor`` and its kin: tensors of one dtype are their instances, calling them makes one."""

    dtype: _types.dtype
    tensor: Any

    def __call__(cls, *data: Any, device: Any = None) -> Any:
        if device is not None:
            _types.on_cpu(device)
        if (
            len(data) == 1
            and isinstance(data[0], Traced)
            and data[0].array.dtype is not cls.dtype.np
        ):
            have = _types.of(data[0].array.dtype).title
            raise TypeError(f"expected {cls.dtype.title} (got {have})")
        return wrap(made(cls.dtype.np, data))

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, cls.tensor) and x.array.dtype is cls.dtype.np

    def __repr__(cls) -> str:
        return f"<class '{_types.package}.{cls.__name__}'>"


def types(tensor: Any) -> dict[str, TensorType]:
    """``FloatTensor`` and the others, by name."""
    found = {}
    for d in _types.all_dtypes:
        name = f"{d.title}Tensor"
        doc = f"Tensors of dtype {d.name}."
        found[name] = TensorType(name, (), {"dtype": d, "tensor": tensor, "__doc__": doc})
        found[name].__module__ = _types.package
    return found

"""Tensors of numbers in a pattern: logspace, the indices of triangles; others' memory; questions about dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _types
from ._tape import Traced, wrap
from .creation import from_numpy, linspace
from .ops._common import whole
from .tensor import Tensor


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``steps`` numbers from ``base ** start`` to ``base ** end``, evenly spaced on a logarithmic scale.

    >>> import minigrad as mg
    >>> mg.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    kind = _types.default() if dtype is None else _types.as_numpy(dtype)
    exponents = linspace(start, end, steps, dtype=_types.float64, device=device)
    out = wrap(np.power(float(base), exponents.array).astype(kind))
    out.requires_grad_(requires_grad)
    return out


def _triangle(name: str, row: int, col: int, offset: int, dtype: Any, lower: bool) -> Tensor:
    row, col, offset = (
        whole(name, "row", row),
        whole(name, "col", col),
        whole(name, "offset", offset),
    )
    for side, n in (("row", row), ("col", col)):
        if n < 0:
            raise RuntimeError(f"{side} must be non-negative, got{n}")
    kind = _types.int64.np if dtype is None else _types.as_numpy(dtype)
    if kind.kind not in "iu" or kind.itemsize < 2:
        title = _types.of(kind).title
        raise NotImplementedError(f"\"{name}\" not implemented for '{title}'")
    indices = np.tril_indices if lower else np.triu_indices
    return wrap(np.stack(indices(row, offset, col)).astype(kind))


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """The indices, (2, n), of the lower triangle of a (row, col) matrix, row by row."""
    return _triangle("tril_indices", row, col, offset, dtype, True)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """The indices, (2, n), of the upper triangle of a (row, col) matrix, row by row."""
    return _triangle("triu_indices", row, col, offset, dtype, False)


# ------------------------------------------------------------------------------ questions
def promote_types(type1: Any, type2: Any) -> _types.dtype:
    """The dtype of what is computed from tensors of two dtypes."""
    for i, t in enumerate((type1, type2), 1):
        if not isinstance(t, _types.dtype):
            raise TypeError(
                f"promote_types(): argument 'type{i}' (position {i}) must be {_types.package}.dtype, not "
                f"{type(t).__name__}"
            )
    return _types.of(_types.promote(type1.np, type2.np))


def result_type(tensor1: Any, tensor2: Any) -> _types.dtype:
    """The dtype of what is computed from two tensors or numbers.

    >>> import minigrad as mg
    >>> mg.result_type(mg.tensor([1]), 2.5)
    minigrad.float32
    """
    operands = [x.array if isinstance(x, Traced) else x for x in (tensor1, tensor2)]
    return _types.of(_types.result_dtype(operands))


def can_cast(from_: Any, to: Any) -> bool:
    """Whether a dtype may be converted to another in place: not to a lower category."""
    order = {"b": 0, "u": 1, "i": 1, "f": 2}
    source, target = _types.as_numpy(from_), _types.as_numpy(to)
    return order[source.kind] <= order[target.kind]


def is_tensor(obj: Any) -> bool:
    """Whether an object is a tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype of a tensor is a floating-point one."""
    return input.is_floating_point()


def numel(input: Tensor) -> int:
    """The number of elements of a tensor."""
    return input.numel()


def is_nonzero(input: Tensor) -> bool:
    """Whether the one element of a tensor is not zero; RuntimeError if there is not just one."""
    return bool(input)


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor that shares the memory of another library's array through DLPack.

    >>> import minigrad as mg, numpy as np
    >>> mg.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    array = np.from_dlpack(ext_tensor)
    if (
        not array.flags.writeable
    ):  # torch shares such memory and writes to it; a copy cannot be harmed
        array = array.copy()
    return from_numpy(array)

"""Tensors of numbers in a pattern: logspace, the indices of triangles; others' memory; questions about dtypes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from . import _convert, _types
from ._tape import Traced, wrap
from .creation import as_tensor, empty, from_numpy, linspace, tensor
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


def range_with_end(
    start: Any,
    end: Any,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """torch's old ``range``: numbers from ``start`` up to and with ``end``; of the default dtype, with a warning.

    RuntimeError if the step is 0 or leads away from the end.
    """
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent "
        "with Python's range builtin. Instead, use torch.arange, which produces values in [start, end).",
        UserWarning,
        stacklevel=2,
    )
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    kind = _types.default() if dtype is None else _types.as_numpy(dtype)
    if device is not None:
        _types.on_cpu(device)
    n = int((end - start) / step) + 1
    out = wrap((start + np.arange(n) * step).astype(kind))
    return out.requires_grad_() if requires_grad else out


def scalar_tensor(
    s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A number as a 0-d tensor of the default dtype."""
    kind = _types.of(_types.default()) if dtype is None else dtype
    if isinstance(s, (int, float)):
        s = _convert.stored(s, _types.as_numpy(kind))  # refused if it does not fit
    return tensor(s, dtype=kind, device=device, requires_grad=requires_grad)


def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Uninitialised numbers of the given size that lie in memory by the given steps, in elements."""
    if len(size) != len(stride):
        raise RuntimeError(
            f"dimensionality of sizes ({len(size)}) must match dimensionality of strides ({len(stride)})"
        )
    needed = 1 + sum((n - 1) * s for n, s in zip(size, stride)) if 0 not in size else 0
    out = empty(needed, dtype=dtype, device=device).as_strided(tuple(size), tuple(stride)).detach()
    return out.requires_grad_() if requires_grad else out


def frombuffer(
    buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """A 1-D tensor on the memory of bytes or of another buffer; ValueError if it does not fit the dtype.

    >>> import minigrad as mg
    >>> mg.frombuffer(bytearray(b"abc"), dtype=mg.uint8)
    tensor([97, 98, 99], dtype=minigrad.uint8)
    """
    kind = _types.as_numpy(dtype)
    size = memoryview(buffer).nbytes
    if not size or not count:
        raise ValueError(f"both buffer length ({size}) and count ({count}) must not be 0")
    if not 0 <= offset < size:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({size} bytes) minus 1"
        )
    if count < 0 and (size - offset) % kind.itemsize:
        raise ValueError(
            f"buffer length ({size} bytes) after offset ({offset} bytes) must be a multiple of element size "
            f"({kind.itemsize})"
        )
    if count > 0 and offset + count * kind.itemsize > size:
        raise ValueError(
            f"requested buffer length ({count} * {kind.itemsize} bytes) after offset ({offset} bytes) must not be "
            f"greater than actual buffer length ({size} bytes)"
        )
    if memoryview(buffer).readonly:
        warnings.warn(
            "The given buffer is not writable, and PyTorch does not support non-writable tensors.",
            UserWarning,
            stacklevel=2,
        )
    out = wrap(np.frombuffer(buffer, kind, count, offset))
    return out.requires_grad_() if requires_grad else out


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


def asarray(
    obj: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """A tensor of ``obj`` that shares its memory where that can be; with ``copy`` never, and with copy=False always.

    ValueError if it must share and cannot.  requires_grad: False cuts the graph, True makes a leaf require a gradient.
    """
    if isinstance(obj, (Tensor, np.ndarray)) or not hasattr(obj, "__dlpack__"):
        made = as_tensor(obj, dtype, device)
    else:
        made = as_tensor(from_dlpack(obj), dtype, device)
    source = obj.array if isinstance(obj, Tensor) else obj
    shared = isinstance(source, np.ndarray) and np.may_share_memory(source, made.array)
    if copy is False and not shared:
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    if copy and shared:
        made = made.clone()
    if requires_grad and made.is_leaf:
        return made.requires_grad_()
    return made.detach() if requires_grad is False else made


class _Capsule:
    """What ``to_dlpack`` makes of an array on the CPU, as NumPy takes it."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **_: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor that shares the memory of another library's array through DLPack.

    >>> import minigrad as mg, numpy as np
    >>> mg.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    if type(ext_tensor).__name__ == "PyCapsule":  # of which NumPy does not know the device
        ext_tensor = _Capsule(ext_tensor)
    array = np.from_dlpack(ext_tensor)
    if (
        not array.flags.writeable
    ):  # torch shares such memory and writes to it; a copy cannot be harmed
        array = array.copy()
    return from_numpy(array)

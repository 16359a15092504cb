"""What the functions that draw tensors share: sizes, and the options out, dtype and device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _types
from .._arguments import Shape, floats_only, no_size, shape_from, size_of
from .._tape import Traced, edge, mode, wrap
from ..ops.inplace import refill
from ..tensor import Tensor

__all__ = [
    "Shape",
    "as_tensor",
    "check_out",
    "drawn",
    "kind_of",
    "new",
    "no_size",
    "shape_from",
    "size_of",
    "write",
]


def as_tensor(array: Any) -> Tensor:
    """A tensor that shares array's memory."""
    return wrap(array)


def kind_of(dtype: Any, default: Any) -> np.dtype[Any]:
    """NumPy's form of dtype, or of default for None."""
    return np.dtype(default) if dtype is None else _types.as_numpy(dtype)


def check_out(out: Any, dtype: Any) -> None:
    """TypeError or RuntimeError unless a result of dtype (None: any) may be written to `out`."""
    if not isinstance(out, Traced):
        raise TypeError(f"argument 'out' must be Tensor, not {type(out).__name__}")
    if dtype is not None and _types.as_numpy(dtype) != out.array.dtype:
        raise RuntimeError(
            f"dtype {_types.of(_types.as_numpy(dtype)).title} does not match dtype of out parameter "
            f"({_types.of(out.array.dtype).title})"
        )
    if mode.grad and edge(out) is not None:
        raise RuntimeError(
            "functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments requires grad."
        )


def new(array: Any, device: Any, requires_grad: bool) -> Tensor:
    """A leaf that shares array's memory; RuntimeError for another device, or a dtype without grad."""
    if device is not None:
        _types.on_cpu(device)
    made = as_tensor(array)
    if requires_grad:
        floats_only(array)
        made.requires_grad = True
    return made


def write(out: Any, shape: Shape, fill: Callable[[Any], Any]) -> Any:
    """Let fill write to the array of `out`, or to a new one of the wanted shape."""
    if out.array.shape == shape:
        return refill(out, fill)
    array = np.empty(shape, out.array.dtype)
    fill(array)
    out.array = array
    return out


def drawn(
    fill: Callable[[Any], Any],
    shape: Shape,
    dtype: Any,
    default: Any,
    out: Any,
    device: Any,
    requires_grad: bool,
) -> Tensor:
    """A new tensor that fill has written to, or `out`."""
    if out is None:
        made = new(np.empty(shape, kind_of(dtype, default)), device, requires_grad)
        fill(made.array)
        return made
    check_out(out, dtype)
    return write(out, shape, fill)

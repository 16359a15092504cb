"""Tensors made from data, from sizes, or like other tensors.

``dtype=None`` means the default floating-point dtype, unless data say otherwise.  ``device`` may only be the CPU;
``layout`` and ``pin_memory`` are accepted and have no effect, as there is one layout and no other device.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import _types
from ._data import from_data
from ._tape import Traced, wrap
from .ops._common import Number, expect, number_as, shape_of
from .tensor import Tensor


def _made(array: Any, requires_grad: bool = False, device: Any = None) -> Tensor:
    if device is not None:
        _types.device(device)
    out = wrap(array)
    if requires_grad:
        out.requires_grad = True
    return out


def checked_options(name: str, options: dict[str, Any]) -> None:
    """Accept the options of torch that change nothing here; TypeError for others."""
    for option in options:
        if option not in ("layout", "pin_memory", "memory_format"):
            raise TypeError(f"{name}() got an unexpected keyword argument '{option}'")


def _size_among(name: str, size: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, ...]:
    """The sizes given in positions or as ``size=``, after a check of the other options."""
    if "size" in options and not size:
        size = (options.pop("size"),)
    checked_options(name, options)
    return size


def _fill(name: str, value: Any, kind: np.dtype[Any]) -> Any:
    """A fill value in its dtype; TypeError for what is no number, RuntimeError for what does not fit."""
    if isinstance(value, Traced):
        value = value.item()
    if not isinstance(value, Number):
        raise TypeError(
            f"{name}(): argument 'fill_value' (position 2) must be Number, not {type(value).__name__}"
        )
    return number_as(value, kind)


def _dtype(dtype: Any) -> np.dtype[Any]:
    return _types.default() if dtype is None else _types.as_numpy(dtype)


# ------------------------------------------------------------------------------ from data
def tensor(
    data: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A leaf tensor with a copy of ``data``: a number, nested sequences, an array or a tensor.

    The dtype is the data's: the default for Python floats, int64 for ints, bool for bools.
    ValueError for ragged sequences, TypeError or RuntimeError for what holds no numbers.

    >>> import minigrad as mg
    >>> mg.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    return _made(from_data(data, dtype), requires_grad, device)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of ``data`` that shares its memory where that can be: a tensor itself, an array's memory."""
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray):
        out = from_numpy(data)
        return out if dtype is None else out.to(dtype)
    return tensor(data, dtype=dtype, device=device)


asarray = as_tensor


def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the memory of an ndarray; TypeError for anything else or an unknown dtype.

    >>> import minigrad as mg, numpy as np
    >>> mg.from_numpy(np.arange(3))
    tensor([0, 1, 2])
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    canonical = _types.of(ndarray.dtype).np
    if any(s < 0 for s in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. (You can probably work around this by making a copy of your array with "
            "array.copy().)"
        )
    return _made(ndarray if ndarray.dtype is canonical else ndarray.view(canonical))


# ------------------------------------------------------------------------------ from sizes
def zeros(
    *size: Any,
    out: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Zeros of the given size.

    >>> import minigrad as mg
    >>> mg.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    if options:
        size = _size_among("zeros", size, options)
    elif not size:
        raise TypeError('zeros() missing 1 required positional arguments: "size"')
    return _sized(size, 0, out, dtype, device, requires_grad)


def ones(
    *size: Any,
    out: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Ones of the given size."""
    if options:
        size = _size_among("ones", size, options)
    elif not size:
        raise TypeError('ones() missing 1 required positional arguments: "size"')
    return _sized(size, 1, out, dtype, device, requires_grad)


def empty(
    *size: Any,
    out: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Uninitialised numbers of the given size."""
    if options:
        size = _size_among("empty", size, options)
    elif not size:
        raise TypeError('empty() missing 1 required positional arguments: "size"')
    return _sized(size, None, out, dtype, device, requires_grad)


def full(
    size: Any,
    fill_value: Any,
    *,
    out: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """``fill_value`` everywhere; its dtype is the value's."""
    checked_options("full", options)
    if isinstance(fill_value, Tensor):
        dtype = dtype or fill_value.dtype
        fill_value = fill_value.item()
    if not isinstance(size, (tuple, list)):
        raise TypeError(
            f"full(): argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}"
        )
    if dtype is None and isinstance(fill_value, Number):
        dtype = _types.of(_types.number_dtype(fill_value))
    value = _fill("full", fill_value, _dtype(dtype))
    return _sized((size,), value, out, dtype, device, requires_grad)


def _sized(size: Any, value: Any, out: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    sizes = shape_of(size)
    if sizes and min(sizes) < 0:
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(sizes)}: {list(sizes)}"
        )
    kind = _dtype(dtype)
    if value is None:
        array = np.empty(sizes, kind)
    elif value == 0:
        array = np.zeros(sizes, kind)
    else:
        array = np.full(sizes, value, kind)
    return delivered(_made(array, requires_grad, device), out)


def delivered(made: Tensor, out: Any) -> Any:
    """What was made, or ``out`` with it written in, resized if need be."""
    if out is None:
        return made
    if out.array.shape != made.array.shape:
        out.array = np.empty(made.array.shape, out.array.dtype)
    return out.copy_(made)


def arange(
    start: Any,
    end: Any = None,
    step: Any = 1,
    *,
    out: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from ``start`` (default 0) up to but without ``end``; int64 if all are ints.

    RuntimeError if the step is 0 or leads away from the end.
    """
    if end is None:
        start, end = 0, start
    start, end, step = (x.item() if isinstance(x, Tensor) else x for x in (start, end, step))
    for x in (start, end, step):
        if not isinstance(x, Number):
            raise TypeError(f"arange(): arguments must be Numbers, not {type(x).__name__}")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if dtype is not None and _dtype(dtype).kind in "iu":  # as torch: the arguments become integers first
        if step != 0 and int(step) == 0:
            raise ValueError("step must be nonzero")
        start, end, step = int(start), int(end), int(step)
    if step == 0 or step != step:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    whole = all(isinstance(x, (int, np.integer)) for x in (start, end, step))
    kind = _types.int64.np if dtype is None and whole else _dtype(dtype)
    n = -(-(end - start) // step) if whole else math.ceil((end - start) / step)
    array = (start + np.arange(int(n)) * step).astype(kind)
    return delivered(_made(array, requires_grad, device), out)


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    out: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``steps`` numbers from ``start`` to ``end``, both included, evenly spaced."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    kind = _dtype(dtype)
    start, end = (x.item() if isinstance(x, Tensor) else x for x in (start, end))
    precise = kind if kind.kind == "f" else np.dtype(np.float64)
    first, last = precise.type(start), precise.type(end)
    step = (last - first) / precise.type(max(1, steps - 1))
    i = np.arange(steps)
    low, high = first + step * i.astype(precise), last - step * (steps - 1 - i).astype(precise)
    array = np.where(i < max(1, steps // 2), low, high).astype(kind)  # as torch: from both ends
    return delivered(_made(array, requires_grad, device), out)


def eye(
    n: int,
    m: int | None = None,
    *,
    out: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Ones on the diagonal of an (n, m) matrix of zeros."""
    for name, side in (("n", n), ("m", n if m is None else m)):
        if isinstance(side, float) or not hasattr(side, "__index__"):
            raise TypeError(f"eye(): argument '{name}' must be int, not {type(side).__name__}")
        if side < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {side}")
    array = np.eye(n, n if m is None else m, dtype=_dtype(dtype))
    return delivered(_made(array, requires_grad, device), out)


# ------------------------------------------------------------------------------ like others
def _like(input: Tensor, value: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    expect("zeros_like" if value == 0 else "ones_like" if value == 1 else "full_like", input=input)
    kind = input.array.dtype if dtype is None else _types.as_numpy(dtype)
    filled = np.full(input.array.shape, _fill("full_like", value, kind), kind)
    return _made(filled, requires_grad, device)


def zeros_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Zeros of the shape and dtype of ``input``."""
    checked_options("zeros_like", options)
    return _like(input, 0, dtype, device, requires_grad)


def ones_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Ones of the shape and dtype of ``input``."""
    checked_options("ones_like", options)
    return _like(input, 1, dtype, device, requires_grad)


def empty_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Uninitialised numbers of the shape and dtype of ``input``."""
    checked_options("empty_like", options)
    return _like(input, 0, dtype, device, requires_grad)


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """``fill_value`` in the shape and dtype of ``input``."""
    checked_options("full_like", options)
    return _like(input, fill_value, dtype, device, requires_grad)

"""Tensors made from data, from sizes, or like other tensors.

``dtype=None`` means the default floating-point dtype, unless data say otherwise.  ``device`` may only be the CPU;
``layout`` and ``pin_memory`` are accepted and have no effect, as there is one layout and no other device.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import _convert, _formats, _types
from ._arguments import (
    bounds_of,
    checked_options,
    floats_only,
    no_bools,
    no_size,
    number,
    shape_from,
    size_of,
)
from ._tape import Frozen, mode, wrap
from .kernels.elementwise import put
from .ops._common import expect, whole
from .tensor import Tensor
from .tensor._data import from_data, native, warn_of_read_only


def _made(array: Any, requires_grad: bool = False, device: Any = None) -> Tensor:
    if device is not None:
        _types.on_cpu(device)
    out = wrap(array)
    if mode.inference:
        out.memory = Frozen((0,))
    if requires_grad:
        floats_only(array)
        out.requires_grad = True
    return out


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
    return _made(from_data(data, dtype, "torch.tensor"), requires_grad, device)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of ``data`` that shares its memory where that can be: a tensor itself, an array's memory."""
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray):
        out = from_numpy(data)
        return out if dtype is None else out.to(dtype)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the memory of an ndarray; TypeError for anything else or an unknown dtype.

    ValueError for negative strides and for another byte order than the machine's.

    >>> import numpy as np
    >>> from_numpy(np.arange(3))
    tensor([0, 1, 2])
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    canonical = native(ndarray)
    if any(s < 0 for s in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. (You can probably work around this by making a copy of your array with "
            "array.copy().)"
        )
    if not ndarray.flags.writeable:
        warn_of_read_only()
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
    return _sized(size_of("zeros", size, options), 0, out, dtype, device, requires_grad)


def ones(
    *size: Any,
    out: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Ones of the given size."""
    return _sized(size_of("ones", size, options), 1, out, dtype, device, requires_grad)


def empty(
    *size: Any,
    out: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Uninitialised numbers of the given size."""
    shape = size_of("empty", size, options)
    form = options.get("memory_format") or _formats.contiguous_format
    array = _formats.empty(shape, _dtype(dtype), _formats.checked("empty", form))
    return delivered(_made(array, requires_grad, device), out)


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
    """``fill_value`` everywhere; its dtype is the value's.

    TypeError for what is no number, RuntimeError for one that does not fit the dtype.
    """
    checked_options("full", options)
    if not isinstance(size, (tuple, list)):
        raise no_size("full", size)
    shape = shape_from("full", (size,))
    if dtype is None and isinstance(fill_value, Tensor):
        dtype = fill_value.dtype
    value = number("full", "fill_value", fill_value)
    if dtype is None:
        dtype = _types.of(_types.number_dtype(value))
    return _sized(shape, value, out, dtype, device, requires_grad)


def _sized(
    shape: Any, value: Any, out: Any, dtype: Any, device: Any, requires_grad: bool
) -> Tensor:
    kind = _dtype(dtype)
    if type(value) is int and value == 0:
        array = np.zeros(shape, kind)
    else:
        array = np.empty(shape, kind)
        put(array, _convert.number(value, kind))
    return delivered(_made(array, requires_grad, device), out)


def delivered(made: Tensor, out: Any) -> Any:
    """What was made, or ``out`` with it written in, resized if need be."""
    if out is None:
        return made
    if out.array.shape != made.array.shape:
        out.array = np.empty(made.array.shape, out.array.dtype)
    return out.copy_(made)


def arange(
    *bounds: Any,
    out: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **named: Any,
) -> Tensor:
    """``arange(end)``, ``arange(start, end, step=1)``: numbers from ``start`` (0) up to but without ``end``.

    int64 if all are ints.  RuntimeError if the step is 0 or leads away from the end, or a bound is not finite.

    >>> import minigrad as mg
    >>> mg.arange(2), mg.arange(1, end=2, step=0.5)
    (tensor([0, 1]), tensor([1.0000, 1.5000]))
    """
    start, end, step = bounds_of(bounds, named)
    if step == 0 or step != step:
        raise RuntimeError("step must be nonzero")
    is_whole = all(isinstance(x, (int, np.integer)) for x in (start, end, step))
    kind = _types.int64.np if dtype is None and is_whole else _dtype(dtype)
    no_bools("arange", kind)
    if is_whole:
        if not -_FAR < min(start, end, step) <= max(start, end, step) < _FAR:
            start, end, step = (
                _convert.number(x, _types.int64.np).item() for x in (start, end, step)
            )
        n = -(-(end - start) // step)
    else:
        if not (math.isfinite(start) and math.isfinite(end)):
            raise RuntimeError(f"unsupported range: {start} -> {end}")
        n = math.ceil((end - start) / step)
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if n >= 2**63:
        raise RuntimeError("invalid size, possible overflow?")
    if is_whole and kind is _types.int64.np and abs(end) < _FAR > abs(start):
        array = np.arange(start, start + n * step, step)
    else:
        array = _convert.in_dtype(start + np.arange(n) * step, kind)
    return delivered(_made(array, requires_grad, device), out)


_FAR = 1 << 61  # ints nearer to 0 than this fit int64, and so do their sums


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    out: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """``steps`` numbers from ``start`` to ``end``, both included, evenly spaced.

    RuntimeError for a negative number of steps, TypeError for one that is no int.
    """
    if options:
        checked_options("linspace", options)
    steps = whole("linspace", "steps", steps)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    kind = _dtype(dtype)
    ends = [_end("start", start), _end("end", end)]
    no_bools("linspace", kind)
    precise = kind
    ends = [_convert.number(x, kind).item() for x in ends]
    if kind.kind != "f":
        precise = np.dtype(np.float64)
    first, last = (precise.type(x) for x in ends)
    array = mode.quiet(_spaced, first, last, steps)
    array = array if precise is kind else array.astype(kind)
    return delivered(_made(array, requires_grad, device), out)


def _spaced(first: Any, last: Any, steps: int) -> Any:
    """``linspace`` in the dtype of its ends: half of it from the first, half from the last, as torch."""
    array = np.empty(steps, first.dtype)
    array[:] = np.arange(steps)
    half = min(steps, max(1, steps // 2))
    low, high = array[:half], array[half:]
    high[:] = array[: steps - half][::-1]
    step = (last - first) / first.dtype.type(max(1, steps - 1))
    array *= step
    low += first
    np.subtract(last, high, out=high)
    return array


def _end(argument: str, value: Any) -> Any:
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(
            "linspace only supports 0-dimensional start and end tensors, but got "
            f"{argument} with {value.ndim} dimension(s)."
        )
    return number("linspace", argument, value)


def eye(
    n: int,
    m: int | None = None,
    *,
    out: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Ones on the diagonal of an (n, m) matrix of zeros; RuntimeError for negative sizes."""
    if options:
        checked_options("eye", options)
    n = whole("eye", "n", n)
    m = n if m is None else whole("eye", "m", m)
    for name, size in (("n", n), ("m", m)):
        if size < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {size}")
    array = np.eye(n, m, dtype=_dtype(dtype))
    return delivered(_made(array, requires_grad, device), out)


# ------------------------------------------------------------------------------ like others
def _like(
    name: str,
    input: Tensor,
    value: Any,
    dtype: Any,
    device: Any,
    requires_grad: bool,
    options: dict[str, Any],
) -> Tensor:
    expect(name, input=input)
    if options:
        checked_options(name, options)
    kind = input.array.dtype if dtype is None else _types.as_numpy(dtype)
    form = options.get("memory_format") or _formats.preserve_format
    if form is _formats.preserve_format:
        array = (np if input.array.base is None else _formats).empty_like(input.array, kind)
    else:
        array = _formats.empty(input.array.shape, kind, _formats.checked(name, form))
    if value is not None:
        array.fill(value if value in (0, 1) else _convert.number(value, kind))
    return _made(array, requires_grad, device)


def zeros_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Zeros of the shape and dtype of ``input``."""
    return _like("zeros_like", input, 0, dtype, device, requires_grad, options)


def ones_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Ones of the shape and dtype of ``input``."""
    return _like("ones_like", input, 1, dtype, device, requires_grad, options)


def empty_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Uninitialised numbers of the shape and dtype of ``input``."""
    return _like("empty_like", input, None, dtype, device, requires_grad, options)


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
    return _like(
        "full_like",
        input,
        number("full_like", "fill_value", fill_value),
        dtype,
        device,
        requires_grad,
        options,
    )

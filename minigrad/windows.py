"""Window functions: weights that rise from the ends to the middle, to cut a piece from a signal or to blur."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import _types
from .creation import as_tensor
from .ops._common import whole
from .tensor import Tensor


def _window(
    name: str, length: Any, periodic: Any, shape: Callable[[Any], Any], options: dict[str, Any]
) -> Tensor:
    """``shape``, a function of places from -1 to 1, at evenly spaced ones; RuntimeError for a negative length."""
    n = whole(name, "window_length", length)
    dtype = options.pop("dtype", None) or _types.of(_types.default())
    requires_grad = options.pop("requires_grad", False)
    device = options.pop("device", None)
    if unknown := options.keys() - {"layout", "pin_memory"}:
        raise TypeError(f"{name}() got an unexpected keyword argument '{min(unknown)}'")
    if device is not None:
        _types.on_cpu(device)
    if not dtype.is_floating_point:
        raise RuntimeError(f"{name} expects floating point dtypes, got: {dtype}")
    if n < 0:
        raise RuntimeError(
            f"{name} requires non-negative window_length, got window_length={length}"
        )
    last = max(n - 1 + bool(periodic), 1)
    places = 2 * np.arange(n) / last - 1 if n != 1 else np.zeros(1)
    out = as_tensor(shape(places), dtype=dtype)
    return out.requires_grad_() if requires_grad else out


def hann_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """A raised cosine from 0 to 1 and back, (window_length,); periodic: without the last of one more.

    >>> import minigrad as mg
    >>> mg.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window(
        "hann_window",
        window_length,
        periodic,
        lambda x: 0.5 + 0.5 * np.cos(np.pi * x),
        options,
    )


def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    **options: Any,
) -> Tensor:
    """``alpha`` plus a cosine of height ``beta``, (window_length,): its ends are not 0."""
    return _window(
        "hamming_window",
        window_length,
        periodic,
        lambda x: alpha + beta * np.cos(np.pi * x),
        options,
    )


def blackman_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """A sum of two cosines with lower side lobes than Hann's, (window_length,)."""
    return _window(
        "blackman_window",
        window_length,
        periodic,
        lambda x: 0.42 + 0.5 * np.cos(np.pi * x) + 0.08 * np.cos(2 * np.pi * x),
        options,
    )


def bartlett_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """A triangle from 0 to 1 and back, (window_length,)."""
    return _window("bartlett_window", window_length, periodic, lambda x: 1 - np.abs(x), options)


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, **options: Any
) -> Tensor:
    """The window by a Bessel function, (window_length,); the larger ``beta``, the narrower."""
    return _window(
        "kaiser_window",
        window_length,
        periodic,
        lambda x: np.i0(beta * np.sqrt(np.maximum(0, 1 - x * x))) / np.i0(beta),
        options,
    )

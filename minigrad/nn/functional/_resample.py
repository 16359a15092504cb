"""Resampling in torch's signatures.

Inputs are (N, C, *size).  RuntimeError, ValueError or TypeError, in torch's words, for arguments that do not fit.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ...kernels.resample.taps import taps
from ...ops import resample as ops
from ...ops._common import cast, expect, title, whole
from ...tensor import Tensor
from ._pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

# mode: (dimensions it is for, how one of them is resampled, torch's name of the op)
_MODES = {
    "nearest": ((1, 2, 3), "nearest", "Nearest"),
    "nearest-exact": ((1, 2, 3), "nearest-exact", "NearestExact"),
    "linear": ((1,), "linear", "Linear"),
    "bilinear": ((2,), "linear", "Bilinear"),
    "trilinear": ((3,), "linear", "Trilinear"),
    "bicubic": ((2,), "cubic", "Bicubic"),
    "lanczos": ((2,), "lanczos", "Lanczos"),
}
_AREA = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}
_LINEAR = ("linear", "bilinear", "trilinear")
_WITHOUT_CORNERS = ("nearest", "area", "nearest-exact")


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """(N, C, *in) resampled to (N, C, *size), or to ``scale_factor`` times as many numbers, rounded down.

    mode: 'nearest', 'nearest-exact', 'linear' (of (N, C, L)), 'bilinear' or 'bicubic' ((N, C, H, W)),
    'trilinear' ((N, C, D, H, W)), 'area' (means), 'lanczos' (antialiased).  align_corners: whether the
    centres of the outermost numbers meet, not their outer borders.  recompute_scale_factor: resample by the sizes'
    ratio, not by ``scale_factor``.  antialias: filters over all numbers that an answer covers.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html

    >>> import minigrad as mg
    >>> x = mg.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> mg.nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)[0, 0, 0]
    tensor([1.0000, 1.3333, 1.6667, 2.0000])
    """
    expect("interpolate", input=input)
    if mode in _WITHOUT_CORNERS and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | "
            "trilinear"
        )
    sizes, factors = _sizes(input, size, scale_factor)
    if recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if recompute_scale_factor or mode == "area":
        factors = None
    n = len(input.shape) - 2
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and n == 2):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as "
            "input"
        )
    if mode == "lanczos" and n == 2 and (align_corners or not antialias):
        fault = (
            "does not support align_corners=True" if align_corners else "requires antialias=True"
        )
        raise ValueError(f"Lanczos mode {fault}")
    if mode == "area" and n in _AREA:
        return _AREA[n](input, sizes)
    if mode not in _MODES or n not in _MODES[mode][0]:
        raise _no_such_mode(mode, n)
    return _resampled(input, mode, sizes, factors, bool(align_corners), antialias)


def _sizes(input: Any, size: Any, scale_factor: Any) -> tuple[tuple[int, ...], Any]:
    """The spatial size asked for, and the factors if these were given."""
    spatial = list(input.shape[2:])
    n = len(spatial)
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if size is not None:
        given = tuple(size) if isinstance(size, (tuple, list)) else (size,) * n
        if len(given) != n:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input with spatial "
                f"dimensions of {spatial} and output size of {size}. Please provide input tensor in (N, C, d1, d2, "
                "...,dK) format and output size in (o1, o2, ...,oK) format."
            )
        return tuple(whole("interpolate", "size", s) for s in given), None
    factors = list(scale_factor) if isinstance(scale_factor, (tuple, list)) else [scale_factor] * n
    if len(factors) != n:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {spatial} and scale_factor of shape {scale_factor}. Please provide input tensor in (N, C, "
            "d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    factors = [float(f) for f in factors]
    return tuple(int(s * f) for s, f in zip(spatial, factors)), factors


def _no_such_mode(mode: str, n: int) -> NotImplementedError:
    if mode in _LINEAR and n in (1, 2, 3):
        (wanted,) = _MODES[mode][0]
        return NotImplementedError(f"Got {n + 2}D input, but {mode} mode needs {wanted + 2}D input")
    return NotImplementedError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {n + 2}D) for the modes: nearest | linear | "
        f"bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
    )


def _resampled(
    input: Any, mode: str, sizes: tuple[int, ...], factors: Any, align: bool, antialias: bool
) -> Any:
    array = input.array
    n = len(sizes)
    _, method, name = _MODES[mode]
    for into, answers in zip(array.shape[2:], sizes):
        if into <= 0 or answers <= 0:
            raise RuntimeError(
                "Input and output sizes should be greater than 0, but got input "
                f"{_titled(array.shape[2:])} output {_titled(sizes)}"
            )
    if not array.shape[1]:
        raise RuntimeError(
            f"Non-empty {n + 2}D data tensor expected but got a tensor with sizes {list(array.shape)}"
        )
    if array.dtype.kind != "f" and array.dtype != np.uint8:
        raise NotImplementedError(f"\"upsample_{mode}{n}d\" not implemented for '{title(input)}'")
    char = "d" if array.dtype == np.float64 else "f"
    method += "-aa" * antialias
    # As in torch, where these leave a dimension of the same size alone, whatever the factor.
    copies = antialias or (mode == "nearest" and n == 2)
    tables = tuple(
        None if copies and s == a else taps(method, s, a, align, f, char)
        for s, a, f in zip(array.shape[2:], sizes, factors or (None,) * n)
    )
    op = f"Upsample{name}{n}D{'Aa' * antialias}Backward0"
    if array.dtype.char in "fd" or method.startswith("nearest"):
        return ops.resample(input, tables, op)
    if array.dtype != np.uint8:
        return cast(ops.resample(cast(input, np.dtype(np.float32)), tables, op), array.dtype)
    # As torch, bytes between one dimension and the next: rounded, and kept in range.
    made = cast(input, np.dtype(np.float32))
    for d in reversed(range(n)):
        alone = tuple(table if d == i else None for i, table in enumerate(tables))
        made = ops.resample(made, alone, op).round().clamp(0, 255)
    return cast(made, array.dtype)


def _titled(sizes: Any) -> str:
    return f"({', '.join(f'{a}: {s}' for a, s in zip('DHW'[-len(sizes) :], sizes))})"


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Any:
    """``interpolate``, under its old name."""
    _deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Any:
    """``interpolate`` with mode 'nearest', under its old name."""
    _deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Any:
    """``interpolate`` with mode 'bilinear' and aligned corners, under its old name."""
    _deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _deprecated(name: str) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=3,
    )

"""Padding in torch's signature, with its errors."""

from __future__ import annotations

import functools
from typing import Any

from ... import _convert
from ..._arguments import number
from ...ops._common import expect
from ...ops.borders import bordered, constant_pad
from ...tensor import Tensor

Pairs = tuple[tuple[int, int], ...]


def pad(input: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Tensor:
    """``input`` with elements added in front of and behind its last dimensions.

    pad: (before, after) of the last dimension, then of the one before it, and so on; negative numbers crop.
    mode: 'constant' (of ``value``, default 0), 'reflect', 'replicate' or 'circular'.
    RuntimeError if there are more pairs than dimensions, or too few elements to reflect.

    >>> import minigrad as mg
    >>> mg.nn.functional.pad(mg.ones(1, 2), (1, 0))
    tensor([[0., 1., 1.]])
    """
    expect("pad", input=input)
    pairs = _pairs(pad, input.array.ndim)
    if mode == "constant":
        return _constant(input, pairs, value)
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if len(pad) // 2 not in (input.array.ndim - 1, input.array.ndim - 2) or not pad:
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {input.array.ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    more, less = _checked(input.array.shape, pairs, len(pad) // 2, mode)
    if mode == "circular":  # what is cropped does not come back from the other side
        return bordered(_cropped(input, less), more, mode)
    return _cropped(bordered(input, more, mode), less)


def _pairs(pad: Any, ndim: int) -> Pairs:
    """(before, after) each dimension; TypeError for what are no ints, RuntimeError for too many."""
    if type(pad) is tuple and all(type(p) is int for p in pad):
        return _paired(pad, ndim)
    for i, p in enumerate(pad):
        if (i == 0 and isinstance(p, bool)) or not hasattr(p, "__index__"):
            raise TypeError(
                "pad(): argument 'pad' (position 2) must be tuple of ints, but found element of type "
                f"{type(p).__name__} at pos {i}"
            )
    return _paired(tuple([p.__index__() for p in pad]), ndim)


@functools.lru_cache(256)
def _paired(pad: tuple[int, ...], ndim: int) -> Pairs:
    n = len(pad)
    if n % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if n > 2 * ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {n} and input of dimension {ndim}"
        )
    given = [(pad[i], pad[i + 1]) for i in range(n - 2, -1, -2)]
    return ((0, 0),) * (ndim - n // 2) + tuple(given)


def _constant(input: Tensor, pairs: Pairs, value: Any) -> Tensor:
    for d, (a, b) in enumerate(pairs):
        size = input.array.shape[d]
        if size + a + b < 0 or size + min(a, 0) + min(b, 0) < 0:
            raise RuntimeError(
                f"The input size {size}, plus negative padding {a} and {b} resulted in a negative "
                f"output size, which is invalid. Check dimension {d} of your input."
            )
    fill = 0 if value is None else number("pad", "value", value)
    if fill != 0:
        fill = _convert.number(fill, input.array.dtype).item()
    return constant_pad(input, pairs, fill)


@functools.lru_cache(256)
def _checked(shape: tuple[int, ...], pairs: Pairs, n: int, mode: str) -> tuple[Pairs, Pairs]:
    """What is added in the last n dimensions, and what is cropped; RuntimeError unless there is enough to fill it."""
    if mode != "circular" and 0 in shape[-n - 1 :]:
        raise RuntimeError(
            f"Expected {n + 1}D or {n + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(shape)}"
        )
    for i in range(len(shape) - 1, len(shape) - n - 1, -1):  # as torch: from the last one
        size, (a, b) = shape[i], pairs[i]
        if mode == "reflect" and max(a, b) >= size:
            raise RuntimeError(
                f"Argument #{2 * (len(shape) - i) + 2}: Padding size should be less than the corresponding input "
                f"dimension, but got: padding ({a}, {b}) at dimension {i} of input {list(shape)}"
            )
        if mode == "circular":
            rest = size + min(a, 0) + min(b, 0)
            if max(a, b) > size or max(a, b) > max(rest, 0):
                raise RuntimeError("Padding value causes wrapping around more than once.")
            if rest < 0:
                raise RuntimeError("Negative padding value is resulting in an empty dimension")
        elif size + a + b < 1:
            raise RuntimeError(f"input ({size}) is too small. Calculated output: {size + a + b}")
    more = tuple((max(0, a), max(0, b)) for a, b in pairs[-n:])
    return more, tuple((min(0, a), min(0, b)) for a, b in pairs)


def _cropped(input: Any, less: Pairs) -> Any:
    return constant_pad(input, less, 0) if any(map(any, less)) else input

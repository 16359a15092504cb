"""Borders of one value, or made of what they enclose: reflected, repeated or taken from the other side."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .._formats import following
from .._tape import primitive
from ..kernels.elementwise import MANY, put
from ..kernels.machine.scratch import empty

Pairs = tuple[tuple[int, int], ...]


def _edges(n: int, a: int, b: int, manner: str) -> Iterator[tuple[slice, slice]]:
    """(a border, what it copies) of a dimension of size n behind a elements and in front of b."""
    if a:
        source = slice(a, a + 1)
        if manner == "reflect":
            source = slice(2 * a, a, -1)
        elif manner == "circular":
            source = slice(n, n + a)
        yield slice(0, a), source
    if b:
        last = a + n - 1
        source = slice(last, last + 1)
        if manner == "reflect":
            stop = last - 1 - b
            source = slice(last - 1, stop if stop >= 0 else None, -1)
        elif manner == "circular":
            source = slice(a, a + b)
        yield slice(last + 1, last + 1 + b), source


@functools.lru_cache(256)
def _copies(sizes: Any, pairs: Pairs, manner: str) -> list[tuple[Any, Any]]:
    """Indices of (a border, its source), dimension by dimension: those in front span their borders too."""
    inner = [slice(a, a + n) for n, (a, _) in zip(sizes, pairs)]
    found = []
    for d, (n, (a, b)) in enumerate(zip(sizes, pairs)):
        before, behind = (slice(None),) * d, tuple(inner[d + 1 :])
        for border, source in _edges(n, a, b, manner):
            found.append(((..., *before, border, *behind), (..., *before, source, *behind)))
    return found


def _title(node: Any) -> str:
    pairs, manner = node.attrs
    if manner == "circular":
        return "CopySlices"
    return f"{'Reflection' if manner == 'reflect' else 'Replication'}Pad{len(pairs)}DBackward0"


@functools.lru_cache(256)
def _inside(sizes: Any, pairs: Pairs) -> Any:
    return (..., *(slice(a, a + n) for n, (a, _) in zip(sizes, pairs)))


@primitive(title=_title)
def bordered(input, /, pairs, manner):
    """``input`` with (before, after) more elements in its last dimensions, copied from it as the manner says."""
    lead = input.ndim - len(pairs)
    sizes = input.shape[lead:]
    grown = tuple(n + a + b for n, (a, b) in zip(sizes, pairs))
    out = np.empty(input.shape[:lead] + grown, input.dtype)
    put(out[_inside(sizes, pairs)], input)
    for border, source in _copies(sizes, pairs, manner):
        out[border] = out[source]
    return following(out, input)


@primitive
def unbordered(input, /, pairs, manner):
    """The adjoint of ``bordered``: what borders hold is added to where they copy it from."""
    sizes = tuple(n - a - b for n, (a, b) in zip(input.shape[-len(pairs) :], pairs))
    total = input.copy()
    for border, source in reversed(_copies(sizes, pairs, manner)):
        part, into = total[border], total[source]
        for axis in range(part.ndim):
            if into.shape[axis] != part.shape[axis]:  # one element, repeated
                part = np.add.reduce(part, axis, None, None, True)
        into += part
    return total[_inside(sizes, pairs)].copy()


bordered.vjps(input=lambda g, pairs, manner: unbordered(g, pairs, manner))
unbordered.vjps(input=lambda g, pairs, manner: bordered(g, pairs, manner))


# ------------------------------------------------------------------------------ of one value
@primitive(title="ConstantPadNdBackward0")
def constant_pad(input, /, pads, value):
    """``input`` with (before, after) elements of ``value`` added in each dimension; negative ones crop."""
    shape, taken, inside = _padded(input.shape, pads)
    if math.prod(shape) > MANY:
        out = empty(shape, input.dtype)
        put(out, value)
    elif value == 0 and not math.copysign(1, value) < 0:
        out = np.zeros(shape, input.dtype)
    else:
        out = np.full(shape, value, input.dtype)
    inside, taken = (*inside, ...), (*taken, ...)  # of arrays also where they are one number
    put(out[inside], input[taken])
    return following(out, input)


@functools.lru_cache(256)
def _padded(shape: tuple[int, ...], pads: Any) -> tuple[Any, Any, Any]:
    """The shape of what is padded; the part that is taken of it, and where that comes to lie."""
    taken = [(max(0, -a), s - max(0, -b)) for s, (a, b) in zip(shape, pads, strict=True)]
    sizes = [max(0, stop - start) for start, stop in taken]
    grow = [(max(0, a), max(0, b)) for a, b in pads]
    return (
        tuple(s + a + b for s, (a, b) in zip(sizes, grow)),
        tuple(slice(*ends) for ends in taken),
        tuple(slice(a, a + s) for s, (a, _) in zip(sizes, grow)),
    )


constant_pad.vjps(input=lambda g, pads: constant_pad(g, tuple((-a, -b) for a, b in pads), 0.0))

"""Pooling and its adjoints: families closed under differentiation, in one to three dimensions.

    max_pool: its gradient is ``give``, the adjoint of ``pick``      windows, by the taps that won
    mean_pool <-> spread                                             windows
    max_spans: ``add_at`` <-> ``take_at``                            windows of unequal sizes, by position
    mean_spans <-> spread_spans
    put_at: ``take_at``                                              max-unpooling
    columns <-> images                                               im2col, col2im

So each rule is one call of another member, at every order of derivative.  ``name`` is what torch prints for a node:
one op serves several of torch's functions.
"""

from __future__ import annotations

from .._tape import primitive
from ..kernels import pool as kernels
from ..kernels import pool_columns, pool_spans
from .choosing import masked


def _named(node):
    return node.attrs[-1]


@primitive(aux=("codes",), title=_named)
def max_pool(input, /, window, name):
    """The maxima over windows, and the taps they were at: input (..., *size) -> (..., *out) twice."""
    return kernels.maximum(input, window)


@primitive(title=_named, quiet=True)
def give(input, /, codes, window, name):
    """Zeros with each number of ``input`` added where its window's code points: (..., *out) -> (..., *size)."""
    return kernels.give(input, codes, window)


@primitive(title="GatherBackward0")
def pick(input, /, codes, window, name):
    """The numbers where the codes of windows point: (..., *size) -> (..., *out)."""
    return kernels.pick(input, codes, window)


def _second(name):
    return name.replace("Backward0", "BackwardBackward0")


max_pool.vjps(input=lambda g, codes, window, name: give(g, masked(codes), window, _second(name)))
give.vjps(input=lambda g, codes, window, name: pick(g, codes, window, name))
pick.vjps(input=lambda g, codes, window, name: give(g, codes, window, name))


@primitive(title=_named, quiet=True)
def mean_pool(input, /, window, include_pad, divisor, name):
    """The means over windows: (..., *size) -> (..., *out)."""
    return kernels.mean(input, window, include_pad, divisor)


@primitive(title=_named, quiet=True)
def spread(input, /, window, include_pad, divisor, name):
    """The adjoint of ``mean_pool``: each number divided among its window, (..., *out) -> (..., *size)."""
    return kernels.spread(input, window, include_pad, divisor)


mean_pool.vjps(
    input=lambda g, window, include_pad, divisor, name: spread(
        g, window, include_pad, divisor, _second(name)
    )
)
spread.vjps(
    input=lambda g, window, include_pad, divisor, name: mean_pool(
        g, window, include_pad, divisor, name
    )
)


def _planes(x, dims):
    """An array with its leading dimensions made one, and these dimensions."""
    lead, size = x.shape[: x.ndim - dims], x.shape[x.ndim - dims :]
    planes = 1
    for n in lead:
        planes *= n
    return x.reshape(planes, *size), lead


@primitive(aux=("positions",), title=_named)
def max_spans(input, /, spans, sizes, name):
    """The maxima over ``spans`` (see kernels.pool_spans) and their positions: (..., *size) -> (..., *sizes) twice."""
    planes, lead = _planes(input, len(sizes))
    values, positions = pool_spans.maximum(planes, spans, sizes)
    return values.reshape(lead + sizes), positions.reshape(lead + sizes)


@primitive(title=_named, quiet=True)
def add_at(input, /, positions, size, name):
    """Zeros with each number of ``input`` added at its position: (..., *out) -> (..., *size)."""
    return pool_spans.add_at(input, positions, size)


@primitive(title=_named)
def put_at(input, /, positions, size, name):
    """Zeros with each number of ``input`` at its position, the last of several: (..., *out) -> (..., *size)."""
    return pool_spans.put_at(input, positions, size)


@primitive(title=_named)
def take_at(input, /, positions, dims, name):
    """The numbers at the positions in planes of ``dims`` dimensions: (..., *size) -> (..., *out)."""
    return pool_spans.take_at(input, positions, dims)


max_spans.vjps(
    input=lambda g, positions, into, sizes, name: add_at(
        g, masked(positions), into[-len(sizes) :], _second(name)
    )
)
add_at.vjps(
    input=lambda g, positions, size, name: take_at(g, positions, len(size), "GatherBackward0")
)
put_at.vjps(
    input=lambda g, positions, size, name: take_at(g, positions, len(size), "GatherBackward0")
)
take_at.vjps(
    input=lambda g, into, positions, dims, name: add_at(
        g, positions, into[-dims:], "ScatterAddBackward0"
    )
)


@primitive(title=_named, quiet=True)
def mean_spans(input, /, sizes, name):
    """The means over the windows of adaptive pooling: (..., *size) -> (..., *sizes)."""
    planes, lead = _planes(input, len(sizes))
    return pool_spans.mean(planes, sizes).reshape(lead + sizes)


@primitive(title=_named, quiet=True)
def spread_spans(input, /, size, name):
    """The adjoint of ``mean_spans``: (..., *out) -> (..., *size)."""
    return pool_spans.spread(input, size)


mean_spans.vjps(
    input=lambda g, into, sizes, name: spread_spans(g, into[-len(sizes) :], _second(name))
)
spread_spans.vjps(input=lambda g, into, size, name: mean_spans(g, into[-len(size) :], name))


@primitive(title="Im2ColBackward0")
def columns(input, /, window):
    """Windows as columns: (N, C, *size) -> (N, C * taps, windows)."""
    return pool_columns.columns(input, window)


@primitive(title="Col2ImBackward0", quiet=True)
def images(input, /, window):
    """The adjoint of ``columns``: (N, C * taps, windows) -> (N, C, *size)."""
    return pool_columns.images(input, window)


columns.vjps(input=lambda g, window: images(g, window))
images.vjps(input=lambda g, window: columns(g, window))

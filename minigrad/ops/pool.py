"""Pooling and its adjoints: families closed under differentiation, in one to three dimensions.

    max_pool: ``add_at`` <-> ``take_at``       windows (of any kind: see kernels.pool.windows), positions
    put_at: ``take_at``                        max-unpooling
    mean_pool <-> spread                       windows
    columns <-> images                         im2col, col2im

So each rule is one call of another member, at every order of derivative.  ``name`` is what torch prints for a node:
one op serves several of torch's functions.
"""

from __future__ import annotations

from .._formats import following
from .._tape import primitive
from ..kernels import pool as kernels
from ..kernels.pool import columns as column_kernels
from .choosing import masked


def _named(node):
    return node.attrs[-1]


def _second(name):
    return name.replace("Backward0", "BackwardBackward0")


@primitive(aux=("positions",), title=_named)
def max_pool(input, /, window, name):
    """The maxima over windows, and their positions: input (..., *size) -> (..., *out) twice."""
    out, positions = kernels.maximum(input, window)
    return following(out, input), following(positions, input)


@primitive(title=_named, quiet=True)
def add_at(input, /, positions, size, name):
    """Zeros with each number of ``input`` added at its position: (..., *out) -> (..., *size)."""
    return kernels.add_at(input, positions, size)


@primitive(title=_named)
def put_at(input, /, positions, size, name):
    """Zeros with each number of ``input`` at its position, the last of several: (..., *out) -> (..., *size)."""
    return kernels.put_at(input, positions, size)


@primitive(title=_named)
def take_at(input, /, positions, dims, name):
    """The numbers at the positions in planes of ``dims`` dimensions: (..., *size) -> (..., *out)."""
    return kernels.take_at(input, positions, dims)


max_pool.vjps(
    input=lambda g, positions, window, name: add_at(
        g, masked(positions), window.size, _second(name)
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
def mean_pool(input, /, window, name):
    """The means over windows: (..., *size) -> (..., *out)."""
    return following(kernels.mean(input, window), input)


@primitive(title=_named, quiet=True)
def spread(input, /, window, name):
    """The adjoint of ``mean_pool``: each number divided among its window, (..., *out) -> (..., *size)."""
    return kernels.spread(input, window)


mean_pool.vjps(input=lambda g, window, name: spread(g, window, _second(name)))
spread.vjps(input=lambda g, window, name: mean_pool(g, window, name))


@primitive(title="Im2ColBackward0")
def columns(input, /, moves):
    """Windows as columns: (N, C, *size) -> (N, C * taps, windows)."""
    return column_kernels.columns(input, moves)


@primitive(title="Col2ImBackward0", quiet=True)
def images(input, /, moves):
    """The adjoint of ``columns``: (N, C * taps, windows) -> (N, C, *size)."""
    return column_kernels.images(input, moves)


columns.vjps(input=lambda g, moves: images(g, moves))
images.vjps(input=lambda g, moves: columns(g, moves))

"""Resampling: linear, and its adjoint is resampling too, so it is closed under differentiation."""

from __future__ import annotations

from .._formats import following
from .._tape import primitive
from ..kernels import resample as kernels


def _named(node):
    return node.attrs[-1]


@primitive(title=_named, quiet=True)
def resample(input, /, taps, name):
    """The last dimensions resampled, each by its taps or as it is if None: (..., *size) -> (..., *answers)."""
    return following(kernels.apply(input, taps), input)


resample.vjps(
    input=lambda g, taps, name: resample(
        g,
        tuple(None if t is None else t.adjoint for t in taps),
        name.replace("Backward0", "BackwardBackward0"),
    )
)

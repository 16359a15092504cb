"""Parameters as one vector, and a vector as parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ... import _types
from ...ops.parts import cat
from ...tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All numbers of the parameters, one after the other: 1-d.

    >>> import minigrad as mg
    >>> mg.nn.utils.parameters_to_vector([mg.ones(1, 2), mg.zeros(1)])
    tensor([1., 1., 0.])
    """
    return cat([p.view(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Make the parameters views of a vector's parts, each of its own shape, in order.

    TypeError if ``vec`` is no tensor, RuntimeError if it is too short.
    """
    given: Any = vec
    if not isinstance(given, Tensor):
        raise TypeError(f"expected {_types.package}.Tensor, but got: {type(given).__name__}")
    start = 0
    for p in parameters:
        count = p.numel()
        p.data = vec[start : start + count].view_as(p).data
        start += count

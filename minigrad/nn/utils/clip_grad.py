"""Gradients cut down: all together to a norm, or one by one to a range."""

from __future__ import annotations

import types
import warnings
from collections.abc import Iterable
from typing import Any

from ... import _types
from ...autograd import no_grad
from ...creation import tensor
from ...kernels.elementwise import MANY
from ...linalg import vector_norm
from ...ops.choosing import clamp
from ...ops.inplace import refill
from ...ops.parts import stack
from ...tensor import Tensor


def _listed(tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Iterable[Tensor]) -> list[Tensor]:
    return [p.grad for p in parameters if p.grad is not None]


@no_grad()
def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all tensors as if they were one vector: 0-d; 0 for none.

    RuntimeError, with ``error_if_nonfinite``, for NaN and infinity.  ``foreach`` makes no difference.

    >>> import minigrad as mg
    >>> mg.nn.utils.get_total_norm([mg.tensor([3.0]), mg.tensor([[4.0]])])
    tensor(5.)
    """
    given, p = _listed(tensors), float(norm_type)
    if not given:
        return tensor(0.0)
    total: Tensor = vector_norm(stack([vector_norm(t, p) for t in given]), p)
    if error_if_nonfinite and not bool(total.isfinite()):
        raise RuntimeError(
            f"The total norm of order {p} for gradients from `parameters` is non-finite, so it cannot be clipped. To "
            "disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,
) -> None:
    """Scale the parameters' gradients by max_norm / total_norm, in place, if that is less than 1."""
    factor = clamp(float(max_norm) / (total_norm + 1e-6), max=1.0)
    for g in _gradients(_listed(parameters)):
        g.mul_(factor)


@no_grad()
def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients alike, in place, so that their common norm is ``max_norm`` at most.

    Answers the norm that they had, 0-d.  RuntimeError, with ``error_if_nonfinite``, for NaN and infinity.

    >>> import minigrad as mg
    >>> p = mg.zeros(2, requires_grad=True)
    >>> p.grad = mg.tensor([30.0, 40.0])
    >>> mg.nn.utils.clip_grad_norm_(p, max_norm=1.0), p.grad
    (tensor(50.), tensor([0.6000, 0.8000]))
    """
    given = _listed(parameters)
    if isinstance(parameters, types.GeneratorType) and not given:
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3
        )
    total = get_total_norm(_gradients(given), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(given, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """``clip_grad_norm_``, under its old name."""
    where = f"{_types.package}.nn.utils.clip_grad_norm"
    warnings.warn(
        f"`{where}` is now deprecated in favor of `{where}_`.", FutureWarning, stacklevel=2
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """Cut every number of every gradient, in place, to [-clip_value, clip_value]."""
    bound = float(clip_value)
    for g in _gradients(_listed(parameters)):
        if g.array.size > MANY or g.array.dtype.kind != "f" or bound != bound:
            g.clamp_(min=-bound, max=bound)
        else:
            refill(g, _cut, bound)


def _cut(array: Any, bound: float) -> None:
    array.clip(-bound, bound, array)

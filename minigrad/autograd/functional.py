"""Derivatives of functions: Jacobians, Hessians and their products with vectors.

``func`` takes tensors and answers a tensor (or a tuple of them); ``inputs`` is a tensor or a tuple.  Answers have the
same form: a tensor for a tensor, a tuple for a tuple.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._tape import wrap
from ..ops import parts, shape
from ..tensor import Tensor
from .grad_mode import enable_grad
from .gradients import grad


def _tuple(x: Any, what: str) -> tuple[bool, tuple[Any, ...]]:
    found = tuple(x) if isinstance(x, (tuple, list)) else (x,)
    for i, t in enumerate(found):
        if not isinstance(t, Tensor):
            raise TypeError(f"The {what} should be Tensors, but value {i} has type {type(t)}")
    return isinstance(x, (tuple, list)), found


def _inputs(inputs: Any, create_graph: bool) -> tuple[bool, tuple[Any, ...]]:
    many, given = _tuple(inputs, "inputs given to the function")
    if create_graph:
        return many, tuple(x if x.requires_grad else x.detach().requires_grad_() for x in given)
    return many, tuple(x.detach().requires_grad_() for x in given)


def _shaped(many: bool, found: list[Any]) -> Any:
    return tuple(found) if many else found[0]


def _gradients(outs: Any, inputs: Any, weights: Any, create_graph: bool, strict: bool) -> list[Any]:
    live = [(o, w) for o, w in zip(outs, weights) if o.requires_grad]
    if strict and len(live) < len(outs):
        raise RuntimeError("An output of the function does not depend on the inputs (strict mode).")
    found: Any = [None] * len(inputs)
    if live:
        found = grad(
            [o for o, _ in live],
            inputs,
            [w for _, w in live],
            retain_graph=True,
            create_graph=create_graph,
            allow_unused=True,
        )
    if strict and any(g is None for g in found):
        raise RuntimeError("The function does not depend on one of its inputs (strict mode).")
    return [wrap(np.zeros_like(x.array)) if g is None else g for g, x in zip(found, inputs)]


def _ones(outs: Any, v: Any, name: str) -> tuple[Any, ...]:
    if v is None:
        if len(outs) != 1 or outs[0].array.size != 1:
            raise RuntimeError(
                f"The vector v can only be None if the user-provided function returns a single Tensor with a single "
                f"element ({name})."
            )
        return (wrap(np.ones_like(outs[0].array)),)
    _, given = _tuple(v, "v")
    if [x.array.shape for x in given] != [o.array.shape for o in outs]:
        raise RuntimeError(f"{name}: v must have the shapes of what it is multiplied with.")
    return given


def vjp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The outputs of ``func``, and the product of ``v`` (of their shape) with its Jacobian.

    >>> import minigrad as mg
    >>> mg.autograd.functional.vjp(lambda x: x * x, mg.tensor([1.0, 2.0]), mg.ones(2))[1]
    tensor([2., 4.])
    """
    with enable_grad():
        many, xs = _inputs(inputs, create_graph)
        several, outs = _tuple(func(*xs), "outputs of the function")
        found = _gradients(outs, xs, _ones(outs, v, "vjp"), create_graph, strict)
    outs = outs if create_graph else tuple(o.detach() for o in outs)
    return _shaped(several, list(outs)), _shaped(many, found)


def jvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The outputs of ``func``, and the product of its Jacobian with ``v`` (of the inputs' shape).

    By differentiating the vector-Jacobian product, which is linear in its vector.
    """
    with enable_grad():
        _, xs = _inputs(inputs, create_graph)
        several, outs = _tuple(func(*xs), "outputs of the function")
        duals = tuple(wrap(np.zeros_like(o.array)).requires_grad_() for o in outs)
        pulled = _gradients(outs, xs, duals, True, strict)
        found = _gradients(pulled, duals, _ones(xs, v, "jvp"), create_graph, False)
    outs = outs if create_graph else tuple(o.detach() for o in outs)
    return _shaped(several, list(outs)), _shaped(several, found)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The derivatives of every output element by every input element: (*output shape, *input shape).

    For tuples of outputs or inputs, tuples of these; ``vectorize`` and ``strategy`` change nothing.
    """
    with enable_grad():
        many, xs = _inputs(inputs, create_graph)
        several, outs = _tuple(func(*xs), "outputs of the function")
        table = [_shaped(many, _one_jacobian(o, xs, create_graph, strict)) for o in outs]
    return _shaped(several, table)


def _one_jacobian(out: Any, inputs: Any, create_graph: bool, strict: bool) -> list[Any]:
    rows: list[list[Any]] = [[] for _ in inputs]
    for i in range(out.array.size):
        weight = np.zeros(out.array.size, out.array.dtype)
        weight[i] = 1
        weights = (wrap(weight.reshape(out.array.shape)),)
        for row, g in zip(rows, _gradients((out,), inputs, weights, create_graph, strict)):
            row.append(g)
    return [
        shape.reshape(parts.stack(row), (*out.array.shape, *x.array.shape))
        if row
        else wrap(np.zeros((*out.array.shape, *x.array.shape), x.array.dtype))
        for row, x in zip(rows, inputs)
    ]


def _scalar(out: Any) -> Any:
    if not isinstance(out, Tensor) or out.array.size != 1:
        raise RuntimeError(
            "The Tensor returned by the function given to hessian should contain a single element"
        )
    return shape.reshape(out, ())


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function of one element: (*input shape, *input shape), for tuples nested."""
    many, _ = _tuple(inputs, "inputs given to the function")

    def gradient(*xs: Any) -> Any:
        found = jacobian(lambda *ys: _scalar(func(*ys)), xs, create_graph=True, strict=strict)
        return found if many else found[0]

    return jacobian(gradient, inputs, create_graph=create_graph, strict=strict)


def vhp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The output of a function of one element, and the product of ``v`` with its Hessian."""
    with enable_grad():
        many, xs = _inputs(inputs, create_graph)
        out = _scalar(func(*xs))
        first = _gradients((out,), xs, (wrap(np.ones_like(out.array)),), True, strict)
        found = _gradients(first, xs, _ones(xs, v, "vhp"), create_graph, False)
    return out if create_graph else out.detach(), _shaped(many, found)


def hvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The output of a function of one element, and the product of its Hessian (symmetric) with ``v``."""
    return vhp(func, inputs, v, create_graph, strict)

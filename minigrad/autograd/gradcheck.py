"""Gradients against finite differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._tape import wrap
from ..tensor import Tensor
from .gradients import grad


class GradcheckError(RuntimeError):
    """Raised where a gradient and finite differences disagree."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    **_: Any,
) -> bool:
    """Whether the gradients of ``func`` at float64 ``inputs`` agree with finite differences.

    GradcheckError where they do not (False with ``raise_exception=False``).
    """
    try:
        _compare_jacobians(func, _as_tuple(inputs), eps, atol, rtol)
    except RuntimeError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any], inputs: Any, grad_outputs: Any = None, **options: Any
) -> bool:
    """Whether the second derivatives of ``func`` at float64 ``inputs`` agree with finite differences."""
    tensors = _as_tuple(inputs)
    out = _as_tuple(func(*tensors))
    live = [o for o in out if isinstance(o, Tensor) and o.requires_grad]
    rng = np.random.default_rng(0)
    weights = _as_tuple(grad_outputs) if grad_outputs is not None else None
    if weights is None:
        weights = tuple(wrap(rng.standard_normal(o.array.shape)).requires_grad_() for o in live)
    n = len(tensors)

    def gradients(*args: Any) -> tuple[Any, ...]:
        again = [o for o in _as_tuple(func(*args[:n])) if isinstance(o, Tensor) and o.requires_grad]
        wanted = [a for a in args[:n] if isinstance(a, Tensor) and a.requires_grad]
        found = grad(again, wanted, list(args[n:]), create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(gradients, (*tensors, *weights), **options)


def _as_tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def _compare_jacobians(
    func: Callable[..., Any], inputs: Sequence[Any], eps: float, atol: float, rtol: float
) -> None:
    live = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if not live:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have "
            "requires_grad=True."
        )
    for i, x in enumerate(inputs):
        if isinstance(x, Tensor) and x.requires_grad and x.array.dtype != np.float64:
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex. ",
                UserWarning,
                stacklevel=3,
            )
    outputs = [o for o in _as_tuple(func(*inputs)) if isinstance(o, Tensor)]
    for k, out in enumerate(outputs):
        if not out.requires_grad:
            continue
        exact = _rows(out, live)
        for i, x in enumerate(live):
            rough = _differences(func, inputs, x, k, eps)
            if not np.allclose(exact[i], rough, rtol, atol):
                raise GradcheckError(
                    f"Jacobian mismatch for output {k} with respect to input {i},\n"
                    f"numerical:{wrap(rough)}\nanalytical:{wrap(exact[i])}\n"
                )


def _rows(out: Tensor, live: list[Any]) -> list[Any]:
    """The Jacobian of one output at each input, by one backward pass per element."""
    found = [np.zeros((x.array.size, out.array.size), x.array.dtype) for x in live]
    for j in range(out.array.size):
        seed = np.zeros(out.array.size, out.array.dtype)
        seed[j] = 1
        gradients = grad(
            out, live, wrap(seed.reshape(out.array.shape)), retain_graph=True, allow_unused=True
        )
        for jacobian, g in zip(found, gradients):
            if g is not None:
                jacobian[:, j] = g.array.reshape(-1)
    return found


def _differences(
    func: Callable[..., Any], inputs: Sequence[Any], x: Tensor, k: int, eps: float
) -> Any:
    """The Jacobian of output ``k`` at ``x`` by central differences."""
    columns = []
    flat = x.array.reshape(-1)
    if not np.shares_memory(flat, x.array) and x.array.size:
        raise ValueError("gradcheck needs inputs whose memory is contiguous")
    for i in range(x.array.size):
        before = flat[i]
        ends = []
        for step in (eps, -eps):
            flat[i] = before + step
            outputs = [o for o in _as_tuple(func(*inputs)) if isinstance(o, Tensor)]
            ends.append(outputs[k].array.copy())
        flat[i] = before
        columns.append(((ends[0] - ends[1]) / (2 * eps)).reshape(-1))
    return np.array(columns)

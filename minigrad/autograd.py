"""Gradients as users ask for them: ``backward``, ``grad``, and the switches of recording."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import _engine
from ._tape import edge, mode, wrap
from .tensor import Tensor


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradients of ``tensors`` to ``.grad`` of the leaves: see ``Tensor.backward``."""
    roots = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    given = [grad_tensors] if isinstance(grad_tensors, Tensor) else grad_tensors
    if isinstance(inputs, Tensor):
        inputs = [inputs]
    _engine.backward(roots, list(given or [None] * len(roots)), retain_graph, create_graph, inputs)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of ``outputs`` at ``inputs``, as a tuple; nothing is added to ``.grad``.

    RuntimeError for an input that was not used, unless ``allow_unused`` (then None stands for it).

    >>> import minigrad as mg
    >>> x = mg.tensor(3.0, requires_grad=True)
    >>> (g,) = mg.autograd.grad(x * x, x, create_graph=True)
    >>> mg.autograd.grad(g, x)
    (tensor(2.),)
    """
    roots = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    ends = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    given = [grad_outputs] if isinstance(grad_outputs, Tensor) else grad_outputs
    capture = [edge(x) for x in ends]
    if None in capture:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    found = _engine.run(
        _engine.seeds(roots, list(given or [None] * len(roots)), create_graph),
        retain_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        capture=capture,
    )
    answers = []
    for i, (x, e) in enumerate(zip(ends, capture)):
        g = found.get(e)
        if g is None and materialize_grads:
            g = np.zeros_like(x.array)
        if g is None and not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {i} appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior."
            )
        answers.append(g if g is None or isinstance(g, Tensor) else wrap(g))
    return tuple(answers)


class set_grad_enabled:  # noqa: N801  (torch's name)
    """Switch recording on or off, at once and, in a ``with`` or as a decorator, until its end.

    >>> import minigrad as mg
    >>> x = mg.ones(2, requires_grad=True)
    >>> with mg.set_grad_enabled(False):
    ...     (x * 2).requires_grad
    False
    """

    def __init__(self, mode_: bool):
        self.wanted = bool(mode_)
        self.before = mode.grad
        mode.grad = self.wanted

    def __enter__(self) -> Any:
        mode.grad = self.wanted
        return self

    def __exit__(self, *_: Any) -> None:
        mode.grad = self.before

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, recording or not during its calls."""
        mode.grad = self.before  # as a decorator it acts during calls only
        return _decorated(function, lambda: _Switch(self.wanted))


class _Switch:
    """Recording on or off in a ``with`` or during the calls of a decorated function."""

    wanted = False

    def __init__(self, wanted: Any = None):
        if wanted is not None:
            self.wanted = wanted

    def __enter__(self) -> Any:
        self.before = mode.grad
        mode.grad = self.wanted
        return self

    def __exit__(self, *_: Any) -> None:
        mode.grad = self.before

    def __new__(cls, function: Any = None) -> Any:
        made = object.__new__(cls)
        if callable(function):  # @no_grad without parentheses
            return _decorated(function, cls)
        return made

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, recording or not during its calls."""
        return _decorated(function, type(self))


def _decorated(function: Callable[..., Any], switch: Callable[[], Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def inside(*args: Any, **kwargs: Any) -> Any:
        with switch():
            return function(*args, **kwargs)

    return inside


class no_grad(_Switch):  # noqa: N801  (torch's name)
    """Record nothing, in a ``with`` or as a decorator.

    >>> import minigrad as mg
    >>> x = mg.ones(2, requires_grad=True)
    >>> with mg.no_grad():
    ...     (x * 2).requires_grad
    False
    """


class enable_grad(_Switch):  # noqa: N801  (torch's name)
    """Record, in a ``with`` or as a decorator, also inside ``no_grad``."""

    wanted = True


class inference_mode(_Switch):  # noqa: N801  (torch's name)
    """Record nothing, as ``no_grad``."""


def is_grad_enabled() -> bool:
    """Whether ops are recorded in this thread."""
    return mode.grad


# ------------------------------------------------------------------------------ checks by finite differences
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

    RuntimeError where they do not (False with ``raise_exception=False``).
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
            "gradcheck expects at least one input tensor to require gradient, but none of the them have "
            "requires_grad=True."
        )
    outputs = [o for o in _as_tuple(func(*inputs)) if isinstance(o, Tensor)]
    for k, out in enumerate(outputs):
        if not out.requires_grad:
            continue
        exact = _rows(out, live)
        for i, x in enumerate(live):
            rough = _differences(func, inputs, x, k, eps)
            if not np.allclose(exact[i], rough, rtol, atol):
                raise RuntimeError(
                    f"Jacobian mismatch for output {k} with respect to input {i},\n"
                    f"numerical:{rough}\nanalytical:{exact[i]}\n"
                )


def _rows(out: Tensor, live: list[Any]) -> list[Any]:
    """The Jacobian of one output at each input, by one backward pass per element."""
    found = [np.zeros((x.array.size, out.array.size)) for x in live]
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

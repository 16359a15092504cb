"""Gradients as users ask for them: ``backward`` and ``grad``."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import edge, engine, wrap
from ..tensor import Tensor


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
    engine.backward(roots, list(given or [None] * len(roots)), retain_graph, create_graph, inputs)


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
    if not ends:
        raise RuntimeError("grad requires non-empty inputs.")
    capture = [edge(x) for x in ends]
    if None in capture:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    found = engine.run(
        engine.seeds(roots, list(given or [None] * len(roots)), create_graph),
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

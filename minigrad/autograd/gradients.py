"""Gradients as users ask for them: ``backward`` and ``grad``."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .._tape import edge, engine, wrap
from .._warn import once
from ..ops.parts import stack
from ..tensor import Tensor
from ..tensor._core import CYCLE

_ONLY_INPUTS = (
    "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other parts "
    "of the graph, please use autograd.backward."
)


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
    if create_graph:
        once(CYCLE)
    engine.backward(roots, list(given or [None] * len(roots)), retain_graph, create_graph, inputs)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of ``outputs`` at ``inputs``, as a tuple (a dict for a dict); nothing is added to ``.grad``.

    With ``is_grads_batched`` the first dimension of each of ``grad_outputs`` counts vectors, and that of each
    answer the products.  RuntimeError for an input that was not used, unless ``allow_unused`` (then None stands for
    it) or ``materialize_grads`` (then zeros do).  ``only_inputs`` changes nothing, and False warns.

    >>> import minigrad as mg
    >>> x = mg.tensor(3.0, requires_grad=True)
    >>> (g,) = mg.autograd.grad(x * x, x, create_graph=True)
    >>> mg.autograd.grad(g, x)
    (tensor(2.),)
    """
    if isinstance(inputs, dict):
        options = (retain_graph, create_graph, only_inputs, allow_unused)
        ends = list(inputs.values())
        found = grad(outputs, ends, grad_outputs, *options, is_grads_batched, materialize_grads)
        return dict(zip(inputs, found))
    if not only_inputs:
        warnings.warn(_ONLY_INPUTS, FutureWarning, stacklevel=2)
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    roots = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    ends = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    given = [grad_outputs] if isinstance(grad_outputs, Tensor) else grad_outputs
    if not ends:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    capture = [edge(x) for x in ends]
    if None in capture:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    retain = create_graph if retain_graph is None else retain_graph
    pull = _pulled_rows if is_grads_batched else _pulled
    answers = pull(roots, list(given or [None] * len(roots)), capture, retain, create_graph)
    for i, x in enumerate(ends):
        if answers[i] is not None:
            continue
        if materialize_grads:
            answers[i] = wrap(np.zeros_like(x.array)).requires_grad_(create_graph)
        elif not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {i} appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior."
            )
    return tuple(answers)


def _pulled(
    roots: list[Any], given: list[Any], capture: list[Any], retain: bool, create_graph: bool
) -> list[Any]:
    """The gradients at the edges ``capture``, None where there is none."""
    seeds = engine.seeds(roots, given, create_graph)
    found = engine.run(seeds, retain_graph=retain, create_graph=create_graph, capture=capture)
    answers = [found.get(e) for e in capture]
    return [g if g is None or isinstance(g, Tensor) else wrap(g) for g in answers]


def _pulled_rows(
    roots: list[Any], given: list[Any], capture: list[Any], retain: bool, create_graph: bool
) -> list[Any]:
    """The gradients for each row of ``given``, stacked: the graph is walked once a row."""
    counts = {len(g) if isinstance(g, Tensor) and g.array.ndim else 0 for g in given}
    fits = all(isinstance(g, Tensor) and g.shape[1:] == r.shape for g, r in zip(given, roots))
    if len(counts) != 1 or 0 in counts or not fits:
        raise RuntimeError(
            "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch "
            "dimension, of one size of at least 1 for all; the sizes of the remaining dimensions are expected to "
            f"match the shape of corresponding output. Got grad_outputs {_shapes(given)} for outputs {_shapes(roots)}."
        )
    last = counts.pop() - 1
    rows = [
        _pulled(roots, [g[i] for g in given], capture, retain or i < last, create_graph)
        for i in range(last + 1)
    ]
    return [None if column[0] is None else stack(column) for column in zip(*rows)]


def _shapes(tensors: list[Any]) -> list[Any]:
    return [list(t.shape) if isinstance(t, Tensor) else t for t in tensors]

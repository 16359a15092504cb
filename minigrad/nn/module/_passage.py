"""Backward hooks of a module: how its calls are wired so that gradients can be replaced.

Knows the tape's nodes; nothing of tables of hooks, nor of modules beyond handing one to a hook.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..._tape import Node, Traced, cell, edge, node_of, noted, settled, wrap
from ...autograd import is_grad_enabled
from ...tensor import Tensor

Hook = Callable[..., Any]


class _Part:
    """The op of one output of the joint identity: leaves its gradient at the gate."""

    title = "BackwardHookFunctionBackward"
    kept = inputs = ()
    composite = None

    @staticmethod
    def pull(node: Node, g: Any, owned: bool) -> tuple[Any]:
        """Nothing but a sign, as a gradient, that something has come."""
        grads, i = node.attrs
        grads[i] = g if isinstance(g, Tensor) else wrap(g)
        sign = np.zeros(())
        return (wrap(sign) if isinstance(g, Tensor) else sign,)


class _Gate:
    """The op where all gradients of the joint identity have come, and go on to its inputs."""

    title = _Part.title
    kept = inputs = ()
    composite = None

    @staticmethod
    def pull(node: Node, g: Any, owned: bool) -> list[Any]:
        """What the function on the gradients makes of them."""
        grads, through = node.attrs
        given = tuple(grads)
        grads[:] = [None] * len(grads)
        answers = through(given)
        if isinstance(g, Tensor):
            return list(answers)
        # As views, which the backward loop takes for borrowed: a hook may have kept what it saw.
        return [None if r is None else r.array.view() for r in answers]


def _refuse(*_: Any) -> Any:
    raise RuntimeError(
        "an input or output of a module with backward hooks was modified inplace: "
        "clone() it before the module is called, or after"
    )


def joint_identity(tensors: Sequence[Tensor], through: Hook) -> list[Tensor]:
    """The same tensors, their gradients passed through a function of all of them on their way back.

    ::

        tensors ══ gate ── part ── output     one gate for all, so that the gradients meet there;
                     └──── part ── output     None stands for one that has not come
    """
    grads: list[Any] = [None] * len(tensors)
    edges = tuple(edge(t) for t in tensors)
    gate = node_of(_Gate, edges, tuple(t.array.shape for t in tensors), (grads, through))
    outputs = []
    for i, t in enumerate(tensors):
        out = wrap(t.array)
        if edges[i] is not None:
            out.node = node_of(_Part, (gate,), ((),), (grads, i))
            # A view that may not be written, nor looked at once its owner was: as in torch.
            out.base = guard = settled(Traced(), t.array)
            guard.leaf, guard.memory = True, cell(t)
            out.memory, out.seen, out.path = guard.memory, guard.memory[0], ((_refuse, ()),)
        outputs.append(out)
    return outputs


class Passage:
    """One call of a module with backward hooks: ties gradients of outputs to those of inputs.

    ::

        args ── identity ── forward ── identity ── output
                   │                      │
             (2) full hooks        (1) pre-hooks, and the gradients
             on both gradients         of the outputs kept for (2)
    """

    def __init__(self, module: Any, hooks: Sequence[Hook], pre_hooks: Sequence[Hook]):
        noted()
        self.module, self.hooks, self.pre_hooks = module, hooks, pre_hooks
        self.grad_outputs: tuple[Any, ...] | None = None
        self.inputs: list[int] | None = None
        self.n_inputs = 0

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments for forward, their gradients watched."""
        self.n_inputs = len(args)
        args, self.inputs = _watch(args, self._at_inputs)
        self.kinds = [(args[i].array.shape, args[i].array.dtype) for i in self.inputs or ()]
        return args

    def leave(self, output: Any) -> Any:
        """The output for the caller, its gradients watched."""
        if not isinstance(output, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called,"
                " module output should be a Tensor or a tuple of Tensors"
                f" but received {type(output)}",
                stacklevel=3,
            )
        outputs = output if isinstance(output, tuple) else (output,)
        watched, self.outputs = _watch(outputs, self._at_outputs)
        self.n_outputs = len(outputs)
        return watched if isinstance(output, tuple) else watched[0]

    def _at_outputs(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        assert self.outputs is not None
        grad_outputs = _spread(self.outputs, grads, self.n_outputs)
        for hook in self.pre_hooks:
            answer = hook(self.module, grad_outputs)
            if answer is not None:
                _check_count(answer, grad_outputs, "pre hook", "grad_output")
                grad_outputs = answer
        if self.inputs is None:
            self._without_inputs(grad_outputs)
        else:
            self.grad_outputs = grad_outputs
        return tuple(grad_outputs[i] for i in self.outputs)

    def _at_inputs(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        # A gradient can reach the inputs past the outputs: in double backward.
        if self.grad_outputs is None:
            return grads
        assert self.inputs is not None
        # torch shows zeros where no gradient has come to a tensor.
        shown = [
            wrap(np.zeros(*kind)) if grad is None else grad
            for grad, kind in zip(grads, self.kinds, strict=True)
        ]
        grad_inputs = _spread(self.inputs, shown, self.n_inputs)
        for hook in self.hooks:
            answer = hook(self.module, grad_inputs, self.grad_outputs)
            if answer is not None:
                _check_count(answer, grad_inputs, "hook", "grad_input")
                grad_inputs = answer
        self.grad_outputs = None
        return tuple(grad_inputs[i] for i in self.inputs)

    def _without_inputs(self, grad_outputs: tuple[Any, ...]) -> None:
        """Call the full hooks of a module none of whose inputs needs a gradient."""
        if self.hooks:
            warnings.warn(
                "Full backward hook is firing when gradients are computed "
                "with respect to module outputs since no inputs require gradients.",
                stacklevel=2,
            )
        for hook in self.hooks:
            answer = hook(self.module, (None,) * self.n_inputs, grad_outputs)
            if answer is not None and not all(grad is None for grad in answer):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires "
                    "gradient should always return None or None for all gradients."
                )


def _watch(values: tuple[Any, ...], through: Hook) -> tuple[tuple[Any, ...], list[int] | None]:
    """The values with their tensors passed through the watching identity, and where those stand."""
    at = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    if not (is_grad_enabled() and any(values[i].requires_grad for i in at)):
        return values, None
    watched = list(values)
    for i, tensor in zip(at, joint_identity([values[i] for i in at], through), strict=True):
        watched[i] = tensor
    # A named tuple stays one.
    return (tuple(watched) if type(values) is tuple else type(values)(*watched)), at


def _spread(at: list[int], grads: Sequence[Any], n: int) -> tuple[Any, ...]:
    """The gradients at their places in a tuple of n, None elsewhere."""
    spread = [None] * n
    for i, grad in zip(at, grads, strict=True):
        spread[i] = grad
    return tuple(spread)


def _check_count(answer: Sequence[Any], expected: Sequence[Any], hook: str, what: str) -> None:
    if len(answer) != len(expected):
        raise RuntimeError(
            f"Backward {hook} returned an invalid number of {what}, "
            f"got {len(answer)}, but expected {len(expected)}"
        )

"""Optimizers that treat every element of a parameter alike: their common ``step``.

A subclass says what it remembers of a parameter (``counters``, 0-d, and ``buffers``, of the
parameter's shape), which rule of ``kernels.optim.rules`` it follows, and how the rule's numbers
come from a group's settings and the counters; where buffers or rule depend on the settings, by
``_buffers`` and ``_rule``.  All parameters of a group then go to the kernel together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .. import _types
from .._tape import cell, mode
from ..creation import full_like, tensor
from ..kernels import optim
from ..ops.refusals import writable
from ..tensor import Tensor
from ._saving import Group
from .optimizer import Optimizer, differentiated, evaluated

Numbers = tuple[Any, ...]
State = dict[str, Any]


class Elementwise(Optimizer):
    """The base of optimizers whose update is a rule for one element."""

    counters: ClassVar[tuple[str, ...]] = ("step",)
    buffers: ClassVar[tuple[str, ...]]  # in the rule's order
    rule: Callable[..., Any]

    def _counted(self, group: Group) -> Numbers:
        """The counters' first values."""
        return (0.0,)

    def _buffers(self, group: Group) -> dict[str, float]:
        """The names of the buffers, and what they are filled with at first."""
        return dict.fromkeys(self.buffers, 0.0)

    def _rule(self, group: Group) -> Callable[..., Any]:
        return self.rule

    def _numbers(self, group: Group, *counters: float) -> tuple[Numbers, Numbers]:
        """The counters after this step, and the rule's numbers for it."""
        raise NotImplementedError

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for p in (p for group in self.param_groups for p in group["params"]):
            kept = self.state.get(p, {})
            for name in self.counters:  # old versions counted in Python numbers
                if name in kept and not isinstance(kept[name], Tensor):
                    kept[name] = counter(kept[name])

    @differentiated
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters that have a gradient by one step.

        closure: computes the loss anew, with its gradients, and answers it; so does ``step`` then.
        RuntimeError, before anything is changed, for a gradient that has not its parameter's shape
        and for a parameter that cannot be written.
        """
        loss = evaluated(closure)
        for change in [self._change(i, group) for i, group in enumerate(self.param_groups)]:
            change()
        return loss

    def _change(self, place: int, group: Group) -> Callable[[], None]:
        """What will change the parameters of a group; what is wrong with them is found out now."""
        _runs_here(group)
        params = [p for p in group["params"] if p.gradient is not None]
        recorded = group["differentiable"]
        settings = group if recorded else _plain(group)
        rule, buffers = self._rule(settings), self._buffers(settings)
        states, keys = self._recall(params, settings, buffers)
        held = [[state[name] for state in states] for name in buffers]
        kinds = list(dict.fromkeys(keys))  # parameters that have made as many steps share numbers
        which = [kinds.index(key) for key in keys] if len(kinds) > 1 else [0] * len(keys)
        found = [self._numbers(settings, *key) for key in kinds]
        if recorded:
            update = _recorded(rule, [params, *held], which, found)
        else:
            update = self._computed(place, rule, [params, *held], which, found)

        def change() -> None:
            update()
            for i, name in enumerate(self.counters):
                for state, kind in zip(states, which, strict=True):
                    state[name].array[...] = _number(found[kind][0][i])

        return change

    def _recall(
        self, params: list[Tensor], settings: Group, buffers: dict[str, float]
    ) -> tuple[list[State], list[Numbers]]:
        """What is remembered of each parameter, made at its first step, and its counters."""
        states = [self.state[p] for p in params]
        for state, p in zip(states, params, strict=True):
            if not state:
                for name, value in zip(self.counters, self._counted(settings), strict=True):
                    state[name] = counter(value)
                for name, value in buffers.items():
                    state[name] = full_like(p, value, requires_grad=False)
        counts = [[state[name].array.item() for state in states] for name in self.counters]
        return states, list(zip(*counts, strict=True))

    def _computed(
        self, place: int, rule: Any, columns: list[list[Tensor]], which: list[int], found: Any
    ) -> Callable[[], None]:
        """A step on arrays: kernels are told of all parameters together."""
        params = columns[0]
        arrays = [[t.array for t in column] for column in columns]
        updates = vars(self).setdefault("_updates", {}).setdefault(place, optim.Updates())
        if not updates.know(arrays):
            for row in zip(*columns, strict=True):
                _check(*row)
            updates.meet(arrays)
        grads = [p.gradient.array for p in params]
        numbers = [tuple(map(float, numbers)) for _, numbers in found]

        def update() -> None:
            mode.quiet(updates.carry_out, rule, grads, which, numbers)
            for p in params:
                cell(p)[0] += 1

        return update


def _recorded(
    rule: Any, columns: list[list[Tensor]], which: list[int], found: Any
) -> Callable[[], None]:
    """A step through which gradients pass: by ops, on copies, since ops keep what they are given."""

    def update() -> None:
        for row, kind in zip(zip(*columns, strict=True), which, strict=True):
            copies = [t.clone() for t in (*row, row[0].grad)]
            for old, new in zip(row, rule(*copies, *found[kind][1]), strict=True):
                old.copy_(new)

    return update


def counter_type() -> type[np.floating[Any]]:
    """What counters are kept in: float32, unless float64 is the default."""
    return np.float64 if _types.default() == np.float64 else np.float32


def counter(value: Any) -> Tensor:
    """A 0-d tensor of ``counter_type``."""
    return tensor(float(value), dtype=_types.of(np.dtype(counter_type())))


def _check(p: Tensor, *buffers: Tensor) -> None:
    """RuntimeError for a parameter that cannot be written, or has a companion of another shape."""
    writable(p)
    if not p.array.flags.writeable:
        raise RuntimeError("a parameter lies in memory that is read-only")
    for companion in (p.gradient, *buffers):
        if companion.array.shape != p.array.shape:
            raise RuntimeError(
                f"a parameter of shape {list(p.shape)} has a gradient or state "
                f"of shape {list(companion.shape)}"
            )


def _runs_here(group: Group) -> None:
    """AssertionError for a step that is to be captured by a device that is not there."""
    if group.get("capturable"):
        raise AssertionError(
            "If capturable=True, params and state_steps must be on supported devices: "
            "there is only the CPU here."
        )


def _plain(group: Group) -> Group:
    """A group's settings with numbers in the place of tensors of one element."""
    return {name: _number(value) for name, value in group.items() if name != "params"}


def _number(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.item()
    if isinstance(value, tuple):
        return tuple(map(_number, value))
    return value


def way(group: Group) -> float:
    """1 to descend, -1 to climb."""
    return -1.0 if group["maximize"] else 1.0


def penalty(group: Group) -> tuple[Any, Any]:
    """(what of p is added to the gradient, what p is multiplied by) for a weight decay."""
    decay = group["weight_decay"]
    if group["decoupled_weight_decay"]:
        return 0.0, 1 - group["lr"] * decay
    return decay, 1.0


def averaging(*shares: Any) -> tuple[Any, ...]:
    """What running averages that keep these shares keep and take, one after another."""
    return tuple(part for share in shares for part in (share, 1 - share))


def carried_out(
    optimizer: Callable[..., Elementwise],
    settings: Group,
    params: list[Tensor],
    grads: list[Tensor],
    states: list[State],
) -> None:
    """One step of an optimizer on given tensors, for the functional forms of optimizers: all are written in place."""
    given = [p.detach() for p in params]
    made = optimizer(given, **settings)
    for p, g, state in zip(given, grads, states, strict=True):
        p.gradient = g.detach()
        made.state[p] = state
    made.step()

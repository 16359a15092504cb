"""Hooks: functions called before and after a module's forward, and when gradients pass through it.

A module has no table of hooks until its first one is registered, so that ``Module.__call__`` of a
module without hooks is one test and then ``forward``.  The same holds for the hooks of all modules
(``register_module_forward_hook`` and the like), which run before a module's own.

Knows calls; nothing of parameters, names or state.  How gradients are watched is told in
``_passage``.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ..._tape import RemovableHandle
from ._old_forms import watch
from ._passage import Hook, Passage

Table = OrderedDict[int, Any]


class Hooks:
    """The hooks of one module, or of all: one ordered table from id to function for each kind.

    ``with_kwargs``, ``always_call``, ``with_module`` and ``public`` hold the ids of the hooks they
    are true of.
    """

    forward_pre: Table
    forward: Table
    backward_pre: Table
    backward: Table
    state_dict_pre: Table
    state_dict: Table
    load_state_dict_pre: Table
    load_state_dict_post: Table
    with_kwargs: Table
    always_call: Table
    with_module: Table
    public: Table

    def __init__(self) -> None:
        for name in Hooks.__annotations__:
            setattr(self, name, OrderedDict())

    def of_calls(self) -> bool:
        """Whether any hook is to run when a module is called."""
        return bool(self.forward_pre or self.forward or self.backward_pre or self.backward)

    def add(
        self, kind: str, hook: Hook, *, prepend: bool = False, **marks: bool
    ) -> RemovableHandle:
        """Register a hook of that kind; ``marks`` name the tables of ids to enter it in."""
        table: Table = getattr(self, kind)
        marked = [getattr(self, name) for name, wanted in marks.items() if wanted]
        handle = RemovableHandle(table, extra_dict=marked)
        table[handle.id] = hook
        for ids in marked:
            ids[handle.id] = True
        if prepend:
            table.move_to_end(handle.id, last=False)
        return handle


# The hooks of all modules: none until the first is registered.
everywhere: Hooks | None = None


def _everywhere() -> Hooks:
    global everywhere
    if everywhere is None:
        everywhere = Hooks()
    return everywhere


def register_module_forward_pre_hook(hook: Hook) -> RemovableHandle:
    """``Module.register_forward_pre_hook`` of every module."""
    return _everywhere().add("forward_pre", hook)


def register_module_forward_hook(
    hook: Hook, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """``Module.register_forward_hook`` of every module."""
    return _everywhere().add("forward", hook, with_kwargs=with_kwargs, always_call=always_call)


def register_module_full_backward_pre_hook(hook: Hook) -> RemovableHandle:
    """``Module.register_full_backward_pre_hook`` of every module."""
    return _everywhere().add("backward_pre", hook)


def register_module_full_backward_hook(hook: Hook) -> RemovableHandle:
    """``Module.register_full_backward_hook`` of every module."""
    return _everywhere().add("backward", hook)


class Hooked:
    """The part of Module that registers and runs hooks."""

    _hooks: Hooks | None = None
    _is_full_backward_hook: bool | None = None
    forward: Callable[..., Any]

    def _own_hooks(self) -> Hooks:
        if self._hooks is None:
            self._hooks = Hooks()
        return self._hooks

    # torch's names of the tables: code that counts or clears hooks reaches for them.
    @property
    def _forward_pre_hooks(self) -> Table:
        return self._own_hooks().forward_pre

    @property
    def _forward_hooks(self) -> Table:
        return self._own_hooks().forward

    @property
    def _backward_pre_hooks(self) -> Table:
        return self._own_hooks().backward_pre

    @property
    def _backward_hooks(self) -> Table:
        return self._own_hooks().backward

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before every forward; answers a handle that removes it.

        What it returns, unless None, replaces the positional arguments (a single value is wrapped
        in a tuple). With ``with_kwargs`` it is called as ``hook(module, args, kwargs)`` and returns
        None or both. With ``prepend`` it runs before the hooks there are.
        """
        return self._own_hooks().add("forward_pre", hook, prepend=prepend, with_kwargs=with_kwargs)

    def register_forward_hook(
        self,
        hook: Hook,
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after every forward; its handle removes it.

        What it returns, unless None, replaces the output.  With ``with_kwargs`` it is called as
        ``hook(module, args, kwargs, output)``.  With ``always_call`` it runs also when forward
        raises, with the output None.  With ``prepend`` it runs before the hooks there are.

        >>> import minigrad as mg
        >>> net, shapes = mg.nn.Linear(2, 3), []
        >>> def look(module, args, output):
        ...     shapes.append(tuple(output.shape))
        >>> with net.register_forward_hook(look):
        ...     _ = net(mg.ones(4, 2))
        >>> shapes
        [(4, 3)]
        """
        return self._own_hooks().add(
            "forward", hook, prepend=prepend, with_kwargs=with_kwargs, always_call=always_call
        )

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are there.

        ``grad_output`` is a tuple, None for every output that is no tensor or has no gradient.
        What the hook returns, unless None, is used in its place.
        """
        return self._own_hooks().add("backward_pre", hook, prepend=prepend)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the inputs have their gradients.

        Both are tuples, ``grad_input`` over the positional arguments, with None where there is no
        tensor or no gradient.  What the hook returns, unless None, is used in place of
        ``grad_input``.  A module none of whose inputs needs a gradient calls its hooks when the
        gradients of its outputs are there.
        """
        self._choose(True)
        return self._own_hooks().add("backward", hook, prepend=prepend)

    def register_backward_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` with the gradients of the node that made the output.

        Deprecated in torch: of a module of several ops ``grad_input`` are the gradients within it.
        """
        self._choose(False)
        return self._own_hooks().add("backward", hook)

    def _choose(self, full: bool) -> None:
        if self._is_full_backward_hook is (not full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single "
                "Module. Please use only one of them."
            )
        self._is_full_backward_hook = full

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``forward`` and every hook, those of all modules first."""
        tables = [
            table for table in (everywhere, self._hooks) if table is not None and table.of_calls()
        ]
        if not tables:
            return self.forward(*args, **kwargs)
        called: set[int] = set()
        output = None
        try:
            for table in tables:
                for id, hook in [*table.forward_pre.items()]:
                    args, kwargs = self._before(hook, args, kwargs, id in table.with_kwargs)

            hooks = [hook for table in tables for hook in table.backward.values()]
            of_node: list[Hook] = []
            if self._is_full_backward_hook is False:
                of_node = [*self._own_hooks().backward.values()]
                hooks = [] if everywhere is None else [*everywhere.backward.values()]
            pre_hooks = [hook for table in tables for hook in table.backward_pre.values()]
            passage = Passage(self, hooks, pre_hooks) if hooks or pre_hooks else None
            if passage:
                args = passage.enter(args)

            output = self.forward(*args, **kwargs)

            for table in tables:
                for id, hook in [*table.forward.items()]:
                    called.add(id)
                    given = (args, kwargs, output) if id in table.with_kwargs else (args, output)
                    answer = hook(self, *given)
                    output = output if answer is None else answer

            if passage:
                output = passage.leave(output)
            if of_node:
                watch(self, of_node, args, output)
            return output
        except Exception:
            for table in tables:
                for id, hook in [*table.forward.items()]:
                    if id in table.always_call and id not in called:
                        given = (
                            (args, kwargs, output) if id in table.with_kwargs else (args, output)
                        )
                        self._after_failure(hook, given, table is self._hooks)
            raise

    def _before(
        self, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any], with_kwargs: bool
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments after a forward pre-hook."""
        if not with_kwargs:
            answer = hook(self, args)
            if answer is None:
                return args, kwargs
            return (answer if isinstance(answer, tuple) else (answer,)), kwargs
        answer = hook(self, args, kwargs)
        if answer is None:
            return args, kwargs
        if not (isinstance(answer, tuple) and len(answer) == 2):
            raise RuntimeError(
                "forward pre-hook must return None or a tuple "
                f"of (new_args, new_kwargs), but got {answer}."
            )
        return answer

    def _after_failure(self, hook: Hook, given: tuple[Any, ...], own: bool) -> None:
        """Run a hook marked ``always_call`` while forward's exception is on its way out."""
        try:
            hook(self, *given)
        except Exception as error:
            kind = "module forward hook" if own else "global module forward hook"
            warnings.warn(
                f"{kind} with ``always_call=True`` raised an exception "
                f"that was silenced as another error was raised in forward: {error}",
                stacklevel=2,
            )

"""What all optimizers have: groups of parameters, state, hooks, and saving and loading them.

    optimizer.param_groups   [{"params": [p0, p1], "lr": 0.1, ...}, {"params": [p2], ...}]
    optimizer.state          {p0: {"step": tensor, "exp_avg": tensor, ...}, ...}
    optimizer.state_dict()   the same with numbers in the place of parameters

How a step changes a parameter is told by the subclasses.
"""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from .._tape import RemovableHandle
from ..autograd import enable_grad, set_grad_enabled
from ..tensor import Tensor
from ._saving import Group, Hook, Saving, added


class _Required:
    """The default of a setting that every group must give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()

ParamsT = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
StateDict = dict[str, Any]

# Hooks of all optimizers.
_before_any: OrderedDict[int, Hook] = OrderedDict()
_after_any: OrderedDict[int, Hook] = OrderedDict()


def register_optimizer_step_pre_hook(hook: Hook) -> RemovableHandle:
    """``Optimizer.register_step_pre_hook`` of every optimizer."""
    return added(_before_any, hook)


def register_optimizer_step_post_hook(hook: Hook) -> RemovableHandle:
    """``Optimizer.register_step_post_hook`` of every optimizer."""
    return added(_after_any, hook)


def _typename(thing: Any) -> str:
    """The name of a thing's type in torch's error texts."""
    if isinstance(thing, Tensor):
        return str(thing.type())
    kind = thing if hasattr(thing, "__qualname__") else type(thing)
    prefix = "" if kind.__module__ in ("builtins", None) else f"{kind.__module__}."
    return prefix + kind.__qualname__


def _own(optimizer: Any, when: str) -> dict[int, Hook]:
    """The hooks of one optimizer: none if it wraps another and never called the constructor."""
    hooks: dict[int, Hook] = vars(optimizer).get(f"_optimizer_step_{when}_hooks", {})
    return hooks


def _hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """A class's ``step`` with the optimizer's hooks before and after it."""

    @functools.wraps(step)
    def run(*args: Any, **kwargs: Any) -> Any:
        self = args[0]
        self._opt_called = True
        # A step that calls its parent's is one step.
        if self._inside or not (self._step_hooks or _before_any or _after_any):
            return step(*args, **kwargs)
        self._inside = True
        try:
            for hook in [*_before_any.values(), *_own(self, "pre").values()]:
                answer = hook(self, args, kwargs)
                if answer is None:
                    continue
                if not (isinstance(answer, tuple) and len(answer) == 2):
                    raise RuntimeError(
                        f"{step} must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {answer}."
                    )
                args, kwargs = answer
            out = step(*args, **kwargs)
            for hook in [*_own(self, "post").values(), *_after_any.values()]:
                hook(self, args, kwargs)
            return out
        finally:
            self._inside = False

    run._wrapped_by_lr_sched = True  # type: ignore[attr-defined]  # torch's mark: calls are noted
    return run


class Optimizer(Saving):
    """The base of all optimizers.

    Args:
        params: tensors to optimize, or pairs (name, tensor), or groups: dicts with such a list under
            "params" and settings that differ from the defaults. Of an order that stays.
        defaults: the settings of groups that do not give their own.

    TypeError for what is no tensor, ValueError for an empty list, for tensors that are not leaves
    and for tensors that are in two groups.
    """

    _opt_called = False  # whether a step was made since the first schedule began
    _watched = False
    _inside = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _hooked(cls.__dict__["step"])  # type: ignore[method-assign]

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]):
        self.defaults = defaults
        self._make_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be "
                f"an iterable of Tensors or dicts, but got {_typename(params)}"
            )
        self.state = defaultdict(dict)
        self.param_groups = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def _watch(self) -> None:
        """A schedule begins, which wants to know whether steps are made before its own."""
        if not self._watched:
            self._watched, self._opt_called = True, False

    @property
    def _step_hooks(self) -> bool:
        return bool(_own(self, "pre") or _own(self, "post"))

    # -------------------------------------------------------------------------- a step
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters once, by their ``.grad``.

        closure: computes the loss anew, with its gradients, and answers it; so does ``step`` then.
        """
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; ``set_to_none=False`` fills them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                    continue
                if grad.grad_fn is not None:
                    grad.detach_()
                else:
                    grad.requires_grad_(False)
                grad.zero_()

    # -------------------------------------------------------------------------- groups
    def add_param_group(self, param_group: Group) -> None:
        """Add parameters with settings of their own: ``{"params": [...], "lr": ...}``."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params, names = _parameters(param_group["params"])
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {_typename(p)}"
                )
            if not self.defaults.get("differentiable") and not (p.is_leaf or p.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    f"parameter group didn't specify a value of required optimization parameter {name}"
                )
        if len(params) != len(set(params)):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; "
                "in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=3,
            )
        self._fits_others(params, bool(names) or "param_names" in param_group)
        param_group["params"] = params
        if names:
            param_group["param_names"] = names
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        self.param_groups.append(param_group)

    def _fits_others(self, params: list[Any], named: bool) -> None:
        """ValueError if a new group shares parameters with others, or only some have names."""
        if any(named != ("param_names" in group) for group in self.param_groups):
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'with' if named else 'without'} names to the optimizer"
            )
        if any(not set(group["params"]).isdisjoint(params) for group in self.param_groups):
            raise ValueError("some parameters appear in more than one parameter group")

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            for key in sorted(group):
                if key != "params":
                    text += f"    {key}: {group[key]}\n"
        return text + ")"

    # -------------------------------------------------------------------------- hooks
    def register_step_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before a step; it may answer new (args, kwargs).

        args holds the optimizer itself first.
        """
        return added(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after a step."""
        return added(self._optimizer_step_post_hooks, hook)


def _parameters(params: Any) -> tuple[list[Any], list[str]]:
    """The tensors of a group, and their names if it came as pairs (name, tensor)."""
    if isinstance(params, Tensor):
        params = [params]
    elif isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but "
            "the ordering of tensors in sets will change between runs. Please use a list instead."
        )
    pairs = [p if isinstance(p, tuple) else (None, p) for p in params]
    names = [p[0] for p in pairs if p[0] is not None]
    if names and len(names) != len(pairs):
        raise ValueError(
            "all optimizer params should be with/without names. Some param names are missing"
        )
    return [p[1] for p in pairs], names


def differentiated(step: Callable[..., Any]) -> Callable[..., Any]:
    """A method ``step`` that records only if the optimizer is to be differentiable."""

    @functools.wraps(step)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        with set_grad_enabled(self.defaults["differentiable"]):
            return step(self, *args, **kwargs)

    return run


def evaluated(closure: Callable[[], Any] | None) -> Any:
    """The loss that a step's closure computes, with gradients; None without one."""
    if closure is None:
        return None
    with enable_grad():
        return closure()


_use_grad_for_differentiable = differentiated  # torch's name, for optimizers written after its own


def _get_value(x: Any) -> Any:
    """The number in a tensor of one, or ``x``: by torch's name, too."""
    return x.item() if isinstance(x, Tensor) else x

"""Weight norm in its old form: a hook makes the weight anew before every forward."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from ... import _types
from ..module import Module
from ..parameter import Parameter, is_lazy
from ._matrices import norm_except_dim, normalised

M = TypeVar("M", bound=Module)


class WeightNorm:
    """The hook: makes ``<name>`` of ``<name>_g`` and ``<name>_v``."""

    def __init__(self, name: str, dim: int | None):
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Any:
        """The weight, of the norms and directions as they are."""
        v, g = getattr(module, f"{self.name}_v"), getattr(module, f"{self.name}_g")
        return normalised(v, g, self.dim)

    def __call__(self, module: Module, inputs: Any) -> None:
        """Before a forward: make the weight anew."""
        setattr(module, self.name, self.compute_weight(module))


def _hook_of(module: Module, name: str) -> Any:
    """(id, hook) of the weight norm of that name, or None."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            return key, hook
    return None


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Train the norms (``weight_g``) and the directions (``weight_v``) of a weight instead of itself.

    Deprecated, as in torch: ``parametrizations.weight_norm`` does this better.  RuntimeError if it was done before.
    """
    utils = f"{_types.package}.nn.utils"
    warnings.warn(
        f"`{utils}.weight_norm` is deprecated in favor of `{utils}.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    if _hook_of(module, name):
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook, weight = WeightNorm(name, dim), getattr(module, name)
    if is_lazy(weight):
        raise ValueError(
            "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure to run the dummy "
            "forward before applying weight normalization"
        )
    del module._parameters[name]
    module.register_parameter(f"{name}_g", Parameter(norm_except_dim(weight, hook.dim).data))
    module.register_parameter(f"{name}_v", Parameter(weight.data))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight an ordinary parameter again; ValueError if it has no weight norm."""
    found = _hook_of(module, name)
    if found is None:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    key, hook = found
    weight = hook.compute_weight(module)
    delattr(module, name)
    for part in "gv":
        del module._parameters[f"{name}_{part}"]
    setattr(module, name, Parameter(weight.data))
    del module._forward_pre_hooks[key]
    return module

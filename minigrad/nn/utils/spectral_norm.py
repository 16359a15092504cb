"""Spectral norm in its old form: a hook makes the weight anew before every forward."""

from __future__ import annotations

from typing import Any, TypeVar

from ...autograd import no_grad
from ...ops.matrix import dot
from ...tensor import Tensor
from .. import functional as F
from ..module import Module
from ..parameter import Parameter, is_lazy
from ._matrices import as_matrix, dim_of, power_method, spread_out

M = TypeVar("M", bound=Module)


class SpectralNorm:
    """The hook: makes ``<name>`` of ``<name>_orig`` with the help of ``<name>_u`` and ``<name>_v``."""

    _version = 1

    def __init__(
        self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ):
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.dim = dim
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Any:
        """The weight divided by its greatest singular value, as far as it is known."""
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            power_method(matrix, u, v, self.n_power_iterations, self.eps, "v")
            # Copies: the next call writes to the buffers, and this one's gradients need them.
            u, v = u.clone(), v.clone()
        return weight / dot(u, matrix.mv(v))

    def __call__(self, module: Module, inputs: Any) -> None:
        """Before a forward: make the weight anew."""
        setattr(module, self.name, self.compute_weight(module, module.training))

    def note_version(self, module: Module, state_dict: Any, prefix: str, metadata: Any) -> None:
        """A hook on ``state_dict``: what the state means."""
        metadata.setdefault("spectral_norm", {})[f"{self.name}.version"] = self._version


def _hook_of(module: Module, name: str) -> Any:
    """(id, hook) of the spectral norm of that name, or None."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            return key, hook
    return None


def spectral_norm(
    module: M,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> M:
    """Divide a weight by its greatest singular value, which power iterations before each forward follow.

    dim: the dimension of the outputs; None: 1 for transposed convolutions, else 0.  Answers the module.
    RuntimeError if it was done before.  See ``parametrizations.spectral_norm``, the form to be preferred.
    """
    if _hook_of(module, name):
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    hook = SpectralNorm(name, n_power_iterations, dim_of(module, dim), eps)
    weight = module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    if is_lazy(weight):
        raise ValueError(
            "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy "
            "forward before applying spectral normalization"
        )
    with no_grad():
        rows, columns = as_matrix(weight, hook.dim).shape
        u, v = (F.normalize(spread_out(weight, count), dim=0, eps=eps) for count in (rows, columns))
    delattr(module, name)
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.data)
    module.register_buffer(f"{name}_u", u)
    module.register_buffer(f"{name}_v", v)
    module.register_forward_pre_hook(hook)
    module._register_state_dict_hook(hook.note_version)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make the weight an ordinary parameter again; ValueError if it has no spectral norm."""
    found = _hook_of(module, name)
    if found is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    key, hook = found
    with no_grad():
        weight: Tensor = hook.compute_weight(module, do_power_iteration=False)
    for part in ("", "_u", "_v", "_orig"):
        delattr(module, name + part)
    module.register_parameter(name, Parameter(weight.detach()))
    del module._forward_pre_hooks[key]
    hooks = module._own_hooks().state_dict
    for id in [id for id, h in hooks.items() if getattr(h, "__self__", None) is hook]:
        del hooks[id]
    return module

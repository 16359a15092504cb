"""Lazy layers: layers that learn the size of their input from the first one they are given.

Their parameters are uninitialized until then; afterwards the layer changes its class to the
ordinary one.
"""

from __future__ import annotations

from typing import Any

from .module import Module
from .parameter import is_lazy


class LazyModuleMixin(Module):
    """What makes a layer lazy: it is initialized before its first forward, or by a state.

    A subclass defines ``initialize_parameters`` and names the class it is to become.
    """

    cls_to_become: type[Module] | None = None

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._load_hook = self.register_load_state_dict_pre_hook(_take_shapes)
        self._initialize_hook = self.register_forward_pre_hook(_infer_parameters, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters their shapes, from the arguments of the first call."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def has_uninitialized_params(self) -> bool:
        """Whether some parameter or buffer has no shape yet."""
        return any(is_lazy(t) for t in [*self._parameters.values(), *self._buffers.values()])


def _take_shapes(module: LazyModuleMixin, state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
    """Before a state is loaded: give parameters the shapes of what is to be copied."""
    for name, target in [*module._parameters.items(), *module._buffers.items()]:
        source = state_dict.get(prefix + name)
        if source is not None and is_lazy(target) and not is_lazy(source):
            target.materialize(source.shape)  # type: ignore[union-attr]


def _infer_parameters(
    module: LazyModuleMixin, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Before the first forward: initialize, and become the ordinary layer."""
    module.initialize_parameters(*args, **kwargs)
    if module.has_uninitialized_params():
        raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
    module._initialize_hook.remove()
    module._load_hook.remove()
    del module._initialize_hook, module._load_hook
    if module.cls_to_become is not None:
        module.__class__ = module.cls_to_become  # type: ignore[assignment]

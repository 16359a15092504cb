"""A module as a function of its parameters, and the parameters of several modules as those of one."""

from __future__ import annotations

from typing import Any

from ..nn.utils._stateless import functional_call
from ..ops.parts import stack
from ..tensor import Tensor


def stack_module_state(models: Any) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of modules of one make, by name, each stacked along a new first dimension.

    RuntimeError for no module, for modules of different types, or in different modes.
    """
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({m.training for m in models}) > 1:
        raise RuntimeError(
            "stack_module_state: Expected all models to have the same training/eval mode."
        )
    if any(type(m) is not type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    named = [[dict(m.named_parameters()), dict(m.named_buffers())] for m in models]
    parameters, buffers = (
        {name: stack([each[i][name] for each in named]).detach() for name in named[0][i]}
        for i in (0, 1)
    )
    for name, value in parameters.items():
        value.requires_grad_(named[0][0][name].requires_grad)
    return parameters, buffers


__all__ = ["functional_call", "stack_module_state"]

"""Where older scripts have ``functional_call`` from."""

from __future__ import annotations

import warnings
from typing import Any

from ..module import Module
from . import _stateless


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Any],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """`func.functional_call`, with a warning that it has moved there.

    >>> import warnings
    >>> import minigrad as mg
    >>> warnings.simplefilter("ignore")
    >>> net = mg.nn.Linear(2, 1)
    >>> given = {"weight": mg.ones(1, 2), "bias": mg.zeros(1)}
    >>> mg.nn.utils.stateless.functional_call(net, given, mg.tensor([1.0, 2.0]))
    tensor([3.])
    """
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future "
        "version of PyTorch. Please use `torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return _stateless.functional_call(
        module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict
    )


__all__ = ["functional_call"]

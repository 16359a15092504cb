"""``DataParallel``, for programs that wrap their networks in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .module import Module


class DataParallel(Module):
    """Calls ``module``: on the CPU there is nothing to divide a batch among, as in torch without GPUs.

    ``module`` is kept under that name, so states have the keys ``module.…``; ``device_ids``, ``output_device`` and
    ``dim`` change nothing.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.DataParallel.html

    >>> import minigrad as mg
    >>> net = mg.nn.DataParallel(mg.nn.Linear(2, 3, bias=False))
    >>> net(mg.ones(1, 2)).shape, list(net.state_dict())
    (minigrad.Size([1, 3]), ['module.weight'])
    """

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[Any] | None = None,
        output_device: Any = None,
        dim: int = 0,
    ):
        super().__init__()
        self.module = module
        self.device_ids: list[Any] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module answers."""
        return self.module(*inputs, **kwargs)

"""``torch.cuda.amp``, where older scripts have ``autocast`` and ``GradScaler`` from: without a GPU both do nothing."""

from __future__ import annotations

import warnings
from typing import Any

from .. import amp
from ..amp import custom_bwd, custom_fwd


class autocast(amp.autocast):  # noqa: N801  (torch's name)
    """`amp.autocast` of a GPU: disabled, with a warning unless it was made so."""

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True):
        _deprecated("autocast")
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """`amp.GradScaler` of a GPU: disabled, with a warning unless it was made so."""

    def __init__(self, *args: Any, **kwargs: Any):
        _deprecated("GradScaler")
        super().__init__("cuda", *args, **kwargs)


def _deprecated(name: str) -> None:
    warnings.warn(
        f"`torch.cuda.amp.{name}(args...)` is deprecated. Please use `torch.amp.{name}('cuda', args...)` instead.",
        FutureWarning,
        stacklevel=3,
    )


__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]

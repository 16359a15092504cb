"""``torch.amp``: training in mixed precision, as far as it goes on this CPU.

Everything is computed in the dtype of its tensors, so that `autocast` says that it does nothing, as torch's own does
where it lacks the device or the dtype.  `GradScaler` scales, for losses computed in float16.
"""

from __future__ import annotations

from ._autocast import autocast, custom_bwd, custom_fwd, is_autocast_available
from .grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]

"""Instance normalisation layers, plain and lazy."""

from __future__ import annotations

import warnings
from typing import Any

from ..tensor import Tensor
from . import functional as F
from .batchnorm import _LazyNormBase, _NormBase


class _InstanceNorm(_NormBase):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any
    ) -> None:
        if local_metadata.get("version") is None and not self.track_running_stats:
            names = ("running_mean", "running_var")
            found = [name for name in names if state_dict.pop(prefix + name, None) is not None]
            if found:
                kind = type(self).__name__
                rest[-1].append(  # the messages of errors
                    f"Unexpected running stats buffer(s) {' and '.join(map(repr, found))} for {kind} with "
                    "track_running_stats=False. A checkpoint from before 0.4.0 may have them: remove these "
                    f"keys, or if they are needed, make the {kind} with track_running_stats=True."
                )
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, *size) or (C, *size): the input's shape."""
        self._check_input_dim(input)
        batched = input.dim() == self._dims[1]
        dim = 1 if batched else 0
        if input.shape[dim] != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={dim} to match num_features ({self.num_features}), "
                    f"but got: {input.shape[dim]}."
                )
            warnings.warn(
                f"input's size at dim={dim} does not match num_features. You can silence this warning by "
                "not passing in num_features, which is not used because affine=False",
                stacklevel=2,
            )
        out = F.instance_norm(
            input if batched else input.unsqueeze(0),
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum if self.momentum is not None else 0.0,
            self.eps,
        )
        return out if batched else out.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Every channel of every sample of (N, C, L) or (C, L) with mean 0 and variance 1.

    Same arguments as torch.nn.InstanceNorm1d.
    """

    _dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Every channel of every sample of (N, C, H, W) or (C, H, W) with mean 0 and variance 1.

    Same arguments as torch.nn.InstanceNorm2d.

    >>> import minigrad as mg
    >>> mg.nn.InstanceNorm2d(1)(mg.tensor([[[-256.0, 256.0]]]))
    tensor([[[-1.,  1.]]])
    """

    _dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Every channel of every sample of (N, C, D, H, W) or (C, D, H, W) with mean 0 and variance 1.

    Same arguments as torch.nn.InstanceNorm3d.
    """

    _dims = (4, 5)


# ----------------------------------------------------------------------------------------- lazy
class LazyInstanceNorm1d(_LazyNormBase, _InstanceNorm):
    """An InstanceNorm1d that takes ``num_features`` from its first input.

    Same arguments as torch.nn.LazyInstanceNorm1d.
    """

    _dims = InstanceNorm1d._dims
    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNormBase, _InstanceNorm):
    """An InstanceNorm2d that takes ``num_features`` from its first input.

    Same arguments as torch.nn.LazyInstanceNorm2d.
    """

    _dims = InstanceNorm2d._dims
    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNormBase, _InstanceNorm):
    """An InstanceNorm3d that takes ``num_features`` from its first input.

    Same arguments as torch.nn.LazyInstanceNorm3d.
    """

    _dims = InstanceNorm3d._dims
    cls_to_become = InstanceNorm3d

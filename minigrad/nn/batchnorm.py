"""Batch normalisation layers, and the base of all layers that keep running statistics.

The lazy ones take the number of channels from their first input.
"""

from __future__ import annotations

from typing import Any

from .. import _types
from ..creation import empty, ones, tensor, zeros
from ..tensor import Tensor
from . import functional as F
from . import init
from .lazy import LazyModuleMixin
from .module import Module
from .parameter import Parameter, UninitializedBuffer, UninitializedParameter, is_lazy


class _NormBase(Module):
    """What batch and instance normalisation have in common: weight, bias and running statistics."""

    _version = 2  # 2: num_batches_tracked
    _dims: tuple[int, ...]  # how many dimensions an input may have

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self._make_state(bias, device=device, dtype=dtype)
        self.reset_parameters()

    def _make_state(self, bias: bool, **kind: Any) -> None:
        n, tracks = self.num_features, self.track_running_stats
        for name, wanted in (("weight", self.affine), ("bias", self.affine and bias)):
            self.register_parameter(name, Parameter(empty(n, **kind)) if wanted else None)
        self.register_buffer("running_mean", zeros(n, **kind) if tracks else None)
        self.register_buffer("running_var", ones(n, **kind) if tracks else None)
        self.register_buffer("num_batches_tracked", _count() if tracks else None)

    def reset_running_stats(self) -> None:
        """Set the running mean to 0, the running variance to 1, and count batches anew."""
        if self.track_running_stats:
            self.running_mean.zero_()  # type: ignore[union-attr]
            self.running_var.fill_(1)  # type: ignore[union-attr]
            self.num_batches_tracked.zero_()  # type: ignore[union-attr]

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0, and forget the running statistics."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        """ValueError for a number of dimensions that does not fit."""
        if input.dim() not in self._dims:
            wanted = " or ".join(f"{n}D" for n in self._dims)
            raise ValueError(f"expected {wanted} input (got {input.dim()}D input)")

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any
    ) -> None:
        version = local_metadata.get("version")
        if (version is None or version < 2) and self.track_running_stats:
            held = self.num_batches_tracked
            state_dict.setdefault(
                f"{prefix}num_batches_tracked", _count() if held is None else held
            )
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


def _count() -> Tensor:
    return tensor(0, dtype=_types.int64)


class _BatchNorm(_NormBase):
    def forward(self, input: Tensor) -> Tensor:
        """The input's shape; in training by the batch's statistics, which the running ones follow."""
        self._check_input_dim(input)
        uses_batch = self.training or (self.running_mean is None and self.running_var is None)
        if self.training and not self.track_running_stats:
            mean = var = None
        else:
            mean, var = self.running_mean, self.running_var
        share = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the plain average of all batches
                share = 1.0 / float(self.num_batches_tracked)
        return F.batch_norm(input, mean, var, self.weight, self.bias, uses_batch, share, self.eps)


class BatchNorm1d(_BatchNorm):
    """Every channel of (N, C) or (N, C, L) with mean 0 and variance 1 over the batch.

    ``weight``, ``bias``, ``running_mean`` and ``running_var``: (num_features,).  The running statistics
    move by the share ``momentum`` towards those of each batch in training (None: they are the plain
    average), and are what is normalised by in evaluation.  Same arguments as torch.nn.BatchNorm1d.

    >>> import minigrad as mg
    >>> mg.nn.BatchNorm1d(2)(mg.tensor([[1.0, 10.0], [3.0, 30.0]])).detach()
    tensor([[-1.0000, -1.0000],
            [ 1.0000,  1.0000]])
    """

    _dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Every channel of (N, C, H, W) with mean 0 and variance 1 over the batch.

    Same arguments as torch.nn.BatchNorm2d; see ``BatchNorm1d``.

    >>> import minigrad as mg
    >>> mg.nn.BatchNorm2d(16)
    BatchNorm2d(16, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    """

    _dims = (4,)


class BatchNorm3d(_BatchNorm):
    """Every channel of (N, C, D, H, W) with mean 0 and variance 1 over the batch.

    Same arguments as torch.nn.BatchNorm3d; see ``BatchNorm1d``.
    """

    _dims = (5,)


class SyncBatchNorm(_BatchNorm):
    """A batch normalisation of any input (N, C, ...); there is one process, and nothing to keep in step.

    Same arguments as torch.nn.SyncBatchNorm; see ``BatchNorm1d``.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")
        if input.shape[1] == 0:
            raise ValueError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """The module with such layers, of the same parameters, in the place of its batch normalisations."""
        made = module
        if isinstance(module, _BatchNorm):
            made = SyncBatchNorm(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                setattr(made, name, getattr(module, name))
            made.training = module.training
        for name, child in module.named_children():
            made.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return made


# ----------------------------------------------------------------------------------------- lazy
class _LazyNormBase(LazyModuleMixin, _NormBase):
    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(0, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _make_state(self, bias: bool, **kind: Any) -> None:
        tracks = self.track_running_stats
        for name, wanted in (("weight", self.affine), ("bias", self.affine and bias)):
            self.register_parameter(name, UninitializedParameter(**kind) if wanted else None)
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, UninitializedBuffer(**kind) if tracks else None)
        self.register_buffer("num_batches_tracked", _count() if tracks else None)

    def reset_parameters(self) -> None:
        """Set the parameters to their first values, once their shapes are known."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take the number of channels from the input's second dimension."""
        states = [self.weight, self.bias, self.running_mean, self.running_var]
        made = [s for s in states if s is not None and not is_lazy(s)]
        # A state may have been loaded before the first input: it says the size.
        self.num_features = made[0].shape[0] if made else input.shape[1]
        if self.has_uninitialized_params():
            for state in states:
                if is_lazy(state):
                    state.materialize((self.num_features,))  # type: ignore[union-attr]
            self.reset_parameters()


class LazyBatchNorm1d(_LazyNormBase, _BatchNorm):
    """A BatchNorm1d that takes ``num_features`` from its first input.

    Same arguments as torch.nn.LazyBatchNorm1d.
    """

    _dims = BatchNorm1d._dims
    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNormBase, _BatchNorm):
    """A BatchNorm2d that takes ``num_features`` from its first input.

    Same arguments as torch.nn.LazyBatchNorm2d.

    >>> import minigrad as mg
    >>> layer = mg.nn.LazyBatchNorm2d()
    >>> _ = layer(mg.zeros(2, 8, 3, 3))
    >>> layer.num_features
    8
    """

    _dims = BatchNorm2d._dims
    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNormBase, _BatchNorm):
    """A BatchNorm3d that takes ``num_features`` from its first input.

    Same arguments as torch.nn.LazyBatchNorm3d.
    """

    _dims = BatchNorm3d._dims
    cls_to_become = BatchNorm3d

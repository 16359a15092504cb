"""Normalisation layers without running statistics: of layers, of groups, of neighbouring channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter


class _Affine(Module):
    """What these layers have in common: a weight, and perhaps a bias, that start as 1 and 0."""

    weight: Parameter | None
    bias: Parameter | None

    def _make_parameters(self, shape: Any, wanted: dict[str, bool], **kind: Any) -> None:
        for name, is_wanted in wanted.items():
            self.register_parameter(name, Parameter(empty(shape, **kind)) if is_wanted else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        for name, parameter in self._parameters.items():
            if parameter is not None:
                (init.ones_ if name == "weight" else init.zeros_)(parameter)


def _sizes(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    """An int or ints as a tuple."""
    if hasattr(normalized_shape, "__index__"):
        return (normalized_shape,)  # type: ignore[return-value]
    return tuple(normalized_shape)


class LayerNorm(_Affine):
    """The last dimensions, of ``normalized_shape``, with mean 0 and variance 1, times weight plus bias.

    ``weight`` and ``bias`` have the shape ``normalized_shape``.  Same arguments as torch.nn.LayerNorm.

    >>> import minigrad as mg
    >>> mg.nn.LayerNorm([2, 3])
    LayerNorm((2, 3), eps=1e-05, elementwise_affine=True, bias=True)
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        wanted = {"weight": elementwise_affine, "bias": elementwise_affine and bias}
        self._make_parameters(self.normalized_shape, wanted, device=device, dtype=dtype)

    def forward(self, input: Tensor) -> Tensor:
        """(*, *normalized_shape): the input's shape."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class GroupNorm(_Affine):
    """Every one of ``num_groups`` groups of channels of a sample with mean 0 and variance 1.

    (N, C, *size) times ``weight`` plus ``bias``, (C,).  ValueError if the groups do not divide the
    channels.  Same arguments as torch.nn.GroupNorm.

    >>> import minigrad as mg
    >>> mg.nn.GroupNorm(2, 6)(mg.ones(1, 6, 4)).shape
    minigrad.Size([1, 6, 4])
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__()
        if num_channels % num_groups != 0:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        wanted = {"weight": affine, "bias": affine and bias}
        self._make_parameters(num_channels, wanted, device=device, dtype=dtype)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, *size): the input's shape."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(_Affine):
    """The last dimensions, of ``normalized_shape``, divided by the root of their mean square, times weight.

    Same arguments as torch.nn.RMSNorm.

    >>> import minigrad as mg
    >>> mg.nn.RMSNorm(3)(mg.tensor([-2.0, 2.0, 2.0]))
    tensor([-1.,  1.,  1.], grad_fn=<MulBackward0>)
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        wanted = {"weight": elementwise_affine}
        self._make_parameters(self.normalized_shape, wanted, device=device, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        """(*, *normalized_shape): the input's shape."""
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class LocalResponseNorm(Module):
    """Every number divided by what ``size`` neighbouring channels have at its place.

    See ``nn.functional.local_response_norm``.  Same arguments as torch.nn.LocalResponseNorm.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0):
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, *size): the input's shape."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(Module):
    """`LocalResponseNorm` of pictures as it was in Lua, with the same numbers as in torch.

    A window of even ``size`` has one channel less, and the first channel stays in all windows after its own.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1):
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W): the input's shape.  ValueError for other dimensions."""
        if input.dim() != 4:
            raise ValueError(f"CrossMapLRN2d: Expected input to be 4D, got {input.dim()}D instead.")
        channels = input.shape[1]
        reach = int((self.size - 1) / 2)
        squares = F.pad(input * input, (0, 0, 0, 0, reach, reach))
        total = squares.narrow(1, 0, channels)
        for i in range(1, 2 * reach + 1):
            total = total + squares.narrow(1, i, channels)
        first = squares.narrow(1, reach, 1).expand(-1, max(0, channels - reach - 1), -1, -1)
        total = total + F.pad(first, (0, 0, 0, 0, min(reach + 1, channels), 0))
        return input * (total * (self.alpha / self.size) + self.k) ** -self.beta

    def extra_repr(self) -> str:
        """The arguments."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"

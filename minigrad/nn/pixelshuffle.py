"""Layers that reorder: channels to pixels and back, channels among groups."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from . import functional as F
from .module import Module


class PixelShuffle(Module):
    """Channels as pixels: (*, C·r², H, W) → (*, C, H·r, W·r), for upscale_factor r.

    >>> import minigrad as mg
    >>> mg.nn.PixelShuffle(3)(mg.ones(1, 9, 4, 4)).shape
    minigrad.Size([1, 1, 12, 12])
    """

    def __init__(self, upscale_factor: int):
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Any:
        """(*, C·r², H, W) → (*, C, H·r, W·r)."""
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Pixels as channels: (*, C, H·r, W·r) → (*, C·r², H, W), for downscale_factor r."""

    def __init__(self, downscale_factor: int):
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Any:
        """(*, C, H·r, W·r) → (*, C·r², H, W)."""
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """The channels (N, C, *) dealt out among ``groups``: see ``nn.functional.channel_shuffle``."""

    def __init__(self, groups: int):
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Any:
        """The input's shape."""
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        """The number of groups."""
        return f"groups={self.groups}"

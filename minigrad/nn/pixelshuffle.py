"""Layers that reorder: channels to pixels and back, channels among groups."""

from __future__ import annotations

from . import functional as F
from ._function_layer import FunctionLayer


class PixelShuffle(FunctionLayer):
    """Channels as pixels: (*, C·r², H, W) → (*, C, H·r, W·r), for upscale_factor r.

    >>> import minigrad as mg
    >>> mg.nn.PixelShuffle(3)(mg.ones(1, 9, 4, 4)).shape
    minigrad.Size([1, 1, 12, 12])
    """

    _function = staticmethod(F.pixel_shuffle)
    _passed = _shown = ("upscale_factor",)

    def __init__(self, upscale_factor: int):
        super().__init__()
        self.upscale_factor = upscale_factor


class PixelUnshuffle(FunctionLayer):
    """Pixels as channels: (*, C, H·r, W·r) → (*, C·r², H, W), for downscale_factor r."""

    _function = staticmethod(F.pixel_unshuffle)
    _passed = _shown = ("downscale_factor",)

    def __init__(self, downscale_factor: int):
        super().__init__()
        self.downscale_factor = downscale_factor


class ChannelShuffle(FunctionLayer):
    """The channels (N, C, *) dealt out among ``groups``: see ``nn.functional.channel_shuffle``."""

    _function = staticmethod(F.channel_shuffle)
    _passed = _shown = ("groups",)

    def __init__(self, groups: int):
        super().__init__()
        self.groups = groups

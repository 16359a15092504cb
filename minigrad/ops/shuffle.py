"""The reordering of channels and pixels: channels as pixels and back, channels dealt out among groups."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._formats import following
from .._tape import primitive
from ._common import expect, whole


def _laid_out(parts: Any, shape: tuple[int, ...]) -> Any:
    """A copy of an array in another shape."""
    out = np.empty(shape, parts.dtype)
    out.reshape(parts.shape)[...] = parts
    return out


@primitive(title="PixelShuffleBackward0")
def _pixel_shuffle(input, /, factor):
    """Channels as pixels: (*, C * r * r, H, W) -> (*, C, H * r, W * r)."""
    *lead, c, h, w = input.shape
    parts = input.reshape(*lead, c // (factor * factor), factor, factor, h, w)
    n = len(lead)
    moved = parts.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return _laid_out(moved, (*lead, c // (factor * factor), h * factor, w * factor))


@primitive(title="PixelUnshuffleBackward0")
def _pixel_unshuffle(input, /, factor):
    """Pixels as channels: (*, C, H * r, W * r) -> (*, C * r * r, H, W)."""
    *lead, c, h, w = input.shape
    parts = input.reshape(*lead, c, h // factor, factor, w // factor, factor)
    n = len(lead)
    moved = parts.transpose(*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return _laid_out(moved, (*lead, c * factor * factor, h // factor, w // factor))


_pixel_shuffle.vjps(input=lambda g, factor: _pixel_unshuffle(g, factor))
_pixel_unshuffle.vjps(input=lambda g, factor: _pixel_shuffle(g, factor))


@primitive(title="ChannelShuffleBackward0")
def _channel_shuffle(input, /, groups):
    """The channels (N, C, *) dealt out: the first of each group, then the second of each, and so on."""
    n, c, *size = input.shape
    parts = input.reshape(n, groups, c // groups, *size)
    return following(_laid_out(parts.swapaxes(1, 2), input.shape), input)


_channel_shuffle.vjps(input=lambda g, groups: _channel_shuffle(g, max(1, g.shape[1] // groups)))


def _three_dims(name: str, input: Any) -> tuple[int, ...]:
    expect(name, input=input)
    shape: tuple[int, ...] = input.array.shape
    if len(shape) < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)"
        )
    return shape


def pixel_shuffle(input, upscale_factor):
    """Channels as pixels: (*, C * r * r, H, W) -> (*, C, H * r, W * r).

    RuntimeError if r * r does not divide the channels.
    Source: Shi et al., Real-Time Single Image and Video Super-Resolution (2016), https://arxiv.org/abs/1609.05158

    >>> import minigrad as mg
    >>> mg.pixel_shuffle(mg.arange(4.0).reshape(4, 1, 1), 2)
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    name = "pixel_shuffle"
    factor, shape = whole(name, "upscale_factor", upscale_factor), _three_dims(name, input)
    if factor <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {factor}")
    if shape[-3] % (factor * factor):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={shape[-3]} is not divisible by {factor * factor}"
        )
    return _pixel_shuffle(input, factor)


def pixel_unshuffle(input, downscale_factor):
    """Pixels as channels, the inverse of ``pixel_shuffle``: (*, C, H * r, W * r) -> (*, C * r * r, H, W)."""
    name = "pixel_unshuffle"
    factor, shape = whole(name, "downscale_factor", downscale_factor), _three_dims(name, input)
    if factor <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {factor}")
    for what, dim in (("height", -2), ("width", -1)):
        if shape[dim] % factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {what} to be divisible by downscale_factor, but input.size({dim})="
                f"{shape[dim]} is not divisible by {factor}"
            )
    return _pixel_unshuffle(input, factor)


def channel_shuffle(input, groups):
    """The channels (N, C, *) dealt out among ``groups``: the first of each group, then the second of each, and so on.

    Source: Zhang et al., ShuffleNet (2017), https://arxiv.org/abs/1707.01083

    >>> import minigrad as mg
    >>> mg.channel_shuffle(mg.arange(6).reshape(1, 6, 1), 2).flatten()
    tensor([0, 3, 1, 4, 2, 5])
    """
    expect("channel_shuffle", input=input)
    n, shape = whole("channel_shuffle", "groups", groups), input.array.shape
    if len(shape) <= 2:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}"
        )
    if n <= 0:
        raise RuntimeError(
            f"Number of groups to divide channels in must be positive. Value of groups:{n}"
        )
    if shape[1] % n:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {shape[1]} channels and {n} groups."
        )
    return _channel_shuffle(input, n)

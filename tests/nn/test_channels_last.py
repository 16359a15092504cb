"""Pictures whose channels are last in memory: layers answer such pictures too, and gradients lie so, as in torch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stories import check

LAYERS = """
nn.Conv2d(4, 6, 3)
nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False)
nn.Conv2d(4, 4, 3, groups=4)
nn.Conv2d(4, 6, 1)
nn.Conv2d(4, 6, 3, padding="same")
nn.ConvTranspose2d(4, 3, 2, 2)
nn.MaxPool2d(2)
nn.MaxPool2d(2, return_indices=True)
nn.AvgPool2d(3, 2, 1)
nn.AdaptiveAvgPool2d((2, 3))
nn.AdaptiveMaxPool2d(2)
nn.Upsample(scale_factor=2)
nn.Upsample(scale_factor=2, mode="bilinear")
nn.Upsample(scale_factor=2, mode="bicubic")
nn.BatchNorm2d(4)
nn.BatchNorm2d(4).eval()
nn.GroupNorm(2, 4)
nn.ZeroPad2d(1)
nn.ReflectionPad2d(1)
nn.ReplicationPad2d((1, 0, 2, 1))
nn.ChannelShuffle(2)
nn.ReLU()
nn.Dropout(0.0)
nn.functional.interpolate(x, size=(4, 3), mode="bilinear", antialias=True)
nn.functional.interpolate(x, scale_factor=0.5, mode="area")
x.flip(3)
torch.cat([x, x], 1)
"""


@pytest.mark.parametrize("layer", LAYERS.strip().splitlines())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_order_in_memory_is_kept(layer: str, dtype: str) -> None:
    def story(torch: Any) -> Any:
        torch.manual_seed(0)
        x = torch.arange(2 * 4 * 8 * 6.0, dtype=getattr(torch, dtype)).reshape(2, 4, 8, 6).sin()
        x = x.to(memory_format=torch.channels_last).requires_grad_()
        given = {"torch": torch, "nn": torch.nn, "x": x}
        made = eval(layer, given)
        out = made.to(x.dtype)(x) if isinstance(made, torch.nn.Module) else made
        outs = out if isinstance(out, tuple) else (out,)
        (outs[0] ** 2).sum().backward()
        found = (*outs, x.grad)
        strides = [[s for s, n in zip(t.stride(), t.shape) if n != 1] for t in found]
        return strides, [(t.double() * 100).round().long().sum() for t in found]

    check(story)


def test_weights_decide_too() -> None:
    def story(torch: Any) -> Any:
        nn = torch.nn
        net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
        net.to(memory_format=torch.channels_last)
        out = net(torch.ones(2, 3, 8, 8))
        x = torch.empty(2, 3, 4, 5, 6).to(memory_format=torch.channels_last_3d)
        return (
            out.stride(),
            out.is_contiguous(memory_format=torch.channels_last),
            nn.Conv3d(3, 2, 2)(x).stride(),
        )

    check(story)

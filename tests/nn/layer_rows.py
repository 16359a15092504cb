"""Layers with their arguments and the shapes of their inputs: what `test_layers` goes through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import minigrad as mg


@dataclass
class Row:
    """A layer, its arguments and the shapes of its inputs."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[tuple[int, ...], ...] = ((2, 3, 4, 5),)

    def __str__(self):
        options = [*map(str, self.args), *(f"{k}={v}" for k, v in self.kwargs.items())]
        return f"{self.name}({', '.join(options)})"

    def make(self, T):
        return getattr(T.nn, self.name)(*self.args, **self.kwargs)


def row(name, *args, inputs=((2, 3, 4, 5),), **kwargs):
    return Row(name, args, kwargs, inputs)


def of_dims(n, channels=4):
    return ((2, channels, *(7, 6, 5)[:n]),)


def convolutions():
    for n in (1, 2, 3):
        plain, transposed = f"Conv{n}d", f"ConvTranspose{n}d"
        size = of_dims(n)
        yield row(plain, 4, 6, 3, inputs=size)
        yield row(plain, 4, 6, (3, 2, 1)[:n], 2, 1, 2, 2, False, inputs=size)
        yield row(plain, 4, 4, 3, padding="same", dilation=2, groups=4, inputs=size)
        yield row(plain, 4, 6, 2, padding="same", inputs=size)
        yield row(plain, 4, 6, 2, padding="valid", inputs=(size[0][1:],))
        for mode in ("reflect", "replicate", "circular"):
            yield row(plain, 4, 6, 3, padding=(1, 2, 2)[:n], padding_mode=mode, inputs=size)
        yield row(plain, 4, 6, 4, padding="same", padding_mode="circular", inputs=size)
        yield row(plain, 4, 6, 3, dtype=None, device="cpu", inputs=size)
        yield row(transposed, 4, 6, 3, inputs=size)
        yield row(transposed, 4, 6, (3, 2, 1)[:n], 2, 1, 1, 2, False, 2, inputs=size)
        yield row(transposed, 4, 6, 3, stride=3, output_padding=2, inputs=(size[0][1:],))


def poolings():
    for n in (1, 2, 3):
        size = of_dims(n)
        yield row(f"MaxPool{n}d", 2, inputs=size)
        yield row(f"MaxPool{n}d", 3, 2, 1, ceil_mode=True, inputs=size)
        yield row(f"MaxPool{n}d", 2, 1, dilation=2, inputs=size)
        yield row(f"AvgPool{n}d", 2, inputs=size)
        yield row(f"AvgPool{n}d", 3, 2, 1, True, False, inputs=size)
        yield row(f"LPPool{n}d", 2, 2, inputs=size)
        yield row(f"LPPool{n}d", 3, 3, stride=2, ceil_mode=True, inputs=size)
        yield row(f"AdaptiveMaxPool{n}d", 3, inputs=size)
        yield row(f"AdaptiveAvgPool{n}d", 3, inputs=size)
    yield row("AvgPool2d", 3, 2, divisor_override=5, inputs=of_dims(2))
    yield row("FractionalMaxPool2d", 3, output_size=(4, 3), inputs=of_dims(2))
    yield row("FractionalMaxPool2d", (2, 1), output_ratio=(0.5, 0.6), inputs=of_dims(2))
    yield row("FractionalMaxPool3d", 2, output_ratio=(0.5, 0.6, 0.7), inputs=of_dims(3))
    yield row("FractionalMaxPool3d", (2, 3, 1), output_size=3, inputs=of_dims(3))
    yield row("AdaptiveAvgPool2d", (None, 2), inputs=of_dims(2))
    yield row("AdaptiveMaxPool2d", (None, 2), inputs=of_dims(2))


def paddings():
    for n in (1, 2, 3):
        size = of_dims(n)
        sides = (1, 2, 0, 1, 2, 1)[: 2 * n]
        for kind in ("Circular", "Reflection", "Replication", "Zero"):
            yield row(f"{kind}Pad{n}d", 1, inputs=size)
            yield row(f"{kind}Pad{n}d", sides, inputs=size)
        yield row(f"ConstantPad{n}d", sides, 3.5, inputs=size)
        yield row(f"ConstantPad{n}d", -1, 3.5, inputs=size)


PLAIN = """CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish
PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softplus Softshrink Softsign Tanh Tanhshrink"""
IN_PLACE = """CELU ELU Hardsigmoid Hardswish Hardtanh LeakyReLU Mish RReLU ReLU ReLU6 SELU SiLU"""


def activations():
    for name in PLAIN.split():
        yield row(name, inputs=((2, 4, 3, 6),))
    for name in IN_PLACE.split():
        yield row(name, inplace=True)
    yield row("CELU", 0.3)
    yield row("ELU", 0.3)
    yield row("GELU", "tanh")
    yield row("GLU", 1, inputs=((2, 4, 3),))
    yield row("Hardshrink", 0.2)
    yield row("Hardtanh", -0.4, 0.7)
    yield row("LeakyReLU", 0.3)
    yield row("PReLU", 3, 0.4)
    yield row("Softplus", 2, 0.5)
    yield row("Softshrink", 0.2)
    yield row("Threshold", 0.1, 20)
    yield row("Threshold", 0.1, 20, True)
    for name in ("Softmax", "LogSoftmax", "Softmin"):
        yield row(name, 1)
        yield row(name, dim=-1)
    yield row("Softmax2d")
    yield row("Softmax2d", inputs=((3, 4, 5),))


def others():
    yield row("Identity")
    yield row("Identity", 54, unused=True)
    yield row("Linear", 5, 7)
    yield row("Linear", 5, 7, False, inputs=((5,),))
    yield row("Bilinear", 3, 4, 5, inputs=((2, 3), (2, 4)))
    yield row("Bilinear", 3, 4, 5, bias=False, inputs=((2, 3), (2, 4)))
    yield row("PairwiseDistance", inputs=((2, 3), (2, 3)))
    yield row("PairwiseDistance", 1.0, 0.1, True, inputs=((4, 2, 3), (2, 3)))
    yield row("CosineSimilarity", inputs=((3, 5), (3, 5)))
    yield row("CosineSimilarity", dim=-1, eps=1e-3, inputs=((3, 5), (4, 1, 5)))
    yield row("Flatten")
    yield row("Flatten", 0, 2)
    yield row("Unflatten", 3, (5, -1))
    yield row("Unflatten", -1, [1, 5])
    yield row("Fold", (4, 5), (2, 2), inputs=((1, 12, 12),))
    yield row("Unfold", (2, 3), 1, 1, 2)
    yield row("LazyLinear", 7)
    yield row("LazyLinear", 7, bias=False)
    for n in (1, 2, 3):
        yield row(f"LazyConv{n}d", 6, 3, groups=2, inputs=of_dims(n))
        yield row(f"LazyConvTranspose{n}d", 6, 3, 2, bias=False, inputs=of_dims(n))
    for name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout"):
        size = {"Dropout1d": ((2, 3, 5),), "Dropout3d": ((2, 3, 2, 2, 2),)}
        yield row(name, inputs=size.get(name, ((2, 3, 4, 5),)))
        yield row(name, 0.2, inputs=size.get(name, ((2, 3, 4, 5),)))
    yield row("FeatureAlphaDropout", 0.3)


def normalisations():
    for n in (1, 2, 3):
        size = of_dims(n)
        yield row(f"BatchNorm{n}d", 4, inputs=size)
        yield row(f"BatchNorm{n}d", 4, 1e-3, 0.3, affine=False, inputs=size)
        yield row(f"BatchNorm{n}d", 4, momentum=None, bias=False, inputs=size)
        yield row(f"BatchNorm{n}d", 4, track_running_stats=False, inputs=size)
        yield row(f"InstanceNorm{n}d", 4, inputs=size)
        yield row(f"InstanceNorm{n}d", 4, 1e-3, 0.3, True, True, inputs=size)
        yield row(f"InstanceNorm{n}d", 4, affine=True, bias=False, inputs=(size[0][1:],))
        yield row(f"LazyBatchNorm{n}d", inputs=size)
        yield row(f"LazyBatchNorm{n}d", affine=False, momentum=None, inputs=size)
        yield row(f"LazyInstanceNorm{n}d", inputs=size)
        yield row(f"LazyInstanceNorm{n}d", bias=False, track_running_stats=False, inputs=size)
    yield row("SyncBatchNorm", 4, 1e-3, inputs=((5, 4, 2),))
    yield row("BatchNorm1d", 4, inputs=((5, 4),))
    yield row("LayerNorm", 5)
    yield row("LayerNorm", [4, 5], eps=1e-3, bias=False)
    yield row("LayerNorm", (3, 4, 5), elementwise_affine=False)
    yield row("GroupNorm", 3, 6, inputs=of_dims(2, 6))
    yield row("GroupNorm", 2, 6, 1e-3, bias=False, inputs=of_dims(1, 6))
    yield row("GroupNorm", 6, 6, affine=False, inputs=of_dims(3, 6))
    yield row("RMSNorm", 5)
    yield row("RMSNorm", (4, 5), 1e-3, elementwise_affine=False)
    yield row("LocalResponseNorm", 2)
    yield row("LocalResponseNorm", 3, 0.1, 0.5, 2.0, inputs=of_dims(1))


def resamplings():
    yield row("Upsample", scale_factor=2, inputs=of_dims(1))
    yield row("Upsample", (3, 5), mode="nearest-exact", inputs=of_dims(2))
    yield row("Upsample", None, (1.5, 2.0, 0.5), "trilinear", True, inputs=of_dims(3))
    yield row("Upsample", None, 1.7, "bicubic", False, True, inputs=of_dims(2))
    yield row("UpsamplingNearest2d", 3, inputs=of_dims(2))
    yield row("UpsamplingNearest2d", scale_factor=(2, 3), inputs=of_dims(2))
    yield row("UpsamplingBilinear2d", (9, 11), inputs=of_dims(2))
    yield row("UpsamplingBilinear2d", scale_factor=2, inputs=of_dims(2))
    yield row("PixelShuffle", 2, inputs=of_dims(2))
    yield row("PixelUnshuffle", 2, inputs=((2, 3, 4, 6),))
    yield row("ChannelShuffle", 2, inputs=of_dims(2))


# Rows of layers that are still to come wait here for their layer.
ROWS = [
    r
    for group in (
        convolutions,
        poolings,
        paddings,
        activations,
        normalisations,
        resamplings,
        others,
    )
    for r in group()
    if hasattr(mg.nn, r.name)
]

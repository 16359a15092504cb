"""Which of PyTorch's files in ``nn.modules`` has the classes of minigrad's files in ``nn``."""

from __future__ import annotations

from .. import _places

# minigrad's file -> PyTorch's
FILES = {
    "activation": "activation",
    "adaptive": "adaptive",
    "batchnorm": "batchnorm",
    "container": "container",
    "conv": "conv",
    "distance": "distance",
    "dropout": "dropout",
    "flatten": "flatten",
    "instancenorm": "instancenorm",
    "lazy": "lazy",
    "lazy_conv": "conv",
    "linear": "linear",
    "loss": "loss",
    "loss_margins": "loss",
    "module": "module",
    "normalization": "normalization",
    "padding": "padding",
    "parameter_container": "container",
    "pixelshuffle": "pixelshuffle",
    "pooling": "pooling",
    "softmax": "activation",
    "sparse": "sparse",
    "upsampling": "upsampling",
}
APART = {"ChannelShuffle": "channelshuffle", "Fold": "fold", "Unfold": "fold"}

# The bases whose constructors PyTorch's layers inherit too.
SHARED = {
    "_AdaptiveAvgPoolNd",
    "_AdaptiveMaxPoolNd",
    "_BatchNorm",
    "_DropoutNd",
    "_InstanceNorm",
    "_LPPoolNd",
    "_LazyNormBase",
    "_Loss",
    "_MaxPoolNd",
    "_WeightedLoss",
}
# Those whose ``forward`` they inherit, and the function that stands for none.
CALLED = {
    "_BatchNorm",
    "_CircularPadNd",
    "_ConstantPadNd",
    "_InstanceNorm",
    "_PadNd",
    "_missing_forward",
}


def place(package: str) -> None:
    """Let the layers say that they are from PyTorch's files, below ``package``."""
    apart = {name: f"{package}.modules.{file}" for name, file in APART.items()}
    for source, file in FILES.items():
        _places.place(f"{package}.{source}", f"{package}.modules.{file}", apart, SHARED, CALLED)

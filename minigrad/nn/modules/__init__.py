"""``torch.nn.modules``: the layers again, under the names of PyTorch's files.

For programs that import from there, e.g. ``from torch.nn.modules.batchnorm import _BatchNorm``.  Each of PyTorch's
files stands for one or more of minigrad's, and has all their classes and functions.
"""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any

from .. import __all__ as _layers
from . import utils

# The name of PyTorch's file -> minigrad's files that have what is in it.
_FILES = {
    "activation": "activation softmax",
    "batchnorm": "batchnorm",
    "channelshuffle": "pixelshuffle",
    "container": "container parameter_container",
    "conv": "conv lazy_conv",
    "distance": "distance",
    "dropout": "dropout",
    "flatten": "flatten",
    "fold": "flatten",
    "instancenorm": "instancenorm",
    "lazy": "lazy",
    "linear": "linear",
    "loss": "loss loss_margins",
    "module": "module _hooks _registration",
    "normalization": "normalization",
    "padding": "padding",
    "pixelshuffle": "pixelshuffle",
    "pooling": "pooling",
    "sparse": "sparse",
    "upsampling": "upsampling",
}
_nn = __name__.rpartition(".")[0]


def _file(name: str, sources: list[str]) -> types.ModuleType:
    """A module that has what its sources define, importable below this package."""
    made = types.ModuleType(f"{__name__}.{name}", f"PyTorch's file {name}.")
    for source in sources:
        found = importlib.import_module(f"{_nn}.{source}")
        for key, value in vars(found).items():
            if getattr(value, "__module__", None) == found.__name__:
                setattr(made, key, value)
    sys.modules[made.__name__] = made
    return made


globals().update({name: _file(name, sources.split()) for name, sources in _FILES.items()})


def __getattr__(name: str) -> Any:
    """A layer: all of ``nn`` are here as well."""
    if name not in _layers:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(sys.modules[_nn], name)


__all__ = ["utils"]

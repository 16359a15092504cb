"""``torch.nn.modules``: the layers again, under the names of PyTorch's files.

For programs that import from there, e.g. ``from torch.nn.modules.batchnorm import _BatchNorm``.  Each of PyTorch's
files stands for one or more of minigrad's, and has all their classes and functions.
"""

from __future__ import annotations

import inspect
import sys
import types
from typing import Any

from .. import __all__ as _layers
from .. import functional, init
from .._files import APART, FILES
from ..module import Module, _hooks, _registration, _state
from ..parameter import Parameter
from . import utils

_nn = __name__.rpartition(".")[0]
_COMMON = {  # what PyTorch's files import, and others from there
    "F": functional,
    "Module": Module,
    "Parameter": Parameter,
    "_pair": utils._pair,
    "_single": utils._single,
    "_triple": utils._triple,
    "init": init,
}


class _Sources:
    """Where ``inspect`` finds the source of what is in several files."""

    def __init__(self, files: list[Any]):
        self.files = files

    def get_source(self, name: str) -> str:
        return "\n".join(inspect.getsource(file) for file in self.files)


def _file(name: str) -> types.ModuleType:
    """A module that has what its sources define, importable below this package."""
    made = types.ModuleType(f"{__name__}.{name}", f"PyTorch's file {name}.")
    vars(made).update(_COMMON)
    sources = [s for s, file in FILES.items() if file == name]
    found = [sys.modules[f"{_nn}.{s}"] for s in sources]
    if name == "module":
        found += [_hooks, _registration, _state]
    for source in found:
        for key, value in vars(source).items():
            if getattr(value, "__module__", None) in (source.__name__, made.__name__):
                setattr(made, key, value)
    if len(sources) == 1:
        made.__file__ = found[0].__file__
    else:
        made.__file__ = f"{__file__.removesuffix('__init__.py')}{name}.py"  # is not there
        made.__loader__ = _Sources(found)  # type: ignore[assignment]
    sys.modules[made.__name__] = made
    return made


_files = {name: _file(name) for name in {*FILES.values(), *APART.values()}}
for _name, _where in APART.items():
    _kind = getattr(sys.modules[_nn], _name)
    setattr(_files[_where], _name, _kind)
    _files[_where].__file__ = _kind.__init__.__code__.co_filename
_files["instancenorm"]._NormBase = _files["batchnorm"]._NormBase  # type: ignore[attr-defined]
globals().update(_files)


def __getattr__(name: str) -> Any:
    """A layer: all of ``nn`` are here as well."""
    if name not in _layers:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(sys.modules[_nn], name)


__all__ = ["utils"]

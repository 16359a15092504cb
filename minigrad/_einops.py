"""einops on minigrad's tensors: ``rearrange``, ``reduce``, ``repeat``, ``einsum`` and the rest, with gradients.

einops asks the subclasses of its ``AbstractBackend`` whose a tensor is, but imports no framework itself. So the
subclass for minigrad is made as soon as both packages are imported, whichever comes first; minigrad does not need
einops, and never imports it.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

_BACKENDS = "einops._backends"


def meet() -> None:
    """Make einops know minigrad's tensors, at once if it is imported already, else when it is."""
    if _BACKENDS in sys.modules:
        _introduce(sys.modules[_BACKENDS])
    else:
        sys.meta_path.insert(0, _Doorkeeper())


class _Doorkeeper:
    """Stands among the finders of modules until einops comes; finds nothing itself."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The spec of einops's module of back ends, with the introduction added to its loading."""
        if name != _BACKENDS:
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _Introducing(spec.loader)  # type: ignore[assignment]
                return spec
        return None


class _Introducing:
    """A loader that introduces minigrad to the module it has loaded."""

    def __init__(self, loader: Any):
        self.loader = loader

    def create_module(self, spec: Any) -> Any:
        """What the module's own loader makes."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, then introduce minigrad."""
        self.loader.exec_module(module)
        _introduce(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)


def _introduce(backends: ModuleType) -> None:
    """Define einops's back end for minigrad: https://einops.rocks/api/ has none to be registered, it looks for them."""
    package = __package__
    torch = sys.modules[package or ""]

    class Backend(backends.AbstractBackend):  # type: ignore[name-defined, misc]
        framework_name = package

        def is_appropriate_type(self, tensor: Any) -> bool:
            return isinstance(tensor, torch.Tensor)

        def from_numpy(self, x: Any) -> Any:
            return torch.from_numpy(x)

        def to_numpy(self, x: Any) -> Any:
            return x.detach().numpy()

        def arange(self, start: int, stop: int) -> Any:
            return torch.arange(start, stop, dtype=torch.int64)

        def reduce(self, x: Any, operation: str, axes: Any) -> Any:
            if operation in ("min", "max", "sum", "mean"):
                return getattr(x, {"min": "amin", "max": "amax"}.get(operation, operation))(axes)
            for axis in sorted(axes, reverse=True):  # any, all, prod take one dimension at a time
                x = getattr(x, operation)(axis)
            return x

        def transpose(self, x: Any, axes: Any) -> Any:
            return x.permute(axes)

        def stack_on_zeroth_dimension(self, tensors: list[Any]) -> Any:
            return torch.stack(tensors)

        def add_axis(self, x: Any, new_position: int) -> Any:
            return x.unsqueeze(new_position)

        def add_axes(self, x: Any, n_axes: int, pos2len: dict[int, int]) -> Any:
            for position in pos2len:
                x = x.unsqueeze(position)
            return x.expand([pos2len.get(i, -1) for i in range(n_axes)])

        def tile(self, x: Any, repeats: Any) -> Any:
            return x.repeat(repeats)

        def concat(self, tensors: Any, axis: int) -> Any:
            return torch.cat(tensors, axis)

        def is_float_type(self, x: Any) -> bool:
            return bool(x.is_floating_point())

        def einsum(self, pattern: str, *x: Any) -> Any:
            return torch.einsum(pattern, *x)

    _kept.append(Backend)  # einops looks among subclasses, which it does not keep alive


_kept: list[type] = []

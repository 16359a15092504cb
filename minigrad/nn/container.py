"""Containers: modules made of modules in a row, a list or a dict.

They keep their parts in the module's own registries, so a part is also ``container.<name>`` and its
state has the key ``<name>.…``; the names of rows and lists are "0", "1", ...
"""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView
from itertools import chain
from typing import Any, TypeVar

from .module import Module, _addindent, block

T = TypeVar("T", bound="_Row")


def position(index: Any, size: int) -> int:
    """An index as an int in [0, size); IndexError outside, TypeError for what is no index."""
    i = operator.index(index)
    if not -size <= i < size:
        raise IndexError(f"index {i} is out of range")
    return i % size


class _Row(Module):
    """What Sequential and ModuleList have in common: modules by position."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, self._names(idx)[0], module)

    def __delitem__(self, idx: int | slice) -> None:
        for name in self._names(idx):
            delattr(self, name)
        self._modules = {str(i): module for i, module in enumerate(self)}

    def _names(self, idx: int | slice) -> list[str]:
        names = list(self._modules)
        return names[idx] if isinstance(idx, slice) else [names[position(idx, len(names))]]

    def append(self: T, module: Module) -> T:
        """Add a module at the end; answers the container."""
        self.add_module(str(len(self)), module)
        return self

    def pop(self, key: int | slice) -> Any:
        """Remove the module at a position, or those of a slice, and answer it."""
        found = self[key]  # type: ignore[index]
        del self[key]
        return found

    def _make_room(self, index: int, module: Module) -> None:
        for i in range(len(self), index, -1):
            self._modules[str(i)] = self._modules[str(i - 1)]
        self._modules[str(index)] = module

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]


class Sequential(_Row):
    """Modules one after the other: the output of each is the input of the next.

    Args: the modules; or one OrderedDict, whose keys become their names.

    >>> import minigrad as mg
    >>> net = mg.nn.Sequential(mg.nn.Linear(4, 3), mg.nn.ReLU(), mg.nn.Linear(3, 2))
    >>> net[:2]
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
      (1): ReLU()
    )
    >>> net(mg.ones(5, 4)).shape
    minigrad.Size([5, 2])
    """

    def __init__(self, *args: Any):
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            named = list(args[0].items())
        else:
            named = [(str(i), module) for i, module in enumerate(args)]
        for name, module in named:
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        """What the last module makes of what those before it made of the input."""
        for module in self._modules.values():
            input = module(input)
        return input

    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return type(self)(OrderedDict(list(self._modules.items())[idx]))
        return self._modules[self._names(idx)[0]]

    def insert(self, index: int, module: Module) -> Sequential:
        """Put a module before the one at ``index``; answers the container.

        IndexError outside [-n, n].
        """
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        size = len(self)
        if not -size <= index <= size:
            raise IndexError(f"Index out of range: {index}")
        self._make_room(index + size if index < 0 else index, module)
        return self

    def extend(self, sequential: Iterable[Module]) -> Sequential:
        """Add modules at the end; answers the container."""
        for module in sequential:
            self.append(module)
        return self

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *_sequential(other))

    def __iadd__(self, other: Sequential) -> Sequential:
        return self.extend(list(_sequential(other)))

    def __mul__(self, other: int) -> Sequential:
        return Sequential(*list(self) * self._factor(other))

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Sequential:
        return self.extend(list(self) * (self._factor(other) - 1))

    def _factor(self, n: Any) -> int:
        if not isinstance(n, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(n)}")
        if n <= 0:
            raise ValueError(f"Non-positive multiplication factor {n} for {type(self)}")
        return n


def _sequential(other: Any) -> Sequential:
    if not isinstance(other, Sequential):
        raise ValueError(
            f"add operator supports only objects of Sequential class, but {type(other)} is given."
        )
    return other


class ModuleList(_Row):
    """A list of modules, to be called as the owner's ``forward`` likes.

    >>> import minigrad as mg
    >>> mg.nn.ModuleList([mg.nn.ReLU(), mg.nn.ReLU(), mg.nn.Tanh()])
    ModuleList(
      (0-1): 2 x ReLU()
      (2): Tanh()
    )
    """

    def __init__(self, modules: Iterable[Module] | None = None):
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return type(self)(list(self)[idx])
        return self._modules[self._names(idx)[0]]

    def insert(self, index: int, module: Module) -> None:
        """Put a module before the one at ``index``, counted as a list counts."""
        size = len(self)
        self._make_room(min(index, size) if index >= 0 else max(index + size, 0), module)

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end; answers the container.  TypeError for what is no iterable."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleList.extend should be called with an "
                "iterable, but got " + type(modules).__name__
            )
        for module in list(modules):
            self.append(module)
        return self

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList(chain(self, other))

    def __repr__(self) -> str:
        runs: list[tuple[int, str]] = []  # (the position of the first, the printed form)
        for i, module in enumerate(self):
            if not runs or runs[-1][1] != repr(module):
                runs.append((i, repr(module)))
        lines: list[str] = []
        after = len(self)
        for first, text in reversed(runs):
            n = after - first
            line = f"({first}): {text}" if n == 1 else f"({first}-{after - 1}): {n} x {text}"
            lines.insert(0, _addindent(line, 2))
            after = first
        return f"{self._get_name()}({block(lines)})"


class ModuleDict(Module):
    """A dict of modules, in the order they were put in.

    >>> import minigrad as mg
    >>> mg.nn.ModuleDict({"relu": mg.nn.ReLU(), "tanh": mg.nn.Tanh()})
    ModuleDict(
      (relu): ReLU()
      (tanh): Tanh()
    )
    """

    def __init__(self, modules: Any = None):
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove every module."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Remove a key and answer its module; KeyError if there is none."""
        return self._modules.pop(key)

    def keys(self) -> KeysView[str]:
        """The keys."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Any]:
        """The pairs of key and module."""
        return self._modules.items()

    def values(self) -> ValuesView[Any]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Put in the modules of a mapping, another ModuleDict or an iterable of pairs."""
        for key, module in pairs(modules, "ModuleDict"):
            self[key] = module


def pairs(given: Any, name: str) -> list[tuple[Any, Any]]:
    """A mapping, a container with ``items``, or an iterable of pairs, as a list of pairs."""
    if not isinstance(given, Iterable):
        raise TypeError(
            f"{name}.update should be called with an "
            "iterable of key/value pairs, but got " + type(given).__name__
        )
    if hasattr(given, "items"):
        return list(given.items())
    listed = []
    for i, pair in enumerate(given):
        if not isinstance(pair, Iterable):
            raise TypeError(
                f"{name} update sequence element #{i} should be Iterable; is {type(pair).__name__}"
            )
        key_and_value = tuple(pair)
        if len(key_and_value) != 2:
            raise ValueError(
                f"{name} update sequence element #{i} has length {len(key_and_value)}; "
                "2 is required"
            )
        listed.append(key_and_value)
    return listed

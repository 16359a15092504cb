"""Pickling as torch does it: tensors by reference to storages, everything of torch's by name.

torch need not be there: names are written without being looked up. Storages are the connected
pieces of memory that tensors lie in. So views that share memory share it again when they are
loaded, and of a large array only the part between a view's first and last element is written.
"""

from __future__ import annotations

import bisect
import codecs
import functools
import io
import pickle
from collections import OrderedDict
from typing import Any

import numpy as np

from .. import _types
from .._tape import Array
from ..nn.parameter import Buffer, Parameter, is_lazy
from ..random import Generator
from ..tensor import Tensor, given
from ._names import TorchName

_UTILS = "torch._utils"
_TENSOR = TorchName(_UTILS, "_rebuild_tensor_v2")
_PARAMETER = TorchName(_UTILS, "_rebuild_parameter")
_PARAMETER_WITH_STATE = TorchName(_UTILS, "_rebuild_parameter_with_state")
_FROM_TYPE = TorchName("torch._tensor", "_rebuild_from_type_v2")
_CLASSES = {
    Tensor: TorchName("torch", "Tensor"),
    Buffer: TorchName("torch", "Tensor"),
    Parameter: TorchName("torch.nn.parameter", "Parameter"),
}
_SIZE = TorchName("torch", "Size")
_DEVICE = TorchName("torch", "device")
_GENERATOR = TorchName("torch._C", "Generator")
_FREQUENT = frozenset({int, float, bool, str, tuple, list, dict, OrderedDict})
_STORAGES = {d: TorchName("torch", f"{d.title}Storage") for d in _types.all_dtypes}


# ------------------------------------------------------------------------------------ storages
class _Piece:
    """A piece of memory, from its first byte to past its last, and a tensor's array at its start."""

    def __init__(self, first: int, end: int, array: Array):
        self.first, self.end, self.array = first, end, array
        self.key: str | None = None  # given when a tensor in it is written

    def elements(self) -> Array:
        """All elements of the piece, also those between a tensor's: 1-d, shared memory."""
        width = self.array.itemsize
        count = (self.end - self.first) // width
        return np.lib.stride_tricks.as_strided(self.array, (count,), (width,), writeable=False)


def _span(array: Array) -> tuple[int, int]:
    """The addresses of an array's first byte and past its last; its strides are not negative."""
    first = array.ctypes.data
    if not array.size:
        return first, first
    reach = sum((n - 1) * step for n, step in zip(array.shape, array.strides))
    return first, first + reach + array.itemsize


def _plain(array: Array) -> Array:
    """The array, or a copy of one that torch's strides (whole elements, forwards) cannot tell."""
    if any(step < 0 or step % array.itemsize for step in array.strides):
        return np.ascontiguousarray(array)
    return array


class Storages:
    """The pieces of memory to be written: noted in a first pass, told apart, named in a second."""

    def __init__(self) -> None:
        self._noted: list[_Piece] = []
        self._starts: list[int] = []
        self.written: list[_Piece] = []

    def note(self, array: Array) -> None:
        """Remember the memory of a tensor that will be written."""
        if array.size:
            self._noted.append(_Piece(*_span(array), array))

    def settle(self) -> None:
        """Join what overlaps."""
        joined: list[_Piece] = []
        for piece in sorted(self._noted, key=lambda piece: piece.first):
            if joined and piece.first < joined[-1].end:
                joined[-1].end = max(joined[-1].end, piece.end)
            else:
                joined.append(piece)
        self._noted = joined
        self._starts = [piece.first for piece in joined]

    def find(self, array: Array) -> tuple[_Piece, int]:
        """The piece an array lies in, and at which element of it the array begins.

        RuntimeError if the piece holds elements of another dtype.
        """
        first, end = _span(array)
        at = bisect.bisect_right(self._starts, first) - 1
        noted = at >= 0 and array.size and end <= self._noted[at].end
        # Others are empty, or made since the first pass.
        piece = self._noted[at] if noted else _Piece(first, end, array)
        if piece.array.dtype != array.dtype or (first - piece.first) % array.itemsize:
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as "
                f"different types: {piece.array.dtype} and {array.dtype}"
            )
        if piece.key is None:
            piece.key = str(len(self.written))
            self.written.append(piece)
        return piece, (first - piece.first) // array.itemsize


class _Reference:
    """What stands for a storage in the arguments of a tensor."""

    __slots__ = ("identity",)

    def __init__(self, *identity: Any):
        self.identity = identity


# ------------------------------------------------------------------------------------- objects
class _Rules:
    """How torch writes its objects: as calls of these functions with these arguments."""

    def __init__(self, storages: Storages):
        self.storages = storages

    def reduced(self, obj: Any) -> Any:
        """The call that makes an object again, as pickle wants it; NotImplemented for others'."""
        if isinstance(obj, Tensor):
            return NotImplemented if is_lazy(obj) else self._tensor(obj)
        kind = type(obj)
        if kind is _types.Size:
            return _SIZE, (tuple(obj),)
        if kind is _types.device:
            return _DEVICE, (obj.type,) if obj.index is None else (obj.type, obj.index)
        if kind is Generator:
            return _GENERATOR, (obj.device,), (obj.initial_seed(), None, obj.get_state())
        return NotImplemented

    def _tensor(self, tensor: Tensor) -> Any:
        kind, attributes = type(tensor), given(tensor)
        arguments: tuple[Any, ...]
        if kind is Parameter:
            arguments = (tensor.detach(), tensor.requires_grad, OrderedDict())
            return (
                (_PARAMETER_WITH_STATE, (*arguments, attributes))
                if attributes
                else (_PARAMETER, arguments)
            )
        arguments = (*self._place(tensor.array), tensor.requires_grad, OrderedDict())
        if kind is Tensor and not attributes:
            return _TENSOR, arguments
        if kind is Buffer:
            attributes["_is_buffer"] = True
        return _FROM_TYPE, (_TENSOR, _CLASSES.get(kind, kind), arguments, attributes)

    def _place(self, array: Array) -> tuple[Any, ...]:
        """Where a tensor's elements are: storage, offset, sizes, strides."""
        array = _plain(array)
        steps = tuple(step // array.itemsize for step in array.strides)
        piece, offset = self.storages.find(array)
        count = (piece.end - piece.first) // array.itemsize
        kind = _STORAGES[_types.of(array.dtype)]
        return _Reference("storage", kind, piece.key, "cpu", count), offset, array.shape, steps


@functools.cache
def _noting(base: Any) -> Any:
    """A class of picklers that only note what storages there will be."""

    class Pickler(base):  # type: ignore[misc]
        storages: Storages

        def persistent_id(self, obj: Any) -> Any:
            if not isinstance(obj, Tensor) or is_lazy(obj):
                return None
            self.storages.note(_plain(obj.array))
            return True

    return Pickler


@functools.cache
def _pickler(base: Any) -> Any:
    """A class of picklers for torch's files, on top of one that is written in Python."""

    class Pickler(base):  # type: ignore[misc]
        dispatch = base.dispatch.copy()

        def __init__(self, file: Any, protocol: int, rules: _Rules, legacy: bool):
            super().__init__(file, protocol)
            self.rules, self.legacy = rules, legacy

        def reducer_override(self, obj: Any) -> Any:
            if type(obj) in _FREQUENT:
                return NotImplemented
            if type(obj) is bytes and not obj and self.proto < 3:
                return codecs.encode, ("", "latin1")  # pickle's own form is refused by torch
            return self.rules.reduced(obj)

        def persistent_id(self, obj: Any) -> Any:
            if type(obj) is not _Reference:
                return None
            return (*obj.identity, None) if self.legacy else obj.identity

        def save_name(self, obj: Any) -> None:
            """Write a name as pickle writes those of functions and classes."""
            name = TorchName("torch", obj.name) if isinstance(obj, _types.dtype) else obj
            if self.proto >= 4:
                self.save(name.module)
                self.save(name.name)
                self.write(pickle.STACK_GLOBAL)
            else:
                self.write(pickle.GLOBAL + f"{name.module}\n{name.name}\n".encode())
            self.memoize(obj)

        dispatch[TorchName] = dispatch[_types.dtype] = save_name

    return Pickler


def _written_in_python(module: Any) -> Any:
    """The pickler class of a module that is written in Python, and so can be taught new things."""
    for name in ("_Pickler", "Pickler"):
        found = getattr(module, name, None)
        if isinstance(getattr(found, "dispatch", None), dict):
            return found
    raise TypeError(
        f"pickle_module {getattr(module, '__name__', module)!r} has no pickler written in Python"
    )


def dump(obj: Any, module: Any, protocol: int, legacy: bool) -> tuple[bytes, Storages]:
    """The pickle of an object, and the storages it refers to.

    module: ``pickle`` or one like it.  legacy: for files as before torch 1.6.
    """
    base = _written_in_python(module)
    storages = Storages()
    noting = _noting(module.Pickler)(io.BytesIO(), protocol)
    noting.storages = storages
    noting.dump(obj)
    storages.settle()
    out = io.BytesIO()
    _pickler(base)(out, protocol, _Rules(storages), legacy).dump(obj)
    return out.getvalue(), storages

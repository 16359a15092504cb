"""torch's names in a file and what they mean here: the only place that knows them.

Reading, a name is one of ``CALLED``, functions and classes that a file may call (what they do with
any arguments is harmless), or one of ``VALUES``, which may only be held. Writing, ``TorchName``
stands for a name without torch being there to look it up in.
"""

from __future__ import annotations

import operator
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from pickle import UnpicklingError
from typing import Any

import numpy as np

from .. import _types
from .._tape import Array, wrap
from ..nn.parameter import Buffer, Parameter
from ..random import Generator
from ..tensor import Tensor

_MOST_DIMS = 64  # NumPy's limit


class TorchName:
    """A function or class of torch, to be written by name."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str):
        self.module, self.name = module, name

    def __call__(self, *_: Any) -> Any:
        """Pickle asks that what rebuilds an object can be called; this is never done here."""
        raise TypeError(f"{self.module}.{self.name} can only be written")


# ------------------------------------------------------------------------------------ storages
class StorageType:
    """The kind of a storage: the dtype of its elements, as stored and as a tensor has them.

    bfloat16, which NumPy lacks, becomes float32: the same numbers in twice the memory.
    """

    def __init__(self, name: str, stored: Any, becomes: _types.dtype | None):
        self.name, self._stored, self.becomes = name, np.dtype(stored), becomes

    @property
    def stored(self) -> np.dtype[Any]:
        """NumPy's dtype of what is in the file; RuntimeError if tensors here cannot have it."""
        if self.becomes is None:
            raise RuntimeError(
                f"the file has tensors of {self.name.removesuffix('Storage')} elements: "
                f"{_types.package} has no such dtype"
            )
        return self._stored


def _storage_types() -> dict[str, StorageType]:
    kinds: list[tuple[str, Any, Any]] = [(d.title, d.np, d) for d in _types.all_dtypes]
    kinds += [("BFloat16", np.uint16, _types.float32), ("Untyped", np.uint8, _types.uint8)]
    missing = ("ComplexFloat", "ComplexDouble", "QUInt8", "QInt8", "QInt32", "QUInt4x2")
    kinds += [(name, np.void, None) for name in missing]
    return {f"{name}Storage": StorageType(f"{name}Storage", *rest) for name, *rest in kinds}


STORAGE_TYPES = _storage_types()


class Storage:
    """The elements of one storage of a file: a 1-d array, of which tensors are views."""

    __slots__ = ("array",)

    def __init__(self, array: Array):
        self.array = array


def elements(raw: Array, type: StorageType, count: int, swap: bool) -> Array:
    """The first ``count`` elements of the bytes of a storage: a 1-d array, a view if it can be.

    raw: (n,) uint8; swap: whether the bytes of an element are in the other order than here.

    RuntimeError for too few bytes, and for elements that tensors here cannot have.
    """
    stored = type.stored
    if count * stored.itemsize > raw.size:
        raise RuntimeError(
            f"a storage of {count} elements of {stored.itemsize} bytes was announced, but the "
            f"file has {raw.size} bytes of it"
        )
    raw = raw[: count * stored.itemsize]
    if raw.ctypes.data % stored.itemsize:
        raw = raw.copy()
    array = raw.view(stored)
    if swap:
        array = array.byteswap()
    if type.name == "BFloat16Storage":
        return widened(array)
    if stored.kind == "b" and raw.size and raw.max() > 1:
        return raw != 0  # other bytes than 0 and 1 are no bools to NumPy
    return array


def widened(array: Array) -> Array:
    """bfloat16 numbers, given as uint16, in float32: they are its upper halves."""
    return (array.astype(np.uint32) << 16).view(np.float32)


# ------------------------------------------------------------------------------------- tensors
def _whole(value: Any) -> tuple[int, ...]:
    if not isinstance(value, (tuple, list)):
        raise UnpicklingError(f"sizes and strides must be tuples, not {type(value).__name__}")
    return tuple(operator.index(v) for v in value)


def _strided(storage: Any, offset: Any, size: Any, stride: Any) -> Array:
    """The view of a storage that a tensor is; RuntimeError where it would reach outside."""
    if not isinstance(storage, Storage):
        raise UnpicklingError(f"a tensor needs a storage, not {type(storage).__name__}")
    sizes, steps, first = _whole(size), _whole(stride), operator.index(offset)
    elements = storage.array
    if len(sizes) != len(steps) or len(sizes) > _MOST_DIMS or min((*sizes, *steps, 0)) < 0:
        raise RuntimeError(f"sizes {list(sizes)} and strides {list(steps)} are no tensor's")
    if 0 in sizes:
        return np.empty(sizes, elements.dtype)
    last = first + sum((n - 1) * step for n, step in zip(sizes, steps))
    if first < 0 or last >= elements.size:
        raise RuntimeError(
            f"a tensor of sizes {list(sizes)}, strides {list(steps)} and offset {first} reaches "
            f"outside of its storage of {elements.size} elements"
        )
    width = elements.itemsize
    return np.ndarray(
        sizes, elements.dtype, elements, first * width, tuple(step * width for step in steps)
    )


def _tensor(
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any = False,
    backward_hooks: Any = None,
    metadata: Any = None,
) -> Tensor:
    made: Tensor = wrap(_strided(storage, offset, size, stride))
    made.requires_grad = bool(requires_grad)
    return made


def _tensor_of_bytes(
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    backward_hooks: Any,
    dtype: Any,
    metadata: Any = None,
) -> Tensor:
    """A tensor on an untyped storage; torch writes so the dtypes that it added late."""
    if not isinstance(dtype, _types.dtype):
        raise UnpicklingError(f"a tensor needs a dtype, not {dtype!r}")
    if not isinstance(storage, Storage):
        raise UnpicklingError(f"a tensor needs a storage, not {type(storage).__name__}")
    raw = storage.array.view(np.uint8)
    typed = elements(raw, STORAGE_TYPES[f"{dtype.title}Storage"], raw.size // dtype.itemsize, False)
    return _tensor(Storage(typed), offset, size, stride, requires_grad)


def _of_kind(kind: type[Tensor], data: Any, requires_grad: Any = True) -> Any:
    if type(data) is not Tensor:
        raise UnpicklingError(f"a {kind.__name__} needs a Tensor, not {type(data).__name__}")
    return kind(data.detach()).requires_grad_(bool(requires_grad))


def _parameter(data: Any, requires_grad: Any = True, backward_hooks: Any = None) -> Any:
    return _of_kind(Parameter, data, requires_grad)


def _parameter_with_state(data: Any, requires_grad: Any, backward_hooks: Any, state: Any) -> Any:
    return _with_attributes(_parameter(data, requires_grad), state)


def _from_type(function: Any, kind: Any, args: Any, state: Any) -> Any:
    """A tensor with attributes of its own, or of a subclass."""
    if not any(function is rebuild for rebuild in (_tensor, _tensor_of_bytes, _parameter)):
        raise UnpicklingError(f"{function!r} does not rebuild tensors")
    made = function(*args)
    if not (isinstance(kind, type) and issubclass(kind, Tensor)):
        raise UnpicklingError(f"{kind!r} is no class of tensors")
    if isinstance(state, Mapping) and state.get("_is_buffer") is True:
        return Buffer(made, persistent=bool(state.get("persistent", True)))
    if kind not in (Tensor, Parameter):
        made.__class__ = kind
    return _with_attributes(made, state)


def _with_attributes(tensor: Tensor, state: Any) -> Tensor:
    """The tensor with the attributes that a user gave it, which must be none of a tensor's own."""
    if isinstance(state, tuple):
        state = state[0]
    for name, value in dict(state or {}).items():
        if name == "_backward_hooks":
            continue
        if not isinstance(name, str) or hasattr(Tensor, name):
            raise UnpicklingError(f"a tensor's attribute {name!r} cannot come from a file")
        tensor.__dict__[name] = value
    return tensor


# --------------------------------------------------------------------------- everything else
def _bytes_of_text(text: Any, encoding: Any = "latin1") -> bytes:
    """What ``_codecs.encode`` is written for: bytes in the second protocol."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise UnpicklingError(f"bytes are written as latin1 text, not as {text!r} in {encoding!r}")
    return text.encode("latin1")


def _bytearray(data: Any = b"", encoding: Any = "latin1") -> bytearray:
    return bytearray(_bytes_of_text(data, encoding) if isinstance(data, str) else _only_bytes(data))


def _only_bytes(data: Any = b"") -> bytes:
    if not isinstance(data, bytes):  # a number would ask for that much memory
        raise UnpicklingError(f"a bytearray is made of bytes, not of {type(data).__name__}")
    return data


def _generator(device: Any = "cpu") -> Generator:
    return Generator("cpu" if _types.device(device).type == "cpu" else device)


def set_generator(generator: Generator, state: Any) -> None:
    """Give a generator the state that torch stores: its seed, an offset unused here, all bytes."""
    *_, everything = state
    generator.set_state(everything)


def _called() -> dict[str, Callable[..., Any]]:
    return {
        "torch._utils._rebuild_tensor": _tensor,
        "torch._utils._rebuild_tensor_v2": _tensor,
        "torch._utils._rebuild_tensor_v3": _tensor_of_bytes,
        "torch._utils._rebuild_parameter": _parameter,
        "torch._utils._rebuild_parameter_with_state": _parameter_with_state,
        "torch._tensor._rebuild_from_type_v2": _from_type,
        "torch.tensor._rebuild_from_type_v2": _from_type,
        "torch.Size": _types.Size,
        "torch.device": _types.device,
        "torch._C.Generator": _generator,
        "torch.serialization._get_layout": str,
        "collections.OrderedDict": OrderedDict,
        "collections.Counter": Counter,
        "_codecs.encode": _bytes_of_text,
        "builtins.bytes": _only_bytes,
        "builtins.bytearray": _bytearray,
        "builtins.set": set,
        "builtins.frozenset": frozenset,
        "builtins.complex": complex,
    }


def _values() -> dict[str, Any]:
    found: dict[str, Any] = {f"torch.{d.name}": d for d in _types.all_dtypes}
    found["torch.bfloat16"] = _types.float32
    found |= {f"torch.{name}": type for name, type in STORAGE_TYPES.items()}
    found |= {f"torch.cuda.{name}": type for name, type in STORAGE_TYPES.items()}
    found["torch.storage.UntypedStorage"] = STORAGE_TYPES["UntypedStorage"]
    found["torch.Tensor"] = Tensor
    found["torch.nn.parameter.Parameter"] = Parameter
    return found


CALLED = _called()
VALUES = _values()

"""The value types of the vocabulary: ``dtype``, ``Size``, ``device``, and torch's rules of type promotion.

Knows NumPy's dtypes and nothing of tensors, of the tape or of ops.  The name of the package in printed
types (``minigrad.float32``, ``minigrad.Size([2, 3])``) comes from the one variable ``package``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, SupportsIndex, overload

import numpy as np

package = "minigrad"


class dtype:  # noqa: N801  (torch's name)
    """An element type: prints as torch's, and is accepted by NumPy wherever NumPy takes a dtype.

    >>> import minigrad as mg, numpy as np
    >>> mg.float32, mg.float32 == np.float32, np.zeros(2, mg.int64).dtype
    (minigrad.float32, True, dtype('int64'))
    """

    # NumPy reads the attribute ``dtype`` of whatever it is given as a dtype.
    __slots__ = ("dtype", "is_floating_point", "itemsize", "name", "np", "title")

    def __init__(self, name: str, title: str):
        self.name, self.title = name, title
        self.np = self.dtype = np.dtype(name)
        self.is_floating_point = self.np.kind == "f"
        self.itemsize = self.np.itemsize

    is_complex = False

    @property
    def is_signed(self) -> bool:
        """Whether negative values can be represented."""
        return self.np.kind in "fi"

    def __repr__(self) -> str:
        return f"{package}.{self.name}"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, dtype):
            return self is other
        try:
            return other is not None and self.np == np.dtype(other)  # type: ignore[call-overload]
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self.np)

    def __getattr__(self, name: str) -> Any:
        """NumPy's own attributes (``kind``, ``type``, ``char`` ...), so that array code can read them."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.np, name)

    def __reduce__(self) -> Any:
        return _by_name, (self.name,)


# torch's other names (``float``, ``int``, ``bool`` ...) are given in the package's __init__.
float16 = dtype("float16", "Half")
float32 = dtype("float32", "Float")
float64 = dtype("float64", "Double")
uint8 = dtype("uint8", "Byte")
int8 = dtype("int8", "Char")
int16 = dtype("int16", "Short")
int32 = dtype("int32", "Int")
int64 = dtype("int64", "Long")
bool_ = dtype("bool", "Bool")

all_dtypes = (float16, float32, float64, uint8, int8, int16, int32, int64, bool_)
_OURS = {d.np: d for d in all_dtypes}


def _by_name(name: str) -> dtype:
    return _OURS[np.dtype(name)]


def of(given: np.dtype[Any]) -> dtype:
    """The dtype object of a NumPy dtype; TypeError for one that tensors cannot have."""
    found = _OURS.get(given)
    if found is None:
        raise TypeError(
            f"can't convert np.ndarray of type {given}. The only supported types are: "
            + ", ".join(d.name for d in all_dtypes)
            + "."
        )
    return found


def by_type(name: str) -> dtype:
    """The dtype of a type like ``torch.FloatTensor``; ValueError for a name that is none."""
    title = name.rpartition(".")[2].removesuffix("Tensor")
    for d in all_dtypes:
        if d.title == title and name.endswith("Tensor"):
            return d
    raise ValueError(f"invalid type: '{name}'")


def as_numpy(given: Any) -> np.dtype[Any]:
    """The NumPy dtype of a dtype, or of Python's ``float``, ``int``, ``bool``; TypeError for all else."""
    if isinstance(given, dtype):
        return given.np
    if given is float or given is int or given is bool:
        return np.dtype(given)
    raise TypeError(f"argument 'dtype' must be {package}.dtype, not {type(given).__name__}")


_default = np.dtype(np.float32)


def get_default_dtype() -> dtype:
    """The dtype of floating-point tensors made without one.

    >>> import minigrad as mg
    >>> mg.get_default_dtype()
    minigrad.float32
    """
    return of(_default)


def default() -> np.dtype[Any]:
    """NumPy's form of the default floating-point dtype."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the dtype of floating-point tensors made without one; TypeError unless floating-point."""
    global _default
    if not isinstance(d, dtype):
        raise TypeError(f"invalid dtype object: {d!r}")
    if not d.is_floating_point:
        raise TypeError(
            f"only floating-point types are supported as the default type, but got {d!r}"
        )
    _default = d.np


class Size(tuple[Any, ...]):
    """The shape of a tensor: a tuple of ints that prints as torch's and knows its ``numel``.

    TypeError for what is no int.

    >>> import minigrad as mg
    >>> mg.zeros(2, 3).shape, mg.zeros(2, 3).shape.numel()
    (minigrad.Size([2, 3]), 6)
    """

    __slots__ = ()

    def __new__(cls, sizes: Iterable[Any] = (), /) -> Size:
        sizes = tuple(sizes)
        for i, s in enumerate(sizes):
            if type(s) is not int and not hasattr(s, "__index__"):
                raise TypeError(
                    f"{package}.Size() takes an iterable of 'int' (item {i} is '{type(s).__name__}')"
                )
        return tuple.__new__(cls, [s.__index__() for s in sizes])

    def __repr__(self) -> str:
        return f"{package}.Size([{', '.join(map(repr, self))}])"

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        return math.prod(self)

    @overload
    def __getitem__(self, i: SupportsIndex) -> Any: ...
    @overload
    def __getitem__(self, i: slice) -> Size: ...
    def __getitem__(self, i: Any) -> Any:
        found = tuple.__getitem__(self, i)
        return tuple.__new__(Size, found) if type(i) is slice else found

    def __add__(self, other: Iterable[Any]) -> Size:
        if not isinstance(other, tuple):
            return NotImplemented
        return Size(tuple.__add__(self, other))

    def __radd__(self, other: Iterable[Any]) -> Size:
        if not isinstance(other, tuple):
            return NotImplemented
        return Size((*other, *self))

    def __mul__(self, n: SupportsIndex) -> Size:
        return tuple.__new__(Size, tuple.__mul__(self, n))

    __rmul__ = __mul__


_DEVICES = ("cpu", "cuda", "mps", "meta", "xpu", "hpu", "mtia", "xla")


class device:  # noqa: N801  (torch's name)
    """The name of a place for tensors.  Others than the CPU have names only: no tensor can be there.

    RuntimeError for what is no name of a device.

    >>> import minigrad as mg
    >>> mg.device("cpu")
    device(type='cpu')
    """

    __slots__ = ("index", "type")

    def __init__(self, type: Any, index: Any = None):
        if isinstance(type, device):
            type, index = type.type, type.index
        if not isinstance(type, str):
            raise TypeError(f"device(): argument 'type' must be str, not {type.__class__.__name__}")
        kind, colon, number = type.partition(":")
        if colon and not number.isdecimal():
            raise RuntimeError(f"Invalid device string: '{type}'")
        if kind not in _DEVICES:
            raise RuntimeError(
                f"Expected one of {', '.join(_DEVICES)} device type at start of device string: {kind}"
            )
        if number:
            if index is not None:
                raise RuntimeError(
                    f"type (string) must not include an index because index was passed explicitly: {type}"
                )
            index = int(number)
        if index is not None and index < 0:
            raise RuntimeError("Device index must not be negative")
        self.type: Any = kind
        self.index: int | None = index

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> Any:
        return device, (str(self),)

    def __enter__(self) -> device:
        """In a ``with``: what is made, is made there; AssertionError or RuntimeError unless that is the CPU."""
        return on_cpu(self)

    def __exit__(self, *_: Any) -> None:
        return None


def on_cpu(given: Any) -> device:
    """The device that something is to be put on; AssertionError or RuntimeError unless it is the CPU."""
    asked = device(given)
    if asked.type == "cuda":  # torch's error where it has no GPU either
        raise AssertionError(f"{package} computes on the CPU only: not compiled with CUDA enabled")
    if asked.type != "cpu":
        raise RuntimeError(
            f"{package} computes on the CPU only: there is no device '{asked}' (use 'cpu')"
        )
    return asked


cpu = device("cpu")


class finfo:  # noqa: N801  (torch's name)
    """The limits of a floating-point dtype: eps, min, max, tiny, smallest_normal, resolution, bits.

    >>> import minigrad as mg
    >>> mg.finfo(mg.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type: Any = None):
        kind = _asked("finfo", type)
        if kind.kind != "f":
            raise TypeError(
                f"{package}.finfo() requires a floating point input type. Use {package}.iinfo to handle "
                f"'{package}.finfo'"
            )
        info = np.finfo(kind)
        self.bits, self.dtype = info.bits, kind.name
        self.eps, self.min, self.max = float(info.eps), float(info.min), float(info.max)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = 10.0**-info.precision

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        values = ", ".join(f"{n}={getattr(self, n):g}" for n in names)
        return f"finfo({values}, dtype={self.dtype})"


class iinfo:  # noqa: N801  (torch's name)
    """The limits of an integer dtype: min, max, bits.

    >>> import minigrad as mg
    >>> mg.iinfo(mg.int8).max
    127
    """

    def __init__(self, type: Any):
        kind = _asked("iinfo", type)
        if kind.kind not in "iu":
            raise TypeError(
                f"{package}.iinfo() requires an integer input type. Use {package}.finfo to handle '{package}.iinfo'"
            )
        info = np.iinfo(kind)
        self.bits, self.dtype, self.min, self.max = (
            info.bits,
            kind.name,
            int(info.min),
            int(info.max),
        )

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def _asked(name: str, type: Any) -> np.dtype[Any]:
    if type is None:
        return _default
    if not isinstance(type, dtype):
        raise TypeError(
            f"{name}(): argument 'type' (position 1) must be {package}.dtype, not {type.__class__.__name__}"
        )
    return type.np


# ------------------------------------------------------------------------------ type promotion
_CATEGORY = {"b": 0, "i": 1, "u": 1, "f": 2}


def promote(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """torch.promote_types: the higher category (bool < integer < float) wins, within one the wider."""
    ca, cb = _CATEGORY[a.kind], _CATEGORY[b.kind]
    if ca == cb:
        return np.promote_types(a, b)
    return a if ca > cb else b


def _combine(higher: Any, lower: Any) -> Any:
    """torch's combine_categories: ``lower`` only counts where its category is the higher one."""
    if higher is None:
        return lower
    if lower is None or higher.kind == "f":
        return higher
    if higher.kind == "b" or lower.kind == "f":
        return promote(higher, lower)
    return higher


def number_dtype(value: Any) -> np.dtype[Any]:
    """The dtype a Python or NumPy number has when it becomes a tensor."""
    if isinstance(value, (bool, np.bool_)):
        return bool_.np
    if isinstance(value, (int, np.integer)):
        return int64.np
    return _default


def result_dtype(operands: Iterable[Any]) -> np.dtype[Any]:
    """The dtype of an operation on arrays (with dimensions, or 0-d: weaker) and numbers (weakest).

    Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
    """
    with_dims = without = numbers = None
    for x in operands:
        if isinstance(x, np.ndarray):
            if x.ndim:
                with_dims = x.dtype if with_dims is None else promote(with_dims, x.dtype)
            else:
                without = x.dtype if without is None else promote(without, x.dtype)
        elif x is not None:
            d = number_dtype(x)
            numbers = d if numbers is None else promote(numbers, d)
    return _combine(with_dims, _combine(without, numbers))


# Printed, as ``type(x.shape)`` is, they are the package's; their examples are still this file's.
__test__ = {made.__name__: made for made in (Size, device, dtype, finfo, iinfo)}
for _made in __test__.values():
    _made.__module__ = package

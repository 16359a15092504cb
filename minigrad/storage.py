"""The memory under tensors as a flat row: of numbers (`TypedStorage`) or of bytes (`UntypedStorage`).

A tensor and its views have one storage; ``storage_offset`` and ``stride`` say where in it their elements lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import _types
from ._tape import Array


def memory_of(array: Array) -> Array:
    """All the memory that an array lies in, as a flat array of its dtype."""
    root = array
    while (
        isinstance(root.base, np.ndarray) and root.base.dtype == array.dtype and root.base.size > 0
    ):
        root = root.base
    if not root.size:
        return root.reshape(-1)
    span = 1 + sum((n - 1) * s // root.itemsize for n, s in zip(root.shape, root.strides))
    return np.lib.stride_tricks.as_strided(root, (span,), (root.itemsize,))


class _Storage:
    """What both kinds have in common."""

    def __init__(self, array: Array):
        self.array = array
        self.device = _types.cpu

    def __len__(self) -> int:
        return self.array.size

    def size(self) -> int:
        """The number of elements."""
        return self.array.size

    def nbytes(self) -> int:
        """The number of bytes."""
        return self.array.nbytes

    def element_size(self) -> int:
        """Bytes per element."""
        return self.array.itemsize

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self.array.ctypes.data

    def is_shared(self) -> bool:
        """False: no other process sees it."""
        return False

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        return self.array.tolist()

    def fill_(self, value: Any) -> Any:
        """Write one value everywhere."""
        self.array.fill(value)
        return self

    def copy_(self, source: Any, non_blocking: bool = False) -> Any:
        """Write the elements of another storage."""
        self.array[...] = source.array
        return self

    def clone(self) -> Any:
        """A copy, in memory of its own."""
        return type(self)(self.array.copy())

    def cpu(self) -> Any:
        """The storage itself: it is on the CPU."""
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(self.array.tolist())

    def _place(self, index: Any) -> int:
        if not isinstance(index, (int, np.integer)):
            raise RuntimeError("slices are only supported in UntypedStorage.__getitem__")
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} out of range for storage of size {len(self)}")
        return int(index)

    def __getitem__(self, index: Any) -> Any:
        return self.array[self._place(index)].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        self.array[slice(None) if index == slice(None) else self._place(index)] = value

    def _text(self, about: str) -> str:
        lines = "".join(f" {x}\n" for x in self.array.tolist())
        module = f"{_types.package}.storage.{type(self).__name__}"
        return f"{lines}[{module}({about}device=cpu) of size {len(self)}]"


class UntypedStorage(_Storage):
    """The memory of a tensor as bytes; equal to that of its views."""

    def __eq__(self, other: object) -> bool:
        mine, its = self.array, getattr(other, "array", None)
        return type(other) is type(self) and mine.ctypes.data == its.ctypes.data  # type: ignore[union-attr]

    def __hash__(self) -> int:
        return hash(self.array.ctypes.data)

    def __repr__(self) -> str:
        return self._text("")


class TypedStorage(_Storage):
    """The memory of a tensor as numbers of its dtype: of all of it, whatever part the tensor shows.

    >>> import minigrad as mg
    >>> points = mg.tensor([[4.0, 1.0], [5.0, 3.0]])
    >>> points[1].storage()[0] = 2.0
    >>> points
    tensor([[2., 1.],
            [5., 3.]])
    """

    @property
    def dtype(self) -> _types.dtype:
        """The type of the elements."""
        return _types.of(self.array.dtype)

    def type(self) -> str:
        """The name of the type."""
        return f"{_types.package}.{self.dtype.title}Storage"

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage(self.array.view(np.uint8))

    def __repr__(self) -> str:
        return self._text(f"dtype={self.dtype}, ")

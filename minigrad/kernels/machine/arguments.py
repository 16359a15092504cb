"""How Python hands arrays and numbers to compiled code: as integers, in tuples.

array  -->  address(array)                               where its elements begin
sizes  -->  fields("rows columns")(*integers(sizes))     jitted code unpacks it, quickly
"""

import ctypes
from collections import namedtuple
from typing import Any

import numpy as np


def _data_offset() -> int:
    """Where in an ndarray's object the address of its elements stands (after the head, in CPython)."""
    places = []
    for probe in (np.empty(1), np.empty((2, 3), np.float32)[1:]):
        memory = ctypes.string_at(id(probe), np.ndarray.__basicsize__)
        words = np.frombuffer(memory[: len(memory) // WORD * WORD], np.int64).tolist()
        places.append({WORD * i for i, word in enumerate(words) if word == probe.ctypes.data})
    return min(places[0] & places[1])


WORD = ctypes.sizeof(ctypes.c_void_p)
DATA = _data_offset()
_integer_at = ctypes.c_ssize_t.from_address


def address(array: np.ndarray[Any, Any]) -> int:
    """Where an array's elements begin, in an eighth of the time that NumPy takes to say so."""
    return _integer_at(id(array) + DATA).value


def is_line(array: np.ndarray[Any, Any]) -> bool:
    """Whether compiled loops can take an array as it is, as one line: C-contiguous, of float32 or float64."""
    return array.dtype.char in "fd" and array.flags.c_contiguous


def fields(*words: str) -> Any:
    """A named tuple: jitted code makes one of a plain tuple, whose call is quicker."""
    return namedtuple("Fields", " ".join(words))


def integers(values: Any) -> tuple[int, ...]:
    """Python integers in a tuple: what jitted code unpacks fastest, and compiles fastest."""
    return tuple(int(value) for value in values)


def addresses(*arrays: np.ndarray[Any, Any]) -> tuple[int, ...]:
    """Where arrays lie; their owner must outlive the use."""
    return tuple([address(array) for array in arrays])


def table(*values: int, room: int = 0) -> Any:
    """Integers in memory, and so many zeros: compiled code gets their `addressof`; the owner must outlive the use."""
    return (ctypes.c_int64 * (len(values) + room))(*values)


addressof = ctypes.addressof
number_at = {
    "f": ctypes.c_float.from_address,
    "d": ctypes.c_double.from_address,
}  # by a dtype's letter

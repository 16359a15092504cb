"""The format of safetensors: a JSON header, then the tensors' bytes. Nothing in it can be run.

    8 bytes   n, the length of the header, little-endian
    n bytes   {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...,
               "__metadata__": {"any text": "any text"}}, padded with spaces to a multiple of 8
    the rest  the elements, little-endian, in C order, without gaps

Files interchange with the library ``safetensors``, which is not needed.

Source: https://huggingface.co/docs/safetensors/index#format
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from .. import _types
from .._tape import Array, wrap
from ..tensor import Tensor
from . import _files
from ._names import widened

_CODES = {
    "BOOL": _types.bool_,
    "U8": _types.uint8,
    "I8": _types.int8,
    "I16": _types.int16,
    "I32": _types.int32,
    "I64": _types.int64,
    "F16": _types.float16,
    "F32": _types.float32,
    "F64": _types.float64,
}
_CODE_OF = {dtype: code for code, dtype in _CODES.items()}
_METADATA = "__metadata__"
_LONGEST_HEADER = 100_000_000  # as in the library
_MOST_DIMS = 64  # NumPy's limit


# ------------------------------------------------------------------------------------- writing
def save(tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a file with these tensors; metadata is any text by name.

    TypeError for what is no flat dict of tensors by name, or no dict of text.

    >>> import minigrad as mg
    >>> from minigrad.serialization import safetensors
    >>> safetensors.load(safetensors.save({"weight": mg.ones(2)}))
    {'weight': tensor([1., 1.])}
    """
    arrays = arrays_of(tensors)
    return b"".join([_header(arrays, metadata), *(a.tobytes() for a in _ordered(arrays).values())])


def save_file(
    tensors: Mapping[str, Tensor], filename: Any, metadata: Mapping[str, str] | None = None
) -> None:
    """Write these tensors to a file, which is replaced in one step."""
    arrays = arrays_of(tensors)
    header = _header(arrays, metadata)
    with _files.written(filename) as file:
        file.write(header)
        for array in _ordered(arrays).values():
            little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            file.write(little.reshape(-1).view(np.uint8).data)


def arrays_of(tensors: Any) -> dict[str, Array]:
    """The arrays of a flat dict of tensors by name; TypeError for anything else."""
    if not isinstance(tensors, Mapping):
        raise TypeError(f"expected a dict of tensors by name, not {type(tensors).__name__}")
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise TypeError(
                f"expected a flat dict of tensors by name, but {name!r} is of type "
                f"{type(tensor).__name__}: other objects go into files of torch's format (.pt)"
            )
    return {name: tensor.array for name, tensor in tensors.items()}


def _ordered(arrays: dict[str, Array]) -> dict[str, Array]:
    """Wide elements first, then by name: so that all are aligned, as the library does."""
    return dict(sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0])))


def _header(arrays: dict[str, Array], metadata: Mapping[str, str] | None) -> bytes:
    header: dict[str, Any] = {}
    if metadata is not None:
        if not all(isinstance(text, str) for pair in metadata.items() for text in pair):
            raise TypeError("metadata must be a dict of text by name")
        header[_METADATA] = dict(metadata)
    if _METADATA in arrays:
        raise ValueError(f"no tensor can be named {_METADATA!r}")
    end = 0
    for name, array in _ordered(arrays).items():
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": _CODE_OF[_types.of(array.dtype)],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


# ------------------------------------------------------------------------------------- reading
def is_header(head: bytes) -> bool:
    """Whether a file that begins with these 16 bytes can be one of safetensors."""
    if len(head) < 10 or head[8:9] != b"{":
        return False
    return struct.unpack("<Q", head[:8])[0] <= _LONGEST_HEADER


def load(data: Any) -> dict[str, Tensor]:
    """The tensors in the bytes of a file, by name; bfloat16 becomes float32.

    RuntimeError for what is no sound file.
    """
    arrays, _ = _parts(np.frombuffer(data, np.uint8).copy())
    return {name: wrap(array) for name, array in arrays.items()}


def load_file(filename: Any, device: Any = "cpu") -> dict[str, Tensor]:
    """The tensors in a file, by name; bfloat16 becomes float32.

    RuntimeError for what is no sound file.
    """
    _types.on_cpu(device)
    with open(filename, "rb") as file:
        return read(file)


def read(file: IO[bytes]) -> dict[str, Tensor]:
    """The tensors in what is left of an open file, by name."""
    start = file.tell()
    size = file.seek(0, os.SEEK_END) - start
    file.seek(start)
    arrays, _ = _parts(_files.read_array(file, size))
    return {name: wrap(array) for name, array in arrays.items()}


def load_metadata(filename: Any) -> dict[str, str]:
    """The text that was saved with a file's tensors."""
    with open(filename, "rb") as file:
        return _parts(np.fromfile(file, np.uint8))[1]


def _parts(buffer: Array) -> tuple[dict[str, Array], dict[str, str]]:
    """Views of the tensors in the bytes of a file, and its metadata."""
    if buffer.size < 8:
        raise _damaged("it is shorter than its header")
    length = int(buffer[:8].view("<u8")[0])
    if length > min(_LONGEST_HEADER, buffer.size - 8):
        raise _damaged(f"its header of {length} bytes is longer than it can be")
    header = _parsed(bytes(buffer[8 : 8 + length]))
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _damaged("its metadata is no text by name")
    body = buffer[8 + length :]
    places = {name: _place(name, entry) for name, entry in header.items()}
    at = 0
    for name, (_, _, start, end) in sorted(places.items(), key=lambda item: item[1][2:]):
        if start != at:
            raise _damaged(f"{name!r} overlaps its neighbour, or leaves a gap before it")
        at = end
    if at != body.size:
        raise _damaged(f"its tensors have {at} bytes, but {body.size} are there")
    found = {
        name: _array(body[start:end], code, shape)
        for name, (code, shape, start, end) in places.items()
    }
    return found, metadata


def _parsed(text: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise _damaged("its header has a name twice")
        return dict(pairs)

    try:
        header = json.loads(text.decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise _damaged(f"its header is no JSON ({error})") from None
    if not isinstance(header, dict):
        raise _damaged("its header is no dict")
    return header


def _place(name: str, entry: Any) -> tuple[str, list[int], int, int]:
    """Dtype, shape and place of a tensor, checked against each other."""
    try:
        code, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        known = code == "BF16" or code in _CODES
        whole = all(type(n) is int and n >= 0 for n in [*shape, start, end])
    except (KeyError, TypeError, ValueError):
        raise _damaged(f"its entry of {name!r} is not complete") from None
    if not whole or len(shape) > _MOST_DIMS:
        raise _damaged(f"{name!r} has a shape or place that cannot be")
    if not known:
        raise RuntimeError(f"{name!r} has dtype {code}: {_types.package} has no such dtype")
    if end - start != math.prod(shape) * (2 if code == "BF16" else _CODES[code].itemsize):
        raise _damaged(f"{name!r} has {end - start} bytes, which shape {shape} of {code} has not")
    return code, shape, start, end


def _array(raw: Array, code: str, shape: list[int]) -> Array:
    if code == "BF16":
        return widened(raw.copy().view("<u2")).reshape(shape)
    dtype = _CODES[code].np
    if raw.ctypes.data % dtype.itemsize:
        raw = raw.copy()
    if dtype.kind == "b":
        return (raw != 0).reshape(shape)  # other bytes than 0 and 1 are no bools to NumPy
    return raw.view(dtype.newbyteorder("<")).astype(dtype, copy=False).reshape(shape)


def _damaged(what: str) -> RuntimeError:
    return RuntimeError(f"cannot read the safetensors file: {what}")

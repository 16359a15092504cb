"""Reading IDX files, the format of MNIST: numbers of one type in an array of any dimensions.

Two zero bytes, one for the type, one for the number of dimensions; each size as four bytes and then
the numbers, the high byte first.  Source: http://yann.lecun.com/exdb/mnist/
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from typing import IO, Any

import numpy as np

_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_GZIP = b"\x1f\x8b"


def read_idx(path: str | os.PathLike[str]) -> Any:
    """The array in an IDX file, compressed by gzip or not: any shape and dtype, native byte order.

    ValueError, naming the file, what was expected and what was found, for a file that is none, that
    is cut off, that is too long or whose compression is damaged.
    """
    with open(path, "rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        if not packed:
            return _read(file, path)
        with gzip.GzipFile(fileobj=file) as unpacked:
            try:
                return _read(unpacked, path)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise ValueError(f"{path}: damaged gzip file ({error})") from error


def _read(file: Any, path: Any) -> Any:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES:
        raise ValueError(
            f"{path}: not an IDX file: expected two zero bytes and a type among "
            f"{sorted(_TYPES)}, found {magic!r}"
        )
    dtype, ndim = np.dtype(_TYPES[magic[2]]), magic[3]
    sizes = _exactly(file, 4 * ndim, path, "the sizes")
    shape = struct.unpack(f">{ndim}I", sizes)
    count = 1
    for size in shape:  # in Python's integers, which do not overflow
        count *= size
    data = _exactly(file, count * dtype.itemsize, path, f"numbers of shape {shape}")
    if file.read(1):
        raise ValueError(
            f"{path}: expected {len(data)} bytes of numbers of shape {shape}, found more"
        )
    array = np.frombuffer(data, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="))  # a copy: bytes cannot be written to


def _exactly(file: IO[bytes], size: int, path: Any, what: str) -> bytes:
    """The next bytes of a file; in pieces, so that a wrong size takes no memory."""
    pieces, left = [], size
    while left:
        piece = file.read(min(left, 1 << 24))
        if not piece:
            raise ValueError(
                f"{path}: cut off: expected {size} bytes of {what}, found {size - left}"
            )
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)

"""NumPy's ``.npz``: a zip archive of arrays by name. Nothing that is pickled is written or read."""

from __future__ import annotations

import io
import math
import os
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from .. import _types
from .._tape import Array, wrap
from ..tensor import Tensor
from . import _archive, _files
from .safetensors import arrays_of

# Zeros are compressed 1000 times, numbers hardly at all; small files may do as they like.
_MOST_COMPRESSION = 100
_SMALL = 1 << 30


def save_npz(tensors: Mapping[str, Tensor], filename: Any) -> None:
    """Write tensors by name to a file, which is replaced in one step; ``numpy.load`` reads it.

    TypeError for what is no flat dict of tensors by name.
    """
    arrays = arrays_of(tensors)
    with _files.written(filename) as file, zipfile.ZipFile(file, "w", allowZip64=True) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as record:
                np.lib.format.write_array(record, array, allow_pickle=False)


def load_npz(filename: Any) -> dict[str, Tensor]:
    """The tensors of a file by name; also one that ``numpy.savez`` wrote.

    RuntimeError for what is no sound file, TypeError for arrays that tensors cannot be.
    """
    with open(filename, "rb") as file:
        return load_archive(file)


def load_archive(file: IO[bytes]) -> dict[str, Tensor]:
    """The tensors of an open file."""
    size = file.seek(0, os.SEEK_END)
    try:
        with zipfile.ZipFile(file) as archive:
            if not all(name.endswith(".npy") for name in archive.namelist()):
                raise RuntimeError("the archive has neither data.pkl, as torch's, nor only arrays")
            records = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            total = sum(info.file_size for info in archive.infolist())
            if total > max(_MOST_COMPRESSION * size, _SMALL):
                raise _archive.damaged(f"it would unpack {size} bytes to {total}")
            return {name: wrap(_array(archive.read(info))) for name, info in records.items()}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError) as error:
        raise _archive.damaged(str(error)) from None


def _array(record: bytes) -> Array:
    """The array of a ``.npy`` record, whose header is not believed."""
    file = io.BytesIO(record)
    version = np.lib.format.read_magic(file)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ValueError(f"its arrays are in an unknown version {version}")
    shape, fortran_order, dtype = read_header(file)
    if dtype.hasobject:
        raise ValueError("it has pickled objects, which could run code")
    own = _types.of(dtype.newbyteorder("=")).np
    rest = len(record) - file.tell()
    if min((*shape, 0)) < 0 or math.prod(shape) * dtype.itemsize != rest:
        raise ValueError(f"an array of shape {shape} and dtype {dtype} has {rest} bytes")
    array = np.frombuffer(record, dtype, offset=file.tell()) if rest else np.empty(0, own)
    return array.astype(own).reshape(shape, order="F" if fortran_order else "C")

"""torch's container: a zip archive of uncompressed records, each storage at a multiple of 64 bytes.

    archive/data.pkl    the objects, pickled; tensors refer to storages by number
    archive/byteorder   "little" or "big"
    archive/data/0 ...  the bytes of each storage
    archive/version     "3"

Written with the standard library's ``zipfile``. Of what is read nothing is believed: records must
be stored uncompressed, lie inside the file and together be no longer than it.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zipfile
import zlib
from typing import IO, Any

import numpy as np

from .._tape import Array
from . import _files

ALIGNMENT = 64
_ROOT = "archive"
_LOCAL_HEADER = 30  # bytes before the name
_ZIP64_EXTRA = 20
_PADDING = 0x4246  # the extra field "FB", in which torch too puts its padding
_LARGE = 1 << 30  # such a record's header has room for a length of 64 bits
_BLOCK = 1 << 24


# ------------------------------------------------------------------------------------- writing
class Writer:
    """An archive being written to an open file."""

    def __init__(self, file: IO[bytes]):
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        # After an error the file is lost, and that its end cannot be written either is no news.
        with contextlib.suppress(*([] if kind is None else [OSError, ValueError])):
            self._zip.close()

    def write(self, name: str, data: Any) -> None:
        """Add a record of bytes or of an array, its first byte at a multiple of 64."""
        view = np.frombuffer(data, np.uint8).data if len(data) else memoryview(b"")
        info = zipfile.ZipInfo(f"{_ROOT}/{name}")
        info.file_size = len(view)
        large = len(view) >= _LARGE
        at = self._zip.start_dir + _LOCAL_HEADER + len(info.filename) + 4
        at += _ZIP64_EXTRA if large else 0
        padding = -at % ALIGNMENT
        info.extra = struct.pack("<HH", _PADDING, padding) + bytes(padding)
        with self._zip.open(info, "w", force_zip64=large) as record:
            for start in range(0, len(view), _BLOCK):
                record.write(view[start : start + _BLOCK])
        info.extra = b""  # the directory at the end need not repeat it


# ------------------------------------------------------------------------------------- reading
class Reader:
    """The records of an archive in an open file, which may have been written by anyone.

    RuntimeError for what is no sound archive.
    """

    def __init__(self, file: IO[bytes]):
        self._file = file
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise damaged(str(error)) from None
        self._records: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if info.filename in self._records:
                raise damaged(f"it has two records {info.filename!r}")
            self._records[info.filename] = info
        self._root = self._find_root()
        length = file.seek(0, os.SEEK_END)
        if self._root and sum(info.compress_size for info in self._records.values()) > length:
            raise damaged("its records are longer than the file")

    def _find_root(self) -> str:
        """The folder of the records, with its slash; empty if these are not torch's records."""
        roots = [name[: -len("data.pkl")] for name in self._records if name.endswith("/data.pkl")]
        roots = [root for root in roots if root.count("/") == 1]
        return roots[0] if len(roots) == 1 else ""

    @property
    def is_torchs(self) -> bool:
        """Whether the records are those that torch.save writes."""
        return bool(self._root) and not self.has("constants.pkl")

    @property
    def is_torchscript(self) -> bool:
        """Whether torch.jit.save wrote the file."""
        return bool(self._root) and self.has("constants.pkl")

    def has(self, name: str) -> bool:
        """Whether there is a record of that name."""
        return self._root + name in self._records

    def read(self, name: str) -> Array:
        """The bytes of a record: (n,) uint8, a new array. Their checksum is checked."""
        start, size, checksum = self._place(name)
        self._file.seek(start)
        found = _files.read_array(self._file, size)
        if found.size < size:
            raise damaged(f"its record {name!r} ends early")
        # torch can be told to write no checksums: they are then 0.
        if checksum not in (0, zlib.crc32(found.data)):
            raise damaged(f"the checksum of its record {name!r} is wrong")
        return found

    def mapped(self, name: str, file: Any) -> Array:
        """The bytes of a record in a mapped file: (n,) uint8, shared with it."""
        start, size, _ = self._place(name)
        if start + size > len(file):
            raise damaged(f"its record {name!r} ends early")
        return np.frombuffer(file, np.uint8, size, start)

    def _place(self, name: str) -> tuple[int, int, int]:
        """Where the bytes of a record begin, how many they are, and their checksum."""
        info = self._records.get(self._root + name)
        if info is None:
            raise damaged(f"it has no record {name!r}")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise RuntimeError(
                f"the record {name!r} is compressed, which neither torch nor minigrad does: "
                "unpack the archive and pack it again without compression"
            )
        if info.flag_bits & 1:
            raise RuntimeError(f"the record {name!r} is encrypted")
        if info.header_offset < 0:
            raise damaged(f"its record {name!r} lies before the file")
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
            raise damaged(f"its record {name!r} has no header")
        name_length, extra_length = struct.unpack("<HH", header[26:30])
        start = info.header_offset + _LOCAL_HEADER + name_length + extra_length
        return start, info.file_size, info.CRC


def damaged(what: str) -> RuntimeError:
    """The error of an archive that cannot be read."""
    return RuntimeError(f"cannot read the file: {what}. It is damaged, or was not saved to its end")

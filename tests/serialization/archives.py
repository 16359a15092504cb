"""Files as someone might have made them, for the tests of saving and loading."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from typing import Any

# What loading may answer to a file that is damaged or hostile.
REFUSALS = (pickle.UnpicklingError, RuntimeError, EOFError)


def written_by(package: Any, obj: Any, **options: Any) -> io.BytesIO:
    """The file in which a package saves an object."""
    file = io.BytesIO()
    package.save(obj, file, **options)
    file.seek(0)
    return file


def records_of(file: io.BytesIO) -> dict[str, bytes]:
    """The records of an archive."""
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(records: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> io.BytesIO:
    """An archive with these records, their checksums right."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in records.items():
            archive.writestr(name, data)
    file.seek(0)
    return file


def repacked(file: io.BytesIO, change: Callable[[str, bytes], bytes]) -> io.BytesIO:
    """The archive with ``change(name, data)`` in place of each record."""
    return archive_of({name: change(name, data) for name, data in records_of(file).items()})


def checkpoint(pickled: bytes, **storages: bytes) -> io.BytesIO:
    """An archive of torch's with this pickle, and storages by name (s0, s1 ...)."""
    records = {"archive/data.pkl": pickled, "archive/byteorder": b"little"}
    records |= {f"archive/data/{name[1:]}": data for name, data in storages.items()}
    return archive_of({**records, "archive/version": b"3\n"})


# ----------------------------------------------------------------------------------- pickles
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"


def text(string: str) -> bytes:
    """The instruction that puts a text on the stack."""
    return b"X" + struct.pack("<I", len(string)) + string.encode()


def plain(value: Any) -> bytes:
    """The instructions that put a plain value on the stack."""
    return pickle.dumps(value, 2)[2:-1]


def tensor_program(
    count: Any, offset: Any, size: Any, stride: Any, kind: str = "FloatStorage"
) -> bytes:
    """The pickle of a tensor on the storage "0", which has ``count`` elements as it says."""
    name = f"ctorch\n{kind}\n".encode()
    storage = b"(" + text("storage") + name + text("0") + text("cpu") + plain(count) + b"tQ"
    place = plain(offset) + plain(size) + plain(stride)
    return b"\x80\x02" + TENSOR + b"(" + storage + place + plain(False) + plain(None) + b"tR."

"""``minigrad.save``: objects to files, by default to those that ``torch.load`` reads."""

from __future__ import annotations

import os
import pickle
import struct
import sys
from typing import IO, Any

import numpy as np

from . import _archive, _files, _pickler, npz, safetensors

MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_VERSION = 1001
_BY_SUFFIX = {".safetensors": safetensors.save_file, ".npz": npz.save_npz}


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Save an object to a file that ``minigrad.load`` and ``torch.load`` read.

    obj: anything that can be pickled; best a state_dict, or a dict of such.  Tensors that share
    memory share it again when loaded.
    f: a path or a file open for writing.  A path that ends in ``.safetensors`` or ``.npz`` chooses
    that format, for a flat dict of tensors.  A file named by a path is replaced in one step when
    everything has been written: whatever goes wrong leaves the old one.
    pickle_module: ``pickle``, or another whose pickler is written in Python, such as ``dill``.

    Raises AttributeError for what is neither path nor file, RuntimeError where there is no such
    folder, OSError where the system says so, pickle.PicklingError or AttributeError for what
    cannot be pickled.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.save.html

    >>> import io, minigrad as mg
    >>> file = io.BytesIO()
    >>> mg.save({"weight": mg.ones(2)}, file)
    >>> _ = file.seek(0)
    >>> mg.load(file)
    {'weight': tensor([1., 1.])}
    """
    suffix = os.path.splitext(os.fspath(f))[1] if _files.is_path(f) else ""
    if suffix in _BY_SUFFIX:
        _BY_SUFFIX[suffix](obj, f)
        return
    legacy = not _use_new_zipfile_serialization
    # Pickled before the file is touched: most errors are made here.
    pickled, storages = _pickler.dump(obj, pickle_module, pickle_protocol, legacy)
    with _files.written(f) as file:
        if legacy:
            _write_legacy(file, pickled, storages, pickle_protocol)
        else:
            _write_archive(file, pickled, storages, not _disable_byteorder_record)


def _write_archive(
    file: IO[bytes], pickled: bytes, storages: _pickler.Storages, byteorder: bool
) -> None:
    with _archive.Writer(file) as archive:
        archive.write("data.pkl", pickled)
        archive.write(".format_version", b"1")
        archive.write(".storage_alignment", str(_archive.ALIGNMENT).encode())
        if byteorder:
            archive.write("byteorder", sys.byteorder.encode())
        for piece in storages.written:
            archive.write(f"data/{piece.key}", piece.elements())
        archive.write("version", b"3\n")


def _write_legacy(
    file: IO[bytes], pickled: bytes, storages: _pickler.Storages, protocol: int
) -> None:
    """The format before torch 1.6: pickles in a row, then each storage after its length."""
    system = {
        "protocol_version": LEGACY_VERSION,
        "little_endian": sys.byteorder == "little",
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    }
    for head in (MAGIC, LEGACY_VERSION, system):
        file.write(pickle.dumps(head, protocol))
    file.write(pickled)
    file.write(pickle.dumps([piece.key for piece in storages.written], protocol))
    for piece in storages.written:
        elements = piece.elements()
        file.write(struct.pack("<q", elements.size))
        file.write(elements.view(np.uint8).data)

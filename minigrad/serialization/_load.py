"""``minigrad.load``: objects from files that ``minigrad.save`` or ``torch.save`` wrote."""

from __future__ import annotations

import functools
import io
import mmap as mmaps
import pickle
import struct
import sys
import warnings
from collections.abc import Callable
from typing import IO, Any

import numpy as np

from .. import _types
from .._tape import Array
from . import _archive, _files, npz, safetensors
from ._names import CALLED, VALUES, Storage, StorageType, elements
from ._save import LEGACY_VERSION, MAGIC
from ._unpickler import SafeUnpickler, full_name


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Load what ``minigrad.save`` or ``torch.save`` wrote, in their format of today or of before 1.6.

    Files of safetensors and ``.npz`` are known by their content. Tensors of a file come to the CPU
    from wherever they were; bfloat16 becomes float32.

    f: a path or a file open for reading.
    map_location: as torch's; it may name no other place than the CPU.
    weights_only: by default True: only tensors, plain data and what was added to the safe globals
    are made, and nothing in the file can run code. With False the file is unpickled, and **whoever
    made it can have any code run**.
    mmap: read tensors from a mapped file when their elements are used. f must then be a path.

    Raises pickle.UnpicklingError for what the file may not ask for and for what is no such file,
    RuntimeError for damaged archives, tensors that reach outside their storage, dtypes that are
    not there and other devices, EOFError for an empty file, and OSError.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.load.html
    """
    if weights_only is None:
        weights_only = pickle_module is None
    if weights_only and pickle_module is not None:
        raise RuntimeError(
            "Can not safely load weights when explicit pickle_module is specified: "
            "weights_only=False allows it"
        )
    if weights_only and pickle_load_args:
        warnings.warn("pickle_load_args only works if `weights_only=False`.", stacklevel=2)
    if mmap and not _files.is_path(f):
        raise ValueError("f must be a file path in order to use the mmap argument")
    loader = _Loader(map_location, weights_only, pickle_module or pickle, pickle_load_args)
    if _files.is_path(f):
        with open(f, "rb") as file:
            return loader.load(file, bool(mmap))
    return loader.load(_seekable(f), False)


def _seekable(f: Any) -> IO[bytes]:
    """A file to read from anywhere in; AttributeError for what cannot be read at all."""
    if not hasattr(f, "read"):
        raise AttributeError(
            f"expected 'f' to be string, path, or a file-like object with a 'read' attribute, "
            f"not {type(f).__name__}"
        )
    try:
        f.seek(f.tell())
    except (AttributeError, io.UnsupportedOperation):
        return io.BytesIO(f.read())
    return f


class _Loader:
    """How one call of ``load`` reads."""

    def __init__(self, map_location: Any, safe: bool, module: Any, options: dict[str, Any]):
        self.place = _placing(map_location)
        self.safe, self.module = safe, module
        self.options = {"encoding": "utf-8", **options}

    def load(self, file: IO[bytes], mapped: bool) -> Any:
        """The object in a file, whose first bytes tell the format."""
        start = file.tell()
        head = file.read(16)
        file.seek(start)
        if not head:
            raise EOFError("the file is empty")
        if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):  # the second is that of an empty archive
            return self._archive(file, mapped)
        if safetensors.is_header(head):
            return safetensors.read(file)
        if mapped:
            raise RuntimeError(
                "mmap can only be used with files in torch's zip format: save this one again"
            )
        return self._legacy(file)

    # ------------------------------------------------------------------------- pickles
    def unpickled(self, file: Any, storage: Callable[[Any], Any]) -> Any:
        """The object of one pickle."""
        if self.safe:
            return SafeUnpickler(file, storage, self.options["encoding"]).load()
        return _unpickler(self.module.Unpickler)(file, storage, **self.options).load()

    # ------------------------------------------------------------------------- torch's archives
    def _archive(self, file: IO[bytes], mapped: bool) -> Any:
        archive = _archive.Reader(file)
        if archive.is_torchscript:
            raise RuntimeError(
                "the file is a TorchScript archive, which holds code: save the module's "
                "state_dict with torch.save"
            )
        if not archive.is_torchs:
            return npz.load_archive(file)
        order = bytes(archive.read("byteorder")).decode() if archive.has("byteorder") else "little"
        if order not in ("little", "big"):
            raise _archive.damaged(f"it has an unknown byte order {order!r}")
        whole = mmaps.mmap(file.fileno(), 0, access=mmaps.ACCESS_COPY) if mapped else None
        found: dict[str, tuple[StorageType, Storage]] = {}

        def storage(identity: Any) -> Storage:
            kind, key, place, count = _identity(identity, 4)
            if key not in found:
                name = f"data/{key}"
                raw = archive.read(name) if whole is None else archive.mapped(name, whole)
                made = Storage(elements(raw, kind, count, order != sys.byteorder))
                found[key] = kind, self.place(made, place)
            known, made = found[key]
            if known is not kind:
                raise pickle.UnpicklingError(f"the storage {key!r} has elements of two dtypes")
            return made

        return self.unpickled(io.BytesIO(archive.read("data.pkl").data), storage)

    # ------------------------------------------------------------------------- before torch 1.6
    def _legacy(self, file: IO[bytes]) -> Any:
        """Pickles in a row: of the format, of the object, of the storages' keys; then their bytes."""
        rest = _Rest(file)
        if file.read(1) != pickle.PROTO:
            raise pickle.UnpicklingError(
                "the file is none that torch.save, safetensors or numpy.savez write"
            )
        file.seek(-1, io.SEEK_CUR)
        if _plain(rest) != MAGIC:
            raise RuntimeError("Invalid magic number; corrupt file?")
        version, system = _plain(rest), _plain(rest)
        if version != LEGACY_VERSION or not isinstance(system, dict):
            raise RuntimeError(f"Invalid protocol version: {version}")
        swap = system.get("little_endian", True) != (sys.byteorder == "little")
        found: dict[str, tuple[StorageType, Storage]] = {}

        def storage(identity: Any) -> Storage:
            kind, key, place, count, view = _identity(identity, 5)
            if key not in found:
                rest.check(kind, count)
                found[key] = kind, self.place(Storage(np.empty(count, kind.becomes)), place)
            made = found[key][1]
            if view is None:
                return made
            _, first, size = view
            return Storage(made.array[slice(first, first + size)])

        obj = self.unpickled(rest, storage)
        keys = _plain(rest)
        if not isinstance(keys, list) or set(keys) != set(found):
            raise pickle.UnpicklingError("the file has other storages than its tensors need")
        for kind, made in map(found.__getitem__, keys):
            made.array[:] = elements(rest.raw(kind, made.array.size), kind, made.array.size, swap)
        return obj


@functools.cache
def _unpickler(base: Any) -> Any:
    """A class of unpicklers that do all that a file asks for, and know torch's names."""

    class Unpickler(base):  # type: ignore[misc]
        def __init__(self, file: Any, storage: Callable[[Any], Any], **options: Any):
            super().__init__(file, **options)
            self._storage = storage

        def find_class(self, module: str, name: str) -> Any:
            full = full_name(module, name)
            if module.partition(".")[0] != "torch":
                return super().find_class(module, name)
            for known in (CALLED, VALUES):
                if full in known:
                    return known[full]
            raise pickle.UnpicklingError(
                f"the file holds {full}, which {_types.package} does not have: "
                "save a state_dict in torch, instead of whole modules"
            )

        def persistent_load(self, identity: Any) -> Any:
            return self._storage(identity)

    return Unpickler


class _Rest:
    """What is left of a file, of which no more is read or promised than there is."""

    def __init__(self, file: IO[bytes]):
        self._file = file
        start = file.tell()
        self._end = file.seek(0, io.SEEK_END)
        file.seek(start)
        self.readline = file.readline

    def read(self, size: int) -> bytes:
        """The next bytes, fewer at the end of the file."""
        return self._file.read(min(size, self._end - self._file.tell()))

    def check(self, kind: StorageType, count: int) -> int:
        """The length in bytes of a storage; RuntimeError if the file has less left."""
        size = count * kind.stored.itemsize
        if size > self._end - self._file.tell():
            raise _archive.damaged(f"it ends before a storage of {size} bytes")
        return size

    def raw(self, kind: StorageType, count: int) -> Array:
        """The bytes of a storage, which come after its length: (n,) uint8."""
        if struct.unpack("<q", self.read(8))[0] != count:
            raise _archive.damaged("a storage has not the length that was announced")
        return _files.read_array(self._file, self.check(kind, count))


# ------------------------------------------------------------------------------------ storages
def _plain(file: Any) -> Any:
    """The object of a pickle that refers to no storages."""

    def storage(identity: Any) -> Any:
        raise pickle.UnpicklingError("the file has a storage where none belongs")

    return SafeUnpickler(file, storage, "utf-8").load()


def _identity(identity: Any, length: int) -> Any:
    """What a pickle says of a storage after the word "storage": type, key, place, count ...

    UnpicklingError for anything else.
    """
    try:
        word, kind, key, place, count, *rest = (_text(part) for part in identity)
    except (TypeError, ValueError):
        raise pickle.UnpicklingError(f"{identity!r} is no reference to a storage") from None
    whole = type(count) is int and count >= 0 and len(rest) == length - 4
    if word != "storage" or not isinstance(kind, StorageType) or not whole:
        raise pickle.UnpicklingError(f"{identity!r} is no reference to a storage")
    if not isinstance(key, str) or not isinstance(place, str):
        raise pickle.UnpicklingError(f"{identity!r} is no reference to a storage")
    return kind, key, place, count, *rest


def _text(part: Any) -> Any:
    """Text that Python 2 wrote as bytes, as text."""
    return part.decode("ascii") if isinstance(part, bytes) else part


def _placing(map_location: Any) -> Callable[[Storage, str], Storage]:
    """What puts a storage of a file where ``map_location`` wants it: on the CPU, or nowhere."""

    def placed(storage: Storage, place: str) -> Storage:
        wanted: Any = map_location
        if isinstance(wanted, dict):
            wanted = wanted.get(place)
        elif callable(wanted):
            found = wanted(storage, place)
            if not isinstance(found, Storage | None):
                raise TypeError(f"map_location must answer a storage, not {type(found).__name__}")
            return storage if found is None else found
        if wanted is not None and (device := _types.device(_text(wanted))).type != "cpu":
            raise RuntimeError(
                f"Attempting to deserialize object on device '{device}', but {_types.package} "
                "computes on the CPU only: use map_location='cpu'"
            )
        return storage

    return placed

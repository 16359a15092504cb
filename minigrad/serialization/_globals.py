"""Which names a file asks for that are not loaded by default."""

from __future__ import annotations

import pickletools
from typing import Any

from . import _archive, _files
from ._load import _seekable
from ._names import CALLED, VALUES
from ._unpickler import allowed_names, full_name


def get_unsafe_globals_in_checkpoint(f: Any) -> list[str]:
    """The full names in a file of ``save`` that ``load`` would refuse, sorted; nothing of the file is run or made.

    f: a path or a file open for reading.  ValueError if it is no archive of torch's.

    >>> import io
    >>> import minigrad as mg
    >>> file = io.BytesIO()
    >>> mg.save({"step": slice(3), "weights": mg.ones(2)}, file)
    >>> mg.serialization.get_unsafe_globals_in_checkpoint(file)
    ['builtins.slice']
    """
    if _files.is_path(f):
        with open(f, "rb") as file:
            return _unsafe(file)
    return _unsafe(_seekable(f))


def _unsafe(file: Any) -> list[str]:
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        raise ValueError("Expected input to be a checkpoint returned by torch.save")
    file.seek(0)
    archive = _archive.Reader(file)
    if archive.is_torchscript or not archive.is_torchs:
        raise ValueError("Expected input to be a checkpoint returned by torch.save")
    safe = {*CALLED, *VALUES, *allowed_names()}
    return sorted(set(_names(bytes(archive.read("data.pkl")))) - safe)


def _names(pickled: bytes) -> list[str]:
    """The names that a pickle asks for, read without running it."""
    found: list[str] = []
    texts: list[str] = []
    memo: dict[Any, str] = {}
    for op, argument, _ in pickletools.genops(pickled):
        if op.name == "GLOBAL":
            found.append(full_name(*str(argument).split(" ", 1)))
        elif op.name == "STACK_GLOBAL" and len(texts) > 1:
            found.append(full_name(texts[-2], texts[-1]))
        elif op.name == "MEMOIZE" and texts:
            memo[len(memo)] = texts[-1]
        elif op.name in ("BINPUT", "LONG_BINPUT") and texts:
            memo[argument] = texts[-1]
        elif op.name in ("BINGET", "LONG_BINGET") and argument in memo:
            texts.append(memo[argument])
        elif isinstance(argument, str):
            texts.append(argument)
    return found

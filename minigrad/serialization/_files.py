"""Files that are either wholly the new ones or still the old ones.

What is to be saved goes into a temporary file beside the target, is forced to the disk, and then
takes the target's name in one step. So a crash, a full disk or Ctrl-C leaves the old file.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from .._tape import Array

_BINARY = getattr(os, "O_BINARY", 0)  # Windows would translate line ends


def is_path(f: Any) -> bool:
    """Whether ``f`` names a file, rather than being one."""
    return isinstance(f, (str, os.PathLike))


def read_array(file: Any, size: int) -> Array:
    """The next bytes of an open file: (size,) uint8, a new array; fewer at the end of the file."""
    found = np.empty(size, np.uint8)
    got = 0
    while got < size:
        if hasattr(file, "readinto"):
            count = file.readinto(found[got:].data)
        else:
            block = file.read(min(size - got, 1 << 24))
            count = len(block)
            found[got : got + count] = np.frombuffer(block, np.uint8)
        if not count:
            break
        got += count
    return found[:got]


@contextlib.contextmanager
def written(f: Any) -> Iterator[IO[bytes]]:
    """The file to write to: ``f`` itself, or for a path one that replaces it when all is well.

    AttributeError if ``f`` is neither a path nor has ``write``.
    """
    if is_path(f):
        with replacing(f) as file:
            yield file
    elif hasattr(f, "write"):
        yield f
    else:
        raise AttributeError(
            "expected 'f' to be string, path, or a file-like object with a 'write' attribute, "
            f"not {type(f).__name__}"
        )


@contextlib.contextmanager
def replacing(path: Any) -> Iterator[IO[bytes]]:
    """A new file that takes the place of ``path`` at the end of the block, unless it raises.

    Links are followed and permission bits kept. Devices and pipes cannot be replaced, and are
    written to as they are.

    RuntimeError where there is no such folder, PermissionError where the file is read-only.
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    if os.path.isdir(target):
        raise RuntimeError(f"cannot save to {target}: it is a directory")
    mode = _mode(target)
    if mode is not None and not stat.S_ISREG(mode):
        with open(target, "wb") as file:
            yield file
        return

    temporary = os.path.join(folder, f".minigrad-{os.urandom(8).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _mode(target: str) -> int | None:
    """The kind and permissions of a file; None if there is none, PermissionError if read-only."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if not os.access(target, os.W_OK):
        raise PermissionError(f"cannot save to {target}: it is read-only")
    return mode


def _sync_folder(folder: str) -> None:
    """Force the new name to the disk, where the system can (Windows cannot open folders)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

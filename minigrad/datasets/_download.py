"""Getting files: by the library pooch, checked, and in place only when whole.

pooch is an optional extra (`pip install "minigrad[data]"`), imported when something is downloaded.
"""

from __future__ import annotations

import contextlib
import gzip
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any


def download(urls: Iterable[str], folder: Path, name: str, md5: str) -> Path:
    """Get a file from the first of some addresses that has it; answers its path in folder.

    A file that is there already, with the right sum, is kept.  A bar shows the progress where tqdm
    is installed.  RuntimeError where no address has the file with the right sum, ImportError where
    pooch is not installed.
    """
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            'downloading needs the library pooch: pip install "minigrad[data]", or put '
            f"{name} into {folder} yourself"
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    bar = importlib.util.find_spec("tqdm") is not None
    troubles = []
    for url in urls:
        try:
            found = pooch.retrieve(
                url, known_hash=f"md5:{md5}", fname=name, path=folder, progressbar=bar
            )
        except Exception as error:  # of whichever library carries the protocol
            troubles.append(f"  {url}: {type(error).__name__}: {error}")
        else:
            return Path(found)
    raise RuntimeError(f"Error downloading {name}:\n" + "\n".join(troubles))


@contextlib.contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes its name only when it is complete, and is gone otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            yield file
            file.close()
            os.replace(file.name, path)
        except BaseException:
            file.close()
            os.unlink(file.name)
            raise


def unpack(packed: Path, path: Path) -> None:
    """Write what a gzip file holds; RuntimeError for a damaged one, and nothing is written."""
    try:
        with whole(path) as file, gzip.open(packed) as source:
            shutil.copyfileobj(source, file)
    except (EOFError, OSError) as error:
        raise RuntimeError(f"{packed}: damaged gzip file ({error})") from error


def unpack_members(packed: Path, folder: Path, names: Iterable[str]) -> None:
    """Write some members of a tar file, by name, and no others; RuntimeError where one is missing."""
    import tarfile

    try:
        with tarfile.open(packed) as archive:
            for name in names:
                source: Any = archive.extractfile(name)
                if source is None:
                    raise KeyError(f"{name} is not a file")
                with source, whole(folder / name) as file:
                    shutil.copyfileobj(source, file)
    except (EOFError, KeyError, OSError, tarfile.TarError) as error:
        raise RuntimeError(f"{packed}: damaged archive ({error})") from error

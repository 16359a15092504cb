"""The one door to Numba: `jit` compiles a kernel on its first call and keeps it on disk.

Numba's own disk cache notices a change of the file in which a function is
written, not of the helpers it calls from other files.  So compiled kernels live
in a folder whose name holds a hash of every source in `kernels/`:

    $NUMBA_CACHE_DIR or kernels/__pycache__ or ~/.cache/minigrad     (first writable)
      └── minigrad-<hash of this folder's path>-<hash of its sources>
            └── Numba's own files, one set per function, signature and CPU

An edit of any kernel starts a new folder and removes the old one.  Where nothing
can be written, kernels are compiled in every process.

While compiling takes long, one line on a terminal's stderr says so; the
environment variable MINIGRAD_QUIET silences it.

Only kernel modules that are themselves imported on first use may import this.
"""

import functools
import hashlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import event

HERE = Path(__file__).parents[1]  # kernels/
config: Any = numba.config
PATIENCE = 2.0  # seconds of compiling before the user is told what the wait is for


def jit(*args: Any, reassociate: bool = False, inner: bool = False) -> Any:
    """Compile a function for the types of its first call, without the GIL, cached on disk.

    inner: only compiled code calls it, so that the way in from Python need not be compiled.
    reassociate: let sums be reordered and multiply-adds fused (inner products only:
    everything else must treat NaN, infinity and -0.0 as plain Python loops do).
    """

    def decorate(function: Callable[..., Any]) -> Any:
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
        options["no_cpython_wrapper"] = inner
        if reassociate:
            options["fastmath"] = {"contract", "reassoc", "nsz"}
        dispatcher = _cached(lambda cache: numba.njit(cache=cache, **options)(function))
        _ours.add(dispatcher)
        return dispatcher

    return decorate(args[0]) if args else decorate


helper = functools.partial(jit, inner=True)
"""`jit` for what only compiled code calls."""


def compiled(signature: Any, function: Callable[..., Any]) -> int:
    """The address of a function's machine code, callable as C; compiled now, cached on disk."""
    made = _cached(lambda cache: numba.cfunc(signature, nopython=True, cache=cache)(function))
    _kept.append(made)
    return int(made.address)


def _cached(make: Callable[[bool], Any]) -> Any:
    """make(True) with Numba's cache in our folder, make(False) where there is none."""
    if _folder is None:
        return make(False)
    with _lock:  # Numba chooses a function's folder while decorating it
        before, config.CACHE_DIR = config.CACHE_DIR, str(_folder)
        try:
            return make(True)
        except RuntimeError:  # the folder stopped being writable
            return make(False)
        finally:
            config.CACHE_DIR = before


def _stamp() -> str:
    """A hash of all kernel sources."""
    digest = hashlib.sha256()
    for source in sorted(HERE.rglob("*.py")):
        digest.update(str(source.relative_to(HERE)).encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path | None:
    """The folder for compiled kernels, made and tried; None where nothing is writable."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    candidates = [HERE / "__pycache__", Path(home) / "minigrad"]
    if config.CACHE_DIR:
        candidates = [Path(config.CACHE_DIR)]
    install = f"minigrad-{hashlib.sha256(str(HERE).encode()).hexdigest()[:8]}-"
    for base in candidates:
        folder = base / (install + _stamp())
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        for old in base.glob(install + "*"):
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
        return folder
    return None


class _Notice(event.Listener):
    """Says once that kernels are being compiled when that has taken PATIENCE seconds in all."""

    def __init__(self) -> None:
        self.spent = 0.0
        self.depth = 0  # one kernel compiles the helpers it calls
        self.started = 0.0
        self.timer: threading.Timer | None = None

    def on_start(self, event: Any) -> None:
        if event.data["dispatcher"] not in _ours:
            return
        self.depth += 1
        if self.depth == 1 and self.spent < PATIENCE:
            self.started = time.monotonic()
            self.timer = threading.Timer(PATIENCE - self.spent, self.tell)
            self.timer.daemon = True
            self.timer.start()

    def on_end(self, event: Any) -> None:
        if event.data["dispatcher"] not in _ours:
            return
        self.depth -= 1
        if self.depth == 0 and self.timer is not None:
            self.timer.cancel()
            self.timer = None
            self.spent += time.monotonic() - self.started

    def tell(self) -> None:
        self.spent = PATIENCE
        where = "kept for the next run" if _folder else "no writable cache folder"
        sys.stderr.write(f"minigrad: compiling kernels ({where}) ...\n")
        sys.stderr.flush()


_lock = threading.Lock()
_folder = _cache_folder()
_ours: set[Any] = set()
_kept: list[Any] = []  # machine code lives as long as what holds it
if sys.stderr is not None and sys.stderr.isatty() and not os.environ.get("MINIGRAD_QUIET"):
    event.register("numba:compile", _Notice())

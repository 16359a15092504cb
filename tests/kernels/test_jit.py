"""The cache of compiled kernels: hits, notices edits anywhere in kernels/, works where it cannot write."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad.kernels

SOURCES = Path(minigrad.kernels.__file__).parent

# Runs a kernel for two shapes and prints where compiled code was found.
SCRIPT = """
import numpy as np
from minigrad.kernels import conv
from minigrad.kernels.conv import direct
from minigrad.kernels.machine import jit
x = np.ones((16, 3, 9, 9), np.float32)
w = np.ones((4, 3, 4, 4), np.float32)
conv.SMALL = -1
geo = conv.Geometry((1, 1), ((0, 0), (0, 0)), (1, 1), 1)
assert (conv.conv(x, w, None, geo) == 48).all()
assert (conv.conv(x[:, :1] + 0, w[:, :1] + 0, None, geo) == 16).all()
stats = direct._sweep.together.stats
print(jit._folder, sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


def run(root: Path, **env: str) -> list[str]:
    """Folder, hits and misses of a process that uses the copy of the package at root."""
    clean = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=clean | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"} | env,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=root,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.split()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of kernels/ alone, in a package of the same name."""
    (tmp_path / "minigrad").mkdir()
    (tmp_path / "minigrad" / "__init__.py").write_text("")
    shutil.copytree(
        SOURCES, tmp_path / "minigrad" / "kernels", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


def test_second_process_finds_the_code_and_an_edit_anywhere_is_noticed(package: Path) -> None:
    kernels = package / "minigrad" / "kernels"
    folder, hits, misses = run(package)
    assert (hits, misses) == ("0", "1")
    assert Path(folder).parent == kernels / "__pycache__"
    assert run(package) == [folder, "1", "0"]
    with (kernels / "simd.py").open("a") as source:
        source.write("\n# An edit of a file other than that of the kernel.\n")
    after, hits, misses = run(package)
    assert after != folder
    assert (hits, misses) == ("0", "1")
    assert [p.name for p in (kernels / "__pycache__").iterdir()] == [Path(after).name]


def test_cache_folder_of_the_users_choice(package: Path, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    folder, *_ = run(package, NUMBA_CACHE_DIR=str(chosen))
    assert Path(folder).parent == chosen
    assert not (package / "minigrad" / "kernels" / "__pycache__").exists()


def test_without_a_writable_folder_kernels_are_compiled_each_time(package: Path) -> None:
    # Files where folders are wanted: this stops even a user who may write anywhere.
    (package / "minigrad" / "kernels" / "__pycache__").write_text("")
    (package / "nothing").write_text("")
    here = {"HOME": str(package / "nothing"), "XDG_CACHE_HOME": str(package / "nothing")}
    for _ in range(2):
        assert run(package, **here) == ["None", "0", "1"]


def test_importing_kernels_and_small_convolutions_leave_numba_alone() -> None:
    script = """
import sys
import numpy as np
from minigrad.kernels import conv
from minigrad.kernels.machine import scratch, threads
geo = conv.Geometry((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
x = np.ones((1, 1, 128, 128), np.float32)
w = np.ones((1, 1, 3, 3), np.float32)
y = conv.conv(x, w, None, geo)
conv.conv_weight(x, y, (3, 3), geo)
conv.conv_input(y, w, None, (128, 128), geo)
assert 'numba' not in sys.modules
"""
    subprocess.run(
        [sys.executable, "-c", script], check=True, timeout=60, cwd=SOURCES.parent.parent
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("quiet", [False, True])
def test_a_terminal_is_told_once_what_the_wait_is_for(package: Path, quiet: bool) -> None:
    master, slave = os.openpty()
    env = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    env |= {"PYTHONPATH": str(package)} | ({"MINIGRAD_QUIET": "1"} if quiet else {})
    script = "from minigrad.kernels.machine import jit; jit.PATIENCE = 0.01\n" + SCRIPT
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, stderr=slave, timeout=300, cwd=package, check=True
    )
    os.close(slave)
    os.set_blocking(master, False)
    try:
        told = os.read(master, 10_000).decode()
    except (BlockingIOError, OSError):
        told = ""
    os.close(master)
    assert done.returncode == 0
    assert told.count("compiling kernels") == (0 if quiet else 1), told

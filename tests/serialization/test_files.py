"""Saving replaces a file in one step: whatever goes wrong, the old one is still there."""

from __future__ import annotations

import errno
import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import minigrad as mg
from minigrad.serialization import _archive, _files, safetensors

SAVERS = {
    "weights.pt": mg.save,
    "weights.safetensors": safetensors.save_file,
    "weights.npz": mg.serialization.save_npz,
}
OLD, NEW = {"a": mg.ones(3)}, {"a": mg.zeros(30_000)}


@pytest.fixture(params=SAVERS)
def path(request, tmp_path) -> Path:
    """A file that has been saved, alone in its folder."""
    path = tmp_path / request.param
    mg.save(OLD, path)
    return path


def unchanged(path: Path) -> bool:
    """Whether the old file is there, and nothing else."""
    return mg.load(path)["a"].tolist() == [1, 1, 1] and os.listdir(path.parent) == [path.name]


def test_the_new_file_takes_the_old_ones_place(path):
    mg.save(NEW, path)
    assert mg.load(path)["a"].shape == (30_000,)
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("step", ["replace", "fsync", "chmod"])
def test_the_system_fails(path, step, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="broken"):
        mg.save(NEW, path)
    monkeypatch.undo()
    assert unchanged(path)


class FullDisk:
    """A file that takes only so many bytes."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, data):
        self.room -= memoryview(data).nbytes
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(data)


@pytest.mark.parametrize("room", [0, 100, 5000, 100_000])
def test_the_disk_is_full(path, room, monkeypatch):
    def small(*arguments):
        return FullDisk(open(*arguments), room)

    monkeypatch.setattr(_files, "open", small, raising=False)
    with pytest.raises(OSError, match="No space left"):
        mg.save(NEW, path)
    monkeypatch.undo()
    assert unchanged(path)


def test_interrupted_while_writing(path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mg.save(NEW, path)
    monkeypatch.undo()
    assert unchanged(path)


CHILD = """
import resource, signal, sys
import minigrad as mg
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    mg.save({"a": mg.zeros(30_000)}, sys.argv[1])
except OSError as error:
    sys.exit(7 if error.errno == __import__("errno").EFBIG else 8)
"""
KILLED = """
import os, signal, sys
import minigrad as mg
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
mg.save({"a": mg.zeros(30_000)}, sys.argv[1])
"""


def child(program: str, path: Path) -> int:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-W", "error", "-c", program, str(path)]
    return subprocess.run(command, cwd=root, check=False).returncode


def test_a_process_that_may_not_write_so_much(path):
    assert child(CHILD, path) == 7
    assert unchanged(path)


def test_a_process_that_is_killed(path):
    assert child(KILLED, path) == -9
    assert mg.load(path)["a"].tolist() == [1, 1, 1]
    (left,) = set(os.listdir(path.parent)) - {path.name}
    assert left.startswith(".minigrad-")


def test_what_cannot_be_pickled_leaves_the_old_file(tmp_path):
    path = tmp_path / "weights.pt"
    mg.save(OLD, path)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        mg.save({"a": lambda: 1}, path)
    assert unchanged(path)


@pytest.mark.parametrize(
    "wrong", [[mg.ones(1)], {"a": 1}, {1: mg.ones(1)}, {"a": {"b": mg.ones(1)}}]
)
@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_what_the_format_cannot_hold(wrong, suffix, tmp_path):
    with pytest.raises(TypeError, match="tensors by name"):
        mg.save(wrong, tmp_path / f"weights{suffix}")
    assert os.listdir(tmp_path) == []


# ------------------------------------------------------------------------------- kinds of targets
def test_permissions_are_kept(path):
    for mode in (0o600, 0o640, 0o755):
        os.chmod(path, mode)
        mg.save(OLD, path)
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_permissions_of_new_files_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        mg.save(OLD, tmp_path / "new.pt")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.pt").stat().st_mode) == 0o640


def test_read_only_files_are_not_replaced(path, monkeypatch):
    # The tests may run as a user to whom nothing is read-only.
    monkeypatch.setattr(os, "access", lambda target, mode: False)
    with pytest.raises(PermissionError, match="read-only"):
        mg.save(NEW, path)
    assert unchanged(path)


def test_links_are_followed(path):
    link = path.with_name("link" + path.suffix)
    link.symlink_to(path.name)
    mg.save(NEW, link)
    assert link.is_symlink()
    assert mg.load(path)["a"].shape == (30_000,)


def test_pipes_are_written_to(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    mg.save(OLD, pipe)
    out, _ = reader.communicate()
    (tmp_path / "weights.pt").write_bytes(out)
    assert mg.load(tmp_path / "weights.pt")["a"].tolist() == [1, 1, 1]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_folders(tmp_path):
    with pytest.raises(RuntimeError, match="does not exist"):
        mg.save(OLD, tmp_path / "nowhere" / "weights.pt")
    with pytest.raises(RuntimeError, match="is a directory"):
        mg.save(OLD, tmp_path)
    with pytest.raises(IsADirectoryError):
        mg.load(tmp_path)


def test_a_file_of_more_than_a_gigabyte_is_a_zip64(tmp_path, monkeypatch):
    monkeypatch.setattr(_archive, "_LARGE", 1000)
    mg.save(NEW, tmp_path / "weights.pt")
    for mmap in (False, True):
        assert torch.load(tmp_path / "weights.pt", mmap=mmap)["a"].shape == (30_000,)
        assert mg.load(tmp_path / "weights.pt", mmap=mmap)["a"].shape == (30_000,)

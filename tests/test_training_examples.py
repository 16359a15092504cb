"""The training examples: what they reach, and that a training taken up again is the same one."""

from __future__ import annotations

import os
import re
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as mg

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SHORT = {  # of each example, options for a short run
    "train_digits": ["--epochs", "2"],
    "train_fashion_mnist": ["--epochs", "2", "--root", "nowhere", "--model", "bn"],
    "train_resnet": ["--epochs", "2", "--root", "nowhere", "--blocks", "1", "--batch-size", "256"],
    "autoencoder": ["--epochs", "2", "--picture", "a.png"],
    "generate_digits": ["--epochs", "2", "--picture", "a.png"],
}


def started(folder: Path, name: str, *options: str) -> subprocess.Popen[str]:
    """The example as a process of its own, in a folder."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *options]
    environment = dict(os.environ, PYTHONPATH=str(EXAMPLES.parent), PYTHONUNBUFFERED="1")
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture
def printed(tmp_path, monkeypatch, capsys):
    """Runs an example with these options, in a folder, and answers what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(EXAMPLES)

    def run(name: str, *options: str) -> str:
        script = str(EXAMPLES / f"{name}.py")
        monkeypatch.setattr(sys, "argv", [script, *options])
        runpy.run_path(script, run_name="__main__")
        out, errors = capsys.readouterr()
        assert errors == ""
        return out

    return run


def contents(value) -> object:
    """A checkpoint with the bytes of its tensors in their place."""
    if isinstance(value, mg.Tensor):
        return value.shape, value.numpy().tobytes()
    if isinstance(value, dict):
        return {key: contents(part) for key, part in value.items()}
    return [contents(part) for part in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("name", SHORT)
def test_going_on_is_the_same_as_never_having_stopped(name, printed, tmp_path):
    whole = printed(name, *SHORT[name], "--checkpoint", "whole.pt")
    printed(name, *SHORT[name], "--stop-after", "1", "--checkpoint", "parts.pt")
    resumed = printed(name, *SHORT[name], "--checkpoint", "parts.pt", "--resume")
    assert resumed.splitlines()[-1] == whole.splitlines()[-1]
    parts, expected = (mg.load(tmp_path / file) for file in ("parts.pt", "whole.pt"))
    assert contents(parts) == contents(expected)


def test_digits_are_read(printed):
    last = printed("train_digits").splitlines()[-1]
    assert float(re.search(r"([\d.]+)% right", last)[1]) >= 98.5


def test_interrupted(tmp_path):
    process = started(tmp_path, "train_digits", "--epochs", "500", "--checkpoint", "a.pt")
    for line in process.stdout:
        if line.startswith("epoch  2"):
            process.send_signal(signal.SIGINT)
            break
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip() == "Interrupted; --checkpoint a.pt --resume goes on."
    state = mg.load(tmp_path / "a.pt")
    assert state["epochs"] >= 1
    assert os.listdir(tmp_path) == ["a.pt"]


def test_nothing_to_go_on_from(tmp_path):
    for options in (["--resume"], ["--resume", "--checkpoint", "none.pt"]):
        process = started(tmp_path, "train_digits", *options)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "--resume needs a --checkpoint that exists" in errors

"""minigrad.backends: the one setting that counts, and those that scripts set for other machines."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

import minigrad as mg


def error(level: str) -> float:
    """The largest error of a 3x3 convolution, in standard deviations of the answer."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((16, 32, 24, 24)).astype(np.float32)
    w = rng.standard_normal((32, 32, 3, 3)).astype(np.float32)
    want = torch.nn.functional.conv2d(torch.tensor(x).double(), torch.tensor(w).double()).numpy()
    with mg.backends.conv.flags(accuracy=level):
        got = mg.nn.functional.conv2d(mg.tensor(x), mg.tensor(w)).numpy()
    return float(np.abs(got - want).max() / want.std())


def test_accuracy_changes_the_way_that_is_taken():
    assert 2 * error("accurate") < error("fast") < 1e-4
    assert error("accurate") < 1e-5


def test_accuracy_is_checked_and_restored():
    conv = mg.backends.conv
    with pytest.raises(ValueError, match="accuracy must be one of"):
        conv.accuracy = "quick"
    with pytest.raises(ValueError, match="accuracy must be one of"), conv.flags("quick"):
        pass

    def failing():
        with conv.flags(accuracy="accurate"):
            assert conv.accuracy == "accurate"
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert conv.accuracy == "fast"
    try:
        conv.accuracy = "accurate"
        assert conv.accuracy == "accurate"
    finally:
        conv.accuracy = "fast"


@pytest.mark.parametrize("name", ["cudnn", "mkldnn"])
def test_settings_for_other_machines_are_kept_and_restored(name):
    ours = getattr(mg.backends, name)
    with ours.flags(enabled=True, allow_tf32=False):
        assert ours.enabled
        assert not ours.allow_tf32
    assert ours.allow_tf32
    with pytest.raises(TypeError, match="unexpected keyword argument 'speed'"):
        ours.flags(speed=2).__enter__()
    with ours.flags(), torch.backends.cudnn.flags():
        for setting in ("enabled", "deterministic"):
            assert getattr(ours, setting) == getattr(torch.backends.cudnn, setting)


def test_nothing_of_other_machines_is_there():
    for name in ("cudnn", "mps", "mkl", "mkldnn", "openmp"):
        assert not getattr(mg.backends, name).is_available()
    assert not mg.backends.mps.is_built()
    assert not mg.backends.cuda.is_built()
    assert mg.backends.cudnn.version() is None


def test_the_usual_lines_of_scripts():
    script = """
import sys
import minigrad as torch
import minigrad.backends.cudnn as cudnn
cudnn.benchmark = True
torch.backends.cudnn.deterministic = True
torch.backends.cuda.matmul.allow_tf32 = True
assert torch.backends.cudnn.benchmark
device = 'mps' if torch.backends.mps.is_available() else 'cpu'
torch.device(device)
assert 'numba' not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)

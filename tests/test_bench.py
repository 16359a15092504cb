"""The benchmark's own arithmetic and its table of cases; no time is asserted."""

import json
import math
from pathlib import Path

import pytest
import torch

from tests.bench import report, runner, worker
from tests.bench.bars import BARS, Bar, geometric_mean
from tests.bench.cases import CASES, CONVOLUTIONS, Conv


def row(name, group, ours, theirs, threads=1, flops=0):
    return runner.Row(name, group, threads, flops, ours=list(ours), theirs=list(theirs))


def test_names_are_unique():
    names = [case.name for case in CASES] + runner.PROCESSES
    assert len(set(names)) == len(names)


def test_every_bar_looks_at_something():
    rows = {case.name for case in CASES} | {case.group for case in CASES} | set(runner.PROCESSES)
    assert {bar.rows for bar in BARS} <= rows


@pytest.mark.parametrize("shape", CONVOLUTIONS, ids=str)
def test_operations_of_a_convolution_are_counted(shape):
    channels = shape.cin // shape.groups
    conv = torch.nn.Conv2d(shape.cin, shape.cout, shape.k, bias=False, **shape.options)
    out = conv(torch.empty(1, shape.cin, shape.h, shape.w, device="cpu"))
    products = shape.n * out.numel() * channels * shape.k**2
    assert shape.flops == 2 * products


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.group == "learning"], ids=lambda case: case.name
)
def test_learning_cases_run_on_torch(case):
    assert case.make(torch)() is not None


def test_gradient_cases_compute_all_gradients():
    case = next(c for c in CASES if c.name == f"conv2d {Conv(1, 1, 6, 8, 1, 2)}, with gradients")
    assert case.make(torch)().shape == (1, 1, 6, 8)


def test_ratio_is_best_against_best():
    measured = row("a", "g", [2.0, 1.0, 5.0], [3.0, 4.0, 9.0])
    assert measured.ratio == 3.0
    assert measured.medians() == (2.0, 4.0)


def test_bars():
    rows = [row("a", "g", [1.0], [1.0]), row("b", "g", [1.0], [4.0], threads=1)]
    assert math.isclose(geometric_mean([1.0, 4.0]), 2.0)
    bars = [Bar("g", "mean", 2.0), Bar("g", "least", 1.1), Bar("g", "mean", 9.0, threads=2)]
    assert [held for held, _ in report.verdicts(rows, bars)] == [True, False]
    assert [held for held, _ in report.verdicts(rows, [Bar("b", "least", 4.0)])] == [True]


def test_texts():
    rows = [row("one", "g", [1e-3], [2e-3], flops=10**7), row("two", "g", [1.0], [1.0])]
    peaks = {1: 20.0}
    assert report.cells(rows[0], peaks)[-2:] == ("2.00", "50")
    assert len(report.line(rows[0], peaks)) == len(report.heading())
    text = report.page(rows, peaks, picture=False)
    assert "| one | 1.000 | 1.000 | 2.000 | 2.000 | 2.00 | 50 |" in text
    assert "geometric mean 1.41, least 1.00 of 2" in text
    assert json.loads(report.as_json(rows, peaks))["rows"][0]["ratio"] == 2.0


def test_picture(tmp_path):
    path = tmp_path / "bars.png"
    assert report.draw([row("one", "g", [1.0], [2.0])], path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_script_for_torch(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import minigrad as torch\nimport minigrad.nn as nn\nx = 'minigrad'\n")
    expected = "import torch as torch\nimport torch.nn as nn\nx = 'minigrad'\n"
    assert runner.for_torch(script) == expected
    assert Path(runner.EXAMPLE).exists()


def test_samples_are_seconds_of_one_call():
    calls = []
    times = worker.samples(lambda: calls.append(1), seconds=1e-3)
    assert len(calls) > len(times) >= 1  # so quick a function is called many times for one sample
    assert min(times) > 0

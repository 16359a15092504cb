"""The examples: same output under minigrad and under torch, and the textbook's figures in it."""

import contextlib
import importlib.util
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad import _types

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NOTEBOOKS = sorted((EXAMPLES / "notebooks").glob("*.py"))
LOSSES = [  # of the textbook's run of 20 steps, and the kernel at its end
    *(29.4910, 16.7445, 9.8441, 5.9429, 3.6571, 2.2806, 1.4350, 0.9084, 0.5772, 0.3677),
    *(0.2347, 0.1499, 0.0958, 0.0613, 0.0392, 0.0251, 0.0160, 0.0103, 0.0066, 0.0042),
]
LAST_KERNEL = [1.0066, -0.9932]
SOBEL = [[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]


def source_for(package: str, script: Path) -> str:
    """The script's source with another package's name in its import lines."""
    return re.sub(r"^(import|from) minigrad\b", rf"\1 {package}", script.read_text(), flags=re.M)


def load(script: Path, package: str = "minigrad") -> ModuleType:
    """The script as a module, its `main` not run."""
    spec = importlib.util.spec_from_loader(script.stem, loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(script)
    exec(compile(source_for(package, script), str(script), "exec"), module.__dict__)
    return module


def output_of(script: Path, package: str) -> str:
    """What the script prints when its `main` runs."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        load(script, package).main()
    return printed.getvalue()


def numbers(text: str) -> list[float]:
    """All numbers in a text."""
    return [float(number) for number in re.findall(r"-?\d+\.?\d*(?:e[+-]\d+)?", text)]


def after(text: str, heading: str, count: int) -> list[float]:
    """The first `count` numbers after a heading in a script's output."""
    return numbers(text[text.index(heading) + len(heading) :])[:count]


@pytest.fixture(scope="module")
def printed() -> dict[str, str]:
    """What every notebook script prints under minigrad."""
    return {script.stem: output_of(script, "minigrad") for script in NOTEBOOKS}


def test_there_are_five_notebooks():
    assert len(NOTEBOOKS) == 5


@pytest.mark.parametrize("script", NOTEBOOKS, ids=lambda script: script.stem)
def test_prints_what_torch_prints(script, monkeypatch):
    monkeypatch.setattr(_types, "package", "torch")
    assert output_of(script, "minigrad") == output_of(script, "torch")


@pytest.mark.parametrize("script", NOTEBOOKS, ids=lambda script: script.stem)
def test_nothing_but_the_import_line_differs_from_torch(script):
    changed = source_for("torch", script)
    assert "minigrad" not in changed
    lines = zip(script.read_text().splitlines(), changed.splitlines(), strict=True)
    assert all(a == b or re.match(r"(import|from) minigrad", a) for a, b in lines)


def test_figures_of_the_looped_convolution(printed):
    text = printed["cross_correlation_and_channels"]
    assert after(text, "in two loops", 4) == [19, 25, 37, 43]
    two_in = [0.0507, -0.7495, 7.9454, -2.8922]
    np.testing.assert_allclose(after(text, "Size([2, 2, 2])", 4), two_in, atol=4e-4)
    three_out = [*two_in, 2.1272, 2.9171, 13.6500, 4.4601, 4.2037, 6.5838, 19.3546, 11.8125]
    answer = text[: text.index("\nA 1x1 convolution")]
    np.testing.assert_allclose(numbers(answer)[-12:], three_out, atol=4e-4)
    assert "equal to the looped one: True" in text


def test_figures_of_padding_and_stride(printed):
    text = printed["cross_correlation_and_channels"]
    sizes = [[8, 8], [8, 8], [4, 4]]
    part = text[text.index("Padding and stride") : text.index("Two channels in")]
    shapes = [
        [int(n) for n in pair] for pair in re.findall(r"^\S*Size\(\[(\d+), (\d+)\]\)$", part, re.M)
    ]
    assert shapes == sizes


def test_edge_learning_converges_as_in_the_textbook(printed):
    text = printed["cross_correlation_and_channels"]
    losses = [float(loss) for loss in re.findall(r"epoch \d+, loss (\S+)", text)]
    assert len(losses) == 10
    assert losses == sorted(losses, reverse=True)
    assert losses[0] < 0.1
    assert losses[2] == 0
    np.testing.assert_allclose(after(text, "epoch 100, loss 0.000\n", 2), [1.0, -1.0], atol=1e-3)


def test_edge_learning_without_tape_from_the_textbooks_start():
    script = load(EXAMPLES / "notebooks" / "edges_step_by_step.py")
    X = mg.ones((6, 8))
    X[:, 2:6] = 0
    Y = script.corr2d(X, mg.tensor([[1.0, -1.0]]))
    weight = start_of(LOSSES[0], LOSSES[1])
    found = []
    for _ in range(20):
        weight.grad = None
        loss = ((script.corr2d(X, weight) - Y) ** 2).sum()
        loss.backward()
        with mg.no_grad():
            weight -= 3e-2 * weight.grad
        found.append(loss.item())
    np.testing.assert_allclose(found, LOSSES, rtol=2e-3, atol=1e-4)
    np.testing.assert_allclose(weight.detach().numpy(), [LAST_KERNEL], atol=1e-4)


def start_of(first: float, second: float) -> mg.Tensor:
    """The kernel (1, 2) that has these first two losses on the bar at a learning rate of 0.03.

    With e the kernel's error and H the products of the picture's windows, the loss is e' H e and a
    step multiplies e by 1 - 2 lr H. So two losses give the squares of e's parts along H's axes; the
    signs are those of the error after 20 steps, in which every part was multiplied 20 times.
    """
    picture = np.ones((6, 8))
    picture[:, 2:6] = 0
    windows = np.stack([picture[:, :-1].ravel(), picture[:, 1:].ravel()], axis=1)
    values, axes = np.linalg.eigh(windows.T @ windows)
    factors = (1 - 2 * 3e-2 * values) ** 2
    squares = np.linalg.solve([values, values * factors], [first, second])
    signs = np.sign(axes.T @ (np.array(LAST_KERNEL) - [1, -1]))
    kernel = np.array([[1.0, -1.0]]) + axes @ (signs * np.sqrt(squares))
    return mg.tensor(kernel.astype(np.float32), requires_grad=True)


def test_figures_of_the_layers(printed):
    text = printed["layers_and_pooling"]
    assert "in minigrad.Size([4, 3, 12, 12]) out minigrad.Size([4, 64, 10, 10])" in text
    assert "weight minigrad.Size([64, 3, 3, 3]) 1728 True" in text
    assert "parameters in all: 1792" in text


def test_figures_of_the_many_ways(printed):
    text = printed["convolution_many_ways"]
    expected = [-0.6276, 0.7368, 0.3146, 0.2455]
    np.testing.assert_allclose(after(text, "One picture and one kernel", 4), expected, atol=2e-4)
    assert "False" not in text
    assert text.count("True") >= 16


def test_a_looped_layer_learns(printed):
    text = printed["training_a_looped_layer"]
    losses = [float(loss) for loss in re.findall(r"loss (\d\S*)", text)]
    assert losses == sorted(losses, reverse=True)
    weight = after(text, "after: Parameter containing:", 2)
    np.testing.assert_allclose(weight, [1.0, -1.0], atol=0.1)


def test_edges_step_by_step_is_near_the_kernel(printed):
    text = printed["edges_step_by_step"]
    assert len(re.findall(r"epoch \d+, loss \d+\.\d{4}$", text, re.M)) == 20
    assert "near [[1, -1]]: tensor([True, True])" in text


@pytest.fixture(scope="module")
def edge_example() -> ModuleType:
    """examples/learn_edge_kernel.py, seeded."""
    module = load(EXAMPLES / "learn_edge_kernel.py")
    mg.manual_seed(0)
    return module


def test_the_bars_kernel_is_learned(edge_example, capsys):
    X, Y, conv = edge_example.learn_on_bar()
    kernel = conv.weight.detach().numpy()
    np.testing.assert_allclose(kernel, [[[[1.0, -1.0]]]], atol=1e-3)
    assert (X.shape, Y.shape) == ((1, 1, 6, 8), (1, 1, 6, 7))
    losses = [float(loss) for loss in re.findall(r"loss (\S+)", capsys.readouterr().out)]
    assert len(losses) == 10
    assert losses == sorted(losses, reverse=True)


def test_sobels_kernel_is_learned_from_a_photograph(edge_example):
    X, Y, conv = edge_example.learn_on_photograph()
    np.testing.assert_allclose(conv.weight.detach().numpy()[0, 0], SOBEL, atol=2e-3)
    kernel = torch.tensor(SOBEL).reshape(1, 1, 3, 3)
    expected = torch.nn.functional.conv2d(torch.from_numpy(X.numpy()), kernel)
    np.testing.assert_allclose(Y.numpy(), expected.numpy(), atol=1e-4)


def test_the_photograph_is_read(edge_example):
    X = edge_example.read_photograph(edge_example.PHOTOGRAPH).numpy()
    assert X.shape == (1, 1, 128, 128)
    assert abs(X.mean()) < 1e-5
    assert abs(X.std() - 1) < 1e-3
    with pytest.raises(ValueError, match="not a binary PGM"):
        edge_example.read_photograph(EXAMPLES / "camera.txt")


def run_example(folder: Path, *arguments: str) -> str:
    """What examples/learn_edge_kernel.py prints as a process of its own, without complaints."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / "learn_edge_kernel.py"), *arguments]
    environment = dict(os.environ, PYTHONPATH=str(EXAMPLES.parent))
    run = subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


def test_the_example_draws_a_picture(tmp_path):
    picture = tmp_path / "edges.png"
    assert str(picture) in run_example(tmp_path, "--picture", str(picture))
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_example_does_without_matplotlib(edge_example, monkeypatch, capsys, tmp_path):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # so that importing it fails
    picture = tmp_path / "edges.png"
    edge_example.show([{"input": np.eye(5), "learned kernel": np.eye(2)}], str(picture))
    printed = capsys.readouterr().out
    assert "No picture file" in printed
    assert "learned kernel" in printed
    assert not picture.exists()


def test_the_example_shows_its_pictures_in_characters(tmp_path):
    printed = run_example(tmp_path, "--text")
    assert printed.count("learned kernel") == 2
    assert printed.count("@@") > 10
    assert list(tmp_path.iterdir()) == []

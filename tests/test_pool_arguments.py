"""What pooling, unpooling, unfold and fold refuse, against torch: arguments, shapes and dtypes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minigrad as mg

F = torch.nn.functional
G = vars(mg.nn.functional)


def both(x, grad=True):
    """The same numbers in both packages; torch, which takes not every layout, gets them in order."""
    ours = mg.from_numpy(x)
    theirs = torch.from_numpy(np.array(x, order="C"))
    if grad:
        ours, theirs = ours.detach().requires_grad_(), theirs.detach().requires_grad_()
    return ours, theirs


def outcome(call):
    """What a call answers, or the type and text of what it raises."""
    try:
        answer = call()
    except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError) as error:
        return type(error), str(error)
    parts = answer if isinstance(answer, tuple) else (answer,)
    return [tuple(part.shape) for part in parts]


X = {1: (2, 3, 8), 2: (2, 3, 8, 8), 3: (1, 2, 6, 6, 6)}
WINDOW_ERRORS = [
    {"kernel_size": 0}, {"kernel_size": -1}, {"kernel_size": 9}, {"kernel_size": (2,) * 4},
    {"kernel_size": 2.5}, {"kernel_size": "a"}, {"kernel_size": None}, {"kernel_size": (2,)},
    {"kernel_size": 2, "stride": 0}, {"kernel_size": 2, "stride": -1},
    {"kernel_size": 2, "stride": ()}, {"kernel_size": 2, "stride": (1,) * 4},
    {"kernel_size": 2, "padding": 2}, {"kernel_size": 2, "padding": -1},
    {"kernel_size": 2, "padding": (1,) * 4},
]  # fmt: skip
MAX_ERRORS = [
    {"kernel_size": 2, "dilation": 0}, {"kernel_size": 2, "dilation": -1},
    {"kernel_size": 3, "dilation": 9}, {"kernel_size": 2, "dilation": (1,) * 4},
    {"kernel_size": 2, "ceil_mode": 1},
]  # fmt: skip
MEAN_ERRORS = [
    {"kernel_size": 2, "divisor_override": 0}, {"kernel_size": 2, "divisor_override": 2.5},
]  # fmt: skip
SIZE_ERRORS = [{"output_size": o} for o in (
    -1, 0, 2.5, (2,) * 4, (), (2,), 11, "a")]  # fmt: skip


def rows():
    for n in (1, 2, 3):
        for kind, cases in (("max_pool", WINDOW_ERRORS + MAX_ERRORS), ("avg_pool", WINDOW_ERRORS)):
            yield from ((f"{kind}{n}d", n, case) for case in cases)
        if n > 1:
            yield from ((f"avg_pool{n}d", n, case) for case in MEAN_ERRORS)
        for kind in ("avg", "max"):
            yield from ((f"adaptive_{kind}_pool{n}d", n, case) for case in SIZE_ERRORS)
    for case in WINDOW_ERRORS + MAX_ERRORS[:2]:
        if "stride" not in case or case["stride"] != ():
            yield "unfold", 2, case
    for o in (
        {},
        {"output_size": 8},
        {"output_size": (2,) * 4},
        {"output_size": 2, "kernel_size": (2,) * 4},
    ):
        yield from ((f"fractional_max_pool{n}d", n, {"kernel_size": 2, **o}) for n in (2, 3))


def gist(text):
    """Words without the order of sizes and names of internal functions."""
    words = "stride padding pad kernel dilation divisor small size output negative int half"
    return {word for word in words.split() if word in text.lower()}


@pytest.mark.parametrize(("name", "n", "options"), list(rows()), ids=str)
def test_wrong_arguments(name, n, options):
    ours = outcome(lambda: G[name](mg.ones(*X[n]), **options))
    theirs = outcome(lambda: getattr(F, name)(torch.ones(*X[n]), **options))
    if not isinstance(theirs, tuple):
        assert ours == theirs
        return
    assert isinstance(ours, tuple), f"torch: {theirs}"
    assert ours[0] is theirs[0], f"{ours} but torch: {theirs}"
    assert not gist(theirs[1]) or gist(ours[1]) & gist(theirs[1]), f"{ours} but torch: {theirs}"


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("kind", ["max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool"])
@pytest.mark.parametrize("shape", ["few", "many", "N0", "C0", "S0"])
def test_wrong_shapes(n, kind, shape):
    full = X[n]
    size = {
        "few": full[2:], "many": (1, *full), "N0": (0, *full[1:]),
        "C0": (full[0], 0, *full[2:]), "S0": (*full[:-1], 0),
    }[shape]  # fmt: skip
    name = f"{kind}{n}d"
    ours = outcome(lambda: G[name](mg.ones(*size), 2))
    theirs = outcome(lambda: getattr(F, name)(torch.ones(*size), 2))
    if isinstance(theirs, tuple):
        assert isinstance(ours, tuple)
        assert issubclass(ours[0], (RuntimeError, theirs[0]))
    else:
        assert ours == theirs


@pytest.mark.parametrize("dtype", ["float16", "uint8", "int8", "int16", "int32", "int64", "bool"])
def test_dtypes(dtype):
    for n in (1, 2, 3):
        x = np.ones((1, 1, *(4,) * n), dtype)
        calls = {f"{kind}{n}d": ((2,), {}) for kind in (
            "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool")}  # fmt: skip
        if n > 1:
            calls[f"fractional_max_pool{n}d"] = ((2, 2), {})
        if n == 2:
            calls["unfold"] = ((2,), {})
        for name, (arguments, options) in calls.items():
            ours = outcome(lambda: G[name](mg.from_numpy(x), *arguments, **options))  # noqa: B023
            theirs = outcome(lambda: getattr(F, name)(torch.from_numpy(x), *arguments, **options))  # noqa: B023
            if name == "avg_pool3d" and dtype == "float16":
                assert ours == [(1, 1, 2, 2, 2)]  # torch has it not on the CPU
            elif isinstance(theirs, tuple):
                assert isinstance(ours, tuple)
                assert ours[0] is theirs[0], name
            else:
                assert ours == theirs, name


def test_wrong_unpooling():
    y, i = F.max_pool2d(torch.rand(2, 3, 8, 8), 2, return_indices=True)
    for wrong in (
        {"indices": i[:, :, :2]}, {"indices": i + 64}, {"indices": i - 100}, {"indices": i.int()},
        {"output_size": (11, 9)}, {"output_size": (9,)}, {"input": y[0, 0], "indices": i[0, 0]},
        {"input": y[:, :0], "indices": i[:, :0]}, {"input": y.int()},
        {"output_size": (9, 9)}, {"output_size": (2, 3, 9, 9)}, {"input": y[0], "indices": i[0]},
    ):  # fmt: skip
        options = {"input": y, "indices": i, "kernel_size": 2, **wrong}
        mine = {
            k: mg.from_numpy(v.numpy()) if isinstance(v, torch.Tensor) else v
            for k, v in options.items()
        }
        theirs, ours = outcome(lambda: F.max_unpool2d(**options)), outcome(lambda: G["max_unpool2d"](**mine))  # noqa: B023  # fmt: skip
        if isinstance(theirs, tuple):
            assert ours[0] is theirs[0], f"{ours} but torch: {theirs}"
        else:
            assert ours == theirs


def test_wrong_folding():
    c = torch.rand(2, 12, 49)
    for wrong in (
        {"input": c[:, :, :48]}, {"input": c[:, :11]}, {"input": c[None]}, {"input": c[:, :0]},
        {"kernel_size": 0}, {"stride": 0}, {"dilation": 0}, {"padding": -1},
        {"output_size": (8, 8, 8)}, {"output_size": 1}, {"kernel_size": (2, 2, 2)},
        {"output_size": (8,)}, {"input": c.int()}, {"input": c[0]}, {"input": c[:0]},
    ):  # fmt: skip
        options = {"input": c, "output_size": 8, "kernel_size": 2, **wrong}
        mine = {
            k: mg.from_numpy(v.numpy()) if isinstance(v, torch.Tensor) else v
            for k, v in options.items()
        }
        theirs, ours = outcome(lambda: F.fold(**options)), outcome(lambda: G["fold"](**mine))  # noqa: B023  # fmt: skip
        if isinstance(theirs, tuple):
            assert ours[0] is theirs[0], f"{ours} but torch: {theirs}"
        else:
            assert ours == theirs


def test_not_a_tensor():
    for name in ("max_pool2d", "avg_pool2d", "unfold", "adaptive_avg_pool2d"):
        with pytest.raises(TypeError, match="must be Tensor, not list"):
            G[name]([[1.0]], 2)

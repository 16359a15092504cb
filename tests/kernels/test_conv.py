"""Convolution kernels against plain loops and torch: values, bounds, bits, special numbers."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from minigrad.kernels import conv as K
from minigrad.kernels.conv import by_vectors, few_plan, rows
from tests.bench.accuracy import errors

Array = np.ndarray[Any, Any]
TORCH = {
    1: torch.nn.functional.conv1d,
    2: torch.nn.functional.conv2d,
    3: torch.nn.functional.conv3d,
}


def loops(x: Array, w: Array, out: tuple[int, ...], geo: K.Geometry) -> Any:
    """All (output, input, weight) index triples of the definition, one at a time."""
    groups = geo.groups
    co, ci = w.shape[0] // groups, w.shape[1]
    for n, o in itertools.product(range(x.shape[0]), range(w.shape[0])):
        for c in range(ci):
            for p in itertools.product(*map(range, out)):
                for k in itertools.product(*map(range, w.shape[2:])):
                    at = tuple(
                        i * s + j * d - before
                        for i, j, s, d, (before, _) in zip(
                            p, k, geo.stride, geo.dilation, geo.padding
                        )
                    )
                    if all(0 <= i < size for i, size in zip(at, x.shape[2:])):
                        yield (n, o, *p), (n, o // co * ci + c, *at), (o, c, *k)


class Problem:
    """Random arrays of one geometry, and the answers by plain loops in float64."""

    def __init__(
        self,
        n: int,
        cig: int,
        cog: int,
        size: tuple[int, ...],
        kernel: tuple[int, ...],
        geo: K.Geometry,
        dtype: str = "float32",
        seed: int = 0,
    ) -> None:
        self.geo, self.kernel, self.size = geo, kernel, size
        room = [
            s + sum(p) - (k - 1) * d - 1
            for s, k, p, d in zip(size, kernel, geo.padding, geo.dilation)
        ]
        out = tuple(r // s + 1 for r, s in zip(room, geo.stride))
        rng = np.random.default_rng(seed)
        groups = geo.groups

        def draw(*shape: int) -> Array:
            return rng.integers(-8, 9, shape).astype(dtype) / 8

        self.x = draw(n, groups * cig, *size)
        self.w = draw(groups * cog, cig, *kernel)
        self.b = draw(groups * cog)
        self.c = draw(groups * cig)
        self.g = draw(n, groups * cog, *out)

    def __repr__(self) -> str:
        shapes = f"x {self.x.shape} {self.x.dtype}, w {self.w.shape}, y {self.g.shape}"
        return f"<{shapes}, {self.geo}>"

    def answers(self) -> tuple[Array, Array, Array]:
        y = np.zeros(self.g.shape)
        dx = np.zeros(self.x.shape)
        dw = np.zeros(self.w.shape)
        for at_y, at_x, at_w in loops(self.x, self.w, self.g.shape[2:], self.geo):
            y[at_y] += float(self.x[at_x]) * float(self.w[at_w])
            dx[at_x] += float(self.g[at_y]) * float(self.w[at_w])
            dw[at_w] += float(self.g[at_y]) * float(self.x[at_x])
        column = (-1,) + (1,) * len(self.size)
        return y + self.b.reshape(column), dx + self.c.reshape(column), dw

    def run(self, change: Callable[[Array], Array] = lambda a: a) -> tuple[Array, Array, Array]:
        x, w, b, c, g = map(change, (self.x, self.w, self.b, self.c, self.g))
        return (
            K.conv(x, w, b, self.geo),
            K.conv_input(g, w, c, self.size, self.geo),
            K.conv_weight(x, g, self.kernel, self.geo),
        )


@st.composite
def problems(draw: st.DrawFn, images: int = 20, channels: int = 5) -> Problem:
    dims = draw(st.sampled_from([1, 2, 2, 2, 3]))
    spare = {1: 30, 2: 7, 3: 3}[dims]

    def each(strategy: st.SearchStrategy[Any]) -> tuple[Any, ...]:
        return tuple(draw(strategy) for _ in range(dims))

    kernel = each(st.integers(1, 4 if dims < 3 else 2))
    geo = K.Geometry(
        stride=each(st.integers(1, 3)),
        padding=each(st.tuples(st.integers(0, 3), st.integers(0, 3))),
        dilation=each(st.integers(1, 3)),
        groups=draw(st.sampled_from([1, 1, 2, 3])),
    )
    size = tuple(
        max(1, (k - 1) * d + 1 - sum(p) + draw(st.integers(0, spare)))
        for k, p, d in zip(kernel, geo.padding, geo.dilation)
    )
    problem = Problem(
        draw(st.integers(0, images if dims == 1 else 3) | st.sampled_from([15, 16, 17, 20])),
        draw(st.integers(1, channels)),
        draw(st.integers(1, channels)),
        size,
        kernel,
        geo,
        draw(st.sampled_from(["float32", "float64"])),
        draw(st.integers(0, 99)),
    )
    assume(problem.g.size * problem.w[0].size < 60_000)  # the loops below are slow
    return problem


def agree(got: tuple[Array, ...], want: tuple[Array, ...], dtype: Any) -> None:
    for one, other in zip(got, want):
        assert one.dtype == dtype
        assert one.flags.c_contiguous
        assert one.flags.writeable
        # Numbers are eighths: products and their sums are exact in float32.
        np.testing.assert_array_equal(one, other)


# Settings with which the vector kernels take images as lanes, channels in the weight adjoint, or
# output channels wherever they can; SMALL tells the plans of one from those of the others.
NEVER = 1 << 62
FEW = [(few_plan, name) for name in ("FULL", "AT_MUCH", "AT_LITTLE")]
WAYS = {
    "numpy": {(K, "SMALL"): NEVER},
    "images": {(K, "SMALL"): -1, (by_vectors, "FEWEST_LANES"): NEVER} | dict.fromkeys(FEW, NEVER),
    "channels": {(K, "SMALL"): -2, (by_vectors, "FEWEST_LANES"): 1} | dict.fromkeys(FEW, NEVER),
    "few": {(K, "SMALL"): -3} | dict.fromkeys(FEW, 0),
}


def on_way(way: str) -> Iterator[str]:
    """Have convolutions computed one way, if they can be."""
    with pytest.MonkeyPatch.context() as patch:
        for (module, name), value in WAYS[way].items():
            patch.setattr(module, name, value)
        yield way


@pytest.fixture(params=list(WAYS), autouse=True, scope="module")
def path(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every test runs with all work given to NumPy, then to the vector kernels, on each kind of lanes."""
    yield from on_way(request.param)


@given(problems())
def test_against_plain_loops(problem: Problem) -> None:
    agree(problem.run(), problem.answers(), problem.x.dtype)


def by_torch(problem: Problem) -> tuple[Array, ...]:
    """The answers by torch."""
    x, w, b = (torch.tensor(a, requires_grad=True) for a in (problem.x, problem.w, problem.b))
    geo = problem.geo
    bordered = torch.nn.functional.pad(x, [n for pair in geo.padding[::-1] for n in pair])
    y = TORCH[len(geo.stride)](bordered, w, b, geo.stride, 0, geo.dilation, geo.groups)
    y.backward(torch.tensor(problem.g))
    column = (-1,) + (1,) * len(geo.stride)
    return (y.detach().numpy(), x.grad.numpy() + problem.c.reshape(column), w.grad.numpy())


@given(problems())
def test_against_torch(problem: Problem) -> None:
    assume(len(problem.g))
    agree(problem.run(), by_torch(problem), problem.x.dtype)


@pytest.mark.parametrize("shape", [(0, 2, 5, 5), (2, 2, 5, 5)])
def test_zero_images_and_output_beyond_the_covered(shape: tuple[int, ...]) -> None:
    geo = K.Geometry((3, 3), ((0, 0), (1, 0)), (1, 1), 1)
    w = np.ones((4, 2, 2, 3), np.float32)
    b = np.arange(2, dtype=np.float32)
    g = np.ones((shape[0], 4, 2, 2), np.float32)
    dx = K.conv_input(g, w, b, (7, 5), geo)  # the last two rows no window covers
    assert dx.shape == (shape[0], 2, 7, 5)
    assert (dx[:, :, 5:] == b[:, None, None]).all()
    assert (dx[:, :, 2] == b[:, None]).all()  # nor the row between two windows
    assert not K.conv_weight(np.ones(shape, np.float32)[:0], g[:0], (2, 3), geo).any()


def test_no_pixels_among_many_channels() -> None:
    geo = K.Geometry((1, 1), ((1, 0), (1, 1)), (3, 1), 1)
    g, w = np.ones((4, 16, 1, 900), np.float32), np.ones((16, 16, 1, 3), np.float32)
    dx = K.conv_input(g, w, None, (0, 900), geo)
    assert dx.shape == (4, 16, 0, 900)
    assert not K.conv(dx, w, None, geo).any()
    dw = K.conv_weight(dx, g, (1, 3), geo)
    assert dw.shape == w.shape
    assert not dw.any()


@pytest.mark.parametrize("images", [1, 17])
@pytest.mark.parametrize("channels", [1, 16])
def test_a_plane_that_lies_beyond_the_input(images: int, channels: int) -> None:
    geo = K.Geometry((2, 1, 1), ((1, 0), (0, 3), (0, 0)), (1, 1, 1), 1)
    problem = Problem(images, channels, 16, (1, 5, 32), (1, 1, 1), geo, "float32", 0)
    agree(problem.run(), by_torch(problem), problem.x.dtype)


# ---- lanes that are pixels of a row: strides up to 4, few channels in ----


@st.composite
def lines(draw: st.DrawFn) -> Problem:
    """Depthwise, or few channels to many; rows shorter and longer than a vector."""
    dims = draw(st.sampled_from([1, 2, 2, 2, 3]))
    kernel = tuple(draw(st.integers(1, 5 if dims < 3 else 2)) for _ in range(dims))
    dilation = tuple(draw(st.integers(1, 3)) for _ in range(dims))
    padding = tuple((draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in range(dims))
    stride = tuple(draw(st.sampled_from([1, 1, 2, 3, 4])) for _ in range(dims))
    room = [draw(st.integers(0, 2 if dims == 3 else 12)) for _ in range(dims - 1)]
    room.append(draw(st.integers(3, 40)) * stride[-1])
    size = tuple(
        max(1, (k - 1) * d + 1 - sum(p) + n) for k, d, p, n in zip(kernel, dilation, padding, room)
    )
    groups = draw(st.integers(1, 3))
    inputs, outputs = draw(
        st.sampled_from([(1, 1), (1, 2), (3, 9)] if groups > 1 else [(1, 8), (4, 9)])
    )
    geo = K.Geometry(stride, padding, dilation, groups)
    dtype = draw(st.sampled_from(["float32", "float64"]))
    images = draw(st.sampled_from([1, 2, 17]))
    return Problem(images, inputs, outputs, size, kernel, geo, dtype, draw(st.integers(0, 99)))


@given(lines(), st.sampled_from([None, 1]))
def test_rows_against_torch_in_whole_planes_and_bands(problem: Problem, band: int | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if band:
            patch.setattr(rows, "BAND", band)
            for plans in (K._conv, K._conv_input):
                plans.cache_clear()
        got = problem.run()
    for plans in (K._conv, K._conv_input):
        plans.cache_clear()
    agree(got, by_torch(problem), problem.x.dtype)


def test_depthwise_takes_lanes_that_are_pixels() -> None:
    geo = K.Geometry((1, 1), ((1, 1), (1, 1)), (1, 1), 64)
    shape, w = (32, 64, 32, 32), (64, 1, 3, 3)
    with pytest.MonkeyPatch.context() as patch:
        taken: list[Any] = []
        patch.setattr(by_vectors, "Rows", taken.append)
        by_vectors.conv(shape, w, geo, np.dtype(np.float32), True)
        by_vectors.conv_input(shape, w, (32, 32), geo, np.dtype(np.float32), True)
        halved = geo._replace(stride=(2, 2))
        by_vectors.conv(shape, w, halved, np.dtype(np.float32), True)
        assert len(taken) == 3


# ---- Winograd's algorithm: 3x3 kernels, rounding errors, no exact sums ----


@st.composite
def squares(draw: st.DrawFn) -> Problem:
    """3x3 (or k x 3 x 3), stride 1, any padding and dilation, channels enough for transforms."""
    d = draw(st.sampled_from([1, 1, 2, 3]))
    padding = tuple((draw(st.integers(0, 4)), draw(st.integers(0, 4))) for _ in range(2))
    size = tuple(max(1, 2 * d + draw(st.integers(1, 14)) - sum(pair)) for pair in padding)
    groups = draw(st.sampled_from([1, 1, 2]))
    geo = K.Geometry((1, 1), padding, (d, d), groups)
    kernel: tuple[int, ...] = (3, 3)
    images = draw(st.integers(1, 5) | st.sampled_from([16, 17, 33]))
    channels = draw(st.integers(8, 20)), draw(st.integers(8, 40))
    if draw(st.sampled_from([False, False, True])):
        deep, pair = draw(st.integers(1, 3)), (draw(st.integers(0, 2)), draw(st.integers(0, 2)))
        size = (max(1, deep - sum(pair) + draw(st.integers(0, 3))), *size)
        kernel, images = (deep, *kernel), min(images, 5)
        geo = K.Geometry((1, 1, 1), (pair, *padding), (1, d, d), groups)
    return Problem(images, *channels, size, kernel, geo, seed=draw(st.integers(0, 99)))


def close(got: tuple[Array, ...], want: tuple[Array, ...], bound: float) -> None:
    """Errors at most `bound` of what random terms of this size sum up to."""
    for one, other in zip(got, want):
        assert one.shape == other.shape
        assert np.abs(one - other).max(initial=0) <= bound * max(other.std(), 1)


@given(squares())
@pytest.mark.parametrize("accuracy", ["fast", "accurate"])
def test_winograd_against_torch_in_float64(accuracy: str, problem: Problem) -> None:
    x, w, b, c, g = (
        torch.tensor(a, dtype=torch.float64)
        for a in (problem.x, problem.w, problem.b, problem.c, problem.g)
    )
    x.requires_grad_()
    w.requires_grad_()
    geo = problem.geo
    bordered = torch.nn.functional.pad(x, [n for pair in geo.padding[::-1] for n in pair])
    y = TORCH[len(geo.stride)](bordered, w, b, 1, 0, geo.dilation, geo.groups)
    y.backward(g)
    column = (-1,) + (1,) * len(geo.stride)
    want = (y.detach().numpy(), (x.grad + c.reshape(column)).numpy(), w.grad.numpy())
    before, K.accuracy = K.accuracy, accuracy
    try:
        close(problem.run(), want, 1e-4 if accuracy == "fast" else 1e-5)
    finally:
        K.accuracy = before


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("channels", [16, 64, 512])
def test_errors_are_small_and_do_not_grow_with_channels(channels: int, kernel: int) -> None:
    found = errors(4, channels, 32, 12, kernel)
    assert max(found["fast"]) < 1e-4
    assert max(found["accurate"]) < 1e-5


def test_nan_and_infinity_stay_where_they_belong(path: str) -> None:
    """A NaN in one image reaches the outputs that read it, and no others."""
    for channels in (3, 16):
        geo = K.Geometry((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
        rng = np.random.default_rng(1)
        x = rng.standard_normal((18, channels, 20, 20)).astype(np.float32)
        w = rng.standard_normal((16, channels, 3, 3)).astype(np.float32)
        x[4, 1, 10, 9] = np.nan
        x[7, 2, 0, 0] = np.inf
        y = K.conv(x, w, None, geo)
        wrong = ~np.isfinite(y)
        assert wrong[4, :, 9:12, 8:11].all()
        assert wrong[7, :, :2, :2].all()
        # Winograd's patches spread a NaN over their 4 x 4 outputs and the neighbours that share it.
        wrong[4, :, 4:16, 4:16] = False
        wrong[7, :, :8, :8] = False
        assert not wrong.any()
        dw = K.conv_weight(x, np.ones_like(y), (3, 3), geo)
        assert not np.isfinite(dw[:, 1]).any()
        assert np.isfinite(dw[:, 0]).all()

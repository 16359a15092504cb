"""Sampling pictures at the points of a grid, and the grids of affine maps, in torch's signatures.

    grid[n, i, j] = (x, y)  in [-1, 1]  ->  a place in picture n  ->  a weighted sum of the pixels around it

Source: Jaderberg et al., Spatial Transformer Networks, https://arxiv.org/abs/1506.02025
"""

from __future__ import annotations

import itertools
import math
import warnings
from typing import Any

import numpy as np

from ..._tape import Array, wrap
from ...ops import elementwise
from ...ops._common import entitled, expect, title
from ...ops.choosing import choose
from ...ops.gather import _gather
from ...ops.matrix import _mt, product
from ...ops.parts import select
from ...ops.shape import reshape
from ...tensor import Tensor

_DEFAULT = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
    "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
)


def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The grid for ``grid_sample`` that maps the points of an output of ``size`` by affine matrices.

    theta: (N, 2, 3) with size (N, C, H, W), answers (N, H, W, 2); or (N, 3, 4), (N, C, D, H, W), (N, D, H, W, 3).
    align_corners: whether -1 and 1 are the centres of the outermost pixels, not their outer borders.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
    """
    expect("affine_grid", theta=theta)
    if theta.array.dtype.kind != "f":
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    sizes = tuple(int(s) for s in size)
    n = len(sizes) - 2
    if n not in (2, 3):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
            f"{list(sizes)}."
        )
    if theta.array.ndim != 3 or theta.array.shape[-2:] != (n, n + 1):
        raise ValueError(
            f"Expected a batch of {n}D affine matrices of shape Nx{n}x{n + 1} for size {list(sizes)}. Got "
            f"{theta.shape}."
        )
    if align_corners is None:
        warnings.warn(_DEFAULT, stacklevel=2)
    if min(sizes) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {list(sizes)}")
    if theta.array.shape[0] != sizes[0]:
        raise RuntimeError(
            f"Expected a batch of {sizes[0]} affine matrices, but got {theta.array.shape[0]}."
        )
    kind = theta.array.dtype
    lines = [_centres(s, bool(align_corners)) for s in sizes[2:]]
    meshes = np.meshgrid(*lines, indexing="ij")[::-1]  # x first
    points = np.stack([*meshes, np.ones(sizes[2:])], -1).reshape(-1, n + 1).astype(kind)
    every = wrap(np.broadcast_to(points, (sizes[0], *points.shape)))
    grid = reshape(product(every, _mt(theta)), (sizes[0], *sizes[2:], n))
    return entitled(grid, "AffineGridGeneratorBackward0")


def _centres(size: int, align_corners: bool) -> Array:
    """The centres of ``size`` pixels from -1 to 1."""
    if size == 1:
        return np.zeros(1)
    line = np.linspace(-1, 1, size)
    return line if align_corners else line * ((size - 1) / size)


# ------------------------------------------------------------------------------ where the points lie
def _places(x: Any, size: int, align_corners: bool) -> Any:
    """Coordinates in [-1, 1] as places among ``size`` pixels, whose centres are 0, 1 .. size - 1."""
    return (x + 1) * ((size - 1) / 2) if align_corners else ((x + 1) * size - 1) * 0.5


def _reflected(x: Any, twice_low: int, twice_high: int) -> Any:
    """Places reflected, as often as needed, into the range between two bounds given as twice their values."""
    if twice_low == twice_high:
        return x * 0.0
    low, span = twice_low / 2, (twice_high - twice_low) / 2
    off = elementwise.abs(x - low)
    flips = np.floor(off.array / span)
    rest = off - wrap((flips * span).astype(x.array.dtype))
    return choose(rest + low, span - rest + low, flips % 2 == 0)


def _within(x: Any, size: int, padding_mode: str, align_corners: bool) -> Any:
    """Places moved into the picture, as ``padding_mode`` says."""
    if padding_mode == "reflection":
        bounds = (0, 2 * (size - 1)) if align_corners else (-1, 2 * size - 1)
        x = _reflected(x, *bounds)
    return x if padding_mode == "zeros" else _clipped(x, size)


def _clipped(x: Any, size: int) -> Any:
    """Into [0, size - 1]; the slope is 0 at the bounds too, and NaN becomes 0, as in torch."""
    inside = (x.array > 0) & (x.array < size - 1)
    bound = np.where(x.array >= size - 1, size - 1, 0).astype(x.array.dtype)
    return choose(x, wrap(bound), inside)


# ------------------------------------------------------------------------------ what they read
def _read(input: Any, places: list[Array]) -> Any:
    """The pixels (N, C, points) at whole places, one array (N, points) per dimension; 0 outside of the picture."""
    n, c, *sizes = input.array.shape
    inside = np.ones(places[0].shape, bool)
    flat = np.zeros(places[0].shape, np.int64)
    for place, size in zip(places, sizes):
        ok = (place >= 0) & (place < size)
        inside &= ok
        flat = flat * size + np.where(ok, place, 0).astype(np.int64)
    index = np.broadcast_to(flat[:, None], (n, c, flat.shape[-1]))
    found = _gather(reshape(input, (n, c, math.prod(sizes))), 2, index)
    return choose(found, 0.0, np.broadcast_to(inside[:, None], index.shape))


def _cubic(t: Any) -> list[Any]:
    """The weights of the four pixels around a place ``t`` behind the second, of Keys' kernel with a = -0.75."""
    a = -0.75

    def near(x: Any) -> Any:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Any) -> Any:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def _weighted(input: Any, lines: list[Any]) -> Any:
    """The sum over all combinations of (whole place, weight), some for each dimension, of weighted pixels."""
    out: Any = None
    for corner in itertools.product(*lines):
        pixels = _read(input, [place for place, _ in corner])
        weight: Any = None
        for _, w in corner:
            if w is not None:
                weight = w if weight is None else weight * w
        count, points = weight.array.shape
        term = pixels * reshape(weight, (count, 1, points))
        out = term if out is None else out + term
    return out


def _sampled(input: Any, points: list[Any], mode: str, padding_mode: str, corners: bool) -> Any:
    """The picture at points, one tensor (N, points) of coordinates per dimension."""
    sizes = input.array.shape[2:]
    places = [_places(x, s, corners) for x, s in zip(points, sizes)]
    if mode == "bicubic":
        lines = []
        for x, s in zip(places, sizes):
            low = np.floor(x.array)
            four = [wrap(low + k) for k in (-1, 0, 1, 2)]
            moved = [_within(p, s, padding_mode, corners).array for p in four]
            lines.append(list(zip(moved, _cubic(x - wrap(low)))))
        return _weighted(input, lines)
    places = [_within(x, s, padding_mode, corners) for x, s in zip(places, sizes)]
    if mode == "nearest":
        lines = [[(np.rint(x.array), None)] for x in places]
        # a weight of 1 that has a gradient of 0 for the grid, as torch's
        lines[0] = [(lines[0][0][0], choose(places[0], 1.0, np.zeros(places[0].array.shape, bool)))]
        return _weighted(input, lines)
    lines = []
    for x in places:
        low = np.floor(x.array)
        part = x - wrap(low)
        lines.append([(low, 1 - part), (low + 1, part)])
    return _weighted(input, lines)


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Pictures (N, C, H, W) at the points (x, y) of ``grid`` (N, H', W', 2): (N, C, H', W'); in 3-D likewise.

    x and y go from -1 to 1, where align_corners says whether these are the centres of the outermost pixels or their
    outer borders.  mode: 'bilinear', 'nearest', or 'bicubic' (of pictures only).  padding_mode: what lies outside,
    'zeros', 'border' (the nearest pixel) or 'reflection'.  ValueError or RuntimeError for other arguments.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html

    >>> import minigrad as mg
    >>> x = mg.tensor([[[[1., 2.], [3., 4.]]]])
    >>> mg.nn.functional.grid_sample(x, mg.zeros(1, 1, 1, 2), align_corners=False)
    tensor([[[[2.5000]]]])
    """
    if align_corners is None:
        warnings.warn(_DEFAULT, stacklevel=2)
    _check(input, grid, mode, padding_mode)
    n, c, *sizes = input.array.shape
    out = grid.array.shape[1:-1]
    flat = reshape(grid, (n, math.prod(out), len(sizes)))
    points = [select(flat, 2, d) for d in range(len(sizes) - 1, -1, -1)]
    found = _sampled(input, points, mode, padding_mode, bool(align_corners))
    return entitled(reshape(found, (n, c, *out)), f"GridSampler{len(sizes)}DBackward0")


def _check(input: Any, grid: Any, mode: str, padding_mode: str) -> None:
    """ValueError, TypeError or RuntimeError, in torch's words, for arguments that do not fit."""
    for what, given, known, last in (
        ("mode", mode, ("bilinear", "nearest", "bicubic"), "'bilinear', 'nearest' or 'bicubic'"),
        ("padding_mode", padding_mode, ("zeros", "border", "reflection"),
         "'zeros', 'border', or 'reflection'"),
    ):  # fmt: skip
        if given not in known:
            raise ValueError(
                f"nn.functional.grid_sample(): expected {what} to be {last}, but got: '{given}'"
            )
    expect("grid_sampler", input=input, grid=grid)
    a, b = input.array.shape, grid.array.shape
    given = f"but got input with sizes {list(a)} and grid with sizes {list(b)}"
    if a[:1] != b[:1]:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, {given}"
        )
    if len(a) not in (4, 5) or (len(a) != len(b) and b[-1] == len(a) - 2):
        raise RuntimeError(
            f"grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, {given}"
        )
    if b[-1] != len(a) - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {len(a) - 2} in last dimension, but got grid with sizes "
            f"{list(b)}"
        )
    for d, size in enumerate(a[2:], 2):
        if not size:
            raise RuntimeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes "
                f"{list(a)} with dimension {d} being empty"
            )
    if len(a) == 5 and mode == "bicubic":
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if input.array.dtype != grid.array.dtype:
        raise RuntimeError(f"expected scalar type {title(input)} but found {title(grid)}")
    if input.array.dtype.kind != "f":
        name = "grid_sampler_2d_cpu_kernel_impl" if len(a) == 4 else "grid_sampler_3d_cpu"
        raise NotImplementedError(f"\"{name}\" not implemented for '{title(input)}'")

"""Convolution by vector kernels: which way each problem is computed.  Plans are remembered.

    any kernel, stride, dilation, groups     conv_direct.Direct           conv_weight.Weight
    3x3, stride 1, enough channels, float32  winograd.Winograd            winograd_weight...
                                             (y and its adjoint in x)     (adjoint in w)

Everything here is (N, C, D, H, W), contiguous, float32 or float64.
"""

import functools
import math
from typing import Any

import numpy as np

from minigrad.kernels import conv_plan
from minigrad.kernels.conv_direct import Direct
from minigrad.kernels.conv_pack import cropped
from minigrad.kernels.conv_plan import Phases, Size
from minigrad.kernels.conv_weight import Weight
from minigrad.kernels.geometry import Geometry, out_sizes
from minigrad.kernels.winograd import Winograd, distance
from minigrad.kernels.winograd_weight import WinogradWeight

Array = np.ndarray[Any, Any]

FEWEST = 8  # channels on either side from which Winograd's transforms pay
FEWEST_WEIGHT = 12  # and where channels are the lanes


def _choose(
    images: int,
    groups: int,
    inputs: int,
    outputs: int,
    size: Size,
    out: Size,
    phases: Phases,
    steps: tuple[int, int, int],
    dtype: Any,
    fast: bool,
) -> Direct | Winograd:
    """Winograd's algorithm for 3x3 kernels of stride 1 where it pays, else the direct sum."""
    problem = (images, groups, inputs, outputs, size, out, phases, steps, dtype)
    plain = all(len(ps) == 1 and ps[0].stride == ps[0].step == 1 for ps in phases)
    square = [len(ps[0].taps) for ps in phases] == [1, 3, 3] and size[0] == out[0] == 1
    if plain and square and dtype == np.float32 and min(inputs, outputs) >= FEWEST:
        m = 4 if fast else 2
        if all(n >= m * distance(p) for n, (p,) in zip(out[1:], phases[1:])):
            return Winograd(*problem, m)
    return Direct(*problem)


@functools.lru_cache(maxsize=256)
def _forward(
    x: tuple[int, ...], w: tuple[int, ...], geo: Geometry, dtype: Any, fast: bool
) -> Direct | Winograd:
    kernel, taps = w[2:], math.prod(w[2:])
    size: Size = x[2:]  # type: ignore[assignment]
    out: Size = out_sizes(size, kernel, geo)  # type: ignore[assignment]
    inputs, outputs = w[1], w[0] // geo.groups
    phases = conv_plan.forward_phases(kernel, out, geo)  # type: ignore[arg-type]
    steps = (outputs * inputs * taps, inputs * taps, taps)
    return _choose(x[0], geo.groups, inputs, outputs, size, out, phases, steps, dtype, fast)


@functools.lru_cache(maxsize=256)
def _adjoint(
    g: tuple[int, ...], w: tuple[int, ...], size: Size, geo: Geometry, dtype: Any, fast: bool
) -> Direct | Winograd:
    kernel, taps = w[2:], math.prod(w[2:])
    inputs, outputs = w[0] // geo.groups, w[1]
    phases = conv_plan.adjoint_phases(kernel, size, geo)  # type: ignore[arg-type]
    steps = (inputs * outputs * taps, taps, outputs * taps)
    out: Size = g[2:]  # type: ignore[assignment]
    return _choose(g[0], geo.groups, inputs, outputs, out, size, phases, steps, dtype, fast)


def conv(x: Array, w: Array, b: Array | None, geo: Geometry, fast: bool) -> Array:
    """Cross-correlation of (N, C, D, H, W); see kernels.conv."""
    y = _forward(x.shape, w.shape, geo, x.dtype, fast)(x, w, b)
    return cropped(y, out_sizes(x.shape[2:], w.shape[2:], geo))


def conv_input(
    g: Array, w: Array, b: Array | None, size: Size, geo: Geometry, fast: bool
) -> Array:
    """Adjoint of `conv` in x; see kernels.conv."""
    return cropped(_adjoint(g.shape, w.shape, size, geo, g.dtype, fast)(g, w, b), size)


@functools.lru_cache(maxsize=256)
def _weight(
    x: tuple[int, ...], g: tuple[int, ...], kernel: Size, geo: Geometry, dtype: Any, fast: bool
) -> Weight | WinogradWeight:
    size: Size = x[2:]  # type: ignore[assignment]
    out: Size = g[2:]  # type: ignore[assignment]
    inputs, outputs = x[1] // geo.groups, g[1] // geo.groups
    problem = (x[0], geo.groups, inputs, outputs, size, out, kernel, geo, dtype)
    square = kernel == (1, 3, 3) and size[0] == out[0] == 1 and geo.stride == (1, 1, 1)
    if fast and square and dtype == np.float32 and min(inputs, outputs) >= FEWEST_WEIGHT:
        return WinogradWeight(*problem)
    return Weight(*problem)


def conv_weight(x: Array, g: Array, size: Size, geo: Geometry, fast: bool) -> Array:
    """Adjoint of `conv` in w; see kernels.conv."""
    return _weight(x.shape, g.shape, size, geo, x.dtype, fast)(x, g)

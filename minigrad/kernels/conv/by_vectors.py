"""Convolution by vector kernels: which way each problem is computed.

                                          forward, adjoint in x    adjoint in w
    any kernel, stride, dilation, groups    direct.Direct            weight.Weight
    ... with enough channels                                         channels.ChannelWeight
    ... 3x3, stride 1, float32              winograd.Winograd        the same, with transforms
    ... of few images                       few.Few
    few channels in, strides up to 4        rows.Rows                as above
    strides up to 4, 2-d, or 1x1            columns.Columns          as above

Which one makes plain sums is said by what each would cost, roughly, in multiply-adds of vectors.

Everything here has three spatial dimensions, missing ones of size 1, and is float32 or float64.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.kernels.conv import columns, plan, rows
from minigrad.kernels.conv.channels import ChannelWeight
from minigrad.kernels.conv.columns import Columns
from minigrad.kernels.conv.direct import Direct
from minigrad.kernels.conv.few import Few
from minigrad.kernels.conv.few_plan import sums, takes_spectra
from minigrad.kernels.conv.geometry import Geometry, out_sizes
from minigrad.kernels.conv.plan import Correlation, Sweep, in_three, three
from minigrad.kernels.conv.rows import Rows
from minigrad.kernels.conv.weight import Weight
from minigrad.kernels.conv.winograd import Winograd, distance
from minigrad.kernels.machine import registers

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]

# Channels on either side from which Winograd's transforms pay, and from which lanes that are
# channels are full enough.
FEWEST = 8
TILES = 4, 2  # pixels of Winograd's tiles
FEWEST_WEIGHT = 12
FEWEST_LANES = 12


def _choose(job: Sweep, fast: bool) -> Columns | Direct | Few | Rows | Winograd:
    """Winograd's algorithm for 3x3 kernels of stride 1 where it pays, else plain sums."""
    phases, dtype = job.phases, np.dtype(job.dtype)
    plain = all(len(ps) == 1 and ps[0].stride == ps[0].step == 1 for ps in phases)
    square = [len(ps[0].taps) for ps in phases[1:]] == [3, 3]
    if plain and square and dtype == np.float32 and min(job.inputs, job.outputs) >= FEWEST:
        apart = [distance(p) for (p,) in phases[1:]]
        tiles = [
            m
            for m in (TILES if fast else (2,))
            if all(n >= m * d for n, d in zip(job.out[1:], apart))
        ]
        few = takes_spectra(job, tiles) if tiles and apart == [1, 1] else 0
        if few:
            return Few(job, few)
        if tiles and (tiles[0] == 4 or not fast):
            return Winograd(job, tiles[0])
    lanes = registers.BYTES // dtype.itemsize
    costs: dict[Any, float] = {Direct: plan.choose_lanes(job, phases, lanes).cost}
    if rows.fits(job, lanes):
        costs[Direct], costs[Rows] = math.inf, rows.cost(job, lanes)
    way = columns.best(job)
    if way is not None:
        costs[Columns] = way.cost
    if sums(job) <= min(costs.values()):
        return Few(job, 0)
    kind: type[Columns | Direct | Rows] = min(costs, key=lambda k: costs[k])
    return kind(job)


def conv(
    x: Shape, w: Shape, geo: Geometry, dtype: Any, fast: bool
) -> Callable[[Array, Array, Array | None], Array]:
    """A function of (x, w, b) that computes kernels.conv for these shapes."""
    size, kernel, geo3 = three(x[2:], 1), three(w[2:], 1), in_three(geo)
    out, taps = out_sizes(size, kernel, geo3), math.prod(kernel)
    inputs, outputs = w[1], w[0] // geo.groups
    phases = plan.forward_phases(kernel, out, geo3)
    steps = (outputs * inputs * taps, inputs * taps, taps)
    job = Sweep(x[0], geo.groups, inputs, outputs, size, out, phases, steps, dtype)
    return _sweep(_choose(job, fast), out_sizes(x[2:], w[2:], geo))


def conv_input(
    g: Shape, w: Shape, size: Shape, geo: Geometry, dtype: Any, fast: bool
) -> Callable[[Array, Array, Array | None], Array]:
    """A function of (g, w, b) that computes kernels.conv_input for these shapes."""
    wide, kernel = three(size, 1), three(w[2:], 1)
    inputs, outputs, taps = w[0] // geo.groups, w[1], math.prod(kernel)
    phases = plan.adjoint_phases(kernel, wide, in_three(geo))
    steps = (inputs * outputs * taps, taps, outputs * taps)
    job = Sweep(g[0], geo.groups, inputs, outputs, three(g[2:], 1), wide, phases, steps, dtype)
    return _sweep(_choose(job, fast), size)


def _sweep(
    plan: Columns | Direct | Few | Rows | Winograd, size: Shape
) -> Callable[[Array, Array, Array | None], Array]:
    def run(x: Array, w: Array, b: Array | None) -> Array:
        return plan(whole(x), whole(w), b if b is None else whole(b), size)

    return run


def conv_weight(
    x: Shape, g: Shape, size: Shape, geo: Geometry, dtype: Any, fast: bool
) -> Callable[[Array, Array], Array]:
    """A function of (x, g) that computes kernels.conv_weight for these shapes."""
    deep, out, kernel, geo3 = three(x[2:], 1), three(g[2:], 1), three(size, 1), in_three(geo)
    inputs, outputs = x[1] // geo.groups, g[1] // geo.groups
    job = Correlation(x[0], geo.groups, inputs, outputs, deep, out, kernel, geo3, dtype)
    square = kernel == (1, 3, 3) and deep[0] == out[0] == 1 and geo3.stride == (1, 1, 1)
    plan: Weight | ChannelWeight
    if fast and square and dtype == np.float32 and min(inputs, outputs) >= FEWEST_WEIGHT:
        plan = ChannelWeight(job, True)
    elif min(inputs, outputs) >= FEWEST_LANES:
        plan = ChannelWeight(job, False)
    else:
        plan = Weight(job)
    shape = (g[1], inputs, *size)
    return lambda x, g: plan(whole(x), whole(g), shape)


def whole(a: Array) -> Array:
    """An array as the kernels read it: contiguous and aligned."""
    return a if a.flags.carray else np.array(a, order="C")

"""Tables of convolutions of few images: what few.py reads, worked out once per shape.

The work memory of a call:

    xp of each image | spectra | bias | per thread: weights as given, or products and tmp

The weights in the order of use are kept from call to call, behind a digest of the weights that they were made of.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from minigrad.kernels.conv import winograd_transforms
from minigrad.kernels.conv.images import NANOSECONDS, choose_tile
from minigrad.kernels.conv.plan import MOVE, Planes, Size, Sweep, odd_lines
from minigrad.kernels.machine import registers, simd
from minigrad.kernels.machine.arguments import address, fields

Array = np.ndarray[Any, Any]
# Sizes, distances in bytes, places in the work memory, tables, micro-kernels.
Table = fields(
    "images inputs outputs item lanes vector plane_x plane_y plane pixels gaps pixel row step_in step_out "
    "wide patches chunk many next_spectra next_patch high vecs blocks block bands depth length runs run "
    "spectra bias private tmp step_tmp seat digests last_digest "
    "starts_x starts_w starts_y places_x places_w gap_table patch_table band_table row_table offs "
    "run_table gather gather_few scatter scatter_few outer enter lift leave digest"
)
COUNT = len(Table._fields)
# Register tiles (rows, vectors) and what a multiply-add costs in them, relative to (8, 2), in whole convolutions.
TILES = {
    32: {(4, 4): 0.9, (8, 2): 1.0, (6, 2): 1.0, (12, 1): 1.05, (8, 1): 1.1, (4, 2): 1.1, (2, 4): 1.2,
         (4, 1): 1.4, (1, 2): 2.5, (1, 1): 4.0},
    16: {(6, 2): 1.0, (4, 2): 1.05, (8, 1): 1.1, (2, 4): 1.2, (4, 1): 1.4, (1, 2): 2.5, (1, 1): 4.0},
}  # fmt: skip
# Taps, or channels of spectra, summed in one go: see direct.py and winograd.py.
TAPS, DEPTH = 192, 64
# Multiply-adds of vectors that the transform of a vector of weights costs, and that of one of patches.
LIFT, ENTER = 10, 8
# Weights of fewer bytes stay for the next calls, most of which need not transform them.
KEPT, LIFT_KEPT = 4 << 20, 2
FULL = 0.75  # how much of the lanes must have outputs of their own
SPECTRA = 1_200_000  # bytes of the spectra of all images, which should stay in the L2 cache
# Image lanes may stay idle, and parts of images have borders: how many times the work they must do to be slower.
# Up to so many multiply-adds what they cost beside the sums counts too.
AT_MUCH, AT_LITTLE, LITTLE = 1.3, 1.1, 1 << 23
PATCHES, PIXELS = 6, 64  # of a band, at least: a task's weights are read for so many

simd.KERNELS |= winograd_transforms.KERNELS


class FewPlan:
    """Tables of one sweep of few images; m: pixels of a tile of Winograd's algorithm, 0 for plain sums."""

    def __init__(self, job: Sweep, m: int) -> None:
        item, vector = np.dtype(job.dtype).itemsize, registers.BYTES
        lanes = vector // item
        pixel = max(job.inputs, lanes) * item
        self.shape = job.images, job.outputs
        self.planes = Planes(job.size, job.out, job.phases, 1, pixel)
        patches, bands = _patches(job.out, self.planes, m, pixel), _bands(job.out, m)
        vectors, rows = -(-job.outputs // lanes), bands[:, 1] - bands[:, 0]
        high, vecs = _tile(int(rows.min()) if m else job.out[2], vectors)
        taps = len(self.planes.taps[0])
        many, depth = ((m + 2) ** 2, job.inputs) if m else (1, taps * job.inputs)
        self.sizes = {
            "images": job.images, "inputs": job.inputs, "outputs": job.outputs, "item": item,
            "lanes": lanes, "vector": vector, "plane_x": math.prod(job.size) * item,
            "plane_y": math.prod(job.out) * item, "plane": self.planes.plane,
            "pixels": math.prod(job.size), "gaps": len(self.planes.gaps), "pixel": pixel,
            "row": self.planes.pitch * pixel, "step_in": self.planes.step_in,
            "step_out": job.out[2] * vector, "wide": job.out[2], "patches": len(patches),
            "chunk": int(rows.max()), "many": many, "next_patch": pixel,
            "next_spectra": odd_lines(job.images * len(patches) * pixel),
            "high": high, "vecs": vecs, "blocks": vectors // vecs, "bands": len(bands),
            "block": many * depth * vecs * vector, "depth": depth, "length": DEPTH if m else TAPS,
            "step_tmp": odd_lines(int(bands[:, 5].max()) * vector),
        }  # fmt: skip
        self._rooms(m)
        self._tables(job, patches, bands)
        calls = {n: simd.address(n, 0, 0, job.dtype) for n in ("gather", "gather_few")}
        calls |= {n: simd.address(n, 1, 0, job.dtype) for n in ("scatter", "scatter_few")}
        for n in ("enter", "lift", "leave"):
            calls[n] = simd.address(n, m, 0, job.dtype) if m else 0
        calls["digest"] = simd.address("digest", 0, 0, job.dtype)
        calls["outer"] = simd.address("outer", high, vecs, job.dtype)
        places = {name: address(table) for name, table in self.tables.items()}
        self.table = np.array(Table(**self.sizes, **calls, **places), np.int64)
        self.place = address(self.table)
        self.preparations, self.tasks = (
            job.images + vectors,
            job.images * len(bands) * vectors // vecs,
        )
        sums = many * len(patches) if m else math.prod(job.out)
        self.cost = NANOSECONDS * lanes * job.images * sums * vectors * depth

    def _rooms(self, m: int) -> None:
        """Where things lie in the work memory: for all threads, and then for each."""
        s, place = self.sizes, 0
        parts = {
            "spectra": s["images"] * s["plane"],
            "bias": s["many"] * s["next_spectra"] if m else 0,
            "private": s["blocks"] * s["vecs"] * s["vector"],
        }
        for name, before in parts.items():  # what lies before it
            place = s[name] = place + -(-before // 64) * 64
        s["tmp"] = s["many"] * s["chunk"] * s["vecs"] * s["vector"] if m else 0
        raw = 9 * s["inputs"] * s["vector"] if m else 0
        given = s["outputs"] * s["inputs"] * len(self.planes.taps[0]) * s["item"]
        s["digests"], s["last_digest"] = given // simd.DIGEST, given - simd.DIGEST
        self.weights = 2 * simd.DIGEST + s["blocks"] * s["block"]
        s["seat"] = odd_lines(max(raw, s["tmp"] + s["vecs"] * s["step_tmp"]))

    def _tables(self, job: Sweep, patches: Array, bands: Array) -> None:
        """What the table of sizes points at, and the numbers of the pieces that weights are read in."""
        s, planes = self.sizes, self.planes
        taps, channels = len(planes.taps[0]), np.arange(job.inputs)
        order = np.argsort(planes.positions[0])
        used = np.argsort(np.array(planes.taps[0])[order])  # when each tap of the kernel is used
        if len(patches):
            places_w, offs = (channels[:, None] * 9 + used) * s["vector"], channels * s["item"]
        else:
            places_w = (used * job.inputs + channels[:, None]) * (s["vecs"] * s["vector"])
            offs = np.array(planes.positions[0])[order, None] + channels * s["item"]
        joined = job.steps[2] == taps  # the weights of an output are one piece
        s["runs"], s["run"] = (1, job.inputs * taps) if joined else (job.inputs, taps)
        outputs = np.minimum(np.arange(s["blocks"] * s["vecs"] * s["lanes"]), job.outputs - 1)
        tables = {
            "starts_x": np.minimum(np.arange(s["lanes"]), job.inputs - 1) * s["plane_x"],
            "starts_w": outputs * (job.steps[1] * s["item"]), "starts_y": outputs * s["plane_y"],
            "places_x": planes.pixels, "places_w": places_w, "gap_table": planes.gaps,
            "patch_table": patches, "band_table": bands[:, :5], "row_table": planes.rows,
            "offs": offs, "run_table": channels * (job.steps[2] * s["item"]),
        }  # fmt: skip
        self.tables = {name: np.ascontiguousarray(t, np.int64) for name, t in tables.items()}


def _corners(pixels: int, m: int) -> list[int]:
    """Where patches begin along a dimension: the last is moved back so that it fits."""
    return [min(i, pixels - m) for i in range(0, pixels, m)]


def _patches(out: Size, planes: Planes, m: int, pixel: int) -> Array:
    """Where each patch is read and its tile written, row after row; none without Winograd's algorithm."""
    corner, (_, high, wide) = min(planes.positions[0]), out
    places = [
        (planes.rows[h, 0] + w * pixel + corner, (h * wide + w) * registers.BYTES)
        for h in (_corners(high, m) if m else ())
        for w in _corners(wide, m)
    ]
    return np.array(places, np.int64).reshape(-1, 2)


def _bands(out: Size, m: int) -> Array:
    """Per band: first and last patch or row, first pixel, pixels, bytes before its rows, pixels of tmp."""
    rows, wide = out[0] * out[1], out[2]
    corners = _corners(rows, m) if m else list(range(rows))
    across = len(_corners(wide, m)) if m else 1
    lines, tall = len(corners), m or 1
    least = -(-PATCHES // across) if m else -(-PIXELS // wide)
    number = max(1, lines // least)
    cuts = [lines * i // number for i in range(number + 1)]
    return np.array(
        [
            (
                a * across, b * across, a * tall * wide, (min(rows, b * tall) - a * tall) * wide,
                corners[a] * wide * registers.BYTES, (corners[b - 1] + tall - corners[a]) * wide,
            )
            for a, b in pairwise(cuts)
        ],
        np.int64,
    )  # fmt: skip


def _tile(rows: int, vectors: int) -> tuple[int, int]:
    """The register tile for so many numbers of x, or more, and vectors of outputs."""
    tiles = TILES[registers.REGISTERS]
    return choose_tile(rows, vectors, tiles, lambda r, v: r <= rows and vectors % v == 0)


# ------------------------------------------------------------------------------ the choice
def takes_spectra(job: Sweep, tiles: Sequence[int]) -> int:
    """Which of these tiles of Winograd's algorithm is best for few images; 0 if image lanes are better.

    The lanes must be full, or nearly, and the spectra of all images stay in the L2 cache.
    """
    lanes = registers.BYTES // np.dtype(job.dtype).itemsize
    vectors = -(-job.outputs // lanes)
    if job.groups > 1 or job.images >= lanes or job.outputs < FULL * vectors * lanes:
        return 0
    if job.size[0] > 1 or job.out[0] > 1 or len(job.phases[0][0].taps) > 1:
        return 0

    def patches(m: int) -> int:
        return job.images * math.prod(-(-n // m) for n in job.out[1:])

    def cost(m: int) -> float:
        multiply = patches(m) * vectors * job.inputs
        kept = (m + 2) ** 2 * job.inputs * vectors * registers.BYTES <= KEPT
        transform = (LIFT_KEPT if kept else LIFT) * vectors * job.inputs + ENTER * patches(m) * (
            vectors + job.inputs / lanes
        )
        return (m + 2) ** 2 * (multiply + transform)

    best = min(tiles, key=cost)
    fits = (best + 2) ** 2 * patches(best) * job.inputs * 4 <= SPECTRA
    return best if fits else 0


def sums(job: Sweep) -> float:
    """What plain sums cost on lanes that are output channels, to compare with `Lanes.cost`; inf if they cannot be."""
    lanes = registers.BYTES // np.dtype(job.dtype).itemsize
    plain = all(len(ps) == 1 and ps[0].step == 1 and ps[0].taps for ps in job.phases)
    if job.groups > 1 or job.images >= lanes or not plain:
        return math.inf
    pixels, taps = math.prod(job.out), math.prod(len(ps[0].taps) for ps in job.phases)
    vectors = -(-job.outputs // lanes)
    work = job.images * pixels * job.outputs * job.inputs * taps
    moved = MOVE * (math.prod(job.size) / lanes + pixels * vectors / job.inputs)
    cost = job.images * (pixels * vectors * taps + moved)
    return cost * (AT_LITTLE if work < LITTLE else AT_MUCH)

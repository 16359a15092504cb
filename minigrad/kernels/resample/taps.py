"""The taps of every way to resample a dimension: nearest, linear, cubic, and those with antialiasing.

Answer j lies at source position

    j * (size - 1) / (answers - 1)            with align_corners: the first and last numbers' centres meet
    (j + 1/2) * size / answers - 1/2          otherwise: the outer borders meet; size / answers may be given

and positions are computed as torch does, in the dtype of the numbers, so that ties are cut alike.
"""

import functools
from typing import Any

import numpy as np

from minigrad.kernels.resample import Taps

Array = np.ndarray[Any, Any]
_SUPPORT = {"linear": 1.0, "cubic": 2.0, "lanczos": 3.0}  # where a filter ends, in source pixels


@functools.lru_cache(maxsize=256)
def taps(method: str, size: int, answers: int, align: bool, factor: float | None, char: str) -> Taps:  # fmt: skip
    """The taps of 'nearest', 'nearest-exact', 'linear', 'cubic', or these with '-aa' ('lanczos-aa' too).

    factor: answers per source number where the user gave it; it need not be answers / size.
    char: the dtype of the arithmetic, 'f' or 'd'.
    """
    kind = np.dtype(char).type
    if method.startswith("nearest"):
        return _nearest(method, size, answers, factor, kind)
    step = _step(size, answers, align, factor, kind)
    places = np.arange(answers).astype(kind)
    if method.endswith("-aa"):
        return _antialiased(method[:-3], size, step * (places + kind(0.5)), step, kind)
    positions = step * places if align else step * (places + kind(0.5)) - kind(0.5)
    if method == "cubic":
        return _cubic(size, positions, kind)
    return _linear(size, answers, positions if align else np.maximum(positions, 0), kind)


def _step(size: int, answers: int, align: bool, factor: float | None, kind: Any) -> Any:
    """How many source numbers lie between two answers."""
    if align:
        return kind(size - 1) / kind(answers - 1) if answers > 1 else kind(0)
    return kind(1 / factor) if factor else kind(size) / kind(answers)


def _nearest(method: str, size: int, answers: int, factor: float | None, kind: Any) -> Taps:
    step = _step(size, answers, False, factor, np.float32)
    shift = 0.5 if method == "nearest-exact" else 0.0
    positions = np.float32((np.arange(answers) + shift) * step)
    index = np.minimum(np.floor(positions).astype(np.int64), size - 1)
    return Taps(index[None], np.ones((1, answers), kind), size)


def _parts(size: int, positions: Array) -> tuple[Array, Array]:
    """The number at or before each position, and how far behind it the position is, at most 1."""
    index = np.minimum(np.floor(positions).astype(np.int64), size - 1)
    return index, np.clip(positions - index.astype(positions.dtype), 0, 1)


def _linear(size: int, answers: int, positions: Array, kind: Any) -> Taps:
    index, behind = _parts(size, positions)
    if size == answers:
        index, behind = np.arange(answers), np.zeros(answers, kind)
    pair = np.stack([index, np.minimum(index + 1, size - 1)])
    return Taps(pair, np.stack([kind(1) - behind, behind]), size)


def _cubic(size: int, positions: Array, kind: Any) -> Taps:
    """Keys' cubic convolution with a = -3/4: https://doi.org/10.1109/TASSP.1981.1163711."""
    index, behind = _parts(size, positions)
    offsets = np.arange(-1, 3)[:, None]
    weight = _cubic_filter(np.abs(behind - offsets.astype(kind)), -0.75)
    return Taps(np.clip(index + offsets, 0, size - 1), weight.astype(kind), size)


def _cubic_filter(x: Array, a: float) -> Array:
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _lanczos_filter(x: Array) -> Array:
    return np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0)


_FILTERS = {
    "linear": lambda x: np.maximum(1 - x, 0),
    "cubic": lambda x: _cubic_filter(x, -0.5),
    "lanczos": _lanczos_filter,
}


def _antialiased(method: str, size: int, centres: Array, step: Any, kind: Any) -> Taps:
    """All numbers within the filter's reach, which is wider where answers are fewer than numbers."""
    wide = max(step, kind(1))
    support = kind(_SUPPORT[method]) * wide
    first = np.maximum((centres - support + kind(0.5)).astype(np.int64), 0)
    last = np.minimum((centres + support + kind(0.5)).astype(np.int64), size)
    count = max(1, int((last - first).max(initial=1)))
    index = first + np.arange(count)[:, None]
    away = np.abs((index.astype(kind) - centres + kind(0.5)) / wide)
    weight = np.where(index < last, _FILTERS[method](away), 0)
    weight = (weight / weight.sum(0)).astype(kind)
    return Taps(np.where(index < last, index, first), weight, size)

"""Rows of named pictures in one file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["save_pictures"]

LABELLED = 100  # arrays of at most so many numbers have them written in


def save_pictures(
    path: str | os.PathLike[str], rows: Sequence[Mapping[str, npt.ArrayLike]]
) -> None:
    """Draw every row's named arrays side by side and write the whole to `path`.

    An array without negative numbers is drawn in grey; one with them in red (positive) and blue
    (negative), white being zero. A small array has its numbers written in.

    Args:
        path: where to write; the ending says the format (.png, .svg, .pdf).
        rows: for each row the names of its pictures and the pictures, (height, width) each.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: there is no picture, or one is not 2-dimensional or is empty.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "kernel.png")
    >>> save_pictures(path, [{"kernel": [[1.0, -1.0]]}])
    >>> os.path.getsize(path) > 0
    True
    """
    drawn = [{name: _picture(name, array) for name, array in row.items()} for row in rows]
    if not any(drawn):
        raise ValueError("save_pictures: there is no picture to draw")
    from matplotlib.figure import Figure

    columns = max(map(len, drawn))
    figure = Figure(figsize=(3.2 * columns, 3.1 * len(drawn)), layout="constrained")
    grid: npt.NDArray[np.object_] = figure.subplots(len(drawn), columns, squeeze=False)
    for axes_row, row in zip(grid, drawn, strict=True):
        for axes, (name, array) in zip(axes_row, row.items(), strict=False):
            _draw(axes, name, array)
        for axes in axes_row[len(row) :]:
            axes.set_axis_off()
    figure.savefig(path, dpi=120)


def _picture(name: str, array: npt.ArrayLike) -> npt.NDArray[np.float64]:
    picture = np.asarray(array, dtype=np.float64)
    if picture.ndim != 2 or picture.size == 0:
        raise ValueError(
            f"save_pictures: {name!r} has shape {picture.shape}; a picture is (height, width), "
            "neither of them 0"
        )
    return picture


def _draw(axes: Axes, name: str, array: npt.NDArray[np.float64]) -> None:
    signed = bool((array < 0).any())
    largest = float(np.abs(array).max()) or 1.0
    look: dict[str, Any] = (
        {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}
        if signed
        else {"cmap": "gray", "vmin": 0.0, "vmax": largest}
    )
    axes.imshow(array, interpolation="nearest", **look)
    axes.set_title(name)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color("0.7")
    if array.size > LABELLED:
        return
    size = min(14.0, 60.0 / max(array.shape))
    for (i, j), value in np.ndenumerate(array):
        share = abs(value) / largest
        light = share > 0.6 if signed else share < 0.4
        text = f"{value:.2f}".rstrip("0").rstrip(".")
        axes.text(
            j,
            i,
            "0" if text == "-0" else text,
            ha="center",
            va="center",
            fontsize=size,
            color="white" if light else "black",
        )

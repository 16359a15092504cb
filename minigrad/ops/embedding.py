"""Looking rows of a table up, and its adjoint, adding rows up: two families that are each other's gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import primitive
from ..kernels import along


@primitive(title="EmbeddingBackward0")
def embedding(weight, /, index, padding, by_count):
    """The rows of ``weight`` (rows, size) that ``index`` (*) names: (*, size).

    What comes back to the row ``padding`` is dropped, and with ``by_count`` what comes back to a row is
    divided by how often it was named.
    """
    return np.take(weight, index, 0)


@primitive(title="EmbeddingDenseBackwardBackward0")
def taken_rows(input, /, index, padding, by_count):
    """The adjoint of ``added_rows``: rows looked up, zeros for ``padding``, divided by the counts."""
    rows = _shared(np.take(input, index, 0), index, len(input), by_count)
    if padding is not None:
        rows[index == padding] = 0
    return rows


@primitive(title="EmbeddingDenseBackwardBackward0", quiet=True)
def added_rows(input, /, index, rows, padding, by_count):
    """Rows (*, size) added up where ``index`` (*) says, none to ``padding``: (rows, size)."""
    flat, size = index.reshape(-1), input.shape[-1]
    if by_count:
        input = _shared(input, index, rows, by_count)
    given = input.reshape(-1, size)
    if padding is not None:
        kept = flat != padding
        flat, given = flat[kept], given[kept]
    total = np.zeros((rows, size), input.dtype)
    if not flat.size:
        return total
    along.add_slices(total, given, flat, 0)
    return total


def _shared(given: Any, index: Any, rows: int, by_count: bool) -> Any:
    """Rows divided by how often their number stands in ``index``, if that is asked for."""
    if not by_count:
        return given
    counts = np.bincount(index.reshape(-1), minlength=rows).astype(given.dtype)
    return given / counts[index][..., None]


embedding.vjps(
    weight=lambda g, into, index, padding, by_count: added_rows(
        g, index, into[0], padding, by_count
    )
)
taken_rows.vjps(
    input=lambda g, into, index, padding, by_count: added_rows(g, index, into[0], padding, by_count)
)
added_rows.vjps(input=lambda g, index, padding, by_count: taken_rows(g, index, padding, by_count))

"""The loops of resampling: first the rows that meet are joined, then the numbers along the one row that this makes."""

from typing import Any

import numpy as np

from minigrad.kernels.machine.jit import helper
from minigrad.kernels.machine.team import shared


@helper
def _joined(x: Any, rows: Any, columns: Any, weights: Any, count: int, line: Any) -> Any:
    """The weighted sum of rows of a plane, which is ``line``."""
    line[:] = 0
    for k in range(count):
        row, weight = x[rows[k], columns[k]], weights[k]
        for i in range(len(line)):
            line[i] += weight * row[i]


@helper
def _along(line: Any, index: Any, weight: Any, out: Any) -> None:
    """out[i]: the weighted sum of numbers of the line."""
    for i in range(len(out)):
        out[i] = weight[0, i] * line[index[0, i]]
    for t in range(1, len(index)):
        at, by = index[t], weight[t]
        for i in range(len(out)):
            out[i] += by[i] * line[at[i]]


@shared
def resample(x: Any, y: Any, index0: Any, weight0: Any, index1: Any, weight1: Any, index2: Any,
             weight2: Any, seat: int, r0: int, r1: int) -> None:  # fmt: skip
    """Rows r0 .. r1 of y (planes, a, b, c): the three dimensions of each plane of x resampled."""
    most = len(index0) * len(index1)
    rows, columns = np.empty(most, np.int64), np.empty(most, np.int64)
    weights, line = np.empty(most, x.dtype), np.empty(x.shape[3], x.dtype)
    for r in range(r0, r1):
        p, j = divmod(r, y.shape[1] * y.shape[2])
        a, b = divmod(j, y.shape[2])
        count = 0
        for s in range(len(index0)):
            for t in range(len(index1)):
                weights[count] = weight0[s, a] * weight1[t, b]
                rows[count], columns[count] = index0[s, a], index1[t, b]
                if weights[count] != 0:
                    count += 1
        if count == 1 and weights[0] == 1:
            _along(x[p, rows[0], columns[0]], index2, weight2, y[p, a, b])
        else:
            _joined(x[p], rows, columns, weights, count, line)
            _along(line, index2, weight2, y[p, a, b])

"""The matrices of Winograd's algorithm, and the vector code that multiplies patches by them.

Forward and adjoint in x, F(m x m, 3 x 3):    y  = A' [ sum of (G w G') * (B' d B) ] A
Adjoint in w, F(3 x 3, 4 x 4):                dw = G' [ sum of (A g A') * (B' d B) ] G

d: patch of (m+2) x (m+2) inputs, y and g: m x m outputs, w: 3 x 3.  (Lavin & Gray, Fast Algorithms
for Convolutional Neural Networks, 2015; points that round less: Barabasz, Anderson, Soodhalter and Gregg,
Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks, 2020.)
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.kernels.machine.registers import Code

Matrix = np.ndarray[Any, Any]
Vectors = Sequence[Any]

# 0 and pairs of opposite points; infinity is the last.  For m = 4, rounding errors are half as large as with the usual
# 1 and 2, the largest ones a quarter: of all pairs of sixteenths, about the least (docs/kernels.md).
POINTS = {2: (0.0, 1.0, -1.0), 4: (0.0, 0.625, -0.625, 1.5, -1.5)}


def _toom_cook(m: int) -> tuple[Matrix, Matrix, Matrix]:
    """A, B and G of F(m x m, 3 x 3).

    Polynomials are multiplied by their values at m + 1 points, and infinity: row i of B' has the coefficients of the
    product of (x - q) over all other points q, those of A and G have powers of the point.  A's rows are divided by
    the point, which makes the factors of its second column 1 and saves multiplications; G's make up for it.
    """
    points = np.array(POINTS[m])
    a, b, g = np.zeros((m + 2, m)), np.zeros((m + 2, m + 2)), np.zeros((m + 2, 3))
    a[-1, -1] = g[-1, -1] = 1
    b[:, -1] = np.poly(points)[::-1]
    for i, point in enumerate(points):
        others = np.delete(points, i)
        unit = abs(point) or 1
        a[i] = point ** np.arange(m) / unit
        b[:-1, i] = np.poly(others)[::-1]
        g[i] = point ** np.arange(3) * unit / np.prod(point - others)
    return a, b, g


_MATRICES = {m: _toom_cook(m) for m in POINTS}
A, B, G = ({m: three[i] for m, three in _MATRICES.items()} for i in range(3))
# Rows of frequencies of F(3 x 3, 4 x 4) that are made together: they share terms.
PAIRS = ((0, 5), (1, 2), (3, 4))


def weighted_sum(code: Code, terms: Sequence[tuple[float, Any]]) -> Any:
    """The sum of factor * vector over all terms."""
    (factor, total), *more = sorted(terms, key=lambda term: term[0] != 1)
    if factor != 1:
        total = code.b.fmul(code.constant(factor), total)
    for factor, vector in more:
        if abs(factor) == 1:
            total = (code.b.fadd if factor == 1 else code.b.fsub)(total, vector)
        else:
            total = code.fma(code.constant(factor), vector, total)
    return total


def times(code: Code, matrix: Matrix, vectors: Vectors) -> list[Any]:
    """matrix @ vectors; what rows, or columns, share but for a sign or factor is made once."""
    matrix, vectors = matrix.astype(float), list(vectors)
    for i in range(1, len(vectors) - 1, 2):
        one, two = matrix[:, i].copy(), matrix[:, i + 1].copy()
        if (abs(one) == abs(two)).all():  # go on with sum and difference
            pair = vectors[i], vectors[i + 1]
            vectors[i : i + 2] = code.b.fadd(*pair), code.b.fsub(*pair)
            matrix[:, i], matrix[:, i + 1] = (one + two) / 2, (one - two) / 2
    halves: dict[Any, Any] = {}

    def half(row: Matrix, parity: int) -> tuple[float, Any]:
        """Factor and vector of the terms of even, or odd, columns."""
        terms = [(c, v) for c, v in zip(row[parity::2], vectors[parity::2]) if c]
        unit = min((c for c, _ in terms), key=lambda c: (c != 1, abs(c) != 1))
        key = (parity, *(row[parity::2] / unit))
        if key not in halves:
            halves[key] = weighted_sum(code, [(c / unit, v) for c, v in terms])
        return unit, halves[key]

    return [
        weighted_sum(code, [half(row, parity) for parity in (0, 1) if row[parity::2].any()])
        for row in matrix
    ]


def both_ways(
    code: Code, matrix: Matrix, patch: Sequence[Vectors], rows: Sequence[int] = ()
) -> list[Any]:
    """matrix @ patch @ matrix', row after row: all rows, or some."""
    columns = [times(code, matrix, column) for column in zip(*patch)]
    return [
        vector
        for row in rows or range(len(matrix))
        for vector in times(code, matrix, [column[row] for column in columns])
    ]


def _patchwise(matrices: Callable[[int], Matrix]) -> Any:
    """The micro-kernel that transforms a patch by matrices(m)."""

    def transform(code: Code, m: int, pair: int, x: Any, down: Any, right: Any, out: Any, step: Any,
                  *_: Any) -> None:  # fmt: skip
        """out[f*step] = (M d M')[f] for d[i][j] = x[i*down + j*right]; all rows, or a pair (1 to 3)."""
        matrix = matrices(m)
        size = range(matrix.shape[1])
        patch = [[code.load(code.at(x, (down, i), (right, j))) for j in size] for i in size]
        rows = PAIRS[pair - 1] if pair else ()
        for f, vector in enumerate(both_ways(code, matrix, patch, rows)):
            code.store(vector, code.at(out, (step, f)))

    return transform


def leave(code: Code, m: int, _1: int, x: Any, step: Any, out: Any, down: Any, right: Any,
          *_: Any) -> None:  # fmt: skip
    """out[i*down + j*right] = (A' f A)[i][j] for the spectrum f = x[f*step]."""
    size = range(m + 2)
    spectrum = [[code.load(code.at(x, (step, i * (m + 2) + j))) for j in size] for i in size]
    for ij, vector in enumerate(both_ways(code, A[m].T, spectrum)):
        code.store(vector, code.at(out, (down, ij // m), (right, ij % m)))


def weigh(code: Code, m: int, rows: int, w: Any, steps: Any, taps: Any, count: Any, next_w: Any,
          out: Any, step: Any, *_: Any) -> None:  # fmt: skip
    """out[f*step + i*R + r] = (G w G')[f] of the kernel at w + i*next_w + steps[r], for i < count."""
    code = Code(code.b, 8 * code.size, rows)  # vectors of R output channels
    i, _none, close = code.loop(count, [])
    origin, target = code.at(w, (i, next_w)), code.at(out, (i, rows * code.size))
    origins = [code.at(origin, code.entry(steps, r)) for r in range(rows)]
    kernel = []
    for tap in range(9):
        vector = code.undefined
        for r in range(rows):
            number = code.scalar(code.at(origins[r], code.entry(taps, tap)))
            vector = code.insert(vector, number, r)
        kernel.append(vector)
    spectrum = both_ways(code, G[m], [kernel[0:3], kernel[3:6], kernel[6:9]])
    for f, vector in enumerate(spectrum):
        code.store(vector, code.at(target, (step, f)))
    close([])


def finish(code: Code, lanes: int, _1: int, sums: Any, step: Any, _count: Any, dw: Any,
           next_dw: Any, *_: Any) -> None:  # fmt: skip
    """dw[l*next_dw + tap] = (G' sums G)[tap][l] for l < lanes; the pairs come one after the other."""
    places = {row: 6 * i for i, row in enumerate(row for pair in PAIRS for row in pair)}
    spectrum = [
        [code.load(code.at(sums, (step, places[i] + j))) for j in range(6)] for i in range(6)
    ]
    for tap, vector in enumerate(both_ways(code, G[4].T, spectrum)):
        for lane in range(lanes):
            code.store_lane(vector, lane, code.at(dw, (next_dw, lane), tap * code.size))


KERNELS: dict[str, Callable[..., None]] = {
    "enter": _patchwise(lambda m: B[m].T),
    "spread": _patchwise(lambda m: A[m]),
    "lift": _patchwise(lambda m: G[m]),
    "leave": leave,
    "weigh": weigh,
    "finish": finish,
}

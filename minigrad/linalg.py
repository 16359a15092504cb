"""Linear algebra under the names of ``torch.linalg``."""

from .ops.arrange import diagonal
from .ops.factor import (
    cond,
    eigh,
    eigvalsh,
    lstsq,
    matrix_norm,
    matrix_rank,
    pinv,
    qr,
    svd,
    svdvals,
    vector_norm,
)
from .ops.factor import linalg_norm as norm
from .ops.matrix import matmul
from .ops.products import linalg_cross as cross
from .ops.products import multi_dot
from .ops.solve import LinAlgError, cholesky, det, inv, matrix_power, slogdet, solve

__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "vector_norm",
]

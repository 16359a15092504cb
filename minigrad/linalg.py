"""Linear algebra under the names of ``torch.linalg``."""

from .ops.arrange import diagonal
from .ops.factor import (
    cond,
    eigh,
    eigvalsh,
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
from .ops.series import linalg_vander as vander
from .ops.solve import LinAlgError, cholesky, det, inv, matrix_power, slogdet, solve
from .ops.systems import (
    cholesky_ex,
    inv_ex,
    lstsq,
    matrix_exp,
    solve_triangular,
    tensorinv,
    tensorsolve,
    vecdot,
)

__all__ = [
    "LinAlgError",
    "cholesky",
    "cholesky_ex",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "inv_ex",
    "lstsq",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]

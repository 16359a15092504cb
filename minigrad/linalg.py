"""Linear algebra under the names of ``torch.linalg``."""

from .ops import factor, systems
from .ops import solve as solving
from .ops._public import named
from .ops.arrange import linalg_diagonal as diagonal
from .ops.matrix import matmul
from .ops.products import linalg_cross as cross
from .ops.products import multi_dot
from .ops.series import linalg_vander as vander

LinAlgError = solving.LinAlgError
det, slogdet, inv = named(solving.det), named(solving.slogdet), named(solving.inv)
solve, matrix_power = named(solving.solve), named(solving.matrix_power)
cholesky, cholesky_ex = named(solving.cholesky), named(systems.cholesky_ex)
inv_ex, lstsq = named(systems.inv_ex), systems.lstsq
eigh, eigvalsh = named(factor.eigh), named(factor.eigvalsh)
svd, svdvals, qr = named(factor.svd), named(factor.svdvals), named(factor.qr)
pinv, matrix_rank, cond = named(factor.pinv), named(factor.matrix_rank), named(factor.cond)
norm, matrix_norm = named(factor.linalg_norm), named(factor.matrix_norm)
vector_norm, vecdot = named(factor.vector_norm), named(systems.vecdot)
solve_triangular, matrix_exp = named(systems.solve_triangular), named(systems.matrix_exp)
tensorinv, tensorsolve = named(systems.tensorinv), named(systems.tensorsolve)

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

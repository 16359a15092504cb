"""The types of several answers with names, as ``isinstance(x.max(0), return_types.max)`` asks for them."""

from __future__ import annotations

from typing import Any

from .ops._common import return_type

_FIELDS = {
    **dict.fromkeys(
        [
            "cummax",
            "cummin",
            "kthvalue",
            "max",
            "median",
            "min",
            "mode",
            "nanmedian",
            "sort",
            "topk",
        ],
        ("values", "indices"),
    ),
    "aminmax": ("min", "max"),
    "frexp": ("mantissa", "exponent"),
    "histogram": ("hist", "bin_edges"),
    "linalg_cholesky_ex": ("L", "info"),
    "linalg_eigh": ("eigenvalues", "eigenvectors"),
    "linalg_inv_ex": ("inverse", "info"),
    "linalg_lstsq": ("solution", "residuals", "rank", "singular_values"),
    "linalg_qr": ("Q", "R"),
    "linalg_slogdet": ("sign", "logabsdet"),
    "linalg_svd": ("U", "S", "Vh"),
    "qr": ("Q", "R"),
    "slogdet": ("sign", "logabsdet"),
    "svd": ("U", "S", "V"),
    "triangular_solve": ("solution", "cloned_coefficient"),
}


def __getattr__(name: str) -> Any:
    if name not in _FIELDS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return return_type(name, *_FIELDS[name])

"""Parametrizations of weights: of given norms, of spectral norm 1, orthogonal."""

from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from ..module import Module
from ._matrices import (
    as_matrix,
    dim_of,
    first_singular_value,
    norm_except_dim,
    normalised,
    power_method,
    spread_out,
)
from ._orthogonal import _Orthogonal
from .parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _tensor(module: Module, name: str) -> Tensor:
    """The tensor of that name; ValueError if there is none."""
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


# ------------------------------------------------------------------------------ weight norm
class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0):
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return normalised(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Train the norms (``original0``) and the directions (``original1``) of a weight instead of itself.

    dim: the dimension that keeps norms of its own, None for one norm of all.  Answers the module.
    Source: Salimans and Kingma, Weight Normalization (2016), https://arxiv.org/abs/1602.07868

    >>> import minigrad as mg
    >>> layer = mg.nn.utils.parametrizations.weight_norm(mg.nn.Linear(20, 40))
    >>> layer.parametrizations.weight.original0.shape, layer.parametrizations.weight.original1.shape
    (minigrad.Size([40, 1]), minigrad.Size([40, 20]))
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def read_old_keys(state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
        """Before a state is loaded: take the keys of ``nn.utils.weight_norm``."""
        old = [f"{prefix}{name}_{part}" for part in "gv"]
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(read_old_keys)
    return module


# ------------------------------------------------------------------------------ spectral norm
class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(
        self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ):
        super().__init__()
        n = weight.dim()
        if not -n <= dim < n:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{n}, {n - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % n
        self.eps = eps
        if n > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight, self.dim)
            u, v = (spread_out(weight, count) for count in matrix.shape)
            self.register_buffer("_u", F.normalize(u, dim=0, eps=eps))
            self.register_buffer("_v", F.normalize(v, dim=0, eps=eps))
            power_method(matrix, self._u, self._v, 15, eps, "u")

    def forward(self, weight: Tensor) -> Any:
        if weight.dim() == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            power_method(matrix, self._u, self._v, self.n_power_iterations, self.eps, "u")
        # Copies: the next call writes to the buffers, and this one's gradients need them.
        return weight / first_singular_value(matrix, self._u.clone(), self._v.clone())

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a weight by its greatest singular value, which a few power iterations per training step follow.

    dim: the dimension of the outputs; None: 1 for transposed convolutions, else 0.  Answers the module.
    Source: Miyato et al., Spectral Normalization for GANs (2018), https://arxiv.org/abs/1802.05957

    >>> import minigrad as mg
    >>> layer = mg.nn.utils.parametrizations.spectral_norm(mg.nn.Linear(20, 40))
    >>> 0.9 < mg.linalg.matrix_norm(layer.weight, 2).item() < 1.1
    True
    """
    weight = _tensor(module, name)
    made = _SpectralNorm(weight, n_power_iterations, dim_of(module, dim), eps)
    return register_parametrization(module, name, made)


# ------------------------------------------------------------------------------ orthogonal
def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> Module:
    """Keep a matrix, or the matrices of a batch, orthogonal: with orthonormal columns, or rows if these are fewer.

    orthogonal_map: what makes one of any matrix: 'matrix_exp' or 'cayley' (of a skew-symmetric one), or
    'householder' (a product of reflections); None: 'matrix_exp' for square ones, else 'householder'.
    use_trivialization: start from the weight as it is.  Answers the module.
    Source: Lezcano-Casado, Trivializations for Gradient-Based Optimization on Manifolds (2019),
    https://arxiv.org/abs/1909.09501

    >>> import minigrad as mg
    >>> layer = mg.nn.utils.parametrizations.orthogonal(mg.nn.Linear(3, 5))
    >>> q = layer.weight.detach()
    >>> mg.allclose(q.mT @ q, mg.eye(3), atol=1e-5)
    True
    """
    weight = _tensor(module, name)
    if weight.dim() < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.dim()} dimensions."
        )
    if orthogonal_map is None:
        is_square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if is_square else "householder"
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)

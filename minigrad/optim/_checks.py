"""What optimizers ask of their arguments, in torch's words."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


def learning_rate(lr: Any, *, foreach: Any = False, capturable: bool = False) -> None:
    """ValueError for a learning rate below 0, or a tensor where torch takes none."""
    if isinstance(lr, Tensor) and foreach and not capturable:
        raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
    one_element(lr)
    not_negative("learning rate", lr)


def one_element(lr: Any) -> None:
    """ValueError for a tensor of more elements than one."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")


def not_negative(what: str, value: Any) -> None:
    """ValueError unless ``0 <= value``."""
    if not value >= 0.0:
        raise ValueError(f"Invalid {what}: {value}")


def at_least(what: str, value: Any, least: int = 0) -> None:
    """ValueError unless ``least <= value``, in the words of torch's younger optimizers."""
    if not value >= least:
        raise ValueError(f"{what} should be >= {least} but is: {value}")


def betas(values: Any) -> None:
    """ValueError unless both of two betas lie in [0, 1)."""
    for i in range(2):
        if not 0.0 <= values[i] < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {values[i]}")


def fused(fused: Any, foreach: Any, differentiable: bool) -> None:
    """RuntimeError for settings that torch cannot combine."""
    if fused:
        if differentiable:
            raise RuntimeError("`fused` does not support `differentiable`")
        if foreach:
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def tensor_betas(values: Any, *, foreach: Any, capturable: bool) -> None:
    """ValueError for one beta that is a tensor beside one that is not, and as for a learning rate."""
    kinds = [isinstance(beta, Tensor) for beta in values[:2]]
    if not all(kinds) and not all(isinstance(beta, float) for beta in values[:2]):
        raise ValueError("betas must be either both floats or both Tensors")
    for i in range(2 if all(kinds) else 0):
        if foreach and not capturable:
            raise ValueError(
                f"betas[{i}] as a Tensor is not supported for capturable=False and foreach=True"
            )
        if values[i].numel() != 1:
            raise ValueError(f"Tensor betas[{i}] must be 1-element")

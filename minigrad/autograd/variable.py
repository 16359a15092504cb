"""``Variable``, by which older programs call a tensor."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


class _VariableType(type):
    """Makes every tensor an instance of ``Variable``."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableType):
    """A tensor: calling it answers the tensor ``data``, off the tape, with ``requires_grad``.

    TypeError if ``data`` is no tensor.
    Source: https://docs.pytorch.org/docs/stable/autograd.html#variable-deprecated

    >>> import minigrad as mg
    >>> mg.autograd.Variable(mg.ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False) -> Any:
        """The tensor that shares its memory with ``data``; an empty one without ``data``."""
        if data is None:
            return Tensor().requires_grad_(requires_grad)
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.data.requires_grad_(requires_grad)

"""class Tensor, in layers, each a class with the next one on top.

    _core.py       an array with a place on the tape: attributes, gradients, conversions
    _facts.py      questions with short answers, as there is one device and no complex numbers
    _methods.py    the methods that are ops: the one list
    _inplace.py    the methods that write into the tensor itself
    here           operators and Python's protocols

    _data.py       arrays of what users give as data
    _legacy.py     ``Tensor(2, 3)``, ``FloatTensor(...)``
    _overrides.py  subclasses that want to be asked (``__torch_function__``)
    _ufuncs.py     NumPy's functions on tensors

Everything that computes is an op of ``minigrad.ops``, where its documentation is.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import _print, _types
from .._tape import Node, Traced, bind, cell, edge, mode, new, settled
from .._warn import once
from ..ops import (
    _common,
    choosing,
    combine,
    compare,
    elementwise,
    index,
    matrix,
    parts,
    shape,
    writing,
)
from ..ops.inplace import augmented
from . import _legacy, _overrides, _ufuncs
from ._inplace import InPlace


def _operator(op: Any, full: Any = None) -> Any:
    """An operator that leaves types the op does not know to the other operand.

    full: the op that says what is wrong with two tensors that ``op``, its quicker form, refuses.
    """

    def method(self: Any, other: Any) -> Any:
        try:
            return op(self, other)
        except TypeError:
            if isinstance(other, (Traced, np.ndarray, *_common.Number)):
                if full is not None:
                    return full(self, other)
                raise
            return NotImplemented

    return method


def _reflected(op: Any) -> Any:
    return _operator(lambda self, other: op(other, self))


class Tensor(InPlace):
    """An n-dimensional array of one dtype, through which gradients can be traced.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, *data: Any, size: Any = None, device: Any = None):
        """Of sizes, zeros; of a sequence or array, a copy in the default dtype; of a tensor, its memory."""
        if device is not None:
            _types.on_cpu(device)
        settled(self, _legacy.made(_types.default(), data, size))
        if data and isinstance(data[0], Traced):
            self.memory = cell(data[0])

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__torch_function__ is not _overrides.disabled and not _overrides.asked(cls):
            _overrides.take_over(cls, Tensor)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What is done when an instance of a subclass is given to a function: the answer is made one as well."""
        return _overrides.usual(cls, func, types, args, kwargs)

    @staticmethod
    def _make_subclass(cls: Any, data: Any, require_grad: bool = False) -> Any:
        """A leaf of a subclass that shares the memory of a tensor."""
        out = settled(new(cls), data.array)
        out.memory, out.leaf = cell(data), require_grad
        return out

    def as_subclass(self, cls: Any) -> Any:
        """The tensor as an instance of a subclass, on the same memory and in the same graph."""
        out = _common.entitled(shape.reshape(self, self.array.shape), "AliasBackward0")
        out.__class__ = cls
        return out

    def where(self, condition: Any, other: Any) -> Any:
        """The tensor where ``condition`` holds, else ``other``."""
        return choosing.where(condition, self, other)

    def reshape_as(self, other: Tensor) -> Any:
        """The tensor in the shape of another."""
        return shape.reshaped(self, other.array.shape)

    def view_as(self, other: Tensor) -> Any:
        """A view in the shape of another."""
        return shape.viewed(self, other.array.shape)

    def ravel(self) -> Any:
        """All elements in one dimension."""
        return shape.flatten(self)

    @property
    def T(self) -> Any:  # noqa: N802  (torch's name)
        """The dimensions in reverse order."""
        if self.array.ndim != 2:
            _warn_of_t(self.array.ndim)
        return shape.permute(self, *range(self.ndim - 1, -1, -1))

    @property
    def mT(self) -> Any:  # noqa: N802  (torch's name)
        """The last two dimensions exchanged."""
        if self.ndim < 2:
            raise RuntimeError(
                f"tensor.mT is only supported on matrices or batches of matrices. Got {self.ndim}-D tensor."
            )
        return shape.transpose(self, -2, -1)

    # -------------------------------------------------------------------- operators
    __add__ = __radd__ = _operator(elementwise.plus)
    __sub__, __rsub__ = (
        _operator(elementwise.minus, elementwise.sub),
        _operator(elementwise.rsub),
    )
    __mul__ = __rmul__ = _operator(elementwise.mul)
    __truediv__, __rtruediv__ = (
        _operator(elementwise.true_div),
        _operator(elementwise.rdiv),
    )
    __floordiv__, __rfloordiv__ = (
        _operator(elementwise.floor_divide),
        _reflected(elementwise.floor_divide),
    )
    __mod__, __rmod__ = _operator(elementwise.remainder), _reflected(elementwise.remainder)
    __pow__, __rpow__ = _operator(elementwise.pow), _reflected(elementwise.pow)
    __matmul__ = _operator(
        matrix.matmul, lambda a, b: (np if isinstance(b, np.ndarray) else matrix).matmul(a, b)
    )
    __rmatmul__ = _reflected(matrix.matmul)
    __and__ = __rand__ = _operator(compare.bitwise_and)
    __or__ = __ror__ = _operator(compare.bitwise_or)
    __xor__ = __rxor__ = _operator(compare.bitwise_xor)
    __eq__, __ne__ = _operator(compare.eq), _operator(compare.ne)
    __lt__, __le__ = _operator(compare.lt), _operator(compare.le)
    __gt__, __ge__ = _operator(compare.gt), _operator(compare.ge)
    __neg__, __pos__, __abs__ = elementwise.neg, elementwise.positive, elementwise.abs

    def __invert__(self) -> Any:
        if self.array.dtype.kind == "f":
            raise TypeError(
                "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
            )
        return compare.bitwise_not(self)

    __iadd__, __isub__ = augmented(elementwise.add), augmented(elementwise.sub)
    __imul__, __itruediv__ = augmented(elementwise.mul), augmented(elementwise.true_div)
    __ifloordiv__ = augmented(elementwise.floor_divide)
    __imod__, __ipow__ = augmented(elementwise.remainder), augmented(elementwise.pow)
    __iand__, __ior__ = augmented(compare.bitwise_and), augmented(compare.bitwise_or)
    __ixor__ = augmented(compare.bitwise_xor)
    __lshift__ = _operator(combine.bitwise_left_shift)
    __rlshift__ = _reflected(combine.bitwise_left_shift)
    __rshift__ = _operator(combine.bitwise_right_shift)
    __rrshift__ = _reflected(combine.bitwise_right_shift)
    __ilshift__ = augmented(combine.bitwise_left_shift)
    __irshift__ = augmented(combine.bitwise_right_shift)
    __getitem__, __setitem__ = index.indexed, writing.set_item
    __hash__ = object.__hash__

    # -------------------------------------------------------------------- Python's protocols
    def __bool__(self) -> bool:
        if self.array.size != 1:
            few = "no values" if not self.array.size else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {few} is ambiguous")
        return bool(self.array.item())

    def __int__(self) -> int:
        return int(self._number())

    def __float__(self) -> float:
        if mode.grad and (self.node is not None or self.leaf) and self.array.size == 1:
            once(
                "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
                "Consider using tensor.detach() first."
            )
        return float(self._number())

    def _number(self) -> Any:
        if self.array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.array.item()

    def __index__(self) -> int:
        if self.array.size != 1 or self.array.dtype.kind == "f":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.array.item())

    def __len__(self) -> int:
        if not self.array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self.array)

    def __iter__(self) -> Iterator[Any]:
        if not self.array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind())

    def __contains__(self, element: Any) -> bool:
        if isinstance(element, (Traced, *_common.Number)):
            return bool((self == element).any())
        raise RuntimeError(
            "Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
            f"{type(element)}."
        )

    def __format__(self, spec: str) -> str:
        if not self.array.ndim and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __repr__(self) -> str:
        e = edge(self)
        node = e.name() if isinstance(e, Node) else None
        kind = type(self).__name__ if _overrides.asked(type(self)) else "tensor"
        return _print.tensor_text(self.array, requires_grad=e is not None, grad_fn=node, name=kind)

    def __reversed__(self) -> Any:
        return parts.flip(self, 0) if self.array.ndim else self

    def __copy__(self) -> Any:
        out = settled(type(self).__new__(type(self)), self.array)
        out.node, out.leaf, out.base, out.memory = self.node, self.leaf, self.base, cell(self)
        if self.base is not None:
            out.path, out.seen = self.path, self.seen
        out.__dict__.update(given(self))
        return out

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if isinstance(edge(self), Node):
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment.  If you were attempting to deepcopy a module, this may be because of a torch.nn.utils."
                "weight_norm usage"
            )
        if id(self) not in memo:
            out = settled(type(self).__new__(type(self)), copied(self.array))
            memo[id(self)], out.leaf = out, self.leaf
            out.gradient = copy.deepcopy(self.gradient, memo)
            out.__dict__.update(copy.deepcopy(given(self), memo))
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuild, (type(self), self.array, self.requires_grad), given(self) or None

    def __dlpack__(self, **options: Any) -> Any:
        """The memory, for another library to share; refused if it requires grad."""
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """NumPy's functions on tensors: those that are ops here record; others are refused."""
        return _ufuncs.applied(ufunc, method, inputs, options)


def _warn_of_t(ndim: int) -> None:
    if ndim:
        once(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will "
            "throw an error in a future release. Consider `x.mT` to transpose batches of matrices or `x.permute("
            "*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.",
            3,
        )
    else:
        once(
            "Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases.",
            3,
        )


def given(tensor: Tensor) -> dict[str, Any]:
    """The attributes that a user gave a tensor; those of the package have defaults in the class."""
    return {name: value for name, value in tensor.__dict__.items() if not hasattr(Tensor, name)}


def copied(array: Any) -> Any:
    """A copy with the strides' order kept, unless the array was expanded."""
    return array.copy(order="C" if 0 in array.strides else "K")


def _rebuild(cls: Any, array: Any, leaf: bool) -> Any:
    # Unpickled arrays have a dtype of their own, equal to NumPy's; ops tell dtypes apart by identity.
    out = settled(cls.__new__(cls), array.view(_types.of(array.dtype).np))
    out.leaf = leaf
    return out


for _name, _method in vars(Tensor).items():
    if getattr(_method, "__name__", "") == "method":  # an operator, which knew no name
        _method.__name__ = _name
Tensor.__module__ = _types.package
bind(Tensor)

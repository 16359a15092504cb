"""class Tensor: operators and Python's protocols on top of the methods of ``_methods`` and ``_inplace``.

Everything that computes is an op of ``minigrad.ops``, where its documentation is.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import _legacy, _print, _types
from ._inplace import InPlace
from ._tape import Node, Traced, bind, cell, edge, settled, wrap
from ._warn import once
from .ops import (
    _common,
    choosing,
    combine,
    compare,
    elementwise,
    functions,
    index,
    matrix,
    parts,
    shape,
    special,
    writing,
)
from .ops.inplace import augmented


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
        matrix.matmul, lambda a, b: np.matmul(a, b) if _plain(b) else matrix.matmul(a, b)
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
        if self.array.size == 1 and edge(self) is not None:
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
        return iter(parts.unbind(self))

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
        return _print.tensor_text(self.array, requires_grad=e is not None, grad_fn=node)

    def __reversed__(self) -> Any:
        return parts.flip(self, 0) if self.array.ndim else self

    def __copy__(self) -> Any:
        out = settled(type(self).__new__(type(self)), self.array)
        out.node, out.leaf, out.base, out.memory = self.node, self.leaf, self.base, cell(self)
        if self.base is not None:
            out.path, out.seen = self.path, self.seen
        out.__dict__.update(self.__dict__)
        return out

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if isinstance(edge(self), Node):
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment.  If you were attempting to deepcopy a module, this may be because of a torch.nn.utils."
                "weight_norm usage"
            )
        if id(self) not in memo:
            out = settled(type(self).__new__(type(self)), _copied(self.array))
            memo[id(self)], out.leaf = out, self.leaf
            out.gradient = copy.deepcopy(self.gradient, memo)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuild, (type(self), self.array, self.requires_grad)

    def __dlpack__(self, **options: Any) -> Any:
        """The memory, for another library to share; refused if it requires grad."""
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """NumPy's functions on tensors: those that are ops here record; others are refused."""
        op = _UFUNCS.get(ufunc)
        if method != "__call__" or op is None or options:
            raise TypeError(
                f"np.{ufunc.__name__} cannot be applied to a Tensor: use minigrad's own function, or convert with "
                ".numpy() first"
            )
        if ufunc is np.true_divide and isinstance(inputs[0], np.ndarray):
            return elementwise.rdiv(inputs[1], inputs[0])  # the operator, as torch has it
        return op(*_as_numpy_takes_them(ufunc, inputs))


_UFUNCS = {
    np.add: elementwise.add,
    np.subtract: elementwise.sub,
    np.multiply: elementwise.mul,
    np.true_divide: elementwise.true_div,
    np.floor_divide: elementwise.floor_divide,
    np.remainder: elementwise.remainder,
    np.power: elementwise.pow,
    np.negative: elementwise.neg,
    np.absolute: elementwise.abs,
    np.sign: elementwise.sign,
    np.square: elementwise.square,
    np.sqrt: functions.sqrt,
    np.exp: functions.exp,
    np.exp2: functions.exp2,
    np.expm1: functions.expm1,
    np.log: functions.log,
    np.log2: functions.log2,
    np.log10: functions.log10,
    np.log1p: functions.log1p,
    np.sin: functions.sin,
    np.cos: functions.cos,
    np.tan: functions.tan,
    np.tanh: functions.tanh,
    np.positive: elementwise.positive,
    np.reciprocal: elementwise.reciprocal,
    np.fmod: elementwise.fmod,
    np.arcsin: functions.asin,
    np.arccos: functions.acos,
    np.arctan: functions.atan,
    np.sinh: functions.sinh,
    np.cosh: functions.cosh,
    np.arcsinh: functions.asinh,
    np.arccosh: functions.acosh,
    np.arctanh: functions.atanh,
    np.floor: functions.floor,
    np.ceil: functions.ceil,
    np.trunc: functions.trunc,
    np.rint: functions.round,
    np.deg2rad: special.deg2rad,
    np.rad2deg: special.rad2deg,
    np.arctan2: special.atan2,
    np.hypot: special.hypot,
    np.logaddexp: special.logaddexp,
    np.logaddexp2: special.logaddexp2,
    np.fmax: combine.fmax,
    np.fmin: combine.fmin,
    np.copysign: combine.copysign,
    np.signbit: combine.signbit,
    np.heaviside: combine.heaviside,
    np.gcd: combine.gcd,
    np.lcm: combine.lcm,
    np.left_shift: combine.bitwise_left_shift,
    np.right_shift: combine.bitwise_right_shift,
    np.bitwise_and: compare.bitwise_and,
    np.bitwise_or: compare.bitwise_or,
    np.bitwise_xor: compare.bitwise_xor,
    np.invert: compare.bitwise_not,
    np.logical_and: compare.logical_and,
    np.logical_or: compare.logical_or,
    np.logical_xor: compare.logical_xor,
    np.logical_not: compare.logical_not,
    np.maximum: choosing.maximum,
    np.minimum: choosing.minimum,
    np.matmul: matrix.matmul,
    np.equal: compare.eq,
    np.not_equal: compare.ne,
    np.less: compare.lt,
    np.less_equal: compare.le,
    np.greater: compare.gt,
    np.greater_equal: compare.ge,
    np.isnan: compare.isnan,
    np.isinf: compare.isinf,
    np.isfinite: compare.isfinite,
}


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


def _plain(x: Any) -> bool:
    return isinstance(x, np.ndarray)


def _as_numpy_takes_them(ufunc: Any, inputs: Any) -> list[Any]:
    """What a ufunc was given: the arrays and tensors as tensors of the dtypes in which NumPy computes it.

    Beside a number they stay as they are: that is an operator, which torch does not leave to NumPy.
    """
    tensors = [wrap(x) if isinstance(x, np.ndarray) else x for x in inputs]
    if not all(isinstance(x, Traced) for x in tensors):
        return tensors
    taken = ufunc.resolve_dtypes((*(x.array.dtype for x in tensors), *[None] * ufunc.nout))
    return [_common.converted(x, _types.of(dtype).np) for x, dtype in zip(tensors, taken)]


def _copied(array: Any) -> Any:
    """A copy with the strides' order kept, unless the array was expanded."""
    return array.copy(order="C" if 0 in array.strides else "K")


def _rebuild(cls: Any, array: Any, leaf: bool) -> Any:
    # Unpickled arrays have a dtype of their own, equal to NumPy's; ops tell dtypes apart by identity.
    out = settled(cls.__new__(cls), array.view(_types.of(array.dtype).np))
    out.leaf = leaf
    return out


Tensor.__module__ = _types.package
bind(Tensor)

"""``Parameter`` and ``Buffer``: tensors that become parts of the module they are assigned to.

The uninitialized ones hold a dtype and no elements until their shape is known; a lazy layer then
gives it.
"""

from __future__ import annotations

import copy
from typing import Any

from .. import _types
from .._arguments import floats_only
from .._tape import cell, settled, wrap
from ..creation import empty
from ..tensor import Tensor, _overrides, copied


class Parameter(Tensor):
    """A tensor that a module trains: a leaf that requires grad, sharing ``data``'s memory.

    AttributeError if ``data`` is no tensor, RuntimeError if it is to require grad and is not
    floating-point.

    >>> import minigrad as mg
    >>> mg.nn.Parameter(mg.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    __torch_function__ = _overrides.disabled  # type: ignore[assignment]

    def __init__(self, data: Any = None, requires_grad: bool = True):
        if data is None:
            data = empty(0)
        if not isinstance(data, Tensor):
            raise AttributeError(  # torch asks for data.detach()
                f"cannot make a Parameter of {type(data).__name__}: "
                f"give it a {_types.package}.Tensor"
            )
        settled(self, data.array)
        self.memory = cell(data)
        if requires_grad:
            floats_only(self.array)
        self.requires_grad = requires_grad

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        # torch's: neither the gradient nor attributes, unlike copies of other tensors.
        if id(self) not in memo:
            memo[id(self)] = type(self)(wrap(copied(self.array)), self.leaf)
        return memo[id(self)]


class Buffer(Tensor):
    """A tensor that is state but no parameter: assigned to a module, it is registered as a buffer.

    ``persistent=False`` leaves it out of ``state_dict``.

    >>> import minigrad as mg
    >>> net = mg.nn.Module()
    >>> net.mean = mg.nn.Buffer(mg.zeros(2))
    >>> list(net.named_buffers())
    [('mean', tensor([0., 0.]))]
    """

    __torch_function__ = _overrides.disabled  # type: ignore[assignment]

    def __init__(self, data: Any = None, *, persistent: bool = True):
        if data is None:
            data = empty(0)
        settled(self, data.array)
        self.memory = cell(data)
        self.requires_grad = data.requires_grad
        self.persistent = persistent


# ------------------------------------------------------------------------------ without a shape
class _Uninitialized(Tensor):
    """What the uninitialized tensors have in common: a dtype, and nothing else."""

    __torch_function__ = _overrides.disabled  # type: ignore[assignment]

    _becomes: type[Tensor]

    def _begin(self, requires_grad: bool, device: Any, dtype: Any) -> None:
        if device is not None:
            _types.on_cpu(device)
        self._dtype = _types.get_default_dtype() if dtype is None else dtype
        self.node = self.base = self.memory = None
        self.leaf = bool(requires_grad)

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Give it a shape, its elements not set yet: it becomes an ordinary tensor of its kind."""
        made = empty(tuple(shape), device=device, dtype=dtype or self._dtype)
        del self._dtype
        self.__class__ = self._becomes  # type: ignore[assignment]
        self.array = made.array  # type: ignore[misc]

    @property
    def array(self) -> Any:  # type: ignore[override]
        """ValueError: there are no elements yet."""
        raise ValueError(
            "Attempted to use an uninitialized parameter. "
            "This error happens when you are using a `LazyModule` or explicitly manipulating "
            f"`{_types.package}.nn.parameter.{type(self).__name__}` objects. "
            "When using LazyModules Call `forward` with a dummy batch "
            "to initialize the parameters before calling functions on them"
        )

    @property
    def shape(self) -> Any:
        """RuntimeError: there is no shape yet."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. "
            "This error usually happens in `load_state_dict` when trying to load "
            "an uninitialized parameter into an initialized one. "
            "Call `forward` to initialize the parameters before accessing their attributes."
        )

    @property
    def dtype(self) -> _types.dtype:
        """The dtype that its elements will have."""
        return self._dtype

    def is_floating_point(self) -> bool:
        """Whether that dtype is a floating-point one."""
        return self._dtype.is_floating_point

    def to(self, *args: Any, dtype: Any = None, device: Any = None, **_: Any) -> Any:
        """Another one, of another dtype; itself where nothing changes."""
        asked = empty(0, dtype=self._dtype).to(*args, dtype=dtype, device=device)
        if asked.dtype is self._dtype:
            return self
        made = copy.copy(self)
        made._dtype = asked.dtype
        return made

    def double(self) -> Any:
        """As ``to(float64)``."""
        return self.to(_types.float64)

    def float(self) -> Any:
        """As ``to(float32)``."""
        return self.to(_types.float32)

    def half(self) -> Any:
        """As ``to(float16)``."""
        return self.to(_types.float16)

    def __copy__(self) -> Any:
        made = type(self)(self.leaf)
        made.__dict__.update(self.__dict__)
        return made

    @property
    def data(self) -> Any:
        """Itself; what is assigned only gives its dtype."""
        return self

    @data.setter
    def data(self, value: Any) -> None:
        self._dtype = value.dtype

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return memo.setdefault(id(self), copy.copy(self))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.leaf, None, self._dtype), self.__dict__


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter without a shape: ``materialize(shape)`` makes it a Parameter.

    >>> import minigrad as mg
    >>> p = mg.nn.UninitializedParameter()
    >>> p.materialize((2, 3))
    >>> type(p).__name__, p.shape
    ('Parameter', minigrad.Size([2, 3]))
    """

    _becomes = Parameter

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None):
        self._begin(requires_grad, device, dtype)


class UninitializedBuffer(_Uninitialized, Buffer):
    """A buffer without a shape: ``materialize(shape)`` makes it a Tensor."""

    _becomes = Tensor

    def __init__(
        self,
        requires_grad: bool = False,
        device: Any = None,
        dtype: Any = None,
        persistent: bool = True,
    ):
        self._begin(requires_grad, device, dtype)
        self.persistent = persistent


def is_lazy(param: Any) -> bool:
    """Whether a parameter or buffer has no shape yet."""
    return isinstance(param, _Uninitialized)

"""``Module``: the base of every layer and network.

A module is a tree of named parts: parameters, buffers and submodules stand in three registries
(``_parameters``, ``_buffers``, ``_modules``), which assigning an attribute fills.  The parts of the
class are in rooms of their own: taking parts in (``_registration``, ``_registry``), walking the
tree (``_members``), state dicts (``_state``), hooks (``_hooks``, ``_passage``).

Knows tensors only to convert and to tell them from other values; no layer, no arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ... import _formats, _types
from ...autograd import no_grad
from ...creation import empty_like
from ...tensor import Tensor
from . import _hooks, _registry
from ._registration import Registering
from ._state import Stateful

T = TypeVar("T", bound="Module")


def _missing_forward(self: Module, *input: Any) -> Any:
    """What the module computes: for subclasses to define.

    Call the module itself, which runs its hooks too.
    """
    raise NotImplementedError(
        f'Module [{type(self).__name__}] is missing the required "forward" function'
    )


class Module(Registering, Stateful):
    """The base of every layer and network: make parts in ``__init__``, compute in ``forward``.

    Parameters, buffers and modules assigned as attributes become parts of the module; calling the
    module calls ``forward``, with the hooks that were registered.

    >>> import minigrad as mg
    >>> class Double(mg.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.layer = mg.nn.Linear(3, 1)
    ...     def forward(self, x):
    ...         return 2 * self.layer(x)
    >>> net = Double()
    >>> net
    Double(
      (layer): Linear(in_features=3, out_features=1, bias=True)
    )
    >>> net(mg.ones(5, 3)).shape
    minigrad.Size([5, 1])
    """

    # Set by a class that is to pass arguments on to the next class in line (multiple inheritance).
    call_super_init: bool = False

    training: bool

    def __init__(self, *args: Any, **kwargs: Any):
        if (args or kwargs) and not self.call_super_init:
            what = (
                f"got an unexpected keyword argument '{next(iter(kwargs))}'"
                if kwargs
                else f"takes 1 positional argument but {len(args) + 1} were given"
            )
            raise TypeError(f"{type(self).__name__}.__init__() {what}")
        attributes = self.__dict__
        attributes["training"] = True
        attributes["_non_persistent_buffers_set"] = set()
        for kind in _registry.NAMES:
            _registry.install(self, kind)
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    # ----------------------------------------------------------------------------- calling
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What ``forward`` answers, with the hooks that are registered."""
        if self._hooks is None and _hooks.everywhere is None:
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    forward: Callable[..., Any] = _missing_forward

    # --------------------------------------------------------------------------- converting
    def _apply(self: T, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> T:
        """Put ``fn`` of every parameter, gradient and buffer in its place."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is None:
                    continue
                grad = parameter.grad
                parameter.data = fn(parameter)
                if grad is not None:
                    grad.data = fn(grad)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self: T, *args: Any, **kwargs: Any) -> T:
        """Convert floating-point parameters and buffers to a dtype, a device, or those of a tensor.

        memory_format: the order in memory of those of 4 dimensions (5 for ``channels_last_3d``).
        TypeError for a dtype that is not floating-point, RuntimeError for a device other than the
        CPU.
        """
        form = kwargs.pop("memory_format", None)
        dtype, device = _wanted(*args, **kwargs)
        if dtype is not None and not dtype.is_floating_point:
            raise TypeError(
                "nn.Module.to only accepts floating point or complex "
                f"dtypes, but got desired dtype={dtype}"
            )
        if form is not None:
            ndim = 5 if form is _formats.channels_last_3d else 4
            self._apply(lambda t: t.contiguous(memory_format=form) if t.ndim == ndim else t)
        return self._apply(
            lambda t: t.to(device=device, dtype=dtype if t.is_floating_point() else None)
        )

    def type(self: T, dst_type: Any) -> T:
        """Convert all parameters and buffers to a dtype."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self: T) -> T:
        """Convert floating-point parameters and buffers to float32."""
        return self._apply(lambda t: t.float() if t.is_floating_point() else t)

    def double(self: T) -> T:
        """Convert floating-point parameters and buffers to float64."""
        return self._apply(lambda t: t.double() if t.is_floating_point() else t)

    def half(self: T) -> T:
        """Convert floating-point parameters and buffers to float16."""
        return self._apply(lambda t: t.half() if t.is_floating_point() else t)

    def cpu(self: T) -> T:
        """The module itself: its tensors are on the CPU."""
        return self._apply(lambda t: t.cpu())

    def cuda(self: T, device: Any = None) -> T:
        """RuntimeError: there is no device but the CPU."""
        return self._apply(lambda t: t.cuda(device))

    def to_empty(self: T, *, device: Any, recurse: bool = True) -> T:
        """Give every parameter and buffer new memory, its values not set."""
        return self._apply(lambda t: empty_like(t, device=device), recurse=recurse)

    def share_memory(self: T) -> T:
        """The module itself: other processes are sent copies of its tensors."""
        return self

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: there is no compiler; see ``minigrad.compile``."""

    # ------------------------------------------------------------------------------- modes
    def train(self: T, mode: bool = True) -> T:
        """Set the whole tree to training (dropout drops, batch norm learns) or to evaluation."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self: T) -> T:
        """Set the whole tree to evaluation: ``train(False)``."""
        return self.train(False)

    def requires_grad_(self: T, requires_grad: bool = True) -> T:
        """Say of every parameter whether it needs a gradient: ``False`` freezes the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zeros."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad = parameter.grad.detach()
                parameter.grad.zero_()

    # ---------------------------------------------------------------------------- printing
    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands in the parentheses of the module's printed form: for subclasses to define."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        if len(lines) == 1 and not self._modules:
            return f"{self._get_name()}({extra})"
        lines += [f"({name}): {_addindent(repr(part), 2)}" for name, part in self._modules.items()]
        return f"{self._get_name()}({block(lines)})"

    # ----------------------------------------------------------------------------- copying
    def __getstate__(self) -> dict[str, Any]:
        return _registry.without_shown(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for kind in _registry.NAMES:
            _registry.install(self, kind, state.get(kind))


def _addindent(s_: str, numSpaces: int) -> str:
    """A part's printed form with all lines but the first moved right: torch's name, which summaries import."""
    first, *rest = s_.split("\n")
    return "\n".join([first, *(" " * numSpaces + line if line.strip() else "" for line in rest)])


def block(lines: list[str]) -> str:
    """What stands between the parentheses of a printed module: each line on its own."""
    return "\n  " + "\n  ".join(lines) + "\n" if lines else ""


def _wanted(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """The dtype and the device that the arguments of ``to`` ask for, each None if not asked for."""
    dtype, device = kwargs.pop("dtype", None), kwargs.pop("device", None)
    tensors = [kwargs.pop("tensor")] if "tensor" in kwargs else []
    kwargs.pop("non_blocking", None)
    if kwargs:
        raise TypeError(f"to() received an invalid keyword argument: {next(iter(kwargs))!r}")
    for given in [*tensors, *args]:
        if isinstance(given, Tensor):
            dtype, device = given.dtype, given.device
        elif isinstance(given, _types.dtype):
            dtype = given
        elif isinstance(given, (str, _types.device)):
            device = given
        elif given is not None and not isinstance(given, bool):
            raise TypeError(
                "to() wants a dtype, a device or a tensor, but got "
                f"{type(given).__name__}: {given!r}"
            )
    return dtype, None if device is None else _types.on_cpu(device)

"""What assigning, deleting and registering do to a module's parts, and what they refuse.

A Parameter or Module that is assigned becomes a part of the module, a tensor only where a buffer of
that name is; everything else is an ordinary attribute.  Names and values are checked before
anything is changed.

Knows the three registries; nothing of calls, of state or of values.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from ... import _types
from ..._tape import RemovableHandle
from ...tensor import Tensor
from ..parameter import Buffer, Parameter
from . import _registry
from ._members import Members
from ._passage import Hook

if TYPE_CHECKING:
    from . import Module

# By registry: hooks that see, and may replace, whatever any module registers.
_watchers: dict[str, OrderedDict[int, Hook]] = {kind: OrderedDict() for kind in _registry.NAMES}


def _watch(kind: str, hook: Hook) -> RemovableHandle:
    handle = RemovableHandle(_watchers[kind])
    _watchers[kind][handle.id] = hook
    return handle


def register_module_parameter_registration_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, name, param)``, which may return another, for every new parameter."""
    return _watch("_parameters", hook)


def register_module_buffer_registration_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, name, buffer)``, which may return another, for every new buffer."""
    return _watch("_buffers", hook)


def register_module_module_registration_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, name, submodule)``, which may return another, for every new one."""
    return _watch("_modules", hook)


class Registering(Members):
    """The part of Module that takes in, hands out and drops parts by name."""

    _non_persistent_buffers_set: set[str]

    # ----------------------------------------------------------------------- by assignment
    def __setattr__(self, name: str, value: Any) -> None:
        attributes = self.__dict__
        if isinstance(value, Parameter):
            self._require_init("_parameters", "parameters")
            if name not in self._parameters:
                _check_name("parameter", name, hasattr(type(self), name))
            self._enter("_parameters", name, _checked_parameter(name, value))
        elif name in attributes.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as parameter '{name}' "
                    f"({_types.package}.nn.Parameter or None expected)"
                )
            self._parameters[name] = None
        elif isinstance(value, Registering):
            self._require_init("_modules", "module")
            self._enter("_modules", name, value)
        elif name in attributes.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as child module '{name}' "
                    f"({_types.package}.nn.Module or None expected)"
                )
            self._enter("_modules", name, None)
        elif isinstance(value, Buffer) or name in attributes.get("_buffers", ()):
            self._assign_buffer(name, value)
        elif name in _registry.NAMES:
            _registry.install(self, name, value)
        else:
            super().__setattr__(name, value)

    def _assign_buffer(self, name: str, value: Any) -> None:
        if not isinstance(value, (Tensor, type(None))):
            raise TypeError(
                f"cannot assign '{_typename(value)}' as buffer '{name}' "
                f"({_types.package}.nn.Buffer, {_types.package}.Tensor or None expected)"
            )
        persistent = (
            value.persistent
            if isinstance(value, Buffer)
            else name not in self._non_persistent_buffers_set
        )
        self.register_buffer(name, value, persistent)

    def _enter(self, kind: str, name: str, value: Any) -> None:
        """Put a value that was assigned into its registry, in place of whatever had its name."""
        for watcher in _watchers[kind].values():
            answer = watcher(self, name, value)
            value = value if answer is None else answer
        for other in _registry.NAMES:
            if other != kind:
                self.__dict__[other].pop(name, None)
        self._non_persistent_buffers_set.discard(name)
        self.__dict__[kind][name] = value

    def __getattr__(self, name: str) -> Any:
        # Parts are ordinary attributes; only a class that restored its __dict__ by itself gets
        # here with one.
        for kind in _registry.NAMES:
            registry = self.__dict__.get(kind, ())
            if name in registry:
                return registry[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for kind in _registry.NAMES:
            registry = self.__dict__.get(kind, ())
            if name in registry:
                del registry[name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__}
        # "0" and the like are no Python names.
        return sorted(name for name in names if not name[0].isdigit())

    # ----------------------------------------------------------------------------- by name
    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or None as the place of one.

        TypeError for what is no Parameter, KeyError for a name with a dot, empty or taken,
        ValueError for the result of an op (parameters are leaves).
        """
        self._require_init("_parameters", "parameter")
        taken = name not in self._parameters and hasattr(self, str(name))
        _check_name("parameter", name, taken)
        if param is None:
            self._parameters[name] = None
        else:
            self._enter("_parameters", name, _checked_parameter(name, param))

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is state but no parameter; in ``state_dict`` only if persistent.

        TypeError for what is no Tensor, KeyError for a name with a dot, empty or taken.

        >>> import minigrad as mg
        >>> net = mg.nn.Module()
        >>> net.register_buffer("mean", mg.zeros(2))
        >>> dict(net.state_dict())
        {'mean': tensor([0., 0.])}
        """
        self._require_init("_buffers", "buffer")
        taken = name not in self._buffers and hasattr(self, str(name))
        _check_name("buffer", name, taken)
        if not isinstance(tensor, (Tensor, type(None))):
            raise TypeError(
                f"cannot assign '{_typename(tensor)}' object to buffer '{name}' "
                f"({_types.package} Tensor or None required)"
            )
        self._enter("_buffers", name, tensor)
        if not persistent:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule, or None as the place of one.

        TypeError for what is no Module, KeyError for a name with a dot, empty or taken.
        """
        if not isinstance(module, (Registering, type(None))):
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        self._require_init("_modules", "module")
        taken = name not in self._modules and hasattr(self, str(name))
        _check_name("module", name, taken)
        self._enter("_modules", name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """The same as ``add_module``."""
        self.add_module(name, module)

    def _require_init(self, kind: str, what: str) -> None:
        if kind not in self.__dict__:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call")


def _check_name(what: str, name: Any, taken: bool) -> None:
    if not isinstance(name, str):
        raise TypeError(f"{what} name should be a string. Got {_typename(name)}")
    if "." in name:
        raise KeyError(f'{what} name can\'t contain "."' + (f", got: {name}" * (what == "module")))
    if name == "":
        raise KeyError(f'{what} name can\'t be empty string ""')
    if taken:
        raise KeyError(f"attribute '{name}' already exists")


def _checked_parameter(name: str, parameter: Any) -> Parameter:
    if not isinstance(parameter, Parameter):
        raise TypeError(
            f"cannot assign '{_typename(parameter)}' object to parameter '{name}' "
            f"({_types.package}.nn.Parameter or None required)"
        )
    if parameter.grad_fn is not None:
        raise ValueError(
            f"Cannot assign non-leaf Tensor to parameter '{name}'. Model "
            f"parameters must be created explicitly. To express '{name}' "
            "as a function of another Tensor, compute the value in "
            "the forward() method."
        )
    return parameter


def _typename(value: Any) -> str:
    """The type of a value as torch's errors name it: ``torch.FloatTensor``, ``int``, ``a.b.C``."""
    if isinstance(value, Tensor):
        return str(value.type())
    kind = value if hasattr(value, "__qualname__") else type(value)
    module = getattr(kind, "__module__", None) or "builtins"
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"

"""Parameters computed from others: ``module.weight`` is what a module makes of what is trained.

    module ── parametrizations: ModuleDict
                 └── weight: ParametrizationList         module.weight = p1(p0(original))
                        ├── original (or original0, original1, ... )
                        ├── 0: the module p0
                        └── 1: the module p1

Reading the attribute computes it, every time unless within ``cached()``; writing to it sets the originals by the
``right_inverse`` of each.  A parametrized module has a class of its own, derived from what it was, that has the
attributes as properties; one such class serves all modules with the same attributes parametrized.
"""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Iterator, Sequence
from typing import Any

from ...autograd import no_grad
from ...tensor import Tensor
from ..container import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]


class _Cache:
    """What has been computed within ``cached()``: tensors by (id of the module, name)."""

    depth = 0
    made: dict[tuple[int, str], Tensor] = {}  # noqa: RUF012  one for all


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """Within it, a parametrized tensor is computed when first read and then kept.

    >>> import minigrad as mg
    >>> layer = mg.nn.utils.parametrizations.weight_norm(mg.nn.Linear(2, 3))
    >>> with mg.nn.utils.parametrize.cached():
    ...     layer.weight is layer.weight
    True
    """
    _Cache.depth += 1
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.made = {}


def _register(module: Module, name: str, value: Tensor) -> None:
    if isinstance(value, Parameter):
        module.register_parameter(name, value)
    else:
        module.register_buffer(name, value)


class ParametrizationList(ModuleList):
    """The modules that make one tensor, and the originals that they make it of.

    modules: the first takes the originals, each other what the one before it answers.
    original: the tensor as it is; what is kept is what ``right_inverse`` makes of it, where a module has one.
    unsafe: allow the dtype and the shape to change.
    """

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False):
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        new: Any = original
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    with contextlib.suppress(NotImplementedError):
                        new = module.right_inverse(new)
        self.is_tensor = isinstance(new, Tensor)
        if not (self.is_tensor or isinstance(new, Sequence)):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
                f"{type(new).__name__}"
            )
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            if new.dtype != dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {dtype}\nright_inverse(original).dtype: {new.dtype}"
                )
            original.data = new
            _register(self, "original", original)
        else:
            self._keep_parts(new, original)
        if not unsafe:
            _check_alike(self(), "tensor", dtype, shape)

    def _keep_parts(self, parts: Sequence[Any], original: Tensor) -> None:
        for i, part in enumerate(parts):
            if not isinstance(part, Tensor):
                raise ValueError(
                    f"'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element {i} "
                    f"of the sequence with type {type(part).__name__}."
                )
            kept = part
            if isinstance(original, Parameter):
                kept = Parameter(part, original.requires_grad)
            kept.requires_grad_(original.requires_grad)
            _register(self, f"original{i}", kept)

    def _originals(self) -> list[Tensor]:
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{i}") for i in range(self.ntensors)]

    @no_grad()
    def right_inverse(self, value: Any) -> None:
        """Set the originals so that the modules make ``value`` of them.

        RuntimeError if a module has no ``right_inverse``, ValueError if it answers what does not fit.
        """
        for module in reversed(list(self)):
            if not hasattr(module, "right_inverse"):
                raise RuntimeError(
                    f"parametrization {type(module).__name__} does not implement right_inverse."
                )
            value = module.right_inverse(value)
        if self.is_tensor and not isinstance(value, Tensor):
            raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
        parts = [value] if self.is_tensor else value
        if not isinstance(parts, Sequence):
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors. Got {type(value).__name__}."
            )
        if len(parts) != self.ntensors:
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of "
                f"length {len(parts)}."
            )
        originals = self._originals()
        for i, (part, original) in enumerate(zip(parts, originals)):
            if not isinstance(part, Tensor):
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors. Got element {i} of type {type(part).__name__}"
                )
            if part.dtype != original.dtype:
                where = "original" if self.is_tensor else f"original{i}"
                raise ValueError(
                    f"The tensor returned by `right_inverse` has dtype {part.dtype} while `{where}` has dtype "
                    f"{original.dtype}"
                )
        for part, original in zip(parts, originals):
            original.data = part

    def forward(self) -> Any:
        """The tensor, computed."""
        first, *others = self
        made = first(*self._originals())
        for module in others:
            made = module(made)
        return made


def _check_alike(made: Any, name: str, dtype: Any, shape: Any) -> None:
    """ValueError for what is no tensor, or one of another dtype or shape."""
    if not isinstance(made, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(made).__name__}.")
    for what, old, new in (("dtype", dtype, made.dtype), ("shape", shape, made.shape)):
        if old != new:
            raise ValueError(
                f"Registering a parametrization may not change the {what} of the tensor, unless `unsafe` flag is "
                f"enabled.\nunparametrized {what} of {name}: {old}\nparametrized {what}: {new}"
            )


# ------------------------------------------------------------------------------ classes with properties
@functools.cache
def _parametrized(base: type[Module], names: frozenset[str]) -> type[Module]:
    """The class of modules of ``base`` that have these attributes parametrized."""
    members: dict[str, Any] = {name: _property(name) for name in names}
    members["__getstate__"] = _refuse_pickling
    if not hasattr(base, "__deepcopy__"):
        members["__deepcopy__"] = _deepcopy
    return type(f"Parametrized{base.__name__}", (base,), members)


def _property(name: str) -> property:
    def get(self: Any) -> Any:
        if not _Cache.depth:
            return self.parametrizations[name]()
        key = (id(self), name)
        if key not in _Cache.made:
            _Cache.made[key] = self.parametrizations[name]()
        return _Cache.made[key]

    def put(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


def _refuse_pickling(self: Any) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict()."
    )


def _deepcopy(self: Any, memo: dict[int, Any]) -> Any:
    made = memo[id(self)] = object.__new__(type(self))
    made.__setstate__(copy.deepcopy(Module.__getstate__(self), memo))
    return made


def type_before_parametrizations(module: Module) -> type:
    """The class that a module had before any of its attributes was parametrized."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether an attribute of the module, or with None any, is parametrized."""
    found = getattr(module, "parametrizations", None)
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


# ------------------------------------------------------------------------------ registering
def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Make a parameter or buffer of the module what ``parametrization`` makes of it; answers the module.

    A further one takes what the ones before it make.  ValueError for a name that is none, and unless
    ``unsafe`` for a dtype or shape that changes.

    >>> import minigrad as mg
    >>> class Symmetric(mg.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).mT
    >>> layer = mg.nn.utils.parametrize.register_parametrization(
    ...     mg.nn.Linear(3, 3), "weight", Symmetric()
    ... )
    >>> (layer.weight == layer.weight.mT).all()
    tensor(True)
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_next(getattr(module, tensor_name), parametrization)
        chain: Any = module.parametrizations[tensor_name]
        chain.append(parametrization)
        chain.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        chain = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        base = type_before_parametrizations(module)
        if not is_parametrized(module):
            module.parametrizations = ModuleDict()
        module.parametrizations[tensor_name] = chain
        _take_class(module, base)
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    return module


def _take_class(module: Module, base: type) -> None:
    """Give the module the class that its parametrizations ask for."""
    names = frozenset(module.parametrizations)
    module.__class__ = _parametrized(base, names) if names else base


def _check_next(old: Tensor, parametrization: Any) -> None:
    """ValueError unless a further parametrization, and its right inverse, keep dtype and shape."""
    new = parametrization(old)
    _check_alike(new, "tensor", old.dtype, old.shape)
    if hasattr(parametrization, "right_inverse"):
        with contextlib.suppress(NotImplementedError):
            back = parametrization.right_inverse(new)
            if not isinstance(back, Tensor):
                raise ValueError(
                    f"parametrization.right_inverse must return a tensor. Got: {type(back).__name__}"
                )
            _check_alike(back, "right_inverse", old.dtype, old.shape)


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Make a parametrized attribute an ordinary one again, as it is computed now, or else the original.

    Answers the module.  ValueError if it is not parametrized, or there are several originals to leave.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    chains: Any = module.parametrizations
    chain = chains[tensor_name]
    if not chain.is_tensor and not leave_parametrized:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    if not chain.is_tensor:
        made = getattr(module, tensor_name)
        original = Parameter(made) if made.requires_grad else made
    else:
        original = chain.original
        if leave_parametrized:
            with no_grad():
                original.data = getattr(module, tensor_name)
    base = type_before_parametrizations(module)
    del chains[tensor_name]
    _take_class(module, base)
    if not len(chains):
        del module.parametrizations
    _register(module, tensor_name, original)
    return module


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Parametrize attributes of one module as those of another are, and share their originals.

    tensor_name: the only attribute to be so, or None for all.  Answers ``to_module``.
    """
    if not is_parametrized(from_module):
        return to_module
    chains: Any = from_module.parametrizations
    for name in list(chains) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        for parametrization in chains[name]:
            register_parametrization(to_module, name, parametrization)
        to: Any = to_module.parametrizations
        for own in [*chains[name]._parameters, *chains[name]._buffers]:
            setattr(to[name], own, getattr(chains[name], own))
    return to_module

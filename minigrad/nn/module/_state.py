"""``state_dict`` and ``load_state_dict``: a module's state as a flat dict, and back.

Loading changes nothing until everything has been checked: every mismatch goes into one error, and
the module is left as it was.  (torch has already overwritten what did match.)

Knows the registries of a module and the hooks on its state; nothing of calls or of files.
"""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping
from typing import Any

from ... import _types
from ..._tape import RemovableHandle
from ...autograd import no_grad
from ...tensor import Tensor
from ..parameter import Parameter, is_lazy
from ._hooks import Hooked
from ._old_forms import by_position
from ._passage import Hook

_EXTRA_STATE = "_extra_state"


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    __module__ = "minigrad.nn.modules.module"  # where torch has it, and prints it
    """What ``load_state_dict`` answers: the keys it missed, and those it did not expect."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class Stateful(Hooked):
    """The part of Module that gives and takes its state."""

    # Bumped by a layer whose state changes its keys; kept in the metadata of every state_dict.
    _version: int = 1

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Any]
    _non_persistent_buffers_set: set[str]

    def get_extra_state(self) -> Any:
        """What to save beside parameters and buffers, as ``<prefix>_extra_state``.

        For subclasses to define; RuntimeError if they do not.
        """
        raise RuntimeError(f"{type(self).__name__} does not define get_extra_state()")

    def set_extra_state(self, state: Any) -> None:
        """Take back what ``get_extra_state`` gave.

        For subclasses to define; RuntimeError if they do not.
        """
        raise RuntimeError(f"{type(self).__name__} does not define set_extra_state()")

    # ------------------------------------------------------------------------------- giving
    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> Any:
        """Every parameter and persistent buffer, detached, by its dotted name, in order.

        The tensors share memory with the module's.  With ``keep_vars`` they are the module's own.
        Answers ``destination``, or a new OrderedDict whose ``_metadata`` holds every module's
        version.

        >>> import minigrad as mg
        >>> list(mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.ReLU()).state_dict())
        ['0.weight', '0.bias']
        """
        if args:
            destination, prefix, keep_vars = by_position(args, destination, prefix, keep_vars)
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata

        hooks = self._hooks
        if hooks is not None:
            for hook in hooks.state_dict_pre.values():
                hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        if hooks is not None:
            for id, hook in hooks.state_dict.items():
                answer = hook(self, destination, prefix, local_metadata)
                if answer is None:
                    continue
                if id in hooks.public:
                    raise RuntimeError("state_dict post-hook must return None")
                destination = answer
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Put this module's own state, not its children's, into ``destination``."""
        for name, tensor in self._persistent().items():
            destination[prefix + name] = tensor if keep_vars or is_lazy(tensor) else tensor.detach()
        if type(self).get_extra_state is not Stateful.get_extra_state:
            destination[prefix + _EXTRA_STATE] = self.get_extra_state()

    def _persistent(self) -> dict[str, Tensor]:
        """This module's own parameters and persistent buffers by name."""
        state: dict[str, Tensor] = {}
        for name, parameter in self._parameters.items():
            if parameter is not None:
                state[name] = parameter
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                state[name] = buffer
        return state

    def register_state_dict_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before the module's state is taken."""
        return self._own_hooks().add("state_dict_pre", hook)

    def register_state_dict_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after the state is taken.

        RuntimeError, in ``state_dict``, if the hook returns anything but None.
        """
        return self._own_hooks().add("state_dict", hook, public=True)

    def _register_state_dict_hook(self, hook: Hook) -> RemovableHandle:
        """As ``register_state_dict_post_hook``, but what the hook returns replaces the dict."""
        return self._own_hooks().add("state_dict", hook)

    # ------------------------------------------------------------------------------- taking
    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy tensors by name into the module; answers ``missing_keys`` and ``unexpected_keys``.

        With ``assign`` the tensors of ``state_dict`` take the place of the module's (dtype and
        all), instead of being copied into them.  Without ``strict`` keys may be missing or
        unexpected, but shapes must fit.

        Raises TypeError for what is no mapping, and RuntimeError naming every mismatch; the module
        is then unchanged, unless it has a hook that was registered with
        ``register_load_state_dict_post_hook``.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        loading = _Loading(self, getattr(state_dict, "_metadata", None), assign)
        given: Any = OrderedDict(state_dict)
        if loading.metadata is not None:
            given._metadata = loading.metadata
        loading.take(self, given, "")
        loading.raise_errors(self, strict)
        loading.commit()
        loading.raise_errors(self, strict)
        return loading.keys

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Check this module's own part of ``state_dict``, and note or do the copying.

        Layers override it to read the keys of earlier versions.  ``local_metadata`` holds the
        version the state was saved with, whether to assign, and the list to note the copying in.
        """
        hooks = self._hooks
        if hooks is not None:
            given = (
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
            for id, hook in [*hooks.load_state_dict_pre.items()]:
                hook(*((self, *given) if id in hooks.with_module else given))

        assign = local_metadata.get("assign_to_params_buffers", False)
        pending: list[Callable[[], None]] = []
        own = self._persistent()
        for name, target in own.items():
            key = prefix + name
            if key not in state_dict:
                if strict:
                    missing_keys.append(key)
                continue
            source = _fitting(key, target, state_dict[key], error_msgs)
            if source is not None:
                pending.append(_Transfer(self, name, key, target, source, assign, error_msgs))

        self._load_extra_state(
            state_dict, prefix + _EXTRA_STATE, strict, missing_keys, unexpected_keys, pending
        )
        if strict:
            unexpected_keys += self._unexpected(state_dict, prefix, own)

        deferred = local_metadata.get("pending")
        if deferred is not None:
            deferred += pending
        else:
            for transfer in pending:
                transfer()

    def _load_extra_state(
        self,
        state_dict: dict[str, Any],
        key: str,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        pending: list[Callable[[], None]],
    ) -> None:
        if type(self).set_extra_state is not Stateful.set_extra_state:
            if key in state_dict:
                state = state_dict[key]
                pending.append(lambda: self.set_extra_state(state))
            elif strict:
                missing_keys.append(key)
        elif strict and key in state_dict:
            unexpected_keys.append(key)

    def _unexpected(
        self, state_dict: dict[str, Any], prefix: str, own: dict[str, Tensor]
    ) -> list[str]:
        """The keys under the prefix that neither this module nor a child of it has."""
        unexpected = []
        for key in state_dict:
            if not key.startswith(prefix) or key == prefix + _EXTRA_STATE:
                continue
            name, dot, _ = key[len(prefix) :].partition(".")
            if name not in (self._modules if dot else own):
                unexpected.append(key)
        return unexpected

    def register_load_state_dict_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call a hook with the module and the arguments of ``_load_from_state_dict``.

        It runs before this module's part of a state is looked at, and may change ``state_dict`` in
        place.
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Hook, with_module: bool = False
    ) -> RemovableHandle:
        """As ``register_load_state_dict_pre_hook``, but not given the module unless asked."""
        return self._own_hooks().add("load_state_dict_pre", hook, with_module=with_module)

    def register_load_state_dict_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)``, which may change those, after loading."""
        return self._own_hooks().add("load_state_dict_post", hook)


class _Loading:
    """One call of ``load_state_dict``: what was found wrong, and what is to be copied.

    Where a module has a post-hook everything is copied on the way, in torch's order: the hook may
    look at what was loaded, and excuse keys that were missing until then.
    """

    def __init__(self, root: Any, metadata: Mapping[str, Any] | None, assign: bool):
        self.metadata, self.assign = metadata, assign
        self.keys = _IncompatibleKeys([], [])
        self.errors: list[str] = []
        self.pending: list[Callable[[], None]] = []
        self.at_once = any(m._hooks and m._hooks.load_state_dict_post for m in root.modules())

    def take(self, module: Stateful, state_dict: dict[str, Any], prefix: str) -> None:
        """Compare a module and its children with the state under the prefix."""
        local_metadata = dict((self.metadata or {}).get(prefix[:-1], {}))
        local_metadata["pending"] = None if self.at_once else self.pending
        if self.assign:
            local_metadata["assign_to_params_buffers"] = True
        # Always asked to be strict: what is missing is told even where it is no error.
        module._load_from_state_dict(
            state_dict, prefix, local_metadata, True, *self.keys, self.errors
        )
        for name, child in module._modules.items():
            if child is not None:
                under = f"{prefix}{name}."
                part = {key: value for key, value in state_dict.items() if key.startswith(under)}
                self.take(child, part, under)
        hooks = module._hooks.load_state_dict_post if module._hooks is not None else {}
        for hook in hooks.values():
            if hook(module, self.keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not "
                    "expected to return new values, if incompatible_keys need to be modified, "
                    "it should be done inplace."
                )

    def commit(self) -> None:
        """Do what was noted."""
        for transfer in self.pending:
            transfer()

    def raise_errors(self, module: Stateful, strict: bool) -> None:
        """RuntimeError telling all that is wrong, if anything is; keys only count if strict."""
        messages = []
        if strict:
            for what, names in zip(("Missing", "Unexpected"), self.keys, strict=True):
                if names:
                    listed = ", ".join(f'"{name}"' for name in names)
                    messages.append(f"{what} key(s) in state_dict: {listed}. ")
        messages += self.errors
        if messages:
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(module).__name__}:\n\t"
                + "\n\t".join(messages)
            )


def _fitting(key: str, target: Tensor, source: Any, error_msgs: list[str]) -> Tensor | None:
    """The source if it can go where the target is; None, and a message, if it cannot."""
    if not isinstance(source, Tensor):
        error_msgs.append(
            f'While copying the parameter named "{key}", '
            f"expected {_types.package}.Tensor or Tensor-like object from checkpoint but "
            f"received {type(source)}"
        )
        return None
    if is_lazy(target):
        return source
    # torch 0.3 saved numbers with one dimension.
    if target.shape == () and source.shape == (1,):
        return source[0]
    if source.shape != target.shape:
        error_msgs.append(
            f"size mismatch for {key}: copying a param with shape {source.shape} from checkpoint, "
            f"the shape in current model is {target.shape}."
        )
        return None
    return source


class _Transfer:
    """One tensor of a checkpoint on its way into a module."""

    __slots__ = ("assign", "error_msgs", "key", "module", "name", "source", "target")

    def __init__(
        self,
        module: Any,
        name: str,
        key: str,
        target: Tensor,
        source: Tensor,
        assign: bool,
        error_msgs: list[str],
    ):
        self.module, self.name, self.key = module, name, key
        self.target, self.source = target, source
        self.assign, self.error_msgs = assign, error_msgs

    def __call__(self) -> None:
        try:
            with no_grad():
                if self.assign:
                    setattr(self.module, self.name, self._assignable())
                else:
                    self.target.copy_(self.source)
        except Exception as error:
            self.error_msgs.append(
                f'While copying the parameter named "{self.key}", '
                f"whose dimensions in the model are {self.target.shape} and "
                f"whose dimensions in the checkpoint are {self.source.shape}, "
                f"an exception occurred : {error.args}."
            )

    def _assignable(self) -> Tensor:
        if not isinstance(self.target, Parameter):
            return self.source
        if isinstance(self.source, Parameter):
            return self.source.requires_grad_(self.target.requires_grad)
        return Parameter(self.source, requires_grad=self.target.requires_grad)

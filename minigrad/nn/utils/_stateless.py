"""A module as a function of its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...tensor import Tensor
from ..module import Module


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """What ``module(*args, **kwargs)`` answers with the tensors of a dict, or dicts, for its parameters and buffers.

    The names are those of ``named_parameters``; the module is afterwards as before.  tie_weights: a parameter with two
    names is replaced under both.  strict: RuntimeError unless every name is given and no other.

    >>> import minigrad as mg
    >>> net = mg.nn.Linear(2, 1)
    >>> mg.func.functional_call(net, {"weight": mg.ones(1, 2), "bias": mg.zeros(1)}, mg.tensor([1.0, 2.0]))
    tensor([3.])
    """
    given = _joined(parameter_and_buffer_dicts)
    own = {
        name: value
        for named in (
            module.named_parameters(remove_duplicate=False),
            module.named_buffers(remove_duplicate=False),
        )
        for name, value in named
    }
    if strict:
        _fits(module, given, own)
    if tie_weights:
        tied = {id(own[name]): value for name, value in given.items() if name in own}
        given = {**{n: tied[id(v)] for n, v in own.items() if id(v) in tied}, **given}
    before: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for name, value in given.items():
            if not isinstance(value, Tensor):
                raise TypeError(f"{value} is not an instance of torch.Tensor")
            path, _, last = name.rpartition(".")
            # Layers read what is an ordinary attribute; the registries, which the attributes mirror, stay.
            attributes = module.get_submodule(path).__dict__
            if name in own:
                before.append((attributes, last, attributes[last]))
                attributes[last] = value
        positional = () if args is None else args if isinstance(args, tuple) else (args,)
        return module(*positional, **(kwargs or {}))
    finally:
        for attributes, last, value in reversed(before):
            attributes[last] = value


def _joined(dicts: Any) -> dict[str, Any]:
    if isinstance(dicts, dict):
        return dict(dicts)
    if not isinstance(dicts, Sequence) or not all(isinstance(d, dict) for d in dicts):
        raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    names = [name for d in dicts for name in d]
    if twice := list(dict.fromkeys(name for name in names if names.count(name) > 1)):
        raise ValueError(
            f"{twice} appeared in multiple dictionaries; behavior of functional call is ambiguous"
        )
    return {name: value for d in dicts for name, value in d.items()}


def _fits(module: Module, given: dict[str, Any], own: dict[str, Any]) -> None:
    other = [repr(name) for name in given if name not in own]
    missing = sorted(repr(name) for name in own if name not in given)
    said = [f"Unexpected key(s): {', '.join(other)}."] if other else []
    said += [f"Missing key(s): {', '.join(missing)}."] if missing else []
    if said:
        lines = "\n\t".join(said)
        raise RuntimeError(f"Error(s) in reparametrizing for {type(module).__name__}:\n\t{lines}")

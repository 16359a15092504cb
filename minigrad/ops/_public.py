"""What torch's functions take beside their own arguments: NumPy's names for them, and ``out=``."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _types
from .._tape import Traced, edge, mode
from ._common import Number
from .index import assign

_NUMPYS = {"axis": "dim", "keepdims": "keepdim", "x": "input", "x1": "input", "x2": "other"}
_SAME_KIND = {"b": 0, "i": 1, "u": 1, "f": 2}


def named(function: Callable[..., Any]) -> Any:
    """Let a function take ``axis`` for ``dim``, ``keepdims`` for ``keepdim``, and ``out``."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not kwargs and args and isinstance(args[0], Traced):
            return function(*args)
        if kwargs:
            out = kwargs.pop("out", None)
            if not kwargs.keys().isdisjoint(_NUMPYS):
                kwargs = _renamed(function.__name__, kwargs)
            if out is not None:
                return delivered(function.__name__, args, function(*args, **kwargs), out)
        try:
            return function(*args, **kwargs)
        except AttributeError:
            _refuse(function.__name__, function.__code__.co_varnames, args)
            raise

    return call


def _refuse(name: str, parameters: Any, args: tuple[Any, ...]) -> None:
    """TypeError, in torch's words, if what should be the tensor is none."""
    if parameters[:1] == ("input",) and args and not isinstance(args[0], (Traced, np.ndarray)):
        raise TypeError(
            f"{name}(): argument 'input' (position 1) must be Tensor, not {type(args[0]).__name__}"
        ) from None


def public(function: Callable[..., Any], number_first: bool | None = False) -> Any:
    """A function of torch's namespace made of an op: takes ``out``, and refuses what is no tensor.

    number_first: whether a number may stand before the tensor; None: no number beside it either.
    """
    name = function.__name__.strip("_")
    inputs = getattr(function, "inputs", ())

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not kwargs and args and isinstance(args[0], Traced) and number_first is not None:
            return function(*args)
        if kwargs:
            out = kwargs.pop("out", None)
            if not kwargs.keys().isdisjoint(_NUMPYS):
                kwargs = _renamed(name, kwargs)
            for i, tensor in enumerate(
                inputs[len(args) :], len(args)
            ):  # a primitive's own are positional
                if i == len(args) and tensor in kwargs:
                    args = (*args, kwargs.pop(tensor))
            if out is not None:
                return delivered(name, args, function(*args, **kwargs), out)
        if not args:
            raise TypeError(f'{name}() missing 1 required positional arguments: "input"')
        if not any(
            isinstance(x, (Traced, np.ndarray)) for x in (args if number_first else args[:1])
        ):
            given = type(args[0]).__name__
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {given}")
        if number_first is None and len(args) > 1 and isinstance(args[1], Number):
            given = type(args[1]).__name__
            raise TypeError(f"{name}(): argument 'other' (position 2) must be Tensor, not {given}")
        return function(*args, **kwargs)

    return call


def _renamed(name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments under torch's names; TypeError where one is given twice."""
    renamed = {_NUMPYS.get(k, k): v for k, v in kwargs.items()}
    if len(renamed) < len(kwargs):
        twice = next(k for k in _NUMPYS if k in kwargs and _NUMPYS[k] in kwargs)
        raise TypeError(f"{name}() got an unexpected keyword argument '{twice}'")
    return renamed


def delivered(name: str, args: Any, made: Any, out: Any) -> Any:
    """``made``, written into ``out``, which is resized if need be.

    RuntimeError where gradients would have to pass, or made's dtype is of a higher category than out's.
    """
    if isinstance(made, tuple):
        if not isinstance(out, (tuple, list)) or len(out) != len(made):
            raise TypeError(f"{name}(): argument 'out' must be a tuple of {len(made)} Tensors")
        return type(made)(*(delivered(name, args, m, o) for m, o in zip(made, out)))
    if not isinstance(out, Traced):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if mode.grad and any(isinstance(x, Traced) and edge(x) is not None for x in (*args, out)):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments requires grad."
        )
    if _SAME_KIND[made.array.dtype.kind] > _SAME_KIND[out.array.dtype.kind]:
        raise RuntimeError(
            f"result type {_types.of(made.array.dtype).title} can't be cast to the desired output type "
            f"{_types.of(out.array.dtype).title}"
        )
    if out.array.shape != made.array.shape:
        if out.array.size:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(out.array.shape)}, which "
                f"does not match the required output shape {list(made.array.shape)}.",
                stacklevel=3,
            )
        out.array = np.empty(made.array.shape, out.array.dtype)
    return assign(out, made)

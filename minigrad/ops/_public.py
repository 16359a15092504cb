"""What torch's functions take beside their own arguments: NumPy's names for them, and ``out=``."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _types
from .._tape import Traced, edge, mode
from .._tape.unroll import deferred
from ._common import Number
from .refusals import refuse_between, shares
from .writing import assign

_NUMPYS = {"axis": "dim", "keepdims": "keepdim", "x": "input", "x1": "input", "x2": "other"}
# Torch's names of arguments for which a function here has another, as it serves two of torch's.
_ALSO = {
    "max": {"other": "dim"},
    "min": {"other": "dim"},
    "split": {"tensor": "input", "split_size": "split_size_or_sections"},
    "transpose": {"axis0": "dim0", "axis1": "dim1"},
    **{name: {"input": "A"} for name in ("det", "old_slogdet", "inv", "matrix_power")},
    **{name: {"input": "A"} for name in ("linalg_norm", "matrix_norm")},
    "vector_norm": {"input": "x"},
}
_SAME_KIND = {"b": 0, "i": 1, "u": 1, "f": 2}


_MISSING: Any = object()
_TAKES_MORE = 0x04  # inspect.CO_VARARGS; inspect takes longer to import than all ops


def named(function: Callable[..., Any]) -> Any:
    """Let a function take ``axis`` for ``dim``, ``keepdims`` for ``keepdim``, and ``out``.

    What stands before it has its parameters, which costs half of passing on ``*args``; its code is made when it
    is first called.
    """
    made: Any = function.__code__
    n = made.co_argcount + made.co_kwonlyargcount
    names = made.co_varnames[:n]
    several = made.co_varnames[n] if made.co_flags & _TAKES_MORE else ""
    defaults = function.__defaults__ or ()
    required = made.co_argcount - len(defaults)
    also = _ALSO.get(function.__name__)
    usual = dict(zip(names[required:], defaults), **(function.__kwdefaults__ or {}))

    def first_call(args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        call.__code__ = _entrance(names, made.co_argcount, required, several)
        call.__defaults__ = (_MISSING,) * required + defaults
        call.__kwdefaults__ = function.__kwdefaults__
        return call(*args, **options)

    def carefully(options: dict[str, Any], *given: Any) -> Any:
        rest = given[len(names) :] or ((options.pop(several),) if several in options else ())
        for name, value in zip(names, given):
            if value is not _MISSING and value is not usual.get(name, _MISSING):
                options[name] = value
        out = options.pop("out", None)
        if also is not None:
            options = {also.get(name, name): value for name, value in options.items()}
        if not options.keys().isdisjoint(_NUMPYS):
            options = _renamed(function.__name__, options, names)
        first = [options.pop(name) for name in names if rest and name in options]
        try:
            answer = function(*first, *rest, **options)
        except AttributeError:
            if names:
                _refuse(function.__name__, names, options.get(names[0], *first[:1]))
            raise
        return answer if out is None else delivered(function.__name__, given, answer, out)

    space = {
        "function": function,
        "first_call": first_call,
        "carefully": carefully,
        "refuse": functools.partial(_refuse, function.__name__, names),
        "MISSING": _MISSING,
    }
    call = deferred(function, space)
    return call


@functools.cache
def _entrance(names: tuple[str, ...], positional: int, required: int, several: str) -> Any:
    """The compiled code of ``named``'s functions whose parameters have these names.

    names: ``positional`` ones, then keyword-only ones; the first ``required`` have no default.
    several: the name of the parameter that takes any number of arguments, if there is one.
    """
    star = [f"*{several}"] if several or positional < len(names) else []
    parameters = ", ".join([*names[:positional], *star, *names[positional:], "**more"])
    rest = [f"*{several}"] if several else []
    passed = [*names[:positional], *rest, *(f"{n}={n}" for n in names[positional:])]
    unusual = " or ".join(["more", *(f"{n} is MISSING" for n in names[:required])])
    made: dict[str, Any] = {}
    source = f"""
def call({parameters}):
    if {unusual}:
        return carefully(more, {", ".join([*names, *rest])})
    try:
        return function({", ".join(passed)})
    except AttributeError:
        refuse({names[0] if names else None})
        raise
"""
    exec(compile(source, "<named>", "exec"), made)
    return made["call"].__code__


def _refuse(name: str, parameters: Any, first: Any) -> None:
    """TypeError, in torch's words, if what should be the tensor is none."""
    if parameters[:1] == ("input",) and not isinstance(first, Traced):
        raise TypeError(
            f"{name}(): argument 'input' (position 1) must be Tensor, not {type(first).__name__}"
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
            if not args and "input" in kwargs:
                args = (kwargs.pop("input"),)
            elif not args and number_first and "self" in kwargs:
                args = (kwargs.pop("self"),)
            for i, tensor in enumerate(
                inputs[len(args) :], len(args)
            ):  # a primitive's own are positional
                if i == len(args) and tensor in kwargs:
                    args = (*args, kwargs.pop(tensor))
            if out is not None:
                return delivered(name, args, function(*args, **kwargs), out)
        if not args:
            raise TypeError(f'{name}() missing 1 required positional arguments: "input"')
        looked = (*args, *kwargs.values()) if number_first else args[:1]
        if not any(isinstance(x, Traced) for x in looked):
            given = type(args[0]).__name__
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {given}")
        if number_first is None and len(args) > 1 and isinstance(args[1], Number):
            given = type(args[1]).__name__
            raise TypeError(f"{name}(): argument 'other' (position 2) must be Tensor, not {given}")
        return function(*args, **kwargs)

    return call


def _renamed(name: str, kwargs: dict[str, Any], own: Any = ()) -> dict[str, Any]:
    """Keyword arguments under torch's names, but for the function's own; TypeError where one is given twice."""
    renamed = {k if k in own else _NUMPYS.get(k, k): v for k, v in kwargs.items()}
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
    for x in args:
        if isinstance(x, Traced) and x is not out and shares(out, x):
            refuse_between(out.array, x.array)
    if out.array.shape != made.array.shape:
        if out.array.size:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(out.array.shape)}, which "
                f"does not match the required output shape {list(made.array.shape)}.",
                stacklevel=3,
            )
        out.array = np.empty(made.array.shape, out.array.dtype)
    return assign(out, made)

"""The reading of arguments that functions making tensors share: sizes, whole numbers, numbers, options."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _types
from ._tape import Traced
from .ops._common import Number

Shape = tuple[int, ...]


def checked_options(name: str, options: dict[str, Any]) -> None:
    """Accept the options of torch that change nothing here; TypeError for others."""
    for option in options:
        if option not in ("layout", "pin_memory", "memory_format"):
            raise TypeError(f"{name}() got an unexpected keyword argument '{option}'")


def floats_only(array: Any) -> None:
    """RuntimeError, in torch's words for what is being made, unless the dtype can require gradients."""
    if array.dtype.kind != "f":
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")


def size_of(function: str, size: tuple[Any, ...], named: dict[str, Any]) -> Shape:
    """The size given as ints, as one sequence, or as size=; the rest of the named must be options."""
    if named:
        if "size" in named and not size:
            named = dict(named)
            size = (named.pop("size"),)
            if not isinstance(size[0], (tuple, list)):
                raise no_size(function, size[0])
        checked_options(function, named)
    if not size:
        raise TypeError(f'{function}() missing 1 required positional arguments: "size"')
    return shape_from(function, size)


def shape_from(function: str, size: tuple[Any, ...]) -> Shape:
    """The size given as ints or as one sequence; TypeError for what is no int, RuntimeError for a negative one."""
    sizes = size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    for s in sizes:
        if type(s) is not int:
            shape = _ints(function, sizes, sizes is size)
            break
    else:
        shape = tuple(sizes)
    if shape and min(shape) < 0:
        raise negative_size(shape)
    return shape


def negative_size(shape: Shape) -> RuntimeError:
    """The error of a shape with a size below 0."""
    return RuntimeError(
        f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}"
    )


def _ints(function: str, sizes: Any, apart: bool) -> Shape:
    for i, s in enumerate(sizes):
        try:
            # As in torch, only the first may not be a bool.
            sound = (i > 0 or not isinstance(s, (bool, np.bool_))) and s.__index__() is not None
        except (AttributeError, TypeError):
            sound = False
        if not sound:
            if apart:
                raise no_size(function, s)
            raise TypeError(
                f"{function}(): argument 'size' (position 1) must be tuple of ints, but found element of type "
                f"{type(s).__name__} at pos {i}"
            )
    return tuple(s.__index__() for s in sizes)


def no_size(function: str, given: Any) -> TypeError:
    """The error of what is no size."""
    return TypeError(
        f"{function}(): argument 'size' (position 1) must be tuple of ints, not {type(given).__name__}"
    )


def number(function: str, argument: str, value: Any) -> Any:
    """A number, or a tensor's that has no dimensions; TypeError for anything else."""
    if isinstance(value, Traced) and not value.array.ndim:
        return value.array.item()
    if not isinstance(value, Number):
        raise TypeError(
            f"{function}(): argument '{argument}' must be Number, not {type(value).__name__}"
        )
    return value


def no_bools(function: str, kind: np.dtype[Any]) -> None:
    """NotImplementedError for numbers in a row of bools."""
    if kind.kind == "b":
        raise NotImplementedError(
            f"\"{function}_cpu\" not implemented for '{_types.of(kind).title}'"
        )


def bounds_of(given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any, Any]:
    """start, end and step of ``arange``; TypeError for combinations that it does not take."""
    if len(given) == 1 and not named and type(given[0]) is int:
        return 0, given[0], 1
    names = ("start", "end", "step")
    alone = len(given) == 1 and "end" not in named
    if len(given) > 3:
        raise TypeError(
            f"arange() takes from 1 to 3 positional arguments but {len(given)} were given"
        )
    found = dict(zip(("end",) if alone else names, given))
    options = {k: v for k, v in named.items() if k not in names}
    if options:
        checked_options("arange", options)
    for name in names:
        if name in named:
            if name in found or (alone and name == "step"):
                raise TypeError("arange() received an invalid combination of arguments")
            found[name] = named[name]
    if "end" not in found:
        raise TypeError('arange() missing 1 required positional arguments: "end"')
    if "step" in found and "start" not in found:
        raise TypeError("arange() received an invalid combination of arguments")
    start, end, step = found.get("start", 0), found["end"], found.get("step", 1)
    return (
        number("arange", "start", start),
        number("arange", "end", end),
        number("arange", "step", step),
    )

"""How a tensor is written: pure functions from an ndarray to the text that torch prints.

The text has three parts: a name, the numbers, and suffixes that tell what the numbers do not show::

    tensor([[0.5000, 1.0000],
            [1.5000, 2.0000]], dtype=minigrad.float64, grad_fn=<AddBackward0>)

One format serves all numbers of a tensor, so that columns line up. It is chosen from the numbers
that will be shown: whole numbers get a bare point (``1.``), a wide range or an extreme size gets
an exponent, anything else a fixed number of digits.

This module knows arrays and the print options. It must not know Tensor or autograd: whoever calls
says what made the tensor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigrad import _types

__all__ = ["get_printoptions", "printoptions", "set_printoptions", "tensor_text"]


Array = np.ndarray[Any, Any]


class _Options:
    def __init__(self) -> None:
        self.precision = 4
        self.threshold: float = 1000
        self.edgeitems = 3
        self.linewidth = 80
        self.sci_mode: bool | None = None


_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}

_options = _Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed from now on; an option left at None keeps its value.

    Args:
        precision: digits after the point (4).
        threshold: tensors with more elements than this are summarised (1000).
        edgeitems: how many items a summary shows at either end of a dimension (3).
        linewidth: characters in a line before it is broken (80).
        profile: ``"default"``, ``"short"`` (2 digits, 2 edge items) or ``"full"`` (never
            summarise): the four options above at once; those given beside it win.
        sci_mode: True or False to force or forbid exponents. As in torch, every call sets it: None
            means that each tensor's range decides.

    Raises:
        ValueError: if `profile` is not one of the three.

    Example:
        >>> import minigrad as mg
        >>> mg.set_printoptions(precision=2)
        >>> mg.tensor([1.12345])
        tensor([1.12])
        >>> mg.set_printoptions(profile="default")
        >>> mg.tensor([1.12345])
        tensor([1.1235])
    """
    if profile is not None and profile not in _PROFILES:
        raise ValueError(f"profile must be one of {sorted(_PROFILES)}, got {profile!r}")
    chosen = dict(_PROFILES[profile]) if profile is not None else {}
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    chosen.update((name, value) for name, value in given.items() if value is not None)
    for name, value in chosen.items():
        setattr(_options, name, value)
    _options.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """Answer the print options in force, as keyword arguments for `set_printoptions`."""
    return dict(vars(_options))


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Print with other options inside a ``with``; takes what `set_printoptions` takes.

    Example:
        >>> import minigrad as mg
        >>> with mg.printoptions(precision=1):
        ...     print(mg.tensor([0.25, 1.75]))
        tensor([0.2, 1.8])
    """
    before = get_printoptions()
    try:
        set_printoptions(**options)
        yield
    finally:
        set_printoptions(**before)


def tensor_text(
    array: Array,
    *,
    requires_grad: bool = False,
    grad_fn: str | None = None,
    name: str = "tensor",
) -> str:
    """Write an array as torch writes a tensor.

    Args:
        array: the numbers, of any shape and of a bool, integer or float dtype.
        requires_grad: whether to say ``requires_grad=True``; `grad_fn` says it already and wins.
        grad_fn: the name of the node that made the tensor, such as ``"AddBackward0"``.
        name: what stands before the parenthesis; a subclass of Tensor prints its own name.

    Returns:
        The text, without a line break at its end.
    """
    suffixes = _shape_and_dtype(array)
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")

    indent = len(name) + 1
    text = f"{name}({_numbers(array, indent)}"
    # torch counts the characters since the last line break with one to spare.
    used = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if used + len(suffix) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + suffix
            used = indent + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text + ")"


def _shape_and_dtype(array: Array) -> list[str]:
    """The suffixes for a shape and a dtype that the printed numbers do not tell."""
    suffixes = []
    empty = array.size == 0
    if (empty and array.ndim != 1) or (not empty and not _options.edgeitems):
        suffixes.append(f"size={array.shape}")
    dtype = array.dtype
    # 1 and True show what they are; an empty tensor has nothing to show.
    shown = not empty and (dtype == np.int64 or dtype == np.bool_)
    if not shown and dtype != _types.default():
        suffixes.append(f"dtype={_types.package}.{dtype.name}")
    return suffixes


def _numbers(array: Array, indent: int) -> str:
    """The numbers in nested brackets, the first of them `indent` characters into its line."""
    if array.size == 0:
        return "[]"
    cut = [False] * array.ndim
    if array.size > _options.threshold:
        if array.ndim and not _options.edgeitems:
            return "[...]"
        array, cut = _summary(array)
    write, width = _format(array.ravel().tolist())
    return _brackets(array.tolist(), cut, indent, write, width)


def _summary(array: Array) -> tuple[Array, list[bool]]:
    """The corners of an array, and for each dimension whether its middle was left out."""
    edge = _options.edgeitems
    cut = [size > 2 * edge for size in array.shape]
    for axis, size in enumerate(array.shape):
        if cut[axis]:
            array = array.take([*range(edge), *range(size - edge, size)], axis)
    return array, cut


def _format(values: list[Any]) -> tuple[Callable[[Any], str], int]:
    """Choose one format for all values: how to write a value, and how wide it will be."""
    if not isinstance(values[0], float):
        width = max(map(len, map(str, values)))
        return lambda value: str(value).rjust(width), width

    # Zeros, infinities and NaNs look the same in every format, so they have no say.
    judges = [value for value in values if value and math.isfinite(value)]
    whole = all(map(float.is_integer, judges))
    exponents = bool(judges) and _wants_exponents(judges)
    if exponents:
        spec = f".{_options.precision}e"
    elif whole:
        spec = ".0f"
    else:
        spec = f".{_options.precision}f"
    bare_point = whole and not exponents
    width = max((len(format(value, spec)) + bare_point for value in judges), default=1)

    def write(value: float) -> str:
        text = format(value, spec)
        if bare_point and math.isfinite(value):
            text += "."
        return text.rjust(width)

    return write, width


def _wants_exponents(values: list[float]) -> bool:
    """Whether finite non-zero values are too far apart, too large or too small for fixed digits."""
    if _options.sci_mode is not None:
        return _options.sci_mode
    sizes = list(map(abs, values))
    smallest, largest = min(sizes), max(sizes)
    return largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4


def _brackets(
    values: Any, cut: list[bool], indent: int, write: Callable[[Any], str], width: int
) -> str:
    """Nested lists, a bracket deeper and a column further in for each dimension in `cut`."""
    if not cut:
        return write(values)
    margin = " " * (indent + 1)
    if len(cut) == 1:
        items = [write(value) for value in values]
        if cut[0]:
            items.insert(_options.edgeitems, " ...")
        per_line = max(1, int((_options.linewidth - indent) // (width + 2)))
        lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
        return "[" + f",\n{margin}".join(lines) + "]"

    rows = [_brackets(row, cut[1:], indent + 1, write, width) for row in values]
    if cut[0]:
        rows.insert(_options.edgeitems, "...")
    gap = "\n" * (len(cut) - 1)
    return "[" + f",{gap}{margin}".join(rows) + "]"

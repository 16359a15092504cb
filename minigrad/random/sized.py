"""Random tensors of a given size, or like another tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _sampling, _types
from .._sampling import whole
from .._tape import Traced
from ..tensor import Tensor
from ._options import drawn, kind_of, new, no_size, shape_from, size_of
from .generator import Generator, engine_of


def rand(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    **named: Any,
) -> Tensor:
    """Uniform numbers in [0, 1): of the size given as ints or one tuple, of a floating dtype.

    >>> from minigrad.random import manual_seed, rand
    >>> _ = manual_seed(1)
    >>> rand(2, 2)
    tensor([[0.7576, 0.2793],
            [0.4031, 0.7347]])
    """
    shape, engine = size_of("rand", size, named), engine_of(generator)
    return drawn(engine.uniform_, shape, dtype, _types.default(), out, device, requires_grad)


def randn(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    **named: Any,
) -> Tensor:
    """Normal numbers of mean 0 and standard deviation 1: of the size given, of a floating dtype.

    >>> from minigrad.random import manual_seed, randn
    >>> _ = manual_seed(1)
    >>> randn(3)
    tensor([0.6614, 0.2669, 0.0617])
    """
    shape, engine = size_of("randn", size, named), engine_of(generator)
    return drawn(engine.normal_, shape, dtype, _types.default(), out, device, requires_grad)


def randint(
    *bounds: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    **named: Any,
) -> Tensor:
    """Integers from low to high - 1, int64; arguments: high, size or low, high, size.

    >>> from minigrad.random import manual_seed, randint
    >>> _ = manual_seed(1)
    >>> randint(10, (4,))
    tensor([5, 9, 4, 8])
    """
    given = _named("randint", ("low", "high", "size"), bounds, named)
    if "size" not in given:
        raise TypeError("randint() missing 1 required argument: 'size', a tuple of ints")
    if not isinstance(given["size"], (tuple, list)):
        raise no_size("randint", given["size"])
    low, high = _bounds("randint", given)
    shape, engine = shape_from("randint", (given["size"],)), engine_of(generator)
    return drawn(
        lambda array: engine.random_(array, low, high),
        shape,
        dtype,
        np.int64,
        out,
        device,
        requires_grad,
    )


def _named(
    function: str, names: tuple[str, ...], given: tuple[Any, ...], named: dict[str, Any]
) -> dict[str, Any]:
    """Arguments of which the first, low, may be left out, by name."""
    if len(given) + len(named) < len(names):
        names = names[1:]
    if len(given) > len(names):
        raise TypeError(
            f"{function}() takes {', '.join(names)} but was given {len(given)} arguments"
        )
    found = dict(zip(names, given))
    for name, value in named.items():
        if name not in names or name in found:
            problem = "multiple values for" if name in found else "an unexpected keyword"
            raise TypeError(f"{function}() got {problem} argument '{name}'")
        found[name] = value
    return found


def _bounds(function: str, given: dict[str, Any]) -> tuple[int, int]:
    if "high" not in given:
        raise TypeError(f"{function}() missing 1 required argument: 'high'")
    name = f"{function}()"
    return whole(given.get("low", 0), name, "low"), whole(given["high"], name, "high")


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The integers 0 to n - 1 in a random order: (n,) int64.

    RuntimeError for a negative n, or one that the dtype cannot count to.

    >>> from minigrad.random import manual_seed, randperm
    >>> _ = manual_seed(0)
    >>> randperm(4)
    tensor([0, 1, 3, 2])
    """
    n = whole(n, "randperm()", "n")
    shape, engine = shape_from("randperm", (n,)), engine_of(generator)
    kind = out.array.dtype if isinstance(out, Traced) else kind_of(dtype, np.int64)
    _sampling.countable(n, kind)

    def fill(array: Any) -> None:
        array[...] = engine.randperm(n)

    return drawn(fill, shape, dtype, np.int64, out, device, requires_grad)


# -------------------------------------------------------------------------- tensors like another


def _like(
    function: str,
    input: Any,
    fill: Callable[[Any], Any],
    dtype: Any,
    device: Any,
    requires_grad: bool,
    memory_format: Any,
) -> Tensor:
    """A tensor of input's shape, dtype and, unless it is to be contiguous, order in memory."""
    if not isinstance(input, Traced):
        raise TypeError(
            f"{function}(): argument 'input' must be Tensor, not {type(input).__name__}"
        )
    order: Any = "C" if str(memory_format).endswith("contiguous_format") else "K"
    array = np.empty_like(input.array, kind_of(dtype, input.array.dtype), order)
    made = new(array, device, requires_grad)
    fill(array)
    return made


def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Uniform numbers in [0, 1): of input's shape, and of its dtype unless given."""
    fill = engine_of(generator).uniform_
    return _like("rand_like", input, fill, dtype, device, requires_grad, memory_format)


def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Normal numbers of mean 0 and standard deviation 1: of input's shape, and dtype unless given."""
    fill = engine_of(generator).normal_
    return _like("randn_like", input, fill, dtype, device, requires_grad, memory_format)


def randint_like(
    input: Tensor,
    *bounds: Any,
    generator: Generator | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
    **named: Any,
) -> Tensor:
    """Integers from low (0 unless given) to high - 1: of input's shape, and dtype unless given."""
    low, high = _bounds("randint_like", _named("randint_like", ("low", "high"), bounds, named))
    engine = engine_of(generator)

    def fill(array: Any) -> None:
        engine.random_(array, low, high)

    return _like("randint_like", input, fill, dtype, device, requires_grad, memory_format)

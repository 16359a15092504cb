"""Random tensors whose distribution is given by tensors: normal, bernoulli, multinomial."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _sampling, _types
from .._sampling import whole
from .._tape import Node, edge, mode, node_of, wrap
from ..tensor import Tensor
from ._options import as_tensor, check_out, drawn, no_size, shape_from, write
from .generator import Generator, engine_of


class _Drawn:
    """The op of numbers drawn by the values of tensors, which get gradients of 0."""

    kept = inputs = ()
    composite = None

    @staticmethod
    def title(node: Node) -> str:
        """What torch prints for the node."""
        return node.attrs[0]

    @staticmethod
    def pull(node: Node, g: Any, owned: bool) -> list[Any]:
        """Zeros of each tensor's shape."""
        tensor = isinstance(g, Tensor)
        zeros = [np.zeros(shape, (g.array if tensor else g).dtype) for shape in node.shapes]
        return [wrap(zero) for zero in zeros] if tensor else zeros


def _recorded(made: Tensor, name: str, *parameters: Any) -> Tensor:
    """What was drawn by the values of these, on the tape if one of them is."""
    tensors = [x for x in parameters if isinstance(x, Tensor)]
    edges = tuple(edge(t) for t in tensors)
    if mode.grad and any(e is not None for e in edges):
        made.node = node_of(_Drawn, edges, tuple(t.array.shape for t in tensors), (name,))
    return made


def normal(
    mean: Tensor | float,
    std: Tensor | float = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Normal numbers: one for each element of the tensors mean and std, or of a size for two numbers.

    mean, std: tensors whose shapes broadcast, or one a tensor and the other a number; the answer
    has the dtype of mean, or of std if that alone is a tensor.  Gradients through it are 0.
    RuntimeError where a std is negative.

    >>> from minigrad.random import manual_seed, normal
    >>> _ = manual_seed(0)
    >>> normal(2.0, 3.0, (2,))
    tensor([6.6230, 1.1197])
    """
    engine = engine_of(generator)
    if not isinstance(mean, Tensor) and not isinstance(std, Tensor):
        if not isinstance(size, (tuple, list)):
            raise no_size("normal", size)
        shape = shape_from("normal", (size,))
        mean, std = _number("mean", mean), _number("std", std)
        return drawn(
            lambda array: engine.normal_(array, mean, std),
            shape,
            dtype,
            _types.default(),
            out,
            device,
            requires_grad,
        )
    if size is not None or dtype is not None or requires_grad:
        raise TypeError(
            "normal() takes no size, dtype or requires_grad where mean or std is a Tensor"
        )
    return _normal_each(engine, mean, std, out)


def _number(name: str, value: Any) -> float:
    if isinstance(value, (int, float, np.integer, np.floating)):
        return float(value)
    raise TypeError(f"normal(): argument '{name}' must be float, not {type(value).__name__}")


def _normal_each(engine: _sampling.Engine, mean: Any, std: Any, out: Any) -> Tensor:
    """Standard normal numbers, scaled and moved in two steps, as torch does it."""
    tensors = [x.array for x in (mean, std) if isinstance(x, Tensor)]
    try:
        shape = np.broadcast_shapes(*(x.shape for x in tensors))
    except ValueError:
        raise RuntimeError(
            f"normal(): the sizes of mean {list(mean.shape)} and std {list(std.shape)} do not "
            "broadcast against each other"
        ) from None
    if isinstance(std, Tensor) and not (std.array >= 0).all():
        raise RuntimeError("normal expects all elements of std >= 0.0")
    if out is not None:
        check_out(out, None)

    def fill(array: Any) -> None:
        made = as_tensor(np.empty(shape, array.dtype))
        if isinstance(std, Tensor):
            engine.normal_(made.array)
            made.mul_(std.detach())
        else:
            engine.normal_(made.array, 0.0, _number("std", std))
        made.add_(mean.detach() if isinstance(mean, Tensor) else _number("mean", mean))
        array[...] = made.array

    if out is not None:
        return write(out, shape, fill)
    answer = np.empty(shape, tensors[0].dtype)
    fill(answer)
    which = 3 if len(tensors) == 2 else 1 if isinstance(mean, Tensor) else 2
    return _recorded(as_tensor(answer), f"NormalBackward{which}", mean, std)


def bernoulli(
    input: Tensor,
    p: float | None = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """1 with the probability in input, else 0: of input's shape and dtype; with p given, with that.

    RuntimeError where a probability is not in [0, 1].  Gradients through it are 0.

    >>> from minigrad.random import bernoulli, manual_seed, rand
    >>> _ = manual_seed(0)
    >>> bernoulli(rand(2, 3))
    tensor([[1., 0., 0.],
            [0., 0., 1.]])
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"bernoulli(): argument 'input' must be Tensor, not {type(input).__name__}")
    engine, source = engine_of(generator), input.array
    odds: Any = source if p is None else p

    def fill(array: Any) -> None:
        _sampling.fill(engine, "bernoulli_", array, odds)

    made = drawn(fill, source.shape, None, source.dtype, out, None, False)
    return made if out is not None else _recorded(made, "BernoulliBackward0", input)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """How many events occur, for each rate in input: whole numbers of its shape and dtype.  Gradients through it are 0.

    RuntimeError for negative rates, NotImplementedError for integers.

    >>> from minigrad.random import manual_seed, poisson
    >>> import minigrad as mg
    >>> _ = manual_seed(0)
    >>> poisson(mg.tensor([1.0, 5.0, 100.0]))
    tensor([ 2.,  6., 99.])
    """
    if not isinstance(input, Tensor):
        raise TypeError(
            f"poisson(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
        )
    rates = input.array
    if rates.dtype.kind != "f":
        title = _types.of(rates.dtype).title
        raise NotImplementedError(f"\"poisson_cpu\" not implemented for '{title}'")
    if not (rates >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    made = as_tensor(_sampling.poisson(engine_of(generator), rates))
    return _recorded(made, "PoissonBackward0", input)


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices drawn with probabilities in the ratio of input's last dimension.

    input: (n,) or (rows, n) of a floating dtype, no element negative, no row all zero.
    Answers (num_samples,) or (rows, num_samples) int64.  RuntimeError for other inputs, and for
    more samples than categories unless with replacement.

    >>> from minigrad.random import manual_seed, multinomial
    >>> import minigrad as mg
    >>> _ = manual_seed(0)
    >>> multinomial(mg.tensor([0.0, 10.0, 3.0, 0.0]), 2)
    tensor([1, 2])
    """
    if not isinstance(input, Tensor):
        raise TypeError(
            f"multinomial(): argument 'input' must be Tensor, not {type(input).__name__}"
        )
    count = whole(num_samples, "multinomial()", "num_samples")
    if out is not None:
        check_out(out, None)
        if out.array.dtype != np.int64:
            raise RuntimeError(
                f"multinomial expects Long tensor out, got: {_types.of(out.array.dtype).title}"
            )
    drawn = _sampling.multinomial(engine_of(generator), input.array, count, bool(replacement))
    if out is None:
        return as_tensor(drawn)

    def fill(array: Any) -> None:
        array[...] = drawn

    return write(out, drawn.shape, fill)

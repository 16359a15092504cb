"""``vmap``: a function of one sample as a function of a batch of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..ops.parts import stack
from ..random import get_rng_state, set_rng_state
from ..tensor import Tensor
from ._trees import filled, leaves


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Any:
    """The function that calls ``func`` for each index of a dimension of its arguments and stacks the answers.

    in_dims: the dimension, or a tuple of them in the nest of the arguments, None where all calls have the same.
    Named arguments are the same for all calls.  out_dims: where the answers' new dimension goes.  randomness: with
    'same', all calls draw the same numbers.
    It saves writing, not time: the calls are made one after another.  ValueError for what has no such dimension.

    >>> import minigrad as mg
    >>> mg.func.vmap(mg.dot)(mg.ones(3, 2), mg.arange(6.0).reshape(3, 2))
    tensor([1., 5., 9.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}"
        )
    name = getattr(func, "__name__", repr(func))

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        about = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>)"
        inputs = leaves(args)
        dims = _dims_of(in_dims, args, about)
        size = _batch(inputs, dims, about)
        state = get_rng_state() if randomness == "same" else None
        answers = []
        for i in range(size):
            if state is not None:
                set_rng_state(state)
            parts = (x if d is None else x.select(d, i) for x, d in zip(inputs, dims))
            answers.append(func(*filled(args, parts), **kwargs))
        return _together(answers, out_dims, name)

    return wrapper


def _dims_of(in_dims: Any, args: tuple[Any, ...], about: str) -> list[Any]:
    """A dimension, or None, for each leaf of the arguments."""
    if not isinstance(in_dims, (int, tuple, list)):
        raise ValueError(
            f"{about}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, "
            f"got: {type(in_dims)}."
        )

    def spread(dims: Any, tree: Any) -> list[Any]:
        if dims is None or isinstance(dims, int):
            return [dims] * len(leaves(tree))
        values = tree.values() if isinstance(tree, dict) else tree
        wanted = dims.values() if isinstance(dims, dict) else dims
        if not isinstance(tree, (tuple, list, dict)) or len(dims) != len(tree):
            raise ValueError(
                f"{about}: in_dims is not compatible with the structure of `inputs`. in_dims has structure {dims} but "
                f"inputs has {len(leaves(tree))} leaves."
            )
        return [d for part, value in zip(wanted, values) for d in spread(part, value)]

    return spread(in_dims, args)


def _batch(inputs: list[Any], dims: list[Any], about: str) -> int:
    """The size of the dimension that the calls go along."""
    sizes = []
    for x, d in zip(inputs, dims):
        if d is None:
            continue
        if not isinstance(x, Tensor):
            raise ValueError(
                f"{about}: Got in_dim={d} for an input but the input is of type {type(x)}. We cannot vmap over "
                "non-Tensor arguments, please use None as the respective in_dim"
            )
        if not -x.ndim <= d < x.ndim:
            raise ValueError(
                f"{about}: Got in_dim={d} for some input, but that input is a Tensor of dimensionality {x.ndim} so "
                f"expected in_dim to satisfy -{x.ndim} <= in_dim < {x.ndim}."
            )
        sizes.append(int(x.size(d)))
    if not sizes:
        raise ValueError(f"{about}: got no inputs to map over")
    if len(set(sizes)) > 1:
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the "
            "mapped dimension"
        )
    return sizes[0]


def _together(answers: list[Any], out_dims: Any, name: str) -> Any:
    """The answers of all calls, stacked leaf by leaf."""
    first = leaves(answers[0])
    for x in first:
        if not isinstance(x, Tensor):
            raise ValueError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(x)}. Did you mean to set "
                "out_dims= to None for output?"
            )
    dims = list(out_dims) if isinstance(out_dims, tuple) else [out_dims] * len(first)
    columns = zip(*(leaves(answer) for answer in answers))
    return filled(answers[0], iter([stack(c, d) for c, d in zip(columns, dims)]))

"""Samplers: the orders in which a dataset's elements are visited.

A sampler is iterated once per epoch and yields indices, or lists of them. Those that draw take
torch's numbers in torch's order, so that a seed gives the same epochs here and there.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from ..._types import float64, int64
from ...creation import as_tensor, empty
from ...random import Generator, multinomial, randint, randperm
from ...tensor import Tensor

T = TypeVar("T")

_BLOCK = 1 << 16  # indices that are counted out at a time


def fresh_seed(generator: Generator | None) -> int:
    """A seed of 63 bits, drawn from a generator (None: the default one)."""
    return empty((), dtype=int64).random_(generator=generator).item()


class Sampler(Generic[T]):
    """The base of all samplers: a subclass has `__iter__`, and `__len__` where that is known."""

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """0, 1, 2 ... len(data_source) - 1.

    >>> from minigrad.utils.data import SequentialSampler
    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized):
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def _blocks(self) -> Iterator[Any]:
        """The same numbers as ndarrays, one after the other."""
        n = len(self.data_source)
        return (np.arange(start, min(start + _BLOCK, n)) for start in range(0, n, _BLOCK))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Indices in a random order; with replacement, any index may come any number of times.

    num_samples: how many (None: as many as the data); beyond the data's length without replacement,
    one permutation follows another.  generator: None draws a seed for a new one from the default
    generator at each epoch.

    TypeError for a replacement that is no bool, ValueError for a num_samples that is no positive int.

    >>> import minigrad as mg
    >>> from minigrad.utils.data import RandomSampler
    >>> _ = mg.manual_seed(0)
    >>> list(RandomSampler("abcde"))
    [1, 3, 4, 2, 0]
    """

    AT_ONCE = 32  # indices drawn at a time with replacement: part of what a seed means

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ):
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                "num_samples should be a positive integer value, "
                f"but got num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        """How many indices an epoch has."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        for block in self._blocks():
            yield from block.tolist()

    def _blocks(self) -> Iterator[Any]:
        """The same numbers as ndarrays, one after the other."""
        n, generator = len(self.data_source), self.generator
        if generator is None:
            generator = Generator().manual_seed(fresh_seed(None))
        if self.replacement:
            rounds, rest = divmod(self.num_samples, self.AT_ONCE)
            for size in [*itertools.repeat(self.AT_ONCE, rounds), rest]:
                yield randint(n, (size,), generator=generator).array
        else:
            rounds, rest = divmod(self.num_samples, n)
            for _ in range(rounds):
                yield randperm(n, generator=generator).array
            # Torch draws one more permutation even for a rest of 0: a shared generator moves on.
            if rest or self.generator is not None:
                yield randperm(n, generator=generator).array[:rest]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[Any]):
    """The given indices in a random order, each once.

    >>> import minigrad as mg
    >>> from minigrad.utils.data import SubsetRandomSampler
    >>> _ = mg.manual_seed(0)
    >>> list(SubsetRandomSampler([10, 20, 30, 40]))
    [10, 20, 40, 30]
    """

    def __init__(self, indices: Sequence[Any], generator: Generator | None = None):
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[Any]:
        for i in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """num_samples indices, index i with a probability in proportion to weights[i].

    weights: (n,), of any positive sum.  ValueError for a num_samples that is no positive int, for a
    replacement that is no bool and for weights of another shape.

    >>> import minigrad as mg
    >>> from minigrad.utils.data import WeightedRandomSampler
    >>> _ = mg.manual_seed(0)
    >>> list(WeightedRandomSampler([0.0, 1.0, 3.0], 6))
    [2, 2, 2, 2, 2, 2]
    """

    def __init__(
        self,
        weights: Sequence[float] | Tensor,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ):
        _check_count("num_samples", num_samples)
        _check_flag("replacement", replacement)
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.ndim != 1:
            raise ValueError(
                "weights should be a 1d sequence but given weights have shape "
                f"{tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        drawn = multinomial(
            self.weights, self.num_samples, self.replacement, generator=self.generator
        )
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[Any]]):
    """The indices of another sampler (or of any iterable) in lists of batch_size.

    drop_last: whether a last list that is shorter is left out.  ValueError for a batch_size that is
    no positive int and for a drop_last that is no bool.

    >>> from minigrad.utils.data import BatchSampler, SequentialSampler
    >>> list(BatchSampler(SequentialSampler(range(5)), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool):
        _check_count("batch_size", batch_size)
        _check_flag("drop_last", drop_last)
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[Any]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def _arrays(self) -> Iterator[Any] | None:
        """The same batches as ndarrays; None unless the indices are whole numbers of our own."""
        if type(self) is not BatchSampler or type(self.sampler) not in _COUNTING:
            return None
        return self._cut(self.sampler._blocks())  # type: ignore[attr-defined]

    def _cut(self, blocks: Iterator[Any]) -> Iterator[Any]:
        size, rest = self.batch_size, np.empty(0, np.int64)
        for block in blocks:
            indices = np.concatenate([rest, block]) if len(rest) else block
            whole = len(indices) // size * size
            for start in range(0, whole, size):
                yield indices[start : start + size]
            rest = indices[whole:]
        if len(rest) and not self.drop_last:
            yield rest

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)  # type: ignore[arg-type]
        return whole if self.drop_last else whole + (rest > 0)


_COUNTING = {SequentialSampler, RandomSampler}


def _check_count(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")


def _check_flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{name} should be a boolean value, but got {name}={value}")

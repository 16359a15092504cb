"""Datasets: what can be asked for its elements, and ways to build one from others.

A dataset is any object with `__getitem__` (and `__len__`), or an `IterableDataset`. As in torch it may
also have `__getitems__(indices)`, which answers a list of elements at once.

Where the elements lie in arrays, a batch need not be cut into elements first and stacked again:
`_gather(indices)` answers at once what `default_collate` would make of the elements, or None where it
cannot. The loader calls it unless a subclass says otherwise how elements are read (see
`_utils/fetch.py`).
"""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from ..._tape import wrap
from ...random import Generator, default_generator, randperm
from ...tensor import Tensor
from ._utils.fetch import draws, elements, gathered, positions

T = TypeVar("T", covariant=True)


class Dataset(Generic[T]):
    """The base of datasets with elements by index: a subclass has `__getitem__` and `__len__`."""

    def __getitem__(self, index: Any) -> T:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[Any]) -> Dataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T], Iterable[T]):
    """The base of datasets that are streams: a subclass has `__iter__`.

    With worker processes each has a copy of the dataset: `get_worker_info` tells a copy which part
    of the stream is its own.

    >>> from minigrad.utils.data import DataLoader, IterableDataset
    >>> class Squares(IterableDataset):
    ...     def __iter__(self):
    ...         return (i * i for i in range(5))
    >>> list(DataLoader(Squares(), batch_size=3))
    [tensor([0, 1, 4]), tensor([ 9, 16])]
    """

    def __add__(self, other: Dataset[Any]) -> Dataset[Any]:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors of the same first size: element i is the tuple of their rows i.

    AssertionError where the first sizes differ.

    >>> import minigrad as mg
    >>> data = mg.utils.data.TensorDataset(mg.arange(6).view(3, 2), mg.tensor([0.0, 1.0, 2.0]))
    >>> data[1], len(data)
    ((tensor([2, 3]), tensor(1.)), 3)
    """

    def __init__(self, *tensors: Tensor):
        if any(tensors[0].size(0) != tensor.size(0) for tensor in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple([tensor[index] for tensor in self.tensors])

    def _gather(self, indices: Any) -> Any:
        if any(type(t) is not Tensor or t.requires_grad for t in self.tensors):
            return None
        order = positions(indices)
        return None if order is None else [wrap(rows(t.array, order)) for t in self.tensors]

    def __len__(self) -> int:
        return int(self.tensors[0].size(0))


def rows(array: Any, order: Any) -> Any:
    """array[order], C-contiguous; order: integers, an ndarray (n,).  IndexError as NumPy."""
    if array.flags.c_contiguous:  # of other arrays `take` would copy the whole
        return array.take(order, 0)
    return np.ascontiguousarray(array[order])


class StackDataset(Dataset[Any]):
    """Datasets of one length side by side: element i is the tuple, or dict, of their elements i.

    ValueError for none, for both positional and named ones, and for different lengths.

    >>> from minigrad.utils.data import StackDataset
    >>> StackDataset("abc", [1, 2, 3])[1], StackDataset(letter="abc", number=[1, 2, 3])[1]
    (('b', 2), {'letter': 'b', 'number': 2})
    """

    def __init__(self, *args: Any, **kwargs: Any):
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like "
                "input/output, but both types are given."
            )
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        self.datasets: tuple[Any, ...] | dict[str, Any] = args or kwargs
        lengths = [len(dataset) for dataset in self._parts]
        self._length = lengths[0]
        if any(length != self._length for length in lengths):
            raise ValueError(f"Size mismatch between datasets: their lengths are {lengths}")

    @property
    def _parts(self) -> list[Any]:
        named = isinstance(self.datasets, dict)
        return list(self.datasets.values() if named else self.datasets)  # type: ignore[union-attr]

    def _joined(self, values: Iterable[Any]) -> Any:
        """Values, one for each dataset, as an element."""
        if isinstance(self.datasets, dict):
            return dict(zip(self.datasets, values))
        return tuple(values)

    def __getitem__(self, index: Any) -> Any:
        return self._joined([dataset[index] for dataset in self._parts])

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        columns = [elements(dataset, indices) for dataset in self._parts]
        for column in columns:
            if len(column) != len(indices):
                raise ValueError(
                    "Nested dataset's output size mismatch. "
                    f"Expected {len(indices)}, got {len(column)}"
                )
        return [self._joined(element) for element in zip(*columns)]

    @property
    def _draws(self) -> bool:
        return any(map(draws, self._parts))

    def _gather(self, indices: Any) -> Any:
        if self._draws:
            return None
        columns = [gathered(dataset, indices) for dataset in self._parts]
        if any(column is None for column in columns):
            return None
        batch = self._joined(columns)
        return batch if isinstance(batch, dict) else list(batch)

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T]):
    """Datasets one after the other.

    AssertionError for none, and for iterable ones.

    >>> from minigrad.utils.data import ConcatDataset
    >>> both = ConcatDataset(["ab", "cde"])
    >>> len(both), both[1], both[2], both[-1]
    (5, 'b', 'c', 'e')
    """

    def __init__(self, datasets: Iterable[Any]):
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    @staticmethod
    def cumsum(sequence: Iterable[Any]) -> list[int]:
        """The running totals of the lengths."""
        return list(itertools.accumulate(len(element) for element in sequence))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx: Any) -> T:
        if idx < 0:
            if -idx > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            idx += len(self)
        which = bisect.bisect_right(self.cumulative_sizes, idx)
        return self.datasets[which][idx - self._start(which)]

    def _start(self, which: int) -> int:
        return self.cumulative_sizes[which - 1] if which else 0

    @property
    def _draws(self) -> bool:
        return any(map(draws, self.datasets))

    def _gather(self, indices: Any) -> Any:
        order = positions(indices)
        if (
            self._draws
            or order is None
            or not len(order)
            or order.min() < 0
            or order.max() >= len(self)
        ):
            return None
        source = np.searchsorted(self.cumulative_sizes, order, side="right")
        places = {int(which): np.flatnonzero(source == which) for which in np.unique(source)}
        batches = {
            which: gathered(self.datasets[which], order[place] - self._start(which))
            for which, place in places.items()
        }
        first = next(iter(batches.values()))
        if len(batches) == 1:
            return first
        if any(_kinds(batch) != _kinds(first) or batch is None for batch in batches.values()):
            return None
        merged = [np.empty((len(order), *t.shape[1:]), t.array.dtype) for t in first]
        for which, place in places.items():
            for whole, part in zip(merged, batches[which]):
                whole[place] = part.array
        return [wrap(array) for array in merged]

    @property
    def cummulative_sizes(self) -> list[int]:
        """`cumulative_sizes` under its old, misspelt name."""
        warnings.warn(
            "`cummulative_sizes` attribute is renamed to `cumulative_sizes`",
            FutureWarning,
            stacklevel=2,
        )
        return self.cumulative_sizes


def _kinds(batch: Any) -> Any:
    """The dtypes and shapes of a list of tensors' rows; None for anything else."""
    if type(batch) is not list or any(type(t) is not Tensor for t in batch):
        return None
    return [(t.array.dtype, t.shape[1:]) for t in batch]


class ChainDataset(IterableDataset[Any]):
    """Iterable datasets one after the other; AssertionError, when reached, for one that is not.

    >>> from minigrad.utils.data import ChainDataset, IterableDataset
    >>> class Count(IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(2))
    >>> list(ChainDataset([Count(), Count()]))
    [0, 1, 0, 1]
    """

    def __init__(self, datasets: Iterable[Any]):
        self.datasets = datasets

    def _checked(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self._checked())

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._checked())


class Subset(Dataset[T]):
    """The elements of a dataset at some indices.

    A subclass with a `__getitem__` of its own needs a `__getitems__` of its own: NotImplementedError.

    >>> from minigrad.utils.data import Subset
    >>> part = Subset("abcde", [4, 0])
    >>> part[0], part[1], len(part)
    ('e', 'a', 2)
    """

    def __init__(self, dataset: Any, indices: Sequence[Any]):
        self.dataset = dataset
        self.indices = indices
        mine = type(self)
        if mine.__getitem__ is not Subset.__getitem__ and mine.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{mine.__name__} overrides __getitem__ but not __getitems__, which DataLoader "
                "calls. Where elements are read one by one, this will do:\n\n"
                "def __getitems__(self, indices):\n"
                "    return [self.__getitem__(idx) for idx in indices]"
            )

    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        return elements(self.dataset, [self.indices[idx] for idx in indices])

    @property
    def _draws(self) -> bool:
        return draws(self.dataset)

    def _gather(self, indices: Any) -> Any:
        chosen = self.indices.array if isinstance(self.indices, Tensor) else self.indices
        if isinstance(chosen, np.ndarray):
            order = positions(indices)
            return None if order is None else gathered(self.dataset, chosen[order])
        return gathered(self.dataset, [chosen[idx] for idx in indices])

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Any,
    lengths: Sequence[int | float],
    generator: Generator | None = default_generator,
) -> list[Subset[Any]]:
    """Subsets of the given lengths that share no element, drawn at random.

    lengths: counts whose sum is len(dataset), or fractions whose sum is 1; what is left after
    rounding the fractions down goes one by one to the first subsets.  ValueError for other sums and
    for fractions outside of [0, 1]; a warning where a fraction leaves a subset empty.

    >>> import minigrad as mg
    >>> from minigrad.utils.data import random_split
    >>> seed = mg.Generator().manual_seed(42)
    >>> train, test = random_split(range(10), [0.7, 0.3], generator=seed)
    >>> list(test), len(train)
    ([9, 3, 7], 7)
    """
    counts = list(lengths)
    if math.isclose(sum(counts), 1) and sum(counts) <= 1:
        counts = _shares(len(dataset), counts)
    if sum(counts) != len(dataset):
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset! "
            f"The sum of {list(lengths)} is {sum(counts)}, the length {len(dataset)}"
        )
    order = randperm(sum(counts), generator=generator).tolist()  # type: ignore[arg-type]
    ends: Any = itertools.accumulate(counts)
    return [Subset(dataset, order[end - count : end]) for end, count in zip(ends, counts)]


def _shares(total: int, fractions: list[float]) -> list[float]:
    """Whole numbers whose sum is total, in proportion to fractions."""
    for i, fraction in enumerate(fractions):
        if fraction < 0 or fraction > 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1")
    counts: list[float] = [math.floor(total * fraction) for fraction in fractions]
    for i in range(int(total - sum(counts))):
        counts[i % len(counts)] += 1
    for i, count in enumerate(counts):
        if count == 0:
            warnings.warn(
                f"Length of split at index {i} is 0. This might result in an empty dataset.",
                stacklevel=3,
            )
    return counts

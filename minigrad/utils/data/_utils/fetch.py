"""From indices to a batch, in this process or in a worker's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ....tensor import Tensor
from .collate import collate_tensor_fn, default_collate, default_collate_fn_map

_WHOLE = {int, np.int64, np.int32, np.intp}


def positions(indices: Any) -> Any:
    """Indices as an int64 ndarray (n,); None unless they are plain whole numbers."""
    if isinstance(indices, (list, tuple)):
        indices = np.array(indices) if indices and _WHOLE.issuperset(map(type, indices)) else None
    fits = isinstance(indices, np.ndarray) and indices.ndim == 1 and indices.dtype.kind == "i"
    return indices if fits else None


def elements(dataset: Any, indices: Sequence[Any]) -> Any:
    """The list of elements at some indices, read at once where the dataset can."""
    if callable(getattr(dataset, "__getitems__", None)):
        return dataset.__getitems__(indices)
    return [dataset[index] for index in indices]


def gathered(dataset: Any, indices: Any) -> Any:
    """What default_collate makes of the elements at some indices; None unless dataset knows.

    A class that changes how elements are read, and not how they are gathered, does not know.
    """
    for kind in type(dataset).__mro__:
        if "_gather" in vars(kind):
            try:
                return dataset._gather(indices)
            except IndexError:  # reading one by one says which index
                return None
        if "__getitem__" in vars(kind) or "__getitems__" in vars(kind):
            break
    return None


def draws(dataset: Any) -> bool:
    """Whether gathering may draw random numbers: those of one dataset are in order, of several not."""
    return bool(getattr(dataset, "_draws", False))


class MapFetcher:
    """Batches (or single elements) of a dataset that is read by index."""

    def __init__(
        self, dataset: Any, batches: bool, collate_fn: Callable[[Any], Any], drop_last: bool
    ):
        self.dataset, self.batches, self.collate_fn = dataset, batches, collate_fn

    def fetch(self, index: Any) -> Any:
        """The batch at a list of indices, or the element at one index, as collate_fn makes it."""
        if not self.batches:
            return self.collate_fn(self.dataset[index])
        batch = self._gathered(index)
        return self.collate_fn(elements(self.dataset, index)) if batch is None else batch

    def fetch_array(self, order: Any) -> Any:
        """The batch at indices that are an ndarray."""
        batch = self._gathered(order)
        if batch is None:
            return self.collate_fn(elements(self.dataset, order.tolist()))
        return batch

    def _gathered(self, index: Any) -> Any:
        """The batch, where collate_fn is the default one, with its own rule for tensors."""
        if self.collate_fn is not default_collate:
            return None
        if default_collate_fn_map.get(Tensor) is not collate_tensor_fn:
            return None
        return gathered(self.dataset, index)


class IterableFetcher:
    """Batches (or single elements) of a dataset that is a stream; StopIteration at its end."""

    def __init__(
        self, dataset: Any, batches: bool, collate_fn: Callable[[Any], Any], drop_last: bool
    ):
        self.stream = iter(dataset)
        self.batches, self.collate_fn, self.drop_last = batches, collate_fn, drop_last
        self.ended = False

    def fetch(self, index: Any) -> Any:
        """The next batch of as many elements as index is long, or the next element."""
        if self.ended:
            raise StopIteration
        if not self.batches:
            return self.collate_fn(next(self.stream))
        batch: list[Any] = []
        for _ in index:
            try:
                batch.append(next(self.stream))
            except StopIteration:
                self.ended = True
                break
        if not batch or (self.drop_last and len(batch) < len(index)):
            raise StopIteration
        return self.collate_fn(batch)

"""DataLoader: a dataset in batches, in any order, read here or by worker processes."""

from __future__ import annotations

import functools
import itertools
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from ...random import Generator
from ._utils import worker
from ._utils.collate import default_collate, default_convert
from ._utils.crew import Crew
from ._utils.fetch import IterableFetcher, MapFetcher
from ._utils.options import check_order, check_workers, context_of
from ._utils.worker import get_worker_info
from .dataset import IterableDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, fresh_seed

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

T = TypeVar("T", covariant=True)

_FIXED = {"batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"}


class _InfiniteConstantSampler(Sampler[None]):
    """None for ever: a stream has no indices."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader(Generic[T]):
    """A dataset in batches: iterate it once per epoch.

    dataset: anything with `__getitem__` and `__len__`, or an IterableDataset.  batch_size: how many
    elements a batch has; None for elements one by one.  shuffle: in a new random order each epoch.
    sampler, batch_sampler: indices, or lists of them, in an order of your own.  num_workers: how many
    processes read and collate; 0 for this one.  collate_fn: from a list of elements to a batch
    (`default_collate`, or `default_convert` without batches).  drop_last: leave out a last batch that
    is not full.  timeout: in seconds, for one batch from the workers; 0 for none.
    worker_init_fn: called with its id in each worker.  multiprocessing_context: "fork", "spawn",
    "forkserver" or a context.  generator: draws the order and the workers' seeds.
    prefetch_factor: batches that each worker is ahead (2).  persistent_workers: keep the processes
    for the next epoch.  in_order: False to take the workers' batches as they come.
    pin_memory, pin_memory_device: change nothing, as there is only the CPU.

    After `manual_seed` the order, the workers' seeds and whatever is drawn afterwards are torch's.
    A TensorDataset's batches, and those of its subsets, are cut from its tensors at once.

    ValueError, TypeError for arguments that are out of range or exclude each other. An exception in a
    worker is raised here, of its type, with its traceback as text; RuntimeError for a worker that dies
    or takes longer than timeout.  Same arguments as torch.utils.data.DataLoader.

    >>> import minigrad as mg
    >>> from minigrad.utils.data import DataLoader, TensorDataset
    >>> data = TensorDataset(mg.arange(5), mg.arange(5) ** 2)
    >>> _ = mg.manual_seed(0)
    >>> for x, y in DataLoader(data, batch_size=2, shuffle=True):
    ...     print(x, y)
    tensor([1, 4]) tensor([ 1, 16])
    tensor([2, 3]) tensor([4, 9])
    tensor([0]) tensor([0])
    """

    _fixed = False

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ):
        check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self.persistent_workers = persistent_workers
        self.generator = generator
        self._is_stream = isinstance(dataset, IterableDataset)
        check_order(self._is_stream, batch_size, shuffle, sampler, batch_sampler, drop_last)
        if sampler is None:
            sampler = self._usual_sampler(bool(shuffle))
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        elif batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last = batch_size, drop_last
        self.sampler, self.batch_sampler = sampler, batch_sampler
        self.collate_fn = collate_fn or (default_collate if self._batches else default_convert)
        self._fixed = True
        self._length_told: int | None = None  # what len() has answered for a stream
        self._iterator: _MultiProcessingDataLoaderIter | None = None
        self.check_worker_number_rationality()

    def _usual_sampler(self, shuffle: bool) -> Sampler[Any]:
        if self._is_stream:
            return _InfiniteConstantSampler()
        if shuffle:
            return RandomSampler(self.dataset, generator=self.generator)
        return SequentialSampler(self.dataset)

    @property
    def _batches(self) -> bool:
        """Whether elements are collated; else they come one by one."""
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.batch_sampler if self._batches else self.sampler

    @property
    def multiprocessing_context(self) -> Any:
        """How workers are started; None for Python's usual way."""
        return self._multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, given: Any) -> None:
        self._multiprocessing_context = (
            None if given is None else context_of(given, self.num_workers)
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if self._fixed and name in _FIXED:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized"
            )
        super().__setattr__(name, value)

    def __iter__(self) -> _BaseDataLoaderIter:
        if not self.num_workers:
            return _SingleProcessDataLoaderIter(self)
        if not self.persistent_workers:
            return _MultiProcessingDataLoaderIter(self)
        if self._iterator is None:
            self._iterator = _MultiProcessingDataLoaderIter(self)
        else:
            self._iterator._reset(self)
        return self._iterator

    def __len__(self) -> int:
        if not self._is_stream:
            return len(self._index_sampler)
        length = self._length_told = len(self.dataset)
        if self.batch_size is None:
            return length
        whole, rest = divmod(length, self.batch_size)
        return whole if self.drop_last else whole + (rest > 0)

    def check_worker_number_rationality(self) -> None:
        """Warn of more workers than there are CPUs for this process."""
        affinity = hasattr(os, "sched_getaffinity")
        cpus = len(os.sched_getaffinity(0)) if affinity else os.cpu_count()
        if self.num_workers and (cpus is None or self.num_workers > cpus):
            count = "unknown" if cpus is None else cpus
            warnings.warn(
                f"This DataLoader will create {self.num_workers} worker processes in total. Our "
                f"suggested max number of worker in current system is {count}"
                f"{'' if affinity else ' (`cpuset` is not taken into account)'}, which is smaller "
                "than what this DataLoader is going to create. Please be aware that excessive "
                "worker creation might get DataLoader running slow or even freeze, lower the worker "
                "number to avoid potential slowness/freeze if necessary.",
                stacklevel=2,
            )

    def _make_fetcher(self) -> Callable[[], Any]:
        kind = IterableFetcher if self._is_stream else MapFetcher
        return functools.partial(kind, self.dataset, self._batches, self.collate_fn, self.drop_last)


class _BaseDataLoaderIter(Iterator[Any]):
    """One epoch of a loader."""

    def __init__(self, loader: DataLoader[Any]):
        self._loader = loader
        self._index_sampler = loader._index_sampler
        self._sampler_iter = iter(self._index_sampler)
        self._base_seed = fresh_seed(loader.generator)
        self._yielded, self._told = 0, loader._length_told

    def _reset(self, loader: DataLoader[Any]) -> None:
        self._sampler_iter = iter(self._index_sampler)
        self._yielded, self._told = 0, loader._length_told

    def _next_data(self) -> Any:
        raise NotImplementedError

    def __next__(self) -> Any:
        data = self._next_data()
        self._yielded += 1
        if self._told is not None and self._yielded > self._told:
            self._warn_of_length()
        return data

    def _warn_of_length(self) -> None:
        advice = (
            "For multiprocessing data-loading, this could be caused by not properly configuring the "
            "IterableDataset replica at each worker: see get_worker_info."
        )
        warnings.warn(
            f"Length of IterableDataset {self._loader.dataset} was reported to be {self._told}"
            f"(when accessing len(dataloader)), but {self._yielded} samples have been fetched. "
            f"{advice if self._loader.num_workers else ''}",
            stacklevel=3,
        )

    def __len__(self) -> int:
        return len(self._index_sampler)

    def __getstate__(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """Batches made when they are asked for."""

    def __init__(self, loader: DataLoader[Any]):
        super().__init__(loader)
        if loader.timeout != 0:
            raise AssertionError("a timeout needs num_workers > 0")
        fetcher = loader._make_fetcher()()
        self._fetch = fetcher.fetch
        arrays = getattr(loader.batch_sampler, "_arrays", lambda: None)()
        if arrays is not None and not loader._is_stream:
            self._sampler_iter, self._fetch = arrays, fetcher.fetch_array

    def _next_data(self) -> Any:
        return self._fetch(next(self._sampler_iter))


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """Batches made ahead by workers.

    Tasks are numbered and go to the workers by turns; a batch handed out makes room for one more
    task. In order, the next batch is that of the lowest number whose worker is not at its stream's
    end.
    """

    def __init__(self, loader: DataLoader[Any]):
        super().__init__(loader)
        if not loader.prefetch_factor:
            raise AssertionError(
                f"prefetch_factor must be greater than 0, got {loader.prefetch_factor}"
            )
        self._count = loader.num_workers
        self._ahead = self._count * loader.prefetch_factor
        context = loader.multiprocessing_context
        if context is None:
            import multiprocessing

            context = multiprocessing.get_context()
        jobs = [
            worker.Job(
                id=i,
                num_workers=self._count,
                base_seed=self._base_seed,
                dataset=loader.dataset,
                is_stream=loader._is_stream,
                make_fetcher=loader._make_fetcher(),
                init_fn=loader.worker_init_fn,
            )
            for i in range(self._count)
        ]
        self._crew = Crew(context, jobs)
        self._begin()

    def _reset(self, loader: DataLoader[Any]) -> None:
        super()._reset(loader)
        self._begin()

    def _begin(self) -> None:
        self._crew.begin()
        self._owners: dict[int, int] = {}  # who has been asked for which task
        self._active = [True] * self._count
        self._turns = itertools.cycle(range(self._count))
        self._tasks = itertools.count()
        for _ in range(self._ahead):
            self._ask()

    def _ask(self) -> None:
        """Give the next task, if there is one, to the next worker that can take it."""
        try:
            index = next(self._sampler_iter)
        except StopIteration:
            return
        for who in itertools.islice(self._turns, self._count):
            if self._active[who] and (self._loader.in_order or self._has_room(who)):
                task = next(self._tasks)
                self._crew.ask(who, task, index)
                self._owners[task] = who
                return

    def _has_room(self, who: int) -> bool:
        asked = sum(owner == who for owner in self._owners.values())
        return asked < self._ahead // sum(self._active)

    def _next_data(self) -> Any:
        while self._owners:
            task, who = next(iter(self._owners.items()))
            if not self._active[who]:
                del self._owners[task]
                continue
            among = [who] if self._loader.in_order else self._at_work()
            who, task, kind, value = self._crew.hear(among, self._loader.timeout)
            del self._owners[task]
            if kind == worker.END:
                self._active[who] = False
            self._ask()
            if kind == worker.ERROR:
                value.reraise()
            if kind == worker.BATCH:
                return value
        if not self._loader.persistent_workers:
            self._crew.dismiss()
        raise StopIteration

    def _at_work(self) -> list[int]:
        return sorted({who for who in self._owners.values() if self._active[who]})

"""Worker processes: the same batches and seeds as torch's, in the same order."""

from __future__ import annotations

import os
import random
import time

import numpy as np
import pytest

import minigrad
from minigrad.utils import data
from minigrad.utils.data._utils import shared
from tests.data.twins import BOTH, plain

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")


class Drawing:
    """Every element says what its process has drawn and knows of itself."""

    def __init__(self, side, n):
        self.side, self.n = side, n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        info = self.side.data.get_worker_info()
        drawn = self.side.core.rand(2)
        return i, drawn, random.random(), np.random.rand(), (info.id, info.num_workers, info.seed)


def batches(side, **options):
    side.core.manual_seed(5)
    loader = side.data.DataLoader(
        Drawing(side, 13), 3, shuffle=True, multiprocessing_context="fork", **options
    )
    found = [plain(batch) for batch in loader]
    if options.get("persistent_workers"):
        found += [plain(batch) for batch in loader]
        first = iter(loader)
        next(first)
        found += [plain(batch) for batch in loader]
        del loader._iterator
    return found, side.core.rand(3).tolist()


@pytest.mark.parametrize(
    "options",
    [
        {"num_workers": 1},
        {"num_workers": 2, "drop_last": True},
        {"num_workers": 3, "prefetch_factor": 1},
        {"num_workers": 2, "persistent_workers": True, "prefetch_factor": 3},
    ],
    ids=str,
)
def test_workers_draw_torchs_numbers(options):
    ours, theirs = (batches(side, **options) for side in BOTH)
    assert ours == theirs


class Counting(data.IterableDataset):
    def __init__(self, ends):
        self.ends = ends

    def __iter__(self):
        info = data.get_worker_info()
        start, stop = self.ends[info.id]
        return iter(range(start, stop))


ENDS = [(0, 5), (10, 11), (20, 27)]


def test_streams_are_divided_among_workers():
    class Theirs(BOTH[1].data.IterableDataset):
        def __iter__(self):
            start, stop = ENDS[BOTH[1].data.get_worker_info().id]
            return iter(range(start, stop))

    for size, drop_last in [(2, False), (2, True), (None, False)]:
        loader = data.DataLoader(Counting(ENDS), size, num_workers=3, drop_last=drop_last)
        ours = [plain(batch) for batch in loader]
        theirs = BOTH[1].data.DataLoader(Theirs(), size, num_workers=3, drop_last=drop_last)
        # In which order torch notices the end of a stream is a matter of time.
        assert sorted(map(str, ours)) == sorted(str(plain(batch)) for batch in theirs)
    loader = data.DataLoader(Counting(ENDS), None, num_workers=3, persistent_workers=True)
    expected = [0, 10, 20, 1, 21, 2, 22, 3, 23, 4, 24, 25, 26]
    assert [list(loader), list(loader)] == [expected, expected]


def test_worker_init_fn_divides_a_stream():
    def divide(i):
        info = data.get_worker_info()
        assert (info.id, info.num_workers) == (i, 2)
        info.dataset.ends = [(10 * i, 10 * i + 2)] * 2

    loader = data.DataLoader(Counting(ENDS), None, num_workers=2, worker_init_fn=divide)
    assert list(loader) == [0, 10, 1, 11]


def test_batches_as_they_come():
    class Slow:
        def __len__(self):
            return 6

        def __getitem__(self, i):
            if i == 0:
                time.sleep(0.5)
            return i

    loader = data.DataLoader(Slow(), None, num_workers=2, in_order=False, prefetch_factor=1)
    found = list(loader)
    assert sorted(found) == list(range(6))
    assert found[-1] == 0
    assert list(data.DataLoader(Slow(), None, num_workers=2, prefetch_factor=1)) == sorted(found)


# --------------------------------------------------------------------------------- what travels


class Varied:
    """Elements of all sizes and kinds, by number."""

    def __len__(self):
        return 12

    def __getitem__(self, i):
        big = np.full((i % 4) * 30_000, i, np.float32)
        return {
            "big": minigrad.tensor(big),
            "turned": minigrad.arange(2.0 * i).view(i, 2).t(),
            "none": minigrad.zeros(0, 3),
            "array": big.astype(np.int8),
            "text": "x" * i,
            "leaf": minigrad.ones(i, requires_grad=True),
            "one": minigrad.tensor(i),
        }


@pytest.mark.parametrize("through_the_socket", [False, True])
@pytest.mark.parametrize("workers", [1, 2])
def test_everything_arrives(workers, through_the_socket, monkeypatch):
    if through_the_socket:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    here = [plain(Varied()[i]) for i in range(12)]
    loader = data.DataLoader(
        Varied(), None, num_workers=workers, collate_fn=lambda x: x, multiprocessing_context="fork"
    )
    kept = list(loader)
    assert [plain(element) for element in kept] == here
    for element in kept:
        assert element["leaf"].requires_grad
        element["big"] += 1  # ours to write, and nobody else's
    assert [element["big"].tolist() for element in kept] == [
        [i + 1.0] * ((i % 4) * 30_000) for i in range(12)
    ]


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="Linux has these")
def test_arrays_go_by_shared_memory(monkeypatch):
    sent = []
    monkeypatch.setattr(shared.Sender, "send", _counted(shared.Sender.send, sent))
    loader = data.DataLoader(Varied(), 1, num_workers=1, collate_fn=lambda x: sent[:])
    assert {length for batch in loader for length in batch} <= {0}


def _counted(send, sent):
    def counting(self, head, value, slot):
        before = self.connection.send_bytes
        self.connection.send_bytes = lambda data: sent.append(len(data)) or before(data)
        try:
            send(self, head, value, slot)
        finally:
            del self.connection.send_bytes

    return counting


def test_memory_that_cannot_be_had(monkeypatch):
    def refuse(*_):
        raise OSError("no room")

    monkeypatch.setattr(os, "posix_fallocate", refuse, raising=False)
    loader = data.DataLoader(
        Varied(), None, num_workers=1, collate_fn=lambda x: x, multiprocessing_context="fork"
    )
    assert [plain(element) for element in loader] == [plain(Varied()[i]) for i in range(12)]


def test_many_batches_are_kept_without_open_files():
    loader = data.DataLoader(
        data.TensorDataset(minigrad.zeros(400, 50_000)), 4, num_workers=2, prefetch_factor=4
    )
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    kept = list(loader)
    after = len(os.listdir("/proc/self/fd")) if before else 0
    assert len(kept) == 100
    assert after < before + 10

"""Worker processes that fail, and how they go: no process is ever left behind."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

import minigrad
from minigrad.utils import data
from minigrad.utils.data._utils import crew
from tests.data.twins import BOTH, outcome

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")


def gone(pid):
    """Whether a process ends within some seconds."""
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        time.sleep(0.02)
    return False


class UnkindError(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


class SpokenError(Exception):
    message = "said by name"

    def __init__(self, message):
        super().__init__(message)


class Failing:
    def __init__(self, error, at=2):
        self.error, self.at = error, at

    def __len__(self):
        return 6

    def __getitem__(self, i):
        if i == self.at:
            raise self.error
        return i


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a b"),
        KeyError("a"),
        IndexError(3),
        UnkindError(1, 2),
        SpokenError("so"),
        OSError(2),
    ],
)
def test_exceptions_come_back(error):
    found = []
    for side in BOTH:
        loader = iter(side.data.DataLoader(Failing(error), 1, num_workers=2))
        seen = [outcome(next, loader) for _ in range(2)]
        with pytest.raises(Exception, match="Caught") as caught:
            next(loader)
        seen += [outcome(next, loader) for _ in range(4)]
        text = str(caught.value)
        found.append((seen, type(caught.value), text.splitlines()[:2], text.splitlines()[-1]))
    assert found[0] == found[1]
    assert f"Caught {type(error).__name__} in DataLoader worker process 0." in found[0][2][0]
    assert "raise self.error" in text


def test_an_exception_of_a_class_that_only_the_worker_knows():
    class LocalError(Exception):
        pass

    loader = data.DataLoader(Failing(LocalError("here")), num_workers=1)
    with pytest.raises(RuntimeError, match=r"(?s)Caught LocalError in DataLoader worker.*here"):
        list(loader)


def test_exceptions_at_the_start():
    def refuse(i):
        raise ValueError(f"worker {i}")

    with pytest.raises(ValueError, match="worker 0"):
        list(data.DataLoader([1, 2], num_workers=1, worker_init_fn=refuse))

    class NoStream(data.IterableDataset):
        def __iter__(self):
            raise TypeError("nothing to read")

    with pytest.raises(TypeError, match="nothing to read"):
        list(data.DataLoader(NoStream(), num_workers=1))


def test_a_batch_that_cannot_travel():
    loader = iter(data.DataLoader([1, 2], num_workers=1, collate_fn=lambda x: lambda: x))
    for _ in range(2):
        with pytest.raises((pickle.PicklingError, AttributeError), match="in DataLoader worker"):
            next(loader)
    with pytest.raises(StopIteration):
        next(loader)


def test_timeout():
    class Slow(Failing):
        def __getitem__(self, i):
            time.sleep(1)

    loader = data.DataLoader(Slow(None), num_workers=1, timeout=0.2)
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.2 seconds"):
        next(iter(loader))
    assert list(data.DataLoader([1], None, num_workers=1, timeout=20)) == [1]


@pytest.mark.parametrize("how", ["killed", "left"])
@pytest.mark.parametrize("in_order", [True, False])
def test_a_worker_that_dies(how, in_order):
    class Deadly(Failing):
        def __getitem__(self, i):
            if i == 2 and how == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if i == 2:
                os._exit(7)
            return i

    loader = data.DataLoader(Deadly(None), num_workers=2, in_order=in_order)
    why = "killed by signal: Killed" if how == "killed" else "exit code is 7"
    with pytest.raises(RuntimeError, match=rf"pid\(s\) \d+\) exited unexpectedly: .*{why}"):
        list(loader)


def test_errors_of_the_call():
    loader = data.DataLoader([1], num_workers=1, prefetch_factor=0)
    assert outcome(iter, loader) is AssertionError
    with pytest.raises(NotImplementedError):
        pickle.dumps(iter(data.DataLoader([1], num_workers=1)))

    class NoLength:
        def __getitem__(self, i):
            return i

    with pytest.raises(TypeError):
        list(data.DataLoader(NoLength(), num_workers=1))


def test_processes_that_do_not_start_leave_none_behind(monkeypatch):
    started = []

    class Refusing(crew._Member):
        def __init__(self, context, job):
            if job.id == 1:
                raise OSError("no more processes")
            super().__init__(context, job)
            started.append(self.process.pid)

    monkeypatch.setattr(crew, "_Member", Refusing)
    with pytest.raises(OSError, match="no more processes"):
        iter(data.DataLoader([1], num_workers=2))
    gc.collect()
    assert all(gone(pid) for pid in started)


# --------------------------------------------------------------------------------- being let go


def pids(iterator):
    return [member.process.pid for member in iterator._crew.members]


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("size", [1, 300_000])
def test_an_iterator_that_is_dropped_ends_its_workers(persistent, size):
    source = data.TensorDataset(minigrad.zeros(10, size))
    loader = data.DataLoader(source, num_workers=2, persistent_workers=persistent)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in loader:
            break
        iterator = iter(loader)
        next(iterator)
        ids = pids(iterator)
        start = time.monotonic()
        loader._iterator = None
        del iterator
        gc.collect()
    assert time.monotonic() - start < 4
    assert all(gone(pid) for pid in ids)


def test_an_epoch_that_is_over_ends_its_workers():
    iterator = iter(data.DataLoader(range(5), num_workers=2))
    ids = pids(iterator)
    assert len(list(iterator)) == 5
    assert outcome(next, iterator) is StopIteration
    assert all(gone(pid) for pid in ids)


def test_a_worker_that_does_not_go_is_ended(monkeypatch):
    class Endless(Failing):
        def __getitem__(self, i):
            time.sleep(1000)

    monkeypatch.setattr(crew, "PATIENCE", 0.3)
    iterator = iter(data.DataLoader(Endless(None), num_workers=1))
    ids = pids(iterator)
    iterator._crew.dismiss()
    assert all(gone(pid) for pid in ids)


def run(code, **options):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


SCRIPT = """
import time
from minigrad.utils.data import DataLoader
class Slow:
    def __len__(self): return 1000
    def __getitem__(self, i):
        time.sleep(0.05)
        return i
first, second = (iter(DataLoader(Slow(), 2, num_workers=1)) for _ in range(2))
next(first), next(second)
for it in (first, second):
    print(*[m.process.pid for m in it._crew.members], flush=True)
"""


@pytest.mark.parametrize("how", ["killed", "interrupted", "ended", "forgotten"])
def test_workers_go_with_their_parent(how):
    rest = {"ended": "", "forgotten": "import os; os._exit(0)"}.get(how, "time.sleep(60)")
    process = run(SCRIPT + rest, start_new_session=True)
    try:
        ids = [int(process.stdout.readline()) for _ in range(2)]
        if how == "killed":
            process.kill()
        if how == "interrupted":  # as a terminal does: everybody is told
            os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert all(gone(pid) for pid in ids)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    if how == "interrupted":
        assert errors.count("Traceback") == errors.count("KeyboardInterrupt") == 1
    else:
        assert not errors


def test_spawned_workers(tmp_path):
    """Another way to start: everything is pickled, and the module is imported anew."""
    script = tmp_path / "spawned.py"
    script.write_text(
        "import minigrad as mg\n"
        "from minigrad.utils.data import DataLoader, TensorDataset\n"
        "if __name__ == '__main__':\n"
        "    data = TensorDataset(mg.arange(8).repeat(9000, 1).t().contiguous())\n"
        "    mg.manual_seed(0)\n"
        "    loader = DataLoader(data, 3, shuffle=True, num_workers=1, multiprocessing_context='spawn')\n"
        "    print([x[:, 0].tolist() for x, in loader])\n"
        "    mg.manual_seed(0)\n"
        "    print([x[:, 0].tolist() for x, in DataLoader(data, 3, shuffle=True)])\n"
    )
    made = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not made.stderr
    first, second = made.stdout.splitlines()
    assert first == second

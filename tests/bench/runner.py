"""Runs the cases: minigrad and its opponent by turns, each in processes of its own."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.cases import CASES

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "learn_edge_kernel.py"
MEMORY = "ResNet-20's training, peak memory (MB, not ms)"
PAUSE = 0.01  # seconds between two turns, in which the other side's threads stop spinning


@dataclass
class Row:
    """What was measured of one case, mostly seconds of one call, of both sides."""

    name: str
    group: str
    threads: int
    flops: int = 0
    opponent: str = "torch"
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How many times faster than its opponent minigrad is, best time against best time."""
        return min(self.theirs) / min(self.ours)

    def medians(self) -> tuple[float, float]:
        """The median seconds of minigrad and of its opponent."""
        return statistics.median(self.ours), statistics.median(self.theirs)


@dataclass(frozen=True)
class Effort:
    """How often the sides take turns, and for how many seconds at each."""

    turns: int = 5
    seconds: float = 0.1
    processes: int = 5

    @classmethod
    def quick(cls) -> Effort:
        """Enough to see that all of it runs and which way it leans."""
        return cls(turns=2, seconds=0.02, processes=2)


class Side:
    """A worker process that holds one package at one number of threads."""

    def __init__(self, package: str, threads: int, cores: set[int]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.worker", package, str(threads)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )

    def measure(self, case: str, seconds: float) -> list[float]:
        """Seconds of single calls of `case`."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"case": case, "seconds": seconds}) + "\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise RuntimeError(f"the worker ended in {case!r} with code {self.process.wait()}")
        time.sleep(PAUSE)
        times: list[float] = json.loads(answer)["times"]
        return times

    def close(self) -> None:
        """Let the worker end."""
        self.process.communicate()


def measured_cases(names: list[str], threads: int, effort: Effort) -> Iterator[Row]:
    """The rows of the cases called `names`; torch's number of threads is the better for it."""
    if not names:
        return
    cores = cores_for(threads)
    ours = Side("minigrad", threads, cores)
    theirs = [Side("torch", count, cores) for count in range(1, threads + 1)]
    try:
        for case in CASES:
            if case.name not in names:
                continue
            row = Row(case.name, case.group, threads, case.flops)
            runs: list[list[float]] = [[] for _ in theirs]
            for _ in range(effort.turns):
                row.ours += ours.measure(case.name, effort.seconds)
                for run, side in zip(runs, theirs, strict=True):
                    run += side.measure(case.name, effort.seconds)
            row.theirs = min(runs, key=min)
            yield row
    finally:
        for side in (ours, *theirs):
            side.close()


def cores_for(threads: int) -> set[int]:
    """The first `threads` of the cores that this process may use."""
    return set(sorted(os.sched_getaffinity(0))[:threads])


def as_installed() -> dict[str, str]:
    """The environment of a child that imports both packages as users do: from compiled modules."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    # pip has compiled PyTorch's modules; let Python compile ours
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def run_script(code: list[str], threads: int, cache: Path | None = None) -> float:
    """Seconds that `python *code` takes as a whole process; what it prints is dropped."""
    environment = as_installed()
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    cores = cores_for(threads)
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *code],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    return time.perf_counter() - began


def import_time(package: str, threads: int) -> float:
    """Seconds of `import package` inside a new Python, whose own start is not counted."""
    code = f"import time; t = time.perf_counter(); import {package}; print(time.perf_counter() - t)"
    return answer_of(code, threads)


def answer_of(code: str, threads: int) -> float:
    """The number that a program of Python prints."""
    cores = cores_for(threads)
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=as_installed(),
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    return float(answer.stdout)


def peak_memory(package: str, threads: int, network: str) -> float:
    """Gigabytes that a process needed at most to make three training steps; Linux only."""
    code = (
        f"import resource, {package} as torch\n"
        "from tests.bench.networks import NETWORKS, training\n"
        f"torch.set_num_threads({threads})\n"
        f"step = training(NETWORKS[{network!r}])(torch)\n"
        "for _ in range(3): step()\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)"
    )
    return answer_of(code, threads)


def for_torch(script: Path) -> str:
    """The script's source with `torch` in the place of `minigrad` in its import lines."""
    return re.sub(
        r"^(\s*(?:import|from)\s+)minigrad\b", r"\1torch", script.read_text(), flags=re.MULTILINE
    )


Timer = Callable[[], float]


def process_pairs(threads: int, scratch: Path) -> dict[str, tuple[str, Timer, Timer]]:
    """Rows of whole processes: the opponent, and how to time each side once."""
    twin = scratch / "learn_edge_kernel_on_torch.py"
    twin.write_text(for_torch(EXAMPLE))
    ours = [str(EXAMPLE), "--text"]
    theirs = [str(twin), "--text", "--photograph", str(EXAMPLE.parent / "camera.pgm")]
    warm = scratch / "warm"

    def empty_cache() -> float:
        with tempfile.TemporaryDirectory(dir=scratch) as cache:
            return run_script(ours, threads, Path(cache))

    def on_torch() -> float:
        return run_script(theirs, threads)

    return {
        "import": (
            "torch",
            lambda: import_time("minigrad", threads),
            lambda: import_time("torch", threads),
        ),
        "import, against numpy": (
            "numpy",
            lambda: import_time("minigrad", threads),
            lambda: import_time("numpy", threads),
        ),
        "edge example, warm cache": ("torch", lambda: run_script(ours, threads, warm), on_torch),
        "edge example, empty cache": ("torch", empty_cache, on_torch),
        MEMORY: (  # gigabytes are to megabytes what seconds are to milliseconds
            "torch",
            lambda: peak_memory("minigrad", threads, "ResNet-20"),
            lambda: peak_memory("torch", threads, "ResNet-20"),
        ),
    }


def measured_processes(names: list[str], threads: int, effort: Effort) -> Iterator[Row]:
    """The rows of whole processes called `names`, the sides by turns."""
    with tempfile.TemporaryDirectory() as scratch:
        pairs = process_pairs(threads, Path(scratch))
        for name, (opponent, ours, theirs) in pairs.items():
            if name not in names:
                continue
            row = Row(name, "process", threads, opponent=opponent)
            if name != "edge example, empty cache":
                ours(), theirs()  # files into the system's cache, kernels into the warm one
            for _ in range(effort.processes):
                row.ours.append(ours())
                row.theirs.append(theirs())
            yield row


PROCESSES = [
    "import",
    "import, against numpy",
    "edge example, warm cache",
    "edge example, empty cache",
    MEMORY,
]

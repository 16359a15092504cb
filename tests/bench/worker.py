"""One side of the race: a process that measures what it is told on its standard input.

Between two requests it waits for the next line and so leaves the cores to the other side. Started
by `runner.Side` as `python -m tests.bench.worker PACKAGE THREADS`; request and answer are one line
of JSON each: `{"case": name, "seconds": budget}` and `{"times": [seconds of one call, ...]}`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable

from tests.bench.cases import CASES

SHORTEST_SAMPLE = 5e-4  # seconds; quicker functions are called several times for one sample


def samples(function: Callable[[], object], seconds: float) -> list[float]:
    """Seconds of one call of `function`, measured again and again for about `seconds`."""
    calls = 1
    while True:  # find how many calls make a sample that the clock can resolve
        began = time.perf_counter()
        for _ in range(calls):
            function()
        took = time.perf_counter() - began
        if took >= SHORTEST_SAMPLE:
            break
        calls *= 2
    times = [took / calls]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        for _ in range(calls):
            function()
        times.append((time.perf_counter() - began) / calls)
    return times


def main() -> None:
    """Answer requests until the input ends."""
    package_name, threads = sys.argv[1], int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a package prints must not end up between the answers
    package = importlib.import_module(package_name)
    package.set_num_threads(threads)
    cases = {case.name: case for case in CASES}
    ready: tuple[str, Callable[[], object]] = ("", lambda: None)
    for line in sys.stdin:
        request = json.loads(line)
        name = request["case"]
        if ready[0] != name:
            ready = (name, cases[name].make(package))
            ready[1]()  # compilation and first allocations are not measured here
        print(json.dumps({"times": samples(ready[1], request["seconds"])}), file=answers)


if __name__ == "__main__":
    main()

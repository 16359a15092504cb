"""`python -m tests.bench`: minigrad against PyTorch by turns, in one run, as a table."""

from __future__ import annotations

import argparse
import re
import sys

from tests.bench import peak, report, runner
from tests.bench.cases import CASES


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--filter", default="", help="only rows or groups this pattern is found in")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="1 2 by default")
    parser.add_argument("--quick", action="store_true", help="few short turns")
    parser.add_argument("--json", metavar="FILE", help="write all figures there too ('-': print)")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md and .png")
    parser.add_argument("--strict", action="store_true", help="fail when a bar is missed")
    return parser.parse_args()


def main() -> int:
    """Measure, print, write; 1 with --strict when a bar is missed."""
    asked = arguments()
    wanted = re.compile(asked.filter)
    processes = [name for name in runner.PROCESSES if wanted.search(name)]
    names = [case.name for case in CASES if wanted.search(case.name) or wanted.search(case.group)]
    if not processes and not names:
        print(f"no row or group matches {asked.filter!r}", file=sys.stderr)
        return 2
    effort = runner.Effort.quick() if asked.quick else runner.Effort()
    peaks = {threads: peak.measure(threads) for threads in asked.threads}
    print(report.machine())
    for threads, rate in peaks.items():
        print(f"measured peak, {threads} threads: {rate:.0f} Gflop/s in float32")
    print(report.heading())
    rows = []
    for threads in asked.threads:
        for measured in (
            runner.measured_processes(processes, threads, effort),
            runner.measured_cases(names, threads, effort),
        ):
            for row in measured:
                rows.append(row)
                print(report.line(row, peaks), flush=True)
    print()
    for text in report.means(rows):
        print(text)
    print()
    verdicts = report.verdicts(rows)
    for _, text in verdicts:
        print(text)
    if asked.json:
        text = report.as_json(rows, peaks)
        if asked.json == "-":
            print(text)
        else:
            with open(asked.json, "w") as file:
                file.write(text + "\n")
    if asked.write:
        picture = report.draw(rows, report.PICTURE)
        report.PAGE.write_text(report.page(rows, peaks, picture))
    return 1 if asked.strict and not all(held for held, _ in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())

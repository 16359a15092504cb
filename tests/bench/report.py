"""What was measured as text, as JSON, and as the page and the picture in docs/."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from tests.bench.bars import BARS, Bar, geometric_mean
from tests.bench.runner import ROOT, Row

Peaks = dict[int, float]
HEADINGS = ("case", "minigrad ms", "median", "other ms", "median", "ratio", "% of peak")
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance.png"


def cells(row: Row, peaks: Peaks) -> tuple[str, ...]:
    """A row as it is printed."""
    ours, theirs = row.medians()
    share = ""
    if row.flops and row.threads in peaks:
        share = f"{row.flops / min(row.ours) / 1e7 / peaks[row.threads]:.0f}"
    milliseconds = (min(row.ours), ours, min(row.theirs), theirs)
    return (row.name, *(f"{1e3 * t:.3f}" for t in milliseconds), f"{row.ratio:.2f}", share)


def line(row: Row, peaks: Peaks) -> str:
    """A row for the terminal."""
    name, *numbers = cells(row, peaks)
    return f"{row.threads}  {name:<62}" + "".join(f"{number:>12}" for number in numbers)


def heading() -> str:
    """The line above the rows."""
    name, *numbers = HEADINGS
    return f"T  {name:<62}" + "".join(f"{number:>12}" for number in numbers)


def means(rows: Sequence[Row]) -> list[str]:
    """The geometric mean of the ratios of every group of more than one row."""
    groups = dict.fromkeys((row.threads, row.group) for row in rows if row.group != "process")
    texts = []
    for threads, group in groups:
        ratios = [r.ratio for r in rows if (r.threads, r.group) == (threads, group)]
        if len(ratios) > 1:
            texts.append(
                f"{group}, {threads} threads: geometric mean {geometric_mean(ratios):.2f}, "
                f"least {min(ratios):.2f} of {len(ratios)}"
            )
    return texts


def verdicts(rows: Sequence[Row], bars: Sequence[Bar] = BARS) -> list[tuple[bool, str]]:
    """Every bar that rows were measured for, at each number of threads: held, and in words."""
    answers = []
    for bar in bars:
        for threads in dict.fromkeys(row.threads for row in rows):
            if bar.threads not in (0, threads):
                continue
            ratios = [
                row.ratio
                for row in rows
                if row.threads == threads and bar.rows in (row.group, row.name)
            ]
            if ratios:
                figure = bar.reached(ratios)
                held = figure >= bar.at_least
                word = "holds" if held else "MISSED"
                answers.append((held, f"{word:<7} {figure:6.2f}  {bar} ({threads} threads)"))
    return answers


def machine() -> str:
    """Processor and versions, for the head of the page."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [n for n in info.read_text().splitlines() if n.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "torch"))
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores; Python {platform.python_version()}, {packages}"


def as_json(rows: Sequence[Row], peaks: Peaks) -> str:
    """All of it, for other programs."""
    listed = [
        {
            "name": row.name,
            "group": row.group,
            "threads": row.threads,
            "opponent": row.opponent,
            "ours": {"min": min(row.ours), "median": row.medians()[0]},
            "theirs": {"min": min(row.theirs), "median": row.medians()[1]},
            "ratio": row.ratio,
        }
        for row in rows
    ]
    bars = [{"held": held, "text": text} for held, text in verdicts(rows)]
    whole = {"machine": machine(), "peaks": peaks, "rows": listed, "bars": bars}
    return json.dumps(whole, indent=1)


def page(rows: Sequence[Row], peaks: Peaks, picture: bool) -> str:
    """docs/performance.md."""
    text = [
        "# Performance",
        "",
        "Written by `python -m tests.bench --write`. minigrad and its opponent (torch, where the",
        "row does not say otherwise) ran by turns, each in a process of its own that waited while",
        "the other ran, on the same cores. Times are the best and the median of all turns; the",
        "ratio is the other's best time over minigrad's. On two threads torch is given whichever",
        "of one and two threads is faster for it. A share of the peak counts the operations of the",
        "plain algorithm; where Winograd's does with fewer, it may exceed 100.",
        "",
        f"{machine()}.",
        "",
    ]
    if picture:
        text += [f"![ratio of every row]({PICTURE.name})", ""]
    for threads in dict.fromkeys(row.threads for row in rows):
        text += [f"## {threads} thread{'s' if threads > 1 else ''}", ""]
        if threads in peaks:
            text += [f"Measured peak: {peaks[threads]:.0f} Gflop/s in float32.", ""]
        text += ["| " + " | ".join(HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
        text += [
            "| " + " | ".join(cells(row, peaks)) + " |" for row in rows if row.threads == threads
        ]
        text.append("")
    text += ["## Means", "", *(f"* {mean}" for mean in means(rows)), ""]
    text += ["## Bars", "", "```text", *(words for _, words in verdicts(rows)), "```", ""]
    return "\n".join(text)


def draw(rows: Sequence[Row], path: Path) -> bool:
    """A bar chart of the ratios; False when matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    names = list(dict.fromkeys(row.name for row in rows))
    counts = sorted({row.threads for row in rows})
    height = 0.8 / len(counts)
    figure = Figure(figsize=(9, 1.5 + 0.26 * len(names)), layout="constrained")
    axes = figure.subplots()
    for place, threads in enumerate(counts):
        chosen = {row.name: row.ratio for row in rows if row.threads == threads}
        ys = [names.index(name) + (place - (len(counts) - 1) / 2) * height for name in chosen]
        label = f"{threads} thread{'s' if threads > 1 else ''}"
        color = ("#9db8d2", "#2f6690", "#16425b")[place % 3]
        lengths = [ratio - 1 for ratio in chosen.values()]
        axes.barh(ys, lengths, left=1, height=height, label=label, color=color)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_xticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel("times faster than the opponent (to the right of 1: minigrad is faster)")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=110)
    return True

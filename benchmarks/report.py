"""The report of a run: a table, JSON, a chart, and the table in docs/performance.md."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import sums
from benchmarks.figures import Figure, Goal, Results

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "performance.md"
MARKS = ("<!-- measured: written by `make bench`, do not edit -->", "<!-- end of what was measured -->")


def show(results: Mapping[str, Results], console: Console) -> None:
    """Print the goals first, which are ratios; then every figure."""
    goals = Table("", "目标 / Goal", "测得 / reached", "要求 / wanted", "达到 / met", title="比值 / Ratios")
    for goal in _goals(results):
        goals.add_row(goal.benchmark, goal.text, f"{goal.reached:.2f}", _wanted(goal), "✓" if goal.met else "✗")
    figures = Table("", "项 / Figure", "中位数 / median", "单位 / unit", "各轮 / rounds", title="数值 / Figures")
    for figure in _figures(results):
        rounds = " ".join(_number(value) for value in figure.rounds) if len(figure.rounds) > 1 else ""
        figures.add_row(figure.benchmark, figure.name, _number(figure.median), figure.unit, rounds)
    console.print(goals)
    console.print(figures)


def write(results: Mapping[str, Results], machine: Mapping[str, str | int], *, quick: bool) -> list[Path]:
    """Write into ``benchmarks/results``, and after a whole run also into docs/performance.md. Returns the written
    paths."""
    RESULTS.mkdir(exist_ok=True)
    name = "quick" if quick else "results"
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": dict(machine),
        "goals": [
            {"benchmark": g.benchmark, "goal": g.text, "reached": round(g.reached, 3), "wanted": g.wanted, "met": g.met}
            for g in _goals(results)
        ],
        "figures": [
            {"benchmark": f.benchmark, "figure": f.name, "unit": f.unit, "median": f.median, "rounds": f.rounds[:20]}
            for f in _figures(results)
        ],
    }
    paths = [RESULTS / f"{name}.json", RESULTS / f"{name}.svg"]
    paths[0].write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draw(results, paths[1])
    if not quick:
        page(results, machine)
        paths.append(PAGE)
    return paths


def draw(results: Mapping[str, Results], path: Path) -> None:
    """Draw everyone's hand-overs per second as bars."""
    import matplotlib  # noqa: PLC0415 - in .venv-bench only, and slow to import

    matplotlib.use("svg")
    from matplotlib import pyplot  # noqa: PLC0415 - see above

    figures = sorted((f for f in _figures(results) if f.benchmark == "B1"), key=lambda figure: figure.median)
    if not figures:
        return
    drawing, axes = pyplot.subplots(figsize=(9, 0.42 * len(figures) + 1.2), layout="constrained")
    colours = ["#c23531" if "four-center-bus" in figure.name else "#8899aa" for figure in figures]
    bars = axes.barh([figure.name for figure in figures], [figure.median for figure in figures], color=colours)
    axes.bar_label(bars, labels=[f"{figure.median:,.0f}" for figure in figures], padding=4)
    axes.set_xscale("log")
    axes.set_xlim(right=figures[-1].median * 2)  # room for the number beside the longest bar
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(y=0.02)
    axes.set_xlabel(
        "messages a second, end to end, one quorum queue (log scale)\n"
        "only four-center-bus keeps custody of a case at both ends"
    )
    drawing.savefig(path, metadata={"Date": None}, bbox_inches="tight", pad_inches=0.1)
    pyplot.close(drawing)


def page(results: Mapping[str, Results], machine: Mapping[str, str | int]) -> None:
    """Put the tables between the marks in docs/performance.md. Raises ``ValueError`` if the marks are missing."""
    begin, end = MARKS
    lines = [begin, "", ", ".join(f"{name}: {value}" for name, value in machine.items()), ""]
    lines += ["| | Goal | Reached | Wanted | |", "|---|---|--:|--:|---|"]
    lines += [
        f"| {g.benchmark} | {g.text} | {g.reached:.2f} | {_wanted(g)} | {'✓' if g.met else '✗'} |"
        for g in _goals(results)
    ]
    lines += ["", "| | Figure | Median | Unit |", "|---|---|--:|---|"]
    lines += [f"| {f.benchmark} | {f.name} | {_number(f.median)} | {f.unit} |" for f in _figures(results)]
    lines += ["", *sums.lines(results)]
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(f"{re.escape(begin)}.*{re.escape(end)}", text, re.DOTALL)
    if found is None:
        raise ValueError(f"{PAGE.name} has lost its marks: {begin} … {end}")
    PAGE.write_text(text[: found.start()] + "\n".join([*lines, "", end]) + text[found.end() :], encoding="utf-8")


def _goals(results: Mapping[str, Results]) -> Sequence[Goal]:
    return [goal for result in results.values() for goal in result.goals]


def _figures(results: Mapping[str, Results]) -> Sequence[Figure]:
    return [figure for result in results.values() for figure in result.figures]


def _wanted(goal: Goal) -> str:
    return f"{'≤' if goal.at_most else '≥'} {goal.wanted:g}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"

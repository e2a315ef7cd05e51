"""What the benchmarks measure with: a process that ends meanwhile ends no measurement, and no time is lost with it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from sqlalchemy import select

from benchmarks import remind
from benchmarks.process import busy_seconds
from bus.store import Store
from bus.store import tables as t

CHART = Path(__file__).parents[2] / "benchmarks" / "results" / "results.svg"
SVG = "{http://www.w3.org/2000/svg}"
GLYPH = 61
"""About how wide the last letter of a text is, in the units in which its letters stand."""
BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def test_a_process_that_is_gone_costs_nothing() -> None:
    """It was listed, and has ended before it was read."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert busy_seconds([gone.pid]) == 0
    assert busy_seconds([os.getpid(), gone.pid]) > 0


def test_the_time_of_a_child_that_has_ended_counts_with_its_parent() -> None:
    """What is read later is never less than what was read before, whichever children have come and gone between."""
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}]); print(flush=True); input()"
    command = [sys.executable, "-c", parent]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        running.stdout.readline()
        assert busy_seconds([running.pid]) >= 0.3
        running.communicate("\n")


def _texts(chart: ElementTree.Element) -> Iterator[tuple[float, float]]:
    """Where each text of the chart begins and ends, from the left."""
    for group in chart.iter(f"{SVG}g"):
        letters = group.findall(f"{SVG}use")
        placed = re.fullmatch(r"translate\(([\d.-]+) [\d.-]+\) scale\(([\d.]+) -[\d.]+\)", group.get("transform", ""))
        if letters and placed:
            begin, scale = float(placed[1]), float(placed[2])
            last = re.search(r"translate\(([\d.-]+)", letters[-1].get("transform", "translate(0"))
            assert last is not None
            yield begin, begin + scale * (float(last[1]) + GLYPH)


def test_the_chart_is_not_cut_off() -> None:
    """Every text of the committed chart begins and ends within the picture."""
    chart = ElementTree.parse(CHART).getroot()  # noqa: S314 - our own file
    left, _, width, _ = map(float, chart.attrib["viewBox"].split())
    texts = list(_texts(chart))
    assert len(texts) > 24, "a name and a number for each of the bars"
    assert [text for text in texts if text[0] < left or text[1] > left + width] == []


def test_the_clocks_are_measured_as_they_run(tmp_path: Path) -> None:
    """Each case is looked at once with a reminder, and once more with nothing to say."""
    said: list[str] = []
    rates = remind.measure(tmp_path, 30, 20, said.append)
    assert all(rate > 0 for rate in rates)
    assert said[0].startswith("30 open cases")
    store = Store(f"sqlite:///{tmp_path}/store.db")
    with store.reading() as tx:
        reminded = tx.execute(select(t.journal.c.case_id).where(t.journal.c.way == "reminded")).scalars().all()
    store.close()
    assert 20 <= len(set(reminded)) <= 30

"""Grafana's dashboards are those of the code, and name metrics that there are."""

import re
from pathlib import Path

import pytest

from tests.harness.exported_metrics import families, page_of_a_center
from tests.harness.promtool import promtool
from verification.dashboards import COLUMNS, FOLDER, dashboards, written

CONSOLE = Path(__file__).parents[2] / "docs/console.md"


def test_the_files_are_those_of_the_code() -> None:
    """No file more, none less: ``python -m verification.dashboards --write`` makes them."""
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()} == {
        name: written(content) for name, content in dashboards().items()
    }


@pytest.mark.parametrize("name", dashboards())
def test_a_dashboard_names_metrics_that_are_exported(tmp_path: Path, name: str) -> None:
    """A panel of a metric that was renamed would be empty for ever."""
    known = families(page_of_a_center(tmp_path)) | set(
        re.findall(r"bus_console_\w+", CONSOLE.read_text(encoding="utf-8"))
    )
    for panel in dashboards()[name]["panels"]:
        for target in panel["targets"]:
            named = {re.sub(r"_seconds_bucket$", "_seconds", one) for one in re.findall(r"bus_\w+", target["expr"])}
            assert named <= known, panel["title"]
            assert named or target["expr"].count("up{")


@pytest.mark.parametrize("name", dashboards())
def test_prometheus_understands_each_expression(tmp_path: Path, name: str) -> None:
    """Each one, as a rule of its own, is parsed by Prometheus' own tool."""
    rules = ["groups: [{name: panels, rules: ["]
    expressions = [target["expr"] for panel in dashboards()[name]["panels"] for target in panel["targets"]]
    rules += [f"  {{record: 'panel:{number}', expr: '{one}'}}," for number, one in enumerate(expressions)]
    (tmp_path / "rules.yml").write_text("\n".join([*rules, "]}]\n"]), encoding="utf-8")
    code, said = promtool("check", "rules", tmp_path / "rules.yml")
    assert (code, f"{len(expressions)} rules found" in said) == (0, True), said


@pytest.mark.parametrize("name", dashboards())
def test_panels_fill_their_rows(name: str) -> None:
    """None lies over another one, and none beyond the page."""
    cells = [
        (x, panel["gridPos"]["y"])
        for panel in dashboards()[name]["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < COLUMNS

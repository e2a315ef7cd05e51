"""Alert rules and metrics, tried by Prometheus' own tool."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from bus.bilingual import Bilingual
from tests.harness.exported_metrics import families, page_of_a_center
from tests.harness.lone_center import lone_center
from tests.harness.promtool import promtool

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/prometheus"
RULES, TESTS = FOLDER / "rules.yml", FOLDER / "rules.test.yml"


def _alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_the_rules_are_right_and_fire_where_they_must() -> None:
    """By ``promtool check rules`` and ``promtool test rules``."""
    code, said = promtool("check", "rules", RULES)
    assert (code, f"{len(_alerts())} rules found" in said) == (0, True), said
    code, said = promtool("test", "rules", TESTS)
    assert code == 0, said


@pytest.mark.parametrize("expression", ["vector(1) > 1", "vector(1)"], ids=["never", "always"])
def test_a_rule_that_fires_wrongly_is_found(tmp_path: Path, expression: str) -> None:
    """Each alert is tried where it must fire and where it must not: none of them passes if it never or always does."""
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule["expr"] = expression
            rule.pop("for", None)
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules, allow_unicode=True), encoding="utf-8")
    shutil.copy(TESTS, tmp_path)
    code, said = promtool("test", "rules", tmp_path / TESTS.name)
    assert code != 0
    failed = set(re.findall(r'expr: "ALERTS\{alertname=\\"(\w+)\\"', said))
    assert failed == {rule["alert"] for rule in _alerts()}, said


def test_rules_name_metrics_that_are_exported(tmp_path: Path) -> None:
    """Of centers and of consoles (whose page ``tests/console`` judges), in words of both languages."""
    known = families(page_of_a_center(tmp_path)) | set(
        re.findall(r"bus_console_\w+", (ROOT / "docs/console.md").read_text())
    )
    for rule in _alerts():
        named = {re.sub(r"_seconds_bucket$", "_seconds", one) for one in re.findall(r"bus_\w+", rule["expr"])}
        assert named <= known, rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning")
        words = Bilingual(rule["annotations"]["summary"], rule["annotations"]["summary_en"])
        assert re.search(r"[一-鿿]", words.zh)
        assert not re.search(r"[一-鿿]", words.en)


def test_metrics_of_a_center_are_well_named(tmp_path: Path) -> None:
    """By ``promtool check metrics``: the page of a running center, and one in which each metric has a value."""
    with lone_center(tmp_path) as center:
        center.lives()
        assert center.hand_in(1) == 202
        page = center.http.get("/metrics").content
    (tmp_path / "other").mkdir()
    for one in (page, page_of_a_center(tmp_path / "other")):
        assert promtool("check", "metrics", given=one) == (0, "")


def test_a_badly_named_metric_is_found() -> None:
    """What the tool says nothing about is right, and not unread."""
    code, said = promtool("check", "metrics", given=b"# TYPE bus_forms counter\nbus_forms 1\n")
    assert code != 0
    assert "bus_forms" in said

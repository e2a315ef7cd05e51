"""A fifth kind of center, from outside the tree: found by its entry point, it plays its story with the others."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bus.cli import app
from bus.demo.local_county import LocalCounty
from bus.sdk import discovery
from bus.sdk.discovery import Source
from stories import play
from stories.stage import CENTERS, COMMAND, PARTY
from tests.harness.county import Counties
from tests.journeys.crowd import PEOPLE, Crowd, seen
from tests.journeys.test_stories import clean
from verification.plug_ins import FIFTH

ALL = [f"S{number:02}" for number in range(1, 23)]
"""Every story of the seed."""
pytestmark = pytest.mark.usefixtures("fifth_center")


def test_it_is_found_by_its_entry_point(fifth_center: str) -> None:
    """No file of the bus names it: what an installed package offers is enough, also for the county of the demo."""
    found = discovery.find(FIFTH)
    assert (found.source, found.package, found.installed) == (Source.ENTRY_POINT, fifth_center, "county_command 1.0")
    assert found.manifest().label.zh == "接诉即办指挥中心"
    centers, stories = play.cast()
    assert (centers[-1], list(stories)) == (COMMAND, ALL)


def test_the_wheelchair_reaches_the_veteran(
    make_county: Counties, on_each_road: Callable[[Sequence[str]], dict[str, str]], request: pytest.FixtureRequest
) -> None:
    """S08: media, command center, district, street and volunteers; its platform calls nobody and is asked. Nothing is
    lost, applied twice or parked, and no resident is seen outside."""
    centers, _ = play.cast()
    county = make_county(
        centers, routes=play.ROUTES, arbiter=play.ARBITER, more=play.SETTINGS, brokers=on_each_road(centers),
        processes="one",
    )  # fmt: skip
    (stage,) = play.play(county, only=["S08"], disguise=Crowd().speaks)
    clean(county)
    assert len(stage.cases) == 1
    assert any(who.words in record.case.text for who in PEOPLE for record in county.records(PARTY).values())
    assert seen(county, request.getfixturevalue("rabbit") if county.brokers else None) == []


def test_where_it_is_not_installed_nobody_misses_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The demo's county is then the four kinds; all other stories are told, and the demo says which is not."""
    monkeypatch.setattr(discovery, "known", list)
    assert play.cast() == (CENTERS, tuple(play.STORIES))
    assert sorted({*ALL} - {*play.STORIES}) == ["S08"]
    monkeypatch.setattr(LocalCounty, "open", _not_today)
    said = CliRunner().invoke(app, ["demo", "--lang", "en", "--folder", str(tmp_path / "demo")])
    assert re.search(r"^S08 +is not told: .*pip install ./examples/command_center", said.output, re.M), said.output


def _not_today(_county: LocalCounty) -> None:
    raise RuntimeError("the county stays closed")

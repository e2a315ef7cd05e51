"""A fifth kind of center, from outside the tree: found by its entry point, it plays its story with the others."""

from collections.abc import Callable, Sequence

import pytest

from bus.sdk import discovery
from bus.sdk.discovery import Source
from stories import play
from stories.stage import CENTERS, COMMAND, PARTY
from tests.harness.county import Counties
from tests.journeys.crowd import PEOPLE, Crowd, seen
from tests.journeys.test_stories import clean
from verification.plug_ins import FIFTH

pytestmark = pytest.mark.usefixtures("fifth_center")


def test_it_is_found_by_its_entry_point(fifth_center: str) -> None:
    """No file of the bus names it: what an installed package offers is enough, also for the county of the demo."""
    found = discovery.find(FIFTH)
    assert (found.source, found.package, found.installed) == (Source.ENTRY_POINT, fifth_center, "county_command 1.0")
    assert found.manifest().label.zh == "接诉即办指挥中心"
    centers, stories = play.cast()
    assert (centers[-1], stories[-1]) == (COMMAND, "S08")


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


def test_where_it_is_not_installed_nobody_misses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's county is then the four kinds, and its stories are the ten."""
    monkeypatch.setattr(discovery, "known", list)
    assert play.cast() == (CENTERS, tuple(play.STORIES))

"""The fixtures of the three levels, for every test."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus import log
from bus.store import Store, schema
from tests.harness.county import Counties
from tests.harness.step import MEDIA, PARTY, BareCenter


@pytest.fixture
def media(tmp_path: Path) -> Iterator[BareCenter]:
    """The media center, whose steps the test calls."""
    center = BareCenter(MEDIA, tmp_path)
    yield center
    center.close()


@pytest.fixture
def party(tmp_path: Path) -> Iterator[BareCenter]:
    """The party service of the street, whose steps the test calls."""
    center = BareCenter(PARTY, tmp_path)
    yield center
    center.close()


@pytest.fixture
def make_county(tmp_path: Path) -> Iterator[Counties]:
    """Opens counties, and closes them after the test."""
    counties = Counties(tmp_path)
    yield counties
    counties.close()


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The log of one test."""
    found: list[str] = []
    log.set_up(MEDIA, found.append, logging.INFO)
    yield found
    log.reset()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A fresh store at the newest version, on each database that we support."""
    url = f"sqlite:///{tmp_path}/s.db" if request.param == "sqlite" else request.getfixturevalue("database_url")
    opened = Store(url)
    schema.upgrade(opened)
    yield opened
    opened.close()

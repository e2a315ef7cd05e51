"""A store on each database that we support."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.store import Store, schema


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A fresh store at the newest version."""
    url = f"sqlite:///{tmp_path}/s.db" if request.param == "sqlite" else request.getfixturevalue("database_url")
    opened = Store(url)
    schema.upgrade(opened)
    yield opened
    opened.close()

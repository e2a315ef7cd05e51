"""One source that floods the door is told to wait; the others are served."""

import asyncio
import time
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from bus.http import rate_limit as module
from bus.http.rate_limit import RateLimit, rate_limited
from tests.harness.center import on_harness


class Hours:
    """A clock that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def test_a_source_has_a_second_s_worth_at_once_and_as_much_a_second() -> None:
    """The eleventh waits a tenth of a second; its neighbour does not wait, and a long silence saves up no more."""
    clock = Hours()
    door = RateLimit(10, clock)
    assert [door.wait("a") for _ in range(10)] == [0.0] * 10
    assert door.wait("a") == 0.1
    assert door.wait("b") == 0.0
    clock.now = 0.25
    assert [door.wait("a") > 0 for _ in range(3)] == [False, False, True]
    clock.now = 3600
    assert sum(door.wait("a") == 0 for _ in range(50)) == 10


def test_ever_new_sources_take_no_more_memory() -> None:
    """The one that has been silent for longest is forgotten."""
    clock = Hours()
    door = RateLimit(1, clock)
    for number in range(module.MOST_SOURCES + 500):
        assert door.wait(f"source {number}") == 0
    assert len(door._buckets) == module.MOST_SOURCES
    assert door.wait(f"source {module.MOST_SOURCES + 499}") > 0


def test_whoever_asks_too_often_is_told_when_to_come_again_and_is_counted() -> None:
    """In the shape of every other refusal; the app behind sees nothing of it."""
    app, seen, away = FastAPI(), list[int](), list[int]()
    app.get("/x")(lambda: seen.append(1))
    served = rate_limited(app, RateLimit(5, Hours()), lambda: away.append(1))

    async def play() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://center") as people:
            return [await people.get("/x") for _ in range(8)]

    answers = asyncio.run(play())
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    assert (answers[-1].json()["code"], answers[-1].headers["retry-after"]) == ("too-many", "1")
    assert (len(seen), len(away)) == (5, 3)


def test_the_door_of_a_center_stands_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a flood from one address the door lets in so many a second; an operator sees how many were turned away."""
    monkeypatch.setattr("bus.runtime.process.RateLimit", lambda _per_second: RateLimit(30))
    with on_harness("media_center", tmp_path) as harness:
        codes = [harness.http.get("/health/live").status_code for _ in range(200)]
        assert 429 in codes
        time.sleep(1)
        page = harness.http.get("/metrics").text
        assert f'bus_requests_turned_away_total{{center="{harness.me}"}} {codes.count(429)}.0' in page
